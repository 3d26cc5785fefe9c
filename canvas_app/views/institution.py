"""The institution's logo and accent colour, and its name and links for every template."""

from flask import Blueprint, Response, abort, url_for
from flask.typing import ResponseReturnValue

from canvas_app.current import current_gateway
from canvas_app.institution import Institution

bp = Blueprint("institution", __name__)

KEPT_SECONDS = 24 * 3600
# Opened by itself, a logo may use its own styles, but run no script and load nothing.
LOGO_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@bp.app_template_global()
def institution() -> Institution:
    """Return the institution that runs this Easel."""
    return current_gateway().settings.institution


@bp.app_template_global()
def logo_address() -> str:
    """Return the logo's address, which changes with its content; empty without a logo."""
    logo = institution().logo
    return url_for("institution.logo", v=logo.version) if logo else ""


@bp.app_template_global()
def accent_address() -> str:
    """Return the address of the style sheet with the accent colour; empty without one."""
    accent = institution().accent
    return url_for("institution.accent", v=accent.light[1:]) if accent else ""


@bp.get("/institution/logo")
def logo() -> ResponseReturnValue:
    found = institution().logo
    if found is None:
        abort(404)
    answer = Response(found.content, mimetype=found.media_type)
    answer.headers["Content-Security-Policy"] = LOGO_POLICY
    return kept_by_browsers(answer)


@bp.get("/institution/accent.css")
def accent() -> ResponseReturnValue:
    """Return the style sheet with the accent colour of links and buttons.

    It does not apply to print and forced colours.
    """
    found = institution().accent
    if found is None:
        abort(404)
    both = f"light-dark({found.light}, {found.dark})"
    rules = f"@media screen {{ :root {{ --link: {both}; --focus: {both}; }} }}\n"
    return kept_by_browsers(Response(rules, mimetype="text/css"))


def kept_by_browsers(answer: Response) -> Response:
    answer.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return answer
