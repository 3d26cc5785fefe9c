"""What other calls tell about a course that came without its includes."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import UNSET

from canvas_app.canvas.models import (
    Assignment,
    Course,
    CourseEnrollment,
    Enrollment,
    Grades,
    GradingPeriod,
)
from canvas_app.domain.mended_courses import (
    concluded,
    placed_in_time,
    running,
    weights_unsaid,
    with_letters,
    with_totals,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def studies(user_id: str = "7", state: str = "active", **more: object) -> CourseEnrollment:
    facts = {"type": "student", "role": "StudentEnrollment", "enrollment_state": state} | more
    return CourseEnrollment(user_id=user_id, **facts)


def assists(state: str = "active") -> CourseEnrollment:
    return CourseEnrollment(type="ta", role="TaEnrollment", user_id="7", enrollment_state=state)


def course(*mine: CourseEnrollment, **more: object) -> Course:
    return Course(id="4", name="Biology", enrollments=list(mine), **more)


def test_a_course_is_over_when_all_of_ones_part_in_it_is() -> None:
    """A former student who assists now has one ended enrollment, and the course is not over."""
    ended = course(studies(state="completed"))

    assert concluded(course(studies()), [ended]).concluded is True
    assert concluded(course(studies(), assists()), [ended]).concluded is False
    assert concluded(course(studies()), [Course(id="5")]).concluded is None


def test_a_stub_is_not_called_over() -> None:
    """Of a closed course only the id is known."""
    stub = Course(id="4", access_restricted_by_date=True)

    assert concluded(stub, [course(studies())]) == stub


def test_stored_active_and_listed_as_pending_waits_for_its_dates() -> None:
    waiting = placed_in_time(course(studies(), studies(state="invited")), [], [course(studies())])

    assert [e.enrollment_state for e in waiting.enrollments] == ["pending_active", "invited"]
    begun = placed_in_time(course(studies()), [], [Course(id="5")])
    assert begun.enrollments[0].enrollment_state == "active"


def test_totals_go_to_the_student_they_are_of() -> None:
    """An observer's list has the totals of the students they observe, each under its own id."""
    grades = Grades(current_score=91.5, current_grade="A", final_score=50.0, final_grade="F")
    rows = [
        Enrollment(id="1", course_id="4", user_id="7", grades=grades),
        Enrollment(id="2", course_id="5", user_id="8", grades=Grades(current_score=1.0)),
    ]

    mine, other, teaching = with_totals(
        course(studies("7"), studies("8"), assists()), rows
    ).enrollments

    assert (mine.computed_current_score, mine.computed_current_grade) == (91.5, "A")
    assert (mine.computed_final_score, mine.computed_final_grade) == (50.0, "F")
    assert other.computed_current_score is UNSET
    assert teaching.computed_current_score is UNSET


def test_without_totals_a_course_stays_as_it_is() -> None:
    one = course(studies())

    assert with_totals(one, []) is one
    stub = Course(id="4")
    row = Enrollment(id="1", course_id="4", user_id="7", grades=Grades())
    assert with_totals(stub, [row]) is stub


def test_one_restricted_assignment_marks_its_course() -> None:
    courses = {"4": Course(id="4"), "5": Course(id="5")}
    work = [None, Assignment(id="1", course_id="4", restrict_quantitative_data=True)]

    marked = with_letters(courses, [*work, Assignment(id="2", course_id="5")])

    assert marked["4"].restrict_quantitative_data is True
    assert not marked["5"].restrict_quantitative_data


@pytest.mark.parametrize(
    ("weights", "unsaid"), [([], False), ([None, 0.0], False), ([None, 40.0], True)]
)
def test_weights_count_for_nothing_unless_there_are_some(
    weights: list[float | None], unsaid: bool
) -> None:
    assert weights_unsaid(GradingPeriod(id="1", weight=each) for each in weights) is unsaid


def test_the_period_that_runs_now() -> None:
    before = GradingPeriod(id="1", start_date=NOW - 9 * DAY, end_date=NOW - DAY)
    current = GradingPeriod(id="2", start_date=NOW, end_date=NOW)
    undated = GradingPeriod(id="3")

    assert running([before, undated, current], NOW) is current
    assert running([before, undated], NOW) is None
