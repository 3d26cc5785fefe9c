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

    The template prints ``FLUSH`` after its shell and then calls ``load()`` itself. Meanwhile each
    page that ``early()`` yields is shown until the next one replaces it. A failure after the shell
    can no longer change the status, so the page reports it in place.
    """
    get_flashed_messages()  # now, because the session is not saved once the shell is sent
    header_sign_in()
    context: dict[str, Any] = dict(shell, load=load)
    current_app.update_template_context(context)
    source = current_app.jinja_env.get_template(template)

    def views() -> Iterator[str]:
        for page in early():
            yield early_view(source.render(context, load=[page].pop))  # given away, not kept

    pieces = source.generate(context)
    return Response(stream_with_context(parts(pieces, views)), mimetype="text/html")


def early_view(page: str) -> str:
    """Return a rendered page's content, to be shown until more of it follows.

    Its ids are removed and its first heading is no heading, because the whole page, which comes
    after it, has the same ones.
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
    except Exception:  # the shell is sent; a cut connection would explain nothing
        log.exception("a page failed after its shell was sent")
        waiting.append(render_template("fragments/broken.html", signed_out=False))
    yield "".join(waiting)


def header_sign_in() -> SignIn | None:
    """Return who the header names; nobody while the database is away, so that error pages work."""
    try:
        return current_sign_in()
    except Exception:
        log.warning("the header cannot tell who is signed in", exc_info=True)
        return None


def access_refused(failure: object) -> bool:
    """Return whether Canvas refuses this person's access, which signing in again does not fix."""
    return isinstance(failure, AccessRefused)
