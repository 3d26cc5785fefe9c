"""An outage is logged once and then counted; the next one is logged again."""

import logging

import pytest

from canvas_app.outages import SAME_OUTAGE, Outage


def test_outage_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    outage = Outage(logging.getLogger("test"), "no sessions", clock=lambda: now[0])
    caplog.set_level(logging.INFO)
    for _ in range(5):
        outage.failed(TimeoutError("secret detail"))
        now[0] += SAME_OUTAGE - 1
    now[0] += SAME_OUTAGE
    outage.failed(why="Redis is full")

    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("no sessions: TimeoutError. Further failures are counted")
    assert "Redis is full" in second
    assert "4 more were counted" in second
    assert outage.count == 6
    assert "secret detail" not in caplog.text


def test_traceback_is_for_debugging(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage(logging.getLogger("test"), "no sessions")
    caplog.set_level(logging.DEBUG)

    outage.failed(TimeoutError("the detail"))

    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.DEBUG]
    assert "the detail" in caplog.text
