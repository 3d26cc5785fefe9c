"""Headers, which any proxy may have written, are parsed with care."""

import pytest

from canvas_app.canvas.headers import LONGEST_ID, finite_number, request_id


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("599.5", 599.5),
        (" 12 ", 12.0),
        ("-1", -1.0),
        ("1e3", 1000.0),
        (None, None),
        ("", None),
        ("many", None),
        ("nan", None),
        ("inf", None),
        ("-Infinity", None),
        ("1e999", None),
    ],
)
def test_only_finite_numbers_count(text: str | None, number: float | None) -> None:
    """An infinite bucket would never be full, and NaN compares with nothing."""
    assert finite_number(text) == number


def test_a_request_id_is_cut_to_what_a_log_can_hold() -> None:
    assert request_id({}) is None
    assert request_id({"X-Request-Context-Id": "7d1e-44"}) == "7d1e-44"
    assert request_id({"X-Request-Context-Id": "x" * 500}) == "x" * LONGEST_ID
