"""The person's days and weeks, in any time zone and across clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from canvas_app.domain.calendar import (
    WEEKS_BEGIN,
    Person,
    all_day_date,
    monday,
    read_week,
    week_slices,
    write_week,
)

ZONES = [
    "America/Denver",
    "America/St_Johns",
    "America/Santiago",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Australia/Lord_Howe",
]
ALIKE = {"Pacific/Apia", "Pacific/Kiritimati", "Pacific/Pago_Pago"}  # midnight at 10 to 12 UTC
CHANGES = [date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1)]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_clocks_that_change():
    """A time that does not exist is an hour later; of two equal times the first is meant."""
    denver = Person(time_zone="America/Denver")

    assert denver.moment(date(2026, 3, 8), time(2, 30)) == datetime(2026, 3, 8, 9, 30, tzinfo=UTC)
    assert denver.moment(date(2026, 11, 1), time(1, 30)) == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
    shown = denver.moment(date(2026, 3, 8), time(2, 30)).astimezone(denver.zone)
    assert shown.time() == time(3, 30)


@pytest.mark.parametrize("home", [zone for zone in ZONES if zone not in ALIKE])
@pytest.mark.parametrize("reader", ["America/Denver", "UTC", "Asia/Kolkata", "Pacific/Kiritimati"])
def test_all_day_events_are_on_their_day_everywhere(home, reader):
    """Canvas sends midnight of the author's zone; it is that day for every reader."""
    for day in (*CHANGES, date(2026, 7, 15), date(2026, 12, 31)):
        start = datetime.combine(day, time(), ZoneInfo(home))

        assert all_day_date(start, Person(time_zone=reader)) == day


@pytest.mark.parametrize("home", sorted(ALIKE))
def test_all_day_events_are_on_their_day_at_home(home):
    for day in (*CHANGES, date(2026, 7, 15), date(2026, 12, 31)):
        start = datetime.combine(day, time(), ZoneInfo(home))

        assert all_day_date(start, Person(time_zone=home)) == day


def test_all_day_where_two_zones_look_alike():
    """10:00 to 12:00 UTC is midnight in Hawaii and in Auckland; the reader's zone decides."""
    at = datetime(2026, 11, 23, 11, tzinfo=UTC)

    assert all_day_date(at, Person(time_zone="Pacific/Pago_Pago")) == date(2026, 11, 23)
    assert all_day_date(at, Person(time_zone="Pacific/Auckland")) == date(2026, 11, 24)
    assert all_day_date(at, Person(time_zone="America/Denver")) == date(2026, 11, 23)
    assert all_day_date(at, Person(time_zone="Asia/Tokyo")) == date(2026, 11, 24)
    tongan = Person(time_zone="Pacific/Tongatapu")
    assert all_day_date(datetime(2026, 11, 23, 11, tzinfo=UTC), tongan) == date(2026, 11, 24)


def test_weeks_are_read_and_written():
    today = date(2026, 11, 26)
    week = date(2026, 11, 23)

    assert read_week("this", today) == read_week("2026-W48", today) == week
    assert read_week("2026-11-29", today) == week
    assert write_week(week) == "2026-W48"
    assert write_week(read_week("2026-W53", today)) == "2026-W53"
    assert write_week(date(2024, 12, 30)) == "2025-W01"
    for text in ("", "2026-W60", "W48", "next", "0001-01-01", "9999-12-31", "2026-02-30"):
        assert all(read_week(text, today, begins) is None for begins in range(7))


@pytest.mark.parametrize(
    ("locale", "begins"),
    [("en-US", 6), ("en-GB", 0), ("de", 0), ("pt-BR", 6), ("ar-EG", 5), ("dv-MV", 4), ("en", 0)],
)
def test_weeks_begin_where_the_locale_begins_them(locale, begins):
    """Each day of four years is in one week, which its ISO name finds again."""
    me = Person(locale=locale)
    assert me.week_begins == begins
    assert begins in WEEKS_BEGIN

    for n in range(4 * 365):
        day = date(2026, 1, 1) + timedelta(days=n)
        first = me.first_of_week(day)
        assert first.weekday() == begins
        assert first <= day < first + timedelta(days=7)
        assert read_week(write_week(first), day, begins) == first
        assert read_week(day.isoformat(), day, begins) == read_week("this", day, begins) == first


def test_iso_week_is_the_one_with_its_monday():
    sunday, monday_ = date(2026, 11, 22), date(2026, 11, 23)

    assert read_week("2026-W48", sunday, begins=6) == sunday
    assert read_week("2026-11-28", sunday, begins=6) == sunday
    assert read_week("2026-11-29", sunday, begins=6) == date(2026, 11, 29)
    assert write_week(sunday) == write_week(monday_) == "2026-W48"
    assert write_week(date(2026, 1, 4)) == "2026-W02"  # a Sunday


@pytest.mark.parametrize("locale", ["", "x", "xx-nothing", "en-u-ca", "../etc", "en-US-POSIX"])
def test_odd_locales_have_weeks(locale):
    assert Person(locale=locale).week_begins in WEEKS_BEGIN


def test_weeks_cover_the_range():
    slices = week_slices(date(2026, 11, 4), date(2026, 11, 17))

    assert [start.date() for start, _ in slices] == [
        date(2026, 11, 2),
        date(2026, 11, 9),
        date(2026, 11, 16),
    ]
    assert slices[0][1] + timedelta(seconds=1) == slices[1][0]
    assert monday(date(2026, 11, 22)) == date(2026, 11, 16)


@pytest.mark.parametrize("zone", ["Nowhere/None", "../etc/passwd", ""])
def test_unknown_zone_is_utc(zone):
    assert Person(time_zone=zone).zone is UTC


def test_day_is_the_persons_own():
    assert Person(time_zone="Pacific/Kiritimati").day(NOW) == date(2026, 11, 24)
