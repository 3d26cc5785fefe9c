"""Course colours with enough contrast on a light and on a dark background."""

import colorsys
import re
from functools import lru_cache

from canvas_app.domain.contrast import hex_of, luminance

DEFAULT_COLOR = "#4a6fa5"


# A colour whose relative luminance is between these has at least 3:1 on both our backgrounds.
DARKEST, LIGHTEST = 0.15, 0.28


@lru_cache(maxsize=4096)
def readable(color: str | None) -> str:
    """Lighten or darken the person's course colour until it has contrast on both backgrounds.

    WCAG 2.2 (1.4.11) asks for 3:1 where a colour is not text. The result is always ``#rrggbb``.
    """
    found = re.fullmatch(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})", color or "")
    digits = found[1] if found else DEFAULT_COLOR[1:]
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    low, high = 0.0, 1.0
    for _ in range(12):
        rgb = colorsys.hls_to_rgb(hue, lightness, saturation)
        if luminance(rgb) > LIGHTEST:
            high = lightness
        elif luminance(rgb) < DARKEST:
            low = lightness
        else:
            break
        lightness = (low + high) / 2
    return hex_of(rgb)
