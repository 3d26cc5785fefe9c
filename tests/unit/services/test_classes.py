"""Lists of a class."""

from canvas_app.canvas.models import Assignment, CourseSection
from canvas_app.services.classes import published_works, section_names


def test_names_and_published_work() -> None:
    sections = [CourseSection(id="1", name="Morning"), CourseSection(id="2"), CourseSection()]
    assert section_names(sections) == {"1": "Morning", "2": "Section 2"}
    work = Assignment(id="0")
    hidden = Assignment(id="2", published=False)
    assert [w.id for w in published_works([work, hidden, work])] == ["0"]
