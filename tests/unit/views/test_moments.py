"""Every moment and day has words, in every zone and language, however far away it is."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from canvas_app.domain.calendar import (
    Person,
    all_day_date,
    local,
    monday,
    whole_weeks,
    write_week,
)
from canvas_app.domain.charts import line, load
from canvas_app.views import wording
from canvas_app.views.csv_table import cell
from tests.conftest import ROOT

ZONES = ("UTC", "America/Denver", "Asia/Tokyo", "Pacific/Kiritimati", "Etc/GMT+12", "No/Where")
LOCALES = ("en", "de", "ar", "ja", "th", "fa-IR", "zh-Hant", "nonsense")
NOW = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Reader:
    profile: Person = field(default_factory=Person)
    now: datetime = NOW


READERS = st.builds(
    lambda zone, locale: Reader(Person(time_zone=zone, locale=locale)),
    st.sampled_from(ZONES),
    st.sampled_from(LOCALES),
)
OFFSETS = st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours)))
MOMENTS = st.datetimes(timezones=st.none() | OFFSETS) | st.sampled_from(
    [datetime.min, datetime.max, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
ALWAYS = settings(max_examples=200, derandomize=True, deadline=None)


@ALWAYS
@given(MOMENTS, READERS, st.booleans())
@example(datetime(1, 1, 1, tzinfo=UTC), Reader(Person(time_zone="America/Denver")), False)
@example(
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), Reader(Person(time_zone="Asia/Tokyo")), True
)
def test_every_moment_is_said(moment, page, all_day):
    for said in (
        wording.when(moment, page, all_day),
        wording.clock(moment, page),
        wording.moment(moment),
    ):
        assert said.startswith("<time ")
        said.encode()
    assert cell(moment)
    assert isinstance(all_day_date(moment, page.profile), date)
    assert isinstance(page.profile.day(moment), date)


@ALWAYS
@given(st.dates(), READERS)
@example(date.min, Reader())
@example(date.max, Reader())
def test_every_day_is_said(day, page):
    for said in (
        wording.day(day, page),
        wording.short_day(day, page),
        wording.weekday(day, page),
        wording.away(day, page),
        wording.span(day, day, page),
        wording.span(date.min, day, page),
    ):
        assert said
    assert write_week(monday(day))
    assert load([(day, 1.0)], page.now.date()) is None or abs(day - page.now.date()).days < 40


@ALWAYS
@given(MOMENTS, MOMENTS)
def test_every_line_is_drawn(one, other):
    known = [local(one, UTC), local(other, UTC)]
    drawn = line([(at, 50.0) for at in known])

    assert (drawn is None) == (known[0] == known[1])


@pytest.mark.parametrize(("zone", "edge"), list(product(ZONES, (datetime.min, datetime.max))))
def test_what_no_clock_of_the_zone_shows_is_in_utc(zone, edge):
    there = local(edge, Person(time_zone=zone).zone)

    assert there.replace(tzinfo=None) == edge or there.tzinfo is not UTC
    assert there.utcoffset() is not None


def test_weeks_are_whole_however_long():
    start, end = whole_weeks(date(1, 1, 8), date(9999, 12, 24))

    assert (start.weekday(), start.time()) == (0, time())
    assert (end.weekday(), end.time()) == (6, time(23, 59, 59))


def test_clocks_are_read_in_one_place():
    """``astimezone`` fails at the edges of time; ``local`` does not."""
    rooms = ("domain", "sources", "services", "views")
    folders = [ROOT / "templates", *(ROOT / "canvas_app" / name for name in rooms)]
    files = [path for folder in folders for path in folder.rglob("*.*") if path.suffix != ".pyc"]
    assert len(files) > 50

    found = {path.name for path in files if "astimezone(" in path.read_text("utf-8")}

    assert found == {"calendar.py"}
