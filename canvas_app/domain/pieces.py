"""Long lists split into pieces of moderate size, each on a page of its own."""

from collections.abc import Sequence
from typing import TypeVar

_Row = TypeVar("_Row")

PIECE = 45
"""Rows of one piece: with what stands around them, a page has at most 1,500 elements."""


def pieces_of(count: int, size: int = PIECE) -> int:
    """Return how many pieces this many rows make; no rows make one."""
    return max(1, -(-count // size))


def cut(lists: Sequence[Sequence[_Row]], number: int, size: int = PIECE) -> list[tuple[_Row, ...]]:
    """Return what of each list is in a piece, when they follow one another; pieces count from 1."""
    start, found = (number - 1) * size, []
    for rows in lists:
        found.append(tuple(rows[max(0, start) : max(0, start + size)]))
        start -= len(rows)
    return found
