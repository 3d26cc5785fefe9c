"""The help page, and the preferences a browser keeps for appearance and keyboard."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from canvas_app.current import current_gateway
from canvas_app.sessions import cookie_name

bp = Blueprint("help", __name__)

LOOKS = ("device", "light", "dark")
KEYS = ("on", "off")
GRADES = ("shown", "hidden")
COOKIE_LIVES = timedelta(days=365)


@dataclass(frozen=True)
class Preferences:
    """The preferences kept in a browser.

    ``look`` is light, dark, or as the device has it. ``keys`` tells whether single-letter keys are
    on; WCAG 2.2 (2.1.4) asks that they can be switched off. ``grades`` tells whether course cards
    show totals, or hide each until it is opened.
    """

    look: str = "device"
    keys: str = "on"
    grades: str = "shown"


def preferences() -> Preferences:
    """Return this browser's preferences; invalid values count as not set."""
    kept = request.cookies.get(cookie_name("easel_preferences", current_gateway().settings), "")
    look, keys, grades = [*kept.split("."), "", "", ""][:3]
    return Preferences(
        look if look in LOOKS else Preferences.look,
        keys if keys in KEYS else Preferences.keys,
        grades if grades in GRADES else Preferences.grades,
    )


@bp.record_once
def offer(state: object) -> None:
    """Give templates the preferences, which decide the first line of every page."""
    app = state.app  # type: ignore[attr-defined]
    app.jinja_env.globals["preferences"] = preferences
    # A token would need a session for each visitor, and the form changes only this browser;
    # its origin is checked all the same.
    app.extensions["csrf"].exempt(keep_preferences)


@bp.get("/help/canvas")
def canvas_keys() -> ResponseReturnValue:
    """Explain to administrators how to make the two keys in Canvas. Public: it holds no secret."""
    settings = current_gateway().settings
    return render_template(
        "help_canvas.html",
        redirect_uris=[settings.redirect_uri(each.name) for each in settings.environments],
        scopes=current_gateway().scopes().split(),
        public_url=settings.public_url,
        lti=settings.lti,
    )


@bp.get("/help/keyboard")
def keyboard() -> ResponseReturnValue:
    """Show the keys and the form that switches them off; public."""
    return render_template("help.html", chosen=preferences())


@bp.post("/help/keyboard")
def keep_preferences() -> ResponseReturnValue:
    """Keep the choice in this browser only."""
    settings = current_gateway().settings
    look, keys = request.form.get("look", ""), request.form.get("keys", "off")
    grades = request.form.get("grades", "shown")
    chosen = Preferences(
        look if look in LOOKS else "device",
        keys if keys in KEYS else "off",
        grades if grades in GRADES else "shown",
    )
    answer = redirect(f"{request.script_root}/help/keyboard?saved=1", 303)
    answer.set_cookie(
        cookie_name("easel_preferences", settings),
        f"{chosen.look}.{chosen.keys}.{chosen.grades}",
        max_age=COOKIE_LIVES,
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )
    return answer
