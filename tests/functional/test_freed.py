"""Nothing that a page leaves in memory needs the garbage collector."""

import gc

import pytest

from canvas_app.domain.rows import CourseRow, SubmissionRow
from canvas_app.domain.text_search import Hit
from canvas_app.services.courses import Courses
from canvas_app.services.dashboard import Dashboard
from canvas_app.services.submissions import Ledger
from canvas_app.services.upcoming import Upcoming
from canvas_app.sources.answer import Outcome, Source
from canvas_app.sources.call import Call
from canvas_app.sources.sources import ListSource, ObjectSource

from .conftest import sign_in

pytestmark = pytest.mark.anyday


def test_pages_are_freed_without_the_collector(easel):
    """Neither Canvas's answers nor page content is part of a reference cycle, cold or warm."""
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for path in ("", "courses", "upcoming", "submissions", "search?q=quiz"):
            for _ in range(2):
                assert browser.get(f"{easel.url}/{path}", timeout=30).ok
        gc.collect()
        left = {type(each) for each in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.enable()
        gc.garbage.clear()

    assert left.isdisjoint({Call, ListSource, ObjectSource, Outcome, Source})
    assert left.isdisjoint({CourseRow, SubmissionRow, Hit, Dashboard, Ledger, Upcoming, Courses})
