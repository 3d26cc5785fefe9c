"""How pages are put into HTML: streaming, dates and numbers as people read them, safe text."""

import colorsys
import logging
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import nh3
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton, format_time, format_timedelta
from babel.numbers import format_decimal
from flask import (
    Flask,
    Response,
    current_app,
    g,
    get_flashed_messages,
    render_template,
    request,
    stream_with_context,
)
from markupsafe import Markup, escape

from canvas_app.canvas.errors import (
    AccessRefused,
    AuthenticationError,
    CanvasError,
    SignInRequired,
)
from canvas_app.current import current_gateway, current_sign_in
from canvas_app.domain.calendar import Profile, local
from canvas_app.domain.charts import ring
from canvas_app.domain.rich_text import ATTRIBUTES, TAGS, Tidied, plain_text, tidied
from canvas_app.settings import Environment
from canvas_app.storage.storage import SignIn
from canvas_app.views.languages import ENGLISH, gettext, language, ngettext

log = logging.getLogger(__name__)

FLUSH = Markup("<!--flush-->")
MOST_GROWTH = 4  # times; a link is told what it must not tell of us (rel)
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # fillers and blanks that count as letters or symbols
DEFAULT_COLOR = "#4a6fa5"
DARKEST, LIGHTEST = 0.15, 0.28  # relative luminance with at least 3:1 on both our grounds


def init_app(app: Flask) -> None:
    """Give every template its filters and what the header shows, every static file its version."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = timedelta(days=365)

    @app.url_defaults
    def version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values["v"] = fingerprint(Path(app.static_folder or "") / values["filename"])

    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        FLUSH=FLUSH,
        fresh_id=fresh_id,
        header_sign_in=header_sign_in,
        here=here,
        remembered=remembered,
        ring_share=ring,
        access_refused=access_refused,
        sign_in_over=sign_in_over,
        environments=environments,
    )
    app.jinja_env.filters.update(
        when=when,
        day=day,
        short_day=short_day,
        clock=clock,
        moment=moment,
        number=number,
        rich=rich,
        plain=plain,
        readable=readable,
        facts=facts,
        late_by=late_by,
        weblink=weblink,
        worth=worth,
        local=local,
        named=named,
        course_named=course_named,
    )


@lru_cache
def fingerprint(path: Path) -> str:
    """What changes in a file's address when the file does, so that browsers may keep it."""
    return sha256(path.read_bytes()).hexdigest()[:12]


def render_page(template: str, **context: Any) -> str:
    """A page whose content is already here."""
    return render_template(template, **context)


def nothing_early() -> Iterator[Any]:
    yield from ()


def stream_page(
    template: str,
    load: Callable[[], Any],
    early: Callable[[], Iterator[Any]] = nothing_early,
    **shell: Any,
) -> Response:
    """A page whose header and heading go out before ``load()`` is asked for the content.

    The template prints ``FLUSH`` after its shell and then calls ``load()`` itself. In between,
    each page that ``early()`` yields is shown, until what follows it takes its place. Whatever
    goes wrong after the shell can change no status any more, so the page says it in place.
    """
    get_flashed_messages()  # now: once the shell is out, the session is saved no more
    header_sign_in()
    context: dict[str, Any] = dict(shell, load=load)
    current_app.update_template_context(context)
    source = current_app.jinja_env.get_template(template)

    def views() -> Iterator[str]:
        for page in early():
            yield early_view(source.render(context, load=[page].pop))  # given away, not kept

    pieces = source.generate(context)
    return Response(stream_with_context(parts(pieces, views)), mimetype="text/html")


def early_view(page: str) -> str:
    """The content of a rendered page, to stand where it is until more of it follows.

    Its ids are left out: the whole page, which comes after it, has the same ones.
    """
    content = page.partition(FLUSH)[2].rpartition("</main>")[0]
    content = re.sub(r'\s(?:id|for|aria-labelledby|aria-describedby)="[^"]*"', "", content)
    return f'<div class="waiting early">{content}</div>\n'


def parts(
    pieces: Iterator[str], early: Callable[[], Iterator[str]] = nothing_early
) -> Iterator[str]:
    """Join a template's many small pieces into parts, cut where it prints ``FLUSH``."""
    waiting: list[str] = []
    try:
        for piece in pieces:
            if piece == FLUSH:
                yield "".join(waiting)
                waiting.clear()
                yield from early()
            else:
                waiting.append(piece)
    except SignInRequired as error:
        log.info("Canvas ended a sign-in: %s", error)
        waiting.append(render_template("fragments/broken.html", signed_out=True))
    except CanvasError as error:
        log.warning("Canvas: %s", error)
        refused = access_refused(error)
        waiting.append(render_template("fragments/broken.html", signed_out=False, refused=refused))
    except Exception:  # the shell is out; a cut connection would say nothing
        log.exception("a page failed after its shell was sent")
        waiting.append(render_template("fragments/broken.html", signed_out=False))
    yield "".join(waiting)


def remembered(macro: Callable[..., Markup]) -> Callable[..., Markup]:
    """A macro that writes the same for the same arguments, run once for each in a page.

    A row's chip and colour bar are the same on hundreds of rows. What is kept ends with the page.
    """
    return lru_cache(maxsize=1024)(macro)


def fresh_id() -> str:
    """An id no other element of this page has: a row's link is described by the row's chips."""
    return f"told-{next(g.setdefault('ids', count(1)))}"


def header_sign_in() -> SignIn | None:
    """Who the header names; nobody while the database is away, so that error pages still stand."""
    try:
        return current_sign_in()
    except Exception:
        log.warning("the header cannot tell who is signed in", exc_info=True)
        return None


def here(**more: str) -> str:
    """This page's address with its filters, without what was asked for once (``retry``)."""
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "retry"]
    asked = urlencode([*query, *more.items()])
    return f"{request.script_root}{request.path}" + (f"?{asked}" if asked else "")


def environments() -> tuple[Environment, ...]:
    """The Canvas environments this deployment offers at sign-in."""
    return current_gateway().settings.environments


def access_refused(failure: object) -> bool:
    """Whether Canvas refuses this person's access, which signing in again does not mend."""
    return isinstance(failure, AccessRefused)


def sign_in_over(failure: object) -> bool:
    """Whether a page failed because Canvas takes this sign-in no more."""
    return isinstance(failure, AuthenticationError)


def locale_of(profile: Profile) -> Locale:
    """The person's locale, or the language alone, or English."""
    return locale_named(profile.locale)


@lru_cache(maxsize=256)
def locale_named(text: str) -> Locale:
    parts = text.replace("_", "-").split("-")
    for name in ("_".join(part for part in parts if part != "x"), parts[0], "en"):
        try:
            return Locale.parse(name)
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")


def day_word(distance: int, locale: Locale) -> str | None:
    """Today, Tomorrow, Yesterday, where the date is in the page's language; else the weekday."""
    if locale.language == language().language:
        words = {0: gettext("Today"), 1: gettext("Tomorrow"), -1: gettext("Yesterday")}
    elif locale.language == ENGLISH:
        words = {0: "Today", 1: "Tomorrow", -1: "Yesterday"}
    else:
        words = {}
    return words.get(distance)


def day_text(there: date, today: date, locale: Locale) -> str:
    """A day as people say it: Today, Thursday within a week, else Thu 27 Nov."""
    distance = (there - today).days
    if word := day_word(distance, locale):
        return word
    if 0 <= distance < 7:
        return format_date(there, "EEEE", locale=locale)
    if there.year == today.year:
        return str(format_skeleton("MMMEd", there, locale=locale))
    return format_date(there, "medium", locale=locale)


def far(days: timedelta, locale: Locale) -> str:
    """How far a day is: "in 3 days"; in days up to forty, for a week would be six to ten."""
    unit = 41 if abs(days.days) <= 40 else 1  # so many weeks must there be to count in weeks
    return str(
        format_timedelta(days, granularity="day", add_direction=True, threshold=unit, locale=locale)
    )


def tag(text: str, machine: str, title: str, locale: Locale) -> Markup:
    lang = foreign(locale)
    return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(machine, title, lang, text)


def foreign(locale: Locale) -> Markup:
    """What an element says of its language where that is not the page's."""
    if locale.language == language().language:
        return Markup("")
    return Markup(' lang="{}" dir="{}"').format(locale.language, locale.text_direction)


def in_locale(text: str, locale: Locale) -> str:
    """Text in the person's locale, marked where the page speaks another language."""
    lang = foreign(locale)
    return Markup("<span{}>{}</span>").format(lang, text) if lang else text


def exact(there: datetime, profile: Profile, locale: Locale) -> str:
    """A moment with nothing left out, its time zone too."""
    return f"{format_datetime(there, 'full', locale=locale)} ({profile.time_zone})"


def when(value: datetime | None, page: Any, all_day: bool = False) -> Markup:
    """A moment as people say it, "Thursday 23:59, in 3 days", exact in the title."""
    if value is None:
        return Markup("")
    me, now, noon = reader(
        page.profile.time_zone, page.profile.locale, page.now or datetime.now(UTC)
    )
    # The day alone counts on other days, so it is said the same all day.
    same_day = me.day(value) == now.date()
    return said(value, me, now if same_day else noon, all_day, language().language)


@lru_cache(maxsize=64)  # the pages being written now
def reader(time_zone: str, locale: str, now: datetime) -> tuple[Profile, datetime, datetime]:
    """Whoever reads, with neither name nor id; her minute and noon of the day."""
    me = Profile(time_zone=time_zone, locale=locale)
    now = local(now, me.zone).replace(second=0, microsecond=0)
    return me, now, now.replace(hour=12, minute=0)


@lru_cache(maxsize=16_384)  # a ledger of hundreds of rows says the same few moments all day
def said(
    value: datetime, profile: Profile, now: datetime, all_day: bool, page_language: str
) -> Markup:
    """A moment as people say it at another moment, on a page in this language."""
    locale = locale_of(profile)
    there, here = local(value, profile.zone), local(now, profile.zone)
    text = day_text(there.date(), here.date(), locale)
    if not all_day:
        text = f"{text} {format_time(there, 'short', locale=locale)}"
    distance = (there.date() - here.date()).days
    if distance == 0 and not all_day:
        away = there.replace(second=0, microsecond=0) - now  # which is a whole minute, too
        relative = format_timedelta(away, add_direction=True, locale=locale) if away else ""
    elif distance == 0 or day_word(distance, locale):
        relative = ""
    else:
        relative = far(there.date() - here.date(), locale)
    if relative:
        text = f"{text}, {relative}"
    return tag(text, local(value, UTC).isoformat(), exact(there, profile, locale), locale)


def day(value: date, page: Any) -> Markup:
    """A day as a heading: Today, Thursday 26 November."""
    locale = locale_of(page.profile)
    today = page.profile.day(page.now or datetime.now(UTC))
    full = format_date(value, "full", locale=locale)
    name = day_text(value, today, locale)
    return tag(name, value.isoformat(), full, locale)


def short_day(value: date, page: Any) -> Markup:
    """A day where there is little room: 26 Nov, or Nov 26, as the locale has it."""
    locale = locale_of(page.profile)
    text = format_skeleton("MMMd", value, locale=locale)
    return tag(text, value.isoformat(), format_date(value, "full", locale=locale), locale)


def clock(value: datetime | None, page: Any) -> Markup:
    """The time of day alone, for rows that stand under their day."""
    if value is None:
        return Markup("")
    me = Profile(time_zone=page.profile.time_zone, locale=page.profile.locale)
    return time_said(value, me, language().language)


@lru_cache(maxsize=16_384)
def time_said(value: datetime, profile: Profile, page_language: str) -> Markup:
    locale = locale_of(profile)
    there = local(value, profile.zone)
    text = format_time(there, "short", locale=locale)
    return tag(text, local(value, UTC).isoformat(), exact(there, profile, locale), locale)


def moment(value: datetime | None) -> Markup:
    """A moment in UTC, where nobody's time zone is known."""
    if value is None:
        return Markup("")
    there = local(value, UTC)
    text = format_datetime(there, "d MMMM yyyy, HH:mm 'UTC'", locale=language())
    return tag(text, there.isoformat(), text, language())


def number(value: float | None, page: Any = None) -> str:
    """A number in the person's locale, at most two decimals."""
    if value is None:
        return ""
    return decimal(value, page.profile.locale if page else "en")


@lru_cache(maxsize=4096)  # the same few points all over a page
def decimal(value: float, locale: str) -> str:
    return str(format_decimal(value, "#,##0.##", locale=locale_named(locale)))


def worth(points: float, page: Any) -> str:
    """Points in words; they need not be whole, and only one is a point."""
    count = 1 if points == 1 else 2 if points % 1 else int(points)
    return ngettext("%(num)s point", "%(num)s points", count) % {"num": number(points, page)}


def late_by(seconds: int) -> str:
    """How late something was handed in: 2 d 3 h."""
    minutes = max(1, round(seconds / 60))
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    shown = [gettext("%(days)s d") % {"days": days}] if days else []
    shown += [gettext("%(hours)s h") % {"hours": hours}] if hours else []
    return " ".join(shown) or gettext("%(minutes)s min") % {"minutes": minutes}


def rich(html: str | None, base: str = "") -> Markup:
    """Canvas's HTML with nothing in it that runs, loads, or styles; links are made absolute.

    Of a monstrous one the text alone. A last line says so where something is left out.
    """
    if not html:
        return Markup("")
    said = words()
    made = tidied(html, base, said)
    note = Markup('<p class="meta">{}</p>').format(said["left_out"]) if made.left_out else ""
    return sanitised(made) + note


def sanitised(made: Tidied) -> Markup:
    """Tidy HTML once more through a sanitiser, should the tidying have overlooked something."""
    if made.text_alone:
        return Markup(made.html)  # noqa: S704  # escaped text and line breaks
    clean = nh3.clean(
        made.html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    if len(clean) > MOST_GROWTH * len(made.html) + 1000:
        log.warning("HTML of %s characters grew to %s", len(made.html), len(clean))
        return escape(plain_text(made.html))
    return Markup(clean)  # noqa: S704


def plain(html: str | None) -> str:
    """Canvas's HTML where there is room for text alone."""
    return plain_text(html, words())


def words() -> dict[str, str]:
    """What stands for a picture, a medium, and for what cannot be shown."""
    return {
        "picture": gettext("Picture"),
        "video": gettext("Video"),
        "audio": gettext("Audio"),
        "embedded": gettext("Embedded content"),
        "details": gettext("Details"),
        "link": gettext("Link"),
        "left_out": gettext("Something in this text cannot be shown here. Canvas shows it."),
    }


def named(name: str | None, otherwise: str = "") -> str:
    """A name that can be seen: spaces and invisible characters alone make no link's text."""
    if any(unicodedata.category(c)[0] not in "ZC" and c not in BLANKS for c in name or ""):
        return name or ""
    return otherwise or gettext("Untitled")


def course_named(name: str | None, course_id: object) -> str:
    """A course's name, or its number where it has none that can be seen."""
    return named(name, gettext("Course %(id)s") % {"id": course_id})


def weblink(url: str | None) -> str:
    """An address that may stand in a link: http or https, else nothing."""
    return url if url and url.startswith(("https://", "http://")) else ""


@lru_cache(maxsize=4096)
def readable(color: str | None) -> str:
    """The person's course colour, lighter or darker until it stands out on both grounds.

    WCAG 2.2 asks 3:1 for what is no text; the result always is ``#rrggbb``.
    """
    found = re.fullmatch(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})", color or "")
    digits = found[1] if found else DEFAULT_COLOR[1:]
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    low, high = 0.0, 1.0
    for _ in range(12):
        rgb = colorsys.hls_to_rgb(hue, lightness, saturation)
        if luminance(rgb) > LIGHTEST:
            high = lightness
        elif luminance(rgb) < DARKEST:
            low = lightness
        else:
            break
        lightness = (low + high) / 2
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in rgb)


def luminance(rgb: tuple[float, float, float]) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in rgb
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def facts(thing: Any) -> list[tuple[str, Any]]:
    """Names and values of a mapping or dataclass, for a list of what is stored."""
    if is_dataclass(thing):
        pairs = [(field.name, getattr(thing, field.name)) for field in fields(thing)]
    else:
        pairs = list(dict(thing or {}).items())
    return [
        (str(name).replace("_", " ").capitalize(), moment(value) if _dated(value) else value)
        for name, value in pairs
    ]


def _dated(value: Any) -> bool:
    return isinstance(value, datetime)
