"""The person's own time: her zone and locale, and the days and weeks they make."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Profile:
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
        return moment.astimezone(self.zone).date()


def monday(day: date) -> date:
    """The Monday of a day's week (ISO 8601)."""
    return day - timedelta(days=day.weekday())


def week_slices(first: date, last: date) -> list[tuple[datetime, datetime]]:
    """Whole UTC weeks that cover both days, each from Monday 00:00:00 to Sunday 23:59:59.

    Bookmarked lists can only be read page after page; cut by date they can be read side by side.
    Whole weeks make the same requests all week long, so that the cache knows them.
    """
    slices = []
    day = monday(first)
    while day <= last:
        start = datetime.combine(day, time(), UTC)
        slices.append((start, start + timedelta(days=7, seconds=-1)))
        day += timedelta(days=7)
    return slices
