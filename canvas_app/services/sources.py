"""What a page is gathered from: calls in parallel under one deadline, each with its own state."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Source:
    """How one part of a page stands: fresh, stale (older than the cache time), partial, denied, failed.

    ``detail`` says in plain words what happened; ``refreshing`` that a newer answer is on its way.
    """

    name: str
    status: str
    fetched_at: datetime | None = None
    detail: str = ""
    refreshing: bool = False
