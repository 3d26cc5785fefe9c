"""The person's days and weeks, wherever they and their clocks are."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from canvas_app.domain.calendar import (
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
    """An hour that is not there is an hour later; of two the first is meant."""
    denver = Person(time_zone="America/Denver")

    assert denver.moment(date(2026, 3, 8), time(2, 30)) == datetime(2026, 3, 8, 9, 30, tzinfo=UTC)
    assert denver.moment(date(2026, 11, 1), time(1, 30)) == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
    shown = denver.moment(date(2026, 3, 8), time(2, 30)).astimezone(denver.zone)
    assert shown.time() == time(3, 30)


@pytest.mark.parametrize("home", [zone for zone in ZONES if zone not in ALIKE])
@pytest.mark.parametrize("reader", ["America/Denver", "UTC", "Asia/Kolkata", "Pacific/Kiritimati"])
def test_all_day_events_are_on_their_day_everywhere(home, reader):
    """Midnight of whoever entered it, on the reader's day."""
    for day in (*CHANGES, date(2026, 7, 15), date(2026, 12, 31)):
        start = datetime.combine(day, time(), ZoneInfo(home))

        assert all_day_date(start, Person(time_zone=reader)) == day


@pytest.mark.parametrize("home", sorted(ALIKE))
def test_all_day_events_are_on_their_day_at_home(home):
    for day in (*CHANGES, date(2026, 7, 15), date(2026, 12, 31)):
        start = datetime.combine(day, time(), ZoneInfo(home))

        assert all_day_date(start, Person(time_zone=home)) == day


def test_all_day_where_two_zones_look_alike():
    """10:00 to 12:00 UTC is midnight in Hawaii and in Auckland: the reader's side decides."""
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
        assert read_week(text, today) is None


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
