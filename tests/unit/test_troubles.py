"""Each code of an error page has a status and words, and no words stand there for no code."""

import pytest

from canvas_app import TEMPLATES
from canvas_app.troubles import STATUS, ScopesMissing, Trouble


def test_each_code_has_its_words() -> None:
    """A code without a template would end in a plain failure."""
    written = {template.stem for template in (TEMPLATES / "errors").glob("*.html")} - {"parts"}

    assert written == set(STATUS)


def test_a_code_brings_its_status() -> None:
    """Views name the code alone; an HTTP error that has none of its own brings its status."""
    assert Trouble("access_denied").status == 403
    assert Trouble("http_other", 418, reason="Teapot").status == 418


def test_unknown_code_is_a_mistake() -> None:
    """It fails where it is made, not while the page is written."""
    with pytest.raises(KeyError):
        Trouble("no_such_code")


def test_missing_scopes_are_kept() -> None:
    """The page lists them."""
    assert ScopesMissing(("url:GET|/a",)).scopes == ("url:GET|/a",)
