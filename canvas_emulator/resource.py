"""The API's side of the emulator: routes, callers, their rights, and the form of answers."""

import hashlib
import logging
import re
import secrets
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote, urlsplit

import msgspec
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request as HttpRequest
from werkzeug.wrappers import Response

from canvas_emulator import paging
from canvas_emulator.paging import InvalidPage, Paged

if TYPE_CHECKING:
    from canvas_emulator.campus import Campus, Person
    from canvas_emulator.state import State, TokenRow

logger = logging.getLogger(__name__)

Row = TypeVar("Row")
Endpoint = Callable[..., object]
Registrar = Callable[[Endpoint], Endpoint]

STRING_IDS = "application/json+canvas-string-ids"
REALM = {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
SHARD = 10_000_000_000_000
"""A global id is the shard's number times this, plus the local id (``doc/api/object_ids.md``)."""
PAGE_OF_ERROR = "<!DOCTYPE html><html><body><h1>Page Error</h1></body></html>"
"""Canvas's error page outside the routes of its API; the words are unverified."""
NO_SUCH_ENDPOINT = "this emulator has no such endpoint"
GZIP_FROM = 860
"""Bytes from which an answer is compressed."""

_TRUE = frozenset({"true", "1", "t", "on", "yes"})
_SINGLE_ID = re.compile(rb'(["_]id":)(-?\d+)')
_MANY_IDS = re.compile(rb'("(?:(?:[^"\\]*_)?ids|never_drop)":\[)([-\d,]+)(?=\])')


@dataclass(eq=False)
class Answer(Exception):
    """An endpoint's answer that needs more than a body with status 200.

    It is an exception, so that a rule can end a call from wherever it is checked.
    """

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class NotFound(Answer):
    """404 for a record that Canvas does not find or does not show to the caller."""

    def __init__(self, body: Any = None) -> None:
        super().__init__(body or _errors("The specified resource does not exist."), 404)


class NoSuchPage(Answer):
    """404 for a page below 1 of a numbered list."""

    def __init__(self) -> None:
        error = {"message": "An error occurred.", "error_code": "not_found"}
        super().__init__({"errors": [error]}, 404)


class Forbidden(Answer):
    """403 for a caller who lacks the permission; 401 in older Canvas (``permission_status``)."""

    def __init__(self, body: Any = None) -> None:
        super().__init__(
            body
            or {"status": "unauthorized"} | _errors("user not authorized to perform that action"),
            403,
            NO_STORE,
        )


class Unauthorized(Answer):
    """401 for a missing, unknown, expired or revoked token; ``challenge`` adds the header."""

    def __init__(self, body: Any = None, *, challenge: bool = True) -> None:
        if body is None:
            body = {"status": "unauthenticated"} | _errors("user authorization required")
        super().__init__(body, 401, NO_STORE | (REALM if challenge else {}))


class BadRequest(Answer):
    """400 with the body that this endpoint sends."""

    def __init__(self, body: Any) -> None:
        super().__init__(body, 400)


def _errors(message: str) -> dict[str, Any]:
    return {"errors": [{"message": message}]}


@dataclass(frozen=True)
class Route:
    """An endpoint and its path template, which is also the text of its scope."""

    template: str
    endpoint: Endpoint


@dataclass
class _Node:
    literals: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    routes: dict[str, tuple[Route, tuple[str, ...]]] = field(default_factory=dict)


class Router:
    """Finds the endpoint for a path; a literal segment takes precedence over a parameter."""

    def __init__(self) -> None:
        self._root = _Node()
        self.routes: list[tuple[str, str]] = []

    def get(self, template: str) -> Registrar:
        return self._registrar("GET", template)

    def post(self, template: str) -> Registrar:
        return self._registrar("POST", template)

    def put(self, template: str) -> Registrar:
        return self._registrar("PUT", template)

    def delete(self, template: str) -> Registrar:
        return self._registrar("DELETE", template)

    def _registrar(self, method: str, template: str) -> Registrar:
        def register(endpoint: Endpoint) -> Endpoint:
            node, names = self._root, []
            for segment in template.strip("/").split("/"):
                if segment.startswith(":"):
                    names.append(segment[1:])
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.literals.setdefault(segment, _Node())
            node.routes[method] = (Route(template, endpoint), tuple(names))
            self.routes.append((method, template))
            return endpoint

        return register

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route for a path that is not decoded yet, and its parameters, or None."""
        segments = [unquote(part) for part in path.removesuffix(".json").strip("/").split("/")]
        return _descend(self._root, "GET" if method == "HEAD" else method, segments, 0, ())


def _descend(
    node: _Node, method: str, segments: Sequence[str], at: int, values: tuple[str, ...]
) -> tuple[Route, dict[str, str]] | None:
    if at == len(segments):
        found = node.routes.get(method)
        return None if found is None else (found[0], dict(zip(found[1], values, strict=True)))
    segment = segments[at]
    if (literal := node.literals.get(segment)) is not None:
        found_below = _descend(literal, method, segments, at + 1, values)
        if found_below is not None:
            return found_below
    if node.parameter is None or not segment:
        return None
    return _descend(node.parameter, method, segments, at + 1, (*values, segment))


router = Router()


class Call:
    """One authorized API call, as an endpoint sees it.

    ``viewer`` is the person whose rights count; ``real_user`` is the one who acts as them, or
    None.
    """

    def __init__(
        self,
        state: "State",
        request: HttpRequest,
        *,
        viewer: "Person",
        real_user: "Person | None",
        params: MultiDict[str, str],
        skew: paging.Skew | None = None,
    ) -> None:
        self.state = state
        self.request = request
        self.viewer = viewer
        self.real_user = real_user
        self.params = params
        self._skew = skew

    @property
    def campus(self) -> "Campus":
        return self.state.campus

    @property
    def now(self) -> datetime:
        """The emulator's time in UTC."""
        return self.state.clock.now()

    @property
    def base_url(self) -> str:
        """Scheme and host of this Canvas without a slash at the end."""
        return self.request.host_url.rstrip("/")

    def many(self, name: str) -> list[str]:
        """Return the values of ``name[]``, or else of plain ``name``; blank ones are left out."""
        values = self.params.getlist(f"{name}[]") or self.params.getlist(name)
        return [value for value in values if value]

    def one(self, name: str) -> str | None:
        """Return the last value of a parameter, or None."""
        values = self.params.getlist(name)
        return values[-1] if values else None

    def flag(self, name: str) -> bool:
        """Return whether a parameter is present and true."""
        return (self.one(name) or "").lower() in _TRUE

    @property
    def include(self) -> frozenset[str]:
        """The values of ``include[]``, without those that a scoped key silently loses."""
        return frozenset(self.many("include"))

    def numbered(
        self,
        rows: Sequence[Row],
        default: int = paging.DEFAULT_PER_PAGE,
        *,
        render: Callable[[Row], Any] | None = None,
        keep: Callable[[Row], bool] | None = None,
        holding: int | None = None,
        in_memory: bool = False,
        counted: bool = True,
    ) -> Paged:
        """Return the requested page of a numbered list.

        ``holding`` asks for the page with the row at that index instead. ``render`` turns a row of
        this page into JSON. ``keep`` drops rows after the list was cut into pages, as Canvas does
        in some lists. ``paging.numbered`` explains ``in_memory`` and ``counted``. Raises
        InvalidPage.
        """
        asked = self._paging()
        if holding is not None:
            asked = replace(asked, page=str(holding // asked.size(default) + 1))
        return paging.numbered(
            asked, rows, default, render, keep, in_memory=in_memory, counted=counted
        )

    def bookmarked(
        self,
        rows: Sequence[Row],
        key: Callable[[Row], Any],
        default: int = paging.DEFAULT_PER_PAGE,
        *,
        render: Callable[[Row], Any] | None = None,
        keep: Callable[[Row], bool] | None = None,
    ) -> Paged:
        """Return the requested page of a bookmarked list; ``rows`` must be sorted by ``key``.

        Raises InvalidPage.
        """
        return paging.bookmarked(self._paging(), rows, key, default, render, keep)

    def wrapped(self, name: str, page: Paged) -> "Answer":
        """Return a page as JSON:API has it: rows under a name, links in the body and the header."""
        body = {name: page.rows, "meta": {"pagination": page.pagination}}
        return Answer(body, headers={"Link": page.link})

    def _paging(self) -> paging.Request:
        return paging.Request(
            url=self.base_url + raw_path(self.request).removesuffix(".json"),
            query=list(self.request.args.items(multi=True)),
            page=self.one("page"),
            per_page=self.one("per_page"),
            maximum=self.state.settings.api_max_per_page,
            skew=self._skew,
        )


def raw_path(request: HttpRequest) -> str:
    """Return the path as it was sent, in which a slash inside an id is still ``%2F``."""
    sent = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI")
    return in_origin_form(sent).partition("?")[0] if sent else quote(request.path)


def in_origin_form(target: str) -> str:
    """Return path and query of a request target, which can be absolute (RFC 9112, section 3.2)."""
    if target.startswith("/") or "://" not in target:
        return target
    rest = urlsplit(target)._replace(scheme="", netloc="").geturl()
    return rest if rest.startswith("/") else f"/{rest}"


def parameters(request: HttpRequest) -> MultiDict[str, str]:
    """Return query, form and JSON body as Rails sees them; nested names look like ``a[b][]``.

    Raises BadRequest for a body that is not valid JSON.
    """
    found: MultiDict[str, str] = MultiDict(request.args)
    if request.method in {"GET", "HEAD"}:
        return found
    for name, value in request.form.items(multi=True):
        found.add(name, value)
    if request.is_json and request.get_data():
        try:
            body = msgspec.json.decode(request.get_data())
        except msgspec.DecodeError as error:
            raise BadRequest(_errors("Invalid JSON")) from error
        if isinstance(body, dict):
            _flatten(found, body, "")
    return found


def _flatten(found: MultiDict[str, str], value: Any, name: str) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _flatten(found, inner, f"{name}[{key}]" if name else key)
    elif isinstance(value, list):
        for inner in value:
            _flatten(found, inner, f"{name}[]")
    elif isinstance(value, bool):
        found.add(name, "true" if value else "false")
    else:
        found.add(name, "" if value is None else str(value))


@lru_cache(maxsize=2048)
def _scope_pattern(scope: str) -> re.Pattern[str]:
    verb, _, template = scope.removeprefix("url:").partition("|")
    path = re.sub(r":\w+", "[^/]+", re.escape(template).replace(r"\:", ":"))
    return re.compile(rf"{re.escape(verb)} {path}(\.json)?")


def permitted(scopes: Sequence[str], method: str, path: str) -> bool:
    """Return whether one of the scopes covers a call; HEAD counts as GET."""
    asked = f"{'GET' if method == 'HEAD' else method} {path}"
    return any(_scope_pattern(scope).fullmatch(asked) for scope in scopes)


def presented_token(request: HttpRequest) -> str | None:
    """Return the request's token from its header, query or body; ``Bearer`` is case-sensitive."""
    if token := throttled_token(request):
        return token
    if request.method in {"GET", "HEAD"}:
        return None
    body = request.get_json(silent=True) if request.is_json else None
    sent = body.get("access_token") if isinstance(body, dict) else None
    return request.form.get("access_token") or (sent if isinstance(sent, str) else None)


def throttled_token(request: HttpRequest) -> str | None:
    """Return the token as the throttle sees it, which does not look into bodies."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer" and token:
        return token.strip()
    return request.args.get("access_token")


def respond(state: "State", request: HttpRequest, skew: paging.Skew | None = None) -> Response:
    """Answer one API call: check token, scope and masquerade, call the endpoint, write JSON."""
    row: TokenRow | None = None
    viewer = real_user = None
    link = None
    try:
        found = request.environ.get("emulator.route")
        if found is None:
            return lacking(state, request)
        row, viewer, real_user, params = _authorise(state, request)
        route, names = found
        call = Call(state, request, viewer=viewer, real_user=real_user, params=params, skew=skew)
        body = route.endpoint(call, **names)
        answer = body if isinstance(body, Answer) else Answer(body)
    except InvalidPage as invalid:
        answer = NoSuchPage() if not invalid.bookmarked else _numeric_bookmark()
    except Answer as raised:
        answer = raised
    if isinstance(answer.body, Paged):
        link, answer.body = answer.body.link, answer.body.rows
    status = answer.status
    if isinstance(answer, Forbidden):
        status = state.settings.permission_status
    response = written(request, answer.body, status)
    response.headers.extend(answer.headers)
    if link:
        response.headers["Link"] = link
    _identify(response, row, viewer, real_user)
    if row is not None:
        _open_session(response)
        state.stats.count("cookies", "Cookie" in request.headers)
    return response


def lacking(state: "State", request: HttpRequest) -> Response:
    """Answer a route that this emulator lacks, though Canvas may have it: 501 and a log line.

    With the switch ``unknown_route`` at 404 it answers as Canvas does for a route or verb that
    Canvas itself lacks: with a page, and without looking at the token (``ExceptionsApp``).
    """
    if state.settings.unknown_route == 404:
        return Response(PAGE_OF_ERROR, 404, content_type="text/html; charset=utf-8")
    logger.warning("%s %s: %s", request.method, raw_path(request)[:500], NO_SUCH_ENDPOINT)
    return written(request, _errors(NO_SUCH_ENDPOINT), 501)


def _numeric_bookmark() -> Answer:
    text = "Invalid page; please restart iteration and follow `next` links"
    return BadRequest({"status": "bad_request", "errors": [{"page": text}]})


def authenticated(state: "State", request: HttpRequest) -> tuple["TokenRow", "Person"]:
    """Return the row of the request's token and its person; raises Unauthorized."""
    token = presented_token(request)
    if token is None:
        raise Unauthorized
    row = state.tokens.of(token)
    person = None if row is None else state.campus.people.get(row.person_id)
    if row is not None and state.settings.rejection_wording == "new":
        if row.revoked:
            raise Unauthorized(_errors("Revoked access token."))
        if row.fixed_end is not None and row.fixed_end <= state.clock.seconds():
            ended = datetime.fromtimestamp(row.fixed_end, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            error = {"message": "Expired access token.", "expired_at": ended}
            raise Unauthorized({"errors": [error]})
    if row is None or person is None or not state.usable(row):
        raise Unauthorized(_errors("Invalid access token."))
    return row, person


def check_scope(row: "TokenRow", request: HttpRequest) -> None:
    """Raise Unauthorized if the token's key enforces scopes and none covers the call."""
    if row.key is None or not row.key.require_scopes:
        return
    if not permitted(row.scopes, request.method, raw_path(request)):
        raise Unauthorized(_errors("Insufficient scopes on access token."), challenge=False)


def _authorise(
    state: "State", request: HttpRequest
) -> tuple["TokenRow", "Person", "Person | None", MultiDict[str, str]]:
    row, person = authenticated(state, request)
    check_scope(row, request)
    key = row.key
    params = parameters(request)
    allowed = key is None or key.allow_includes or state.settings.allow_includes
    if key is not None and key.require_scopes and not allowed:
        _drop_includes(params)
    real_user = None
    if row.real_person_id is not None:
        real_user = state.campus.people[row.real_person_id]
    wanted = params.get("as_user_id")
    if wanted and wanted not in {"self", str(person.id), str(person.global_id)}:
        if real_user is not None:
            raise Unauthorized({"errors": "Cannot change masquerade"}, challenge=False)
        real_user, person = person, _masqueraded(state, person, wanted)
    return row, person, real_user, params


def _drop_includes(params: MultiDict[str, str]) -> None:
    for name in ("include", "includes"):
        params.poplist(name)
        if "uuid" in params.poplist(f"{name}[]"):
            params.add(f"{name}[]", "uuid")


def _masqueraded(state: "State", caller: "Person", wanted: str) -> "Person":
    target = state.person_named(wanted)
    if target is None or "admin" not in caller.roles:
        raise Unauthorized({"errors": "Invalid as_user_id"}, challenge=False)
    return target


def _identify(
    response: Response,
    row: "TokenRow | None",
    viewer: "Person | None",
    real_user: "Person | None",
) -> None:
    meta = "q=0;"
    if row is not None:
        meta += f"at={SHARD + row.id};"
        if row.key is not None:
            meta += f"dk={row.key.client_id};"
    response.headers["X-Canvas-Meta"] = meta
    if viewer is not None:
        response.headers["X-Canvas-User-Id"] = str(viewer.global_id)
    if real_user is not None:
        response.headers["X-Canvas-Real-User-Id"] = str(real_user.global_id)


def _open_session(response: Response) -> None:
    """Set the two cookies, session and CSRF, that Canvas sends with every call with a token.

    They lack Canvas's ``Secure``, because the emulator speaks plain HTTP. Their names are
    unverified.
    """
    for name in ("_normandy_session", "_csrf_token"):
        response.set_cookie(name, secrets.token_urlsafe(16), httponly=name[1] == "n")


def written(request: HttpRequest, body: Any, status: int) -> Response:
    """Return a JSON response: ids in the requested form, weak ETag, 304 and gzip where they fit."""
    data = msgspec.json.encode(body)
    data = data.replace(b"<", rb"\u003c").replace(b">", rb"\u003e").replace(b"&", rb"\u0026")
    if STRING_IDS in request.headers.get("Accept", ""):
        data = _SINGLE_ID.sub(rb'\1"\2"', data)
        data = _MANY_IDS.sub(_quoted, data)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if status == 200:
        etag = f'W/"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
        headers |= {"ETag": etag, "Cache-Control": "max-age=0, private, must-revalidate"}
        known = request.headers.get("If-None-Match", "")
        if request.method in {"GET", "HEAD"} and etag in known:
            return Response(b"", status=304, headers=headers)
    if len(data) >= GZIP_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
        packer = zlib.compressobj(1, wbits=31)
        data = packer.compress(data) + packer.flush()
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(data, status=status, headers=headers)


def _quoted(match: re.Match[bytes]) -> bytes:
    return match[1] + b",".join(b'"' + part + b'"' for part in match[2].split(b","))
