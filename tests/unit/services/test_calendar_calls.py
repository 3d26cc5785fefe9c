"""What a calendar feed asks for: slices of the planner, contexts by the ten, open courses."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from canvas_app.canvas.models import Course, CourseEnrollment
from canvas_app.services.calendar_calls import SLICES, ask, is_open, lettered, start_planner, tens

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])]
)
def test_contexts_go_by_the_ten(count, sizes):
    """Canvas reads ten in one request and silently ignores the others."""
    codes = [f"course_{number}" for number in range(count)]

    found = list(tens(codes))

    assert [len(some) for some in found] == sizes
    assert [code for some in found for code in some] == codes


def test_slices_follow_one_another_as_far_as_canvas_own_feed():
    """From 30 days ago to a year ahead (Canvas: Calendar Events, public feed)."""
    assert (SLICES[0], SLICES[-1]) == (-30, 366)
    assert all(before < after for before, after in pairwise(SLICES))


def test_no_moment_of_the_planner_is_asked_for_twice():
    class Asking:
        def start(self, name, *calls):
            self.spans = [(c.keywords["start_date"], c.keywords["end_date"]) for c in calls]

    asking, edges = Asking(), [NOW + timedelta(days=days) for days in SLICES]

    start_planner(asking, edges)

    assert asking.spans[0][0] == edges[0]
    for (_, end), (start, _) in pairwise(asking.spans):
        assert start - end == timedelta(seconds=1)


def test_ended_courses_have_no_dates_any_more():
    mine = [CourseEnrollment(type="student", enrollment_state="active")]
    course = Course(id="4", name="Biology", enrollments=mine, workflow_state="available")

    assert is_open(course, NOW)
    assert not is_open(Course(id="4", name="Biology", enrollments=mine, concluded=True), NOW)


def test_lettered_leaves_the_course_as_it_was():
    course = Course(id="4", name="Biology")

    assert lettered(course).restrict_quantitative_data is True
    assert not course.restrict_quantitative_data


def test_ask_brings_each_kind(sources_of):
    asked = ask(sources_of("dozen"))

    assert asked.courses
    assert asked.planner
    assert asked.events
    assert asked.last - asked.first == timedelta(days=SLICES[-1] - SLICES[0], seconds=-1)
    names = [source.name for source in asked.sources]
    assert names == ["profile", "courses", "planner", "events", "due dates of other courses"]


def test_points_stay_out_where_nobody_says_whose_letters_count(sources_of, dropping):
    asked = ask(sources_of("dozen"))

    assert asked.courses
    assert all(course.restrict_quantitative_data for course in asked.courses.values())
    (note,) = [source.note for source in asked.sources if source.name == "courses"]
    assert note.startswith("Points are left out.")
