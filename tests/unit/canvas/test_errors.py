"""Errors tell what happened, in Canvas's words where it has any."""

import json

import pytest

from canvas_app.canvas.errors import NotFound, Throttled, Unavailable, canvas_message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"errors": [{"message": "No."}]}, "No."),
        ({"errors": ["No.", "Never."]}, "No.; Never."),
        ({"errors": "Invalid as_user_id"}, "Invalid as_user_id"),
        ({"errors": {"start_date": "Invalid date"}}, "start_date: Invalid date"),
        ({"errors": {"name": [{"attribute": "name", "message": "blank"}]}}, "name: blank"),
        ({"errors": {"a": {"b": ["c"]}}}, "a.b: c"),
        ({"errors": [7]}, None),
        ({"message": "Missing context_codes"}, "Missing context_codes"),
        ({"error": "invalid_grant", "error_description": "gone"}, "invalid_grant; gone"),
        ([], None),
        ({}, None),
    ],
)
def test_canvas_message_has_many_shapes(body, said):
    assert canvas_message(json.dumps(body).encode(), "application/json") == (said, None)


def test_error_report_is_told():
    body = b'while(1);{"errors": [{"message": "An error occurred."}], "error_report_id": 12}'

    assert canvas_message(body, "application/json") == ("An error occurred.", 12)


def test_plain_text_is_quoted_and_html_is_not():
    assert canvas_message(b"Slow down\n", "text/plain; charset=utf-8") == ("Slow down", None)
    assert canvas_message(b"", "text/plain") == (None, None)
    assert canvas_message(b"<html>", "text/html") == (None, None)
    assert canvas_message(b"{broken", "application/json") == (None, None)


@pytest.mark.parametrize("depth", [9, 100, 450])
@pytest.mark.parametrize(
    ("opens", "closes"), [("[[", "]]"), ('{"a":{"b":', "}}"), ('{"a":[', "]}")]
)
def test_nesting_without_end_says_nothing(depth, opens, closes):
    body = f'{{"errors": {opens * depth}"x"{closes * depth}, "message": "No."}}'.encode()

    assert canvas_message(body, "application/json") == ("No.", None)


def test_many_errors_are_cut():
    errors = [{"message": f"No {number}."} for number in range(50_000)]
    fields = {f"field {number}": ["blank"] for number in range(50_000)}

    for many in (errors, fields):
        said, _ = canvas_message(json.dumps({"errors": many}).encode(), "application/json")
        assert said is not None
        assert len(said) <= 500


@pytest.mark.parametrize("report", ["9" * 5000, "٣", -1, 1.5, None, [], True])
def test_odd_report_is_none(report):
    body = json.dumps({"message": "No.", "error_report_id": report}).encode()

    assert canvas_message(body, "application/json") == ("No.", None)


def test_long_messages_are_cut():
    said, _ = canvas_message(json.dumps({"message": "x" * 5000}).encode(), "application/json")

    assert said is not None
    assert len(said) == 500


def test_an_error_tells_its_facts():
    error = NotFound(
        "Gone.",
        method="GET",
        path="/api/v1/courses/1",
        status=404,
        request_id="abc",
        canvas_message="The specified resource does not exist.",
    )
    error.done = "One page was read."

    text = str(error)

    assert text.startswith("Gone. Canvas said: “The specified resource does not exist.”. One page")
    assert "GET /api/v1/courses/1 answered 404" in text
    assert "request abc" in text
    assert error.at.utcoffset() is not None
    assert error.at.isoformat(timespec="seconds") in text


def test_facts_may_be_few():
    assert str(Throttled("Full.", retry_after=3)).startswith("Full. (2")
    assert Throttled("Full.", retry_after=3).retry_after == 3
    assert Unavailable("Down.").delivery == "may_have_happened"


def test_half_a_character_is_no_text():
    said, _ = canvas_message(b'{"message": "no \\ud800 such"}', "application/json")

    assert said == "no ? such"
