"""The best-known Python client, canvasapi, reads this Canvas unchanged and completely."""

import threading
from collections.abc import Iterator

import pytest
from canvasapi import Canvas
from canvasapi.exceptions import Forbidden, InvalidAccessToken, ResourceDoesNotExist
from werkzeug.serving import make_server

from canvas_emulator.campus import Campus
from canvas_emulator.campus.courses import Enrollment
from tests.emulator.harness import Emulator

pytestmark = pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly:UserWarning")


@pytest.fixture
def url(emulator: Emulator) -> Iterator[str]:
    """The emulator of this process on a real socket, so that its campus can be compared."""
    server = make_server("127.0.0.1", 0, emulator.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def campus(emulator: Emulator) -> Campus:
    return emulator.state.campus


@pytest.fixture
def teacher(emulator: Emulator, url: str) -> Canvas:
    return Canvas(url, emulator.token("teacher"))


@pytest.fixture(params=[100, 7])
def size(emulator: Emulator, request: pytest.FixtureRequest) -> int:
    """Rows a page: canvasapi always asks for 100; this Canvas may give fewer."""
    emulator.control(settings={"api_max_per_page": request.param})
    return int(request.param)


def test_who_am_i(emulator: Emulator, teacher: Canvas) -> None:
    """``users/self`` is the owner of the token."""
    me = teacher.get_current_user()
    assert (me.id, me.name) == (emulator.person("teacher").id, emulator.person("teacher").name)


def test_courses(emulator: Emulator, campus: Campus, url: str, size: int) -> None:
    """137 courses over many pages, each once, none missing."""
    person = emulator.person("many")
    canvas = Canvas(url, emulator.token("many"))
    found = [course.id for course in canvas.get_courses()]
    expected = {row.course_id for row in campus.enrollments_of(person.id)}
    assert len(found) == len(set(found)) == 137
    assert set(found) <= expected
    course = canvas.get_course(found[0])
    assert course.name == campus.courses[course.id].name


def taught(emulator: Emulator, campus: Campus) -> int:
    """A course the teacher teaches now."""
    rows = campus.enrollments_of(emulator.person("teacher").id)
    return next(row.course_id for row in rows if len(campus.students_of(row.course_id)) >= 60)


def present(campus: Campus, course_id: int) -> list[Enrollment]:
    """A course's enrollments as lists show them, without the one of the test student."""
    return [
        row
        for row in campus.enrollments_in(course_id)
        if row.state in ("active", "invited") and row.type != "StudentViewEnrollment"
    ]


@pytest.mark.parametrize("who", ["dozen", "teacher", "admin"])
def test_users(emulator: Emulator, campus: Campus, url: str, size: int, who: str) -> None:
    """The roster of a course for a student, its teacher and an administrator."""
    course_id = taught(emulator, campus)
    course = Canvas(url, emulator.token(who)).get_course(course_id)
    found = [user.id for user in course.get_users()]
    assert len(found) >= 64
    assert sorted(found) == sorted({row.user_id for row in present(campus, course_id)})


@pytest.mark.parametrize("who", ["dozen", "teacher", "admin"])
def test_assignments(emulator: Emulator, campus: Campus, url: str, size: int, who: str) -> None:
    """Staff list unpublished assignments too; a student those that are hers."""
    course_id = taught(emulator, campus)
    course = Canvas(url, emulator.token(who)).get_course(course_id)
    found = [work.id for work in course.get_assignments()]
    assert len(found) == len(set(found))
    student = emulator.person("dozen").id
    assert set(found) == {
        work.id
        for work in campus.work_of(course_id)
        if who != "dozen" or (work.published and work.is_for(student))
    }


def test_own_submissions(emulator: Emulator, campus: Campus, url: str, size: int) -> None:
    """A student's own work, in pages that may be short before the last."""
    course_id, student = taught(emulator, campus), emulator.person("dozen").id
    course = Canvas(url, emulator.token("dozen")).get_course(course_id)
    found = [row.assignment_id for row in course.get_multiple_submissions()]
    assert len(found) == len(set(found))
    assert set(found) == {
        work.id for work in campus.work_of(course_id) if work.published and work.is_for(student)
    }


def test_submissions(emulator: Emulator, campus: Campus, teacher: Canvas, size: int) -> None:
    """Submissions of an assignment and of a whole course, through both kinds of paging."""
    course_id = taught(emulator, campus)
    course = teacher.get_course(course_id)
    work = next(work for work in campus.work_of(course_id) if work.published)
    active, tests = (
        {
            row.user_id
            for row in campus.enrollments_in(course_id)
            if row.type == kind and row.state == "active"
        }
        for kind in ("StudentEnrollment", "StudentViewEnrollment")
    )
    rows = campus.submissions_of(work)
    students = {row.id for user, row in rows.items() if user in active}
    # An assignment's list has the test student, too (submissions_api_controller.rb).
    expected = students | {row.id for user, row in rows.items() if user in tests}
    numbered = [row.id for row in course.get_assignment(work.id).get_submissions()]
    assert len(numbered) == len(expected)
    assert set(numbered) == expected
    bookmarked = [
        row.id
        for row in course.get_multiple_submissions(student_ids=["all"], assignment_ids=[work.id])
    ]
    assert len(bookmarked) == len(set(bookmarked))
    assert set(bookmarked) >= students


@pytest.mark.parametrize("who", ["dozen", "teacher", "admin"])
def test_enrollments(emulator: Emulator, campus: Campus, url: str, size: int, who: str) -> None:
    """Enrollments of a course are paged by bookmarks; nothing is lost on the way."""
    course_id = taught(emulator, campus)
    course = Canvas(url, emulator.token(who)).get_course(course_id)
    found = [row.id for row in course.get_enrollments()]
    assert len(found) == len(set(found))
    assert set(found) == {row.id for row in present(campus, course_id)}


def test_somebody_elses_courses(emulator: Emulator, campus: Campus, url: str, size: int) -> None:
    """An administrator reads anybody's courses."""
    user = Canvas(url, emulator.token("admin")).get_user(emulator.person("many").id)
    assert len({course.id for course in user.get_courses()}) == 137


def test_grading_periods(emulator: Emulator, campus: Campus, teacher: Canvas) -> None:
    """A wrapped list is unwrapped."""
    course_id = taught(emulator, campus)
    found = [period.id for period in teacher.get_course(course_id).get_grading_periods()]
    assert found == [period.id for period in campus.courses[course_id].grading_periods]


def test_errors(emulator: Emulator, campus: Campus, url: str) -> None:
    """A bad token, a missing and a foreign course raise what canvasapi has for them."""
    with pytest.raises(InvalidAccessToken):
        Canvas(url, "nonsense").get_current_user()
    student = Canvas(url, emulator.token("newcomer"))
    with pytest.raises(ResourceDoesNotExist):
        student.get_course(99_999_999)
    with pytest.raises(Forbidden):
        student.get_course(taught(emulator, campus))
