"""Who may see the pages of a class: those who grade in the course, as Canvas says each time."""

from canvas_app.current import current_sources
from canvas_app.services.classes import StaffOnly, start_class
from canvas_app.sources.sources import Sources
from canvas_app.troubles import Trouble


def class_sources(course_id: str) -> Sources:
    """What a page of a class is gathered with, once the course is known to be theirs.

    Raises the CanvasError that Canvas gives for the course, and Trouble 403 for whoever does not
    grade there, so that a page's status is true before anything of it is sent.
    """
    sources = current_sources()
    try:
        start_class(sources.beside(), course_id)
    except StaffOnly:
        raise Trouble("staff_only") from None
    return sources
