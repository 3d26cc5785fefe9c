"""The pages in which a tool is opened, and the three steps of a launch.

The order of the checks, error codes and wordings follow ``authentication_controller.rb``, the
first step ``lti_advantage_adapter.rb``.
"""

import secrets
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response as BaseResponse

from canvas_emulator.campus.courses import Course, effective_state
from canvas_emulator.lti import jwt
from canvas_emulator.lti.claims import Click, claims_of, lti11_id
from canvas_emulator.lti.registry import LAUNCH_SECONDS, NAVIGATION, Launch, LtiKey, Tampering
from canvas_emulator.oauth import COOKIE, current_person, current_session
from canvas_emulator.state import State, WebSession

blueprint = Blueprint("lti", __name__)

FRAME_ALLOW = "; ".join(
    f"{feature} *"
    for feature in (
        "geolocation",
        "microphone",
        "camera",
        "midi",
        "encrypted-media",
        "autoplay",
        "clipboard-write",
        "display-capture",
    )
)
"""Features that the launch frame allows a tool (``lti/launch.rb``); it has no sandbox."""
REQUIRED = (
    "client_id",
    "login_hint",
    "lti_message_hint",
    "nonce",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
)
KEYS_MAX_AGE = 864_000
STORAGE_FRAME = "post_message_forwarding"


class Refused(Exception):
    """An error that Canvas posts to the tool."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


def _state() -> State:
    state: State = current_app.extensions["emulator"]
    return state


@blueprint.get("/api/lti/security/jwks")
def jwks() -> BaseResponse:
    """Publish the public keys: past, present and future (``security_controller.rb``)."""
    return Response(
        msgspec.json.encode(_state().lti.ring.jwks()),
        content_type="application/json; charset=utf-8",
        headers={"Cache-Control": f"max-age={KEYS_MAX_AGE}"},
    )


# The pages of this Canvas that show tools


@blueprint.app_context_processor
def _for_the_start_page() -> dict[str, Any]:
    return {"tool_menus": menus, "courses_here": courses_here}


def menus() -> list[dict[str, str]]:
    """Return the tools that Canvas's menus outside courses show to the session's person."""
    person = current_person()
    if person is None:
        return []
    found = []
    for placement in NAVIGATION[1:]:
        if placement == "account_navigation" and not person.is_admin:
            continue
        for deployment, configuration, each in _state().lti.shown(placement):
            found.append(
                {
                    "label": configuration.label(each),
                    "place": placement.replace("_", " "),
                    "url": url_for(
                        "lti.open_tool", number=deployment.number, launch_type=placement
                    ),
                    "target": each.windowTarget or "",
                }
            )
    return found


def courses_here() -> list[Course]:
    """Return the courses of the session's person, for the start page."""
    person, state = current_person(), _state()
    if person is None:
        return []
    now = state.clock.now()
    ids = {
        row.course_id
        for row in state.campus.enrollments_of(person.id)
        if effective_state(row, state.campus.courses[row.course_id], now) == "active"
    }
    return [state.campus.courses[course_id] for course_id in sorted(ids)]


def _course(course_id: int) -> Course | BaseResponse:
    """Return the course if this session may see it, or a redirect to the log-in.

    Raises NotFound.
    """
    state, person = _state(), current_person()
    course = state.campus.courses.get(course_id)
    if course is None:
        raise NotFound
    if course.is_public:
        return course
    if person is None:
        return redirect(url_for("oauth.login_form"))
    if not person.is_admin and not state.campus.between(person.id, course_id):
        raise NotFound
    return course


@blueprint.get("/courses/<int:course_id>")
def course_page(course_id: int) -> BaseResponse:
    """Show a course's home page with its menu."""
    course = _course(course_id)
    if isinstance(course, BaseResponse):
        return course
    return Response(render_template("course.html", **_course_menu(course), tool=None))


def _course_menu(course: Course) -> dict[str, Any]:
    person = current_person()
    rows = _state().campus.between(person.id, course.id) if person else []
    return {
        "course": course,
        "person": person,
        "teaches": any(row.type == "TeacherEnrollment" for row in rows),
        "entries": [
            {
                "label": configuration.label(each),
                "url": url_for("lti.open_in_course", course_id=course.id, number=deployment.number),
                "target": each.windowTarget or "",
            }
            for deployment, configuration, each in _state().lti.shown(
                "course_navigation", course.id
            )
        ],
    }


@blueprint.post("/courses/<int:course_id>/student_view")
def student_view(course_id: int) -> BaseResponse:
    """Act as the course's test student; for teachers only."""
    session, person = current_session(), current_person()
    course = _course(course_id)
    test_students = _state().campus.test_students(course_id)
    teaches = not isinstance(course, BaseResponse) and _course_menu(course)["teaches"]
    if session is None or person is None or not teaches or not test_students:
        return Response("user not authorized to perform that action", 403, mimetype="text/plain")
    session.person_id, session.real_person_id = min(test_students), person.id
    return redirect(url_for("lti.course_page", course_id=course_id))


@blueprint.get("/courses/<int:course_id>/external_tools/<int:number>")
def open_in_course(course_id: int, number: int) -> BaseResponse:
    """Open a tool from a course's menu."""
    course = _course(course_id)
    if isinstance(course, BaseResponse):
        return course
    return _opened_tool("course_navigation", number, course)


@blueprint.get("/accounts/1/external_tools/<int:number>")
def open_tool(number: int) -> BaseResponse:
    """Open a tool from a menu outside courses."""
    placement = request.args.get("launch_type", "account_navigation")
    person = current_person()
    if person is None:
        return redirect(url_for("oauth.login_form"))
    if placement == "account_navigation" and not person.is_admin:
        raise NotFound
    return _opened_tool(placement, number, None)


def _opened_tool(placement: str, number: int, course: Course | None) -> BaseResponse:
    """Take the first step: a form that posts the login initiation into a frame or this tab."""
    state = _state()
    shown = state.lti.shown(placement, course.id if course else None)
    found = next((each for each in shown if each[0].number == number), None)
    if found is None:
        raise NotFound
    deployment, configuration, where = found
    session = current_session()
    real_id = session.real_person_id if session else None
    click = Click(
        deployment,
        configuration,
        where,
        current_person(),
        state.campus.people.get(real_id) if real_id is not None else None,
        course,
        request.host_url.rstrip("/"),
    )
    borderless = where.windowTarget == "_blank" or request.args.get("display") == "borderless"
    menu = _course_menu(course) if course else {"course": None, "entries": []}
    page = render_template(
        "course.html",
        **menu,
        tool={
            "action": configuration.oidc_initiation_url,
            "fields": _login_initiation(state, click),
            "title": configuration.label(where),
            "allow": FRAME_ALLOW,
            "framed": not borderless,
            "storage": _forwarding_frame() if state.lti.storage else "",
        },
    )
    return Response(page)


def _login_initiation(state: State, click: Click) -> dict[str, str]:
    """Return the parameters of the first step; the token's claims are computed and stored now."""
    lti, key, now = state.lti, click.deployment.key, state.clock.seconds()
    verifier = secrets.token_hex(64)
    hint = lti11_id(click.person, click.course)
    lti.launches[verifier] = Launch(
        claims_of(state, click),
        key,
        click.person.id if click.person else None,
        click.real_person.id if click.real_person else None,
        hint,
        lti.storage,
        now + LAUNCH_SECONDS,
    )
    message_hint = {
        "verifier": verifier,
        "canvas_domain": request.host,
        "context_type": "Course" if click.course else "Account",
        "context_id": 10_000_000_000_000 + (click.course.id if click.course else 1),
        "canvas_locale": "en",
        "include_storage_target": lti.storage,
        "exp": int(now + LAUNCH_SECONDS),
    }
    fields = {
        "iss": lti.issuer,
        "login_hint": hint,
        "client_id": key.client_id,
        "lti_deployment_id": click.deployment.id,
        "target_link_uri": click.target_link_uri,
        "lti_message_hint": jwt.mac_signed(
            lti.hint_secret, {"typ": "JWT", "alg": "HS256"}, message_hint
        ),
        "canvas_environment": lti.environment,
        "canvas_region": "not_configured",
    }
    return fields | ({"lti_storage_target": STORAGE_FRAME} if lti.storage else {})


# The second and third step


@blueprint.route("/api/lti/authorize_redirect", methods=["GET", "POST"])
def authorize_redirect() -> BaseResponse:
    """Redirect from the address that all schools share to the host in the message hint."""
    hint = _message_hint(request.values.get("lti_message_hint", ""))
    if hint is None:
        return _invalid_hint()
    query = urlencode(request.values.to_dict())
    return redirect(f"{request.scheme}://{hint['canvas_domain']}/api/lti/authorize?{query}")


@blueprint.route("/api/lti/authorize", methods=["GET", "POST"])
def authorize() -> BaseResponse:
    """Answer the authentication request with a page that posts a token or an error to the tool."""
    state = _state()
    asked = request.values.to_dict()
    hint = _message_hint(asked.get("lti_message_hint", ""))
    if hint is None:
        return _invalid_hint()
    session = current_session()
    if state.lti.next_tampering(losing=True).lost_session:
        session = None
    cookie_sent = session is not None or COOKIE in request.cookies
    launch = state.lti.launches.get(hint["verifier"])
    try:
        _check_request(asked)
        _check_person(asked, launch, session)
        key = _usable_key(asked)
        launch = _consumed(state, hint["verifier"], launch, key, asked)
        parameters = _launch_parameters(state, launch, asked)
    except Refused as refusal:
        retries = state.lti.retry_without_session
        if refusal.error == "login_required" and not cookie_sent and retries:
            return _without_session(asked)
        parameters = {"error": refusal.error, "error_description": refusal.description}
    if not _redirect_matches(state, asked):
        return Response("Invalid redirect_uri", 400, mimetype="text/plain")
    if state_sent := asked.get("state"):
        parameters["state"] = state_sent
    if hint["include_storage_target"] and "id_token" in parameters:
        parameters["lti_storage_target"] = STORAGE_FRAME
    # Rails's form helper adds these two.
    parameters |= {"utf8": "✓", "authenticity_token": secrets.token_urlsafe(32)}
    page = render_template("post.html", action=asked["redirect_uri"], fields=parameters)
    return Response(page)


def _message_hint(token: str) -> dict[str, Any] | None:
    """Return the hint's claims, or None if it is foreign or older than five minutes."""
    state = _state()
    try:
        claims = jwt.mac_claims(state.lti.hint_secret, token)
    except ValueError:
        return None
    return claims if claims and claims["exp"] > state.clock.seconds() else None


def _invalid_hint() -> BaseResponse:
    """Return the answer to an invalid hint; its form is unverified, and the tool gets nothing."""
    body = {"status": "bad_request", "message": "Invalid lti_message_hint"}
    return Response(msgspec.json.encode(body), 400, content_type="application/json; charset=utf-8")


def _check_request(asked: dict[str, str]) -> None:
    """Raise Refused if a parameter is missing; only the value of ``scope`` is checked."""
    missing = [name for name in REQUIRED if not asked.get(name)]
    if missing:
        raise Refused(
            "invalid_request_object",
            f"The following parameters are missing: {','.join(missing)}",
        )
    if asked["scope"] != "openid":
        raise Refused("invalid_request_object", "The 'scope' must be 'openid'")


def _check_person(asked: dict[str, str], launch: Launch | None, session: WebSession | None) -> None:
    """Raise Refused unless the session's person is the one the login hint names.

    A launch without a person needs a session without one.
    """
    expected = launch.person_id if launch else None
    person_id = session.person_id if session else None
    hinted = launch is None or asked["login_hint"] == launch.login_hint
    same = launch is None or person_id == expected
    public = launch is not None and launch.person_id is None
    if (person_id is None and not public) or not hinted or not same:
        raise Refused("login_required", "Must have an active user session")


def _usable_key(asked: dict[str, str]) -> LtiKey:
    key = _state().lti.key_of(asked["client_id"])
    if key is None or not key.active:
        raise Refused("unauthorized_client", "Client not authorized in requested context")
    return key


def _consumed(
    state: State, verifier: str, launch: Launch | None, key: LtiKey, asked: dict[str, str]
) -> Launch:
    """Return the stored launch, which is used once and within five minutes; raises Refused.

    A request with a wrong redirect URI does not use it up.
    """
    if launch is None or launch.ends <= state.clock.seconds() or launch.key is not key:
        raise Refused(
            "launch_no_longer_valid",
            "The launch has either expired or already been consumed",
        )
    if _redirect_matches(state, asked):
        del state.lti.launches[verifier]
    return launch


def _redirect_matches(state: State, asked: dict[str, str]) -> bool:
    """Return whether the redirect URI equals a registered one.

    Its query may have more parameters than the registered one.
    """
    key = state.lti.key_of(asked.get("client_id", ""))
    given = urlsplit(asked.get("redirect_uri", ""))
    here = parse_qs(given.query)
    for listed in key.redirect_uris if key else ():
        wanted = urlsplit(listed)
        if given._replace(query="") == wanted._replace(query="") and all(
            here.get(name) == values for name, values in parse_qs(wanted.query).items()
        ):
            return True
    return False


def _without_session(asked: dict[str, str]) -> BaseResponse:
    """Let the browser send Canvas the request again (2024); then show Canvas's own error page."""
    if asked.get("retried") != "true":
        fields = asked | {"retried": "true"}
        return Response(
            render_template("post.html", action=url_for("lti.authorize"), fields=fields)
        )
    return Response(render_template("launch_error.html"), 401)


def _launch_parameters(state: State, launch: Launch, asked: dict[str, str]) -> dict[str, str]:
    """Return the token, signed now, or what an armed tampering makes of it."""
    tampering = state.lti.next_tampering()
    if tampering.error is not None:
        return {"error": tampering.error, "error_description": "As control asked."}
    claims = _merged(launch.claims | {"nonce": asked["nonce"]}, tampering.claims)
    return {"id_token": _signed(state, tampering, claims)}


def _signed(state: State, tampering: Tampering, claims: dict[str, Any]) -> str:
    ring = state.lti.ring
    key = ring.present
    if tampering.key == "foreign":
        key = ring.foreign
    elif tampering.key == "retired" and ring.retired:
        key = ring.retired[-1]
    body = claims if tampering.payload is None else tampering.payload
    header = {"typ": "JWT", "alg": "RS256", "kid": key.kid}
    if tampering.key == "none":
        return jwt.unsigned(_merged(header | {"alg": "none"}, tampering.header), body)
    if tampering.key == "public_as_secret":
        secret = key.public_pem()
        return jwt.mac_signed(secret, _merged(header | {"alg": "HS256"}, tampering.header), body)
    return key.signed(_merged(header, tampering.header), body)


def _merged(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Merge ``changes`` into an object as RFC 7396 says: null removes a member."""
    after = dict(before)
    for name, value in changes.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, dict) and isinstance(after.get(name), dict):
            after[name] = _merged(after[name], value)
        else:
            after[name] = value
    return after


# Messages between a tool's frame and this Canvas


def _forwarding_frame() -> str:
    """Return the storage frame's address, under this machine's other name, as on another host."""
    host, _, port = request.host.partition(":")
    other = "localhost" if host == "127.0.0.1" else "127.0.0.1"
    token = jwt.mac_signed(
        _state().lti.hint_secret, {"alg": "HS256"}, {"origin": request.host_url.rstrip("/")}
    )
    port = f":{port}" if port else ""
    return f"{request.scheme}://{other}{port}/post_message_forwarding?token={token}"


@blueprint.get("/post_message_forwarding")
def post_message_forwarding() -> BaseResponse:
    """Pass storage messages on to the Canvas page that the token names."""
    try:
        claims = jwt.mac_claims(_state().lti.hint_secret, request.args.get("token", ""))
    except ValueError:
        claims = None
    if claims is None:
        return Response("Invalid token", 403, mimetype="text/plain")
    page = Response(render_template("forwarding.html", parent=claims["origin"]))
    page.headers["Cache-Control"] = f"max-age={365 * 24 * 3600}"
    page.headers["Content-Security-Policy"] = f"frame-ancestors {claims['origin']}"
    return page


@blueprint.errorhandler(HTTPException)
def _not_found(error: HTTPException) -> BaseResponse:
    return Response("Page not found", error.code or 404, mimetype="text/plain")
