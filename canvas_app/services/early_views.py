"""Loading of a page: an early view at once, another after a while, then the whole page."""

import contextvars
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from threading import Thread

from canvas_app.canvas.errors import CanvasError, Unavailable
from canvas_app.services.pages import FailedPage, Page
from canvas_app.sources.answer import Source
from canvas_app.sources.sources import Sources

PATIENCE = 2.0  # seconds after which a page that still waits shows what has come


class PageLoader:
    """Makes a page, and early views of it while it still waits for Canvas.

    ``make`` asks and lays out. It is called once more for each early view, with sources that do not
    wait, so it must keep no state. A page whose answers are all in the cache has no early view.
    """

    def __init__(self, sources: Sources, make: Callable[[Sources], Page], *patience: float) -> None:
        """``patience``: seconds after which to see whether there is something to show."""
        self._sources = sources
        self._make = make
        self._patience = patience or (PATIENCE,)
        self._whole: Future[Page] | None = None

    def complete_now(self) -> bool:
        """Return whether the page is complete without waiting for Canvas."""
        view = self._view()
        return view is not None and view.complete

    def early_views(self) -> Iterator[Page]:
        """Yield what can be shown before the page is whole: at once, and once after a while."""
        view = self._view()
        if view is not None and not any(is_waiting(source) for source in view.sources):
            self._whole = Future()
            self._whole.set_result(view)
            return
        began = time.monotonic()
        self._whole = self._start()
        if view is not None and worth_showing(view):
            yield view
        for patience in self._patience:
            try:
                self._whole.exception(timeout=max(0.0, began + patience - time.monotonic()))
            except FutureTimeout:
                view = self._view()
                if view is not None and worth_showing(view):
                    yield view
                    return
            else:
                return

    def whole(self) -> Page:
        """Return the whole page; a ``FailedPage`` if Canvas refuses it, or if no part of it came.

        The result is not kept, because Jinja contexts form reference cycles and would keep the page
        alive until the garbage collector runs. A second call makes the page again.
        """
        whole, self._whole = self._whole, None
        try:
            page = whole.result() if whole else self._make(self._sources)
        except CanvasError as error:
            return FailedPage(failure=error)
        self._sources.forget_calls()
        if page.sources and all(source.status == "failed" for source in page.sources):
            nothing = Unavailable("Canvas gave no part of this page.")
            return FailedPage(page.sources, profile=page.profile, now=page.now, failure=nothing)
        return page

    def _view(self) -> Page | None:
        try:
            return self._make(self._sources.early())
        except CanvasError:
            return None  # the whole page will report it

    def _start(self) -> "Future[Page]":
        """Make the page in its own thread, because it waits for the pool and must not occupy it."""
        whole: Future[Page] = Future()

        def run() -> None:
            try:
                whole.set_result(self._make(self._sources))
            except Exception as error:
                whole.set_exception(error)

        Thread(target=contextvars.copy_context().run, args=(run,), daemon=True).start()
        return whole


def is_waiting(source: Source) -> bool:
    """Return whether this source had not come when the early view was made."""
    return source.status == "waiting"


def worth_showing(view: Page) -> bool:
    """Return whether an early view has at least one row."""
    return bool(getattr(view, "rows", ()) or getattr(view, "family", ()))
