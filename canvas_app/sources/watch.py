"""What became of one page: whether its answers were kept, and how much of it came."""

from collections.abc import Callable, Iterable

from canvas_app.sources.answer import Outcome, Source


def count_nowhere(kept: str) -> None:
    """Count no question."""


class PageWatch:
    """Watch over the questions of one page. ``count`` gets what the cache held for each.

    That is ``fresh``, ``stale`` or ``none``. ``state`` is empty for a page that asked nothing,
    ``failed`` until its sources are told, and then theirs.
    """

    def __init__(self, count: Callable[[str], None] = count_nowhere) -> None:
        self._count = count
        self.state = ""

    def asked(self, kept: Outcome | None) -> None:
        """Note a question, and what the cache held for it."""
        self.state = self.state or "failed"
        self._count("none" if kept is None else "stale" if kept.stale else "fresh")

    def made(self, sources: Iterable[Source]) -> None:
        """Note the sources of a page that is made."""
        self.state = page_state(tuple(sources))


def page_state(sources: tuple[Source, ...]) -> str:
    """Return a page's state: fresh, stale, incomplete, or failed when no part of it came."""
    if sources and all(source.status == "failed" for source in sources):
        return "failed"
    if not all(source.here for source in sources):
        return "incomplete"
    return "stale" if any(source.status == "stale" for source in sources) else "fresh"
