"""Dates, numbers and names in plain words, in the person's own locale."""

import unicodedata
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import (
    format_date,
    format_datetime,
    format_interval,
    format_skeleton,
    format_time,
    format_timedelta,
)
from babel.numbers import format_decimal
from markupsafe import Markup

from canvas_app.domain.calendar import Person, local, locale_named
from canvas_app.views.languages import ENGLISH, gettext, language, ngettext

# These look blank, although Unicode calls them letters or symbols.
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"


def locale_of(profile: Person) -> Locale:
    """Return the person's locale, or its language alone, or English."""
    return locale_named(profile.locale)


def day_word(distance: int, locale: Locale) -> str | None:
    """Return Today, Tomorrow or Yesterday; None for other days and locales without these words."""
    if locale.language == language().language:
        words = {0: gettext("Today"), 1: gettext("Tomorrow"), -1: gettext("Yesterday")}
    elif locale.language == ENGLISH:
        words = {0: "Today", 1: "Tomorrow", -1: "Yesterday"}
    else:
        words = {}
    return words.get(distance)


def day_text(there: date, today: date, locale: Locale) -> str:
    """Return a day in words: Today, Thursday within a week, else Thu 27 Nov."""
    distance = (there - today).days
    if word := day_word(distance, locale):
        return word
    if 0 <= distance < 7:
        return format_date(there, "EEEE", locale=locale)
    if there.year == today.year:
        return str(format_skeleton("MMMEd", there, locale=locale))
    return format_date(there, "medium", locale=locale)


def far(days: timedelta, locale: Locale) -> str:
    """Return how far away a day is, "in 3 days": in days up to forty, in larger units beyond."""
    unit = 41 if abs(days.days) <= 40 else 1  # from this many weeks on, weeks are counted
    return str(
        format_timedelta(days, granularity="day", add_direction=True, threshold=unit, locale=locale)
    )


def near(away: timedelta, locale: Locale) -> str:
    """Return how far away a moment of today is, in hours or less: "in 21 hours"."""
    return str(format_timedelta(away, add_direction=True, threshold=1, locale=locale))


def tag(text: str, machine: str, title: str, locale: Locale) -> Markup:
    lang = foreign(locale)
    return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(machine, title, lang, text)


def foreign(locale: Locale) -> Markup:
    """Return an element's language attribute if it differs from the page's language."""
    if locale.language == language().language:
        return Markup("")
    return Markup(' lang="{}" dir="{}"').format(locale.language, locale.text_direction)


def in_locale(text: str, locale: Locale) -> str:
    """Return text in the person's locale, marked up where the page has another language."""
    lang = foreign(locale)
    return Markup("<span{}>{}</span>").format(lang, text) if lang else text


def exact(there: datetime, profile: Person, locale: Locale) -> str:
    """Return a moment in full, with its time zone."""
    return f"{format_datetime(there, 'full', locale=locale)} ({profile.time_zone})"


def when(value: datetime | None, page: Any, all_day: bool = False) -> Markup:
    """Return a moment such as "Thursday 23:59, in 3 days", with the exact one in the title."""
    if value is None:
        return Markup("")
    me, now, noon = reader(
        page.profile.time_zone, page.profile.locale, page.now or datetime.now(UTC)
    )
    # The words for other days are the same all day, so noon stands for any time and is cached.
    same_day = me.day(value) == now.date()
    return said(value, me, now if same_day else noon, all_day, language().language)


@lru_cache(maxsize=64)  # as many as pages are being written at once
def reader(time_zone: str, locale: str, now: datetime) -> tuple[Person, datetime, datetime]:
    """Return the reader's zone and locale as a Person, their minute now, and noon of their day."""
    me = Person(time_zone=time_zone, locale=locale)
    now = local(now, me.zone).replace(second=0, microsecond=0)
    return me, now, now.replace(hour=12, minute=0)


@lru_cache(maxsize=16_384)  # a list of hundreds of rows shows the same few moments all day
def said(
    value: datetime, profile: Person, now: datetime, all_day: bool, page_language: str
) -> Markup:
    """Return a moment in words, as seen at another moment, on a page in this language."""
    locale = locale_of(profile)
    there, here = local(value, profile.zone), local(now, profile.zone)
    text = day_text(there.date(), here.date(), locale)
    if not all_day:
        text = f"{text} {format_time(there, 'short', locale=locale)}"
    distance = (there.date() - here.date()).days
    if distance == 0 and not all_day:
        away = there.replace(second=0, microsecond=0) - now  # ``now`` has no seconds either
        relative = near(away, locale) if away else ""
    elif distance == 0 or day_word(distance, locale):
        relative = ""
    else:
        relative = far(there.date() - here.date(), locale)
    if relative:
        text = Markup('{}<span class="ago">, {}</span>').format(text, relative)
    return tag(text, local(value, UTC).isoformat(), exact(there, profile, locale), locale)


def day(value: date, page: Any) -> Markup:
    """Return a day for a heading: Today, Thursday 26 November."""
    locale = locale_of(page.profile)
    today = page.profile.day(page.now or datetime.now(UTC))
    full = format_date(value, "full", locale=locale)
    name = day_text(value, today, locale)
    return tag(name, value.isoformat(), full, locale)


def whole_day(value: date, page: Any) -> Markup:
    """Return a day for a page's heading: "Friday 27 November", in the order of the locale."""
    locale = locale_of(page.profile)
    name = format_date(value, "EEEE", locale=locale)
    text = f"{name} {format_skeleton('MMMMd', value, locale=locale)}"
    return tag(text, value.isoformat(), format_date(value, "full", locale=locale), locale)


def short_day(value: date, page: Any) -> Markup:
    """Return a short day: 26 Nov, or Nov 26, as the locale has it."""
    locale = locale_of(page.profile)
    text = format_skeleton("MMMd", value, locale=locale)
    return tag(text, value.isoformat(), format_date(value, "full", locale=locale), locale)


def clock(value: datetime | None, page: Any) -> Markup:
    """Return the time of day alone, for rows listed under their day."""
    if value is None:
        return Markup("")
    me = Person(time_zone=page.profile.time_zone, locale=page.profile.locale)
    return time_said(value, me, language().language)


@lru_cache(maxsize=16_384)
def time_said(value: datetime, profile: Person, page_language: str) -> Markup:
    locale = locale_of(profile)
    there = local(value, profile.zone)
    text = format_time(there, "short", locale=locale)
    return tag(text, local(value, UTC).isoformat(), exact(there, profile, locale), locale)


def moment(value: datetime | None) -> Markup:
    """Return a moment in UTC, where no person's time zone is known."""
    if value is None:
        return Markup("")
    there = local(value, UTC)
    text = format_datetime(there, "d MMMM yyyy, HH:mm 'UTC'", locale=language())
    return tag(text, there.isoformat(), text, language())


def number(value: float | None, page: Any = None) -> str:
    """Return a number in the person's locale, with at most two decimals."""
    if value is None:
        return ""
    return decimal(value, page.profile.locale if page else "en")


@lru_cache(maxsize=4096)  # a page shows the same few points again and again
def decimal(value: float, locale: str) -> str:
    return str(format_decimal(value, "#,##0.##", locale=locale_named(locale)))


def worth(points: float, page: Any) -> str:
    """Return points in words; they may be fractional, and only exactly one is singular."""
    count = 1 if points == 1 else 2 if points % 1 else int(points)
    return ngettext("%(num)s point", "%(num)s points", count) % {"num": number(points, page)}


def late_by(seconds: int) -> str:
    """Return how late something was submitted: 2 d 3 h."""
    minutes = max(1, round(seconds / 60))
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    shown = [gettext("%(days)s d") % {"days": days}] if days else []
    shown += [gettext("%(hours)s h") % {"hours": hours}] if hours else []
    return " ".join(shown) or gettext("%(minutes)s min") % {"minutes": minutes}


def named(name: str | None, otherwise: str = "") -> str:
    """Return a visible name; spaces and invisible characters alone give a link no text."""
    if any(unicodedata.category(c)[0] not in "ZC" and c not in BLANKS for c in name or ""):
        return name or ""
    return otherwise or gettext("Untitled")


def course_named(name: str | None, course_id: object) -> str:
    """Return a course's name, or its number if it has no visible name."""
    return named(name, gettext("Course %(id)s") % {"id": course_id})


def away(value: date, page: Any) -> str:
    """Return the date of a day and how far away it is: "26 November, in 3 days"."""
    locale = locale_of(page.profile)
    today = page.profile.day(page.now)
    text = format_skeleton("MMMMd", value, locale=locale)
    days = value - today
    if abs(days.days) < 2:
        return in_locale(str(text), locale)
    return in_locale(f"{text}, {far(days, locale)}", locale)


def weekday(value: date, page: Any) -> Markup:
    """Return a day's name, "Today" (in the page's language) or "Thursday", exact in the title."""
    locale = locale_of(page.profile)
    distance = (value - page.profile.day(page.now)).days
    full = format_date(value, "full", locale=locale)
    if word := day_word(distance, language()):
        return tag(word, value.isoformat(), full, language())
    return tag(format_date(value, "EEEE", locale=locale), value.isoformat(), full, locale)


def span(first: date, last: date, page: Any) -> str:
    """Return a range of two days: "23 – 29 Nov 2026"."""
    locale = locale_of(page.profile)
    return in_locale(str(format_interval(first, last, "yMMMd", locale=locale)), locale)


def share(percent: float, page: Any) -> str:
    """Return a share of the final grade: "12 %", "0.4 %"."""
    return f"{number(round(percent, 1 if percent < 10 else 0), page)} %"
