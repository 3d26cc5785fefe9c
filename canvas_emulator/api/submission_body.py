"""The JSON of a submission's own fields, which assignments, lists and streams share.

Source: submission.rb.
"""

from datetime import datetime
from typing import Any

from canvas_emulator.campus.courses import Course
from canvas_emulator.campus.coursework import (
    Assignment,
    Submission,
    grade_text,
    is_late,
    is_missing,
    seconds_late,
)
from canvas_emulator.campus.grades import period_of
from canvas_emulator.resource import Call

from . import access
from .values import rich, stamp

Json = dict[str, Any]


def reads_grade(call: Call, course: Course, work: Assignment, row: Submission) -> bool:
    """Return whether the viewer may read the grade of a submission.

    Staff always may, observers once it is posted. Students may read it before that only while
    there is no grade and the assignment does not post its grades manually (submission.rb, 2026).
    """
    if access.grades_others(call, course) or row.posted_at is not None:
        return True
    if row.user_id != call.viewer.id or work.post_manually:
        return False
    return row.workflow_state != "graded" and not row.excused and row.grade_matches


def bare_submission_json(call: Call, course: Course, work: Assignment, row: Submission) -> Json:
    """Return a submission as the viewer may read it, without the parts that ``include[]`` adds."""
    now = call.now
    due = work.due_for(row.user_id)
    readable = reads_grade(call, course, work, row)
    period = period_of(course, due)
    url = f"{call.base_url}/courses/{course.id}/assignments/{work.id}/submissions/{row.user_id}"
    body: Json = {
        "id": row.id,
        "assignment_id": work.id,
        "user_id": row.user_id,
        "grader_id": row.grader_id,
        "grading_period_id": period.id if period else None,
        "workflow_state": row.workflow_state,
        "submission_type": row.submission_type,
        "url": row.url,
        "body": rich(call, row.body) if readable or not work.is_quiz else None,
        "submitted_at": stamp(row.submitted_at),
        "attempt": row.attempt,
        "points_deducted": row.points_deducted,
        "late": is_late(row, work, now),
        "missing": is_missing(row, work, now),
        "seconds_late": seconds_late(row, work, now),
        "late_policy_status": row.late_policy_status,
        "excused": row.excused,
        "custom_grade_status_id": row.custom_grade_status_id,
        "posted_at": stamp(row.posted_at),
        "graded_at": stamp(row.graded_at),
        "grade_matches_current_submission": row.grade_matches,
        "cached_due_date": stamp(due),
        "extra_attempts": row.extra_attempts,
        "redo_request": row.redo_request,
        "sticker": None,
    }
    if not call.campus.anonymizes(work):
        body["preview_url"] = f"{url}?preview=1&version={row.attempt or 0}"
    if readable:
        body |= _grade(work, row)
    if row.submission_type == "online_upload":
        body["attachments"] = [_attachment(call, row)]
    return body


def _grade(work: Assignment, row: Submission) -> Json:
    score = row.score
    # Canvas computes this; it does not store what the teacher entered (submission.rb).
    entered = None if score is None else score + (row.points_deducted or 0.0)
    return {
        "score": score,
        "grade": grade_text(score, work),
        "entered_score": entered,
        "entered_grade": grade_text(entered, work),
    }


def _attachment(call: Call, row: Submission) -> Json:
    name = f"hand-in-{row.user_id}.pdf"
    return file_json(call, row.id % 10**12 + (row.attempt or 1), name, row.submitted_at)


def file_json(call: Call, number: int, name: str, at: datetime | None) -> Json:
    """Return a file that was handed in or is attached to a comment."""
    return {
        "id": number,
        "uuid": f"file-{number}",
        "display_name": name,
        "filename": name,
        "content-type": "application/pdf",
        "mime_class": "pdf",
        "size": 48_211,
        "created_at": stamp(at),
        "updated_at": stamp(at),
        "url": f"{call.base_url}/files/{number}/download",
        "thumbnail_url": None,
        "locked": False,
        "hidden": False,
    }
