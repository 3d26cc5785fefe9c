"""Terms, courses, sections and enrolments, and what their dates do to them."""

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


@dataclass(frozen=True, slots=True)
class Term:
    id: int
    name: str
    start_at: datetime | None
    end_at: datetime | None


@dataclass(frozen=True, slots=True)
class GradingPeriod:
    id: int
    title: str
    start_at: datetime
    end_at: datetime
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    id: int
    course_id: int
    name: str


@dataclass(slots=True)
class Course:
    id: int
    name: str
    code: str
    term: Term
    created_at: datetime
    workflow_state: Literal["unpublished", "available", "completed", "deleted"] = "available"
    start_at: datetime | None = None
    end_at: datetime | None = None
    restrict_student_past_view: bool = False
    restrict_student_future_view: bool = False
    apply_assignment_group_weights: bool = False
    hide_final_grades: bool = False
    restrict_quantitative_data: bool = False
    is_public: bool = False
    public_syllabus: bool = False
    grading_standard: bool = False
    grading_periods: tuple[GradingPeriod, ...] = ()
    colour: str | None = None
    time_zone: str = "America/Denver"
    syllabus_body: str | None = None
    public_description: str | None = None
    modules: int = 0
    section_ids: list[int] = field(default_factory=list)

    @property
    def asset_string(self) -> str:
        return f"course_{self.id}"

    def starts(self) -> datetime | None:
        return self.start_at or self.term.start_at

    def ends(self) -> datetime | None:
        return self.end_at or self.term.end_at

    def has_ended(self, now: datetime) -> bool:
        """Concluded by its own state or by date (enrollment_state.rb)."""
        end = self.ends()
        return self.workflow_state == "completed" or (end is not None and end <= now)

    def has_not_begun(self, now: datetime) -> bool:
        start = self.starts()
        return start is not None and start > now


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

    @property
    def short_type(self) -> str:
        return SHORT_TYPES[self.type]

    @property
    def role(self) -> str:
        """The role's name; the test student has the students' (course.rb)."""
        return self.type.replace("StudentView", "Student")


def effective_state(enrollment: Enrollment, course: Course, now: datetime) -> EffectiveState:
    """The stored state as the dates of course and term turn it (enrollment_state.rb)."""
    if enrollment.state not in ("active", "invited"):
        return enrollment.state
    if course.has_ended(now):
        return "completed"
    if course.has_not_begun(now):
        return f"pending_{enrollment.state}"
    return enrollment.state
