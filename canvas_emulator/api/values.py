"""How Canvas writes values in JSON and reads them from parameters (lib/api.rb)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from canvas_emulator.campus import Person
from canvas_emulator.resource import Call

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_STRICT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?")
_RELATIVE = re.compile(r"""\b(href|src)=(["'])/(?!/)""")
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def stamp(moment: datetime | None) -> str | None:
    """Return a time in UTC and whole seconds, such as ``2026-03-01T07:00:00Z``."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def zone(person: Person) -> ZoneInfo:
    return ZoneInfo(person.time_zone)


def moment(text: str, viewer: Person, *, end: bool = False) -> datetime:
    """Parse a date or an ISO 8601 time; a date is the start or end of that day for the viewer.

    Raises ValueError for any other text.
    """
    if _DATE.fullmatch(text):
        clock = time(23, 59, 59) if end else time()
        return datetime.combine(date.fromisoformat(text), clock, zone(viewer))
    return strict(text, viewer)


def strict(text: str, viewer: Person) -> datetime:
    """Parse an ISO 8601 time with seconds; without an offset it is in the viewer's time zone.

    Raises ValueError for any other text.
    """
    # A plus sign that the client did not escape in a query arrives as a space.
    if not _STRICT.fullmatch(text := text.replace(" ", "+")):
        raise ValueError(text)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=zone(viewer))


def day_start(now: datetime, viewer: Person, days: int = 0) -> datetime:
    """Return midnight in the viewer's time zone, ``days`` from today."""
    today = now.astimezone(zone(viewer)).date() + timedelta(days=days)
    return datetime.combine(today, time(), zone(viewer))


def rich(call: Call, html: str | None) -> str | None:
    """Return HTML as the API sends it, with absolute links (lib/api.rb)."""
    return html and _RELATIVE.sub(rf"\1=\2{call.base_url}/", html)


def anonymous_id(number: int) -> str:
    """Write a number in base 36, as UserDisplay shows it."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _BASE36[rest] + digits
    return digits or "0"


def avatar(call: Call, person: Person) -> str:
    return f"{call.base_url}/images/messages/avatar-50.png"


def user_display(call: Call, person: Person) -> dict[str, object]:
    """Return UserDisplay, the short form of a user (Canvas: Courses)."""
    body: dict[str, object] = {
        "id": person.id,
        "anonymous_id": anonymous_id(person.id),
        "display_name": person.name,
        "avatar_image_url": avatar(call, person),
        "html_url": f"{call.base_url}/users/{person.id}",
        "pronouns": person.pronouns,
    }
    if person.fake:
        body["fake_student"] = True
    return body
