"""MathML in one line: its own words before ours, however long it is."""

import pytest

from canvas_app.domain.equations import equation_of


@pytest.mark.parametrize(
    ("inside", "line"),
    [
        ("<mi>x</mi><annotation encoding='application/x-tex'>\\xi</annotation>", "\\xi"),
        ("<annotation a='b'>no</annotation><annotation e=application/x-tex>y</annotation>", "y"),
        ("<mi>x</mi><annotation " + "application/x-tex" * 20_000, "x"),
        ("<mi>x</mi>" + "<annotation application/x-tex" * 10_000, "x"),
    ],
    ids=lambda value: value[:30],
)
def test_tex_is_taken(inside, line):
    assert equation_of({}, inside) == line
