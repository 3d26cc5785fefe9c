"""The person's own time: their zone and locale, and the days and weeks they make."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

EARLIEST, LATEST = 1970, 2999  # years a week may be asked for

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Person:
    """Who looks, in which time zone (IANA name) and locale (BCP 47); UTC and en until known."""

    id: str = ""
    name: str = ""
    time_zone: str = "UTC"
    locale: str = "en"

    @property
    def zone(self) -> tzinfo:
        """The zone itself; UTC when this machine knows no such name."""
        try:
            return ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):  # unknown, malformed, a directory's name
            return UTC

    def day(self, moment: datetime) -> date:
        """The person's calendar day at a moment."""
        return local(moment, self.zone).date()

    def moment(self, day: date, clock: time) -> datetime:
        """The moment of a day and time on the person's clocks, in UTC.

        When clocks go back the earlier of two is meant; a time that clocks skip is an hour later.
        """
        return datetime.combine(day, clock, self.zone).astimezone(UTC)


def local(moment: datetime, zone: tzinfo) -> datetime:
    """A moment on a zone's clocks; in UTC, or as it is, where that is before or after all dates.

    A moment without a zone is UTC.
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    for there in (zone, UTC):
        try:
            return aware.astimezone(there)
        except (OverflowError, ValueError):  # in year 0 or 10000
            continue
    return aware


def monday(day: date) -> date:
    """The Monday of a day's week (ISO 8601)."""
    return day - timedelta(days=day.weekday())


def all_day_date(start_at: datetime, me: Person) -> date:
    """The day an all-day event is on, wherever its calendar lives.

    Canvas keeps it as midnight in the zone of whoever entered it, and the planner does not name
    the day. Read in another zone that moment may fall on the day before. Zones reach from UTC-12
    to UTC+14: before 10:00 UTC it can only be a midnight in the west, after 12:00 only one in the
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


def read_week(text: str, today: date) -> date | None:
    """The Monday of "this", of an ISO week ("2026-W48") or of a day's week; None for all else."""
    if text == "this":
        return monday(today)
    try:
        found = monday(date.fromisoformat(text))
    except ValueError:
        return None
    return found if EARLIEST <= found.year <= LATEST else None


def write_week(start: date) -> str:
    """The ISO week that begins on this Monday: "2026-W48"."""
    return f"{start.isocalendar().year}-W{start.isocalendar().week:02d}"


def whole_weeks(first: date, last: date) -> tuple[datetime, datetime]:
    """From the Monday 00:00:00 UTC before one day to the Sunday 23:59:59 after the other."""
    start, end = (datetime.combine(monday(day), time(), UTC) for day in (first, last))
    return start, end + timedelta(days=7, seconds=-1)


def week_slices(first: date, last: date) -> list[tuple[datetime, datetime]]:
    """Whole UTC weeks that cover both days, each from Monday 00:00:00 to Sunday 23:59:59.

    Bookmarked lists can only be read page after page; cut by date they can be read side by side.
    Whole weeks make the same requests all week long, so that the cache knows them.
    """
    slices = []
    day = monday(first)
    while day <= last:
        slices.append(whole_weeks(day, day))
        day += WEEK
    return slices
