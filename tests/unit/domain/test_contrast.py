"""Contrast is WCAG's, and the shades that are found have enough on each page background."""

import re

import pytest

from canvas_app.domain.contrast import (
    DARK_GROUNDS,
    ENOUGH,
    LIGHT_GROUNDS,
    contrast,
    least_contrast,
    readable_shade,
)
from tests.conftest import ROOT

CSS = ROOT / "canvas_app" / "static" / "easel.css"


def test_figures_are_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


def test_grounds_are_the_style_sheets() -> None:
    """Every colour behind text: --ground, --surface, --raised, and those of the states."""
    root = CSS.read_text().partition(":root {")[2].partition("}")[0]
    pairs = re.findall(
        r"--(?:ground|surface|raised|\w+-ground): light-dark\((#\w+), (#\w+)\)", root
    )
    light, dark = zip(*pairs, strict=True)

    assert sorted(
        each.replace("#fff", "#ffffff") if len(each) == 4 else each for each in light
    ) == (sorted(LIGHT_GROUNDS))
    assert sorted(dark) == sorted(DARK_GROUNDS)


@pytest.mark.parametrize("color", ["#1a56a0", "#c8102e", "#ffcc00", "#808080", "#000000"])
def test_a_shade_can_be_read(color: str) -> None:
    dark = readable_shade(color, LIGHT_GROUNDS, lighter=False)
    light = readable_shade(color, DARK_GROUNDS, lighter=True)

    assert least_contrast(dark, LIGHT_GROUNDS) >= ENOUGH
    assert least_contrast(light, DARK_GROUNDS) >= ENOUGH


def test_a_color_that_can_be_read_stays() -> None:
    assert readable_shade("#1a56a0", LIGHT_GROUNDS, lighter=False) == "#1a56a0"
