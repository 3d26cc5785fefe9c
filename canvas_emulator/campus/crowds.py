"""Lists too long to store, whose rows are made from their index when they are needed."""

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

T = TypeVar("T")

BULK_COURSE_ID = 900
FIRST_BULK_USER = 10_000_001
FIRST_BULK_ENROLLMENT = 20_000_001


class Derived(Sequence[T]):
    """A sequence whose rows ``make`` derives from the numbers in ``places``; none is stored."""

    def __init__(self, places: range, make: Callable[[int], T]) -> None:
        self._places = places
        self._make = make

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> "Derived[T]": ...
    def __getitem__(self, at: int | slice) -> "T | Derived[T]":
        if isinstance(at, slice):
            return Derived(self._places[at], self._make)
        return self._make(self._places[at])
