"""Terms, courses, sections and enrollments, and the states that their dates lead to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

EffectiveState = str

SHORT_TYPES = {
    "StudentEnrollment": "student",
    "StudentViewEnrollment": "student_view",
    "TeacherEnrollment": "teacher",
    "TaEnrollment": "ta",
    "ObserverEnrollment": "observer",
    "DesignerEnrollment": "designer",
}
ROLE_IDS = {
    "StudentEnrollment": 3,
    "StudentViewEnrollment": 3,
    "TeacherEnrollment": 4,
    "TaEnrollment": 5,
    "DesignerEnrollment": 6,
    "ObserverEnrollment": 7,
}


Span = tuple[datetime | None, datetime | None]
"""Start and end; None leaves that side open."""
STAFF_TYPES = frozenset({"TeacherEnrollment", "TaEnrollment", "DesignerEnrollment"})


@dataclass(slots=True)
class Term:
    """A term. ``overrides`` holds other dates for a type of enrollment."""

    id: int
    name: str
    start_at: datetime | None
    end_at: datetime | None
    overrides: dict[str, Span] = field(default_factory=dict)

    def span(self, enrollment_type: str) -> Span:
        """Return the dates for a type of enrollment; staff have no start.

        Source: enrollment_date_builder.rb.
        """
        start, end = self.overrides.get(enrollment_type, (self.start_at, self.end_at))
        return (None if enrollment_type in STAFF_TYPES else start), end


@dataclass(frozen=True, slots=True)
class GradingPeriod:
    id: int
    title: str
    start_at: datetime
    end_at: datetime
    weight: float | None = None
    close_date: datetime | None = None

    def closed(self, now: datetime) -> bool:
        """Return whether its work can no longer be graded (grading_period.rb)."""
        return now > (self.close_date or self.end_at)

    def holds(self, moment: datetime) -> bool:
        """Return whether the period contains the moment: after its start, until its end.

        All three are cut to the minute first (grading_period.rb).
        """
        start, end = (at.replace(second=0, microsecond=0) for at in (self.start_at, self.end_at))
        return start < moment.replace(second=0, microsecond=0) <= end


@dataclass(slots=True)
class Section:
    """A section. Its dates count only if it restricts its enrollments to them."""

    id: int
    course_id: int
    name: str
    start_at: datetime | None = None
    end_at: datetime | None = None
    restrict_enrollments_to_section_dates: bool = False


@dataclass(frozen=True, slots=True)
class GroupCategory:
    """A set of student groups of a course."""

    id: int
    course_id: int
    name: str


@dataclass(slots=True)
class Group:
    id: int
    category_id: int
    name: str
    members: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Course:
    """A course with its settings.

    ``grading_standard``: a grading scheme is enabled. ``grading_scheme``: pairs of a name and its
    lowest share (0 to 1), highest first; empty means Canvas's default. ``scaling_factor``: the
    highest point of a scheme based on points, such as 4.0. ``own_grading_periods``: the grading
    periods belong to the course (as in old courses), not to its term. ``override_scores``: totals
    that a teacher set by hand, by student id.
    """

    id: int
    name: str
    code: str
    term: Term
    created_at: datetime
    workflow_state: Literal["unpublished", "available", "completed", "deleted"] = "available"
    start_at: datetime | None = None
    end_at: datetime | None = None
    restrict_enrollments_to_course_dates: bool = False
    restrict_student_past_view: bool = False
    restrict_student_future_view: bool = False
    apply_assignment_group_weights: bool = False
    hide_final_grades: bool = False
    restrict_quantitative_data: bool = False
    is_public: bool = False
    public_syllabus: bool = False
    grading_standard: bool = False
    grading_scheme: tuple[tuple[str, float], ...] = ()
    scaling_factor: float | None = None
    override_scores: dict[int, float] = field(default_factory=dict)
    grading_periods: tuple[GradingPeriod, ...] = ()
    own_grading_periods: bool = False
    colour: str | None = None
    time_zone: str = "America/Denver"
    syllabus_body: str | None = None
    public_description: str | None = None
    modules: int = 0
    section_ids: list[int] = field(default_factory=list)
    sections: Mapping[int, Section] = field(default_factory=dict)

    @property
    def asset_string(self) -> str:
        return f"course_{self.id}"

    def has_ended(self, now: datetime) -> bool:
        """Return whether the course is concluded, by state or by date (course.rb, ``concluded?``).

        Its own end counts only if it restricts enrollments to its dates, else the term's end does.
        Dates of sections and roles do not matter here.
        """
        end = self.end_at if self.restrict_enrollments_to_course_dates else self.term.end_at
        return self.workflow_state == "completed" or (end is not None and end <= now)


@dataclass(slots=True)
class Enrollment:
    id: int
    user_id: int
    course_id: int
    section_id: int
    type: str
    state: str
    created_at: datetime
    updated_at: datetime
    limited_to_section: bool = False
    associated_user_id: int | None = None
    last_activity_at: datetime | None = None
    total_activity_time: int = 0
    start_at: datetime | None = None
    end_at: datetime | None = None

    @property
    def short_type(self) -> str:
        return SHORT_TYPES[self.type]

    @property
    def role(self) -> str:
        """The role's name; a test student has the role of students (course.rb)."""
        return self.type.replace("StudentView", "Student")


def spans(row: Enrollment, course: Course) -> list[Span]:
    """Return the dates that count for an enrollment (enrollment_date_builder.rb).

    They are its own if both are set, else those of its section or course if one restricts its
    enrollments, else the term's for its type. For staff the term's count in addition to those of
    section or course.
    """
    term = course.term.span(row.type)
    section = course.sections.get(row.section_id)
    if row.start_at and row.end_at:
        return [(row.start_at, row.end_at)]
    if section is not None and section.restrict_enrollments_to_section_dates:
        own: Span = (section.start_at, section.end_at)
    elif course.restrict_enrollments_to_course_dates:
        own = (course.start_at, course.end_at)
    else:
        return [term]
    return [own, term] if row.type in STAFF_TYPES else [own]


def effective_state(enrollment: Enrollment, course: Course, now: datetime) -> EffectiveState:
    """Return the state that an enrollment's dates lead to (enrollment_state.rb).

    Only active and invited enrollments change. Before their dates students and observers are
    pending and staff inactive; after them everybody is completed.
    """
    if enrollment.state not in ("active", "invited"):
        return enrollment.state
    if course.workflow_state == "completed":
        return "completed"
    dates = spans(enrollment, course)
    if any((start is None or start <= now) and (end is None or end > now) for start, end in dates):
        return enrollment.state
    if any(start is not None and start > now for start, _ in dates):
        return "inactive" if enrollment.type in STAFF_TYPES else f"pending_{enrollment.state}"
    return "completed"
