"""Scores that a person tries out, and what a goal requires: the input and the answer."""

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
MEANT_FIELD = re.compile(r"o\d{1,20}")
GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")  # 1,000 or 1.000.000


@dataclass(frozen=True)
class WhatIf:
    """What a person tries on a grades page; ``scores`` by assignment and ``goal`` as typed.

    ``meant`` are scores above their assignments' points that should count all the same.
    ``offered`` is False where the institution has switched what-if off.
    """

    period: str = ""
    scores: Mapping[str, str] = field(default_factory=dict)
    goal: str = ""
    meant: Mapping[str, str] = field(default_factory=dict)
    offered: bool = True

    @classmethod
    def from_query(cls, args: Query) -> "WhatIf":
        """Read period, goal, s<assignment id> for each score, o<assignment id> if it is meant."""
        given = {name: value.strip() for name, value in args.items(multi=True)}
        return cls(
            period=given.get("period", ""),
            scores={
                name[1:]: value
                for name, value in given.items()
                if value and SCORE_FIELD.fullmatch(name)
            },
            goal=given.get("goal", ""),
            meant={name[1:]: value for name, value in given.items() if MEANT_FIELD.fullmatch(name)},
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
    """A value that was typed and not accepted.

    ``question`` says what to ask the person: "above" (the score is above the points) or "thousand"
    (1,000 may mean one or a thousand). It concerns the assignment ``id``; ``answers`` are the
    values to choose from.
    """

    about: str  # an assignment's name, or goal
    text: str
    question: str = ""
    id: str = ""
    answers: tuple[str, ...] = ()


def readings(text: str) -> tuple[Decimal, ...]:
    """Return what a number may mean as people type it, the smallest first: 8.5, 8,5, 85 %, 1,234.5.

    A comma or point before three digits may stand before a fraction or between thousands.
    """
    plain = text.replace("%", "").replace("\u2212", "-").strip()
    sign, digits = ("-", plain[1:]) if plain[:1] == "-" else ("", plain)
    whole, point, rest = digits.rpartition("." if digits.rfind(".") > digits.rfind(",") else ",")
    grouped = GROUPED.fullmatch(digits)
    if grouped and digits.count(grouped[1]) > 1:  # 1,000,000
        found = [re.sub("[.,]", "", digits)]
    elif grouped and digits[0] != "0":
        found = [digits.replace(",", "."), re.sub("[.,]", "", digits)]
    elif rest and GROUPED.fullmatch(whole) and point not in whole:  # 1,234.5
        found = [f"{re.sub('[.,]', '', whole)}.{rest}"]
    else:
        found = [digits.replace(",", ".")]
    try:
        values = [Decimal(sign + one) for one in found]
    except InvalidOperation:
        return ()
    return tuple(sorted(value for value in values if value.is_finite()))


def typed(text: str) -> Decimal | None:
    """Return the smallest number that a text may mean; None when it means none."""
    return next(iter(readings(text)), None)


def written(value: Decimal) -> str:
    """Return a number that has only one meaning, as a person would type it."""
    return f"{value.normalize():f}"


def tried_scores(
    wanted: WhatIf, assignments: Mapping[str, Assignment], book: Book
) -> tuple[dict[str, Decimal], list[Problem]]:
    """Return the scores that can be tried, and what is wrong with the others."""
    works = {work.id: work for work in book.work}
    found: dict[str, Decimal] = {}
    problems: list[Problem] = []
    for id_, text in wanted.scores.items():
        if id_ not in assignments or not can_try(works[id_]):
            continue
        meant = wanted.meant.get(id_) == text
        problem = asked_back(id_, assignments[id_].name or "", text, works[id_].points, meant=meant)
        if problem:
            problems.append(problem)
        else:
            found[id_] = readings(text)[0]
    return found, problems


def asked_back(id_: str, name: str, text: str, points: Decimal, *, meant: bool) -> Problem | None:
    """Return what is wrong, or to be asked, before a score is tried; None when all is well."""
    values = readings(text)
    if not values:
        return Problem(name, "That is not a number, so it was not tried.")
    if values[0] < 0:
        return Problem(name, "A score below 0 was not tried.")
    if values[0] > HIGHEST_SCORE:
        return Problem(name, "Such a high score was not tried.")
    if len(values) > 1:
        small, large = (written(value) for value in values)
        said = f"“{text}” may be {small} or {large}, so it was not tried."
        return Problem(name, said, "thousand", id_, (small, large))
    if values[0] > points and not meant:
        said = (
            f"{written(values[0])} is above the highest score, {written(points)}; it was not tried."
        )
        return Problem(name, said, "above", id_, (text,))
    return None


def aimed(
    text: str,
    book: Book,
    period: str | None,
    assignments: Mapping[str, Assignment],
    tries: Mapping[str, Decimal],
    now: datetime,
) -> tuple[Aim | None, list[Problem]]:
    """Return the answer to a goal; closed work that was not submitted can no longer help."""
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
    """Return whether nothing was submitted and nothing can be."""
    own = assignment.own_submission
    waiting = own is not None and (own.submitted_at is not None or own.score is not None)
    hidden = own is not None and own.workflow_state in ("graded", "pending_review")
    return bool(assignment.lock_at and assignment.lock_at <= now and not waiting and not hidden)
