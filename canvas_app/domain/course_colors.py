"""A course's colour: the person's own, else the course's, else one of twelve by its id."""

from collections.abc import Mapping

from canvas_app.canvas.models import Course

PALETTE = (
    *("#1d6fb8", "#c2410c", "#15803d", "#8657d3", "#a16207", "#0c7f9e"),
    *("#cf2c7c", "#4d7c0f", "#5a66dd", "#cb4335", "#0d7f76", "#b043c3"),
)
"""Colours with a contrast of 3:1 on the light and on the dark page, neighbours unlike."""


def color_of(
    course_id: str | None, colors: Mapping[str, str], course: Course | None = None
) -> str | None:
    """Return a course's colour as Canvas gives it, or ``#rrggbb``; None without a course.

    ``colors`` are the person's own by course id. The same course always has the same colour.
    """
    if not course_id:
        return None
    own = colors.get(course_id) or (course.course_color if course else None)
    return own or PALETTE[int(course_id[-9:]) % len(PALETTE) if course_id.isdecimal() else 0]
