"""Read, list, grade and comment on submissions (Canvas: Submissions, submission.rb)."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from canvas_emulator.campus.courses import Course, effective_state
from canvas_emulator.campus.coursework import (
    ONLINE,
    SCHEME,
    Assignment,
    Comment,
    Submission,
    grade,
    keep_attempt,
    submission_id,
)
from canvas_emulator.campus.grades import period_of
from canvas_emulator.resource import Answer, BadRequest, Call, Forbidden, NotFound, router

from . import access
from .assignments import assignment_json
from .courses import course_json
from .progress import progress_json
from .stored import hold_totals, stored_totals
from .submission_body import bare_submission_json, file_json, reads_grade
from .users import user_json
from .values import anonymous_id, stamp, strict, user_display

Json = dict[str, Any]
COLUMNS = frozenset(
    {
        *("id", "assignment_id", "user_id", "grader_id", "grading_period_id", "workflow_state"),
        *("submission_type", "url", "body", "submitted_at", "attempt", "score", "grade"),
        *("entered_score", "entered_grade", "points_deducted", "late", "missing"),
        *("seconds_late", "late_policy_status", "excused", "custom_grade_status_id", "posted_at"),
        *("graded_at", "grade_matches_current_submission", "cached_due_date"),
        *("extra_attempts", "redo_request", "sticker"),
    }
)
"""The fields that ``response_fields`` can leave out; ``preview_url`` always stays.

Source: lib/api/v1/submission.rb.
"""
Pair = tuple[Submission, Assignment]
ALL_STUDENTS = "all"


def submission_json(call: Call, course: Course, work: Assignment, row: Submission) -> Json:
    """Return a submission as the viewer may read it, with the requested parts and fields."""
    body = bare_submission_json(call, course, work, row)
    _include(call, course, work, row, body)
    _narrow(call, body)
    return body


def _include(
    call: Call,
    course: Course,
    work: Assignment,
    row: Submission,
    body: Json,
) -> None:
    include = call.include
    for name, html in (("submission_comments", False), ("submission_html_comments", True)):
        if name in include:
            body[name] = comments(call, course, work, row, html=html)
    if row.rubric and reads_grade(call, course, work, row):
        _include_rubric(call, work, row, body)
    if "assignment" in include:
        body["assignment"] = assignment_json(call, course, work, subject=row.user_id)
    if "visibility" in include:
        body["assignment_visible"] = True
    if "course" in include:
        mine = call.campus.between(call.viewer.id, course.id)
        body["course"] = course_json(call, (course, mine), call.viewer)
    _include_user(call, work, row, body)
    if "html_url" in include:
        body["html_url"] = _html_url(call, course, work, row)
    if "submission_history" in include:
        body["submission_history"] = [
            bare_submission_json(call, course, work, version) for version in (*row.earlier, row)
        ]
    if "read_state" in include:
        # Requesting it marks the submission as read, and the answer has the state before that; the
        # documented name read_status does nothing (lib/api/v1/submission.rb).
        body["read_state"] = "unread" if row.unread else "read"
        if row.user_id == call.viewer.id:
            row.unread = False


def _include_rubric(call: Call, work: Assignment, row: Submission, body: Json) -> None:
    if "rubric_assessment" in call.include:
        body["rubric_assessment"] = rubric_assessment(work, row)
    if "full_rubric_assessment" in call.include and row.rubric:
        body["full_rubric_assessment"] = {
            "rating": rubric_assessment(work, row),
            "assessor_id": row.grader_id,
            "score": sum(row.rubric.values()),
        }


def _include_user(call: Call, work: Assignment, row: Submission, body: Json) -> None:
    # The user is left out for viewers who may not learn whose work it is
    # (can_read_submission_user_name?).
    if row.user_id != call.viewer.id and call.campus.anonymizes(work):
        return
    person = call.campus.people[row.user_id]
    if "user" in call.include:
        body["user"] = user_json(call, person)
    if "user_summary" in call.include:
        body["user"] = user_display(call, person)


def _html_url(call: Call, course: Course, work: Assignment, row: Submission) -> str:
    """Return the submission's page, or SpeedGrader's page without a name for anonymous work."""
    here = f"{call.base_url}/courses/{course.id}"
    if not call.campus.anonymizes(work):
        return f"{here}/assignments/{work.id}/submissions/{row.user_id}"
    asked = f"assignment_id={work.id}&anonymous_id={anonymous_id(row.id)}"
    return f"{here}/gradebook/speed_grader?{asked}"


def _narrow(call: Call, body: Json) -> None:
    if wanted := call.many("response_fields"):
        for name in COLUMNS.intersection(body).difference(wanted):
            del body[name]
    for name in call.many("exclude_response_fields"):
        body.pop(name, None)


def rubric_assessment(work: Assignment, row: Submission) -> Json:
    """Return the rating reached, its points and a comment by criterion id."""
    found: Json = {}
    for criterion in work.rubric:
        if (points := row.rubric.get(criterion.id)) is None:
            continue
        reached = [
            rating for rating in criterion.ratings() if float(str(rating["points"])) <= points
        ]
        found[criterion.id] = {
            "rating_id": reached[0]["id"] if reached else None,
            "points": points,
            "comments": row.rubric_comments.get(criterion.id, ""),
        }
    return found


def visible_comments(
    call: Call, course: Course, work: Assignment, row: Submission
) -> list[Comment]:
    """Return the comments the viewer may read (submission.rb).

    Where grades are posted manually, viewers who cannot grade see only the student's own comments
    until the grade is posted.
    """
    posted = row.posted_at is not None or not work.post_manually
    if posted or access.grades_others(call, course):
        return row.comments
    return [comment for comment in row.comments if comment.author_id == row.user_id]


def comments(
    call: Call, course: Course, work: Assignment, row: Submission, *, html: bool = False
) -> list[Json]:
    """Return the submission comments, oldest first.

    With ``html`` a comment keeps its tags; without it they are stripped as Canvas does. This is
    ``submission_comments_json`` with and without ``use_html_comment``.
    """
    found = visible_comments(call, course, work, row)
    return [_comment(call, comment, html) for comment in found]


def _comment(call: Call, comment: Comment, html: bool) -> Json:
    """Return one comment; a hidden author appears as "Anonymous User" (Canvas: Submissions)."""
    author = call.campus.people[comment.author_id]
    hidden = comment.anonymous and call.viewer.id != author.id
    body: Json = {
        "id": comment.id,
        "author_id": None if hidden else author.id,
        "author_name": "Anonymous User" if hidden else author.name,
        "author": {} if hidden else user_display(call, author),
        "comment": comment.text if html else re.sub(r"<[^>]*>", "", comment.text),
        "created_at": stamp(comment.created_at),
        "edited_at": None,
        "attempt": comment.attempt,
    }
    if comment.files:
        body["attachments"] = [
            file_json(call, comment.id * 10 + place, name, comment.created_at)
            for place, name in enumerate(comment.files)
        ]
    return body


# One submission


@router.get("/api/v1/courses/:course_id/assignments/:assignment_id/submissions/:user_id")
def show(call: Call, course_id: str, assignment_id: str, user_id: str) -> object:
    course, work, row = _named(call, course_id, assignment_id, user_id)
    return submission_json(call, course, work, row)


def _named(
    call: Call, course_id: str, assignment_id: str, user_id: str
) -> tuple[Course, Assignment, Submission]:
    course = access.open_course(call, course_id)
    work = access.assignment(call, course, assignment_id)
    student = access.user(call, user_id)
    if student.id not in access.visible_students(call, course):
        raise Forbidden
    row = call.campus.submission(work, student.id)
    if row is None:
        raise Forbidden
    return course, work, row


@router.put("/api/v1/courses/:course_id/assignments/:assignment_id/submissions/:user_id")
def update(call: Call, course_id: str, assignment_id: str, user_id: str) -> object:
    """Grade and comment; students may only comment (Canvas: Submissions)."""
    course, work, row = _named(call, course_id, assignment_id, user_id)
    if course.has_ended(call.now) and not call.viewer.is_admin:
        raise Forbidden
    names = set(call.params)
    grading = any(name.startswith(("submission[", "rubric_assessment[")) for name in names)
    if grading and not access.grades_others(call, course):
        raise Forbidden
    if grading:
        hold_totals(call, course, row.user_id)
        _grade(call, work, row)
    if text := call.one("comment[text_comment]"):
        attempt = call.one("comment[attempt]") or ""
        row.comments.append(
            Comment(
                call.campus.fresh_id(),
                call.viewer.id,
                text,
                call.now,
                int(attempt) if attempt.isdigit() else row.attempt,
            )
        )
        row.unread = row.unread or call.viewer.id != row.user_id
        if access.grades_others(call, course) and not work.post_manually:
            # A teacher's comment posts the submission even if it has no grade.
            row.posted_at = row.posted_at or call.now
    # The row may be a generated one; from now on the campus keeps it as it is now.
    call.campus.hand_in(row)
    body = submission_json(call, course, work, row)
    alone = {key: value for key, value in body.items() if key != "submission_comments"}
    body["submission_comments"] = comments(call, course, work, row)
    body["all_submissions"] = [alone]
    return body


def _grade(call: Call, work: Assignment, row: Submission) -> None:
    if (posted := call.one("submission[posted_grade]")) is not None:
        _post(call, work, row, posted)
    if call.one("submission[excuse]") is not None:
        row.excused = call.flag("submission[excuse]")
        if row.excused:
            row.entered_score, row.workflow_state = None, "graded"
            row.graded_at = row.posted_at = call.now
            row.grader_id = call.viewer.id
    if (status := call.one("submission[late_policy_status]")) is not None:
        if status not in ("late", "missing", "extended", "none", ""):
            raise BadRequest({"errors": {"late_policy_status": [{"message": "is not included"}]}})
        row.late_policy_status = status or None
    if (seconds := call.one("submission[seconds_late_override]")) is not None:
        row.seconds_late_override = int(seconds) if seconds.isdigit() else None
    if (custom := call.one("submission[custom_grade_status_id]")) is not None:
        row.custom_grade_status_id = access.number(custom) if custom else None
    _assess(call, work, row)


def _post(call: Call, work: Assignment, row: Submission, posted: str) -> None:
    """Enter a grade; a blank one clears it."""
    if posted == "":
        row.entered_score = row.graded_at = row.posted_at = row.grader_id = None
        row.workflow_state = "submitted" if row.submitted_at else "unsubmitted"
        return
    grade(row, work, _points(posted, work), call.now, call.viewer.id)
    row.grader_id, row.excused, row.redo_request = call.viewer.id, False, False


def _assess(call: Call, work: Assignment, row: Submission) -> None:
    known = {criterion.id for criterion in work.rubric}
    for name, value in call.params.items():
        if found := re.fullmatch(r"rubric_assessment\[(\w+)\]\[points\]", name):
            if found[1] not in known:
                raise BadRequest({"message": "invalid rubric_assessment"})
            row.rubric[found[1]] = float(value)


def _points(text: str, work: Assignment) -> float:
    """Return the score that a posted grade means: points, percentage, letter, pass or fail.

    Raises BadRequest for any other text.
    """
    possible = work.points_possible or 0.0
    if text in ("pass", "complete"):
        return possible
    if text in ("fail", "incomplete"):
        return 0.0
    letters = dict(SCHEME)
    if text in letters:
        return possible * (100.0 if text == "A" else letters[text]) / 100
    try:
        return possible * float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise BadRequest({"error": "invalid grade"}) from None


@router.post("/api/v1/courses/:course_id/assignments/:assignment_id/submissions")
def create(call: Call, course_id: str, assignment_id: str) -> object:
    """Hand something in."""
    course, work, row = _named(call, course_id, assignment_id, "self")
    kind = call.one("submission[submission_type]") or ""
    if work.locked(call.now) or course.has_ended(call.now):
        raise Forbidden
    if kind not in work.submission_types or kind not in ONLINE:
        raise BadRequest({"message": "Invalid submission type"})
    if row.attempt:
        keep_attempt(row)
    row.submission_type, row.submitted_at = kind, call.now
    row.attempt = (row.attempt or 0) + 1
    row.body, row.url = call.one("submission[body]"), call.one("submission[url]")
    row.workflow_state, row.grade_matches = "submitted", row.score is None
    call.campus.hand_in(row)
    call.campus.tick_mark(work, row.user_id, call.now)
    return Answer(submission_json(call, course, work, row), 201)


@router.put("/api/v1/courses/:course_id/assignments/:assignment_id/submissions/:user_id/read")
@router.delete("/api/v1/courses/:course_id/assignments/:assignment_id/submissions/:user_id/read")
def mark_read(call: Call, course_id: str, assignment_id: str, user_id: str) -> object:
    """Mark the viewer's own grade and comments as read (PUT) or unread (DELETE)."""
    _, _, row = _named(call, course_id, assignment_id, user_id)
    if row.user_id == call.viewer.id:
        row.unread = call.request.method == "DELETE"
    return Answer(None, 204)


@router.post("/api/v1/courses/:course_id/assignments/:assignment_id/submissions/update_grades")
def update_grades(call: Call, course_id: str, assignment_id: str) -> object:
    """Grade many students and return a Progress that has already finished.

    Canvas: Submissions.
    """
    course, work, _ = _for_staff(call, course_id, assignment_id)
    return _grade_many(call, course, {work.id: work}, r"grade_data\[()(\d+)\]\[posted_grade\]")


@router.post("/api/v1/courses/:course_id/submissions/update_grades")
def update_grades_of_course(call: Call, course_id: str) -> object:
    """Do the same for several assignments: ``grade_data[<assignment>][<user>]``."""
    course = access.open_course(call, course_id)
    if not access.grades_others(call, course):
        raise Forbidden
    works = {work.id: work for work in call.campus.work_of(course.id)}
    pattern = r"grade_data\[(\d+)\]\[(\d+)\]\[posted_grade\]"
    return _grade_many(call, course, works, pattern)


def _grade_many(call: Call, course: Course, works: dict[int, Assignment], pattern: str) -> object:
    found = [
        (int(match[1] or next(iter(works))), int(match[2]), value)
        for name, value in call.params.items()
        if (match := re.fullmatch(pattern, name))
    ]
    if not found:
        raise BadRequest({"error": "'grade_data' parameter required"})
    if unknown := sorted({number for number, _, _ in found} - set(works)):
        listed = ", ".join(map(str, unknown))
        raise BadRequest({"error": f"Some assignments could not be found: ( {listed} )"})
    students = access.visible_students(call, course)
    for number, user_id, posted in found:
        row = call.campus.submission(works[number], user_id) if user_id in students else None
        if row is not None:
            _post(call, works[number], row, posted)
            call.campus.hand_in(row)
    return progress_json(call)


@router.put("/api/v1/courses/:course_id/submissions/bulk_mark_read")
def mark_many_read(call: Call, course_id: str) -> object:
    course = access.open_course(call, course_id)
    wanted = call.many("submissionIds")
    for work in call.campus.work_of(course.id):
        row = call.campus.submission(work, call.viewer.id)
        if row is not None and str(row.id) in wanted:
            row.unread = False
    return Answer(None, 204)


# Lists


@router.get("/api/v1/courses/:course_id/assignments/:assignment_id/submissions")
def of_assignment(call: Call, course_id: str, assignment_id: str) -> object:
    """List the submissions of active and invited students and of the test student; staff only.

    Concluded and inactive students are left out (submissions_api_controller.rb, index).
    """
    course, work, _ = _for_staff(call, course_id, assignment_id)
    students = _listed_students(call, course, "active", "invited")
    rows = [row for user_id, row in call.campus.submissions_of(work).items() if user_id in students]
    return call.numbered(
        sorted(rows, key=lambda row: row.user_id),
        render=lambda row: submission_json(call, course, work, row),
    )


def _for_staff(
    call: Call, course_id: str, assignment_id: str
) -> tuple[Course, Assignment, set[int]]:
    course = access.open_course(call, course_id)
    if not access.grades_others(call, course):
        raise Forbidden
    work = access.assignment(call, course, assignment_id)
    active = call.campus.active_students(course.id, access.section_limit(call, course))
    return course, work, active


@router.get("/api/v1/courses/:course_id/assignments/:assignment_id/submission_summary")
def summary(call: Call, course_id: str, assignment_id: str) -> object:
    _, work, students = _for_staff(call, course_id, assignment_id)
    every = call.campus.submissions_of(work)
    rows = [row for user_id, row in every.items() if user_id in students]
    # Graded work that was handed in again counts in both.
    waiting = sum(row.needs_grading for row in rows)
    graded = sum(row.is_graded for row in rows)
    return {
        "graded": graded,
        "ungraded": waiting,
        "not_submitted": len(rows) - graded - waiting,
    }


@router.get("/api/v1/courses/:course_id/assignments/:assignment_id/gradeable_students")
def gradeable_students(call: Call, course_id: str, assignment_id: str) -> object:
    """List the students who can be graded, including inactive ones and the test student."""
    course, work, _ = _for_staff(call, course_id, assignment_id)
    students = _listed_students(call, course, "active", "invited", "inactive")
    rows = call.campus.submissions_of(work)
    people = [call.campus.people[row] for row in sorted(students) if row in rows]
    if call.one("sort") == "name":
        people.sort(key=lambda row: row.sortable_name.casefold(), reverse=_descends(call, "order"))
    return call.numbered(people, render=lambda person: user_display(call, person))


def _listed_students(call: Call, course: Course, *states: str) -> set[int]:
    """Return the test student and students in these stored states, in the viewer's sections."""
    sections = access.section_limit(call, course)
    return call.campus.test_students(course.id, sections) | {
        row.user_id
        for row in call.campus.enrollments_in(course.id)
        if row.type == "StudentEnrollment"
        and row.state in states
        and (sections is None or row.section_id in sections)
    }


def _descends(call: Call, name: str) -> bool:
    return (call.one(name) or "").startswith("desc")


@router.get("/api/v1/courses/:course_id/students/submissions")
def for_students(call: Call, course_id: str) -> object:
    course = access.open_course(call, course_id)
    students = _students(call, course)
    works = _works(call, course)
    keep = _filter(call)
    if call.one("grouped") is not None:
        return _grouped(call, course, students, works, keep)
    pairs: list[Pair] = []
    for work in works:
        for user_id in students:
            row = call.campus.submission(work, user_id) or Submission(
                submission_id(work.id, user_id), work.id, user_id
            )
            if keep(row, work):
                pairs.append((row, work))
    by_grading = call.one("order") == "graded_at"
    # Any other word means ascending order, which leaves out ungraded work; descending lists it
    # last.
    descends = call.one("order_direction") == "descending"
    if by_grading and not descends:
        pairs = [pair for pair in pairs if pair[0].graded_at]

    def key(pair: Pair) -> tuple[str | int, ...]:
        row = pair[0]
        return (stamp(row.graded_at) or "", row.id) if by_grading else (row.id,)

    def render(pair: Pair) -> Json:
        return submission_json(call, course, pair[1], pair[0])

    def visible(pair: Pair) -> bool:
        """Return whether the page shows a row.

        It is called once the list is cut into pages, so a page can be short or even empty and
        still have a next one.
        """
        return pair[1].is_for(pair[0].user_id)

    if descends:
        return call.numbered(sorted(pairs, key=key, reverse=True), render=render, keep=visible)
    return call.bookmarked(sorted(pairs, key=key), key, render=render, keep=visible)


def _students(call: Call, course: Course) -> list[int]:
    """Return the ids of the students whose submissions are requested, sorted.

    One student the viewer may not see makes Canvas refuse the whole request. A viewer without the
    right to others' grades needs ``read_grades`` for their own. Without ``student_ids`` viewers
    ask for themselves, even teachers (submissions_api_controller.rb, for_students). Raises
    Forbidden or BadRequest.
    """
    asked = call.many("student_ids")
    visible = access.visible_students(call, course)
    if not asked:
        if not access.reads_own_grades(call, course):
            raise Forbidden
        wanted = {call.viewer.id}
    elif ALL_STUDENTS in asked:
        wanted = visible
    else:
        if len(asked) > 100:
            raise BadRequest({"error": "too many students"})
        wanted = {access.user(call, text).id for text in asked}
        if not wanted <= visible:
            raise Forbidden
    own = call.viewer.id in wanted and not access.grades_others(call, course)
    if own and not access.reads_own_grades(call, course):
        raise Forbidden
    state = call.one("enrollment_state")
    if state and state not in ("active", "concluded"):
        raise BadRequest({"error": "invalid enrollment_state"})
    effective = {"active": "active", "concluded": "completed", None: None}[state or None]
    return sorted(
        {
            row.user_id
            for row in call.campus.enrollments_in(course.id)
            if row.type in ("StudentEnrollment", "StudentViewEnrollment")
            and row.state != "deleted"
            and row.user_id in wanted
            and (effective is None or effective_state(row, course, call.now) == effective)
        }
    )


def _works(call: Call, course: Course) -> list[Assignment]:
    published = [row for row in call.campus.work_of(course.id) if row.published]
    asked = call.many("assignment_ids")
    if not asked:
        return published
    known = {row.id: row for row in published}
    ids = [access.number(text) for text in asked]
    if any(number not in known for number in ids):
        raise Forbidden({"error": "invalid assignment ids requested"})
    return [known[number] for number in dict.fromkeys(ids)]


def _filter(call: Call) -> Callable[[Submission, Assignment], bool]:
    submitted, graded = _since(call, "submitted_since"), _since(call, "graded_since")
    state, period_id = call.one("workflow_state"), call.one("grading_period_id")
    course_of = call.campus.courses

    def keep(row: Submission, work: Assignment) -> bool:
        if state and row.workflow_state != state:
            return False
        if submitted and (row.submitted_at is None or row.submitted_at <= submitted):
            return False
        if graded and (row.graded_at is None or row.graded_at <= graded):
            return False
        if not period_id:
            return True
        period = period_of(course_of[work.course_id], work.due_for(row.user_id))
        return period is not None and str(period.id) == period_id

    return keep


def _since(call: Call, name: str) -> datetime | None:
    text = call.one(name)
    if not text:
        return None
    try:
        return strict(text, call.viewer)
    except ValueError:
        raise BadRequest({"errors": {name: f"Invalid datetime for {name}"}}) from None


def _grouped(
    call: Call,
    course: Course,
    students: list[int],
    works: list[Assignment],
    keep: Callable[[Submission, Assignment], bool],
) -> object:
    sections = {
        row.user_id: row.section_id
        for row in reversed(call.campus.enrollments_in(course.id))
        if row.type in ("StudentEnrollment", "StudentViewEnrollment")
    }

    def render(user_id: int) -> Json:
        rows = [(call.campus.submission(work, user_id), work) for work in works]
        body: Json = {
            "user_id": user_id,
            "section_id": sections[user_id],
            "submissions": [
                submission_json(call, course, work, row) | {"has_postable_comments": False}
                for row, work in rows
                if row is not None and keep(row, work)
            ],
        }
        if "total_scores" in call.include:
            body.update(_total_scores(call, course, user_id))
        return body

    return call.numbered(students, render=render)


def _total_scores(call: Call, course: Course, user_id: int) -> Json:
    """Return the stored totals, even where the course hides them (submissions_api_controller)."""
    staff = access.grades_others(call, course)
    whole = stored_totals(call, course, user_id)
    body: Json = {"computed_final_score": whole.final, "computed_current_score": whole.current}
    if staff:
        every = stored_totals(call, course, user_id, unposted=True)
        body |= {"unposted_final_score": every.final, "unposted_current_score": every.current}
    return body


@router.get("/api/v1/courses/:course_id/assignments/gradeable_students")
def gradeable_students_of_many(call: Call, course_id: str) -> object:
    course = access.open_course(call, course_id)
    if not access.grades_others(call, course):
        raise Forbidden
    works = _works(call, course)
    if not works:
        raise NotFound
    students = sorted(call.campus.active_students(course.id, access.section_limit(call, course)))
    return call.numbered(
        students,
        render=lambda user_id: (
            user_display(call, call.campus.people[user_id])
            | {"assignment_ids": [work.id for work in works if work.is_for(user_id)]}
        ),
    )
