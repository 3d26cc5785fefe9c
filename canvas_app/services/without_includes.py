"""Replacement calls for what Canvas leaves out where it drops include parameters.

Each function completes one source. It makes no call while Canvas honours the includes. Otherwise
further calls bring the same data one round later, and the source reports as missing only what none
of them brings.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Course,
)
from canvas_app.domain.mended_courses import (
    concluded,
    placed_in_time,
    with_totals,
)
from canvas_app.sources.sources import ListSource, PageSource, Sources

BROUGHT = frozenset({"total_scores", "concluded"})
"""Includes of courses that other calls replace: own enrollments, and the list of past courses."""


def lost(handle: "PageSource[Any]", *brought: str) -> list[str]:
    """Return the includes that Canvas dropped, without those that other calls have ``brought``."""
    return [name for name in handle.dropped() if name not in brought]


# Courses


def mend_courses(
    sources: Sources, listed: ListSource[Course], needs: Iterable[str] | None = None
) -> None:
    """Complete the list of courses; ``needs`` are the includes that the page shows (None: all).

    One call, for any number of courses, tells which of them are over for the person. If the page
    shows everything, two more bring the totals and tell which courses have not begun.
    """
    if not listed.dropped():
        return
    over = start_over(sources)
    if needs is not None:
        courses = [concluded(course, over.rows()) for course in listed.rows()]
        listed.mend(courses, *(name for name in needs if name not in BROUGHT))
        return
    ahead, totals = start_ahead(sources), sources.start("totals", partial(CanvasAPI.own_totals))
    listed.mend(
        [
            with_totals(placed_in_time(course, over.rows(), ahead.rows()), totals.rows())
            for course in listed.rows()
        ],
        *lost(listed, *BROUGHT),
    )


def start_over(sources: Sources) -> ListSource[Course]:
    """Start the list of the courses that are over for the person."""
    return sources.start("past courses", partial(CanvasAPI.courses, enrollment_state="completed"))


def start_ahead(sources: Sources) -> ListSource[Course]:
    """Start the list of the courses that have not begun for the person."""
    call = partial(CanvasAPI.courses, enrollment_state="invited_or_pending")
    return sources.start("invitations", call)


def mend_every_course(
    sources: Sources,
    current: ListSource[Course],
    past: ListSource[Course],
    invited: ListSource[Course],
) -> None:
    """Complete the three lists of the person's courses with one call for their totals."""
    bare = [listed for listed in (current, past, invited) if listed.dropped()]
    if not bare:
        return
    totals = sources.start("totals", partial(CanvasAPI.own_totals))
    over, ahead = past.rows(), invited.rows()
    for listed in bare:
        courses = [placed_in_time(course, over, ahead) for course in listed.rows()]
        mended = [with_totals(course, totals.rows()) for course in courses]
        listed.mend(mended, *lost(listed, *BROUGHT))
