"""Contrast of colours as WCAG 2.2 measures it, and shades of a colour that have enough of it."""

import colorsys
from collections.abc import Sequence

RGB = tuple[float, float, float]  # red, green, blue, each from 0 to 1

#: What text stands on in ``easel.css``, by appearance; the test of the two reads both.
LIGHT_GROUNDS = (
    *("#ffffff", "#f6f7f9", "#eff1f4", "#fdecec", "#fdf2dc"),
    *("#e6f5ea", "#e7f0fb", "#eceef2", "#f4ebfb"),
)
DARK_GROUNDS = (
    *("#101317", "#181c22", "#22272f", "#46191c", "#3d2c0c"),
    *("#143521", "#15304f", "#2a303a", "#38204d"),
)
ENOUGH = 4.5  # to 1, for text of any size (WCAG 2.2, 1.4.3)
SHADES = 200


def luminance(rgb: RGB) -> float:
    """Return the relative luminance of a colour (WCAG 2.2), from 0 to 1."""
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in rgb
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def rgb_of(color: str) -> RGB:
    """Return the channels of ``#rrggbb``."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def hex_of(rgb: RGB) -> str:
    """Return a colour as ``#rrggbb``."""
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in rgb)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((luminance(rgb_of(one)), luminance(rgb_of(other))))
    return (lighter + 0.05) / (darker + 0.05)


def least_contrast(color: str, grounds: Sequence[str]) -> float:
    """Return the contrast of a colour with the ground it is hardest to read on."""
    return min(contrast(color, ground) for ground in grounds)


def readable_shade(color: str, grounds: Sequence[str], *, lighter: bool) -> str:
    """Return the nearest shade of a colour, of the same hue, that text of it can be read in."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*rgb_of(color))
    end = 1.0 if lighter else 0.0
    shades = (
        hex_of(colorsys.hls_to_rgb(hue, lightness + (end - lightness) * n / SHADES, saturation))
        for n in range(SHADES + 1)
    )
    return next(shade for shade in shades if least_contrast(shade, grounds) >= ENOUGH)
