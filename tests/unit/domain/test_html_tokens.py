"""HTML is read once from the front, whatever it contains."""

from itertools import pairwise

import pytest

from canvas_app.domain.html_tokens import TOKEN, attributes_of, one_line, unescaped


@pytest.mark.parametrize(
    ("html", "tokens"),
    [
        ("<p>one</p>", ["<p>", "</p>"]),
        ('<a title="a > b" href=x>', ['<a title="a > b" href=x>']),
        ("a < b and 3 <4", []),
        ("<!-- <b> --><i>", ["<!-- <b> -->", "<i>"]),
        ("<!--><b>", ["<!-->", "<b>"]),
        ("<!DOCTYPE html><?x y>", ["<!DOCTYPE html>", "<?x y>"]),
        ('<img src="never closed', ['<img src="never closed']),
        ("<br/><BR />", ["<br/>", "<BR />"]),
    ],
)
def test_tags_as_browsers_see_them(html: str, tokens: list[str]) -> None:
    assert [found[0] for found in TOKEN.finditer(html)] == tokens


def test_names_and_ends() -> None:
    begin, end = TOKEN.finditer("<H1 class=x></h1 >")

    assert (begin["name"], begin["end"], begin["attributes"]) == ("H1", "", " class=x")
    assert (end["name"], end["end"]) == ("h1", "/")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (' HREF="/a" href="/b"', {"href": "/a"}),
        (" a='1 \" 2' b=3 c", {"a": '1 " 2', "b": "3", "c": ""}),
        (' title="&lt;b&gt; &amp;amp;"', {"title": "<b> &amp;"}),
        (" / = x", {"=": "", "x": ""}),
        ("", {}),
    ],
)
def test_the_first_of_equal_attributes_counts(source: str, found: dict[str, str]) -> None:
    """The attribute that was checked must be the one browsers use (HTML, section 13.2.5.33)."""
    assert attributes_of(source) == found


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("&eacute;&#233;&#xE9;", "ééé"),
        ("&#00000000065;", "A"),
        ("&#x00000000041;", "A"),
        ("&#" + "9" * 5000 + ";", "\ufffd"),
        ("&#x" + "F" * 5000 + ";", "\ufffd"),
        ("&#00000000000;", "\ufffd"),
        ("Q & A", "Q & A"),
    ],
)
def test_numbers_of_any_length_are_read(text: str, plain: str) -> None:
    """Python refuses to read a number of thousands of digits."""
    assert unescaped(text) == plain


@pytest.mark.parametrize("piece", ["<a ", '<a b="', "<a/", "<!--", "<a b=c ", "</", "<a b = "])
def test_hostile_text_is_read_in_one_pass(piece: str) -> None:
    """Each part is possessive; with backtracking, this would outlast the suite's time limit."""
    html = piece * 20_000

    found = [token.span() for token in TOKEN.finditer(html)]

    assert all(end <= start for (_, end), (start, _) in pairwise(found))
    assert len(attributes_of(html)) <= 3


def test_one_line() -> None:
    assert one_line("  two\n\twords\u00a0 ") == "two words"
