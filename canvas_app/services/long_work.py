"""A whole class's work for a file: asked for a few students at a time, then forgotten.

A page keeps all its answers until it is sent. A file must not, because the memory would grow with
the class.
"""

from collections.abc import Callable, Iterator, Sequence

from canvas_app.canvas.errors import AuthorizationError
from canvas_app.canvas.models import Assignment, ClassSubmission, Course
from canvas_app.domain.class_roll import Student
from canvas_app.services.class_looks import ClassWork, chunk_size
from canvas_app.sources.answer import Source
from canvas_app.sources.sources import Sources

CHUNKS_AT_ONCE = 3
"""Lists in flight at a time; each holds about 400 submissions."""


class LongWork:
    """Everybody's submissions, student by student.

    ``new_sources`` makes the sources for one window of students; each has a deadline of its own.
    ``lost`` are the sources from which something was missing.
    """

    def __init__(
        self,
        new_sources: Callable[[], Sources],
        course: Course,
        students: Sequence[Student],
        works: Sequence[Assignment],
    ) -> None:
        self._new_sources = new_sources
        self._course = course
        self._works = works
        self._step = chunk_size(works) * CHUNKS_AT_ONCE
        self._students = students
        self.lost: list[Source] = []

    def each(self) -> Iterator[tuple[Student, Sequence[ClassSubmission] | None]]:
        """Yield every student with their submissions; None where Canvas refuses some of them.

        Raise any CanvasError other than a refusal, because later calls would fail with the same
        one.
        """
        for at in range(0, len(self._students), self._step):
            window = self._students[at : at + self._step]
            sources = self._new_sources()
            work = ClassWork(sources, self._course, window, self._works, anew=True)
            for error in work.errors():
                if not isinstance(error, AuthorizationError):
                    raise error
            self.lost += [state for state in sources.states() if not state.here]
            for student in window:
                yield student, work.of(student.user_id)
