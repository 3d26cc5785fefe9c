"""Who is signed in with a request, where they sign in, and where that leads back to."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from itsdangerous import TimestampSigner

from canvas_app import current
from canvas_app.storage.storage import Identity
from canvas_app.troubles import Trouble
from tests.unit.test_security import SETTINGS

PREFIXED = replace(SETTINGS, public_url="https://easel.example.edu/apps/easel")


@dataclass(frozen=True)
class SignedIn:
    """A sign-in as the storage finds it."""

    identity: Identity
    generation: int = 3
    grant_id: int = 5


ADA = SignedIn(Identity("production", 7, "Ada Okafor"))


class Storage:
    """Knows one secret, and counts how often it was asked."""

    def __init__(self, found: SignedIn) -> None:
        self.found = found
        self.asked = 0

    def signed_in(self, secret: str) -> SignedIn | None:
        self.asked += 1
        return self.found if secret == "the secret" else None


def app_with(found: SignedIn = ADA, settings: Any = SETTINGS) -> Flask:
    app = Flask(__name__)
    app.extensions["easel"] = SimpleNamespace(
        settings=settings, storage=Storage(found), signer=TimestampSigner("key")
    )
    return app


def cookie(app: Flask) -> dict[str, str]:
    """The headers of a browser that the app has signed in."""
    with app.test_request_context():
        response = app.response_class()
        current.remember(response, "the secret")
    return {"Cookie": response.headers["Set-Cookie"].partition(";")[0]}


def test_the_cookie_leads_to_its_sign_in_once_a_request() -> None:
    app = app_with()

    with app.test_request_context(headers=cookie(app)):
        assert current.current_sign_in() is ADA
        assert current.required_sign_in() is ADA
        assert app.extensions["easel"].storage.asked == 1


@pytest.mark.parametrize("spoil", [lambda found: "", lambda found: f"{found}x", str.swapcase])
def test_a_forged_cookie_asks_no_database(spoil: Callable[[str], str]) -> None:
    app = app_with()
    name, _, value = cookie(app)["Cookie"].partition("=")

    with app.test_request_context(headers={"Cookie": f"{name}={spoil(value)}"}):
        assert current.current_sign_in() is None
        with pytest.raises(LookupError):
            current.required_sign_in()

    assert app.extensions["easel"].storage.asked == 0


def test_a_canvas_that_is_no_longer_offered_signs_nobody_in() -> None:
    app = app_with(SignedIn(Identity("beta", 7, "Ada Okafor")))

    with app.test_request_context(headers=cookie(app)):
        assert current.current_sign_in() is None


def test_the_cookie_is_for_this_site_alone() -> None:
    app = app_with()
    with app.test_request_context():
        response = app.response_class()
        current.remember(response, "the secret")

    written = response.headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= {part.strip() for part in written.split(";")}
    assert f"Max-Age={current.SIGN_IN_DAYS * 24 * 3600}" in written


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/upcoming", "/login?next=/upcoming"),
        ("/upcoming?week=2026-W48&x=a%20b", "/login?next=/upcoming%3Fweek%3D2026-W48%26x%3Da%20b"),
        ("/oauth/callback?code=secret", "/login?next=/"),
        ("/login?next=/x", "/login?next=/"),
    ],
)
def test_one_comes_back_to_where_one_was(path: str, leads_to: str) -> None:
    """The address never contains a code, because it works only once and logs have addresses."""
    with app_with().test_request_context(path):
        assert current.login_url().replace("%2520", "%20") == leads_to.replace("%2520", "%20")


@pytest.mark.parametrize(
    ("form", "referrer", "page"),
    [
        ({"next": "/courses"}, "https://easel.example.edu/apps/easel/upcoming", "/courses"),
        ({}, "https://easel.example.edu/apps/easel/upcoming?week=this", "/upcoming?week=this"),
        ({}, "https://easel.example.edu/apps/easel", "/"),
        ({}, "https://other.example/upcoming", "/"),
        ({}, "http://[", "/"),
        ({}, "", "/"),
    ],
)
def test_a_form_leads_back_to_its_own_page(form: dict[str, str], referrer: str, page: str) -> None:
    """A form's own address has no GET; another site's page is not returned to."""
    app = app_with(settings=PREFIXED)

    with app.test_request_context(
        "/planner/mark",
        method="POST",
        data=form,
        headers={"Referer": referrer, "Host": "easel.example.edu"},
    ):
        assert current.page_of_form() == page
        assert current.login_url().startswith("/apps/easel/login?next=/")


def test_programs_are_told_and_people_sent() -> None:
    app = app_with()

    with app.test_request_context("/courses.json"):
        answer = current.to_login()
        assert answer.status_code == 401
        assert answer.get_json()["complete"] is False
    with app.test_request_context("/courses"):
        assert current.to_login().status_code == 302
    with app.test_request_context("/planner/mark", method="POST"):
        with pytest.raises(Trouble) as caught:
            current.to_login()
        assert caught.value.code == "signed_out"


def test_nobody_shares_a_cache_key() -> None:
    """Another environment, acting as somebody, a new consent or a new grant has another key."""
    acting = replace(ADA.identity, real_user_id=9, real_user_name="Root")
    others = [
        replace(ADA, identity=replace(ADA.identity, environment="beta")),
        replace(ADA, identity=replace(ADA.identity, user_id=8)),
        replace(ADA, identity=acting),
        replace(ADA, generation=4),
        replace(ADA, grant_id=6),
    ]

    assert len({current.owner(each) for each in (ADA, *others)}) == 6  # type: ignore[arg-type]


def test_a_request_has_one_deadline() -> None:
    """A call that starts late has no more time than the first one."""
    with app_with().test_request_context():
        assert current.page_deadline() == current.page_deadline()
