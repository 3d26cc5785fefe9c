"""One glance: course cards, this week, what is missing, new grades, what waits for grading."""

from datetime import timedelta

from canvas_app.services.courses import (
    course_row,
    in_order,
    read_colors,
    read_profile,
    start_colors,
    start_courses,
    start_profile,
)
from canvas_app.services.dates import monday
from canvas_app.services.pages import Dashboard, Day
from canvas_app.services.sources import Sources, complete
from canvas_app.services.upcoming import NOT_WORK, Look, by_due, has_role, start_items

NEW_GRADES = timedelta(days=14)


def dashboard(sources: Sources) -> Dashboard:
    """Gather the dashboard; no call per course, everything started at once."""
    now = sources.now()
    first = monday(now.date()) - timedelta(days=7)
    courses = start_courses(sources)
    handles = start_items(sources, first, first + timedelta(days=13))
    profile, colors = start_profile(sources), start_colors(sources)

    me = read_profile(profile)
    shades = read_colors(colors)
    known = {course.id: course for course in courses.rows()}
    look = Look(sources.api.canvas_url, known, shades, now)
    items = sorted(look.merged(*handles[:2]), key=by_due)
    rows = in_order(course_row(c, sources.api.canvas_url, shades, now) for c in known.values())
    cards = tuple(row for row in rows if row.state in ("current", "invited", "unpublished"))
    today = me.day(now)
    start = monday(today)
    week = [start + timedelta(days=n) for n in range(7)]
    dated = [(me.day(item.due_at), item) for item in items if item.due_at]
    grading = look.grading(handles[2].rows())
    states = sources.states()
    return Dashboard(
        sources=states,
        complete=complete(states),
        profile=me,
        now=now,
        rows=cards,
        missing=tuple(i for i in items if i.status == "missing" and not i.done),
        due=tuple(
            item
            for day, item in dated
            if today <= day <= week[-1] and not item.done and item.type not in NOT_WORK
        ),
        new_grades=tuple(
            sorted(
                (
                    item
                    for item in items
                    if item.status == "graded"
                    and item.posted_at
                    and item.posted_at > now - NEW_GRADES
                ),
                key=lambda item: item.posted_at or now,
                reverse=True,
            )
        ),
        days=tuple(
            Day(day, tuple(item for on, item in dated if on == day), today=day == today)
            for day in week
        ),
        grading=grading,
        other_courses=len(rows) - len(cards),
        is_student=has_role(known.values(), "student"),
        is_teacher=bool(grading) or has_role(known.values(), "teacher", "ta"),
    )
