"""The person's calendar: their time zone and locale, and the days and weeks these make."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError

EARLIEST, LATEST = 1970, 2999  # years in which a week may be requested

DAY = timedelta(days=1)
WEEK = timedelta(days=7)

WEEKS_BEGIN = (0, 4, 5, 6)  # Monday, Friday, Saturday or Sunday, by Unicode's week data


@dataclass(frozen=True)
class Person:
    """The person's time zone (IANA name) and locale (BCP 47); UTC and en until known."""

    id: str = ""
    name: str = ""
    time_zone: str = "UTC"
    locale: str = "en"

    @property
    def zone(self) -> tzinfo:
        """Return the zone itself; UTC when this machine knows no such name."""
        try:
            return ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):  # unknown, malformed, or the name of a directory
            return UTC

    @property
    def week_begins(self) -> int:
        """Return the weekday on which weeks begin in this locale: 0 is Monday, 6 is Sunday.

        The region decides (Unicode's week data); a locale without one begins weeks on Monday.
        """
        return locale_named(self.locale).first_week_day

    def first_of_week(self, day: date) -> date:
        """Return the first day of the person's week that a day is in."""
        return week_start(day, self.week_begins)

    def day(self, moment: datetime) -> date:
        """Return the person's calendar day at a moment."""
        return local(moment, self.zone).date()

    def moment(self, day: date, clock: time) -> datetime:
        """Return the moment, in UTC, of a day and time in the person's zone.

        When clocks are set back, the earlier of the two moments is meant; a time that clocks skip
        is an hour later.
        """
        return datetime.combine(day, clock, self.zone).astimezone(UTC)


def local(moment: datetime, zone: tzinfo) -> datetime:
    """Return a moment in a zone; in UTC, or unchanged, where that leaves the range of dates.

    A moment without a zone is UTC.
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    for there in (zone, UTC):
        try:
            return aware.astimezone(there)
        except (OverflowError, ValueError):  # in year 0 or 10000
            continue
    return aware


@lru_cache(maxsize=256)
def locale_named(text: str) -> Locale:
    """Return the locale of a BCP 47 tag, or its language alone, or English."""
    parts = text.replace("_", "-").split("-")
    for name in ("_".join(part for part in parts if part != "x"), parts[0], "en"):
        try:
            return Locale.parse(name)
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")


def week_start(day: date, begins: int) -> date:
    """Return the first day of a day's week, where weeks begin on this weekday (0 is Monday)."""
    return day - timedelta(days=(day.weekday() - begins) % 7)


def monday(day: date) -> date:
    """Return the Monday of a day's week (ISO 8601)."""
    return week_start(day, 0)


def all_day_date(start_at: datetime, me: Person) -> date:
    """Return the day of an all-day event, whatever zone it was entered in.

    Canvas stores midnight in the zone of the person who entered the event, and the planner does not
    name the day. In another zone that moment may fall on the day before. Zones reach from UTC-12 to
    UTC+14: before 10:00 UTC it can only be a midnight in the west, after 12:00 only one in the
    east, and between the two the person's own zone decides.
    """
    there, own = local(start_at, UTC), local(start_at, me.zone)
    if own.time() == time():
        return own.date()
    clock = there.time()
    east = clock > time(12) or (
        clock >= time(10) and (own.utcoffset() or timedelta()) > timedelta()
    )
    return there.date() + DAY if east and there.date() < date.max else there.date()


def read_week(text: str, today: date, begins: int = 0) -> date | None:
    """Return the first day of "this" week, of an ISO week ("2026-W48") or of a day's; else None.

    ``begins`` is the weekday on which weeks begin. An ISO week names the week that contains its
    Monday: where weeks begin on Sunday, 2026-W48 is 22 to 28 November.
    """
    if text == "this":
        return week_start(today, begins)
    try:
        found = week_start(date.fromisoformat(text), begins)
    except (ValueError, OverflowError):  # the week of the first day there is began before it
        return None
    return found if EARLIEST <= found.year <= LATEST else None


def write_week(start: date) -> str:
    """Return the ISO week of the Monday in the week that begins on this day: "2026-W48"."""
    named = (start + timedelta(days=-start.weekday() % 7)).isocalendar()
    return f"{named.year}-W{named.week:02d}"


def whole_weeks(first: date, last: date) -> tuple[datetime, datetime]:
    """Return Monday 00:00:00 UTC before one day and Sunday 23:59:59 after the other."""
    start, end = (datetime.combine(monday(day), time(), UTC) for day in (first, last))
    return start, end + timedelta(days=7, seconds=-1)


def week_slices(first: date, last: date) -> list[tuple[datetime, datetime]]:
    """Return whole UTC weeks that cover both days, each Monday 00:00:00 to Sunday 23:59:59.

    Bookmarked lists can only be read page after page; split by date they can be read in parallel.
    Whole weeks make the same requests all week long, so that the cache can answer them.
    """
    slices = []
    day = monday(first)
    while day <= last:
        slices.append(whole_weeks(day, day))
        day += WEEK
    return slices
