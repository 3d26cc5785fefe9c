"""The readable parts of an odd answer are kept, and the others reported."""

import json
from datetime import UTC, date, datetime

import msgspec
import pytest

from canvas_app.canvas import mending
from canvas_app.canvas.models import Assignment, CalendarEvent, Course, Profile, Submission
from canvas_app.canvas.paging import decode_one, decode_page

FIRST, LAST = datetime(1, 1, 8, tzinfo=UTC), datetime(9999, 12, 24, tzinfo=UTC)


def read(rows, type=Assignment):
    """Return the rows, how many are left out, and the values that are."""
    body = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    with mending.losses() as lost:
        found, _, odd = decode_page(body, type, "/api/v1/things")
    return found, odd, lost


@pytest.mark.parametrize(
    ("sent", "due"),
    [
        ("0001-01-01T00:00:00Z", FIRST),
        ("0001-01-03T10:00:00+14:00", datetime.fromisoformat("0001-01-08T10:00:00+14:00")),
        ("9999-12-31T23:59:59Z", LAST.replace(hour=23, minute=59, second=59)),
        ("9999-11-01T23:59:59Z", datetime(9999, 11, 1, 23, 59, 59, tzinfo=UTC)),
        ("12026-01-01T00:00:00Z", LAST),
        ("+12026-01-01T00:00:00Z", LAST),
        ("-0001-01-01T00:00:00Z", FIRST),
        ("0000-01-01T00:00:00Z", FIRST),
        ("2026-01-01T10:00:00", datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_dates_at_the_edge_are_moved_inwards(sent, due):
    rows, odd, lost = read([{"id": 1, "name": "Essay", "due_at": sent}])

    assert [(row.name, row.due_at) for row in rows] == [("Essay", due)]
    assert (odd, lost) == (0, [])


@pytest.mark.parametrize("sent", ["soon", "2026-13-01T00:00:00Z", "", [], {}, 1e300, True])
def test_what_is_no_date_is_left_out_and_told(sent):
    rows, odd, lost = read([{"id": 1, "due_at": sent, "lock_at": "2026-01-01T10:00:00"}])

    assert rows[0].due_at is None
    assert rows[0].lock_at == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert (odd, lost) == (0, ["due_at"])


def test_days_are_moved_inwards():
    rows, _, _ = read([{"id": 1, "all_day_date": "9999-12-31"}], CalendarEvent)

    assert rows[0].all_day_date == date(9999, 12, 24)


def test_a_title_that_looks_like_a_date_stays():
    rows, _, _ = read([{"id": 1, "name": "9999-12-31T23:59:59Z", "due_at": 7, "position": None}])

    assert rows[0].name == "9999-12-31T23:59:59Z"


def test_answers_without_a_type_stay_as_they_are():
    body = b'{"due_at": "9999-12-31T23:59:59Z"}'

    assert decode_one(body, dict) == json.loads(body)
    assert decode_page(b"[%s]" % body, dict, "/x")[0] == [json.loads(body)]


@pytest.mark.parametrize(
    ("name", "read_as"),
    [
        (b"a\\ud800b", "a\ufffdb"),
        (b"\\udc00", "\ufffd"),
        (b"a\x07b", "a\ufffdb"),
        (b"a\xffb", "a\ufffdb"),
        (b"\xed\xa0\x80", "\ufffd" * 3),
        (b"tab\there", "tab\there"),
    ],
)
def test_text_that_is_none_is_cleaned(name, read_as):
    body = b'[{"id": 1, "name": "%s"}, {"id": 2, "name": "\xf0\x9f\x98\x80"}]' % name

    rows, odd, lost = read(body)

    assert [row.name for row in rows] == [read_as, "\U0001f600"]
    assert (odd, lost) == (0, [])
    "".join(row.name for row in rows).encode()


@pytest.mark.parametrize(
    "number", ["1e300", "-1e300", "1e400", "9" * 400, "9" * 5000, "true", "[]", '"x"', "NaN"]
)
def test_numbers_beyond_measure_are_left_out_and_told(number):
    body = f'[{{"id": 1, "points_possible": {number}, "needs_grading_count": {number}}}]'.encode()

    rows, odd, lost = read(body)

    assert len(rows) == 1
    assert odd == 0
    for name in ("points_possible", "needs_grading_count"):
        value = getattr(rows[0], name)
        assert value in (None, 1)
        assert (name in lost) == (value is None and number != "NaN")


@pytest.mark.parametrize("id_", ["1e300", "1.5", "null", "[]", "{}", "true", "9" * 5000])
def test_a_row_without_an_id_is_left_out_alone(id_):
    rows, odd, _ = read(f'[{{"id": {id_}}}, {{"id": 2}}, 3, null, [], "x"]'.encode())

    assert [row.id for row in rows] == ["2"]
    assert odd == 5


@pytest.mark.parametrize("model", [Assignment, Course, Submission, CalendarEvent])
@pytest.mark.parametrize("value", [{"a": 1}, [[1]], "\ud800", 1e300, True, -1, ["x"], {"id": []}])
def test_no_field_costs_the_row(model, value):
    for field in msgspec.structs.fields(model):
        if not field.required:
            rows, odd, _ = read([{"id": 1, field.name: value}, {"id": 2}], model)

            assert len(rows) == 2, field.name
            assert odd == 0


def test_what_nobody_looks_for_is_not_told():
    _, _, lost = read([{"id": 1, "position": "first", "html_url": {}, "name": {}}])

    assert lost == ["name"]


def test_what_is_inside_is_kept_too():
    rows, odd, lost = read(
        [
            {
                "id": 1,
                "name": 5,
                "submission": [{"id": 2, "score": "x", "excused": "yes"}, 7],
                "rubric": [{"id": "a", "points": 1.5, "ratings": "none"}],
                "discussion_topic": 7,
                "course": {"id": None},
                "submission_types": ["on_paper", {}],
            }
        ]
    )

    (row,) = rows
    assert row.name == "5"
    assert [work.id for work in row.submission] == ["2"]
    assert [one.points for one in row.rubric] == [1.5]
    assert row.submission_types == ["on_paper"]
    assert odd == 0
    assert {"score", "ratings", "discussion_topic", "course"} <= set(lost)


def test_entries_by_name_are_kept():
    rows, odd, lost = read(
        [{"id": 1, "rubric_assessment": {"a": {"points": 2}, "b": 3}, "grade": 1.5}], Submission
    )

    assert rows[0].rubric_assessment["a"].points == 2
    assert rows[0].rubric_assessment.keys() == {"a"}
    assert rows[0].grade == "1.5"
    assert (odd, lost) == (0, ["an entry"])


def test_one_object_is_mended_as_well():
    with mending.losses() as lost:
        found = decode_one(
            b'{"id": 3, "name": "\\ud800", "time_zone": [], "short_name": {}}', Profile
        )

    assert (found.id, found.name, found.time_zone) == ("3", "\ufffd", None)
    assert lost == ["short_name"]


@pytest.mark.parametrize("body", [b'[{"id": 1', b"", b"[1, 2,]", b"<html>"])
def test_what_is_no_json_stays_an_error(body):
    with pytest.raises(msgspec.DecodeError):
        read(body)
    with pytest.raises(msgspec.DecodeError):
        decode_one(body, Assignment)


def test_what_is_expected_is_read_in_one_go(monkeypatch):
    """Odd answers are rare, so normal ones are read only once."""
    monkeypatch.setattr(mending, "fit", None)
    monkeypatch.setattr(mending, "inwards", None)

    rows, odd, lost = read([{"id": 1, "due_at": "2026-01-01T00:00:00Z", "points_possible": 9.5}])

    assert (rows[0].points_possible, odd, lost) == (9.5, 0, [])
