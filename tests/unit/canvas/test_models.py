"""Models take what Canvas sends: numbers as ids, nulls, absent keys."""

import msgspec

from canvas_app.canvas.models import Assignment, Course, PlannerItem, PlannerSubmission, Submission


def test_ids_become_text():
    course = msgspec.json.decode(b'{"id": 9070000000000417, "term": {"id": 3}}', type=Course)

    assert course.id == "9070000000000417"
    assert course.term.id == "3"


def test_restricted_stub_is_a_course():
    course = msgspec.json.decode(b'{"id": "7", "access_restricted_by_date": true}', type=Course)

    assert course.access_restricted_by_date
    assert course.name is None


def test_absent_score_differs_from_null():
    body = b'{"id": 1, "enrollments": [{"type": "student"}, {"computed_current_score": null}]}'
    hidden, none = msgspec.json.decode(body, type=Course).enrollments

    assert hidden.computed_current_score is msgspec.UNSET
    assert none.computed_current_score is None


def test_planner_submissions_may_be_false():
    head = b'{"plannable_id": 5, "plannable_type": "quiz", "submissions": '

    event = msgspec.json.decode(head + b"false}", type=PlannerItem)
    quiz = msgspec.json.decode(head + b'{"submitted": null}}', type=PlannerItem)

    assert event.submissions is False
    assert isinstance(quiz.submissions, PlannerSubmission)


def test_observers_list_is_not_own_submission():
    theirs = msgspec.json.decode(b'{"id": 1, "submission": [{"user_id": 2}]}', type=Assignment)
    own = msgspec.json.decode(b'{"id": 1, "submission": {"user_id": 2}}', type=Assignment)

    assert theirs.own_submission is None
    assert isinstance(own.own_submission, Submission)
    assert own.own_submission.user_id == "2"


def test_kept_answers_read_the_same():
    course = Course(id="1", name="Biology", enrollments=[])

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(course), type=Course) == course
