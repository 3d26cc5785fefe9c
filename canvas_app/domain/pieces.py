"""Long lists split into pieces of moderate size, each on a page of its own."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

_Row = TypeVar("_Row")

PIECE = 45
"""Rows of one piece: with what stands around them, a page has at most 1,500 elements."""


@dataclass(frozen=True)
class Place:
    """Which rows of a list one piece holds: ``first`` to ``last``, counted from 1."""

    number: int = 1
    of: int = 1
    first: int = 1
    last: int = 0
    rows: int = 0  # of all pieces


def piece_at(weights: Iterable[int], number: int, most: int = PIECE) -> Place:
    """Return the place of a piece, the last one if there are not so many; no rows make one.

    ``weights`` are those of all rows. A piece weighs at most ``most``, or it has a single row.
    """
    begins, rows, weight = [0], 0, 0
    for each in weights:
        if weight and weight + each > most:
            begins.append(rows)
            weight = 0
        weight += each
        rows += 1
    number = min(number, len(begins))
    return Place(
        number=number,
        of=len(begins),
        first=begins[number - 1] + 1,
        last=begins[number] if number < len(begins) else rows,
        rows=rows,
    )


def cut(lists: Iterable[Sequence[_Row]], place: Place) -> list[tuple[_Row, ...]]:
    """Return what of each list is in a piece, when they follow one another."""
    start, stop, found = place.first - 1, place.last, []
    for rows in lists:
        found.append(tuple(rows[max(0, start) : max(0, stop)]))
        start, stop = start - len(rows), stop - len(rows)
    return found


def piece_number(values: Sequence[str]) -> int:
    """Read the last of the numbers in an address; 1 where it is none."""
    last = values[-1].strip() if values else ""
    return int(last) if re.fullmatch("[1-9][0-9]{0,3}", last) else 1
