"""The API explorer: Canvas's answer to a call, its pages and cost, and the call as code."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import msgspec
from flask import Blueprint, render_template, request, session
from flask.typing import ResponseReturnValue

from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.errors import CanvasError, MalformedAnswer
from canvas_app.canvas.paging import links
from canvas_app.canvas.retry import RetryPolicy
from canvas_app.canvas.throttle.queue import Throttle
from canvas_app.canvas.transport import Answer, Transport
from canvas_app.current import current_gateway, login_required, page_deadline, required_sign_in
from canvas_app.services.explored import (
    MOST_NODES,
    NotAsked,
    count_nodes,
    known_endpoints,
    occurrences,
    path_and_query,
    python_of,
    read_asked,
)
from canvas_app.support_report import curl_of
from canvas_app.troubles import Trouble

bp = Blueprint("explorer", __name__)

LARGEST = 2 * 2**20  # bytes of an answer
HISTORY = "explored"
REMEMBERED_CALLS = 10
ONCE = RetryPolicy(1, 1, first_pause=0, longest_pause=0, give_up_after=0)

_under_way: set[int] = set()
_lock = Lock()


class Overheard(Transport):
    """A person's connections to Canvas that remember the last answer, whatever its status."""

    def __init__(self, shared: Transport) -> None:
        self.origin = shared.origin
        self._shared = shared
        self.last: Answer | None = None

    def send(self, method: str, target: str, **more: Any) -> Answer:
        self.last = self._shared.send(method, target, **more, largest=LARGEST)
        return self.last


@dataclass(frozen=True)
class Explored:
    """A call and its outcome, as the page shows it."""

    asked: str
    status: int | None
    error: str
    seconds: float
    value: Any = None
    text: str = ""
    readable: bool = False  # whether ``value`` is shown as foldable parts
    facts: Mapping[str, str] = field(default_factory=dict)
    cost: float | None = None
    remaining: float | None = None
    pages: tuple[tuple[str, str], ...] = ()
    found: tuple[tuple[str, str], ...] = ()
    curl: str = ""
    python: str = ""

    @property
    def ceiling(self) -> float:
        """Return the bucket's capacity in units: 600, or more if this answer shows more."""
        return max(600.0, self.remaining or 0.0)


@bp.get("/explorer")
@login_required
def explorer_page() -> ResponseReturnValue:
    """Show the form alone; no call to Canvas."""
    own_account_only()
    return page_with(None, request.args.get("path", ""))


@bp.post("/explorer")
@login_required
def explore() -> ResponseReturnValue:
    """Send the call that was chosen or typed, and show its answer."""
    own_account_only()
    sign_in = required_sign_in()
    environment = current_gateway().environment(sign_in.identity.environment)
    text, word = request.form.get("path", ""), request.form.get("find", "").strip()[:100]
    try:
        path, asked = read_asked(text, environment.canvas_url, sign_in.scopes.split())
    except NotAsked as refusal:
        return page_with(None, text, refusal.why), 400
    with one_at_a_time(sign_in.grant_id):
        explored = answer_of(path, asked, word)
    recent = [path_and_query(path, asked), *session.get(HISTORY, ())]
    session[HISTORY] = list(dict.fromkeys(recent))[:REMEMBERED_CALLS]
    return page_with(explored, explored.asked, word=word)


def own_account_only() -> None:
    if required_sign_in().identity.real_user_id:
        raise Trouble("explorer_while_acting")


@contextmanager
def one_at_a_time(grant_id: int) -> Iterator[None]:
    """Raise Trouble while another call of the same grant is under way."""
    with _lock:
        if grant_id in _under_way:
            raise Trouble("explorer_busy")
        _under_way.add(grant_id)
    try:
        yield
    finally:
        with _lock:
            _under_way.discard(grant_id)


def answer_of(path: str, asked: dict[str, Any], word: str) -> Explored:
    """Call Canvas once, waiting until none of the person's pages has a call in flight."""
    gateway, sign_in = current_gateway(), required_sign_in()
    name = sign_in.identity.environment
    overheard = Overheard(gateway.transport_for(name))
    client = CanvasClient(
        gateway.environment(name).canvas_url,
        gateway.storage.credentials(sign_in.grant_id, gateway.endpoint_for(name)),
        transport=overheard,
        throttle=Throttle(gateway.buckets, overheard.origin, max_parallel=1),
        retry=ONCE,
        deadline=page_deadline(),
    )
    began, error = time.monotonic(), ""
    try:
        client.request("GET", path, params=asked)
    except CanvasError as failure:
        error = failure.message
    return explored_from(path, asked, word, overheard, error, time.monotonic() - began)


def explored_from(
    path: str,
    asked: dict[str, Any],
    word: str,
    overheard: Overheard,
    error: str,
    seconds: float,
) -> Explored:
    """Lay out the answer, if one came."""
    answer, where = overheard.last, path_and_query(path, asked)
    canvas_url = overheard.origin
    if answer is None:
        return Explored(where, None, error, seconds, curl=curl_of("GET", canvas_url + where))
    value, text = read_body(answer)
    headers = answer.headers
    kept = ("X-Request-Context-Id", "X-Canvas-Meta", "X-Canvas-User-Id", "Content-Type", "Date")
    return Explored(
        where,
        answer.status,
        error if answer.status >= 400 else "",
        seconds,
        value=value,
        text=text,
        readable=isinstance(value, dict | list) and count_nodes(value) <= MOST_NODES,
        facts={name: headers[name] for name in kept if name in headers},
        cost=answer.number("X-Request-Cost"),
        remaining=answer.number("X-Rate-Limit-Remaining"),
        pages=pages_of(overheard, headers.get("Link"), path),
        found=tuple(occurrences(value, word)) if word else (),
        curl=curl_of("GET", canvas_url + where),
        python=python_of(canvas_url, path, asked, isinstance(value, list)),
    )


def read_body(answer: Answer) -> tuple[Any, str]:
    """Return an answer's JSON, and its text, indented if it is JSON."""
    try:
        value = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError):
        return None, answer.body.decode("utf-8", "replace")
    return value, msgspec.json.format(answer.body).decode("utf-8", "replace")


def pages_of(overheard: Overheard, header: str | None, path: str) -> tuple[tuple[str, str], ...]:
    """Return the pages Canvas links to, as paths; links to other hosts are left out."""
    found = []
    for rel, link in links(header).items():
        try:
            found.append((rel, overheard.re_rooted(link, path=path)))
        except MalformedAnswer:
            continue
    return tuple(found)


def page_with(explored: Explored | None, path: str, refused: str = "", word: str = "") -> str:
    environment = current_gateway().environment(required_sign_in().identity.environment)
    return render_template(
        "explorer.html",
        explored=explored,
        path=path,
        refused=refused,
        word=word,
        catalogue=known_endpoints(),
        history=session.get(HISTORY, ()),
        canvas_url=environment.canvas_url,
    )
