"""A student's total as Canvas computes it: drop rules, weights, grading periods, what-if, goal.

The rules are those of canvas-lms ``lib/grade_calculator.rb`` (the totals Canvas stores) and
``app/models/grading_standard.rb`` (letters), read in the version of 2024:

- Work counts when it is published, gradeable and not omitted from the final grade.
- *current* counts what has a posted score and does not wait for a review; *final* counts
  everything, and what has no posted score as 0. Excused work counts in neither. Work whose
  submission is not posted is treated as if nothing had been handed in, even when it is excused.
  When the enrollment is concluded, *final* leaves out work without a posted submission.
- Each group drops its lowest and highest scores so that the group's percentage becomes as high
  (as low) as it can; work is worth different points, so this is no sorting by percentage but the
  bisection of D. and J. Kane, "Dropping Lowest Grades". One score is always kept.
- A weighted course adds up percentage times weight of the groups that have points, and scales up
  when their weights are less than 100, never down. Otherwise points are added up.
- Weighted grading periods: each period is computed and rounded by itself, then combined in the
  same manner; in *final* a period without work counts as 0.
- Totals are rounded to two decimals, half away from zero, and the letter is that of the rounded
  total.

Everything is :class:`~decimal.Decimal`, because Canvas sums in BigDecimal: 0.1 + 0.2 is 0.3, and
a total that ends in 5 rounds as it does there.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

ZERO, HUNDRED, CENT = Decimal(0), Decimal(100), Decimal("0.01")
STEPS = 1000
"""A goal is answered in tenths of a percent."""


@dataclass(frozen=True)
class Work:
    """An assignment with the student's submission; ``score`` is after any late penalty.

    ``counts``: published, gradeable, not omitted. ``posted``: the student may see the grade.
    ``present``: a submission row exists. ``period_id``: by the student's own due date.
    """

    id: str
    group_id: str
    points: Decimal = ZERO
    score: Decimal | None = None
    excused: bool = False
    posted: bool = True
    pending_review: bool = False
    counts: bool = True
    present: bool = True
    period_id: str | None = None


@dataclass(frozen=True)
class Group:
    """An assignment group; ``never_drop`` holds assignment ids."""

    id: str
    weight: Decimal = ZERO
    drop_lowest: int = 0
    drop_highest: int = 0
    never_drop: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Period:
    id: str
    weight: Decimal = ZERO


@dataclass(frozen=True)
class Book:
    """Everything that a student's total in one course is computed from."""

    work: tuple[Work, ...]
    groups: tuple[Group, ...]
    weighted: bool = False  # by group
    periods: tuple[Period, ...] = ()  # only periods that have a weight
    concluded: bool = False  # every enrollment of the student is completed


@dataclass(frozen=True)
class GroupTotal:
    """A group's ``percent`` and its ``contribution`` to the total; both None without points."""

    id: str
    weight: Decimal
    earned: Decimal
    possible: Decimal
    percent: Decimal | None
    contribution: Decimal | None
    kept: frozenset[str]
    dropped: frozenset[str]


@dataclass(frozen=True)
class PeriodTotal:
    id: str
    weight: Decimal
    percent: Decimal | None
    contribution: Decimal | None


@dataclass(frozen=True)
class Total:
    """A total; ``percent`` is None when nothing has points yet."""

    percent: Decimal | None
    groups: tuple[GroupTotal, ...]
    periods: tuple[PeriodTotal, ...] = ()

    @property
    def dropped(self) -> frozenset[str]:
        return frozenset().union(*(group.dropped for group in self.groups))


@dataclass(frozen=True)
class Goal:
    """What the open work must score for a given final total.

    ``state``: certain (even with nothing more), reachable (with ``needed`` percent on each piece of
    open work), impossible, or nothing_open. ``least`` and ``best`` are the final totals with 0 %
    and with 100 % on the open work.
    """

    wanted: Decimal
    state: str
    needed: Decimal | None
    least: Decimal | None
    best: Decimal | None


def current(book: Book, period_id: str | None = None) -> Total:
    """Return the total of graded work, of one grading period or of the course."""
    return _total(book, period_id, graded_only=True)


def final(book: Book, period_id: str | None = None) -> Total:
    """Return the total if nothing more is submitted or graded."""
    return _total(book, period_id, graded_only=False)


def what_if(book: Book, scores: Mapping[str, Decimal]) -> Book:
    """Return the book as if these scores had been given and posted.

    Excused work counts once a score is tried for it, as in Canvas's own What-if (Canvas: The grade
    calculator).
    """
    return replace(
        book,
        work=tuple(
            replace(
                work,
                score=scores[work.id],
                excused=False,
                posted=True,
                pending_review=False,
                present=True,
            )
            if work.id in scores
            else work
            for work in book.work
        ),
    )


def goal(
    book: Book, wanted: Decimal, open_work: Collection[str], period_id: str | None = None
) -> Goal:
    """Return the least percentage on each piece of ``open_work`` for the wanted final total."""
    worth = [w for w in book.work if w.id in open_work and w.counts and not is_excused(w)]
    points = {work.id: work.points for work in worth if work.points}

    def reached(tenths: int) -> Decimal | None:
        share = Decimal(tenths) / STEPS
        scores = {id_: possible * share for id_, possible in points.items()}
        return final(what_if(book, scores), period_id).percent

    least, best = reached(0), reached(STEPS)
    if least is not None and least >= wanted:
        return Goal(wanted, "certain", None, least, best)
    if not points:
        return Goal(wanted, "nothing_open", None, least, best)
    if best is None or best < wanted:
        return Goal(wanted, "impossible", None, least, best)
    low, high = 0, STEPS  # ``high`` always reaches the total
    while high - low > 1:
        middle = (low + high) // 2
        total = reached(middle)
        if total is not None and total >= wanted:
            high = middle
        else:
            low = middle
    return Goal(wanted, "reachable", Decimal(high) / 10, least, best)


def letter(
    percent: Decimal, scheme: Sequence[tuple[str, Decimal]], scale: Decimal | None = None
) -> str | None:
    """Return the letter of a total; ``scheme`` has names with their least share, 0.94 for 94 %.

    ``scale`` is the highest value of a scheme based on points, 4.0 for example. The total is first
    converted to such points, which Canvas rounds to two decimals.
    """
    rows = sorted(scheme, key=lambda row: row[1], reverse=True)
    value = max(percent, ZERO)
    if scale:
        step = HUNDRED / scale
        value = rounded(rounded(value / step) * step)
    reached = (name for name, least in rows if value >= least * HUNDRED)
    return next(reached, rows[-1][0] if rows else None)


def shares(book: Book, period_id: str | None = None) -> dict[str, Decimal]:
    """Return the percent of the final total that full marks on each counting piece of work give.

    The rules are those of the total: weights that sum to less than 100 are scaled up, others stay;
    a group without points gives nothing; dropped work leaves more weight to the work that is kept.
    Because nobody knows yet which work will be dropped, each piece is computed as one that is kept.
    Where points or weights below zero leave no whole, there is no share of it.
    """
    if period_id is None and book.periods:
        scale = min(sum((period.weight for period in book.periods), ZERO), HUNDRED)
        if scale <= 0:
            return {}
        return {
            id_: share * period.weight / scale
            for period in book.periods
            if period.weight
            for id_, share in shares(book, period.id).items()
        }
    works = _counted(book, period_id, graded_only=False)
    parts = [(group, [w for w in works if w.group_id == group.id]) for group in book.groups]
    sums = {group.id: _points(drop(mine, group)) for group, mine in parts}
    full = sum((group.weight for group, _ in parts if sums[group.id]), ZERO)
    everything = sum(sums.values(), ZERO)
    found: dict[str, Decimal] = {}
    for group, mine in parts:
        possible = sums[group.id]
        others = full - (group.weight if possible else ZERO)
        for work in (each for each in mine if each.points > 0):
            beside = _points_beside(work, mine, group)
            if not book.weighted and (whole := everything - possible + beside) > 0:
                found[work.id] = work.points / whole * HUNDRED
            elif book.weighted and group.weight and beside > 0 < others + group.weight:
                share = work.points / beside * group.weight
                found[work.id] = share * HUNDRED / min(others + group.weight, HUNDRED)
    return found


def drop(works: Iterable[Work], group: Group) -> list[Work]:
    """Apply a group's drop rules and return the scores it keeps."""
    fixed: list[Work] = []
    loose: list[Work] = []
    for work in sorted(works, key=_by_id):
        (fixed if work.id in group.never_drop else loose).append(work)
    if not loose or not (group.drop_lowest or group.drop_highest):
        return fixed + loose
    lowest = min(group.drop_lowest, len(loose) - 1)
    highest = group.drop_highest if lowest + group.drop_highest < len(loose) else 0
    many = len(loose) - lowest
    few = many - highest
    largest = max(work.points for work in fixed + loose)
    if not largest:
        return fixed + sorted(loose, key=_score)[-many:][:few]
    kept = _keep(loose, fixed, many, largest, best=True)
    return fixed + _keep(kept, fixed, few, largest, best=False)


def _points(works: Iterable[Work]) -> Decimal:
    return sum((work.points for work in works), ZERO)


def _points_beside(work: Work, mine: list[Work], group: Group) -> Decimal:
    """Return the points that a group keeps, at full marks, when it keeps this piece of work."""
    fixed = [each for each in mine if each.id in group.never_drop]
    loose = [each for each in mine if each.id not in group.never_drop]
    if work in fixed or not (group.drop_lowest or group.drop_highest):
        return _points(drop(mine, group))
    lowest = min(group.drop_lowest, len(loose) - 1)
    highest = group.drop_highest if lowest + group.drop_highest < len(loose) else 0
    many = len(loose) - lowest - 1  # besides this one
    few = many - highest
    if len({each.points for each in loose}) == 1:
        return _points(fixed) + work.points * (few + 1)
    beside = [*fixed, replace(work, score=work.points)]
    largest = max(each.points for each in mine)
    others = [each for each in loose if each is not work]
    kept = _keep(others, beside, many, largest, best=True) if many else []
    kept = _keep(kept, beside, few, largest, best=False) if few > 0 else []
    return _points([*kept, *beside])


def rounded(value: Decimal) -> Decimal:
    """Round to two decimals, half away from zero."""
    return value.quantize(CENT, ROUND_HALF_UP)


def _keep(
    loose: list[Work], fixed: list[Work], count: int, largest: Decimal, *, best: bool
) -> list[Work]:
    """Return the ``count`` of ``loose`` that, with ``fixed``, give the best or worst percentage.

    At the percentage q that the right choice makes, it is also the choice with the greatest
    (least) sum of score - q * points, and that sum is 0. So q is found by bisection; the choices
    are finitely many, and below the threshold no other one fits in between.
    """
    if len(loose) <= count:
        return loose
    pointed = [work for work in fixed + loose if work.points]
    if not pointed:  # the lowest were dropped, and all work with points was among them
        return sorted(loose, key=_score)[-count:]
    in_order = sorted(loose, key=_by_id)  # among equal ones Canvas keeps the lowest ids

    def choose(q: Decimal) -> tuple[Decimal, list[Work]]:
        rated = sorted(in_order, key=lambda work: _rating(work, q), reverse=best)
        kept = rated[:count]
        return sum((_rating(work, q) for work in kept + fixed), ZERO), kept

    low = min(_score(work) / work.points for work in pointed)
    high = _highest(pointed, [work for work in fixed + loose if not work.points])
    threshold = 1 / (2 * count * largest * largest)
    middle = (low + high) / 2
    value, kept = choose(middle)
    while high - low >= threshold:
        if value < 0:
            high = middle
        else:
            low = middle
        middle = (low + high) / 2
        if middle in (low, high):
            break
        value, kept = choose(middle)
    return kept


def _highest(pointed: list[Work], unpointed: list[Work]) -> Decimal:
    """Return an upper bound for the share; work without points can lift it above each score."""
    if not unpointed:
        return max(_score(work) / work.points for work in pointed)
    possible = sum((work.points for work in pointed), ZERO)
    earned = max(possible, sum((_score(work) for work in pointed), ZERO))
    return (earned + sum((_score(work) for work in unpointed), ZERO)) / possible


def _rating(work: Work, q: Decimal) -> Decimal:
    return _score(work) - q * work.points


def _score(work: Work) -> Decimal:
    return ZERO if work.score is None else work.score


def _by_id(work: Work) -> tuple[int, str]:
    """Return the sort key for ids, which are numbers written as text."""
    return len(work.id), work.id


def is_excused(work: Work) -> bool:
    return work.excused and work.posted


def _counted(book: Book, period_id: str | None, graded_only: bool) -> list[Work]:
    """Return the work that a total is made of, each piece with the score that counts."""
    found = []
    for work in book.work:
        if not work.counts or (period_id is not None and work.period_id != period_id):
            continue
        there = work.posted and work.present and not (graded_only and work.pending_review)
        if there and work.excused:
            continue
        score = work.score if there else None
        if score is None and (graded_only or (book.concluded and not there)):
            continue
        found.append(replace(work, score=score or ZERO))
    return found


def _total(book: Book, period_id: str | None, *, graded_only: bool) -> Total:
    if period_id is None and book.periods:
        return _of_periods(book, graded_only)
    works = _counted(book, period_id, graded_only)
    sums = []
    for group in book.groups:
        mine = [work for work in works if work.group_id == group.id]
        kept = drop(mine, group)
        earned = sum((_score(work) for work in kept), ZERO)
        possible = sum((work.points for work in kept), ZERO)
        ids = frozenset(work.id for work in kept)
        dropped = frozenset(work.id for work in mine) - ids
        sums.append(_group_total(group, earned, possible, ids, dropped))
    return _weighted(sums) if book.weighted else _by_points(sums)


def _group_total(
    group: Group,
    earned: Decimal,
    possible: Decimal,
    kept: frozenset[str],
    dropped: frozenset[str],
    contribution: Decimal | None = None,
) -> GroupTotal:
    percent = rounded(earned / possible * HUNDRED) if possible else None
    return GroupTotal(
        group.id, group.weight, earned, possible, percent, contribution, kept, dropped
    )


def _by_points(sums: list[GroupTotal]) -> Total:
    possible = sum((group.possible for group in sums), ZERO)
    if possible <= 0:
        return Total(None, tuple(sums))
    earned = sum((group.earned for group in sums), ZERO)
    groups = tuple(
        replace(group, contribution=group.earned / possible * HUNDRED) if group.kept else group
        for group in sums
    )
    return Total(rounded(earned / possible * HUNDRED), groups)


def _weighted(sums: list[GroupTotal]) -> Total:
    full = sum((group.weight for group in sums if group.possible), ZERO)
    if not full:
        return Total(None, tuple(sums))
    scale = HUNDRED / min(full, HUNDRED)
    groups = tuple(
        replace(group, contribution=group.earned / group.possible * group.weight * scale)
        if group.possible
        else group
        for group in sums
    )
    return Total(rounded(sum((g.contribution for g in groups if g.contribution), ZERO)), groups)


def _of_periods(book: Book, graded_only: bool) -> Total:
    """Combine the grading periods' rounded totals by their weights into the course's total."""
    parts = [(period, _total(book, period.id, graded_only=graded_only)) for period in book.periods]
    there = [part for part in parts if part[1].percent is not None]
    full = sum((period.weight for period, _ in (there if graded_only else parts)), ZERO)
    scale = 1 / min(full, HUNDRED) if full else ZERO
    shares = {period.id: period.weight * scale for period, _ in parts}
    percent = sum((t.percent * shares[p.id] for p, t in there if t.percent is not None), ZERO)
    nothing = graded_only and not there
    return Total(
        None if nothing else rounded(percent),
        tuple(_across(group, parts, shares) for group in book.groups),
        tuple(
            PeriodTotal(
                period.id,
                period.weight,
                total.percent,
                None if total.percent is None else total.percent * shares[period.id],
            )
            for period, total in parts
        ),
    )


def _across(
    group: Group, parts: list[tuple[Period, Total]], shares: Mapping[str, Decimal]
) -> GroupTotal:
    """Return a group's total over all grading periods; each period drops scores separately."""
    mine = [
        (shares[period.id], part)
        for period, total in parts
        for part in total.groups
        if part.id == group.id
    ]
    given = [share * part.contribution for share, part in mine if part.contribution is not None]
    return _group_total(
        group,
        sum((part.earned for _, part in mine), ZERO),
        sum((part.possible for _, part in mine), ZERO),
        frozenset().union(*(part.kept for _, part in mine)),
        frozenset().union(*(part.dropped for _, part in mine)),
        sum(given, ZERO) if given else None,
    )
