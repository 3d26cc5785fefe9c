"""Calendar feeds: the file that calendar programs fetch, and the pages to make and end a feed."""

import secrets
import time
from collections.abc import Collection

from flask import Blueprint, Response, flash, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from canvas_app.canvas.errors import CanvasError
from canvas_app.current import (
    current_features,
    current_gateway,
    current_sources,
    login_required,
    required_sign_in,
    token_endpoint,
)
from canvas_app.domain.calendar_entries import FEED_KINDS
from canvas_app.domain.icalendar_file import marked_stale
from canvas_app.gateway import Gateway
from canvas_app.services import calendar_feed
from canvas_app.services.courses import Courses
from canvas_app.services.courses import courses as all_courses
from canvas_app.settings import FEATURE_ROLES
from canvas_app.sources.sources import Sources
from canvas_app.storage.feeds import LABEL_LENGTH, MOST_FEEDS, REST, Feed, FeedContents, NoFeed
from canvas_app.views.answers import plain_failure
from canvas_app.views.languages import gettext

bp = Blueprint("feed", __name__)

VISIT_SECONDS = 20.0  # seconds for asking Canvas; calendar programs wait longer than people
MADE = "feeds_made"  # session key: forms that have made a feed; sent again, they make no other
SWITCHED_OFF = "The school that runs Easel has switched calendar feeds off."
UNKNOWN = (
    "There is no calendar at this address: it is incomplete, or the feed was ended. "
    "Easel's account page makes a new one.\n"
)


@bp.get("/calendar/<secret>.ics")
def calendar(secret: str) -> Response:
    """Serve a feed's stored calendar or, at most every 15 minutes, a new one from Canvas."""
    gateway = current_gateway()
    feed = gateway.storage.feeds.find(secret)
    if feed is None or gateway.settings.environment(feed.environment) is None:
        return text_answer(UNKNOWN, 404)
    if not current_features().offered("feeds", FEATURE_ROLES):
        return text_answer(f"{SWITCHED_OFF}\n", 404)
    renewed = in_turn(gateway, feed)
    if renewed is None:
        return text_answer(UNKNOWN, 404)
    if renewed.trouble == SWITCHED_OFF:
        return text_answer(f"{SWITCHED_OFF}\n", 404)
    return not_yet(renewed) if renewed.kept is None else file_of(renewed, renewed.kept)


def in_turn(gateway: Gateway, feed: Feed) -> Feed | None:
    """Renew a feed's calendar from Canvas if it is time; else return the feed unchanged.

    It is returned unchanged too if too many threads wait for Canvas already. Return None when the
    feed ended meanwhile.
    """
    owner = ("feed", feed.id)
    if not gateway.turns.take(owner, 0):
        return feed
    try:
        return fetch_calendar(gateway, feed) if gateway.storage.feeds.may_visit(feed) else feed
    finally:
        gateway.turns.give_back(owner)


def fetch_calendar(gateway: Gateway, feed: Feed) -> Feed | None:
    """Ask Canvas once, and store the calendar only if it is complete.

    Return the feed with its calendar or with the reason why there is none; None when the feed ended
    meanwhile.
    """
    deadline = time.monotonic() + VISIT_SECONDS
    sources = Sources(
        gateway.api_of(feed.environment, feed.grant_id, deadline),
        gateway.cache,
        gateway.pool,
        deadline=deadline,
        owner=("feed", feed.id),
        cache_seconds=0,
        on_includes=gateway.watch_for(feed.environment),
    )
    try:
        made = calendar_feed.write_calendar(
            sources,
            environment=feed.environment,
            label=feed.label,
            kinds=feed.wanted.kinds,
            course_ids=feed.wanted.course_ids,
            done=feed.wanted.done,
            previous=feed.kept,
            features=current_features(),
        )
    except calendar_feed.NotOffered:
        return gateway.storage.feeds.note_trouble(feed, SWITCHED_OFF)
    except calendar_feed.Incomplete as fault:
        return gateway.storage.feeds.note_trouble(feed, str(fault))
    except CanvasError as error:
        return gateway.storage.feeds.note_trouble(feed, plain_failure(error))
    return gateway.storage.feeds.keep(feed, made)


def not_yet(feed: Feed) -> Response:
    """Return 503 for a feed that has no complete calendar yet; an incomplete one is never sent."""
    answer = text_answer(f"No calendar yet. {feed.trouble or 'Canvas is being asked.'}\n", 503)
    answer.headers["Retry-After"] = str(int(REST.total_seconds()) if feed.trouble else 30)
    return answer


def file_of(feed: Feed, kept: bytes) -> Response:
    """Return the calendar as a file, or 304 if the client has it already (RFC 9110 section 13)."""
    if feed.trouble:
        answer = Response(marked_stale(kept, feed.kept_at, feed.trouble))
    else:
        answer = Response(kept)
        answer.last_modified = feed.changed_at
    answer.content_type = "text/calendar; charset=utf-8"
    answer.headers["Content-Disposition"] = 'inline; filename="easel.ics"'
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def text_answer(text: str, status: int) -> Response:
    return Response(text, status, mimetype="text/plain")


def refusal(roles: Collection[str] = FEATURE_ROLES) -> str | None:
    """Return why the person signed in cannot have a feed; None when they can.

    If their ``roles`` are not given, a feature that is off for some roles only counts as on.
    """
    if not current_features().offered("feeds", roles):
        return gettext("The school that runs Easel has switched calendar feeds off.")
    identity = required_sign_in().identity
    if identity.real_user_id:
        return gettext("While acting as somebody else you cannot make a calendar feed for them.")
    if not current_gateway().environment(identity.environment).client_secret:
        return gettext(
            "This Easel has a public developer key: Canvas ends its access after two hours "
            "without use, so a calendar feed would stop by itself."
        )
    return None


@bp.get("/account/feeds")
@login_required
def new() -> ResponseReturnValue:
    """Show the form for a new feed."""
    return form()


def form(fault: str = "", status: int = 200) -> ResponseReturnValue:
    """Return the form with the person's courses to choose from, as far as Canvas lists them."""
    page, chosen = all_courses(current_sources()), FeedContents.from_query(request.form)
    open_ones = (row for row in page.rows if not row.restricted and row.state != "past")
    rows = list({row.id: row for row in open_ones}.values())  # children may share a course
    text = render_template(
        "feed.html",
        page=page,
        courses=rows,
        fault=fault,
        refusal=refusal(roles_in(page)),
        label_length=LABEL_LENGTH,
        kinds=chosen.kinds if request.method == "POST" else FEED_KINDS,
        chosen=chosen.course_ids,
        address=None,
        once=secrets.token_urlsafe(9),
    )
    return text, status


def roles_in(page: Courses) -> set[str]:
    """Return the roles of the person in courses that are not over, as far as Canvas lists them."""
    return {role for row in page.rows if row.state != "past" for role in row.roles}


@bp.post("/account/feeds")
@login_required
def make() -> ResponseReturnValue:
    """Make a feed and show its address, this one time only.

    The page is the answer to the form itself: a page after a redirect would need the secret in the
    session.
    """
    wanted = FeedContents.from_query(request.form)
    limited = current_features().limited("feeds")
    roles = roles_in(all_courses(current_sources())) if limited else FEATURE_ROLES
    if why_not := refusal(roles):
        return form(why_not, 403)
    once = request.form.get("once", "")[:20]
    made = session.get(MADE, [])
    if once and once in made:  # the person reloaded the page with the address
        flash(
            gettext(
                "This feed has already been made, and its address was shown once. If you did not "
                "copy it, end the feed and make another."
            )
        )
        return redirect(f"{request.script_root}/account#feeds")
    if not wanted.kinds:
        return form(gettext("Choose at least one kind of entry for the calendar."), 422)
    gateway = current_gateway()
    try:
        secret = gateway.storage.feeds.make(
            required_sign_in().grant_id, request.form.get("label", ""), wanted
        )
    except NoFeed as fault:
        return form(str(fault), 409)
    if once:
        session[MADE] = [*made, once][-MOST_FEEDS:]
    return render_template(
        "feed.html",
        address=f"{gateway.settings.public_url}/calendar/{secret}.ics",
        most=MOST_FEEDS,
    )


@bp.post("/account/feeds/<int:feed_id>/end")
@login_required
def end(feed_id: int) -> ResponseReturnValue:
    """End a feed; its address stops working at once."""
    gateway = current_gateway()
    gateway.storage.end_feed(required_sign_in().grant_id, feed_id, token_endpoint)
    flash(
        gettext(
            "The calendar feed has ended. Calendar programs that had its address get nothing more."
        )
    )
    return redirect(f"{gateway.settings.path_prefix}/account#feeds", 303)


def feeds_of_page() -> dict[str, object]:
    """Return the person's feeds for the account page; no call to Canvas."""
    sign_in = required_sign_in()
    return {
        "feeds": current_gateway().storage.feeds.of(sign_in.grant_id),
        "no_feed": refusal(),
    }
