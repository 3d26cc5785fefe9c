"""What became of one assignment in the whole class, for those who grade."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from canvas_app.canvas.models import (
    Assignment,
    ClassEnrollment,
    ClassSubmission,
    Course,
    CourseSection,
)
from canvas_app.domain.class_roll import students_of
from canvas_app.domain.class_scores import ClassResult, class_result
from canvas_app.services.classes import (
    all_here,
    section_names,
    start_class_work,
    start_sections,
    start_students,
)
from canvas_app.sources.sources import ListSource, Sources


@dataclass(frozen=True)
class StartedResult:
    """The calls for an assignment's class."""

    work: Assignment
    submissions: ListSource[ClassSubmission]
    students: ListSource[ClassEnrollment]
    sections: ListSource[CourseSection]

    def answers(self) -> "AskedResult | None":
        """What came; None unless it is all here, because a part would call others missing."""
        if not (all_here(self.submissions) and all_here(self.students)):
            return None
        return AskedResult(
            self.work, self.submissions.rows(), self.students.rows(), self.sections.rows()
        )


@dataclass(frozen=True)
class AskedResult:
    """What Canvas answered of an assignment's class."""

    work: Assignment
    submissions: Sequence[ClassSubmission]
    students: Sequence[ClassEnrollment]
    sections: Sequence[CourseSection]

    def lay_out(self, now: datetime) -> ClassResult:
        students = students_of(self.students, section_names(self.sections))
        return class_result(self.work, self.submissions, students, now)


def start_result(sources: Sources, course: Course, work: Assignment) -> StartedResult | None:
    """Start the calls; nothing came of what is not published, and Canvas refuses to list it."""
    if work.published is False:
        return None
    return StartedResult(
        work,
        start_class_work(sources, course, [work]),
        start_students(sources, course),
        start_sections(sources, course),
    )
