"""Whether Canvas would accept a submission now, by its own rules for refusing one."""

from datetime import UTC, datetime, timedelta

import pytest

from canvas_app.canvas.models import (
    Assignment,
    Course,
    CourseEnrollment,
    Plannable,
    PlannerItem,
    PlannerSubmission,
    Submission,
)
from canvas_app.domain.hand_in import planner_takes_hand_in, takes_hand_in
from canvas_app.domain.planner_items import ItemBuilder

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
TEXT = ["online_text_entry"]


def work(types=TEXT, **more):
    return Assignment(id="1", submission_types=types, **more)


@pytest.mark.parametrize(
    ("assignment", "submission", "taken"),
    [
        (work(), None, True),
        (work(lock_at=AFTER), None, True),
        (work(lock_at=NOW), None, False),
        (work(unlock_at=AFTER), None, False),
        (work(locked_for_user=True), None, False),  # by a module, say
        (work(), Submission(excused=True), False),
        (work(["on_paper"]), None, False),
        (work(["none"]), None, False),
        (work(["on_paper", "online_upload"]), None, True),
        (work(["external_tool"]), None, None),
        (work(["external_tool"], lock_at=BEFORE), None, False),
        (work(None), None, None),
        (work(["online_quiz"]), None, True),
        (work(["online_quiz"]), Submission(submitted_at=BEFORE, attempt=1), None),
        (work(allowed_attempts=-1), Submission(attempt=9), True),
        (work(allowed_attempts=2), None, None),
        (work(allowed_attempts=2), Submission(), True),
        (work(allowed_attempts=2), Submission(attempt=2), False),
        (work(allowed_attempts=2), Submission(attempt=2, extra_attempts=1), True),
    ],
)
def test_hand_ins_are_taken_by_canvas_rules(assignment, submission, taken):
    assert takes_hand_in(assignment, submission, NOW) is taken


def plan(kind="assignment", submissions=False, **more):
    thing = Plannable(title="Work", **more)
    return PlannerItem(
        plannable_id="1", plannable_type=kind, plannable=thing, submissions=submissions
    )  # fmt: skip


@pytest.mark.parametrize(
    ("item", "taken"),
    [
        (plan(submissions=PlannerSubmission()), None),
        (plan(submissions=PlannerSubmission(), lock_at=AFTER), None),
        (plan(submissions=PlannerSubmission(), lock_at=BEFORE), False),
        (plan(submissions=PlannerSubmission(excused=True)), False),
        (plan("planner_note"), False),
        (plan("announcement"), False),
        (plan("assessment_request"), None),
    ],
)
def test_the_planner_alone_tells_little(item, taken):
    assert planner_takes_hand_in(item, NOW) is taken


def course(enrollment="active", kind="student", **more):
    mine = [CourseEnrollment(type=kind, enrollment_state=enrollment)]
    return Course(id="4", name="Biology", enrollments=mine, **more)


@pytest.mark.parametrize(
    ("found", "taken"),
    [
        (course(), True),
        (course("completed"), False),
        (course("pending_active"), False),
        (course(start_at=AFTER, restrict_enrollments_to_course_dates=True), False),
        (course(concluded=True), False),
        (course(kind="teacher"), False),
        (None, True),  # the courses did not come, so only the work decides
    ],
)
def test_hand_ins_are_taken_of_who_takes_part(found, taken):
    builder = ItemBuilder("https://canvas.example.edu", {"4": found} if found else {}, {}, NOW)

    item = builder.from_missing(
        Assignment(id="1", course_id="4", submission_types=TEXT), None, None
    )  # fmt: skip

    assert item.can_submit is taken
