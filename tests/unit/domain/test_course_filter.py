"""The filters of the list of courses."""

import pytest
from werkzeug.datastructures import MultiDict

from canvas_app.domain.course_filter import CourseFilter


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": ["  frog   pond "]}, CourseFilter(text="frog pond")),
        ({"role": ["king"], "term": ["Autumn"]}, CourseFilter(term="Autumn")),
        ({"role": ["ta", "student"]}, CourseFilter(role="ta")),
        ({"q": ["x" * 500]}, CourseFilter(text="x" * 200)),
        ({}, CourseFilter()),
    ],
)
def test_filters_are_read_kindly(query: dict[str, list[str]], expected: CourseFilter) -> None:
    assert CourseFilter.from_query(MultiDict(query)) == expected
