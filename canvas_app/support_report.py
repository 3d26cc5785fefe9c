"""Support reports: the facts of a failed call, in the forms that those who can help ask for.

The lists are those of "Canvas APIs: Getting started" (Canvas Community). Its developers' group gets
no address, host or person. Canvas's support desk gets what finds the call in its log. Neither gets
a token.
"""

import platform
import re
import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import parse_qsl, urlsplit

from canvas_app.canvas.api import DOCS
from canvas_app.canvas.client import route
from canvas_app.logs import redact

LONGEST_BODY = 2000  # characters
#: Sentences of Canvas that name nobody; others may quote a name, a login or a text.
HARMLESS_SENTENCES = (
    "user not authorized to perform that action",
    "The specified resource does not exist.",
    "Invalid access token.",
    "Revoked access token.",
    "Expired access token.",
    "Insufficient scopes on access token.",
    "Rate Limit Exceeded",
    "An error occurred.",
    "API rate limit exceeded",
)
#: Canvas's names of errors: ``"error_code": "not_found"``, ``"error": "invalid_grant"``.
ERROR_NAME = re.compile(r'"(?:error_code|error|status)"\s*:\s*"([a-z_]{1,60})"')
HOSTED = (".instructure.com", ".test.instructure.com", ".beta.instructure.com")
#: Parameters whose values are about the form of the answer, and not about a person.
HOW = frozenset(
    {
        "include",
        "exclude",
        "per_page",
        "type",
        "state",
        "enrollment_type",
        "enrollment_state",
        "enrollment_role",
        "workflow_state",
        "order",
        "order_by",
        "sort",
        "sort_by",
        "bucket",
        "scope",
        "filter",
        "task",
        "grouped",
        "start_date",
        "end_date",
        "only_announcements",
        "published",
        "all_events",
    }
)


@dataclass(frozen=True)
class SupportReport:
    """A call that failed. ``path`` is without query, ``query`` as it was sent."""

    tried: str
    environment: str
    canvas_url: str
    method: str
    path: str
    at: datetime
    query: str = ""
    status: int | None = None
    answer: str = field(default="", repr=False)
    canvas_request_id: str = ""
    easel_request_id: str = ""
    user_id: str = ""
    address: str = ""
    doc: str = ""

    def for_community(self) -> str:
        """Return the text to post, without host, ids, or anybody's data.

        Of Canvas's answer it includes the status, error codes and sentences that name nobody.
        """
        return self._text(
            [
                ("What I want to achieve", self.tried),
                ("Programming language", programming_language()),
                ("Operating system", system()),
                ("Has this ever worked before", "(please say)"),
                ("Related API endpoint", f"{self.method} {route(self.path)}"),
                ("Documentation", self.doc or DOCS),
                ("Snippet", f"curl of {self.method} {route(self.path)}{self._asked()}"),
                ("Example input data", "none"),
                ("Status and answer", self._answered_in_brief()),
                ("Hosted by Instructure or self-hosted", self._hosted()),
            ]
        )

    def for_support(self) -> str:
        """Return what Canvas's support desk asks for. Only Canvas's customers may ask it."""
        return self._text(
            [
                ("What I want to achieve", self.tried),
                ("Programming language", programming_language()),
                ("Operating system", system()),
                ("Has this ever worked before", "(please say)"),
                ("Canvas", f"{self.canvas_url} ({self.environment})"),
                ("API call", f"{self.method} {self.canvas_url}{self.path}{self._asked()}"),
                ("Example input data", "none"),
                ("Date and time of the failed call", moment_of(self.at)),
                ("Status and answer", self._answered()),
                ("Canvas's request id (X-Request-Context-Id)", self.canvas_request_id),
                ("Easel's request id", self.easel_request_id),
                ("Canvas user id the token belongs to", self.user_id),
                ("IP address the call came from", self.address or "(this server's, please add)"),
            ]
        )

    def for_operator(self) -> str:
        """Return what the people who run Easel need if no call to Canvas failed."""
        return self._text(
            [
                ("What was tried", self.tried),
                ("Date and time", moment_of(self.at)),
                ("Status", str(self.status or "")),
                ("Easel's request id", self.easel_request_id),
                ("Canvas", f"{self.canvas_url} ({self.environment})"),
                ("Canvas user id", self.user_id),
                ("Version", programming_language()),
            ]
        )

    def _text(self, lines: Iterable[tuple[str, str]]) -> str:
        return redact("\n".join(f"{label}: {value}" for label, value in lines if value))

    def _asked(self) -> str:
        """Return the parameters, without the values that may be about somebody."""
        shown = []
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            if name.removesuffix("[]") == "access_token":
                continue
            harmless = name.removesuffix("[]") in HOW or (name == "page" and value.isdigit())
            shown.append(f"{name}={value if harmless else '...'}")
        return "?" + "&".join(shown) if shown else ""

    def _answered(self) -> str:
        said = " ".join(self.answer.split())[:LONGEST_BODY]
        return f"{self.status or 'no answer'} {said}".strip()

    def _answered_in_brief(self) -> str:
        said = [each for each in HARMLESS_SENTENCES if each in self.answer]
        codes = ERROR_NAME.findall(self.answer)
        parts = [str(self.status or "no answer"), *dict.fromkeys(codes), *said]
        left_out = self.answer and not said
        return " ".join(parts) + (
            " (Canvas's words left out: they may name people)" * bool(left_out)
        )

    def _hosted(self) -> str:
        host = urlsplit(self.canvas_url).hostname or ""
        return "Instructure (SaaS)" if host.endswith(HOSTED) else "(please say)"


def curl_of(method: str, url: str) -> str:
    """Return the same call for a shell; the token is named by a variable."""
    return (
        f"curl --request {method} "
        '--header "Authorization: Bearer $CANVAS_TOKEN" '
        "--header 'Accept: application/json+canvas-string-ids, application/json' "
        f"{shlex.quote(url)}"
    )


def moment_of(at: datetime) -> str:
    """Return a time to the second, in UTC and in this machine's time zone."""
    local = at.astimezone()
    return f"{at:%Y-%m-%d %H:%M:%S} UTC ({local:%H:%M:%S %z})"


def programming_language() -> str:
    try:
        easel = version("easel")
    except PackageNotFoundError:
        easel = "from a checkout"
    return f"Python {sys.version.split()[0]}, Easel {easel}"


def system() -> str:
    return f"{platform.system()} {platform.release()} ({platform.machine()})"
