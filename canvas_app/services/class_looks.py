"""Everybody's submissions: all of them once an hour, and in between only what changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from msgspec.structs import astuple

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import CanvasError
from canvas_app.canvas.models import Assignment, ClassSubmission, Course, GroupedWork
from canvas_app.domain.class_roll import Student
from canvas_app.domain.kept_class import (
    KeptClass,
    Looked,
    as_of,
    marks_of,
    merged,
    moved,
    totals_of,
    unexplained,
    without_counts,
)
from canvas_app.sources.call import Terms
from canvas_app.sources.sources import ListSource, Sources

CHUNK_ROWS = 400
"""Submissions that one call for a class's work should bring, about."""
MOST_STUDENTS = 35
"""Students in one such call at most, as many as Canvas's own gradebook asks for at once."""
FULL_LOOK = 3600.0
"""Seconds after which all of a class's work is asked for, and not only what changed."""
CLOCKS_DIFFER = 120.0
"""Seconds by which the changes asked for overlap, because Canvas's clock may differ from ours."""
NOT_KEPT = Terms(keep=False)


def chunk_size(works: Sequence[Assignment]) -> int:
    """Return for how many students one call asks for submissions."""
    return max(1, min(MOST_STUDENTS, CHUNK_ROWS // max(1, len(works))))


class ClassWork:
    """Everybody's submissions to everything, asked for in parallel chunks of students.

    Call ``name`` for each student as soon as they are known, then ``last`` once. Submissions kept
    from an earlier page are used, with what has changed since; ``finish`` keeps all for the next
    page.
    """

    def __init__(
        self,
        sources: Sources,
        course: Course,
        students: Sequence[Student],
        works: Sequence[Assignment],
        first: Iterable[str] = (),
        *,
        at_once: bool = False,
        anew: bool = False,
    ) -> None:
        """``students`` is the whole class, or empty if ``name`` is called for each of them later.

        The work of the students in ``first`` is asked for before that of the others; with
        ``at_once``, in the order in which they are named instead. ``anew`` ignores what was kept.
        """
        self._sources = sources
        self._course = course
        self._works = {work.id: work for work in works}
        self._size = chunk_size(works)
        self._at_once = at_once
        self._named: dict[str, None] = {}
        self._chunk: list[str] = []
        self._held: list[tuple[str, ...]] = []
        self._places: dict[str, int] = {}
        self._parts = 0
        self._columns: list[int] = []
        self._read: dict[int, Mapping[str, Sequence[ClassSubmission]] | None] = {}
        self._newer: dict[str, list[ClassSubmission]] = {}
        self._students: Sequence[Student] = ()
        self._period_id = ""
        self._started = sources.now()
        name = f"class work: {course.name or course.id}"
        self._handle: ListSource[GroupedWork] = sources.start(name, course=course)
        self._kept = sources.recall(self._place, KeptClass) if works and not anew else None
        self._full = self._kept is None or self._age(self._kept.all_at) >= FULL_LOOK
        self._changes = self._start_changes()
        for student in students:
            self.name(student.user_id)
        if self._named:
            self.last(first, students)

    @property
    def looked(self) -> Looked:
        """Return when everybody's work was asked for, and since when only changes were."""
        if self._full or self._kept is None:
            lost = any(self._part(place) is None for place in range(self._parts))
            return Looked() if lost else Looked(self._started)
        return Looked(_moment(self._kept.all_at), _moment(self._kept.asked_at))

    @property
    def asks_for_changes(self) -> bool:
        """Return whether what is kept is used, with the changes since, which are asked for."""
        return self._changes is not None

    def name(self, user_id: str) -> None:
        """Note a student; ask for the work of a full chunk of them, unless it is kept."""
        if user_id in self._named or not self._works:
            return
        self._named[user_id] = None
        if self._full or self._kept is None or user_id not in self._kept.students:
            self._add(user_id)

    def last(
        self, first: Iterable[str] = (), students: Sequence[Student] = (), period_id: str = ""
    ) -> None:
        """Ask for the rest, because all students have been named; those of ``first`` come first.

        ``students`` carry Canvas's totals of the grading period ``period_id`` (empty: of the whole
        course). They show whose work must have changed.
        """
        self._students, self._period_id = students, period_id
        if self._changes is not None and self._sources.waits:
            self._look_closer()
        if self._chunk:
            self._ask()
        wanted = frozenset(first)
        for chunk in sorted(self._held, key=wanted.isdisjoint):
            self._send(chunk)
        self._held.clear()

    def errors(self) -> list[CanvasError]:
        """Return the errors of the calls that failed, after waiting for all calls."""
        return [answer.error for answer in self._handle.answers() if answer.error]

    def of(self, user_id: str) -> Sequence[ClassSubmission] | None:
        """Return a student's submissions; None when some are missing or have not been asked for.

        If the call for them fails, those kept from an earlier page are returned.
        """
        place = self._places.get(user_id)
        if place is not None:
            chunk = self._part(place)
            if chunk is not None:
                return chunk.get(user_id, ())
        if self._kept is not None and user_id in self._kept.students:
            return self._from_kept(user_id)
        return None if user_id in self._named else ()

    def finish(self, *, whole: bool) -> None:
        """Keep what is known for the next page, if the list of assignments is ``whole``."""
        if not (whole and self._works and self._sources.waits):
            return
        if not (self._parts or self._changes):
            return  # nothing was asked for
        came = all(self._part(place) is not None for place in range(self._parts))
        kept = KeptClass(0.0, 0.0, {}, {}, {}) if self._kept is None else self._kept
        known = self._known_rows(kept)
        changes_came = self._changes is None or self._changes.source().here
        started = self._started.timestamp()
        renewed = self._full and (came or self._kept is None)
        totals, marks = dict(kept.totals), kept.works
        if came or self._full:
            active = [one for one in self._students if one.user_id in known]
            marks = marks_of(self._works.values(), active_rows(active, known))
            marks = marks if came else without_counts(marks)
            totals = {} if self._full else totals
            totals[self._period_id] = {one.user_id: totals_of(one) for one in active}
        rows = {id_: [astuple(row) for row in mine] for id_, mine in known.items()}
        fresh = (
            started if renewed else kept.all_at,
            started if renewed or (changes_came and not self._full) else kept.asked_at,
        )
        self._sources.remember(self._place, (*fresh, rows, marks, totals))

    @property
    def _place(self) -> str:
        return f"class work {self._course.id}"

    def _age(self, at: float) -> float:
        return self._started.timestamp() - at

    def _start_changes(self) -> ListSource[ClassSubmission] | None:
        """Ask for what changed, unless that was done a moment ago or all is asked for anyway."""
        if self._full or self._kept is None or self._sources.recent(self._kept.asked_at):
            return None
        since = _moment(self._kept.asked_at - CLOCKS_DIFFER)
        call = partial(CanvasAPI.class_submissions, course_id=self._course.id)
        return self._sources.start(
            f"changed class work: {self._course.name or self._course.id}",
            partial(call, submitted_since=since),
            partial(call, graded_since=since),
            course=self._course,
            terms=NOT_KEPT,
        )

    def _look_closer(self) -> None:
        """Read what changed, and ask again for work that must have changed without being listed.

        If that is more than a quarter of the assignments or students, everybody's work is asked
        for. What reveals an unlisted change is described in :mod:`canvas_app.domain.kept_class`.
        """
        if self._kept is None or self._changes is None:
            return
        for row in self._changes.rows():
            self._newer.setdefault(row.user_id or "", []).append(row)
        active = [one for one in self._students if one.user_id in self._kept.students]
        rows = {one.user_id: self._from_kept(one.user_id) for one in active}
        marks = marks_of(self._works.values(), active_rows(active, rows))
        columns = moved(marks, self._kept.works)
        much = 4 * len(columns) > max(len(marks), 8)
        changed = {*self._newer, *(self._ask_for_columns(columns, rows) if not much else ())}
        totals = self._kept.totals.get(self._period_id, {})
        again = unexplained(active, totals, changed)
        if much or 4 * len(again) > max(len(active), 8):
            self._full = True
            asked = {*self._places, *self._chunk}
            again = [id_ for id_ in self._named if id_ not in asked]
        for user_id in again:
            self._add(user_id)

    def _ask_for_columns(
        self, columns: Sequence[str], rows: Mapping[str, Sequence[ClassSubmission]]
    ) -> set[str]:
        """Ask for everybody's submissions to these assignments; return the students with changes.

        ``rows`` are the kept submissions by student.
        """
        if not columns:
            return set()
        place = self._parts
        self._columns.append(place)
        self._send(("all",), columns)
        found = self._part(place) or {}
        return {
            user_id
            for user_id, mine in rows.items()
            if {astuple(row) for row in found.get(user_id, ())} - {astuple(row) for row in mine}
        }

    def _add(self, user_id: str) -> None:
        self._chunk.append(user_id)
        if len(self._chunk) == self._size:
            self._ask()

    def _ask(self) -> None:
        chunk, self._chunk = tuple(self._chunk), []
        if self._at_once:
            self._send(chunk)
        else:
            self._held.append(chunk)

    def _send(self, chunk: tuple[str, ...], assignment_ids: Sequence[str] = ()) -> None:
        if not assignment_ids:
            self._places |= dict.fromkeys(chunk, self._parts)
        self._parts += 1
        call = partial(CanvasAPI.work_of_students, course_id=self._course.id, student_ids=chunk)
        if assignment_ids:
            call = partial(call, assignment_ids=tuple(assignment_ids))
        self._sources.add(self._handle, call, NOT_KEPT)

    def _part(self, place: int) -> Mapping[str, Sequence[ClassSubmission]] | None:
        """Return one call's submissions by student; None if not all of them are here."""
        if place not in self._read:
            answer = self._handle.answer(place)
            broken = answer.error or answer.why
            self._read[place] = None if broken else by_student(answer.value)
        return self._read[place]

    def _from_kept(self, user_id: str) -> list[ClassSubmission]:
        kept = () if self._kept is None else self._kept.students.get(user_id, ())
        newer: list[ClassSubmission] = list(self._newer.get(user_id, ()))
        for place in self._columns:
            newer += (self._part(place) or {}).get(user_id, ())
        rows = merged(kept, newer)
        as_of(rows, self._works, self._started)
        return rows

    def _known_rows(self, kept: KeptClass) -> dict[str, Sequence[ClassSubmission]]:
        """Return all submissions to keep, by student.

        If everybody's work was asked for, only that of the named students, because others have
        left.
        """
        names = self._named if self._full else {**dict.fromkeys(kept.students), **self._named}
        found = {id_: self.of(id_) for id_ in names}
        return {id_: rows for id_, rows in found.items() if rows is not None}


def by_student(rows: Iterable[GroupedWork]) -> dict[str, Sequence[ClassSubmission]]:
    """Return submissions by student."""
    return {row.user_id: row.submissions or () for row in rows if row.user_id}


def active_rows(
    students: Iterable[Student], rows: Mapping[str, Sequence[ClassSubmission]]
) -> Iterator[Sequence[ClassSubmission]]:
    """Return the submissions of the active students; only theirs count as waiting in Canvas."""
    return (rows[one.user_id] for one in students if one.state == "active")


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
