"""One course: who and what it is, its grade, and its work by assignment group."""

from dataclasses import dataclass

from canvas_app.domain.grade_book import EVERY_PERIOD
from canvas_app.services.grades import Grades, Wanted, gather
from canvas_app.sources.sources import Sources


@dataclass(frozen=True)
class CoursePage(Grades):
    """The grades of all grading periods, with what else the course says about itself."""

    syllabus: str | None = None  # Canvas's HTML, not sanitised
    teachers: tuple[str, ...] = ()


def course(sources: Sources, course_id: str) -> CoursePage:
    """Gather one course. Raise the CanvasError that Canvas gives for the course itself.

    Two round trips deep: the course, then all else side by side.
    """
    wanted = Wanted(period=EVERY_PERIOD)
    found, grades, _ = gather(sources, course_id, wanted, ("syllabus_body", "teachers"))
    return CoursePage(
        **vars(grades),
        syllabus=found.syllabus_body,
        teachers=tuple(t.display_name for t in found.teachers or () if t.display_name),
    )
