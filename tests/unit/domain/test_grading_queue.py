"""The grading queue's rows, orders and groups."""

from datetime import UTC, datetime, timedelta

from werkzeug.datastructures import MultiDict

from canvas_app.canvas.models import Assignment, Course
from canvas_app.domain.class_work import Tally
from canvas_app.domain.grading_queue import (
    QueueFilter,
    QueueRow,
    queue_groups,
    queue_row,
    sorted_queue,
)
from canvas_app.domain.planner_items import ItemBuilder

NOW = datetime(2026, 11, 23, tzinfo=UTC)
COURSES = {id_: Course(id=id_, name=name) for id_, name in (("1", "Zoology"), ("2", "Art"))}
BUILDER = ItemBuilder("https://canvas.test", COURSES, {"1": "#123456"}, NOW)


def row(title: str, course_id: str = "1", days: int | None = 1, count: int = 1) -> QueueRow:
    work = Assignment(id=title, name=title, needs_grading_count=9)
    at = None if days is None else NOW - timedelta(days=days)
    return queue_row(work, COURSES[course_id], BUILDER, Tally(count, at))


def titles(sort: str) -> list[str]:
    rows = [row("b", days=None), row("c", "2", 3, 2), row("d", days=5, count=4), row("a", "2", 3)]
    return [each.title for each in sorted_queue(rows, sort)]


def test_orders() -> None:
    assert titles("age") == ["d", "a", "c", "b"]
    assert titles("count") == ["d", "c", "a", "b"]
    assert titles("course") == ["a", "c", "d", "b"]


def test_groups_stand_by_their_first_row() -> None:
    rows = [row("a", "2", count=2), row("b"), row("c", "2", count=3)]
    [every] = queue_groups(rows, False)
    assert (every.waiting, every.course_id) == (6, "")
    art, zoology = queue_groups(rows, True)
    assert (art.name, art.waiting, len(zoology.rows)) == ("Art", 5, 1)
    assert queue_groups([], True) == queue_groups([], False) == ()


def test_row_without_submissions_has_canvas_count() -> None:
    bare = queue_row(Assignment(id="7", needs_grading_count=9), COURSES["1"], BUILDER, None)
    assert (bare.needs_grading, bare.counted, bare.late, bare.color) == (9, False, None, "#123456")
    assert bare.url.endswith("/courses/1/gradebook/speed_grader?assignment_id=7")


def test_filter_reads_what_it_knows() -> None:
    def read(*pairs: tuple[str, str]) -> QueueFilter:
        return QueueFilter.from_query(MultiDict(pairs))

    assert read() == read(("sort", "odd"), ("group", "x")) == QueueFilter("age", False)
    assert read(("sort", "count"), ("group", "course")) == QueueFilter("count", True)
