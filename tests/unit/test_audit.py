"""The audit log has ids and events, and addresses only if that is set."""

import logging
from dataclasses import replace

import pytest
from flask import Flask

from canvas_app import audit
from canvas_app.storage.storage import Identity
from tests.unit.test_security import SETTINGS

ADA = Identity("beta", 7, "Ada Okafor")
ACTING = Identity("beta", 7, "Ada Okafor", real_user_id=9, real_user_name="Root")


def line_of(caplog: pytest.LogCaptureFixture, *arguments: object, address: bool = False) -> str:
    settings = replace(SETTINGS, audit_address=address)
    with (
        Flask(__name__).test_request_context(environ_base={"REMOTE_ADDR": "192.0.2.7"}),
        caplog.at_level(logging.INFO, "easel.audit"),
    ):
        event, *rest = arguments
        audit.note(event, settings, *rest)  # type: ignore[arg-type]
    return caplog.records[-1].getMessage()


def test_who_is_an_id_and_never_a_name(caplog: pytest.LogCaptureFixture) -> None:
    assert line_of(caplog, "sign-in", ADA) == "event=sign-in environment=beta user_id=7"


def test_who_acts_as_somebody_is_told(caplog: pytest.LogCaptureFixture) -> None:
    line = line_of(caplog, "sign-in", ACTING)

    assert line == "event=sign-in environment=beta user_id=7 real_user_id=9"
    assert "Root" not in line


def test_facts_are_fields_of_the_record(caplog: pytest.LogCaptureFixture) -> None:
    """JSON logs hold each fact by its name."""
    line_of(caplog, "refused", None, "state_used")

    record = caplog.records[-1]
    assert (record.event, record.detail) == ("refused", "state_used")  # type: ignore[attr-defined]
    assert not hasattr(record, "user_id")


@pytest.mark.parametrize("wanted", [True, False])
def test_the_address_stands_there_when_wanted(
    caplog: pytest.LogCaptureFixture, wanted: bool
) -> None:
    assert ("192.0.2.7" in line_of(caplog, "sign-out", ADA, address=wanted)) is wanted
