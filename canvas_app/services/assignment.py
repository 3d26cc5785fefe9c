"""One assignment: what it asks for, what was submitted, and its grade and comments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import NotFound
from canvas_app.canvas.models import (
    AssignmentDetail,
    Course,
    Submission,
    SubmissionDetail,
    SubmissionSummary,
)
from canvas_app.domain.assignments import (
    GradingCounts,
    OwnWork,
    Task,
    class_scores,
    grading_counts,
    hides_points,
    own_work,
    submitters,
    task,
)
from canvas_app.domain.calendar import local
from canvas_app.domain.charts import Spread
from canvas_app.domain.children import PERSON_ALONE, Child, courses_by_child
from canvas_app.domain.class_scores import ClassResult, Distribution, NotHandedIn
from canvas_app.domain.courses import TEACHING, roles_of, with_ended
from canvas_app.domain.features import ALL_FEATURES, CLASS_STAFF, Features
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.rows import Rated
from canvas_app.domain.submissions import rated
from canvas_app.services.asks import (
    COURSE_INCLUDE,
    AskedPage,
    read_colors,
    read_profile,
    start_colors,
    start_ended_in,
    start_profile,
)
from canvas_app.services.assignment_class import AskedResult, start_result
from canvas_app.services.family import Family, start_family
from canvas_app.services.pages import Page
from canvas_app.services.without_includes import lost
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import ObjectSource, Sources

# Never include read_status or read_state: asking for either marks the submission read.
SUBMISSION_INCLUDE = (
    *("submission_history", "submission_comments", "submission_html_comments"),
    *("rubric_assessment", "user"),
)
ASSIGNMENT_INCLUDE = ("submission", "score_statistics", "can_submit")


@dataclass(frozen=True)
class AssignmentPage(Page):
    """Page of an assignment. ``rows``: the person's submission, or those of observed students."""

    assignment: Task = field(default_factory=lambda: Task("", "", "", "", ""))
    rows: tuple[OwnWork, ...] = ()
    rubric: tuple[Rated, ...] = ()  # the criteria alone, for people who were not assessed
    statistics: Spread | None = None
    teaching: GradingCounts | None = None
    result: ClassResult | None = None  # the class's result, for graders
    here: tuple[Child, ...] = ()  # students whom the person observes in the course
    observing: bool = False  # some of the submissions are theirs
    statistics_offered: bool = True

    @property
    def distribution(self) -> Distribution | None:
        """Return the distribution of the class's scores, for graders."""
        return self.result.distribution if self.result and self.statistics_offered else None

    @property
    def not_submitted(self) -> tuple[NotHandedIn, ...]:
        """Return the students who submitted nothing, for graders who may see names."""
        return self.result.not_submitted if self.result else ()

    @property
    def by_course_clock(self) -> "AssignmentPage | None":
        """Return the page in the course's time zone; None if the due date reads the same there."""
        due, name = self.assignment.due_at, self.assignment.course_time_zone
        there = replace(self, profile=replace(self.profile, time_zone=name or "UTC"))
        if not due or not name or there.profile.zone is UTC:
            return None
        same = local(due, self.profile.zone).replace(tzinfo=None)
        return None if local(due, there.profile.zone).replace(tzinfo=None) == same else there


@dataclass(frozen=True)
class AskedAssignment(AskedPage):
    """Canvas's answers; ``counts`` is None for people who do not grade.

    ``submissions`` are the person's own or, if ``observed``, those of the students they observe;
    those of ``watched`` students (ids) are in any case.
    """

    found: AssignmentDetail
    course: Course
    submissions: Sequence[Submission] = ()
    observed: bool = False
    watched: frozenset[str] = frozenset()
    family: Family = field(default_factory=Family)
    counts: SubmissionSummary | None = None
    result: AskedResult | None = None


def assignment(
    sources: Sources,
    course_id: str,
    assignment_id: str,
    features: Features = ALL_FEATURES,
    chosen: str = "",
) -> AssignmentPage:
    """Return the page. Raises the CanvasError that Canvas gives for the assignment itself.

    It takes two rounds of calls: the assignment and its course, then the submission or the counts.
    A third round is needed for people whose enrollment as a teacher or observer has ended.
    """
    asked = ask(sources, course_id, assignment_id, features, chosen)
    return lay_out(asked, sources.now(), features)


def ask(
    sources: Sources,
    course_id: str,
    assignment_id: str,
    features: Features = ALL_FEATURES,
    chosen: str = "",
) -> AskedAssignment:
    """Ask for the assignment and its course, then for what depends on the person's role."""
    asked = start_assignment(sources, course_id, assignment_id)
    asked_course = start_open_course(sources, course_id)
    profile, colors = start_profile(sources), start_colors(sources)
    found = asked.required()
    course = asked_course.value() or Course(id=course_id)
    ended = start_ended_in(sources, course)
    course = with_ended(course, ended.rows()) if ended and not found.own_submission else course
    whose = submitters(course, found, chosen)
    handles = [start_submission(sources, course_id, assignment_id, id_) for id_ in whose]
    kin = start_family(sources, [course], chosen, totals=False)
    course = with_ended(course, ended.rows()) if ended else course
    roles = roles_of(course)
    grades_here = found.needs_grading_count is not None or not TEACHING.isdisjoint(roles)
    grades_here = grades_here and features.offered("teaching", CLASS_STAFF)
    summary = start_summary(sources, course_id, assignment_id) if grades_here else None
    result = start_result(sources, course, found) if grades_here else None
    observed = bool(handles) and "student" not in roles
    submissions = read_submissions(whose, handles, found)
    say_what_lacks(asked, asked_course, handles, found, observed=observed)
    return AskedAssignment(
        canvas_url=sources.api.canvas_url,
        colors=read_colors(colors),
        found=found,
        course=course,
        submissions=submissions,
        observed=observed,
        watched=frozenset(whose) - {PERSON_ALONE},
        family=kin.answers(sources),
        counts=(summary.value() or SubmissionSummary()) if summary else None,
        result=result.answers() if result else None,
        sources=sources.states(),
        profile=read_profile(profile),
    )


def start_open_course(sources: Sources, course_id: str) -> ObjectSource[Course]:
    call = partial(CanvasAPI.course, course_id=course_id, include=COURSE_INCLUDE)
    return sources.start_one("course", call)


def read_submissions(
    whose: Sequence[str],
    handles: Sequence[ObjectSource[SubmissionDetail]],
    found: AssignmentDetail,
) -> list[Submission]:
    """Return the submissions that came; the assignment's own stands in for the person's."""
    settle_others(whose, handles)
    return [
        submission
        for id_, handle in zip(whose, handles, strict=True)
        if (submission := handle.value() or (id_ == PERSON_ALONE and found.own_submission))
    ]


def settle_others(whose: Sequence[str], handles: Sequence[ObjectSource[SubmissionDetail]]) -> None:
    """Mark an assignment that one of several observed students does not have as nothing missing."""
    if not any(handle.error is None for handle in handles):
        return
    for id_, handle in zip(whose, handles, strict=True):
        if id_ != PERSON_ALONE and (handle.denied or isinstance(handle.error, NotFound)):
            handle.settle("This assignment is not given to this student.")


def start_assignment(
    sources: Sources, course_id: str, assignment_id: str
) -> ObjectSource[AssignmentDetail]:
    call = partial(CanvasAPI.assignment, course_id=course_id, include=ASSIGNMENT_INCLUDE)
    return sources.start_one("assignment", partial(call, assignment_id=assignment_id))


def start_summary(
    sources: Sources, course_id: str, assignment_id: str
) -> ObjectSource[SubmissionSummary]:
    call = partial(CanvasAPI.submission_summary, course_id=course_id)
    return sources.start_one("grading", partial(call, assignment_id=assignment_id))


def start_submission(
    sources: Sources, course_id: str, assignment_id: str, user_id: str
) -> ObjectSource[SubmissionDetail]:
    call = partial(CanvasAPI.submission, course_id=course_id, include=SUBMISSION_INCLUDE)
    return sources.start_one(
        "submission", partial(call, assignment_id=assignment_id, user_id=user_id)
    )


def say_what_lacks(
    asked: ObjectSource[AssignmentDetail],
    course: ObjectSource[Course],
    handles: Iterable[ObjectSource[SubmissionDetail]],
    found: AssignmentDetail,
    *,
    observed: bool,
) -> None:
    """Report the includes that Canvas dropped and that no other call of the page replaces.

    Of the course the page needs the name and the roles, which come without includes, and, if it
    shows only letters, the grading scheme, which does not.
    """
    course.needs(*(("grading_scheme",) if found.restrict_quantitative_data else ()))
    asked.needs(*lost(asked, "submission"))
    for handle in handles:
        handle.needs(*lost(handle, *(() if observed else ("user",))))


def lay_out(
    asked: AskedAssignment, now: datetime, features: Features = ALL_FEATURES
) -> AssignmentPage:
    """Build the page from Canvas's answers."""
    found, course = asked.found, asked.course
    builder = ItemBuilder(asked.canvas_url, {course.id: course}, asked.colors, now)
    statistics_offered = features.offered("class_statistics", roles_of(course))
    rows = tuple(
        own_work(s, found, course, builder, asked.observed or (s.user_id or "") in asked.watched)
        for s in asked.submissions
    )
    here = courses_by_child([course])
    return AssignmentPage(
        sources=asked.sources,
        complete=complete(asked.sources),
        profile=asked.profile,
        now=now,
        children=asked.family.children,
        chosen=asked.family.chosen,
        here=tuple(child for child in asked.family.children if child.id in here),
        observing=bool(asked.watched),
        assignment=task(found, course, builder, rows),
        rows=rows,
        rubric=rated(found.rubric or (), None, hides_points(found, course)),
        statistics=(
            class_scores(found, rows) if statistics_offered and not asked.observed else None
        ),
        statistics_offered=statistics_offered,
        result=asked.result.lay_out(now) if asked.result else None,
        teaching=(
            grading_counts(found, course, builder, asked.counts)
            if asked.counts is not None
            else None
        ),
    )
