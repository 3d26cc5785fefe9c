"""How a class did in one assignment: the spread of its scores, and each student's submission."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, quantiles

from msgspec import Struct

from canvas_app.canvas.models import Assignment, ClassSubmission
from canvas_app.domain.class_roll import Student
from canvas_app.domain.class_work import is_lacking, is_sealed, teacher_status, waits

BINS = 10


class Bin(Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """Scores from ``start`` up to ``end``; only the last bin includes its ``end``."""

    start: float
    end: float
    count: int


class Distribution(Struct, frozen=True):
    """Graded scores of a class, unposted ones too; None where there are none. Quartiles as by the
    inclusive method: the lowest score is the 0th percentile, the highest the 100th."""

    count: int
    mean: float | None = None
    median: float | None = None
    q1: float | None = None
    q3: float | None = None
    min: float | None = None
    max: float | None = None
    bins: tuple[Bin, ...] = ()

    @property
    def highest_bar(self) -> int:
        return max((each.count for each in self.bins), default=0)


@dataclass(frozen=True)
class NotHandedIn:
    user_id: str
    name: str


@dataclass(frozen=True)
class ScoreRow:
    """A student's submission as a grader sees it."""

    user_id: str
    name: str
    sections: tuple[str, ...]
    status: str
    score: float | None
    grade: str | None
    late: bool
    submitted_at: datetime | None
    graded_at: datetime | None
    posted_at: datetime | None


@dataclass(frozen=True)
class ClassResult:
    """A class's result; when ``anonymous``, ``not_submitted`` and ``rows`` are empty."""

    distribution: Distribution
    not_submitted: tuple[NotHandedIn, ...] = ()
    rows: tuple[ScoreRow, ...] = ()
    anonymous: bool = False
    late: int = 0
    waiting: int = 0
    hidden: int = 0  # graded and not posted
    lacking: int = 0


def class_result(
    work: Assignment,
    submissions: Iterable[ClassSubmission],
    students: Sequence[Student],
    now: datetime,
) -> ClassResult:
    """Return these students' result in an assignment."""
    by_id = {row.user_id: row for row in submissions}
    mine = [(student, by_id[student.user_id]) for student in students if student.user_id in by_id]
    rows = [row for _, row in mine]
    sealed = is_sealed(work, rows)
    scores = [row.score for row in rows if row.score is not None and not row.excused]
    return ClassResult(
        distribution=distribution(scores, work.points_possible),
        not_submitted=tuple(
            NotHandedIn(student.user_id, student.name)
            for student, row in mine
            if is_lacking(row) and not sealed
        ),
        rows=() if sealed else tuple(score_row(student, row, work, now) for student, row in mine),
        anonymous=sealed,
        late=sum(bool(row.late) for row in rows),
        waiting=sum(map(waits, rows)),
        hidden=sum(
            row.score is not None and not row.excused and row.posted_at is None for row in rows
        ),
        lacking=sum(map(is_lacking, rows)),
    )


def score_row(student: Student, row: ClassSubmission, work: Assignment, now: datetime) -> ScoreRow:
    return ScoreRow(
        user_id=student.user_id,
        name=student.name,
        sections=student.sections,
        status=teacher_status(row, work, now),
        score=row.score,
        grade=row.grade,
        late=bool(row.late),
        submitted_at=row.submitted_at,
        graded_at=row.graded_at,
        posted_at=row.posted_at,
    )


def distribution(scores: Sequence[float], points: float | None) -> Distribution:
    """Return the spread of scores, in bins from 0 to the points, or as far as scores reach."""
    if not scores:
        return Distribution(0)
    low, high = min(scores), max(scores)
    # All quartiles of a single score are that score.
    q1, median, q3 = quantiles(scores, n=4, method="inclusive") if len(scores) > 1 else [low] * 3
    bottom, top = min(0.0, low), max(points or 0.0, high)
    return Distribution(
        count=len(scores),
        mean=round(fmean(scores), 4),
        median=round(median, 4),
        q1=round(q1, 4),
        q3=round(q3, 4),
        min=low,
        max=high,
        bins=bins(scores, bottom, top if top > bottom else bottom + 1),
    )


def bins(scores: Iterable[float], bottom: float, top: float) -> tuple[Bin, ...]:
    width = (top - bottom) / BINS
    counts = [0] * BINS
    for score in scores:
        counts[min(int((score - bottom) / width), BINS - 1)] += 1
    edges = [round(bottom + width * place, 4) for place in range(BINS + 1)]
    return tuple(Bin(edges[n], edges[n + 1], count) for n, count in enumerate(counts))
