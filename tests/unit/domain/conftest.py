"""Fixtures that several tests of the domain share."""

import pytest

from canvas_app.domain.planner_items import ItemBuilder
from tests.unit.domain.given_calendar import BIOLOGY, NOW


@pytest.fixture
def look() -> ItemBuilder:
    return ItemBuilder("https://canvas.example.edu", {"4101": BIOLOGY}, {}, NOW)
