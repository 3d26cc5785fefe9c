"""What must be true of every answer to every request."""

import json

from fuzz.findings import Findings
from fuzz.wire import Reply

MARKS = (b"<script>fuzz", b" onload=fuzz()>", b" onerror=fuzz()>")


def check(reply: Reply, case: str, findings: Findings) -> None:
    """Count the answer and record what is wrong with it."""
    findings.answered(reply.status, reply.header("x-request-id"), case)
    if reply.status == 500:
        findings.add("an answer of status 500", case)
    if reply.header("content-encoding") or not reply.header("x-request-id"):
        return  # compressed, or a refusal by gunicorn itself
    type_ = reply.header("content-type")
    if type_.startswith("text/html"):
        check_page(reply.body, case, findings)
    elif type_.startswith("application/json") and reply.body:
        try:
            json.loads(reply.body, parse_constant=no_number)
        except ValueError:
            findings.add("a twin that is no JSON", case)


def check_page(body: bytes, case: str, findings: Findings) -> None:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        findings.add("a page that is no UTF-8", case)
        return
    if "could not be finished</h2>" in text:
        findings.add("a page that broke off", case)
    if any(mark in body for mark in MARKS):
        findings.add("a page that runs what it was sent", case)


def no_number(name: str) -> None:
    """Raise ValueError for NaN and Infinity, which are not JSON (RFC 8259, section 6)."""
    raise ValueError(name)
