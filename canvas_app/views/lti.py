"""Easel as an LTI 1.3 tool: the steps of a launch, where it leads, and Easel's registration.

A launch proves who is at the keyboard now. What Easel may do in Canvas depends, as always, on the
person's own grant; roles and addresses in a launch are never used for that.
"""

import logging
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import (
    Blueprint,
    Flask,
    current_app,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
)
from werkzeug.wrappers import Response

from canvas_app import audit
from canvas_app.canvas.transport import Transport
from canvas_app.current import current_gateway, current_sign_in
from canvas_app.lti import launch as lti
from canvas_app.lti.configuration import PLACEMENTS, configuration
from canvas_app.lti.keys import PlatformKeys, fetcher
from canvas_app.lti.launch import Launch, LaunchRefused, Registration
from canvas_app.lti.settings import LtiSettings
from canvas_app.settings import Settings
from canvas_app.storage.launches import GrantOfPerson
from canvas_app.storage.storage import Identity, SignIn
from canvas_app.troubles import Trouble
from canvas_app.views import auth, launches
from canvas_app.views.error_words import words_of
from canvas_app.views.launches import LaunchesHere, Opened, framed, keep, kept_launches

log = logging.getLogger(__name__)
bp = Blueprint("lti", __name__)

LARGEST_LAUNCH = 64 * 1024  # bytes
SHOWN = 200  # characters of an unverified message that are logged or shown
#: The page of each error Canvas posts instead of a token (``authentication_controller.rb``).
PLATFORM_ERRORS = {
    "login_required": "lti_login_required",
    "unauthorized_client": "lti_unauthorized_client",
    "invalid_request_object": "lti_invalid_request_object",
    "launch_no_longer_valid": "lti_replayed",
}


def init_app(app: Flask, settings: Settings) -> None:
    """Add the routes if the deployment is registered as a tool."""
    if settings.lti is None:
        return
    app.config["ANY_ORIGIN"] = frozenset({"lti.login_initiation", "lti.launch"})  # Canvas posts
    app.extensions["easel.lti"] = {
        each.environment: _keys(each, settings) for each in settings.lti.registrations
    }
    app.register_blueprint(bp)
    for view in (login_initiation, launch):
        app.extensions["csrf"].exempt(view)  # state and nonce replace the token in Canvas's form


def _keys(registration: Registration, settings: Settings) -> PlatformKeys:
    parts = urlsplit(registration.keys_url)
    transport = Transport(
        f"{parts.scheme}://{parts.netloc}",
        pool=1,
        ca_bundle=settings.ca_bundle,
        proxy=settings.https_proxy,
        no_proxy=settings.no_proxy,
    )
    return PlatformKeys(fetcher(transport, parts.path))


@bp.before_request
def _limit() -> None:
    """Limit the size of requests, and let Canvas frame only the steps of a launch."""
    request.max_content_length = LARGEST_LAUNCH
    legs = current_app.config["ANY_ORIGIN"]
    if framed() and request.endpoint in legs:
        g.framed_by = " ".join(lti_settings().hosts)


def lti_settings() -> LtiSettings:
    """Return the deployment's registrations; these routes exist only if there are some."""
    settings = current_gateway().settings.lti
    if settings is None:
        raise LookupError("this deployment is no tool")
    return settings


@bp.route("/lti/login", methods=["GET", "POST"])
def login_initiation() -> Response:
    """Handle the first step: redirect the browser to the authorization endpoint of its Canvas.

    Canvas's hints are passed on unread. The endpoint comes from the settings, never from the
    request.
    """
    asked = request.form if request.method == "POST" else request.args
    issuer, client_id = asked.get("iss", ""), asked.get("client_id", "")
    registration = lti_settings().named(issuer, client_id, asked.get("canvas_environment", ""))
    if registration is None:
        return refused("unknown_platform", issuer=issuer[:SHOWN], client_id=client_id[:SHOWN])
    kept = kept_launches()
    begun = kept.begin(registration.environment)
    query = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": registration.client_id,
        "redirect_uri": redirect_uri(),
        "state": begun.state,
        "nonce": begun.nonce,
        "login_hint": asked.get("login_hint", ""),
        "lti_message_hint": asked.get("lti_message_hint", ""),
    }
    response = redirect(f"{registration.authorize_url}?{urlencode(query)}")
    keep(response, kept)
    return response


def redirect_uri() -> str:
    """Return the redirect URI that the LTI key must list, character for character."""
    return f"{current_gateway().settings.public_url}/lti/launch"


@bp.post("/lti/launch")
def launch() -> Response:
    """Handle the third step: Canvas's answer, posted by the browser."""
    if error := request.form.get("error"):
        return refused(PLATFORM_ERRORS.get(error, "lti_platform_error").removeprefix("lti_"))
    kept = kept_launches()
    begun = kept.take(request.form.get("state", ""))
    if begun is None:
        return without_state(told=kept.told)
    registration = lti_settings().of(begun.environment)
    if registration is None:
        return refused("unknown_platform", issuer="", client_id="")
    gateway = current_gateway()
    try:
        found = lti.check(
            request.form.get("id_token", ""),
            registration,
            find_key=current_app.extensions["easel.lti"][begun.environment].find,
            nonce=begun.nonce,
            spend=gateway.storage.launches.spend,
            now=time.time(),
        )
    except LaunchRefused as refusal:
        response = refused(refusal.outcome, detail=refusal.detail)
    else:
        person = (found.global_id, found.user_id, found.acting)
        opened = kept.add(found.environment, page_of(found), person)
        note_outcome("door" if framed() else "opened", found)
        response = door(opened) if framed() else onward(opened)
    keep(response, kept)
    return response


def without_state(*, told: bool) -> Response:
    """Refuse a launch that this browser did not begin.

    In a frame, the reason may be that the browser stores no cookies there; a new tab works then.
    """
    if framed():
        note_outcome("no_cookie")
        return page("lti/door.html", 200, url=f"{prefix()}/", connected=False, launch="")
    return refused("state" if told else "cookies")


def page_of(found: Launch) -> str:
    """Return the page a placement leads to; its ids have been checked to be digits."""
    if found.course_id is not None:
        return f"/courses/{found.course_id}"
    return "/help/canvas" if found.placement == "account_navigation" else "/"


def onward(opened: Opened) -> Response:
    """Redirect with a GET, with which the browser also sends the cookies of Easel's own pages."""
    return redirect(f"{prefix()}/lti/open?launch={opened.id}", 303)


def door(opened: Opened) -> Response:
    """Show one sentence and a link that opens a new tab.

    The link holds a ticket that names the person, and signs nobody in.
    """
    url = launches.ticket_url(opened.environment, opened.path, opened.global_id, opened.user_id)
    connected = not opened.acting and grant_of(opened) is not None
    return page("lti/door.html", 200, url=url, connected=connected, launch=opened.id)


@bp.get("/lti/open")
def open_page() -> Response:
    """Redirect a launched person to their page.

    If they are signed in already, at once; if they have a grant, with a new sign-in; else by way of
    Canvas's consent.
    """
    kept = kept_launches()
    launched = kept.found(request.args.get("launch", ""))
    opened = launched or launches.opened_by_ticket(request.args.get("ticket", ""))
    if opened is None or lti_settings().of(opened.environment) is None:
        return refused("replayed")
    environment = current_gateway().environment(opened.environment)
    sign_in = current_sign_in()
    if sign_in is not None and is_theirs(sign_in, opened):
        return used_up(redirect(f"{prefix()}{opened.path}", 303), kept, launched)
    grant = grant_of(opened)
    if sign_in is not None and not opened.acting and request.args.get("switch") != "1":
        return another_person(sign_in, grant, opened)
    if launched is not None and grant is not None and not opened.acting and enough(grant):
        secret = current_gateway().storage.sign_in_with(grant.id)
        if secret is not None:
            who = Identity(opened.environment, grant.user_id, grant.user_name)
            audit.note("sign-in", current_gateway().settings, who, "launch")
            response = auth.entered(secret, opened.path)
            response.status_code = 303
            return used_up(response, kept, launched)
    expected = (opened.global_id, opened.user_id)
    response = auth.to_canvas(environment, opened.path, expected)
    # 503 is the page for a full line, which loads this address again.
    return used_up(response, kept, launched) if response.status_code == 302 else response


def used_up(response: Response, kept: LaunchesHere, launched: Opened | None) -> Response:
    """Remove a used launch, so that its address signs nobody in again after a sign-out."""
    if launched is not None:
        kept.used(launched)
        keep(response, kept)
    return response


def is_theirs(sign_in: SignIn, opened: Opened) -> bool:
    """Return whether the launch's person is signed in, acting as somebody only if the launch is."""
    identity = sign_in.identity
    if identity.environment != opened.environment:
        return False
    if bool(identity.real_user_id) != opened.acting:
        return False
    if identity.global_id is None:
        return identity.user_id == opened.user_id
    return identity.global_id == opened.global_id


def grant_of(opened: Opened) -> GrantOfPerson | None:
    """Return the person's own grant, never one for acting as them; None if they have none."""
    found = current_gateway().storage.launches.grants_of(
        opened.environment, opened.global_id, opened.user_id
    )
    return next((each for each in found if not each.acting), None)


def enough(grant: GrantOfPerson) -> bool:
    """Return whether a grant has all scopes that the pages need today."""
    granted = grant.scopes.split()
    return all(scope in granted for scope in current_gateway().scopes().split())


def another_person(sign_in: SignIn, grant: GrantOfPerson | None, opened: Opened) -> Response:
    """Ask as whom to continue, because Canvas and this browser name different people."""
    note_outcome("another_person")
    query = {name: request.args[name] for name in ("launch", "ticket") if name in request.args}
    return page(
        "lti/another_person.html",
        409,
        here=sign_in.identity,
        launched=grant.user_name if grant is not None else "",
        stay=f"{prefix()}{opened.path}",
        switch=f"{prefix()}/lti/open?{urlencode(query | {'switch': '1'})}",
    )


@bp.get("/lti/connected.json")
def connected() -> Response:
    """Return whether the person of a launch in this frame has connected Easel by now."""
    opened = kept_launches().found(request.args.get("launch", ""))
    there = opened is not None and not opened.acting and grant_of(opened) is not None
    answer: Response = jsonify(connected=there)
    answer.status_code = 200 if there else 401
    return answer


@bp.get("/lti/config.json")
def config() -> Response:
    """Return the JSON for the LTI key; nothing in it is secret."""
    settings = current_gateway().settings
    answer: Response = jsonify(configuration(settings.public_url, frame=lti_settings().frame))
    return answer


@bp.get("/lti/jwks.json")
def jwks() -> Response:
    """Return an empty key set, because Easel uses no LTI service."""
    answer: Response = jsonify(keys=[])
    return answer


def prefix() -> str:
    return current_gateway().settings.path_prefix


def refused(outcome: str, **facts: Any) -> Response:
    """Show the page of an outcome: what happened, what to do, and what an administrator checks."""
    note_outcome(outcome)
    trouble = Trouble(f"lti_{outcome}", redirect_uri=redirect_uri(), **facts)
    response = page("lti/refused.html", trouble.status, words=words_of(trouble))
    if trouble.status == 503:
        response.headers["Retry-After"] = "60"
    return response


def page(template: str, status: int, **context: Any) -> Response:
    return make_response(render_template(template, framed=framed(), **context), status)


def note_outcome(outcome: str, found: Launch | None = None) -> None:
    """Count and log a launch's outcome without naming anybody."""
    current_app.extensions["easel.metrics"].launches.labels(outcome).inc()
    known = found is not None and found.placement in PLACEMENTS
    log.info(
        "launch: %s; environment %s, placement %s, %s",
        outcome,
        found.environment if found else "-",
        found.placement if found and known else "-",
        "in a frame" if framed() else "in a tab",
    )
