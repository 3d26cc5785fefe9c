"""Home of a family in one piece: everybody's rows in the same lists, as the twin has them."""

from dataclasses import replace
from typing import Any

from canvas_app.domain.planner_items import by_due
from canvas_app.services.dashboard import Dashboard

JOINED = ("rows", "missing", "behind", "due", "new_grades", "announcements")


def together(page: Dashboard) -> Dashboard:
    """Return the page with everybody's rows in its lists, as its twin has them."""
    parts = (page, *page.family)

    def joined(name: str) -> Any:
        return tuple(row for part in parts for row in getattr(part, name))

    nearest = sorted((part.next for part in parts if part.next), key=by_due)
    days = [
        replace(day, rows=tuple(sorted((row for d in each for row in d.rows), key=by_due)))
        for each in zip(*(part.days for part in parts if part.days), strict=True)
        for day in each[:1]
    ]
    return replace(
        page,
        agenda=replace(page.agenda, next=nearest[0] if nearest else None),
        days=tuple(days),
        by_course=(parts[-1] if page.family and not page.sees_own else page).by_course,
        **{name: joined(name) for name in JOINED},
    )
