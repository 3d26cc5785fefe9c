"""The calls teachers' pages make about a class: its students, sections and everybody's work."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from canvas_app.canvas.api import HEAVY_OF_ASSIGNMENTS, CanvasAPI
from canvas_app.canvas.errors import CanvasError
from canvas_app.canvas.models import (
    Assignment,
    ClassEnrollment,
    ClassSubmission,
    Course,
    CourseSection,
    GradingPeriod,
    GroupedWork,
    Profile,
)
from canvas_app.domain.class_roll import Student
from canvas_app.domain.courses import TEACHING, roles_of, with_ended
from canvas_app.services.asks import COURSE_INCLUDE, start_ended_in, start_profile
from canvas_app.sources.sources import ListSource, ObjectSource, Sources

CHUNK_ROWS = 400
"""About how many submissions one call for a class's work brings, and ..."""
MOST_STUDENTS = 35
"""... of how many students at most: as much as Canvas's own gradebook asks for at once."""


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
    call = partial(CanvasAPI.assignments, course_id=course.id, exclude=HEAVY_OF_ASSIGNMENTS)
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


def start_weighted_periods(sources: Sources, course: Course) -> ListSource[GradingPeriod] | None:
    """Start the list of grading periods where the totals are made up of theirs."""
    if not course.has_weighted_grading_periods:
        return None
    call = partial(CanvasAPI.grading_periods, course_id=course.id)
    return sources.start("grading periods", call)


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


def chunk_size(works: Sequence[Assignment]) -> int:
    """Return of how many students the submissions are asked for in one list."""
    return max(1, min(MOST_STUDENTS, CHUNK_ROWS // max(1, len(works))))


class ClassWork:
    """Everybody's submissions to everything, asked for in parallel chunks of students.

    Students are named as soon as they are known, always in the same order, so that the chunks are
    the same each time and the cache serves them; then ``last`` is called.
    """

    def __init__(
        self,
        sources: Sources,
        course: Course,
        students: Iterable[Student],
        works: Sequence[Assignment],
        first: Iterable[str] = (),
        *,
        at_once: bool = False,
    ) -> None:
        """``students`` are everybody, or nobody when they are named later.

        Those of ``first`` are asked for before the others, or, ``at_once``, all as they are named.
        """
        self._sources = sources
        self._course_id = course.id
        self._size = chunk_size(works)
        self._at_once = at_once
        self._empty = not works
        self._known: set[str] = set()
        self._chunk: list[str] = []
        self._held: list[tuple[str, ...]] = []
        self._places: dict[str, int] = {}
        self._parts = 0
        self._read: dict[int, Mapping[str, Sequence[ClassSubmission]] | None] = {}
        name = f"class work: {course.name or course.id}"
        self._handle: ListSource[GroupedWork] = sources.start(name, course=course)
        for student in students:
            self.name(student.user_id)
        if self._known:
            self.last(first)

    def name(self, user_id: str) -> None:
        """Ask for a student's work, once there are enough of them for a call."""
        if user_id in self._known or self._empty:
            return
        self._known.add(user_id)
        self._chunk.append(user_id)
        if len(self._chunk) == self._size:
            self._ask()

    def last(self, first: Iterable[str] = ()) -> None:
        """Ask for the rest, because all students are named, with those of ``first`` in front."""
        if self._chunk:
            self._ask()
        wanted = frozenset(first)
        for chunk in sorted(self._held, key=wanted.isdisjoint):
            self._send(chunk)
        self._held.clear()

    def _ask(self) -> None:
        chunk, self._chunk = tuple(self._chunk), []
        if self._at_once:
            self._send(chunk)
        else:
            self._held.append(chunk)

    def _send(self, chunk: tuple[str, ...]) -> None:
        self._places |= dict.fromkeys(chunk, self._parts)
        self._parts += 1
        call = partial(CanvasAPI.work_of_students, course_id=self._course_id, student_ids=chunk)
        self._sources.add(self._handle, call)

    def errors(self) -> list[CanvasError]:
        """Return what came instead of lists; wait for all of them."""
        return [answer.error for answer in self._handle.answers() if answer.error]

    def of(self, user_id: str) -> Sequence[ClassSubmission] | None:
        """Return a student's submissions; None when some are missing, or not yet asked for."""
        place = self._places.get(user_id)
        if place is None:
            return None if user_id in self._known else ()
        if place not in self._read:
            answer = self._handle.answer(place)
            broken = answer.error or answer.why
            self._read[place] = None if broken else by_student(answer.value)
        chunk = self._read[place]
        return None if chunk is None else chunk.get(user_id, ())


def by_student(rows: Iterable[GroupedWork]) -> dict[str, Sequence[ClassSubmission]]:
    """Return submissions by student."""
    return {row.user_id: row.submissions or () for row in rows if row.user_id}


def all_here(handle: ListSource[Any]) -> bool:
    """Return whether all of a list's rows came."""
    return all(not answer.error and not answer.why for answer in handle.answers())


def section_names(rows: Iterable[CourseSection]) -> dict[str, str]:
    """Return section names by id."""
    return {row.id: row.name or f"Section {row.id}" for row in rows if row.id}


def published_works(rows: Iterable[Assignment]) -> list[Assignment]:
    """Return the published assignments, each once."""
    return list({work.id: work for work in rows if work.published is not False}.values())
