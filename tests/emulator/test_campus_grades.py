"""Totals by Canvas's rules (``lib/grade_calculator.rb``), worked by hand on small courses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from canvas_emulator.campus import Campus, build_campus
from canvas_emulator.campus.builder import Builder
from canvas_emulator.campus.courses import Course
from canvas_emulator.campus.grades import letter_of, period_of, totals

from .harness import Emulator

START = datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)
ME = 1


class Lesson:
    """One course with one student, to whom scores are given."""

    def __init__(self, *groups: tuple[str, float], **more: Any) -> None:
        self.campus = Campus(START)
        self.build = Builder(self.campus)
        self.build.person(ME, "me", "Me", "student")
        self.build.others(60, 1, "teacher")
        self.course: Course = self.build.course(
            7, "Course", "C-7", groups=groups or (("Work", 0.0),), **more
        )
        self.build.enrol(self.course, 60, "Teacher")

    def given(self, score: float | None, points: float | None, **more: Any) -> Any:
        """One assignment and what the student got for it; None is no grade."""
        work = self.build.work(
            self.course, f"Work {points}", more.pop("day", -9), points_possible=points, **more
        )
        row = self.build.hands_in(work, ME)
        if score is not None:
            self.build.graded(row, score, -5)
        return row

    def totals(self, state: str = "active", **more: Any) -> tuple[float | None, float | None]:
        if not self.campus.between(ME, 7):
            self.build.enrol(self.course, ME, state=state)
        found = totals(self.campus, self.course, ME, **more)
        return found.current, found.final


def test_ungraded_is_zero_in_final() -> None:
    lesson = Lesson()
    lesson.given(8, 10)
    lesson.given(None, 10)
    assert lesson.totals() == (80.0, 40.0)


def test_unposted_is_as_good_as_missing() -> None:
    """Students: out of current, 0 in final; teachers see it counted."""
    lesson = Lesson()
    lesson.given(8, 10)
    lesson.given(10, 10, post_manually=True)
    assert lesson.totals() == (80.0, 40.0)
    assert lesson.totals(unposted=True) == (90.0, 90.0)


def test_excused_and_omitted_count_nowhere() -> None:
    lesson = Lesson()
    lesson.given(8, 10)
    row = lesson.given(None, 10)
    row.excused, row.posted_at = True, START
    lesson.given(0, 10, omit_from_final_grade=True)
    lesson.given(0, 10, published=False)
    assert lesson.totals() == (80.0, 80.0)


def test_review_counts_in_final_only() -> None:
    lesson = Lesson()
    lesson.given(8, 10)
    lesson.given(6, 10).workflow_state = "pending_review"
    assert lesson.totals() == (80.0, 70.0)


def test_concluded_leaves_out_what_was_never_graded() -> None:
    lesson = Lesson()
    lesson.given(8, 10)
    lesson.given(None, 10)
    assert lesson.totals(state="completed") == (80.0, 80.0)


def test_work_without_points_is_extra() -> None:
    lesson = Lesson()
    lesson.given(8, 10)
    lesson.given(1, None)
    assert lesson.totals() == (90.0, 90.0)


def test_weights_scale_up_below_hundred_only() -> None:
    """Graded weights 60 of 100: current 54 / 60; with 20 above 100 nothing is scaled."""
    lesson = Lesson(("A", 60.0), ("B", 40.0), apply_assignment_group_weights=True)
    lesson.given(9, 10)
    lesson.given(None, 10, group=1)
    assert lesson.totals() == (90.0, 54.0)
    bonus = Lesson(("A", 100.0), ("B", 20.0), apply_assignment_group_weights=True)
    bonus.given(9, 10)
    bonus.given(5, 10, group=1)
    assert bonus.totals() == (100.0, 100.0)


def test_no_weight_no_total() -> None:
    lesson = Lesson(("A", 0.0), apply_assignment_group_weights=True)
    lesson.given(9, 10)
    assert lesson.totals() == (None, None)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, 45.91),  # 101/220
        # 80/100, 20/100, 1/20: without 20/100 it is 81/120; without 1/20 only 100/200.
        ({"lowest": 1}, 67.5),
        ({"highest": 1}, 17.5),  # 21/120
        ({"lowest": 1, "highest": 1}, 5.0),  # of 80/100 and 1/20 the first goes
        ({"lowest": 9}, 80.0),  # one always stays
        ({"lowest": 1, "highest": 2}, 67.5),  # too many: no highest goes
    ],
)
def test_drop_rules(rules: dict[str, int], expected: float) -> None:
    lesson = Lesson()
    lesson.given(80, 100)
    lesson.given(20, 100)
    lesson.given(1, 20)
    lesson.build.drops(lesson.course, **rules)
    assert lesson.totals()[0] == expected


def test_never_drop() -> None:
    lesson = Lesson()
    for score in (1, 9, 7):
        lesson.given(score, 10)
    first = lesson.campus.work_of(7)[0]
    lesson.build.drops(lesson.course, lowest=1, never=[first])
    assert lesson.totals()[0] == 50.0  # (1 + 9) / 20
    lesson.build.drops(lesson.course, lowest=1, never=lesson.campus.work_of(7))
    assert lesson.totals()[0] == 56.67  # nothing may go


def test_group_without_points_drops_by_score() -> None:
    lesson = Lesson(("Extra", 0.0), ("Work", 0.0))
    for score in (5, 9, 7):
        lesson.given(score, 0)
    lesson.given(50, 100, group=1)
    lesson.build.drops(lesson.course, lowest=1)
    assert lesson.totals()[0] == 66.0


def test_periods_combine_rounded() -> None:
    """A period without work counts as 0 in final and not in current."""
    lesson = Lesson()
    lesson.build.periods(
        lesson.course, ("First", -80, -40, 40.0), ("Second", -39, 0, 40.0), ("Third", 1, 40, 20.0)
    )
    lesson.given(2, 3, day=-60)
    lesson.given(1, 3, day=-20)
    assert lesson.totals() == (50.0, 40.0)  # (66.67 + 33.33) / 2; (66.67 + 33.33) * 0.4
    first = lesson.course.grading_periods[0]
    assert lesson.totals(period=first) == (66.67, 66.67)


def test_periods_by_date() -> None:
    lesson = Lesson()
    lesson.build.periods(lesson.course, ("First", -80, -40, None), ("Last", -39, 40, None))
    first, last = lesson.course.grading_periods
    assert period_of(lesson.course, lesson.build.due(-40)) is first
    assert period_of(lesson.course, None) is last
    assert period_of(lesson.course, lesson.build.due(90)) is None
    lesson.given(2, 10, day=-60)
    lesson.given(10, 10, day=-20)
    assert lesson.totals() == (60.0, 60.0)  # periods without weights change no total


def test_bounds_of_a_period() -> None:
    """The start is not in it, the end is; both to the minute (grading_period.rb, 2026)."""
    lesson = Lesson()
    lesson.build.periods(lesson.course, ("One", -60, -30, None), ("Two", -30, -10, None))
    one, two = lesson.course.grading_periods
    second = timedelta(seconds=1)
    for moment, period in (
        (one.start_at, None),
        (one.start_at + timedelta(minutes=1), one),
        (one.end_at.replace(second=59), one),
        (two.end_at.replace(second=59), two),
        (two.end_at.replace(second=59) + second, None),
        (None, two),
    ):
        assert period_of(lesson.course, moment) is period
    lesson.course.grading_periods = (two, one)
    assert period_of(lesson.course, None) is two, "the one that ends last"


def test_periods_with_nothing_yet() -> None:
    lesson = Lesson()
    lesson.build.periods(lesson.course, ("Only", -80, 40, 100.0))
    assert lesson.totals() == (None, 0.0)
    lesson.build.periods(lesson.course, ("A", -80, 40, 0.0), ("B", 41, 60, 5.0))
    lesson.given(9, 10)
    assert lesson.totals() == (0.0, 0.0)


def test_rounds_half_away_from_zero() -> None:
    lesson = Lesson()
    lesson.given(66.665, 100)
    assert lesson.totals()[0] == 66.67


def test_statistics_by_hand() -> None:
    """Problem sets drop one lowest and one highest; the challenges lift the weights above 100."""
    campus = build_campus(START)
    groups = campus.course_groups[4102]
    assert [(group.weight, group.drop_lowest, group.drop_highest) for group in groups] == [
        (60.0, 1, 1),
        (40.0, 0, 0),
        (10.0, 0, 0),
    ]
    rows = [
        (work, campus.submission(work, ME))
        for work in campus.work_of(4102)
        if work.group_id == groups[0].id
    ]
    given = sorted(
        (row.score, work.points_possible) for work, row in rows if row and row.score is not None
    )
    assert given == [(4, 5), (4, 5), (4, 5), (4, 5), (4.5, 5), (5, 5), (8, 10), (9.5, 10)]
    # 43/50 without 8/10 is 35/40, the best; that without 9.5/10 is 25.5/30, the worst: 85 %.
    found = totals(campus, campus.courses[4102], ME)
    assert found.current == 81.43  # (0.85 * 60 + 0.6 * 10) * 100 / 70
    assert found.points == 31.5


@pytest.mark.parametrize(
    ("score", "scale", "expected"),
    [
        (87.45, 4.0, "A"),  # 3.498 points are 3.5, which are 87.5 %
        (87.45, None, "B"),
        (87.37, 4.0, "B"),  # 3.4948 points are 3.49
        (-3, 4.0, "F"),
        (-3, None, "F"),
        (None, 4.0, None),
    ],
)
def test_letters_by_points_of_a_scale(
    score: float | None, scale: float | None, expected: str | None
) -> None:
    """Points of the scale are rounded to two decimals first (grading_standard.rb, 2026)."""
    scheme = (("A", 0.875), ("B", 0.6), ("F", 0.1))
    lesson = Lesson(grading_standard=True, grading_scheme=scheme, scaling_factor=scale)
    assert letter_of(lesson.course, score) == expected


def test_kind_of_grade_is_not_asked() -> None:
    """Only work whose one submission type says so is no part of a total (assignment.rb)."""
    lesson = Lesson()
    lesson.given(8, 10, grading_type="not_graded")
    row = lesson.given(0, 10)
    lesson.campus.assignments[row.assignment_id].submission_types = ("not_graded",)
    assert lesson.totals() == (80.0, 80.0)


class TestEndpoints:
    def test_rules(self, emulator: Emulator) -> None:
        """Only the rules that are set; never_drop holds ids (Canvas: Assignment Groups)."""
        found = emulator.call("/api/v1/courses/4106/assignment_groups").get_json()
        tools = next(
            w.id for w in emulator.state.campus.work_of(4106) if w.name == "Install the tools"
        )
        assert found[0]["rules"] == {"drop_lowest": 1, "never_drop": [tools]}
        assert emulator.call("/api/v1/courses/4101/assignment_groups").get_json()[0]["rules"] == {}

    def test_rules_with_string_ids(self, emulator: Emulator) -> None:
        accept = {"Accept": "application/json+canvas-string-ids"}
        found = emulator.call("/api/v1/courses/4106/assignment_groups", headers=accept).get_json()
        assert all(isinstance(id_, str) for id_ in found[0]["rules"]["never_drop"])

    def test_grading_scheme(self, emulator: Emulator) -> None:
        """Names with their least share, the default scheme included (lib/api/v1/course.rb)."""
        found = emulator.call("/api/v1/courses/4101?include[]=grading_scheme").get_json()
        assert found["grading_scheme"][0] == ["A", 0.94]
        assert found["grading_scheme"][-1] == ["F", 0.0]
        assert (found["points_based_grading_scheme"], found["scaling_factor"]) == (False, 1.0)
        scheme = [["A", 0.875], ["B", 0.0]]
        emulator.control(courses={"4101": {"grading_scheme": scheme, "scaling_factor": 4.0}})
        found = emulator.call("/api/v1/courses/4101?include[]=grading_scheme").get_json()
        assert found["grading_scheme"] == scheme
        assert (found["points_based_grading_scheme"], found["scaling_factor"]) == (True, 4.0)

    def test_periods_without_weights(self, emulator: Emulator) -> None:
        path = "/api/v1/courses/9070000000000417"
        periods = emulator.call(f"{path}/grading_periods").get_json()["grading_periods"]
        assert [row["weight"] for row in periods] == [None, None]
        asked = "include[]=current_grading_period_scores&include[]=total_scores"
        course = emulator.call(f"{path}?{asked}").get_json()
        assert course["has_grading_periods"] is True
        assert course["has_weighted_grading_periods"] is False
