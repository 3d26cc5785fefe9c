"""With a key that allows no includes, three calls complete a course's own page."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    Course,
    CourseEnrollment,
    Enrollment,
    Grades,
    GradingPeriod,
)
from canvas_app.services.without_course_includes import Bare, start_without, with_period

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Rows:
    """A list that is here."""

    def __init__(self, *rows):
        self._rows = list(rows)

    def rows(self):
        return self._rows


class Asking:
    """Sources that give these rows, and remember what they were asked for."""

    def __init__(self, *rows):
        self.given, self.asked = rows, []
        self.now = lambda: NOW

    def start(self, name, call):
        self.asked.append((name, call.keywords))
        return Rows(*self.given)


def course(**more):
    mine = CourseEnrollment(type="student", user_id="7", enrollment_state="active")
    return Course(id="4", name="Biology", enrollments=[mine], **more)


def period(weight=None):
    day = timedelta(days=1)
    return GradingPeriod(
        id="2", title="Autumn", start_date=NOW - day, end_date=NOW + day, weight=weight
    )


def enrollment(score):
    grades = Grades(current_score=score, final_score=score / 2)
    return Enrollment(id="1", course_id="4", user_id="7", grades=grades)


def test_totals_and_signs_come_together():
    bare = Bare(Rows(enrollment(91.0)), Rows(), Rows(course()))

    found = bare.mended(Asking(), course(), [], [])

    (mine,) = found.enrollments
    assert (mine.computed_current_score, mine.computed_final_score) == (91.0, 45.5)
    assert mine.enrollment_state == "pending_active"
    assert found.has_grading_periods is False


def test_the_running_period_is_asked_for_by_its_id():
    asking = Asking(enrollment(80.0))

    found = Bare(Rows(), Rows(), Rows()).mended(asking, course(), [period()], [])

    assert asking.asked == [("totals", {"course_id": "4", "period_id": "2", "user_id": "7"})]
    (mine,) = found.enrollments
    assert (mine.current_grading_period_id, mine.current_grading_period_title) == ("2", "Autumn")
    assert mine.current_period_computed_current_score == 80.0
    assert found.has_grading_periods is True


def test_work_tells_that_letters_alone_count():
    group = AssignmentGroup(
        id="1", assignments=[Assignment(id="1", course_id="4", restrict_quantitative_data=True)]
    )

    marked = Bare(Rows(), Rows(), Rows()).mended(Asking(), course(), [], [group])
    assert marked.restrict_quantitative_data is True


@pytest.mark.parametrize(("weight", "brought"), [(None, True), (0.0, True), (40.0, False)])
def test_weights_of_periods_are_never_guessed(weight, brought):
    """Periods with weights do not show that the course uses them."""
    names = Bare(Rows(), Rows(), Rows()).brought([period(weight)])

    assert ("current_grading_period_scores" in names) is brought
    assert {"total_scores", "concluded", "restrict_quantitative_data"} <= set(names)


def test_whoever_does_not_study_has_no_totals_of_a_period():
    teaching = Course(id="4", enrollments=[CourseEnrollment(type="teacher", user_id="7")])
    asking = Asking()

    assert with_period(asking, teaching, period()) is teaching
    assert asking.asked == []


def test_three_calls_are_started_at_once():
    asking = SimpleNamespace(asked=[])
    asking.start = lambda name, call: asking.asked.append(name)

    start_without(asking, course())

    assert asking.asked == ["totals", "past courses", "invitations"]
