"""The grades of the students whom the person observes in a course, and Canvas's answers for them.

With ``observed_users`` an assignment has a list of submissions, one of each student, and a course
has the students' enrollments with their totals. So one round of calls serves all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import AssignmentGroup, Colors, Course, GradingPeriod, Profile
from canvas_app.domain.children import (
    PERSON_ALONE,
    Child,
    as_childs,
    childs_groups,
    courses_by_child,
)
from canvas_app.domain.courses import student_enrollment, with_ended
from canvas_app.domain.grade_totals import chosen_period, current_period
from canvas_app.services.asks import (
    COURSE_INCLUDE,
    read_colors,
    read_profile,
    start_colors,
    start_ended_in,
    start_profile,
)
from canvas_app.services.children_calls import PREFIX
from canvas_app.services.children_work import bare
from canvas_app.services.family import Family, FamilyCalls, start_family
from canvas_app.services.grade_calls import (
    AskedGrades,
    can_be_worked_out,
    read_other_period,
    start_course,
    start_periods,
)
from canvas_app.services.planner_calls import GROUPS
from canvas_app.sources.answer import Source
from canvas_app.sources.sources import ListSource, ObjectSource, Sources


@dataclass(frozen=True)
class AskedFamilyGrades:
    """Canvas's answers for each student on the page.

    ``here`` are all students whom the person observes in the course.
    """

    family: Family = field(default_factory=Family)
    here: tuple[Child, ...] = ()
    grades: tuple[tuple[Child, AskedGrades], ...] = ()


@dataclass(frozen=True)
class FamilyGradeCalls:
    """Calls about the grades of students whom the person observes in a course."""

    course: Course
    family: FamilyCalls
    seen: ObjectSource[Course]
    groups: ListSource[AssignmentGroup]
    periods: ListSource[GradingPeriod]
    profile: ObjectSource[Profile]
    colors: ObjectSource[Colors]

    def answers(self, sources: Sources, period: str) -> AskedFamilyGrades:
        """Read the answers; a grading period that is not the current one takes a further call."""
        family = self.family.answers(sources)
        return AskedFamilyGrades(
            family,
            here=tuple(child for child in family.children if child.id in self.family.watched),
            grades=tuple((child, self.of(sources, child, period)) for child in family.shown),
        )

    def of(self, sources: Sources, child: Child, period: str) -> AskedGrades:
        """Return the answers about one student."""
        course = as_childs(self.course, child.id, self.seen.value())
        periods = self.periods.rows()
        named = periods or current_period(student_enrollment(course))
        alone = len(self.family.watched) == 1
        handles: tuple[Any, ...] = (self.seen, self.groups, self.periods, self.profile)
        states: tuple[Source, ...] = tuple(bare(handle.source()) for handle in handles)
        chosen = chosen_period(period, named, student_enrollment(course))
        return AskedGrades(
            canvas_url=sources.api.canvas_url,
            sources=states,
            profile=read_profile(self.profile),
            colors=read_colors(self.colors),
            course=course,
            groups=childs_groups(self.groups.rows(), child.id, alone=alone),
            periods=periods,
            named=named,
            period_totals=read_other_period(sources, course, chosen),
            whole=can_be_worked_out(states) and not self.groups.dropped(),
        )


def start_family_grades(
    sources: Sources, course_id: str, chosen: str, include: Sequence[str] = ()
) -> FamilyGradeCalls | None:
    """Start the calls if the person observes students in the course whom the page shows.

    Waits for the course itself. Raises the CanvasError that Canvas gives for it.
    """
    look = sources.beside()  # calls of the person's own page, whose sources these are
    course = start_course(look, course_id, include).required()
    ended = start_ended_in(look, course)
    course = with_ended(course, ended.rows()) if ended else course
    if chosen == PERSON_ALONE or not courses_by_child([course]):
        return None
    family = start_family(sources, [course], chosen, totals=False)
    call = partial(CanvasAPI.course, include=(*COURSE_INCLUDE, "observed_users"))
    groups = partial(CanvasAPI.assignment_groups, include=(*GROUPS, "observed_users"))
    seen = sources.start_one("children's totals", partial(call, course_id=course_id))
    seen.needs("observed_users")
    return FamilyGradeCalls(
        course,
        family,
        seen=seen,
        groups=sources.start(f"{PREFIX}assignments", partial(groups, course_id=course_id)),
        periods=start_periods(look, course_id),
        profile=start_profile(look),
        colors=start_colors(look),
    )
