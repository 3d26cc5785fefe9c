"""Replacement calls for the week's page where Canvas drops include parameters."""

from collections.abc import Iterable, Sequence
from functools import partial

from msgspec.structs import replace

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import Assignment, Course, PlannerItem, PlannerOverride, Submission
from canvas_app.domain.planner_items import assignment_kind, planner_assignment
from canvas_app.services.planner_calls import planner_slices
from canvas_app.services.without_includes import mend_courses
from canvas_app.services.without_work_includes import start_own
from canvas_app.sources.sources import ListSource, Sources


def mend_week(
    sources: Sources,
    courses: ListSource[Course],
    missing: ListSource[Assignment],
    needs: Iterable[str] | None = None,
    planner: ListSource[PlannerItem] | None = None,
) -> None:
    """Complete the person's courses and missing work in parallel, in one further round of calls.

    With ``planner``, planner items are added for missing work older than it reaches. They tell
    whether such work was graded, which the calendar does not tell without its include.
    """
    marks = (
        sources.start("marks", partial(CanvasAPI.planner_overrides)) if missing.dropped() else None
    )
    own = start_undated(sources, missing) if marks else []
    older = start_older(sources, planner, missing) if marks and planner else None
    mend_courses(sources, courses, needs)
    if marks:
        mend_missing(missing, marks, own)
    if planner and older:
        lacking = {work.id for work in missing.rows()}
        found = [plan for plan in older.rows() if planner_assignment(plan) in lacking]
        planner.mend([*planner.rows(), *found])


def start_undated(
    sources: Sources, missing: ListSource[Assignment]
) -> list[ListSource[Submission]]:
    """Start the lists of the person's submissions in courses that have missing work without a date.

    Teachers mark such work missing by hand. It may have been graded since, and it is not in the
    planner.
    """
    course_ids = [work.course_id for work in missing.rows() if work.course_id and not work.due_at]
    return [start_own(sources, missing.name, course_id) for course_id in dict.fromkeys(course_ids)]


def start_older(
    sources: Sources, planner: ListSource[PlannerItem], missing: ListSource[Assignment]
) -> ListSource[PlannerItem] | None:
    """Start the planner for missing work older than ``planner`` reaches; None if there is none."""
    planned = {planner_assignment(plan) for plan in planner.rows()}
    old = [
        (work.due_at.date(), work.course_id)
        for work in missing.rows()
        if work.id not in planned and work.due_at and work.course_id
    ]
    if not old:
        return None
    days = [day for day, _ in old]
    call = partial(
        CanvasAPI.planner_items,
        course_ids=tuple(sorted({course_id for _, course_id in old})),
        only="incomplete_items",  # a grade alone does not complete an item
    )
    return sources.start(
        planner.name,
        *(
            partial(call, start_date=start, end_date=end)
            for start, end in planner_slices(min(days), max(days), sources.now())
        ),
    )


def mend_missing(
    listed: ListSource[Assignment],
    marks: ListSource[PlannerOverride],
    own: Sequence[ListSource[Submission]] = (),
) -> None:
    """Complete the missing work with the person's planner marks and submissions.

    ``own`` are their submissions to the work about whose grades no other source tells.
    """
    by_thing = {(mark.plannable_type, mark.plannable_id): mark for mark in marks.rows()}
    handed_in = {s.assignment_id: s for each in own for s in each.rows()}
    listed.mend(
        [
            replace(
                work,
                planner_override=by_thing.get(assignment_kind(work)),
                submission=handed_in.get(work.id),
            )
            for work in listed.rows()
        ]
    )
