"""One course: its grade and its work by assignment group."""

from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import AssignmentGroup as CanvasGroup
from canvas_app.services.courses import (
    INCLUDE,
    course_row,
    read_colors,
    read_profile,
    start_colors,
    start_profile,
)
from canvas_app.services.pages import AssignmentGroup, CoursePage
from canvas_app.services.sources import Rows, Sources, complete
from canvas_app.services.submissions import submission_row
from canvas_app.services.upcoming import Look


def course(sources: Sources, course_id: str) -> CoursePage:
    """Gather one course. Raise the CanvasError that Canvas gives for the course itself."""
    now = sources.now()
    profile, colors = start_profile(sources), start_colors(sources)
    asked = sources.start_one(
        "course",
        partial(
            CanvasAPI.course, course_id=course_id, include=(*INCLUDE, "syllabus_body", "teachers")
        ),
    )
    found = asked.required()
    restricted = bool(found.access_restricted_by_date)
    groups: Rows[CanvasGroup] | None = None
    if not restricted:
        groups = sources.start(
            "assignments",
            partial(
                CanvasAPI.assignment_groups,
                course_id=course_id,
                include=("assignments", "submission"),
            ),
        )
    shades = read_colors(colors)
    look = Look(sources.api.canvas_url, {found.id: found}, shades, now)
    parts = tuple(
        AssignmentGroup(
            name=group.name or "",
            weight=group.group_weight,
            rows=tuple(
                submission_row(assignment.own_submission, assignment, found, look)
                for assignment in group.assignments or ()
            ),
        )
        for group in (groups.rows() if groups else ())
    )
    states = sources.states()
    return CoursePage(
        sources=states,
        complete=complete(states),
        profile=read_profile(profile),
        now=now,
        course=course_row(found, sources.api.canvas_url, shades, now),
        rows=tuple(row for part in parts for row in part.rows),
        groups=parts,
        syllabus=found.syllabus_body,
        teachers=tuple(t.display_name for t in found.teachers or () if t.display_name),
    )
