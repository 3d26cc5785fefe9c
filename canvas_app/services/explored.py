"""What the API explorer may request, and how it shows an answer."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from canvas_app.canvas.api import CanvasAPI

MARKS_READ = frozenset({"read_state", "read_status"})
MOST_NODES = 3000  # of JSON; browsers fold no more of them quickly
MOST_FOUND = 100
LONGEST_PATH = 4000  # characters
#: Query parameters by path (Canvas's pages of these endpoints).
PARAMETERS: dict[str, tuple[str, ...]] = {
    path: tuple(names.split())
    for path, names in {
        "/api/v1/accounts": "include[]",
        "/api/v1/calendar_events": "type start_date end_date undated context_codes[] include[]",
        "/api/v1/courses": "enrollment_type enrollment_state state[] include[]",
        "/api/v1/courses/:id": "include[]",
        "/api/v1/courses/:course_id/assignment_groups": "include[] grading_period_id",
        "/api/v1/courses/:course_id/assignments": "bucket search_term order_by include[]",
        "/api/v1/courses/:course_id/assignments/:id": "include[] all_dates",
        "/api/v1/courses/:course_id/assignments/:assignment_id/submission_summary": "grouped",
        "/api/v1/courses/:course_id/assignments/:assignment_id/submissions/:user_id": "include[]",
        "/api/v1/courses/:course_id/enrollments": "type[] state[] user_id include[]",
        "/api/v1/courses/:course_id/sections": "include[]",
        "/api/v1/courses/:course_id/students/submissions": (
            "student_ids[] assignment_ids[] workflow_state submitted_since graded_since grouped "
            "order include[]"
        ),
        "/api/v1/planner/items": "start_date end_date context_codes[] filter",
        "/api/v1/users/:user_id/enrollments": "type[] state[] include[]",
        "/api/v1/users/:user_id/missing_submissions": "course_ids[] filter[] include[]",
        "/api/v1/users/self/activity_stream": "only_active_courses",
        "/api/v1/users/self/todo": "include[]",
    }.items()
}


@dataclass(frozen=True)
class KnownEndpoint:
    """An endpoint that Easel uses: its path with ``:name`` for ids, what it gives, its page.

    ``parameters`` are those that are needed most; the page of documentation lists all.
    """

    path: str
    what: str
    doc: str
    parameters: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def known_endpoints() -> tuple[KnownEndpoint, ...]:
    """Return the endpoints Easel reads, by path."""
    found: dict[str, KnownEndpoint] = {}
    for method in vars(CanvasAPI).values():
        scope = getattr(method, "scope", "")
        verb, _, path = scope.removeprefix("url:").partition("|")
        if verb == "GET":
            what = (method.__doc__ or "").strip().split("\n")[0]
            known = found.get(path)
            if known is None or not known.what:
                found[path] = KnownEndpoint(path, what, method.doc, PARAMETERS.get(path, ()))
    return tuple(found[path] for path in sorted(found))


class NotAsked(Exception):
    """A request that the explorer does not send; ``why`` is a code for the page's message."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def read_asked(text: str, canvas_url: str, scopes: Iterable[str]) -> tuple[str, dict[str, Any]]:
    """Return the path and parameters to request; raise NotAsked.

    ``scopes`` are the grant's; without any, the key enforces none. Requests that would mark
    something as read, act as somebody else, or carry a token in the address raise NotAsked.
    """
    text = text.strip()
    if text.startswith(f"{canvas_url}/"):
        text = text.removeprefix(canvas_url)
    try:
        parts = urlsplit(text)
    except ValueError:
        raise NotAsked("path") from None
    if parts.scheme or parts.netloc:
        raise NotAsked("elsewhere")
    path = parts.path
    if not path.startswith("/api/"):
        path = f"/api/v1/{path.lstrip('/')}"
    if len(text) > LONGEST_PATH or not path.isprintable() or set(path) & set(" \\#"):
        raise NotAsked("path")
    if re.search(r"/:[a-z_]+", path):
        raise NotAsked("id_missing")
    if {".", ".."} & set(path.lower().replace("%2e", ".").split("/")):
        raise NotAsked("path")
    if (granted := tuple(scopes)) and not covered(granted, path):
        raise NotAsked("scope")
    return path, read_parameters(path, parts.query)


def read_parameters(path: str, query: str) -> dict[str, Any]:
    """Return the query as parameters of the client; raise NotAsked."""
    asked: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name.removesuffix("[]") == "as_user_id":
            raise NotAsked("acting")
        if name.removesuffix("[]") == "access_token":
            raise NotAsked("token")
        if MARKS_READ & {name.removesuffix("[]"), *re.split(r"[\s,]+", value)}:
            raise NotAsked("marks_read")
        if name.endswith("[]"):
            asked.setdefault(name, []).append(value)
        else:
            asked[name] = value
    if "/conversations" in path:  # reading one marks it, unless told not to
        asked["auto_mark_as_read"] = "false"
    return asked


def covered(scopes: Iterable[str], path: str) -> bool:
    """Return whether one of these scopes allows a GET of this path (``access_token.rb``)."""
    path = path.removesuffix(".json")
    for scope in scopes:
        verb, _, template = scope.removeprefix("url:").partition("|")
        pattern = re.sub(r":\w+", "[^/]+", re.escape(template).replace(r"\:", ":"))
        if verb == "GET" and re.fullmatch(pattern, path):
            return True
    return False


def path_and_query(path: str, asked: dict[str, Any]) -> str:
    """Return path and query as a person writes them."""
    query = urlencode(asked, doseq=True, safe="[]:,")
    return f"{path}?{query}" if query else path


def python_of(canvas_url: str, path: str, asked: dict[str, Any], many: bool) -> str:
    """Return the same call as code for Easel's client."""
    call = (
        f"for row in canvas.paginate({path!r}, {asked!r}):\n        print(row)"
        if many
        else f"print(canvas.get({path!r}, {asked!r}))"
    )
    return (
        "import os\n\nfrom canvas_app.canvas import CanvasClient\n\n"
        f'with CanvasClient({canvas_url!r}, os.environ["CANVAS_TOKEN"]) as canvas:\n    {call}\n'
    )


def count_nodes(value: Any, most: int = MOST_NODES) -> int:
    """Count the values in JSON, stopping just above ``most``."""
    waiting, found = [value], 0
    while waiting and found <= most:
        each = waiting.pop()
        found += 1
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found


def occurrences(value: Any, word: str) -> list[tuple[str, str]]:
    """Return where a word occurs in JSON: paths like ``[3].name``, and the values."""
    sought = word.casefold()
    found: list[tuple[str, str]] = []
    for path, name, each in _walk(value):
        leaf = "" if isinstance(each, dict | list) else str(each)
        if sought in name.casefold() or sought in leaf.casefold():
            found.append((path, leaf))
            if len(found) >= MOST_FOUND:
                break
    return found


def _walk(value: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield every value with its path and name, in reading order."""
    waiting: list[tuple[str, str, Any]] = [("", "", value)]
    while waiting:
        path, name, each = waiting.pop()
        if path:
            yield path, name, each
        inner: list[tuple[str, str, Any]] = []
        if isinstance(each, dict):
            inner = [(f"{path}.{key}".lstrip("."), str(key), got) for key, got in each.items()]
        elif isinstance(each, list):
            inner = [(f"{path}[{place}]", "", got) for place, got in enumerate(each)]
        waiting += reversed(inner)
