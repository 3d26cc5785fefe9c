"""Read lists about several courses, which Canvas refuses as a whole if one may not be read.

Canvas: Calendar Events (``require_authorization`` in calendar_events_api_controller.rb). Easel
splits a refused list in halves until it finds the codes that Canvas refuses. It remembers them for
a while, leaves them out, and reads the rest.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeGuard

from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    CanvasError,
    MissingScope,
)

REFUSAL_LIVES = 3600.0  # seconds for which a refused code is left out
HOPELESS = 7  # after so many refusals and no readable part, Easel stops splitting

Ask = Callable[[tuple[str, ...]], tuple[list[Any], str]]
"""Asks for some codes; returns the rows, and why some are missing. Raises CanvasError."""


def is_refusal(error: CanvasError | None) -> TypeGuard[AuthorizationError]:
    """Return whether Canvas refuses this to the person; a missing scope is no such refusal."""
    return isinstance(error, AuthorizationError) and not isinstance(error, MissingScope)


class Memory(Protocol):
    """The codes that Canvas refused this person lately."""

    def refused(self, code: str) -> bool: ...
    def remember(self, code: str) -> None: ...


@dataclass
class Gathered:
    """The rows that came, why some are missing, and the codes that were refused."""

    rows: list[Any] = field(default_factory=list)
    whys: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def why(self) -> str:
        return " ".join(dict.fromkeys(self.whys))


def contexts(call: "partial[Any]") -> tuple[str, ...]:
    """Return the contexts of a call that can be split into single contexts; else an empty tuple."""
    name = getattr(call.func, "contexts", "")
    return tuple(call.keywords.get(name, ())) if name else ()


def read_readable(
    ask: Ask, codes: Sequence[str], memory: Memory, say: Callable[[CanvasError], str]
) -> Gathered:
    """Read a list about all codes except those that Canvas refuses; ``say`` words an error.

    It takes one call if nothing is refused, and about twice the logarithm of the number of codes
    for the first refused one. Raises CanvasError if nothing could be read, AuthorizationError if
    that is because Canvas refuses every part.
    """
    whole = "|".join(codes)
    known = [code for code in codes if memory.refused(code)]
    found = Gathered(left_out=known.copy())
    todo = deque([tuple(code for code in codes if code not in known)])
    came, refusals = False, 0
    while todo and todo[0]:
        some = todo.popleft()
        try:
            rows, why = ask(some)
        except (AuthenticationError, MissingScope):
            raise
        except AuthorizationError:
            refusals += 1
            if not came and (refusals >= HOPELESS or memory.refused(whole)):
                memory.remember(whole)
                raise
            if len(some) == 1:
                found.left_out += some
            else:
                half = len(some) // 2
                todo.extend((some[:half], some[half:]))
            continue
        except CanvasError as error:
            if not came:
                raise
            found.whys.append(say(error))
            continue
        came = True
        found.rows += rows
        found.whys += [why] if why else []
    for code in found.left_out[len(known) :]:
        memory.remember(code)
    return found


def left_out_note(left_out: Sequence[str], names: Mapping[str, str]) -> str:
    """Return a sentence that names the courses whose calendars are missing; empty if none is.

    ``names`` are by course id.
    """
    if not left_out:
        return ""
    ids = dict.fromkeys(code.removeprefix("course_") for code in left_out)
    said = [names.get(id_) or calendar_name(id_) for id_ in ids]
    listed = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return f"Canvas does not share the calendar of {listed} with you; the rest is here."


def calendar_name(code: str) -> str:
    return "your own" if code.startswith("user_") else f"course {code}"
