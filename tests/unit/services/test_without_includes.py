"""With a key that allows no includes, other calls complete the list of courses."""

from canvas_app.services.asks import start_courses, start_pending
from canvas_app.services.without_includes import lost, mend_courses, mend_every_course, start_over


def totals(courses):
    """Return, by course, the totals of its student enrollments where anything is graded."""
    return {
        course.id: [
            (e.computed_current_score, e.computed_final_score)
            for e in course.enrollments or ()
            if e.type == "student" and isinstance(e.computed_current_score, float)
        ]
        for course in courses
    }


def test_nothing_is_asked_where_canvas_reads_includes(sources_of, canvas):
    sources = sources_of("dozen")
    listed = start_courses(sources)

    mend_courses(sources, listed)

    assert [source.name for source in sources.states()] == ["courses"]
    assert listed.source().status == "fresh"


def test_totals_come_from_the_enrollments(sources_of, request):
    with_includes = totals(start_courses(sources_of("dozen")).rows())
    request.getfixturevalue("dropping")
    sources = sources_of("dozen", owner=("behind", "another", "key"))
    listed = start_courses(sources)

    mend_courses(sources, listed)

    assert any(with_includes.values())
    assert totals(listed.rows()) == with_includes
    assert [source.name for source in sources.states()] == [
        "courses", "past courses", "invitations", "totals",
    ]  # fmt: skip


def test_what_no_call_brings_is_said(sources_of, dropping):
    sources = sources_of("dozen")
    listed = start_courses(sources)

    mend_courses(sources, listed)

    source = listed.source()
    assert source.status == "partial"
    assert "course pictures" in source.detail
    assert "course totals" not in source.detail
    assert "which courses have ended" not in source.detail


def test_a_page_that_shows_no_totals_does_not_ask_for_them(sources_of, dropping):
    """One call more, and no message about what this page would not show."""
    sources = sources_of("dozen")
    listed = start_courses(sources)

    mend_courses(sources, listed, needs=("concluded",))

    assert [source.name for source in sources.states()] == ["courses", "past courses"]
    assert listed.source().status == "fresh"


def test_lists_of_every_course_share_one_call_for_totals(sources_of, canvas, dropping):
    sources = sources_of("dozen")
    current, past, invited = start_courses(sources), start_over(sources), start_pending(sources)

    mend_every_course(sources, current, past, invited)

    assert any(scores for scores in totals(current.rows()).values())
    assert [source.name for source in sources.states()].count("totals") == 1


def test_lost_is_what_was_dropped_and_not_brought(sources_of, dropping):
    listed = start_courses(sources_of("dozen"))

    assert "term" in lost(listed)
    assert "term" not in lost(listed, "term", "sections")
