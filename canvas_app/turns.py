"""Limits on how many requests wait for Canvas at once, so that others always find a thread."""

from collections import Counter
from threading import Condition
from typing import Literal

AT_ONCE = 6  # pages of one person that may ask Canvas at the same time
IN_LINE = 10  # further pages of theirs that may wait for a turn, each in a thread

Spare = Literal["hurried", "tokens"]
"""Uses of the spare threads: pages made from kept answers only, calls of the token endpoint."""


class Turns:
    """Turns by owner; an owner with too many waiting pages is refused.

    Without turns, a person who opens thirty tabs while Canvas is slow would hold every thread, and
    nobody else would be served. Ordinary pages may use three quarters of the ``threads``. Half of
    the rest is for sign-ins and sign-outs, which wait for Canvas's token endpoint; one thread is
    for monitors, the others for pages made from kept answers only.
    """

    def __init__(self, threads: int) -> None:
        kept = threads // 4
        tokens = max(1, kept // 2)
        self._most = max(1, threads - kept)
        self._most_spare: dict[Spare, int] = {"tokens": tokens, "hurried": kept - tokens - 1}
        self._spare: Counter[Spare] = Counter()
        self._changed = Condition()
        self._at_once: Counter[object] = Counter()
        self._in_line: Counter[object] = Counter()

    def take(self, owner: object, seconds: float) -> bool:
        """Wait for a turn at most this long. Return False if none came or too many wait already."""
        with self._changed:
            if self._at_once.total() + self._in_line.total() >= self._most:
                return False
            if self._may(owner):
                self._at_once[owner] += 1
                return True
            if self._in_line[owner] >= IN_LINE:
                return False
            self._in_line[owner] += 1
            try:
                come = self._changed.wait_for(lambda: self._may(owner), seconds)
            finally:
                self._leave(self._in_line, owner)
            if come:
                self._at_once[owner] += 1
            return come

    def give_back(self, owner: object) -> None:
        """End a turn that was taken."""
        with self._changed:
            self._leave(self._at_once, owner)
            self._changed.notify_all()

    def take_spare(self, use: Spare) -> bool:
        """Take a thread that is spare for this use; return False when there is none."""
        with self._changed:
            found = self._spare[use] < self._most_spare[use]
            self._spare[use] += found
            return found

    def give_back_spare(self, use: Spare) -> None:
        """Give back a thread that ``take_spare`` gave."""
        with self._changed:
            self._spare[use] -= 1

    def _may(self, owner: object) -> bool:
        return self._at_once[owner] < AT_ONCE

    @staticmethod
    def _leave(counter: Counter[object], owner: object) -> None:
        counter[owner] -= 1
        if counter[owner] <= 0:
            del counter[owner]
