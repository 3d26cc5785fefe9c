"""Whether a class's students and totals are as they were, found out in one call.

A list of enrollments has 100 on a page, and each page names the next: for 640 students that is
seven calls, one after another, each time the class is looked at. The course's sections come with
all their students and totals in one answer. As long as that is what it was, the list that is kept
is as good as a new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import ClassEnrollment, Course
from canvas_app.domain.roll_digest import RollMark, digest_by_section, roll_digest
from canvas_app.services.class_looks import FULL_LOOK, NOT_KEPT
from canvas_app.services.class_student import sees_own_sections
from canvas_app.services.classes import RENEWED, all_here
from canvas_app.sources.call import Terms
from canvas_app.sources.sources import Sources

ONE_PAGE = 100
"""Students whose list comes in one call anyway."""


@dataclass(frozen=True)
class RollCall:
    """The terms for the list of active students, and the digest of the class if it is known.

    ``at`` is when the class was asked for, in seconds since 1970.
    """

    at: float
    terms: Terms = RENEWED
    digest: str = ""


def call_roll(
    sources: Sources, course: Course, period_id: str, *, changes: bool
) -> RollCall | None:
    """Ask for the sections with their students; None in an early view that has no answer yet.

    ``changes``: only those of the class's work are asked for on this page. Whoever sees the
    students of some sections only reads the list, because here Canvas lists everybody.
    """
    now = sources.now().timestamp()
    mark = sources.recall(_place(course), RollMark)
    rows = mark.rows if mark else (course.total_students or 0) * bool(period_id)
    if not changes or rows <= ONE_PAGE or sees_own_sections(course):
        return RollCall(now)
    call = partial(CanvasAPI.class_by_section, course_id=course.id)
    name = f"students: {course.name or course.id}"
    asked = sources.start(name, call, course=course, terms=NOT_KEPT)
    if asked.waiting:
        return None
    if not all_here(asked):
        asked.settle("The list of students was read instead.")
        return RollCall(now)
    digest = digest_by_section(asked.rows())
    if mark is None or digest != mark.digest or now - mark.since >= FULL_LOOK:
        return RollCall(now, RENEWED, digest)
    return RollCall(now, Terms(renew=True, lasts=now - mark.since + 1), digest)


def keep_roll(
    sources: Sources, course: Course, called: RollCall, rows: Sequence[ClassEnrollment], period: str
) -> None:
    """Keep what the class is like; ``rows`` are all its active students.

    Their totals are of a grading period, or of the whole course if ``period`` is empty.
    """
    digest = called.digest or ("" if period else roll_digest(rows))
    if not digest or not sources.waits:
        return
    mark = sources.recall(_place(course), RollMark)
    if mark is None or mark.digest != digest or called.at - mark.since >= FULL_LOOK:
        sources.remember(_place(course), RollMark(called.at, len(rows), digest))


def _place(course: Course) -> str:
    return f"class roll {course.id}"
