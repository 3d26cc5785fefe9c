"""Each code of an error page has a status and words, and no words are without a code."""

import pytest

from canvas_app import TEMPLATES
from canvas_app.troubles import STATUS, ScopesMissing, Trouble


def test_each_code_has_its_words() -> None:
    """Without a template, the page itself would fail."""
    written = {template.stem for template in (TEMPLATES / "errors").glob("*.html")} - {"parts"}

    assert written == set(STATUS)


def test_a_code_brings_its_status() -> None:
    """Views name only the code; an HTTP error without a page of its own keeps its status."""
    assert Trouble("access_denied").status == 403
    assert Trouble("http_other", 418, reason="Teapot").status == 418


def test_unknown_code_is_a_mistake() -> None:
    """It fails when the Trouble is made, not when the page is written."""
    with pytest.raises(KeyError):
        Trouble("no_such_code")


def test_missing_scopes_are_kept() -> None:
    """The page lists them."""
    assert ScopesMissing(("url:GET|/a",)).scopes == ("url:GET|/a",)
