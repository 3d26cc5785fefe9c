"""Letters: the names of scores, and where only letters may be shown.

A course that restricts quantitative data changes no answer of Canvas: scores and points come as
from any other, and the grade of work graded by points is a number. Hiding these from students and
observers is the client's duty. The grading scheme that comes with the course names the letter,
also where the course itself enables none (``lib/api/v1/course.rb``, ``grading_standard.rb``).
"""

import re
from decimal import Decimal

from canvas_app.canvas.models import Course
from canvas_app.domain import grade_calculator
from canvas_app.domain.grade_book import decimal_of, scale_of, scheme_of

NUMERIC_GRADE = re.compile(
    r"\s*+[-+]?[\d.,]++\s*+%?\s*+"
)  # possessive, so that long runs of blanks cost nothing
STAFF = frozenset({"teacher", "ta", "designer"})


def letters_only(course: Course | None, thing: object = None) -> bool:
    """Return whether points must be hidden from the person.

    The course's flag is true for its teachers too, though it does not apply to them; the flag of
    an object in the course is false for them.
    """
    own = getattr(thing, "restrict_quantitative_data", None)
    if not (own or (course and course.restrict_quantitative_data)):
        return False
    roles = {e.type for e in (course.enrollments if course else None) or ()}
    return "student" in roles or roles.isdisjoint(STAFF)


def total_letter(course: Course | None, percent: float | Decimal | None) -> str | None:
    """Return a total's letter by the course's scheme; None when either is unknown."""
    if course is None or percent is None:
        return None
    value = percent if isinstance(percent, Decimal) else decimal_of(percent)
    return grade_calculator.letter(value, scheme_of(course), scale_of(course))


def grade_shown(
    grade: str | None,
    letters: bool,
    course: Course | None = None,
    score: float | None = None,
    points: float | None = None,
) -> str | None:
    """Return a grade as the person may see it.

    Where only letters count, a number becomes the letter of its share of the points; without points
    it has none.
    """
    if not letters or (grade is not None and not NUMERIC_GRADE.fullmatch(grade)):
        return grade
    if score is None or not points:
        return None
    return total_letter(course, decimal_of(score) / decimal_of(points) * 100)
