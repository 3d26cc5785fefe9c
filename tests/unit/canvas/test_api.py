"""Named endpoints ask Canvas as they say they do."""

from datetime import UTC, datetime, timedelta

import pytest

from canvas_app.canvas.api import SCOPES, CanvasAPI
from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.errors import CanvasError


@pytest.fixture
def api_of(canvas):
    clients = []

    def make(who):
        clients.append(CanvasClient(canvas.url, canvas.token(who)))
        return CanvasAPI(clients[-1])

    yield make
    for client in clients:
        client.__exit__(None, None, None)


def test_every_method_names_its_scope():
    methods = [m for name, m in vars(CanvasAPI).items() if callable(m) and not name.startswith("_")]

    assert len(methods) >= 12
    verbs = ("GET", "POST", "PUT", "DELETE")
    assert all(m.scope.startswith(tuple(f"url:{v}|/api/v1/" for v in verbs)) for m in methods)
    assert all(m.doc.startswith("https://") for m in methods)


def test_scopes_are_what_pages_call():
    """Reading; and of writing only what the planner offers: done marks and own notes."""
    assert len(SCOPES) == len(set(SCOPES))
    writing = {scope for scope in SCOPES if not scope.startswith("url:GET|")}
    assert {scope.partition("|")[2].split("/")[3].split("_")[0] for scope in writing} <= {
        *("planner", "users")
    }
    assert not any("enrollments" in scope for scope in writing)


def test_notes_and_marks_are_written(api_of):
    api, due = api_of("dozen"), datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC)

    note = api.create_planner_note(title="Pack", details="Boots", todo_date=due, course_id="4101")
    assert (note.title, note.details, note.todo_date) == ("Pack", "Boots", due)
    assert note.course_id == "4101"
    changed = api.update_planner_note(
        note.id, title="Pack it", details="", todo_date=due, course_id=""
    )
    assert (changed.title, changed.details, changed.course_id) == ("Pack it", "", None)
    mark = api.create_planner_override(
        "planner_note", note.id, marked_complete=True, dismissed=False
    )
    assert (mark.marked_complete, mark.plannable_id) == (True, note.id)
    assert mark.id in {found.id for found in api.planner_overrides()}
    mark = api.update_planner_override(mark.id, marked_complete=False, dismissed=True)
    assert (mark.marked_complete, mark.dismissed) == (False, True)
    assert api.delete_planner_note(note.id).title == "Pack it"


def test_stream_brings_posted_grades(api_of):
    graded = [item for item in api_of("dozen").activity_stream() if item.type == "Submission"]

    assert any(item.score is not None and item.assignment.name for item in graded)
    assert all(item.posted_at for item in graded)


def test_own_endpoints_answer(api_of, canvas):
    api, now = api_of("dozen"), datetime.now(UTC)

    assert api.canvas_url == canvas.url
    assert api.profile().name == canvas.person("dozen")["name"]
    assert api.colors().custom_colors is not None
    courses = list(api.courses(include=("term",)))
    assert courses
    assert list(api.courses(enrollment_state="completed"))
    assert list(api.planner_items(now - timedelta(days=7), now + timedelta(days=7)))
    assert list(api.missing_submissions())
    assert all(todo.type == "submitting" for todo in api.todo())
    assert api.course("4101", include=("term",)).name == "Biology 101"
    undated = list(api.calendar_assignments(["4101"], include=("submission",)))
    assert undated
    assert all(event.assignment.own_submission for event in undated)
    dated = list(api.calendar_assignments(["4101"], now - timedelta(days=9), now))
    assert all(event.assignment.due_at for event in dated)
    own = list(api.student_submissions("4101", include=("assignment",)))
    assert {s.user_id for s in own} == {str(canvas.person("dozen")["id"])}
    assert own[0].assignment.name
    assert list(api.assignments("4101", bucket="past"))
    essay = next(s for s in own if s.assignment.rubric and s.rubric_assessment is None)
    one = api.assignment("4101", essay.assignment_id, include=("submission", "score_statistics"))
    assert (one.name, one.score_statistics.min is not None) == (essay.assignment.name, True)
    include = ("submission_history", "submission_comments", "rubric_assessment", "user")
    handed = api.submission("4101", essay.assignment_id, "self", include=include)
    assert handed.submission_history[0].attempt == 1
    assert handed.submission_comments[0].attachments[0].url
    assert handed.rubric_assessment["_8472"].comments
    with pytest.raises(CanvasError):
        api.submission_summary("4101", essay.assignment_id)
    assert api_of("teacher").submission_summary("4101", essay.assignment_id).graded > 0
    groups = list(api.assignment_groups("4101", include=("assignments",)))
    assert any(group.assignments for group in groups)


def test_teacher_reads_students(api_of, canvas):
    dozen = str(canvas.person("dozen")["id"])
    api = api_of("teacher")

    taught = [course.id for course in api.courses()]
    rows = [row for id_ in taught for row in api.student_submissions(id_, student_ids=["all"])]

    assert len({row.user_id for row in rows}) > 1
    assert dozen in {row.user_id for row in rows}


def test_each_date_of_an_assignment_comes(api_of, canvas):
    """To staff, however small the pages (Canvas: Calendar Events)."""
    canvas.control(settings={"api_max_per_page": 1})
    now = datetime.now(UTC)
    pages = api_of("teacher").calendar_assignments(["4101"], now, now + timedelta(days=14))
    keys = [(row.id, row.row_key) for row in pages]
    canvas.control(reset=True)

    assert pages.complete is True
    assert len({id_ for id_, _ in keys}) < len({key for _, key in keys}) == len(keys)
