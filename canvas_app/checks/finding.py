"""One thing that was looked at: whether it is in order, and what to do when it is not."""

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
    """What was found of one subject. Nothing in it is secret."""

    code: Code
    level: Severity
    message: str
    remedy: str = ""

    def about(self, environment: str) -> "Finding":
        """The same finding, said of one of several Canvas environments."""
        return Finding(self.code, self.level, f"{environment}: {self.message}", self.remedy)


def fine(code: Code, message: str) -> Finding:
    return Finding(code, "ok", message)


def doubt(code: Code, message: str, remedy: str) -> Finding:
    """Easel works, but less well or less safely than it could; or it cannot be told."""
    return Finding(code, "warning", message, remedy)


def fault(code: Code, message: str, remedy: str) -> Finding:
    """Something of Easel's does not work."""
    return Finding(code, "error", message, remedy)


def findings_json(findings: Iterable[Finding]) -> dict[str, Any]:
    """What ``easel doctor --json`` prints: ``ok`` unless there is an error, then each finding."""
    rows = [asdict(each) for each in findings]
    return {"ok": all(row["level"] != "error" for row in rows), "findings": rows}
