"""The rows of a table that a query asks for."""

import pytest
from flask import Flask

from canvas_app.views.tables import MOST_PER_PAGE, PER_PAGE, Slice


@pytest.mark.parametrize(
    ("query", "page", "per_page"),
    [
        ("", None, PER_PAGE),
        ("page=2&per_page=7", 2, 7),
        ("page=0&per_page=0", None, PER_PAGE),
        ("page=-1&per_page=x", None, PER_PAGE),
        (f"page={'9' * 5000}&per_page={'9' * 5000}", None, MOST_PER_PAGE),
    ],
)
def test_page_and_its_size(query: str, page: int | None, per_page: int) -> None:
    """Python reads no number of more than 4,300 digits, and anybody may send a longer one."""
    with Flask("tables").test_request_context(f"/?{query}"):
        assert Slice.from_query() == Slice(page, per_page)
