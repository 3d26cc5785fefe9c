"""The settings of launches: defaults, and every fault named at the start."""

from typing import Any

import pytest

from canvas_app.lti.settings import LtiSettings
from canvas_app.settings import Settings, SettingsError

GIVEN = {
    "CANVAS_URL": "https://canvas.example.edu",
    "CANVAS_CLIENT_ID": "10000000000001",
    "CANVAS_CLIENT_SECRET": "x",
    "PUBLIC_URL": "https://easel.example.edu",
    "SECRET_KEY": "0123456789abcdef" * 4,
    "TOKEN_KEYS": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
}
BETA = {
    "CANVAS_BETA_URL": "https://canvas.beta.example.edu",
    "CANVAS_BETA_CLIENT_SECRET": "y",
}
DEPLOYMENT = "1:8865aa05b4b79b64a91a86042e43af5ea8ae79eb"


@pytest.fixture
def read(tmp_path: Any) -> Any:
    def settings(**more: str) -> LtiSettings | None:
        return Settings.from_environ(GIVEN | {"INSTANCE_PATH": str(tmp_path)} | more).lti

    return settings


def test_off(read: Any) -> None:
    """Without any of them there is no launch."""
    assert read() is None
    assert read(CANVAS_HOSTS="canvas.example.edu") is None


def test_hosted(read: Any) -> None:
    """With hosted Canvas, issuers and shared addresses follow the environment."""
    lti = read(LTI_CLIENT_ID="10000000000042", **BETA)
    production, beta = lti.registrations
    assert production.issuer == "https://canvas.instructure.com"
    assert production.authorize_url == "https://sso.canvaslms.com/api/lti/authorize_redirect"
    assert production.keys_url == "https://sso.canvaslms.com/api/lti/security/jwks"
    assert beta.issuer == "https://canvas.beta.instructure.com"
    assert beta.keys_url == "https://sso.beta.canvaslms.com/api/lti/security/jwks"
    assert (production.client_id, beta.client_id) == ("10000000000042", "10000000000042")
    assert production.deployment_ids == frozenset()
    assert lti.hosts == ("https://canvas.example.edu", "https://canvas.beta.example.edu")
    assert lti.frame is True


def test_own_canvas(read: Any) -> None:
    """With an issuer of its own the addresses are Canvas's own."""
    lti = read(
        LTI_CLIENT_ID="10000000000042",
        LTI_ISSUER="https://canvas.instructure.com",
        LTI_DEPLOYMENT_IDS=f"{DEPLOYMENT}, 2:0",
        LTI_FRAME="off",
        CANVAS_HOSTS="Learn.example.edu https://canvas.example.org/",
        CANVAS_BETA_LTI_CLIENT_ID="10000000000043",
        **BETA,
    )
    production, beta = lti.registrations
    assert production.authorize_url == "https://canvas.example.edu/api/lti/authorize_redirect"
    assert beta.keys_url == "https://canvas.beta.example.edu/api/lti/security/jwks"
    assert beta.client_id == "10000000000043"
    assert production.deployment_ids == {DEPLOYMENT, "2:0"}
    assert lti.frame is False
    assert lti.hosts[2:] == ("https://learn.example.edu", "https://canvas.example.org")


def test_named(read: Any) -> None:
    """Issuer and client id find the registration; the environment decides between equal ones."""
    hosted = read(LTI_CLIENT_ID="42", **BETA)
    assert hosted.named("https://canvas.instructure.com", "42", "beta").environment == "production"
    assert hosted.named("https://canvas.instructure.com", "43", "prod") is None
    assert hosted.named("https://canvas.example.edu", "42", "prod") is None
    own = read(LTI_CLIENT_ID="42", LTI_ISSUER="https://canvas.example.edu", **BETA)
    for said, meant in (("beta", "beta"), ("production", "production"), ("", "production")):
        assert own.named("https://canvas.example.edu", "42", said).environment == meant
    assert own.of("test") is None


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("LTI_CLIENT_ID", "easel", "LTI_CLIENT_ID is not the client ID of an LTI key"),
        ("CANVAS_BETA_LTI_CLIENT_ID", "x", "CANVAS_BETA_LTI_CLIENT_ID is not the client ID"),
        (
            "LTI_DEPLOYMENT_IDS",
            "8865",
            "LTI_DEPLOYMENT_IDS has an entry that is not a deployment id (8865)",
        ),
        ("LTI_ISSUER", "canvas", "LTI_ISSUER is not the issuer of a Canvas"),
        ("LTI_ISSUER", "https://[", "LTI_ISSUER is not the issuer of a Canvas"),
        ("LTI_FRAME", "perhaps", "LTI_FRAME is none of on, off"),
        (
            "CANVAS_HOSTS",
            "*.example.edu",
            "CANVAS_HOSTS has an entry that is not a host (*.example.edu)",
        ),
        ("CANVAS_HOSTS", "'none'; x", "CANVAS_HOSTS has an entry that is not a host ('none';)"),
        ("PUBLIC_URL", "http://easel.example.edu", "PUBLIC_URL is http"),
    ],
)
def test_faults(read: Any, name: str, value: str, fault: str) -> None:
    """Each fault is named, with its remedy."""
    with pytest.raises(SettingsError) as caught:
        read(**{"LTI_CLIENT_ID": "10000000000042"} | BETA | {name: value})
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "LTI_DEPLOYMENT_IDS",
        "LTI_ISSUER",
        "LTI_FRAME",
        "CANVAS_BETA_LTI_CLIENT_ID",
        "CANVAS_TEST_LTI_CLIENT_ID",
    ],
)
def test_without_the_client_id(read: Any, name: str) -> None:
    """Any other LTI setting without the client id is reported as a mistake."""
    with pytest.raises(SettingsError) as caught:
        read(**{name: "1:0"})
    assert f"{name} is set, but LTI_CLIENT_ID is missing" in str(caught.value)
