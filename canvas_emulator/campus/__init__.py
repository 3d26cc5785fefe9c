"""The people, courses and coursework of the stand-in Canvas.

Everything is derived from ids and the start time, so two campuses with the same start are equal.
"""

from datetime import UTC, datetime

from .builder import Builder
from .people import Person
from .registry import Campus
from .stories import tell

__all__ = ["Campus", "Person", "build_campus"]


def build_campus(start: datetime, bulk_rows: int = 5000) -> Campus:
    """Return the campus as it is at ``start`` (aware); load-test lists get ``bulk_rows`` rows."""
    campus = Campus(start.astimezone(UTC).replace(microsecond=0), bulk_rows)
    tell(Builder(campus))
    return campus
