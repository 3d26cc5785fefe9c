"""The calls that most pages make first: courses, profile, colours, card order."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Colors,
    Course,
    Enrollment,
    Positions,
    Profile,
)
from canvas_app.domain.calendar import Person
from canvas_app.domain.courses import is_active_teacher
from canvas_app.sources.answer import Source
from canvas_app.sources.call import Terms, request_key
from canvas_app.sources.sources import USUAL, ListSource, ObjectSource, Sources

COURSE_INCLUDE = (
    "term",
    "total_scores",
    "current_grading_period_scores",
    "favorites",
    "course_progress",
    "concluded",
    "sections",
    "needs_grading_count",
    "total_students",
    "course_image",
    "restrict_quantitative_data",
    "grading_scheme",
)


@dataclass(frozen=True, kw_only=True)
class AskedPage:
    """What Canvas answered, from which a page is laid out: each page adds its own answers.

    ``canvas_url`` is Canvas's root without a slash at the end; ``sources`` tells what came;
    ``profile`` is the person who reads the page; ``colors`` are their course colours, by course id.
    """

    canvas_url: str
    sources: tuple[Source, ...] = ()
    profile: Person = field(default_factory=Person)
    colors: Mapping[str, str] = field(default_factory=dict)


def start_ended(sources: Sources) -> ListSource[Enrollment]:
    """Start the list of the enrollments that ended before their dates."""
    return sources.start("ended enrollments", partial(CanvasAPI.ended_enrollments))


def start_ended_in(sources: Sources, course: Course) -> ListSource[Enrollment] | None:
    """Start the list of the person's ended enrollments in a course that Canvas gave without any.

    Returns None for a course that came with enrollments: nothing is asked then.
    """
    if course.enrollments != []:
        return None
    return sources.start(
        "ended enrollments", partial(CanvasAPI.ended_in_course, course_id=course.id)
    )


def start_courses(sources: Sources) -> ListSource[Course]:
    """Start the list of current enrollments, with the same arguments on every page."""
    return sources.start("courses", partial(CanvasAPI.courses, include=COURSE_INCLUDE))


def known_to_teach(sources: Sources) -> bool:
    """Return whether a cached list of courses shows that the person teaches; never ask Canvas."""
    call = partial(CanvasAPI.courses, include=COURSE_INCLUDE)
    kept = sources.kept(request_key(call), call)
    now = sources.now()
    return any(is_active_teacher(course, now) for course in (kept.value if kept else ()))


def start_pending(sources: Sources) -> ListSource[Course]:
    """Start the list of courses the person is invited to, or that have not started for them."""
    return sources.start(
        "invitations",
        partial(CanvasAPI.courses, include=COURSE_INCLUDE, enrollment_state="invited_or_pending"),
    )


def start_profile(sources: Sources, terms: Terms = USUAL) -> ObjectSource[Profile]:
    return sources.start_one("profile", partial(CanvasAPI.profile), terms=terms)


def start_colors(sources: Sources) -> ObjectSource[Colors]:
    return sources.start_one("colors", partial(CanvasAPI.colors))


def start_positions(sources: Sources) -> ObjectSource[Positions]:
    return sources.start_one("dashboard order", partial(CanvasAPI.dashboard_positions))


def read_positions(handle: ObjectSource[Positions]) -> dict[str, int]:
    """Return each course's card position on Canvas's dashboard, by course id."""
    found = handle.value()
    return {
        asset.removeprefix("course_"): int(str(place))
        for asset, place in ((found.dashboard_positions if found else None) or {}).items()
        if asset.startswith("course_") and re.fullmatch("[0-9]{1,9}", str(place))
    }


def read_profile(handle: ObjectSource[Profile]) -> Person:
    """Return the person with their time zone and locale; UTC and "en" where Canvas gave none."""
    found = handle.value()
    if found is None:
        return Person()
    return Person(
        id=found.id,
        name=found.name or found.short_name or "",
        time_zone=found.time_zone or "UTC",
        locale=found.effective_locale or found.locale or "en",
    )


def read_colors(handle: ObjectSource[Colors]) -> dict[str, str]:
    """Return the person's colours by course id."""
    colors = handle.value()
    found = (colors.custom_colors if colors else None) or {}
    return {
        asset.removeprefix("course_"): shade
        for asset, shade in found.items()
        if asset.startswith("course_") and shade
    }
