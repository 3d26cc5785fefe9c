"""One page under way: what is here at once, then what came in a while, then all of it."""

import contextvars
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from threading import Thread

from canvas_app.canvas.errors import CanvasError, Unavailable
from canvas_app.services.pages import FailedPage, Page
from canvas_app.sources.answer import Source
from canvas_app.sources.sources import Sources

PATIENCE = 2.0  # seconds after which a page that still waits shows what has come


class Gathering:
    """Gathers a page with ``gather``; shows early views of it to whoever would wait.

    ``gather`` is called once more for each early view, with sources that wait for nothing: it
    must be a plain function of them. A page that needs nobody's waiting has no early view.
    """

    def __init__(
        self, sources: Sources, gather: Callable[[Sources], Page], patience: float = PATIENCE
    ) -> None:
        self._sources = sources
        self._gather = gather
        self._patience = patience
        self._whole: Future[Page] | None = None

    def early(self) -> Iterator[Page]:
        """What can be shown before the page is whole: at once, and after ``patience``."""
        view = self._view()
        if view is not None and not any(waits(source) for source in view.sources):
            self._whole = Future()
            self._whole.set_result(view)
            return
        self._whole = self._start()
        if view is not None and worth_showing(view):
            yield view
        try:
            self._whole.exception(timeout=self._patience)
        except FutureTimeout:
            view = self._view()
            if view is not None and worth_showing(view):
                yield view

    def load(self) -> Page:
        """The page, whole. One that Canvas refuses, or gives no part of, is a ``FailedPage``.

        It is given away: asked again, it is gathered again. Jinja's contexts are reference cycles,
        and what they could still reach would stay until the collector comes.
        """
        whole, self._whole = self._whole, None
        try:
            page = whole.result() if whole else self._gather(self._sources)
        except CanvasError as error:
            return FailedPage(failure=error)
        self._sources.let_go()
        if page.sources and all(source.status == "failed" for source in page.sources):
            nothing = Unavailable("Canvas gave no part of this page.")
            return FailedPage(page.sources, profile=page.profile, now=page.now, failure=nothing)
        return page

    def _view(self) -> Page | None:
        try:
            return self._gather(self._sources.early())
        except CanvasError:
            return None  # the whole page will say so

    def _start(self) -> "Future[Page]":
        """Gather in a thread of its own: it waits for the pool's work, so it takes none of it."""
        whole: Future[Page] = Future()

        def run() -> None:
            try:
                whole.set_result(self._gather(self._sources))
            except Exception as error:
                whole.set_exception(error)

        Thread(target=contextvars.copy_context().run, args=(run,), daemon=True).start()
        return whole


def waits(source: Source) -> bool:
    """Whether an early view was shown before this source came."""
    return source.status == "waiting"


def worth_showing(view: Page) -> bool:
    """Whether an early view holds more than a frame: a row at least."""
    return bool(getattr(view, "rows", ()))
