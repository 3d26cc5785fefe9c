"""Numbers that look random and are derived from ids, so that two runs agree."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


def scatter(*ids: int) -> int:
    """A 64-bit number that depends on every id (the SplitMix64 finaliser)."""
    state = 0x9E3779B97F4A7C15
    for number in ids:
        state = (state ^ number) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state


def chance(*ids: int) -> float:
    """A number from 0 up to, not including, 1."""
    return (scatter(*ids) >> 11) / (1 << 53)


def choose(options: Sequence[T], *ids: int) -> T:
    """One of the options."""
    return options[scatter(*ids) % len(options)]
