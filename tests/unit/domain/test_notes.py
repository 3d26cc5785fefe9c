"""The text of an own note on its way to Canvas and back."""

import tracemalloc

import pytest

from canvas_app.domain.notes import note_html, note_text


@pytest.mark.parametrize(
    ("kept", "text"),
    [
        (None, ""),
        ("R&amp;D", "R&D"),
        ("a &lt; b &gt; c", "a < b > c"),
        ("one\n\n  two", "one\n\n  two"),
        ("<p>one</p><p>two<br>three</p>", "one\ntwo\nthree\n"),
        ('<a href="x" title="a > b">link</a>', "link"),
        ("&amp;lt;", "&lt;"),
        ("a < b and <", "a < b and <"),
    ],
)
def test_what_canvas_keeps_is_read_as_text(kept, text):
    assert note_text(kept) == text


@pytest.mark.parametrize(
    "text", ["R&D", "<b>", "a<b", "&lt;", '"', "one\n\ntwo", "\u00a0", "é & ü"]
)
def test_what_is_written_is_read_again(text):
    assert note_text(note_html(text)) == text
    assert note_html(note_text(note_html(text))) == note_html(text)


def test_lines_of_a_form_are_lines():
    assert note_html("one\r\ntwo\rthree") == "one\ntwo\nthree"


MUCH = [
    "<p>" + "".join(f"<b {n}>" for n in range(3_000)) + "<p>x" * 3_000,
    '<a "' * 50_000,
    "<a '" * 50_000,
    "<" * 200_000,
    "<br" * 100_000,
    '<a x="' + "y" * 200_000,
    "&" * 200_000,
    "&#" + "9" * 200_000 + ";",
]


@pytest.mark.parametrize("kept", MUCH)
def test_no_text_multiplies(kept):
    """The result is no longer than Canvas's text, and so is the memory it takes to read it."""
    tracemalloc.start()
    try:
        text = note_text(kept)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(text) <= len(kept)
    assert most < 20 * len(kept) + 1_000_000
