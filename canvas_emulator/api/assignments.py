"""Assignments and assignment groups (Canvas: Assignments, Assignment Groups)."""

from datetime import datetime
from statistics import mean, quantiles
from typing import Any

from canvas_emulator.campus.courses import Course
from canvas_emulator.campus.coursework import (
    Assignment,
    AssignmentGroup,
    Checkpoint,
    DateOverride,
    Submission,
)
from canvas_emulator.campus.grades import period_of
from canvas_emulator.resource import BadRequest, Call, NotFound, router

from . import access
from .submission_body import bare_submission_json
from .values import rich, stamp, zone

Json = dict[str, Any]
BUCKETS = ("past", "overdue", "undated", "ungraded", "unsubmitted", "upcoming", "future")


@router.get("/api/v1/courses/:course_id/assignments")
def index(call: Call, course_id: str) -> object:
    course = access.open_course(call, course_id)
    return _listed(call, course, call.campus.work_of(course.id))


@router.get("/api/v1/courses/:course_id/assignment_groups/:assignment_group_id/assignments")
def index_of_group(call: Call, course_id: str, assignment_group_id: str) -> object:
    course = access.open_course(call, course_id)
    group_id = access.number(assignment_group_id)
    if all(group.id != group_id for group in call.campus.course_groups[course.id]):
        raise NotFound
    rows = [row for row in call.campus.work_of(course.id) if row.group_id == group_id]
    return _listed(call, course, rows)


@router.get("/api/v1/users/:user_id/courses/:course_id/assignments")
def index_of_user(call: Call, user_id: str, course_id: str) -> object:
    access.own(call, user_id)
    return index(call, course_id)


@router.get("/api/v1/courses/:course_id/assignments/:id")
def show(call: Call, course_id: str, id: str) -> object:
    course = access.open_course(call, course_id)
    work = access.assignment(call, course, id)
    body = assignment_json(call, course, work)
    if "can_submit" in call.include:
        own = own_submission(call, course, work)
        if own is not None:
            body["submission"] = own
        # Canvas writes no can_submit for quizzes and none beside an observer's list of submissions
        # (lib/api/v1/assignment.rb).
        if not work.is_quiz and not isinstance(own, list):
            body["can_submit"] = _can_submit(call, work)
    return body


def _can_submit(call: Call, work: Assignment) -> bool:
    return work.expects_submission and not work.locked(call.now) and work.is_for(call.viewer.id)


def _listed(call: Call, course: Course, rows: list[Assignment]) -> object:
    bucket = call.one("bucket")
    if bucket and bucket not in BUCKETS:
        message = f"bucket name must be one of the following: {', '.join(BUCKETS)}"
        error = {"attribute": "bucket", "type": "invalid", "message": message}
        raise BadRequest({"errors": {"bucket": [error]}})
    wanted = call.many("assignment_ids")
    if len(wanted) > 100:
        raise BadRequest({"message": "Request contains too many assignment_ids.  Limit 100"})
    rows = [row for row in rows if access.sees(call, course, row)]
    if bucket:
        rows = [row for row in rows if _in_bucket(call, course, row, bucket)]
    if term := call.one("search_term"):
        rows = [row for row in rows if term.casefold() in row.name.casefold()]
    if wanted:
        rows = [row for row in rows if str(row.id) in wanted]
    page = call.numbered(
        _ordered(call, course, rows), render=lambda row: assignment_json(call, course, row)
    )
    shown = {str(row["id"]) for row in page.rows}
    if missing := [text for text in wanted if text not in shown]:
        raise BadRequest({"message": f"Invalid assignment_ids: {','.join(missing)}"})
    for row in page.rows if bucket else ():
        row["bucket"] = bucket
    return page


def _ordered(call: Call, course: Course, rows: list[Assignment]) -> list[Assignment]:
    order = call.one("order_by")
    if order == "name":
        return sorted(rows, key=lambda row: (row.name.casefold(), row.id))
    if order == "due_at":
        subject = access.due_subject(call, course)
        # Work without a due date comes last.
        return sorted(rows, key=lambda row: (stamp(row.due_for(subject)) or "~", row.id))
    places = {group.id: group.position for group in call.campus.course_groups[course.id]}
    return sorted(rows, key=lambda row: (places[row.group_id], row.position, row.id))


def _in_bucket(call: Call, course: Course, work: Assignment, bucket: str) -> bool:
    due = work.due_for(access.due_subject(call, course))
    past = due is not None and due < call.now
    row = call.campus.submission(work, call.viewer.id)
    open_for_hand_in = work.expects_submission and (row is None or row.submitted_at is None)
    if bucket == "ungraded":
        return call.campus.needs_grading(work) > 0
    return {
        "past": past,
        "overdue": past and open_for_hand_in and not (row is not None and row.is_graded),
        "undated": due is None,
        "unsubmitted": open_for_hand_in,
        "upcoming": due is not None and not past,
        "future": due is None or not past,
    }[bucket]


def assignment_json(
    call: Call,
    course: Course,
    work: Assignment,
    *,
    subject: int | None = None,
    topics: bool = True,
) -> Json:
    """Return an assignment as the viewer sees it.

    ``subject`` is the user whose dates it shows; the default is ``access.due_subject``. ``topics``
    adds the discussion of a graded discussion.
    """
    staff = access.grades_others(call, course)
    subject = subject or access.due_subject(call, course)
    due = work.due_for(subject)
    if call.one("override_assignment_dates") and not call.flag("override_assignment_dates"):
        due = work.due_at
    body = _facts(call, course, work, due, staff)
    if work.is_quiz:
        body["quiz_id"] = work.plannable[1]
    if work.is_discussion and topics:
        body["discussion_topic"] = _topic(call, course, work)
    if body["locked_for_user"]:
        body.update(_lock(call, work, _not_open(call, work)))
    if work.rubric:
        body.update(_rubric(work))
    body.update(_for_staff(call, course, work) if staff else _for_student(call, work))
    body.update(_included(call, course, work, subject, due))
    for name in ("description", "rubric", "needs_grading_count", "in_closed_grading_period"):
        if name in call.many("exclude_response_fields"):
            body.pop(name, None)
    return body


def _not_open(call: Call, work: Assignment) -> bool:
    return work.unlock_at is not None and work.unlock_at > call.now


def _facts(call: Call, course: Course, work: Assignment, due: datetime | None, staff: bool) -> Json:
    """Return the fields of every assignment, in Canvas's order."""
    locked = work.locked(call.now) and not staff
    url = f"{call.base_url}/courses/{course.id}/assignments/{work.id}"
    period = period_of(course, due)
    return {
        "id": work.id,
        "course_id": course.id,
        "assignment_group_id": work.group_id,
        "name": work.name,
        "description": None if locked and _not_open(call, work) else rich(call, work.description),
        "position": work.position,
        "html_url": url,
        "created_at": stamp(work.created_at),
        "updated_at": stamp(work.created_at),
        "workflow_state": "published" if work.published else "unpublished",
        "published": work.published,
        "lti_context_id": f"lti-assignment-{work.id}",
        "due_at": stamp(due),
        "unlock_at": stamp(work.unlock_at),
        "lock_at": stamp(work.lock_at),
        "important_dates": False,
        "points_possible": work.points_possible,
        "grading_type": work.grading_type,
        "grading_standard_id": 1 if work.grading_type == "letter_grade" else None,
        "omit_from_final_grade": work.omit_from_final_grade,
        "hide_in_gradebook": False,
        "post_manually": work.post_manually,
        "muted": work.post_manually,
        "anonymous_grading": work.anonymous_grading,
        "anonymize_students": call.campus.anonymizes(work),
        "moderated_grading": work.moderated_grading,
        "grader_count": 0,
        "final_grader_id": None,
        "in_closed_grading_period": period is not None and period.closed(call.now),
        "restrict_quantitative_data": course.restrict_quantitative_data and not staff,
        "submission_types": list(work.submission_types),
        "allowed_attempts": work.allowed_attempts,
        "has_submitted_submissions": _anything_submitted(call, work) if staff else False,
        "due_date_required": False,
        "max_name_length": 255,
        "group_category_id": None,
        "grade_group_students_individually": False,
        "peer_reviews": False,
        "anonymous_peer_reviews": False,
        "automatic_peer_reviews": False,
        "intra_group_peer_reviews": False,
        "is_quiz_assignment": work.is_quiz,
        "anonymous_submissions": False,
        "is_quiz_lti_assignment": work.new_quiz,
        "require_lockdown_browser": False,
        "only_visible_to_overrides": work.only_for is not None,
        "visible_to_everyone": work.only_for is None,
        "locked_for_user": locked,
        "submissions_download_url": f"{url}/submissions?zip=1",
        "has_sub_assignments": bool(work.checkpoints),
    }


def _topic(call: Call, course: Course, work: Assignment) -> Json:
    topic = work.plannable[1]
    return {
        "id": topic,
        "title": work.name,
        "html_url": f"{call.base_url}/courses/{course.id}/discussion_topics/{topic}",
    }


def _included(
    call: Call, course: Course, work: Assignment, subject: int | None, due: datetime | None
) -> Json:
    found: Json = {}
    if "checkpoints" in call.include:
        found["checkpoints"] = [
            _checkpoint_json(row, row.due_for(subject)) for row in work.checkpoints
        ]
    if "all_dates" in call.include:
        found |= all_dates(work, due, access.grades_others(call, course))
    if "submission" in call.include:
        # The key is absent, not null, while there is no submission (lib/api/v1/assignment.rb).
        if (own := own_submission(call, course, work)) is not None:
            found["submission"] = own
        if "score_statistics" in call.include and (scores := score_statistics(call, work)):
            found["score_statistics"] = scores
    return found


def _checkpoint_json(row: Checkpoint, due: datetime | None) -> Json:
    return {
        "tag": row.tag,
        "points_possible": row.points_possible,
        "due_at": stamp(due),
        "name": row.name,
    }


def _anything_submitted(call: Call, work: Assignment) -> bool:
    return any(row.submitted_at for row in call.campus.submissions_of(work).values())


def _lock(call: Call, work: Assignment, not_open: bool) -> Json:
    words = "is locked until" if not_open else "was locked"
    moment = work.unlock_at if not_open else work.lock_at
    there = moment.astimezone(zone(call.viewer)) if moment else None
    minute = f":{there:%M}" if there and there.minute else ""
    hour = f"{there.hour % 12 or 12}{minute}{there:%p}".lower() if there else ""
    when = f"{there:%b} {there.day} at {hour}" if there else ""
    return {
        "lock_info": {
            "asset_string": f"assignment_{work.id}",
            "unlock_at": stamp(work.unlock_at),
            "lock_at": stamp(work.lock_at),
            "can_view": not not_open,
        },
        "lock_explanation": f"This assignment {words} {when}.",
    }


def _rubric(work: Assignment) -> Json:
    return {
        "use_rubric_for_grading": True,
        "free_form_criterion_comments": False,
        "rubric": [
            {
                "id": row.id,
                "points": row.points,
                "description": row.description,
                "long_description": row.long_description,
                "ignore_for_scoring": False,
                "criterion_use_range": False,
                "ratings": row.ratings(),
            }
            for row in work.rubric
        ],
        "rubric_settings": {
            "id": work.id,
            "title": f"Rubric of {work.name}",
            "points_possible": sum(row.points for row in work.rubric),
        },
    }


def _for_staff(call: Call, course: Course, work: Assignment) -> Json:
    limit = access.section_limit(call, course)
    campus = call.campus
    body: Json = {
        "needs_grading_count": campus.needs_grading(work, limit),
        "has_overrides": bool(work.overrides()) or work.only_for is not None,
        "unpublishable": not _anything_submitted(call, work),
        "speed_grader_url": (
            f"{call.base_url}/courses/{course.id}/gradebook/speed_grader?assignment_id={work.id}"
        ),
    }
    if call.flag("needs_grading_count_by_section"):
        sections = course.section_ids if limit is None else sorted(limit)
        # Canvas leaves out sections in which nothing waits (needs_grading_count_query.rb).
        body["needs_grading_count_by_section"] = [
            {"section_id": row, "needs_grading_count": count}
            for row in sections
            if (count := campus.needs_grading(work, [row]))
        ]
    if "assignment_visibility" in call.include:
        students = campus.students_of(course.id)
        body["assignment_visibility"] = [str(row) for row in students if work.is_for(row)]
    if "overrides" in call.include:
        body["overrides"] = [override_json(work, row) for row in work.overrides()]
    return body


def override_json(work: Assignment, row: DateOverride) -> Json:
    """Return the date of a section or of some students (``lib/api/v1/assignment_override.rb``)."""
    whose: Json = (
        {"course_section_id": row.section_id}
        if row.section_id
        else {"student_ids": list(row.student_ids)}
    )
    facts = {"id": row.id, "assignment_id": work.id, "title": row.title}
    return facts | whose | {"due_at": stamp(row.due_at), "all_day": False, "all_day_date": None}


def _for_student(call: Call, work: Assignment) -> Json:
    row = call.campus.submission(work, call.viewer.id)
    return {"user_submitted": row is not None and row.submitted_at is not None}


def all_dates(work: Assignment, due: Any, staff: bool) -> Json:
    """Return all dates the viewer may see; with 25 overrides or more, only how many there are."""
    if (count := len(work.overrides())) >= 25:
        return {"all_dates": [], "all_dates_count": count}

    def entry(moment: Any, **more: Any) -> Json:
        return {
            "due_at": stamp(moment),
            "unlock_at": stamp(work.unlock_at),
            "lock_at": stamp(work.lock_at),
        } | more

    if not staff:
        return {"all_dates": [entry(due, base=due == work.due_at)]}
    every = [entry(work.due_at, base=True)] + [
        entry(
            row.due_at,
            id=row.id,
            title=row.title,
            set_type="CourseSection" if row.section_id else "ADHOC",
            set_id=row.section_id or row.id,
        )
        for row in work.overrides()
    ]
    return {"all_dates": every}


def own_submission(call: Call, course: Course, work: Assignment) -> object:
    def one(user_id: int) -> Json | None:
        row = call.campus.submission(work, user_id)
        return bare_submission_json(call, course, work, row) if row else None

    if "observed_users" in call.include and (watched := sorted(access.observed(call, course))):
        return [found for user_id in watched if (found := one(user_id))]
    return one(call.viewer.id)


def score_statistics(call: Call, work: Assignment) -> Json | None:
    """Return the statistics of an assignment, or None.

    Students see them once their grade is posted and at least five scores count (Canvas:
    Assignments). They are up to date here; Canvas recomputes them 10 to 130 s after a change.
    """
    own = call.campus.submission(work, call.viewer.id)
    if own is None or own.score is None or own.posted_at is None or not work.points_possible:
        return None
    students = _of_class(call, work)
    rows = call.campus.submissions_of(work)
    scores = sorted(_scores([row for id_, row in rows.items() if id_ in students]))
    if len(scores) < 5:
        return None
    lower, median, upper = quantiles(scores, n=4, method="inclusive")
    return {
        "min": round(scores[0], 1),
        "max": round(scores[-1], 1),
        "mean": round(mean(scores), 1),
        "upper_q": round(upper, 1),
        "median": round(median, 1),
        "lower_q": round(lower, 1),
    }


def _of_class(call: Call, work: Assignment) -> set[int]:
    """Return the students whose scores count: those stored as active or invited."""
    return {
        row.user_id
        for row in call.campus.enrollments_in(work.course_id)
        if row.type == "StudentEnrollment" and row.state in ("active", "invited")
    }


def _scores(rows: list[Submission]) -> list[float]:
    """Return the scores of graded work, posted or not, without excused work."""
    return [
        row.score
        for row in rows
        if row.score is not None and row.workflow_state == "graded" and not row.excused
    ]


@router.get("/api/v1/courses/:course_id/assignment_groups")
def groups(call: Call, course_id: str) -> object:
    course = access.open_course(call, course_id)
    rows = call.campus.course_groups[course.id]
    return call.numbered(rows, render=lambda group: _group_json(call, course, group))


@router.get("/api/v1/courses/:course_id/assignment_groups/:assignment_group_id")
def group(call: Call, course_id: str, assignment_group_id: str) -> object:
    course = access.open_course(call, course_id)
    for row in call.campus.course_groups[course.id]:
        if str(row.id) == assignment_group_id:
            return _group_json(call, course, row)
    raise NotFound


def _group_json(call: Call, course: Course, row: AssignmentGroup) -> Json:
    # Canvas writes only the rules that are set (AssignmentGroup#rules_hash).
    every = {
        "drop_lowest": row.drop_lowest,
        "drop_highest": row.drop_highest,
        "never_drop": list(row.never_drop),
    }
    rules = {name: value for name, value in every.items() if value}
    body: Json = {
        "id": row.id,
        "name": row.name,
        "position": row.position,
        "group_weight": row.weight,
        "sis_source_id": None,
        "integration_data": {},
        "rules": rules,
    }
    if "assignments" in call.include:
        body["assignments"] = [
            assignment_json(call, course, work, topics="discussion_topic" in call.include)
            for work in call.campus.work_of(course.id)
            if work.group_id == row.id
            and access.sees(call, course, work)
            and _in_period(call, work)
            and _asked_for(call, work)
        ]
    return body


def _asked_for(call: Call, work: Assignment) -> bool:
    """Return whether the filters keep the assignment.

    Each excluded type is compared with all types of the assignment, joined into one text.
    """
    ids = call.many("assignment_ids")
    without = call.many("exclude_assignment_submission_types")
    return (not ids or str(work.id) in ids) and ",".join(work.submission_types) not in without


def _in_period(call: Call, work: Assignment) -> bool:
    """Return whether the assignment is in the requested grading period; an unknown one keeps all.

    One of its dates must be in the period, or the student's own with
    ``scope_assignments_to_student``.
    """
    wanted = call.one("grading_period_id")
    if not wanted or wanted == "0":
        return True
    course = call.campus.courses[work.course_id]
    known = {str(period.id): period for period in course.grading_periods}
    if wanted not in known:
        return True
    dues = [work.due_at, *(row.due_at for row in work.overrides())]
    if call.flag("scope_assignments_to_student"):
        dues = [work.due_for(access.due_subject(call, course))]
    return any(period_of(course, due) is known[wanted] for due in dues)
