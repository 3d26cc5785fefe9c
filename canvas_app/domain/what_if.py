"""Scores that somebody tries out, and what a goal takes: as typed, and as answered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation

from canvas_app.canvas.models import Assignment
from canvas_app.domain import grade_calculator
from canvas_app.domain.grade_book import can_try, float_of
from canvas_app.domain.grade_calculator import Book
from canvas_app.domain.queries import Query

HIGHEST_SCORE = Decimal(1_000_000)  # no score or goal is higher
SCORE_FIELD = re.compile(r"s\d{1,20}")  # short: the form sends a field for each assignment


@dataclass(frozen=True)
class WhatIf:
    """What somebody tries on a grades page; ``scores`` by assignment and ``goal`` as typed."""

    period: str = ""
    scores: Mapping[str, str] = field(default_factory=dict)
    goal: str = ""

    @classmethod
    def from_query(cls, args: Query) -> "WhatIf":
        """Read period, goal, and s<assignment id> for each score."""
        given = {name: value.strip() for name, value in args.items(multi=True)}
        return cls(
            period=given.get("period", ""),
            scores={
                name[1:]: value
                for name, value in given.items()
                if value and SCORE_FIELD.fullmatch(name)
            },
            goal=given.get("goal", ""),
        )


@dataclass(frozen=True)
class Aim:
    """The answer to a goal; see :class:`canvas_app.domain.grade_calculator.Goal`."""

    wanted: float
    state: str
    needed: float | None
    least: float | None
    best: float | None
    open_work: int  # how many pieces


@dataclass(frozen=True)
class Problem:
    """A value that was typed and not taken, or taken with a warning."""

    about: str  # an assignment's name, or goal
    text: str


def typed(text: str) -> Decimal | None:
    """A number as people type it: 8.5, 8,5, 85 %."""
    try:
        value = Decimal(text.replace("%", "").replace(",", ".").replace("\u2212", "-").strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def tried_scores(
    scores: Mapping[str, str], assignments: Mapping[str, Assignment], book: Book
) -> tuple[dict[str, Decimal], list[Problem]]:
    """The scores that can be tried, and what is wrong with the others."""
    works = {work.id: work for work in book.work}
    found: dict[str, Decimal] = {}
    problems: list[Problem] = []
    for id_, text in scores.items():
        if id_ not in assignments or not can_try(works[id_]):
            continue
        name, points, value = assignments[id_].name or "", works[id_].points, typed(text)
        if value is None:
            problems.append(Problem(name, "That is not a number, so it was not tried."))
        elif value < 0:
            problems.append(Problem(name, "A score below 0 was not tried."))
        elif value > HIGHEST_SCORE:
            problems.append(Problem(name, "So high a score was not tried."))
        else:
            found[id_] = value
            if value > points:
                problems.append(
                    Problem(name, f"Counted, though it is above {points.normalize():f} points.")
                )
    return found, problems


def aimed(
    text: str,
    book: Book,
    period: str | None,
    assignments: Mapping[str, Assignment],
    tries: Mapping[str, Decimal],
    now: datetime,
) -> tuple[Aim | None, list[Problem]]:
    """The answer to a goal; closed work that was not handed in cannot help any more."""
    if not text:
        return None, []
    wanted = typed(text)
    if wanted is None or not 0 <= wanted <= HIGHEST_SCORE:
        return None, [Problem("goal", "A goal is a percentage from 0 up, such as 90.")]
    graded = grade_calculator.current(book, period)
    counted = frozenset().union(*(group.kept | group.dropped for group in graded.groups))
    open_work = {
        work.id
        for work in book.work
        if work.id in assignments
        and work.id not in counted
        and work.id not in tries
        and not (work.pending_review and work.score is not None)  # counts as it is, at the end
        and can_try(work)
        and not grade_calculator.is_excused(work)
        and not closed(assignments[work.id], now)
    }
    found = grade_calculator.goal(book, wanted, open_work, period)
    return (
        Aim(
            wanted=float(wanted),
            state=found.state,
            needed=float_of(found.needed),
            least=float_of(found.least),
            best=float_of(found.best),
            open_work=len(open_work),
        ),
        [],
    )


def closed(assignment: Assignment, now: datetime) -> bool:
    """Whether nothing was handed in and nothing can be."""
    own = assignment.own_submission
    waiting = own is not None and (own.submitted_at is not None or own.score is not None)
    hidden = own is not None and own.workflow_state in ("graded", "pending_review")
    return bool(assignment.lock_at and assignment.lock_at <= now and not waiting and not hidden)
