"""Access to the pages of a class, only for people who grade in it; Canvas is asked each time."""

from collections.abc import Callable

from canvas_app.current import current_sources
from canvas_app.services.classes import StaffOnly, start_class
from canvas_app.sources.sources import Sources
from canvas_app.troubles import Trouble


def class_sources(
    course_id: str, beside: Callable[[Sources, str], object] = lambda sources, course_id: None
) -> Sources:
    """Return the sources for a page of a class, after checking that the person grades there.

    ``beside`` starts further calls that the page needs in any case; nothing waits for them here.

    Raises the CanvasError that Canvas gives for the course, and Trouble 403 for people who do not
    grade there. Nothing of the page has been sent by then, so it can still have that status.
    """
    sources = current_sources()
    beside(sources.beside(), course_id)
    try:
        start_class(sources.beside(), course_id)
    except StaffOnly:
        raise Trouble("staff_only") from None
    return sources
