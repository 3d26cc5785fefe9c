"""A finding says how bad it is, and the whole is in order unless one is an error."""

import json

from canvas_app.checks.finding import doubt, fault, findings_json, fine


def test_each_kind_has_its_level() -> None:
    found = [fine("tls", "a"), doubt("clock", "b", "c"), fault("redis", "d", "e")]

    assert [each.level for each in found] == ["ok", "warning", "error"]
    assert [each.remedy for each in found] == ["", "c", "e"]


def test_warnings_leave_the_whole_in_order() -> None:
    assert findings_json([fine("tls", "a"), doubt("clock", "b", "c")])["ok"] is True
    assert findings_json([fine("tls", "a"), fault("clock", "b", "c")])["ok"] is False
    assert findings_json([])["ok"] is True


def test_rows_are_plain_data() -> None:
    rows = findings_json(iter([doubt("clock", "5 minutes fast", "run NTP")]))

    assert json.loads(json.dumps(rows))["findings"] == [
        {"code": "clock", "level": "warning", "message": "5 minutes fast", "remedy": "run NTP"}
    ]


def test_one_of_several_environments_is_named() -> None:
    named = fault("key_off", "the key is off", "switch it on").about("beta")

    assert named.message == "beta: the key is off"
    assert (named.code, named.level, named.remedy) == ("key_off", "error", "switch it on")
