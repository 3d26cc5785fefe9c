"""What the two OAuth2 endpoints say about a developer key, in Canvas's words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from canvas_app.checks import developer_key
from canvas_app.checks.developer_key import Told, refused_scopes
from canvas_app.checks.finding import Finding
from canvas_app.settings import Environment
from canvas_app.storage.notes import Note

HERE = "https://easel.example.edu/oauth/callback"
SCOPES = ("url:GET|/api/v1/courses", "url:GET|/api/v1/users/:id", "/auth/userinfo")
NOT_GRANTED = (
    "A requested scope is invalid, unknown, malformed, or exceeds the scope granted by the "
    "resource owner. The following scopes were requested, but not granted: "
)
SEEN = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)


def environment(**changed: Any) -> Environment:
    given = {
        "name": "production",
        "canvas_url": "https://canvas.example.edu",
        "client_id": "10000000000001",
        "client_secret": "the-secret",
    }
    return Environment(**(given | changed))


def judged(told: Told, scopes: tuple[str, ...] = SCOPES, **changed: Any) -> list[Finding]:
    return developer_key.judge_authorization(environment(**changed), HERE, scopes, told)


def levels(findings: list[Finding]) -> dict[str, str]:
    return {each.code: each.level for each in findings}


def test_accepted_key_has_four_good_findings() -> None:
    assert levels(judged(Told(302))) == {
        "unknown_client": "ok",
        "redirect_uri": "ok",
        "scopes": "ok",
        "key_off": "ok",
    }


def test_unknown_client_names_three_causes() -> None:
    [found] = judged(Told(401, "invalid_client", "unknown client"))

    assert (found.code, found.level) == ("unknown_client", "error")
    for cause in ("wrong", "off", "deleted"):
        assert cause in found.remedy


def test_unregistered_redirect_uri_is_to_be_pasted() -> None:
    found = judged(Told(400, "invalid_request", "redirect_uri does not match client settings"))

    assert levels(found) == {"unknown_client": "ok", "redirect_uri": "error"}
    assert found[-1].remedy.endswith(HERE)


def test_missing_scopes_are_listed() -> None:
    lacking = f"{SCOPES[0]} and {SCOPES[2]}"
    found = judged(Told(302, "invalid_scope", NOT_GRANTED + lacking))

    assert levels(found) == {"unknown_client": "ok", "redirect_uri": "ok", "scopes": "error"}
    assert found[-1].remedy.splitlines()[1:] == [SCOPES[0], SCOPES[2]]
    assert "2 of the 3" in found[-1].message


def test_scopes_canvas_does_not_name_are_all_listed() -> None:
    """Canvas before 2024 says only that some scope is wrong."""
    found = judged(Told(400, "invalid_scope", "A requested scope is invalid."))

    assert found[-1].remedy.splitlines()[1:] == list(SCOPES)


def test_enforcing_key_wants_scopes() -> None:
    found = judged(Told(302, "invalid_scope", NOT_GRANTED), scopes=())

    assert found[-1].level == "error"
    assert "CANVAS_SCOPES=auto" in found[-1].remedy


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("", ()),
        ("url:GET|/api/v1/a", ("url:GET|/api/v1/a",)),
        ("url:GET|/a and url:GET|/b", ("url:GET|/a", "url:GET|/b")),
        ("url:GET|/a, url:GET|/b, and /auth/x", ("url:GET|/a", "url:GET|/b", "/auth/x")),
    ],
)
def test_scopes_in_a_sentence(words: str, named: tuple[str, ...]) -> None:
    assert refused_scopes(NOT_GRANTED + words) == named


@pytest.mark.parametrize(
    ("name", "told_of_clusters"), [("production", True), ("beta", False), ("test", False)]
)
def test_key_off_for_the_account(name: str, told_of_clusters: bool) -> None:
    """The hint about keys for test clusters is only given for production."""
    refusal = Told(302, "unauthorized_client", "Client does not have access to …")
    found = judged(refusal, name=name)

    assert levels(found)["key_off"] == "error"
    assert levels(found)["scopes"] == "ok"
    assert ("Test Cluster Only" in found[-1].remedy) is told_of_clusters


@pytest.mark.parametrize("told", [Told(200), Told(403), Told(422), Told(302, "server_error")])
def test_other_answers_prove_nothing(told: Told) -> None:
    [found] = judged(told)

    assert (found.code, found.level) == ("unknown_client", "warning")


def test_endpoint_that_does_not_answer() -> None:
    [found] = judged(Told(0, unreached="Canvas gave no complete answer: it took too long."))

    assert (found.code, found.level) == ("canvas_unreachable", "error")


@pytest.mark.parametrize(
    ("told", "level"),
    [
        (Told(400, "invalid_grant", "authorization_code not found"), "ok"),
        (Told(400, "invalid_request", "You must provide the code"), "ok"),
        (Told(401, "invalid_client", "invalid client"), "error"),
        (Told(503), "warning"),
        (Told(0, unreached="Canvas could not be reached: the connection was refused."), "warning"),
    ],
)
def test_secret_is_judged_by_a_nonsense_code(told: Told, level: str) -> None:
    found = developer_key.judge_token(environment(), told)

    assert found is not None
    assert (found.code, found.level) == ("wrong_secret", level)
    assert "the-secret" not in f"{found}"


def test_key_that_is_unknown_says_nothing_of_its_secret() -> None:
    refusal = Told(401, "invalid_client", "unknown client")

    assert developer_key.judge_token(environment(), refusal) is None


def test_key_with_a_secret_is_no_public_client() -> None:
    refusal = Told(401, "invalid_client", "invalid client")
    found = developer_key.judge_token(environment(client_secret=""), refusal)

    assert found is not None
    assert "not a public client" in found.message


def note(subject: str) -> Note:
    return Note("production", subject, ("term", "total_scores"), SEEN, SEEN)


@pytest.mark.parametrize(
    ("scopes", "dropped", "read", "level", "words"),
    [
        ((), False, False, "ok", "drops no includes"),
        (SCOPES, False, False, "warning", "Not known yet"),
        (SCOPES, False, True, "ok", "2026-11-02"),
        (SCOPES, True, True, "warning", "term, total_scores"),
        ((), True, False, "warning", "term, total_scores"),
    ],
)
def test_includes_as_last_noted(
    scopes: tuple[str, ...], dropped: bool, read: bool, level: str, words: str
) -> None:
    found = developer_key.judge_includes(
        scopes,
        note("includes_dropped") if dropped else None,
        note("includes_read") if read else None,
    )

    assert (found.code, found.level) == ("includes_dropped", level)
    assert words in found.message
