"""The calls teachers' pages make about a class: its students, sections and everybody's work."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    ClassEnrollment,
    ClassSubmission,
    Course,
    CourseSection,
    Profile,
)
from canvas_app.domain.class_roll import Student
from canvas_app.domain.courses import TEACHING, roles_of, with_ended
from canvas_app.services.asks import COURSE_INCLUDE, start_ended_in, start_profile
from canvas_app.sources.sources import ListSource, ObjectSource, Sources

CHUNK_ROWS = 200
"""About how many submissions one list of a class's work holds: two of Canvas's pages."""
MOST_STUDENTS = 100  # Canvas refuses longer lists


class StaffOnly(Exception):
    """The page is for people who grade in the course, and this person does not."""


@dataclass(frozen=True)
class StartedClass:
    """A course whose class has been asked for; ``works`` are its assignments."""

    course: Course
    works: ListSource[Assignment]
    sections: ListSource[CourseSection]
    profile: ObjectSource[Profile]


def start_class(sources: Sources, course_id: str) -> StartedClass:
    """Ask for a course by its id and, in parallel, for its sections and assignments.

    Raise the CanvasError that Canvas gives for the course itself, and StaffOnly when the person
    does not grade there. Who does is told by the roles and, for administrators, by the counts that
    Canvas gives to nobody else (``needs_grading_count``).
    """
    asked = sources.start_one(
        "course", partial(CanvasAPI.course, course_id=course_id, include=COURSE_INCLUDE)
    )
    asked.needs()  # the course's name and roles come without any
    unnamed = Course(id=course_id)
    works = start_class_assignments(sources, unnamed)
    sections = start_sections(sources, unnamed)
    profile = start_profile(sources)
    course = asked.required()
    ended = start_ended_in(sources, course)
    if ended:
        course = with_ended(course, ended.rows())
    if TEACHING.isdisjoint(roles_of(course)):
        if works.error and not works.denied:
            raise works.error
        if all(work.needs_grading_count is None for work in works.rows()):
            raise StaffOnly
    return StartedClass(course, works, sections, profile)


def start_class_assignments(sources: Sources, course: Course) -> ListSource[Assignment]:
    call = partial(CanvasAPI.assignments, course_id=course.id)
    about = course if course.name else None
    name = f"grading: {course.name}" if course.name else "assignments"
    return sources.start(name, call, course=about)


def start_students(
    sources: Sources, course: Course, states: Sequence[str] = ("active",), period_id: str = ""
) -> ListSource[ClassEnrollment]:
    """Start the list of a course's students in these stored states."""
    call = partial(CanvasAPI.class_enrollments, course_id=course.id, states=tuple(states))
    if period_id:
        call = partial(call, period_id=period_id)
    return sources.start(f"students: {course.name or course.id}", call, course=course)


def start_sections(sources: Sources, course: Course) -> ListSource[CourseSection]:
    return sources.start("sections", partial(CanvasAPI.sections, course_id=course.id))


def start_class_work(
    sources: Sources, course: Course, works: Sequence[Assignment]
) -> ListSource[ClassSubmission]:
    """Start one list of everybody's submissions for each of these assignments."""
    return sources.start(
        f"class work: {course.name or course.id}",
        *(
            partial(CanvasAPI.class_submissions, course_id=course.id, assignment_ids=(work.id,))
            for work in works
        ),
        course=course,
    )


def whole_lists(
    works: Sequence[Assignment], handle: ListSource[ClassSubmission]
) -> dict[str, list[ClassSubmission]]:
    """Return submissions by assignment, for each list that came whole."""
    return {
        work.id: answer.value
        for work, answer in zip(works, handle.answers(), strict=True)
        if not answer.error and not answer.why
    }


class ClassWork:
    """Everybody's submissions to everything, asked for in parallel chunks of students.

    The chunks are the same for every page of a course, so that the cache serves them all; those
    of ``first`` are asked for before the others.
    """

    def __init__(
        self,
        sources: Sources,
        course: Course,
        students: Sequence[Student],
        works: Sequence[Assignment],
        first: Iterable[str] = (),
    ) -> None:
        size = max(1, min(MOST_STUDENTS, CHUNK_ROWS // max(1, len(works))))
        ids = [student.user_id for student in students] if works else []
        chunks = [tuple(ids[at : at + size]) for at in range(0, len(ids), size)]
        wanted = frozenset(first)
        chunks.sort(key=lambda chunk: wanted.isdisjoint(chunk))
        self._places = {id_: place for place, chunk in enumerate(chunks) for id_ in chunk}
        self._read: dict[int, Mapping[str, list[ClassSubmission]] | None] = {}
        self._handle = sources.start(
            f"class work: {course.name or course.id}",
            *(
                partial(CanvasAPI.class_submissions, course_id=course.id, student_ids=chunk)
                for chunk in chunks
            ),
            course=course,
        )

    def of(self, user_id: str) -> Sequence[ClassSubmission] | None:
        """Return a student's submissions; None when some are missing."""
        place = self._places.get(user_id)
        if place is None:
            return ()
        if place not in self._read:
            answer = self._handle.answer(place)
            found: dict[str, list[ClassSubmission]] | None = None
            if not answer.error and not answer.why:
                found = {}
                for row in answer.value:
                    found.setdefault(row.user_id or "", []).append(row)
            self._read[place] = found
        chunk = self._read[place]
        return None if chunk is None else chunk.get(user_id, ())


def all_here(handle: ListSource[Any]) -> bool:
    """Return whether all of a list's rows came."""
    return all(not answer.error and not answer.why for answer in handle.answers())


def section_names(rows: Iterable[CourseSection]) -> dict[str, str]:
    """Return section names by id."""
    return {row.id: row.name or f"Section {row.id}" for row in rows if row.id}


def published_works(rows: Iterable[Assignment]) -> list[Assignment]:
    """Return the published assignments, each once."""
    return list({work.id: work for work in rows if work.published is not False}.values())
