"""The week: days in the person's zone, merging, weights, filters, search."""

from datetime import UTC, datetime, timedelta

import requests

from canvas_app.canvas.models import (
    Assignment,
    CalendarEvent,
    Course,
    DiscussionTopic,
    Plannable,
    PlannerItem,
    PlannerSubmission,
    Submission,
)
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.services.dashboard import dashboard
from canvas_app.services.search import search
from canvas_app.services.upcoming import upcoming

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def look(**courses):
    known = courses or {"4": Course(id="4", name="Biology")}
    return ItemBuilder("https://canvas.example.edu", known, {}, NOW)


def plan(id_, kind="assignment", due=NOW + timedelta(days=2), **more):
    facts = {"plannable": Plannable(title="Work"), "course_id": "4"} | more
    return PlannerItem(plannable_id=id_, plannable_type=kind, plannable_date=due, **facts)


def part(id_, tag="reply_to_topic", due=NOW + timedelta(days=2), own=None):
    """A checkpoint of discussion 5 as the calendar has it."""
    work = Assignment(
        id=id_, course_id="4", name=f"Talk {id_}", due_at=due, submission=own,
        sub_assignment_tag=tag, parent_assignment_id="5",
        discussion_topic=DiscussionTopic(id="700"), html_url="https://c.example/5",
    )  # fmt: skip
    return CalendarEvent(id=f"sub_assignment_{id_}", sub_assignment=work)


def test_checkpoints_of_the_calendar():
    """Undated ones are on no other list; what is handed in is not open, the whole stands nowhere.

    They have no page of Easel's: their ids are no assignments'.
    """
    named = Plannable(title="Talk 51", sub_assignment_tag="reply_to_topic")
    planned = plan(
        "51", "sub_assignment", submissions=PlannerSubmission(submitted=False), plannable=named
    )
    done = Submission(workflow_state="submitted", submitted_at=NOW)
    whole = Assignment(id="5", course_id="4", name="Talk", due_at=NOW - timedelta(days=1))
    events = [part("51"), part("52", "reply_to_entry", None), part("53", due=None, own=done)]

    found = look().merged([planned], [whole], events)

    assert [(row.type, row.id, row.status, row.assignment_id) for row in found] == [
        ("sub_assignment", "51", "due", None),
        ("sub_assignment", "52", "due", None),
        ("sub_assignment", "53", "submitted", None),
    ]
    assert {row.title for row in found} == {"Talk 51 Reply to Topic", "Talk 52", "Talk 53"}


def test_a_checkpoints_own_submission_says_more_than_the_planner():
    zero = Submission(score=0.0, grade="0", posted_at=NOW, missing=True, workflow_state="graded")
    named = Plannable(title="Talk", sub_assignment_tag="reply_to_topic")
    told = PlannerSubmission(missing=True)
    planned = plan(
        "51", "sub_assignment", NOW - timedelta(days=1), submissions=told, plannable=named
    )

    (found,) = look().merged([planned], [], [part("51", own=zero)])

    assert (found.status, found.score) == ("graded", 0.0)


def test_a_grade_that_the_stream_does_not_tell_has_its_score(sources_of, canvas):
    """Posted long after it was given, it is not in Canvas's stream; nor is its custom status."""
    headers = {"Authorization": f"Bearer {canvas.token('dozen')}"}
    before = dashboard(sources_of("dozen", cache_seconds=0))
    told = {(row.id, row.score, row.grade, row.status) for row in before.new_grades}
    stream = f"{canvas.url}/api/v1/users/self/activity_stream"
    requests.delete(stream, headers=headers, timeout=30)

    after = dashboard(sources_of("dozen", cache_seconds=0))

    assert requests.get(stream, headers=headers, timeout=30).json() == []
    assert told
    assert {(row.id, row.score, row.grade, row.status) for row in after.new_grades} == told
    custom = next(row for row in after.new_grades if row.status == "graded")
    path = f"courses/{custom.course_id}/assignments/{custom.assignment_id}/submissions/1"
    requests.put(
        f"{canvas.url}/api/v1/{path}",
        data={"submission[custom_grade_status_id]": "1"},
        headers={"Authorization": f"Bearer {canvas.token('admin')}"},
        timeout=30,
    ).raise_for_status()
    last = dashboard(sources_of("dozen", cache_seconds=0))
    (found,) = [row for row in last.new_grades if row.id == custom.id]
    assert (found.status, found.score) == ("custom", custom.score)


def test_search_finds_courses_then_work(sources_of, canvas):
    page = search(sources_of("dozen"), "  BIOLÓGY ")

    assert page.query == "BIOLÓGY"
    assert (page.rows[0].type, page.rows[0].title) == ("course", "Biology 101")
    assert page.rows[0].path == "/courses/4101"
    assert {row.type for row in page.rows} > {"course", "assignment", "quiz"}
    quizzes = search(sources_of("dozen"), "weekly check biology").rows
    assert {row.type for row in quizzes} == {"quiz"}
    assert all(row.path.startswith("/courses/4101/assignments/") for row in quizzes)


def test_warm_search_asks_canvas_nothing(sources_of, canvas):
    upcoming(sources_of("dozen"))
    dashboard(sources_of("dozen"))
    before = canvas.stats()["calls"]

    page = search(sources_of("dozen"), "quiz")

    assert page.complete
    assert page.rows
    assert canvas.stats()["calls"] == before


def test_empty_search_asks_nothing(sources_of, canvas):
    before = canvas.stats()["calls"]

    assert search(sources_of("dozen"), " \t").rows == ()
    assert search(sources_of("dozen"), "").complete
    assert canvas.stats()["calls"] == before


def test_search_without_a_match(sources_of):
    page = search(sources_of("dozen"), "zebra " * 100)

    assert page.rows == ()
    assert page.searched > 50
    assert len(page.query) <= 200


def test_calendar_does_not_wait_for_the_planner(sources_of, canvas):
    canvas.control(latency={"GET /api/v1/planner/items": 60})

    page = upcoming(sources_of("dozen", seconds=5.0))

    states = {source.name: source.status for source in page.sources}
    assert states["planner"] == "failed"
    assert states["calendar"] == "fresh"
    assert any(row.due_at is None for row in page.rows)
