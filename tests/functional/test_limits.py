"""Sizes a deployment sets: forms, and the cache of a process."""

import pytest

from .conftest import StartEasel, form_to, send, sign_in

pytestmark = pytest.mark.anyday


def test_form_larger_than_the_limit_is_refused(start_easel: StartEasel) -> None:
    easel = start_easel(max_form=2**14)
    browser = sign_in(easel, "dozen")
    account = browser.get(f"{easel.url}/account", timeout=30)
    form = form_to(account, "/logout")

    refused = send(browser, account, form, more="x" * 2**14)

    assert refused.status_code == 413
    assert browser.get(f"{easel.url}/account", timeout=30).ok


def test_cache_has_the_size_that_is_set(start_easel: StartEasel) -> None:
    easel = start_easel(cache_bytes=2**20, keep_seconds=60.0)
    browser = sign_in(easel, "dozen")
    for path in ("/", "/upcoming", "/submissions"):
        browser.get(f"{easel.url}{path}", timeout=30)

    cache = easel.app.extensions["easel"].cache

    assert 0 < cache.bytes <= cache.max_bytes == 2**20
