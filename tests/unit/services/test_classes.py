"""Lists of a class: which students, and whose work came whole."""

from canvas_app.canvas.errors import Unavailable
from canvas_app.canvas.models import Assignment, ClassSubmission, Course, CourseSection
from canvas_app.services.classes import (
    section_names,
    start_class_work,
    start_sections,
    start_students,
    whole_lists,
)
from canvas_app.sources.answer import Outcome

TAUGHT = Course(id="4", name="Biology")


class Lists:
    """A source of several lists, each whole, cut or failed."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = outcomes

    def answers(self) -> tuple[Outcome, ...]:
        return self.outcomes


def test_cut_and_failed_lists_are_left_out() -> None:
    """A tally of half a list would be too low and look exact."""
    works = [Assignment(id=id_) for id_ in ("1", "2", "3")]
    rows = [ClassSubmission(id="9")]
    handle = Lists(
        Outcome(rows),
        Outcome([], why="2 of 3 pages came."),
        Outcome(error=Unavailable("no answer")),
    )

    assert whole_lists(works, handle) == {"1": rows}  # type: ignore[arg-type]


def test_sections_without_a_name_are_told_by_their_id() -> None:
    rows = [CourseSection(id="1", name="Lab"), CourseSection(id="2"), CourseSection()]

    assert section_names(rows) == {"1": "Lab", "2": "Section 2"}


def test_sources_name_their_course(sources_of) -> None:
    """So that each can be asked for again by itself."""
    sources = sources_of("teacher")

    start_students(sources, TAUGHT)
    start_sections(sources, TAUGHT)
    start_class_work(sources, TAUGHT, [Assignment(id="1")])
    start_students(sources, Course(id="5"))

    found = [(source.name, source.course_id) for source in sources.states()]
    assert found == [
        ("students: Biology", "4"),
        ("sections: Biology", "4"),
        ("class work: Biology", "4"),
        ("students: 5", "5"),
    ]
