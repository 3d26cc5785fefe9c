"""Rows are plain data."""

import msgspec

from canvas_app.domain.rows import Item


def test_item_is_plain_data():
    item = Item("1", "quiz", "t", None, "", None, "due", None, False, "")

    assert msgspec.to_builtins(item)["id"] == "1"
