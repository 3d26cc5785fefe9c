"""Who may see the pages of a class: people who grade in the course; Canvas is asked each time."""

from collections.abc import Callable

from canvas_app.current import current_sources
from canvas_app.services.classes import StaffOnly, start_class
from canvas_app.sources.sources import Sources
from canvas_app.troubles import Trouble


def class_sources(
    course_id: str, beside: Callable[[Sources, str], object] = lambda sources, course_id: None
) -> Sources:
    """Return the sources for a page of a class, once the person is known to grade there.

    ``beside`` starts what else the page asks for in any case, without waiting for it.

    Raises the CanvasError that Canvas gives for the course, and Trouble 403 for people who do not
    grade there, so that the page's status is right before anything of it is sent.
    """
    sources = current_sources()
    beside(sources.beside(), course_id)
    try:
        start_class(sources.beside(), course_id)
    except StaffOnly:
        raise Trouble("staff_only") from None
    return sources
