"""Pages sent in parts: the shell at once, the content when it is ready."""

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

from flask import (
    Response,
    current_app,
    get_flashed_messages,
    render_template,
    stream_with_context,
)
from markupsafe import Markup

from canvas_app.canvas.errors import AccessRefused, CanvasError, SignInRequired
from canvas_app.current import current_sign_in
from canvas_app.storage.storage import SignIn

log = logging.getLogger(__name__)

FLUSH = Markup("<!--flush-->")


def nothing_early() -> Iterator[Any]:
    yield from ()


def stream_page(
    template: str,
    load: Callable[[], Any],
    early: Callable[[], Iterator[Any]] = nothing_early,
    **shell: Any,
) -> Response:
    """Stream a page whose header and heading are sent before ``load()`` gets the content.

    The template prints ``FLUSH`` after its shell and then calls ``load()`` itself. Before that,
    each page that ``early()`` yields is shown until the next one replaces it. A failure after the
    shell can no longer change the status, so the page reports it in place.
    """
    get_flashed_messages()  # now, because the session is not saved once the shell is sent
    header_sign_in()
    context: dict[str, Any] = dict(shell, load=load)
    current_app.update_template_context(context)
    source = current_app.jinja_env.get_template(template)

    def views() -> Iterator[str]:
        for page in early():
            # ``pop`` leaves no reference to the page, so its memory is free once it is rendered.
            yield early_view(source.render(context, load=[page].pop))

    pieces = source.generate(context)
    return Response(stream_with_context(parts(pieces, views)), mimetype="text/html")


def early_view(page: str) -> str:
    """Return the content of a rendered early view, without its shell.

    The whole page follows it in the same document. So that ids and the first heading do not occur
    twice, the early view's ids are removed and its heading becomes a paragraph.
    """
    content = page.partition(FLUSH)[2].rpartition("</main>")[0]
    content = re.sub(r"<(/?)h1>", lambda tag: "</p>" if tag[1] else '<p class="title">', content)
    content = re.sub(r'\s(?:id|for|aria-labelledby|aria-describedby)="[^"]*"', "", content)
    return f'<div class="waiting early">{content}</div>\n'


def parts(
    pieces: Iterator[str], early: Callable[[], Iterator[str]] = nothing_early
) -> Iterator[str]:
    """Join a template's many small pieces into parts, split where it prints ``FLUSH``."""
    waiting: list[str] = []
    try:
        for piece in pieces:
            if piece == FLUSH:
                yield "".join(waiting)
                waiting.clear()
                yield from early()
            else:
                waiting.append(piece)
    except SignInRequired as error:
        log.info("Canvas ended a sign-in: %s", error)
        waiting.append(render_template("fragments/broken.html", signed_out=True))
    except CanvasError as error:
        log.warning("Canvas: %s", error)
        refused = access_refused(error)
        waiting.append(render_template("fragments/broken.html", signed_out=False, refused=refused))
    except Exception:  # the shell has been sent, and a broken connection would explain nothing
        log.exception("a page failed after its shell was sent")
        waiting.append(render_template("fragments/broken.html", signed_out=False))
    yield "".join(waiting)


def header_sign_in() -> SignIn | None:
    """Return who is signed in, for the header; None while the database is away.

    Error pages have a header too, and must not fail.
    """
    try:
        return current_sign_in()
    except Exception:
        log.warning("the header cannot tell who is signed in", exc_info=True)
        return None


def access_refused(failure: object) -> bool:
    """Return whether Canvas refuses this person's access, which signing in again does not fix."""
    return isinstance(failure, AccessRefused)
