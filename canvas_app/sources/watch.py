"""What the metrics count of one page: whether its answers were cached, and how much came."""

from collections.abc import Callable, Iterable

from canvas_app.sources.answer import Outcome, Source


def count_nowhere(kept: str) -> None:
    """Do not count."""


class PageWatch:
    """Records the questions of one page and its outcome.

    ``count`` is called for each question with what the cache held: ``fresh``, ``stale`` or
    ``none``. ``state`` is empty for a page that asks nothing, ``failed`` until :meth:`made` is
    called, and then that of :func:`page_state`.
    """

    def __init__(self, count: Callable[[str], None] = count_nowhere) -> None:
        self._count = count
        self.state = ""

    def asked(self, kept: Outcome | None) -> None:
        """Record a question, and what the cache held for it."""
        self.state = self.state or "failed"
        self._count("none" if kept is None else "stale" if kept.stale else "fresh")

    def made(self, sources: Iterable[Source]) -> None:
        """Record the states of the page's sources."""
        self.state = page_state(tuple(sources))


def page_state(sources: tuple[Source, ...]) -> str:
    """Return a page's state: fresh, stale, incomplete, or failed when no part of it came."""
    if sources and all(source.status == "failed" for source in sources):
        return "failed"
    if not all(source.here for source in sources):
        return "incomplete"
    return "stale" if any(source.status == "stale" for source in sources) else "fresh"
