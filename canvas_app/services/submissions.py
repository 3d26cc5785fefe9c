"""The ledger of the person's submissions across her courses, and what waits for her grading."""

from datetime import UTC, datetime
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import Assignment, Course, Submission
from canvas_app.services.courses import (
    is_active_student,
    is_active_teacher,
    read_colors,
    read_profile,
    start_colors,
    start_courses,
    start_profile,
)
from canvas_app.services.pages import Comment, SubmissionRow, Submissions
from canvas_app.services.sources import Sources, complete
from canvas_app.services.status import custom_label, student_status
from canvas_app.services.upcoming import Look, has_role

INCLUDE = ("assignment", "submission_comments")  # never read_status: it marks them read


def submissions(sources: Sources) -> Submissions:
    """Gather the courses, then every active one's submissions side by side."""
    now = sources.now()
    courses = start_courses(sources)
    profile, colors = start_profile(sources), start_colors(sources)
    known = {course.id: course for course in courses.rows()}
    studied = [course for course in known.values() if is_active_student(course)]
    taught = [course for course in known.values() if is_active_teacher(course)]
    own = [
        (
            course,
            sources.start(
                f"submissions: {course.name or course.id}",
                partial(CanvasAPI.student_submissions, course_id=course.id, include=INCLUDE),
            ),
        )
        for course in studied
    ]
    waiting = [
        (
            course,
            sources.start(
                f"grading: {course.name or course.id}",
                partial(CanvasAPI.assignments, course_id=course.id),
            ),
        )
        for course in taught
    ]
    look = Look(sources.api.canvas_url, known, read_colors(colors), now)
    rows = [
        submission_row(submission, submission.assignment, course, look)
        for course, handle in own
        for submission in {s.id or f"{s.assignment_id}": s for s in handle.rows()}.values()
    ]
    grading = [
        grading_row(assignment, course, look)
        for course, handle in waiting
        for assignment in handle.rows()
        if assignment.needs_grading_count
    ]
    grading.sort(key=lambda row: -(row.needs_grading or 0))
    states = sources.states()
    return Submissions(
        sources=states,
        complete=complete(states),
        profile=read_profile(profile),
        now=now,
        rows=tuple(sorted(rows, key=latest_activity, reverse=True)),
        grading=tuple(grading),
        is_student=has_role(known.values(), "student"),
        is_teacher=has_role(known.values(), "teacher", "ta"),
    )


def submission_row(
    submission: Submission | None, assignment: Assignment | None, course: Course, look: Look
) -> SubmissionRow:
    """One submission of the person; a grade that is not posted stays out."""
    s = submission or Submission()
    status = student_status(submission, assignment, look.now)
    assignment_id = s.assignment_id or (assignment.id if assignment else "")
    letters = bool(
        course.restrict_quantitative_data or (assignment and assignment.restrict_quantitative_data)
    )
    shown = s.posted_at is not None
    numbers = shown and not letters
    attempts = assignment.allowed_attempts if assignment else None
    return SubmissionRow(
        assignment_id=assignment_id,
        course_id=course.id,
        title=(assignment.name if assignment else None) or f"Assignment {assignment_id}",
        status=status,
        late=bool(s.late),
        points_deducted=s.points_deducted if numbers else None,
        score=s.score if numbers else None,
        grade=s.grade if shown else None,
        points_possible=assignment.points_possible if assignment and not letters else None,
        due_at=s.cached_due_date or (assignment.due_at if assignment else None),
        submitted_at=s.submitted_at,
        graded_at=s.graded_at if shown else None,
        url=look.link(
            (assignment.html_url if assignment else None)
            or f"/courses/{course.id}/assignments/{assignment_id}"
        ),
        id=s.id or "",
        course_name=course.name or "",
        status_label=custom_label(s) if status == "custom" else None,
        missing=bool(s.missing),
        excused=bool(s.excused),
        seconds_late=int(s.seconds_late or 0) if s.late else 0,
        entered_score=s.entered_score if numbers else None,
        entered_grade=s.entered_grade if shown else None,
        posted_at=s.posted_at,
        attempt=s.attempt,
        allowed_attempts=attempts if attempts and attempts > 0 else None,
        extra_attempts=s.extra_attempts,
        grading_type=(assignment.grading_type if assignment else None) or "",
        letters_only=letters,
        comments=tuple(
            Comment(c.author_name or "", c.comment or "", c.created_at)
            for c in s.submission_comments or ()
        ),
        color=look.colors.get(course.id),
    )


def grading_row(assignment: Assignment, course: Course, look: Look) -> SubmissionRow:
    """One assignment that waits for grading, with how many wait and its way into SpeedGrader."""
    return SubmissionRow(
        assignment_id=assignment.id,
        course_id=course.id,
        title=assignment.name or "",
        status="needs_grading",
        late=False,
        points_deducted=None,
        score=None,
        grade=None,
        points_possible=assignment.points_possible,
        due_at=assignment.due_at,
        submitted_at=None,
        graded_at=None,
        url=look.speed_grader(course.id, assignment),
        kind="grading",
        course_name=course.name or "",
        needs_grading=assignment.needs_grading_count,
        color=look.colors.get(course.id),
    )


def latest_activity(row: SubmissionRow) -> tuple[datetime, datetime]:
    """When something last happened to a submission; due dates decide among untouched ones."""
    never = datetime.min.replace(tzinfo=UTC)
    touched = [at for at in (row.submitted_at, row.graded_at, row.posted_at) if at]
    return max(touched, default=never), row.due_at or never
