"""An answer shows whether Canvas has read its includes."""

import inspect
from functools import partial

import pytest
from msgspec import json

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.includes import answered, included, sure
from canvas_app.canvas.models import Assignment, AssignmentDetail, AssignmentGroup, Course
from canvas_app.services import asks, assignment, planner_calls, submissions
from canvas_app.sources.wording import HIDDEN

COURSE = "4101"
COURSES = partial(CanvasAPI.courses, include=asks.COURSE_INCLUDE)
GROUPS = planner_calls.groups_call(COURSE)
STUB = Course(id="1", access_restricted_by_date=True)
OWN = partial(CanvasAPI.calendar_assignments, course_ids=(COURSE,), include=planner_calls.OWN)


def asked(canvas) -> dict[str, partial]:
    """A call of each endpoint that takes includes, with what a student's pages ask for."""
    client = CanvasClient(canvas.url, canvas.token("dozen"))
    work = next(iter(CanvasAPI(client).assignments(COURSE))).id
    here = {"course_id": COURSE, "assignment_id": work}
    return {
        "courses": COURSES,
        "course": partial(CanvasAPI.course, course_id=COURSE, include=asks.COURSE_INCLUDE),
        "course_or_stub": partial(
            CanvasAPI.course_or_stub, course_id=COURSE, include=asks.COURSE_INCLUDE
        ),
        "missing_submissions": partial(
            CanvasAPI.missing_submissions, include=planner_calls.MISSING
        ),
        "calendar_assignments": OWN,
        "calendar_checkpoints": partial(
            CanvasAPI.calendar_checkpoints,
            course_ids=[c.id for c in CanvasAPI(client).courses() if c.name][:10],
            include=planner_calls.OWN,
        ),
        "assignments": partial(CanvasAPI.assignments, course_id=COURSE, include=("submission",)),
        "assignment": partial(CanvasAPI.assignment, **here, include=assignment.ASSIGNMENT_INCLUDE),
        "submission": partial(
            CanvasAPI.submission, **here, user_id="self", include=assignment.SUBMISSION_INCLUDE
        ),
        "assignment_groups": GROUPS,
        "student_submissions": partial(
            CanvasAPI.student_submissions, course_id=COURSE, include=submissions.LEDGER_INCLUDE
        ),
    }


def came(canvas, call):
    """Return what a call brings; a list as a list."""
    with CanvasClient(canvas.url, canvas.token("dozen")) as client:
        value = call.func(CanvasAPI(client), **call.keywords)
        return value if hasattr(value, "__struct_fields__") else list(value)


def rows(model, text):
    return json.decode(text, type=list[model])  # type: ignore[valid-type]


def test_every_endpoint_with_includes_has_a_telltale(canvas):
    methods = {name: m for name, m in vars(CanvasAPI).items() if callable(m) and name[0] != "_"}
    takes = {n for n, m in methods.items() if "include" in inspect.signature(m).parameters}

    assert {name for name, method in methods.items() if getattr(method, "tells", "")} == takes
    assert {*asked(canvas), "accounts"} == takes, "administrators' accounts are asked for by setup"


def test_every_include_has_words_for_the_person(canvas):
    assert {name for call in asked(canvas).values() for name in included(call)} <= HIDDEN.keys()


def test_answers_with_their_includes_are_known(canvas):
    verdicts = {name: answered(call, came(canvas, call)) for name, call in asked(canvas).items()}

    assert set(verdicts.values()) == {True}, verdicts


def test_answers_without_their_includes_are_known(canvas):
    """With a key that allows none, Canvas answers as if none were asked for."""
    verdicts = {
        name: answered(call, came(canvas, partial(call, include=())))
        for name, call in asked(canvas).items()
    }

    assert set(verdicts.values()) == {False}, verdicts


def test_calls_that_include_nothing_tell_nothing(canvas):
    for call in asked(canvas).values():
        bare = partial(call, include=())
        assert answered(bare, came(canvas, bare)) is None
        assert included(bare) == ()


def test_no_row_and_no_stub_tells():
    assert answered(COURSES, []) is None
    assert answered(COURSES, [STUB]) is None
    assert answered(COURSES, [STUB, Course(id="2", name="Open")]) is False


def test_one_row_is_enough():
    mixed = rows(Course, '[{"id": 1}, {"id": 2, "term": {"id": 3}}]')

    assert answered(COURSES, mixed) is True


@pytest.mark.parametrize("value", ["null", "[]"])
def test_empty_or_null_is_an_answer(value):
    groups = rows(AssignmentGroup, f'[{{"id": 1, "assignments": {value}}}]')

    assert answered(GROUPS, groups) is True


def test_hidden_totals_are_no_dropped_includes():
    """A course that hides its totals leaves the scores out, whatever was included."""
    text = '[{"id": 1, "term": {"id": 3}, "enrollments": [{"type": "student"}]}]'

    assert answered(COURSES, rows(Course, text)) is True


def test_quizzes_have_no_can_submit():
    """Canvas writes it for every assignment but quizzes (``lib/api/v1/assignment.rb``)."""
    call = partial(CanvasAPI.assignment, include=("can_submit",))
    quiz = AssignmentDetail(id="1", submission_types=["online_quiz"])

    assert answered(call, quiz) is None
    assert answered(call, AssignmentDetail(id="1", submission_types=["online_upload"])) is False


def test_own_work_is_no_sure_sign():
    """Between being published and being assigned, work has no submission for a moment."""
    assert [sure(call) for call in (OWN, COURSES, GROUPS)] == [False, True, True]


def test_absent_and_null_survive_the_cache():
    for text in ('{"id": "1"}', '{"id": "1", "submission": null}'):
        work = json.decode(text, type=Assignment)
        assert json.decode(json.encode(work), type=Assignment) == work
        assert b"submission" in json.encode(work) or "submission" not in text
