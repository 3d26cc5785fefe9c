"""Every course has a colour that differs from its neighbours'."""

from canvas_app.canvas.models import Course
from canvas_app.domain.course_colors import PALETTE, color_of
from canvas_app.views.colors import readable


def test_own_colour_comes_before_the_courses():
    course = Course(id="4", name="Biology", course_color="#222222")

    assert color_of("4", {"4": "#111111"}, course) == "#111111"
    assert color_of("4", {}, course) == "#222222"
    assert color_of(None, {"4": "#111111"}) is None
    assert color_of("", {}) is None


def test_twelve_courses_without_colours_differ():
    """Courses with huge ids, or of another Canvas ("1~4"), have a colour too."""
    shades = [color_of(str(id_), {}) for id_ in range(4101, 4113)]

    assert sorted(shades) == sorted(PALETTE)
    assert len(set(PALETTE)) == 12
    assert color_of("9" * 5000, {}) in PALETTE
    assert color_of("10000000004101", {}) in PALETTE
    assert color_of("1~4", {}) in PALETTE


def test_palette_is_shown_as_it_is():
    """Each has enough contrast on the light and on the dark page."""
    assert [readable(shade) for shade in PALETTE] == list(PALETTE)
