"""Who may see the pages of a class: people who grade in the course; Canvas is asked each time."""

from canvas_app.current import current_sources
from canvas_app.services.classes import StaffOnly, start_class
from canvas_app.sources.sources import Sources
from canvas_app.troubles import Trouble


def class_sources(course_id: str) -> Sources:
    """Return the sources for a page of a class, once the person is known to grade there.

    Raises the CanvasError that Canvas gives for the course, and Trouble 403 for people who do not
    grade there, so that the page's status is right before anything of it is sent.
    """
    sources = current_sources()
    try:
        start_class(sources.beside(), course_id)
    except StaffOnly:
        raise Trouble("staff_only") from None
    return sources
