"""Numbers that look random but are derived from ids, so that every run gives the same ones."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


def scatter(*ids: int) -> int:
    """Return a 64-bit number that depends on every id (the finalizer of SplitMix64)."""
    state = 0x9E3779B97F4A7C15
    for number in ids:
        state = (state ^ number) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state


def chance(*ids: int) -> float:
    """Return a number from 0 up to, but not including, 1."""
    return (scatter(*ids) >> 11) / (1 << 53)


def choose(options: Sequence[T], *ids: int) -> T:
    """Return one of the options, chosen by the ids."""
    return options[scatter(*ids) % len(options)]
