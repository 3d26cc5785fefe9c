"""Whom a person observes, and a course as one of these students has it."""

from datetime import UTC, datetime

from canvas_app.canvas.models import (
    Assignment,
    Course,
    CourseEnrollment,
    Observee,
    Submission,
)
from canvas_app.domain.children import (
    Child,
    as_childs,
    childs_event,
    childs_row,
    courses_by_child,
    in_family,
    is_observed,
    observes_nobody,
)
from canvas_app.domain.rows import CourseRow

DAY = datetime(2026, 11, 28, tzinfo=UTC)


def watching(*ids: str | None, more: str = "") -> Course:
    rows = [
        CourseEnrollment(
            type="observer", user_id="9", associated_user_id=id_, enrollment_state="active"
        )
        for id_ in ids
    ]
    own = [CourseEnrollment(type=more, user_id="9", enrollment_state="active")] if more else []
    return Course(id="1", name="Biology", enrollments=rows + own)


def test_courses_by_child():
    one, two = watching("3", "4"), watching("4", None)

    assert courses_by_child([one, two]) == {"3": [one], "4": [one, two]}
    assert courses_by_child([Course(id="2")]) == {}


def test_observed_courses_are_nobodys_own():
    assert is_observed(watching("3"))
    assert not is_observed(watching("3", more="student"))
    assert not is_observed(watching(None))
    assert not is_observed(Course(id="1"))


def test_observes_nobody():
    assert observes_nobody([watching(None)])
    assert not observes_nobody([watching(None), watching("3")])
    assert not observes_nobody([watching(more="student")])


def test_family_is_named_by_the_links_then_by_the_courses():
    linked = [Observee(id="5", name="Salma"), Observee(id="3", short_name="Nadia")]

    found = in_family(["3", "4", "7"], linked, {"4": "Yusuf"})

    assert found == (
        *(Child("5", "Salma"), Child("3", "Nadia")),
        *(Child("7", "Student 7"), Child("4", "Yusuf")),
    )


def test_a_course_as_the_childs_has_that_childs_totals_alone():
    """With several children in one course, each gets their own enrollment."""
    course = watching("3", "4")
    theirs = [
        CourseEnrollment(type="student", user_id=id_, computed_current_score=score)
        for id_, score in (("3", 91.0), ("4", 72.0))
    ]
    seen = Course(id="1", enrollments=[*(course.enrollments or ()), *theirs])

    for id_, score in (("3", 91.0), ("4", 72.0)):
        (only,) = as_childs(course, id_, seen).enrollments or ()
        assert (only.user_id, only.computed_current_score) == (id_, score)


def test_without_the_include_the_child_studies_without_totals():
    (only,) = as_childs(watching("3"), "3", watching("3")).enrollments or ()

    assert (only.type, only.user_id, only.enrollment_state) == ("student", "3", "active")
    assert not only.computed_current_score


def test_row_names_the_child():
    row = childs_row(CourseRow(id="1", name="Biology", roles=("student",)), Child("3", "Nadia"))

    assert (row.child_id, row.child_name, row.roles) == ("3", "Nadia", ("observer",))


def test_dates_are_the_childs_own():
    """For an observer Canvas dates the assignment as for one of several students."""
    work = Assignment(id="7", due_at=DAY.replace(day=1), lock_at=DAY, unlock_at=DAY)
    row = Submission(assignment_id="7", assignment=work, cached_due_date=DAY)

    for alone, lock_at in ((True, DAY), (False, None)):
        found = childs_event(row, alone=alone).assignment
        assert found is not None
        assert (found.due_at, found.lock_at, found.submission) == (DAY, lock_at, row)


def test_pairs_watched():
    assert watching("3", "4", None).watched == {("1", "3"), ("1", "4")}
    assert Observee(id="3").watched == {("", "3")}
