"""Search laid out from given answers: no network, no threads, no clock."""

from datetime import UTC, datetime, timedelta

from canvas_app.canvas.models import (
    Assignment,
    Course,
    CourseEnrollment,
    Plannable,
    PlannerItem,
    Submission,
)
from canvas_app.domain.text_search import hit_weight
from canvas_app.services.own_work import WorkAnswers
from canvas_app.services.search import (
    ALL_RESULTS,
    FIRST_RESULTS,
    SearchAnswers,
    WantedResults,
    found_of,
    lay_out,
    tidy,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
STUDENT = [CourseEnrollment(type="student", enrollment_state="active")]
COURSES = {"4": Course(id="4", name="Música", course_code="MUS 1", enrollments=STUDENT)}
URL = "https://canvas.example.edu"


def plan(id_, title, days=1):
    return PlannerItem(
        plannable_id=id_,
        plannable_type="assignment",
        plannable_date=NOW + timedelta(days=days),
        plannable=Plannable(title=title),
        course_id="4",
    )


def answers(*planner, kept=(), **more):
    work = WorkAnswers(canvas_url=URL, courses=COURSES, planner=planner, **more)
    return SearchAnswers(work, {"4": kept})


def test_courses_come_before_work():
    page = lay_out(answers(plan("1", "Essay on musica")), "musica", NOW)

    assert [(hit.type, hit.id, hit.path) for hit in page.rows] == [
        ("course", "4", "/courses/4"),
        ("assignment", "1", "/courses/4/assignments/1"),
    ]
    assert [piece.text for piece in page.rows[0].pieces if piece.found] == ["Música"]
    assert page.searched == 2


def test_kept_submissions_are_searched_once_and_with_names_only():
    named = Submission(
        assignment_id="1", assignment=Assignment(id="1", course_id="4", name="Essay")
    )
    older = Submission(
        assignment_id="2", assignment=Assignment(id="2", course_id="4", name="Old essay")
    )
    nameless = Submission(assignment_id="3")

    page = lay_out(answers(plan("1", "Essay"), kept=(named, older, nameless)), "essay", NOW)

    assert [hit.id for hit in page.rows] == ["1", "2"]


def test_late_work_has_no_status_without_the_calendar():
    """It may have been handed in on paper, which only the calendar's assignment tells."""
    (hit,) = lay_out(answers(plan("1", "Essay", days=-1)), "essay", NOW).rows

    assert hit.status == ""


def test_no_words_find_nothing():
    page = lay_out(SearchAnswers(), "", NOW)

    assert (page.rows, page.searched, page.complete) == ((), 0, True)


def test_queries_are_cut_and_tidied():
    assert tidy("  two \n words ") == "two words"
    assert len(tidy("x" * 500)) == 200


def test_first_results_of_each_kind_or_one_kind_piece_by_piece():
    things = [plan(str(n), f"Essay {n} eee", days=n % 9) for n in range(1, 400)]
    rows = lay_out(answers(*things), "e", NOW).rows

    [work] = found_of(rows, WantedResults())
    whole = [found_of(rows, WantedResults("work", number))[0] for number in range(1, 99)]

    assert (work.kind, work.rows, work.further) == ("work", 399, True)
    assert work.hits == rows[: work.last]
    assert sum(map(hit_weight, work.hits)) <= FIRST_RESULTS
    pieces = whole[: whole[0].of]
    assert tuple(hit for part in pieces for hit in part.hits) == rows
    assert all(sum(map(hit_weight, part.hits)) <= ALL_RESULTS for part in pieces)
    assert whole[-1] == pieces[-1], "there are not so many"
    assert found_of(rows, WantedResults("student")) == ()
