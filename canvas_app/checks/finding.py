"""The result of one check: whether it is in order, and what to do when it is not."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["ok", "warning", "error"]
Code = Literal[
    "settings",
    "canvas_unreachable",
    "not_a_canvas",
    "tls",
    "clock",
    "unknown_client",
    "redirect_uri",
    "key_off",
    "scopes",
    "wrong_secret",
    "includes_dropped",
    "database",
    "database_read_only",
    "redis",
    "public_url",
    "proxy_headers",
]


@dataclass(frozen=True)
class Finding:
    """Result of checking one subject. Nothing in it is secret."""

    code: Code
    level: Severity
    message: str
    remedy: str = ""

    def about(self, environment: str) -> "Finding":
        """Return the same finding for one of several Canvas environments."""
        return Finding(self.code, self.level, f"{environment}: {self.message}", self.remedy)


def fine(code: Code, message: str) -> Finding:
    return Finding(code, "ok", message)


def doubt(code: Code, message: str, remedy: str) -> Finding:
    """Return a warning: Easel works, but less well or safely than it could, or nobody can tell."""
    return Finding(code, "warning", message, remedy)


def fault(code: Code, message: str, remedy: str) -> Finding:
    """Return an error: some part of Easel does not work."""
    return Finding(code, "error", message, remedy)


def findings_json(findings: Iterable[Finding]) -> dict[str, Any]:
    """Return the JSON of ``easel doctor --json``: ``ok`` unless there is an error, and findings."""
    rows = [asdict(each) for each in findings]
    return {"ok": all(row["level"] != "error" for row in rows), "findings": rows}
