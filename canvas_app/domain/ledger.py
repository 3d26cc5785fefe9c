"""The list of submissions: which rows a filter keeps, their order, and their headings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from canvas_app.domain.queries import Query
from canvas_app.domain.rows import SubmissionRow
from canvas_app.domain.status import STATUSES
from canvas_app.domain.submissions import (
    NEVER,
    by_activity,
    latest_activity,
    score_share,
    statuses_of,
    text_of,
)

SORTS = ("activity", "due", "graded", "course", "score")
FOLDED_FROM = 60  # rows; a shorter ledger is read faster than unfolded


@dataclass(frozen=True)
class LedgerFilter:
    """Filters for the list of submissions, and its order. Unknown values are ignored.

    Several courses or statuses mean any of them; all other conditions must hold at once.
    """

    courses: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    late: bool = False
    comments: bool = False
    text: str = ""
    sort: str = SORTS[0]

    @classmethod
    def from_query(cls, args: Query) -> "LedgerFilter":
        """Read course, status, late, comments, q and sort."""
        sorts = [value for value in args.getlist("sort") if value in SORTS]
        return cls(
            courses=frozenset(value for value in args.getlist("course") if value.isdigit()),
            statuses=frozenset(args.getlist("status")) & STATUSES,
            late="1" in args.getlist("late"),
            comments="1" in args.getlist("comments"),
            text=" ".join(args.getlist("q")).strip()[:200],
            sort=sorts[0] if sorts else SORTS[0],
        )

    @property
    def everything(self) -> bool:
        """Return whether no row is filtered out."""
        return replace(self, sort=SORTS[0]) == LedgerFilter()

    def takes(self, row: SubmissionRow) -> bool:
        """Return whether a row stays.

        Its course is not checked, because only the wanted courses are requested.
        """
        return (
            (not self.statuses or bool(self.statuses & statuses_of(row)))
            and (row.late or not self.late)
            and (bool(row.comments) or not self.comments)
            and (not self.text or self.text.casefold() in text_of(row).casefold())
        )


@dataclass(frozen=True)
class LedgerGroup:
    """Rows under one heading: mend, week, month, earlier, untouched, ahead, past, undated, graded,
    ungraded, scored, unscored, or course (with its name)."""

    key: str
    rows: tuple[SubmissionRow, ...]
    name: str = ""
    folded: bool = False
    childrens: bool = False  # of students whom the person observes


def sorted_rows(
    rows: Iterable[SubmissionRow], sort: str, now: datetime
) -> tuple[SubmissionRow, ...]:
    """Return the rows in one of the orders of ``SORTS``; ties go by due date, then by title."""

    def due(row: SubmissionRow) -> tuple[object, ...]:
        """Return the sort key: next due first, then the newest past ones, then undated ones."""
        if row.due_at is None:
            return 2, 0.0, row.title.casefold()
        ahead = row.due_at >= now
        at = row.due_at.timestamp()
        return (0 if ahead else 1), (at if ahead else -at), row.title.casefold()

    def key(row: SubmissionRow) -> tuple[object, ...]:
        match sort:
            case "due":
                return due(row)
            case "graded":
                return -(row.posted_at or NEVER).timestamp(), *due(row)
            case "course":
                at = row.due_at.timestamp() if row.due_at else float("inf")
                return row.course_name.casefold(), row.course_id, at, row.title.casefold()
            case "score":
                found = score_share(row)
                return found is None, -(found or 0.0), *due(row)
            case _:
                return -latest_activity(row).timestamp(), *due(row)

    return tuple(sorted(rows, key=key))


def grouped(
    rows: Sequence[SubmissionRow], wanted: LedgerFilter, now: datetime
) -> tuple[LedgerGroup, ...]:
    """Return the rows under headings that fit their order.

    By activity, what can still be mended comes first, then the last seven days, four weeks, what
    is older, and what nothing happened to yet. Of a long list the last two are folded, unless
    a filter is set: then all of that is open.
    """
    fold = wanted.everything and len(rows) > FOLDED_FROM
    found: dict[tuple[str, str], list[SubmissionRow]] = {}
    for row in rows:
        found.setdefault(ledger_heading(row, wanted.sort, now), []).append(row)
    if wanted.sort == "activity":
        order = ("mend", "week", "month", "earlier", "untouched")
        found = {(key, ""): found[key, ""] for key in order if (key, "") in found}
    late = ("earlier", "untouched", "ungraded", "unscored")
    return tuple(
        LedgerGroup("course" if name else key, tuple(members), name, folded=fold and key in late)
        for (key, name), members in found.items()
    )


def ledger_weight(row: SubmissionRow) -> int:
    """Return how much of a page a row takes; one without comments and rubric counts 20."""
    tags = sum((comment.html or "").count("<") for comment in row.comments)
    criteria = 4 + 6 * len(row.rubric) if row.rubric else 0
    comments = 5 + 8 * len(row.comments) + tags // 2 if row.comments else 0
    return 20 + comments + criteria


def ledger_heading(row: SubmissionRow, sort: str, now: datetime) -> tuple[str, str]:
    """Return the key of a row's heading, and its text where that is a course's name."""
    match sort:
        case "due":
            past = row.due_at is not None and row.due_at < now
            return ("past" if past else "ahead" if row.due_at else "undated"), ""
        case "graded":
            return ("graded" if row.posted_at else "ungraded"), ""
        case "course":
            return f"course {row.course_id}", row.course_name
        case "score":
            return ("unscored" if score_share(row) is None else "scored"), ""
        case _:
            return by_activity(row, now), ""
