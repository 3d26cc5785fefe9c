"""The state of a page, counted from its sources."""

from datetime import UTC, datetime, timedelta

from canvas_app.sources.answer import Source, freshness


def test_freshness_counts_courses_or_parts():
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    parts = [Source("planner", "fresh", at), Source("missing", "failed")]
    courses = [
        Source("work: a", "fresh", at - timedelta(minutes=1), course_id="1"),
        Source("grades: a", "stale", at, course_id="1"),
        Source("work: b", "fresh", at, course_id="2"),
    ]

    counted = freshness(parts)
    assert (counted.up_to_date, counted.of, counted.unit) == (1, 2, "part")
    counted = freshness(parts + courses)
    assert (counted.up_to_date, counted.of, counted.unit) == (3, 5, "part")
    counted = freshness(parts[:1] + courses)
    assert (counted.up_to_date, counted.of, counted.unit) == (1, 2, "course")
    assert counted.as_of == at - timedelta(minutes=1)
    assert freshness([]).as_of is None
