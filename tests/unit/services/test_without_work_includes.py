"""With a key that allows no includes, assignments get their submissions by other calls."""

from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import Assignment, CalendarEvent, Submission
from canvas_app.services.asks import start_courses
from canvas_app.services.without_work_includes import (
    joined,
    mend_groups,
    mend_letters,
    mend_periods,
    mend_submissions,
    with_own,
)

BIOLOGY = "4101"
GROUPS = partial(
    CanvasAPI.assignment_groups, course_id=BIOLOGY, include=("assignments", "submission")
)
OWN = partial(CanvasAPI.student_submissions, course_id=BIOLOGY, include=("assignment",))


class Rows:
    """A list that is here."""

    def __init__(self, *rows):
        self._rows = list(rows)

    def rows(self):
        return self._rows


def shape(groups):
    """Of each group its assignments, each with the score of the person's submission."""
    return {
        group.id: {a.id: a.own_submission and a.own_submission.score for a in group.assignments}
        for group in groups
    }


def test_groups_get_their_work_and_the_work_its_submissions(sources_of, request):
    whole = shape(sources_of("dozen").start("assignments", GROUPS).rows())
    request.getfixturevalue("dropping")
    sources = sources_of("dozen", owner=("behind", "another", "key"))
    listed = sources.start("assignments", GROUPS)

    mend_groups(sources, listed, {BIOLOGY: True})

    assert any(score for work in whole.values() for score in work.values())
    assert shape(listed.rows()) == whole
    assert listed.source().here


def test_nobody_asks_for_submissions_of_whoever_teaches(sources_of, canvas, dropping):
    """Canvas would refuse them, and there are none."""
    sources = sources_of("dozen")
    listed = sources.start("assignments", GROUPS)

    mend_groups(sources, listed, {BIOLOGY: False})

    assert not any("students/submissions" in route for route in canvas.stats()["calls"])
    assert any(group.assignments for group in listed.rows())


def test_nothing_is_asked_where_includes_are_read(sources_of):
    sources = sources_of("dozen")
    listed = sources.start("assignments", GROUPS)

    mend_groups(sources, listed, {BIOLOGY: True})

    assert len(sources.states()) == 1


def test_submissions_get_their_assignments(sources_of, request):
    plain = {s.assignment_id: s.assignment.name for s in sources_of("dozen").start("x", OWN).rows()}
    request.getfixturevalue("dropping")
    sources = sources_of("dozen", owner=("behind", "another", "key"))
    courses = start_courses(sources)
    (biology,) = [course for course in courses.rows() if course.id == BIOLOGY]
    own = sources.start("submissions", OWN)

    mend_submissions(sources, courses, [(biology, own)])

    assert plain
    assert {s.assignment_id: s.assignment.name for s in own.rows()} == plain
    assert own.source().status == "fresh"


def test_joined_work_has_ones_own_submissions_alone():
    own = Rows(Submission(id="91", assignment_id="1", score=9.0))
    work = [Rows(Assignment(id="1")), Rows(Assignment(id="2"))]

    assert [a.own_submission and a.own_submission.score for a in joined(work, [own])] == [9.0, None]


def test_an_event_without_work_stays_as_it_is():
    event = CalendarEvent(title="Talk")
    due = CalendarEvent(assignment=Assignment(id="1"))

    assert with_own(event, {"1": Submission(score=1.0)}) is event
    assert with_own(due, {"1": Submission(score=1.0)}).assignment.own_submission.score == 1.0


def test_letters_are_read_from_the_work(sources_of, dropping):
    courses = start_courses(sources_of("dozen"))
    work = [Assignment(id="1", course_id=BIOLOGY, restrict_quantitative_data=True), None]

    known = mend_letters(courses, work)

    assert known[BIOLOGY].restrict_quantitative_data is True
    assert sum(bool(course.restrict_quantitative_data) for course in known.values()) == 1
    assert "the grading scheme" in courses.source().detail


def test_periods_are_asked_for_of_the_courses_named(sources_of, dropping):
    sources = sources_of("dozen")
    listed = start_courses(sources)
    known = {course.id: course for course in listed.rows()}

    mended = mend_periods(sources, listed, known, [BIOLOGY])

    assert [source.name for source in sources.states()] == ["courses", "grading periods"]
    assert mended.keys() == known.keys()
    assert mended[BIOLOGY].has_weighted_grading_periods in (True, False)
