"""The whole class's submissions and scores for one assignment, for graders."""

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
    """The calls for the class's work on one assignment."""

    work: Assignment
    submissions: ListSource[ClassSubmission]
    students: ListSource[ClassEnrollment]
    sections: ListSource[CourseSection]

    def answers(self) -> "AskedResult | None":
        """Return the answers; None unless all came, because gaps would look like missing work."""
        if not (all_here(self.submissions) and all_here(self.students)):
            return None
        return AskedResult(
            self.work, self.submissions.rows(), self.students.rows(), self.sections.rows()
        )


@dataclass(frozen=True)
class AskedResult:
    """Canvas's answers about the class's work on one assignment."""

    work: Assignment
    submissions: Sequence[ClassSubmission]
    students: Sequence[ClassEnrollment]
    sections: Sequence[CourseSection]

    def lay_out(self, now: datetime) -> ClassResult:
        students = students_of(self.students, section_names(self.sections))
        return class_result(self.work, self.submissions, students, now)


def start_result(sources: Sources, course: Course, work: Assignment) -> StartedResult | None:
    """Start the calls for the class's work; None if it is unpublished: Canvas refuses them then."""
    if work.published is False:
        return None
    return StartedResult(
        work,
        start_class_work(sources, course, [work]),
        start_students(sources, course),
        start_sections(sources, course),
    )
