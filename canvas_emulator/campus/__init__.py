"""The people, courses and coursework of the stand-in Canvas.

Everything is derived from ids and the start time, so two campuses with the same start agree.
"""

from datetime import UTC, datetime

from .builder import Builder
from .people import Person
from .registry import Campus
from .stories import tell

__all__ = ["Campus", "Person", "build_campus"]


def build_campus(start: datetime, bulk_rows: int = 5000) -> Campus:
    """The campus as it is at ``start`` (aware); ``bulk_rows`` is the length of the load lists."""
    campus = Campus(start.astimezone(UTC).replace(microsecond=0), bulk_rows)
    tell(Builder(campus))
    return campus
