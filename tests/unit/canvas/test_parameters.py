"""Paths and parameters as Canvas reads them."""

from datetime import date, datetime, timedelta, timezone
from urllib.parse import unquote

import pytest

from canvas_app.canvas.errors import CanvasError
from canvas_app.canvas.parameters import api_path, pairs, segment


@pytest.mark.parametrize(
    ("params", "spelled"),
    [
        ({"include": ["term", "sections"]}, [("include[]", "term"), ("include[]", "sections")]),
        ({"include[]": ("term",)}, [("include[]", "term")]),
        ({"states": {"b", "a"}}, [("states[]", "a"), ("states[]", "b")]),
        ({"a": {"b": {"c": 1}}}, [("a[b][c]", "1")]),
        ({"rows": [{"x": 1}]}, [("rows[][x]", "1")]),
        ({"yes": True, "no": False}, [("yes", "true"), ("no", "false")]),
        ({"left": None, "out": [None]}, []),
        ({"day": date(2026, 11, 23)}, [("day", "2026-11-23")]),
        (
            {"at": datetime(2026, 11, 23, 9, 30, 1, 5, timezone(timedelta(hours=1)))},
            [("at", "2026-11-23T08:30:01Z")],
        ),
        ({"n": 1.5, "s": "ü"}, [("n", "1.5"), ("s", "ü")]),
    ],
)
def test_parameters_are_spelled_as_rails_does(params, spelled):
    assert pairs(params) == spelled


def test_times_need_a_zone():
    with pytest.raises(ValueError, match="without a zone"):
        pairs({"at": datetime(2026, 11, 23)})


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (42, "42"),
        ("self", "self"),
        ("1~42", "1~42"),
        ("sis_course_id:A/1.b", "sis_course_id:A%2F1%2Eb"),
        ("123/submissions/456?x#y", "123%2Fsubmissions%2F456%3Fx%23y"),
        ("é %2F", "%C3%A9%20%252F"),
    ],
)
def test_ids_stay_one_segment(value, encoded):
    assert segment(value) == encoded
    assert unquote(encoded) == str(value)
    assert api_path("courses", value, "users") == f"/api/v1/courses/{encoded}/users"


@pytest.mark.parametrize(
    "value", ["", " ", ".", "..", "a/../b", "a\\..\\b", "a\nb", "\x7f", "\ud800"]
)
def test_ids_that_retarget_are_refused(value):
    """As an error of the caller, or as one of Canvas if the id came from there."""
    for kind in (ValueError, CanvasError):
        with pytest.raises(kind, match="An id"):
            segment(value)
