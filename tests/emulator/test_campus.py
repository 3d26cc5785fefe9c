"""The campus: who is there, and that two runs with the same start agree."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest

from canvas_emulator.campus import Campus, build_campus
from canvas_emulator.campus.coursework import (
    Assignment,
    Submission,
    grade_text,
    is_late,
    is_missing,
    on_missing_list,
    seconds_late,
)
from canvas_emulator.campus.crowds import Derived
from canvas_emulator.campus.grades import totals
from canvas_emulator.campus.people import Person

START = datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def campus() -> Campus:
    return build_campus(START)


def test_two_runs_agree(campus: Campus) -> None:
    """Everything is derived from ids and the start time."""
    other = build_campus(START)
    assert other.people == campus.people
    assert other.courses == campus.courses
    assert other.enrollments == campus.enrollments
    assert other.assignments == campus.assignments
    for work in campus.work_of(4101) + campus.work_of(4301):
        mine, theirs = campus.submissions_of(work), other.submissions_of(work)
        assert [asdict(row) for row in mine.values()] == [asdict(row) for row in theirs.values()]


@pytest.mark.parametrize(
    "key",
    [
        "dozen",
        "many",
        "newcomer",
        "hostile",
        "teacher",
        "bigteacher",
        "admin",
        "observer",
        "ta",
        "busy",
    ],
)
def test_everybody_is_there(campus: Campus, key: str) -> None:
    assert campus.person(key).login == key


def test_sizes(campus: Campus) -> None:
    """A dozen courses, 137, none; three of 64 students; one of 640 with 40 assignments."""

    def courses(key: str) -> set[int]:
        return {row.course_id for row in campus.enrollments_of(campus.person(key).id)}

    assert len(courses("dozen")) == 12
    assert len(courses("many")) == 137
    assert len(courses("busy")) == 37
    assert courses("newcomer") == set()
    assert len(courses("teacher")) == 3
    assert {len(campus.active_students(course)) for course in courses("teacher")} == {64}
    [big] = courses("bigteacher")
    assert len(campus.active_students(big)) == 640
    assert len(campus.work_of(big)) == 40
    assert max(courses("dozen")) > 2**53


def test_submission_ids_are_unique(campus: Campus) -> None:
    ids = [
        row.id
        for work in campus.assignments.values()
        for row in campus.submissions_of(work).values()
    ]
    assert len(ids) == len(set(ids))
    assert max(ids) < 2**63


def test_one_row_is_the_row_of_the_list(campus: Campus) -> None:
    """Whether one student's row is asked for first or everybody's."""
    fresh = build_campus(START)
    work = next(row for row in fresh.work_of(4101) if row.name.startswith("Make-up"))
    alone = fresh.submission(work, 1001)
    assert alone is not None
    assert fresh.submission(work, 1) is None
    assert fresh.submission(work, 5) is None
    assert fresh.submissions_of(work)[1001] is alone
    assert alone == campus.submission(campus.assignments[work.id], 1001)


def test_needs_grading_counts_the_rows(campus: Campus) -> None:
    work = campus.work_of(4301)[35]
    rows = campus.submissions_of(work).values()
    assert campus.needs_grading(work) == sum(row.needs_grading for row in rows) > 0


@pytest.mark.parametrize(
    "start",
    [
        START,
        datetime(2026, 3, 8, 9, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 6, 10, tzinfo=UTC),
        datetime(2027, 1, 1, 3, 0, 0, 500, tzinfo=UTC),
    ],
)
def test_nothing_was_done_after_the_start(start: datetime) -> None:
    """Whenever it begins, the days on which clocks change included."""
    campus = build_campus(start)
    for work in campus.assignments.values():
        for row in campus.submissions_of(work).values():
            assert row.submitted_at is None or row.submitted_at <= start
            assert row.graded_at is None or row.graded_at <= start
            assert row.grade_matches or row.workflow_state == "submitted"


def test_long_lists_are_not_stored() -> None:
    """A million rows cost nothing until they are read."""
    made: list[int] = []

    def make(place: int) -> int:
        made.append(place)
        return place

    rows = Derived(range(1, 1_000_001), make)
    assert len(rows) == 1_000_000
    assert list(rows[999_998:]) == [999_999, 1_000_000]
    assert rows[-1] == 1_000_000
    assert made == [999_999, 1_000_000, 1_000_000]


def test_names() -> None:
    single = Person(1, "", "Plato", "plato", "x", ("teacher",), START)
    assert (single.sortable_name, single.first_name) == ("Plato", "Plato")
    double = Person(1, "", "Ada Byron", "ada", "x", ("student",), START)
    assert (double.sortable_name, double.first_name) == ("Byron, Ada", "Ada")


DUE = START - timedelta(days=2)


def _work(**more: object) -> Assignment:
    return Assignment(1, 1, 1, "Work", 1, START, **({"due_at": DUE} | more))  # type: ignore[arg-type]


def _row(**more: object) -> Submission:
    return Submission(1, 1, 1, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "late", "missing"),
    [
        (_row(), False, True),
        (_row(excused=True), False, False),
        (_row(custom_grade_status_id=1), False, False),
        (_row(submitted_at=DUE + timedelta(hours=1)), True, False),
        (_row(submitted_at=DUE - timedelta(hours=1)), False, False),
        (_row(late_policy_status="late"), True, False),
        (_row(late_policy_status="missing"), False, True),
        (_row(late_policy_status="missing", submitted_at=DUE, grader_id=5), False, True),
        (_row(late_policy_status="none"), False, False),
        (_row(late_policy_status="extended", submitted_at=START), False, False),
        (_row(grader_id=5), False, False),
    ],
)
def test_late_and_missing(row: Submission, late: bool, missing: bool) -> None:
    """The order in which Canvas asks (submission.rb, Tardiness)."""
    assert is_late(row, _work(), START) is late
    assert is_missing(row, _work(), START) is missing


def test_seconds_late() -> None:
    """Counted up to now while nothing is handed in; 60 s grace for what came as a quiz.

    A quiz that nobody took has none, New Quizzes always have it (submission.rb, Tardiness).
    """
    assert seconds_late(_row(), _work(), START) == 2 * 86400
    handed_in = _row(submitted_at=DUE + timedelta(seconds=45))
    assert seconds_late(handed_in, _work(), START) == 45
    assert seconds_late(handed_in, _work(new_quiz=True), START) == 0
    quiz = _work(submission_types=("online_quiz",))
    assert seconds_late(replace(handed_in, submission_type="online_quiz"), quiz, START) == 0
    assert seconds_late(_row(), quiz, DUE + timedelta(seconds=30)) == 30


def test_late_by_hand_has_no_time_of_its_own() -> None:
    """Marked late: the teacher's number, else 0; under another status the number is ignored."""
    long_after = {"submitted_at": DUE + timedelta(days=1), "seconds_late_override": 90}
    assert seconds_late(_row(late_policy_status="late", submitted_at=START), _work(), START) == 0
    assert seconds_late(_row(late_policy_status="late", **long_after), _work(), START) == 90
    for status in (None, "none", "extended", "missing"):
        row = _row(late_policy_status=status, **long_after)
        assert seconds_late(row, _work(), START) == 86400


@pytest.mark.parametrize(
    ("types", "by_date"),
    [
        *(((kind,), False) for kind in ("on_paper", "external_tool", "none", "not_graded")),
        *(((), False), (("wiki_page",), False), (("online_upload",), True)),
        *((("online_quiz",), True), (("external_tool", "online_upload"), True)),
    ],
)
def test_what_becomes_missing_with_its_date(types: tuple[str, ...], by_date: bool) -> None:
    """Not what is on paper, in a tool alone, or handed in nowhere; New Quizzes are no such tool.

    By hand all of it can be missing (submission.rb, Tardiness and scope ``missing``).
    """
    work = _work(submission_types=types)
    marked = _row(late_policy_status="missing")
    for told in (is_missing, on_missing_list):
        assert told(_row(), work, START) is by_date
        assert told(_row(), replace(work, new_quiz=True), START)
        assert told(marked, replace(work, due_at=None), START)


@pytest.mark.parametrize(
    ("row", "listed"),
    [
        (_row(), True),
        (_row(submitted_at=DUE), False),
        (_row(grader_id=5), False),
        (_row(late_policy_status="missing", submitted_at=DUE, grader_id=5), True),
        (_row(late_policy_status="missing", excused=True), False),
        (_row(late_policy_status="missing", custom_grade_status_id=1), False),
        *((_row(late_policy_status=status), False) for status in ("none", "extended", "late")),
    ],
)
def test_list_of_missing_work(row: Submission, listed: bool) -> None:
    """What the teacher marked is there; a quiz comes a minute after it was due (submission.rb)."""
    assert on_missing_list(row, _work(), START) is listed
    assert not on_missing_list(row, _work(due_at=None), START) or row.late_policy_status
    quiz, past = _work(submission_types=("online_quiz",)), DUE + timedelta(seconds=30)
    assert on_missing_list(row, quiz, past) is (row.late_policy_status == "missing" and listed)


@pytest.mark.parametrize(
    ("kind", "score", "text"),
    [
        ("points", 8.5, "8.5"),
        ("percent", 8.5, "85%"),
        ("letter_grade", 8.5, "B"),
        ("pass_fail", 0.0, "incomplete"),
        ("pass_fail", 10.0, "complete"),
        ("points", None, None),
    ],
)
def test_grade_text(kind: str, score: float | None, text: str | None) -> None:
    assert grade_text(score, _work(grading_type=kind)) == text


def test_unposted_grades_count_for_teachers_only(campus: Campus) -> None:
    """Student totals leave hidden grades out (Canvas: Courses)."""
    course = campus.courses[4101]
    student, teacher = totals(campus, course, 1), totals(campus, course, 1, unposted=True)
    assert teacher.points == student.points + 44
    assert student.current != teacher.current


def test_no_totals_without_work(campus: Campus) -> None:
    assert totals(campus, campus.courses[4112], 1).current is None
