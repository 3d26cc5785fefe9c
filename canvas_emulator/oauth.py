"""Canvas's OAuth2 provider and the log-in that precedes it.

The order of the checks, their wordings and statuses follow ``oauth2_provider_controller.rb`` and
``lib/canvas/oauth/``; PKCE follows RFC 7636.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

import msgspec
from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from canvas_emulator.campus import Person
from canvas_emulator.resource import (
    NO_STORE,
    PAGE_OF_ERROR,
    Answer,
    Forbidden,
    authenticated,
    check_scope,
    presented_token,
    written,
)
from canvas_emulator.state import (
    ACCESS_TOKEN_SECONDS,
    PUBLIC_GRANT_SECONDS,
    Authorization,
    DeveloperKey,
    Pending,
    State,
    TokenRow,
    WebSession,
    slug,
)

blueprint = Blueprint("oauth", __name__)

COOKIE = "canvas_session"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
CHALLENGE = {"WWW-Authenticate": "Canvas OAuth 2.0"}

_INVALID_SCOPE = (
    "A requested scope is invalid, unknown, malformed, or exceeds the scope granted by the "
    "resource owner. The following scopes were requested, but not granted: "
)
_BAD_PKCE = (
    "The provided authorization grant is invalid, expired, revoked, does not match the "
    "redirection URI used in the authorization request, or was issued to another client."
)
_INVALID_TARGET = "The requested resource is invalid, missing, unknown, or malformed."
_NOT_ALLOWED = (
    "The current user is logged in but does not have permission to authorize this application."
)
_TRUE = frozenset({"1", "true", "t", "on", "yes"})


@dataclass
class OAuthError(Exception):
    """A refusal in the terms of RFC 6749; one with status 401 carries a challenge."""

    error: str
    description: str | None
    status: int = 400

    def rendered(self) -> BaseResponse:
        """Return the refusal as a JSON response."""
        body = {"error": self.error, "error_description": self.description}
        return _json(body, self.status, CHALLENGE if self.status == 401 else {})

    def query(self, state: str | None) -> dict[str, str | None]:
        return {"error": self.error, "error_description": self.description, "state": state}


def _unknown_client() -> OAuthError:
    return OAuthError("invalid_client", "unknown client", 401)


def _state() -> State:
    state: State = current_app.extensions["emulator"]
    return state


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> BaseResponse:
    return Response(
        msgspec.json.encode(body),
        status,
        headers=headers or {},
        content_type="application/json; charset=utf-8",
    )


def _text(message: str, status: int = 400) -> BaseResponse:
    return Response(message, status, content_type="text/plain; charset=utf-8")


def _page(template: str, status: int = 200, **context: Any) -> BaseResponse:
    return Response(render_template(template, **context), status)


@blueprint.after_request
def _never_stored(response: Response) -> Response:
    """Forbid caches to store any answer outside ``/api/``, redirects included."""
    response.headers.update(NO_STORE)
    return response


def current_session() -> WebSession | None:
    """Return this browser's session at this Canvas, or None."""
    return _state().sessions.get(request.cookies.get(COOKIE, ""))


def current_person() -> Person | None:
    """Return the person logged in to this Canvas in this browser, or None."""
    session = current_session()
    return _person(session.person_id) if session is not None else None


def _opened(response: BaseResponse, session: WebSession) -> BaseResponse:
    """Set the session's cookie on a response.

    For a browser, the cookie also goes to frames (``SameSite=None; Secure``) unless the switch
    ``session_cookie`` makes this a development Canvas. Only browsers, recognised by Fetch
    Metadata, get ``Secure``: they accept it from loopback, while other programs would not send
    such a cookie back over plain HTTP.
    """
    browser = "Sec-Fetch-Site" in request.headers
    anywhere = browser and _state().lti.session_cookie == "none"
    response.set_cookie(
        COOKIE,
        session.id,
        httponly=True,
        secure=anywhere,
        samesite="None" if anywhere else "Lax",
    )
    return response


def _renewed(session: WebSession | None) -> WebSession:
    """Return a session under a new id, because a log-in never keeps the id from before."""
    state = _state()
    fresh = WebSession(secrets.token_hex(16))
    if session is not None:
        state.sessions.pop(session.id, None)
        fresh.pending = session.pending
    state.sessions[fresh.id] = fresh
    return fresh


def _person(person_id: int | None) -> Person | None:
    return None if person_id is None else _state().campus.people.get(person_id)


def _demo_people() -> list[Person]:
    return [person for person in _state().campus.people.values() if person.key]


# The authorization endpoint


@blueprint.get("/login/oauth2/auth")
def auth() -> BaseResponse:
    """Start the authorization code flow; also the page on which out-of-band answers end."""
    if (refused := _not_navigated()) is not None:
        return refused
    asked = _asked()
    if "code" in asked or "error" in asked:
        return _page("layout.html")
    state = _state()
    try:
        key = _usable_key(asked.get("client_id"))
        target = _redirect_target(key, asked.get("redirect_uri", ""))
    except OAuthError as refusal:
        return refusal.rendered()
    session = current_session() or _renewed(None)
    session.pending = _parked(key, target, asked)
    try:
        answer = _interaction(state, session, key, asked)
    except OAuthError as refusal:
        answer = _back(session.pending, refusal.query(session.pending.state))
    return _opened(answer, session)


def _asked() -> dict[str, str]:
    """Return the query's parameters; the last value of a repeated one counts."""
    return {name: values[-1] for name, values in request.args.lists()}


def _not_navigated() -> BaseResponse | None:
    """Return the refusal of a request that a browser did not send by navigating (2026), or None.

    A request without Fetch Metadata headers is never refused. Canvas's wording is not published.
    """
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    if mode == "navigate" or not _state().settings.require_navigation:
        return None
    return _text("This endpoint requires a navigation request", 403)


def _usable_key(client_id: str | None) -> DeveloperKey:
    key = _state().keys.get(client_id or "")
    if key is None or not key.active:
        raise _unknown_client()
    return key


def _redirect_target(key: DeveloperKey, uri: str) -> str:
    """Return the redirect URI, or raise OAuthError unless it is registered.

    It must be registered exactly. For the older single field, its host or a subdomain of that is
    enough, with any port and path (``redirect_domain_matches?``), unless a newer Canvas is set to
    be exact there too (``oauth_redirect_uri_validation``). The out-of-band URI works only in a
    top-level page, not in a frame.
    """
    unframed = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    exact = uri in (*key.redirect_uris, *_state().registered, key.legacy_uri or None)
    if exact and (uri != OUT_OF_BAND or unframed):
        return uri
    lenient = _state().settings.redirect_matching == "lenient"
    if lenient and _same_domain(uri, key.legacy_uri):
        return uri
    raise OAuthError("invalid_request", "redirect_uri does not match client settings")


def _same_domain(uri: str, registered: str) -> bool:
    try:
        asked, known = urlsplit(uri), urlsplit(registered)
        host, domain = asked.hostname, known.hostname
    except ValueError:
        return False
    if not host or not domain or asked.scheme != known.scheme:
        return False
    return host == domain or host.endswith(f".{domain}")


def _parked(key: DeveloperKey, target: str, asked: dict[str, str]) -> Pending:
    challenge = asked.get("code_challenge")
    understood = asked.get("code_challenge_method") == "S256"
    if not understood or _state().settings.pkce == "off":
        challenge = None
    return Pending(
        client_id=key.client_id,
        redirect_uri=target,
        scopes=tuple(asked.get("scope", asked.get("scopes", "")).split()),
        purpose=asked.get("purpose") or key.name,
        state=asked.get("state"),
        challenge=challenge or None,
        resource=asked.get("resource"),
    )


def _interaction(
    state: State, session: WebSession, key: DeveloperKey, asked: dict[str, str]
) -> BaseResponse:
    """Make the checks whose errors go to the redirect URI, then answer the request.

    The answer is a redirect: to the application with a code, to the consent page, or to the log-in
    form.
    """
    pending = session.pending
    assert pending is not None  # noqa: S101 - the caller has parked it
    _check_scopes(key, pending.scopes, state.settings.scopes_off)
    _check_resource(asked.get("resource"))
    if state.barred(key):
        raise OAuthError(
            "unauthorized_client", "Client does not have access to the specified Canvas account."
        )
    if asked.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "Only response_type=code is permitted")
    prompt = asked.get("prompt")
    if prompt == "none":
        return _silently(session, key)
    if prompt not in {None, "login"}:
        raise OAuthError("unsupported_prompt_type", 'prompt must be "none" (or omitted)')
    # Any value of force_login forces a log-in, even an empty one.
    forced = asked.get("force_login", "1" if prompt == "login" else None)
    if session.person_id is not None and forced is None:
        return _resumed(session)
    query = _query(
        {
            "canvas_login": asked.get("canvas_login"),
            "force_login": forced,
            "authentication_provider": asked.get("authentication_provider"),
            "pseudonym_session[unique_id]": asked.get("unique_id"),
        }
    )
    return redirect(url_for("oauth.login_form") + (f"?{query}" if query else ""))


def _silently(session: WebSession, key: DeveloperKey) -> BaseResponse:
    if session.person_id is None:
        raise OAuthError("login_required", "prompt=none but there is no current session")
    if not _skips_consent(session, key):
        raise OAuthError(
            "interaction_required",
            "prompt=none but a token cannot be granted without user interaction",
        )
    return _granted(session)


def _check_scopes(key: DeveloperKey, scopes: tuple[str, ...], off: tuple[str, ...]) -> None:
    if not key.require_scopes:
        return
    foreign = [scope for scope in scopes if scope in off or not key.grants(scope)]
    if not scopes or foreign:
        raise OAuthError("invalid_scope", _INVALID_SCOPE + _sentence(foreign))


def _check_resource(resource: str | None) -> None:
    """Require an absolute URI without a fragment, of a known server (RFC 8707, section 2).

    It is not published which servers Canvas knows; this one knows only itself. Raises OAuthError.
    """
    if resource is None:
        return
    try:
        named = urlsplit(resource)
    except ValueError:
        named = urlsplit("")
    if "#" in resource or f"{named.scheme}://{named.netloc}/" != request.host_url:
        raise OAuthError("invalid_target", _INVALID_TARGET)


def _sentence(words: list[str]) -> str:
    """Join words as Rails's ``to_sentence`` does: "a, b, and c"."""
    if len(words) < 3:
        return " and ".join(words)
    return ", ".join(words[:-1]) + f", and {words[-1]}"


def _skips_consent(session: WebSession, key: DeveloperKey) -> bool:
    """Return whether Canvas gives a code without asking for consent (``provider.rb``).

    With ``force_token_reuse`` this already rewrites a token that can be reused, so the access
    token in use stops working here (``find_reusable_access_token``).
    """
    pending, person_id, state = session.pending, session.person_id, _state()
    if pending is None or person_id is None or pending.redirect_uri == OUT_OF_BAND:
        return False
    if key.trusted:
        return True
    if _identity_only(pending.scopes) and (person_id, key.client_id) in state.remembered:
        return True
    return _reused(state, key, person_id, pending.scopes) is not None


def _identity_only(scopes: tuple[str, ...]) -> bool:
    return len(scopes) == 1 and scopes[0].endswith("userinfo")


def _reused(
    state: State, key: DeveloperKey, person_id: int, scopes: tuple[str, ...]
) -> TokenRow | None:
    """Rewrite the row that a ``force_token_reuse`` key can reuse and return it, or None."""
    if not key.force_token_reuse:
        return None
    for row in state.tokens.grants():
        if row.key is key and row.person_id == person_id and row.scopes == scopes:
            if row.revoked:
                continue
            state.tokens.rewrite(row, rotate=False)
            return row
    return None


def _resumed(session: WebSession) -> BaseResponse:
    """Send a logged-in person on with the pending request: to the application, or to consent."""
    pending = session.pending
    if pending is not None and _skips_consent(session, _state().keys[pending.client_id]):
        return _granted(session)
    return redirect(url_for("oauth.confirm"))


def _granted(session: WebSession, *, remember: bool = False) -> BaseResponse:
    pending = session.pending
    assert pending is not None  # noqa: S101 - every caller has checked it
    session.pending = None
    code = _state().new_code(session, pending, remember=remember)
    return _back(pending, {"code": code, "state": pending.state})


def _back(pending: Pending, parameters: dict[str, str | None]) -> BaseResponse:
    target = pending.redirect_uri
    if target == OUT_OF_BAND:
        target = url_for("oauth.auth")
    return redirect(_joined(target, parameters))


def _joined(target: str, parameters: dict[str, str | None]) -> str:
    return target + ("&" if "?" in target else "?") + _query(parameters)


def _query(parameters: dict[str, str | None]) -> str:
    """Encode a query like Rails's ``Hash#to_query``: sorted, spaces as ``+``, nulls left out."""
    return "&".join(
        f"{quote_plus(name)}={quote_plus(value)}"
        for name, value in sorted(parameters.items())
        if value is not None
    )


@blueprint.get("/login/oauth2/confirm")
def confirm() -> BaseResponse:
    """Show the consent page."""
    session = current_session()
    pending = session.pending if session is not None else None
    person = _person(session.person_id) if session is not None else None
    if session is None or pending is None or person is None:
        return redirect(url_for("oauth.login_form"))
    key = _state().keys[pending.client_id]
    # An account's limits on personal tokens do not touch OAuth (``provider.rb``).
    if person.id in _state().site_admin_staff and not key.trusted:
        refusal = OAuthError("client_not_allowed_for_user", _NOT_ALLOWED)
        # Canvas reads the state from this page's own URL, which has none.
        return _back(pending, refusal.query(request.args.get("state")))
    session.csrf_token = secrets.token_hex(24)
    return _page(
        "confirm.html",
        key=key,
        person=person,
        real=_person(session.real_person_id),
        scopes=pending.scopes,
        identity_only=_identity_only(pending.scopes),
        csrf_token=session.csrf_token,
    )


@blueprint.post("/login/oauth2/accept")
def accept() -> BaseResponse:
    """Consent given: redirect to the application with a code."""
    if (refused := _not_navigated()) is not None:
        return refused
    session = current_session()
    if session is None or session.pending is None or session.person_id is None:
        return _text("Invalid or missing session for oauth")
    sent = request.form.get("custom_csrf_token")
    if not sent:
        return _text("Missing custom CSRF token")
    if not hmac.compare_digest(sent.encode(), session.csrf_token.encode()):
        return _text("Invalid custom CSRF token")
    return _granted(session, remember=request.form.get("remember_access", "").lower() in _TRUE)


@blueprint.route("/login/oauth2/deny", methods=["GET", "POST"])
def deny() -> BaseResponse:
    """Consent refused: redirect to the application with ``access_denied``."""
    if request.method == "GET" and _state().settings.oauth2_deny_post:
        return _text("This endpoint requires a POST request", 405)
    session = current_session()
    if session is None or session.pending is None:
        return _text("Invalid or missing session for oauth")
    pending, session.pending = session.pending, None
    return _back(pending, {"error": "access_denied", "state": pending.state})


# Logging in and out of this Canvas


@blueprint.get("/")
def home() -> BaseResponse:
    """Show who is logged in here; administrators can choose somebody to act as."""
    session = current_session()
    return _page(
        "home.html",
        person=_person(session.person_id) if session else None,
        real=_person(session.real_person_id) if session else None,
        people=_demo_people(),
    )


@blueprint.get("/login")
def login_form() -> BaseResponse:
    unique_id = request.args.get("pseudonym_session[unique_id]", "")
    return _page("login.html", people=_demo_people(), unique_id=unique_id, wrong=False)


@blueprint.post("/login")
def login() -> BaseResponse:
    """Check login and password, then continue a pending authorization."""
    unique_id = request.form.get("pseudonym_session[unique_id]", "")
    password = request.form.get("pseudonym_session[password]", "")
    person = _state().person_with_login(unique_id)
    if person is not None and person.id in _state().suspended:
        person = None
    if person is None or not hmac.compare_digest(person.password.encode(), password.encode()):
        return _page("login.html", 400, people=_demo_people(), unique_id=unique_id, wrong=True)
    session = _renewed(current_session())
    session.person_id = person.id
    answer = _resumed(session) if session.pending else redirect(url_for("oauth.home"))
    return _opened(answer, session)


@blueprint.post("/logout")
def logout() -> BaseResponse:
    """End this browser's Canvas session."""
    if (session := current_session()) is not None:
        _state().sessions.pop(session.id, None)
    answer = redirect(url_for("oauth.login_form"))
    answer.delete_cookie(COOKIE)
    return answer


@blueprint.post("/users/<int:person_id>/masquerade")
def masquerade(person_id: int) -> BaseResponse:
    """Act as somebody else in this browser; for administrators only."""
    session = current_session()
    admin = _person(session.person_id) if session else None
    if session is None or admin is None or not admin.is_admin or _person(person_id) is None:
        return _text("user not authorized to perform that action", 403)
    session.person_id, session.real_person_id = person_id, admin.id
    return redirect(url_for("oauth.home"))


# The token endpoint


@blueprint.post("/login/oauth2/token")
def token() -> BaseResponse:
    """Exchange a code for tokens, or refresh an access token."""
    state = _state()
    sent = _token_parameters()
    with state.lock:
        try:
            body = _token_answer(state, sent)
        except OAuthError as refusal:
            target = sent.get("redirect_uri")
            if state.settings.token_errors_redirect and target:
                # Canvas did this before 2021 (flag no_redirect_on_oauth_token_method off).
                return redirect(_joined(target, refusal.query(None)))
            return refusal.rendered()
    return _json(body)


def _token_parameters() -> dict[str, str]:
    """Return the parameters of body and query; HTTP Basic fills in blank client credentials.

    The last value of a repeated parameter counts.
    """
    sent = {name: values[-1] for name, values in request.form.lists()}
    if request.is_json:
        body = request.get_json(silent=True)
        if isinstance(body, dict):
            sent.update({name: str(value) for name, value in body.items() if value is not None})
    sent |= _asked()
    if (basic := request.authorization) is not None and basic.type == "basic":
        sent["client_id"] = sent.get("client_id") or basic.username or ""
        sent["client_secret"] = sent.get("client_secret") or basic.password or ""
    return sent


def _token_answer(state: State, sent: dict[str, str]) -> dict[str, Any]:
    grant_type = sent.get("grant_type", "authorization_code" if "code" in sent else None)
    if grant_type not in {"authorization_code", "refresh_token", "client_credentials"}:
        raise OAuthError(
            "unsupported_grant_type", "The grant_type you requested is not currently supported"
        )
    key = _usable_key(sent.get("client_id"))
    if grant_type == "client_credentials" or "client_assertion" in sent:
        # No key here has a public JWK, so no assertion can be valid.
        raise OAuthError("invalid_client", "invalid JWT assertion", 401)
    _check_secret(state, key, grant_type, sent)
    if grant_type == "refresh_token":
        return _refreshed(state, key, sent)
    return _exchanged(state, key, sent)


def _check_secret(state: State, key: DeveloperKey, grant_type: str, sent: dict[str, str]) -> None:
    """Check the client's secret; raises OAuthError.

    A public client may leave it out when it refreshes, and for a code with PKCE (since 2026).
    """
    secret = sent.get("client_secret")
    challenged = sent.get("code") in state.challenges and state.settings.pkce == "on"
    bare = grant_type == "refresh_token" or challenged or bool(sent.get("code_verifier"))
    if not secret and key.public and bare:
        return
    if not hmac.compare_digest((secret or "").encode(), key.client_secret.encode()):
        raise OAuthError("invalid_client", "invalid client", 401)


def _exchanged(state: State, key: DeveloperKey, sent: dict[str, str]) -> dict[str, Any]:
    _check_verifier(state, sent)
    if "code" not in sent:  # an empty one is not found
        raise OAuthError(
            "invalid_request",
            "You must provide the code parameter when using the authorization_code grant type",
        )
    code = sent["code"]
    found = state.code(code)
    if found is None:
        raise OAuthError("invalid_grant", "authorization_code not found")
    if found.client_id != key.client_id:
        raise OAuthError("invalid_grant", "incorrect client")
    _check_resource(sent.get("resource"))
    if sent.get("resource") != found.resource:
        raise OAuthError("invalid_target", _INVALID_TARGET)
    state.stats.count("exchanges")
    body = _described(state, found.person_id)
    if found.real_person_id is not None:
        body["real_user"] = _named(state.campus.people[found.real_person_id])
    if _identity_only(found.scopes):
        if found.remember:
            state.remembered.add((found.person_id, key.client_id))
    else:
        if key.replace_tokens or (sent.get("replace_tokens") or "").lower() in _TRUE:
            _destroy_tokens(state, found.person_id, key)
        row = _reused(state, key, found.person_id, found.scopes)
        fresh = row is None
        row = row or _new_row(state, key, found)
        body["access_token"] = row.access
        if fresh:
            # Canvas stores only a hash of it, so it can send it only when it creates the row.
            body["refresh_token"] = row.refresh
        body |= _lifetime(key)
    del state.codes[code]
    return body


def _lifetime(key: DeveloperKey) -> dict[str, int]:
    return {"expires_in": ACCESS_TOKEN_SECONDS} if key.auto_expire_tokens else {}


def _check_verifier(state: State, sent: dict[str, str]) -> None:
    """Check PKCE as in RFC 7636, section 4.6; raises OAuthError.

    The first attempt with a verifier uses up the challenge.
    """
    verifier, code = sent.get("code_verifier"), sent.get("code", "")
    if not verifier:
        if code not in state.challenges or state.settings.pkce == "lenient":
            return
        raise OAuthError("invalid_grant", _BAD_PKCE)
    challenge, ends = state.challenges.pop(code, ("", 0.0))
    digest = hashlib.sha256(verifier.encode()).digest()
    computed = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if ends <= state.clock.seconds() or computed != challenge:
        raise OAuthError("invalid_grant", _BAD_PKCE)


def _destroy_tokens(state: State, person_id: int, key: DeveloperKey) -> None:
    for row in state.tokens.grants():
        if row.person_id == person_id and row.key is key:
            row.revoked = True


def _new_row(state: State, key: DeveloperKey, grant: Authorization) -> TokenRow:
    now = state.clock.seconds()
    return state.tokens.add(
        grant.person_id,
        key,
        slug(),
        refresh=slug(),
        real_person_id=grant.real_person_id,
        scopes=grant.scopes,
        purpose=grant.purpose,
        expires_at=now + ACCESS_TOKEN_SECONDS if key.auto_expire_tokens else None,
        grant_ends_at=now + PUBLIC_GRANT_SECONDS if key.public else None,
    )


def _refreshed(state: State, key: DeveloperKey, sent: dict[str, str]) -> dict[str, Any]:
    if "refresh_token" not in sent:  # an empty one is not found
        raise OAuthError(
            "invalid_request",
            "You must provide the refresh_token parameter when using the refresh_token grant type",
        )
    row = state.tokens.of_refresh(sent["refresh_token"])
    now = state.clock.seconds()
    over = row is not None and row.grant_ends_at is not None and row.grant_ends_at <= now
    # Canvas checks neither the person nor whether the account has switched the key on
    # (``access_token.rb``): a suspended person gets a fresh token, and every call with it is
    # refused.
    if row is None or row.revoked or over or row.key is None or state.elsewhere(row.key):
        error = "invalid_grant"
        if state.settings.invalid_grant_wording == "old":
            error = "invalid_request"
        raise OAuthError(error, "refresh_token not found")
    if row.key is not key:
        raise OAuthError("invalid_grant", "incorrect client")
    _check_resource(sent.get("resource"))
    state.stats.count("refreshes")
    state.tokens.rewrite(row, rotate=key.public)
    row.expires_at = now + ACCESS_TOKEN_SECONDS if key.auto_expire_tokens else None
    body = _described(state, row.person_id) | {"access_token": row.access}
    if key.public:
        row.grant_ends_at = now + PUBLIC_GRANT_SECONDS
        body["refresh_token"] = row.refresh
    return body | _lifetime(key)


def _named(person: Person) -> dict[str, Any]:
    return {"id": person.id, "name": person.name, "global_id": str(person.global_id)}


def _described(state: State, person_id: int) -> dict[str, Any]:
    """Return the success body's first keys in Canvas's order (``token.rb``), without a token."""
    person = state.campus.people[person_id]
    user = _named(person) | {"effective_locale": person.locale or "en", "fake_student": person.fake}
    return {
        "access_token": None,
        "token_type": "Bearer",
        "user": user,
        "canvas_region": "unknown",
    }


@blueprint.delete("/login/oauth2/token")
def revoke() -> BaseResponse:
    """Revoke the token that this call carries, together with its refresh token."""
    state = _state()
    session = current_session()
    if presented_token(request) is None and session is not None and session.person_id is not None:
        text = "can't delete OAuth access token when not using an OAuth access token"
        return _json({"message": text}, 400)
    with state.lock:
        try:
            row, _ = authenticated(state, request)
        except Answer as refusal:
            return _refused(refusal)
        if row.key is not None:
            row.revoked = True
        state.stats.count("revocations")
        if request.values.get("expire_sessions") == "1":
            for session in list(state.sessions.values()):
                if session.person_id == row.person_id:
                    del state.sessions[session.id]
    return _json({})


def _refused(refusal: Answer) -> BaseResponse:
    """Return a refusal outside ``/api/``: a page, never a challenge (derived from the source).

    A request that asks for JSON gets it only if it has no token or lacks a permission. A browser
    without a token is sent to the log-in. The words of the page are unverified.
    """
    nameless = presented_token(request) is None
    wants_json = "application/json" in request.accept_mimetypes.values()
    if wants_json and (nameless or isinstance(refusal, Forbidden)):
        return written(request, refusal.body, refusal.status)
    if nameless:
        return redirect(url_for("oauth.login_form"))
    return Response(PAGE_OF_ERROR, refusal.status, content_type="text/html; charset=utf-8")


@blueprint.get("/login/oauth2/jwks")
def public_keys() -> BaseResponse:
    """Return an empty set of keys: only tools need them, OAuth2 signs nothing (unverified)."""
    return _json({"keys": []})


# From a token to a browser's session


@blueprint.get("/login/session_token")
def session_token() -> BaseResponse:
    """Return the one-time URL of a web session for an API token (``login_controller.rb``)."""
    state = _state()
    target = request.args.get("return_to") or request.referrer or request.host_url
    try:
        row, _ = authenticated(state, request)
        check_scope(row, request)
        if not _is_absolute(target):
            return _json({"error": "Invalid redirect URL"}, 400)
        wanted = urlsplit(target)
        if f"{wanted.scheme}://{wanted.netloc}/" != request.host_url:
            raise Forbidden
    except Answer as refusal:
        return _refused(refusal)
    secret = slug()
    state.session_tokens[secret] = row
    url = _joined(target, {"session_token": secret})
    return _json({"session_url": url, "requires_terms_acceptance": False})


def _is_absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)


@blueprint.before_app_request
def _enter() -> BaseResponse | None:
    """Log in whoever opens a session URL, once, and redirect to the URL without its secret."""
    row = _state().session_tokens.pop(request.args.get("session_token", ""), None)
    if row is None or not _state().usable(row):
        return None
    session = _renewed(current_session())
    session.person_id, session.real_person_id = row.person_id, row.real_person_id
    left = [pair for pair in parse_qsl(request.query_string.decode()) if pair[0] != "session_token"]
    return _opened(redirect(request.path + (f"?{urlencode(left)}" if left else "")), session)
