"""A student's page, laid out from what came."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    ClassSubmission,
    Course,
    CourseEnrollment,
)
from canvas_app.domain.attention import AttentionRules
from canvas_app.domain.class_roll import Student
from canvas_app.services.class_student import AskedStudent, lay_out, sees_own_sections

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
MAYA = Student("7", "Maya", "Maya", unposted_current_score=55.0, last_activity_at=NOW - 9 * DAY)


def graded(assignment_id: str, score: float, days: int) -> ClassSubmission:
    at = NOW - days * DAY
    facts = {"workflow_state": "graded", "graded_at": at, "posted_at": at}
    return ClassSubmission(assignment_id=assignment_id, score=score, **facts)


ASKED = AskedStudent(
    canvas_url="https://canvas.test",
    course=Course(id="1", name="Biology"),
    student=MAYA,
    works=[Assignment(id=id_, points_possible=10.0, assignment_group_id="g") for id_ in "ab"],
    groups=[AssignmentGroup(id="g", name="Essays")],
    work=[graded("a", 10.0, 20), graded("b", 5.0, 3)],
)


def test_total_over_time() -> None:
    page = lay_out(ASKED, "", AttentionRules(), NOW)

    assert page.history == ((NOW - 20 * DAY, 100.0), (NOW - 3 * DAY, 75.0))
    assert page.picture is not None
    assert page.after_posting == 55.0
    assert page.student is not None
    assert page.student.attention == ("no activity for 9 days", "fell 25 points in 2 weeks")


def test_anonymous_work_is_in_no_total() -> None:
    works = [ASKED.works[0], Assignment(id="b", anonymize_students=True)]
    page = lay_out(replace(ASKED, works=works), "", AttentionRules(), NOW)

    assert page.sealed
    assert page.after_posting is None
    assert page.history == ((NOW - 20 * DAY, 100.0),)
    assert page.picture is None


def test_lost_work_counts_nothing() -> None:
    page = lay_out(replace(ASKED, work=None), "", AttentionRules(), NOW)

    assert page.student is not None
    assert (page.student.missing, page.waiting, page.history, page.rows) == (None, None, (), ())


def test_who_left_needs_no_attention() -> None:
    asked = replace(ASKED, student=replace(MAYA, state="completed"))
    page = lay_out(asked, "", AttentionRules(), NOW)

    assert page.student is not None
    assert page.student.attention == ()


def test_limit_holds_where_every_role_has_it() -> None:
    def course(*limits: bool) -> Course:
        roles = [
            CourseEnrollment(type="ta", limit_privileges_to_course_section=limit)
            for limit in limits
        ]
        return Course(id="1", enrollments=[*roles, CourseEnrollment(type="student")])

    assert sees_own_sections(course(True, True))
    assert not sees_own_sections(course(True, False))
    assert not sees_own_sections(course())
