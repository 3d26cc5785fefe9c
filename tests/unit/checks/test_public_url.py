"""What Easel concludes from calling its own address."""

from dataclasses import replace

import pytest

from canvas_app.checks import public_url
from canvas_app.checks.public_url import STRANGER, Saw, Visit
from tests.factories import school_settings

HOST = "easel.example.edu"
SETTINGS = school_settings(public_url=f"https://{HOST}", trusted_proxies=1)
AS_SENT = Saw(HOST, "https", "198.51.100.7", (STRANGER, "198.51.100.7"))


def judged(found: Visit, proxies: int = 1) -> dict[str, tuple[str, str]]:
    settings = replace(SETTINGS, trusted_proxies=proxies)
    findings = public_url.judge_visit(settings, HOST, found)
    return {each.code: (each.level, f"{each.message} {each.remedy}") for each in findings}


def seen(saw: Saw, proxies: int = 1) -> tuple[str, str]:
    found = judged(Visit(200, lives=True, saw=saw), proxies)
    assert found["public_url"][0] == "ok"
    return found["proxy_headers"]


def test_address_leads_here() -> None:
    assert seen(AS_SENT)[0] == "ok"


def test_proxy_that_writes_the_chain_anew() -> None:
    assert seen(Saw(HOST, "https", "198.51.100.7", ("198.51.100.7",)))[0] == "ok"


@pytest.mark.parametrize(
    ("found", "level", "words"),
    [
        (Visit(error="ConnectionError"), "warning", "Nobody answers"),
        (Visit(error="its certificate is not accepted"), "warning", "certificate"),
        (Visit(200, lives=True), "error", "SECRET_KEY"),
        (Visit(404), "error", "path"),
        (Visit(302, location="https://www.example.edu/?q=x"), "error", "https://www.example.edu/ "),
    ],
)
def test_address_leads_elsewhere(found: Visit, level: str, words: str) -> None:
    told = judged(found)

    assert set(told) == {"public_url"}
    assert told["public_url"][0] == level
    assert words in told["public_url"][1]


@pytest.mark.parametrize(
    ("saw", "proxies", "words"),
    [
        (Saw("127.0.0.1:8000", "https", "127.0.0.1", (STRANGER,)), 0, "another host"),
        (Saw(HOST, "http", "127.0.0.1", (STRANGER,)), 0, "people came by https"),
        (Saw(HOST, "https", STRANGER, (STRANGER,)), 1, "claim another address"),
        (Saw(HOST, "https", STRANGER, (STRANGER, "198.51.100.7")), 2, "claim another address"),
        (Saw(HOST, "https", "127.0.0.1", (STRANGER, "198.51.100.7")), 0, "TRUSTED_PROXIES=1"),
        (Saw(HOST, "https", "10.0.0.1", (STRANGER, "198.51.100.7", "10.0.0.1")), 1, "=2"),
    ],
)
def test_proxies_that_tell_too_little_or_too_much(saw: Saw, proxies: int, words: str) -> None:
    level, told = seen(saw, proxies)

    assert level == "error"
    assert words in told
    assert "TRUSTED_PROXIES" in told


def test_only_who_has_the_key_is_told() -> None:
    mine = public_url.signer("k" * 32).sign("x").decode()

    assert public_url.asked_by_easel("k" * 32, mine)
    assert not public_url.asked_by_easel("l" * 32, mine)
    assert not public_url.asked_by_easel("k" * 32, "x")
    assert not public_url.asked_by_easel("k" * 32, None)


def test_what_was_seen_fits_a_header() -> None:
    text = public_url.seen_by("h", "https", "::1", "a, b\x7f, ü," + "c," * 50)

    assert text.isascii()
    assert len(text) < 500
