"""Signing in with Canvas: state, PKCE, the page it leads to, and each way it can fail."""

import errno
import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from canvas_app.settings import Environment
from canvas_app.views.auth import safe_next

from .conftest import RunningEasel, StartEasel, form_to, send, sign_in, to_consent

pytestmark = pytest.mark.anyday


def grants(easel: RunningEasel) -> int:
    """How many grants the database holds."""
    with easel.app.extensions["easel"].storage.engine.connect() as connection:
        return int(connection.execute(text("select count(*) from grants")).scalar_one())


def waiting(easel: RunningEasel) -> int:
    """How many revocations wait in the outbox."""
    with easel.app.extensions["easel"].storage.engine.connect() as connection:
        return int(connection.execute(text("select count(*) from outbox")).scalar_one())


def wait_until(condition: Callable[[], object]) -> None:
    """Return once the condition holds, because another thread brings it about."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it never came so"
        time.sleep(0.02)


def authorization_request(
    easel: RunningEasel, browser: requests.Session, path: str = "/login"
) -> dict[str, str]:
    """Return the parameters that /login sends to Canvas's authorization endpoint."""
    answer = browser.get(f"{easel.url}{path}", allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    location = urlsplit(answer.headers["Location"])
    assert location.path == "/login/oauth2/auth"
    return {name: value for name, (value,) in parse_qs(location.query).items()}


def come_back(easel: RunningEasel, browser: requests.Session, **query: str) -> requests.Response:
    return browser.get(f"{easel.url}/oauth/callback", params=query, timeout=10)


def assert_nobody_signed_in(easel: RunningEasel, browser: requests.Session) -> None:
    answer = browser.get(f"{easel.url}/account", allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login?next=")
    assert grants(easel) == 0


def callback_url(easel: RunningEasel, browser: requests.Session, person: str = "dozen") -> str:
    """Walk to the point where Canvas sends the person back; return that address unvisited."""
    page = to_consent(easel, person, browser)
    form = form_to(page, "/login/oauth2/accept")
    answer = browser.post(
        easel.canvas.url + urlsplit(form["action"]).path,
        data=form["fields"],
        allow_redirects=False,
        timeout=10,
    )
    return answer.headers["Location"]


def test_sign_in_through_consent(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")

    page = browser.get(f"{easel.url}/account", timeout=10)

    assert page.status_code == 200
    assert easel.canvas.person("dozen")["name"] in page.text
    assert easel.canvas.stats()["exchanges"] == 1


def test_authorization_request(easel: RunningEasel) -> None:
    browser = easel.browser()

    first = authorization_request(easel, browser)
    second = authorization_request(easel, browser)

    assert first["response_type"] == "code"
    assert first["client_id"] == str(easel.canvas.key("confidential")["client_id"])
    assert first["redirect_uri"] == f"{easel.url}/oauth/callback"
    assert first["code_challenge_method"] == "S256"
    assert len(first["code_challenge"]) == 43
    assert "scope" not in first
    assert "force_login" not in first
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


def test_pkce_can_be_switched_off(start_easel: StartEasel) -> None:
    easel = start_easel(pkce=False)

    asked = authorization_request(easel, easel.browser())
    browser = sign_in(easel, "dozen")

    assert "code_challenge" not in asked
    assert browser.get(f"{easel.url}/account", timeout=10).ok


def test_public_client_signs_in(start_easel: StartEasel) -> None:
    easel = start_easel(key="public")

    browser = sign_in(easel, "dozen")

    assert browser.get(f"{easel.url}/account", timeout=10).ok


def test_trusted_key_needs_no_consent(start_easel: StartEasel) -> None:
    easel = start_easel(key="trusted")

    browser = sign_in(easel, "dozen")

    assert browser.get(f"{easel.url}/account", timeout=10).ok


def test_somebody_else_is_asked_to_log_in(easel: RunningEasel) -> None:
    asked = authorization_request(easel, easel.browser(), "/login?force_login=1")

    assert asked["force_login"] == "1"


def test_sign_in_lands_on_next(easel: RunningEasel) -> None:
    browser = easel.browser()
    first = browser.get(f"{easel.url}/account?a=b%26c", allow_redirects=False, timeout=10)

    page = to_consent(easel, "dozen", browser, first.headers["Location"])
    page = send(browser, page, form_to(page, "/login/oauth2/accept"))

    assert page.url == f"{easel.url}/account?a=b%26c"


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "",
        "courses",
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/a\nb",
        "/a\x7fb",
        "/login",
        "/login?next=/login",
        "/logout",
        "/oauth/callback?code=1",
        "/oauth",
        "/%6cogin",
        "/courses/../login",
        "/./logout/",
    ],
)
def test_next_stays_in_easel(wanted: str | None) -> None:
    assert safe_next(wanted) == "/"


@pytest.mark.parametrize("wanted", ["/", "/courses", "/courses/7?a=b", "/loginish", "/ünïcode"])
def test_next_is_kept(wanted: str) -> None:
    assert safe_next(wanted) == wanted


def test_session_id_changes_with_sign_in(easel: RunningEasel) -> None:
    browser = easel.browser()
    browser.get(f"{easel.url}/login", timeout=10)
    before = browser.cookies["easel_session"]

    sign_in(easel, "dozen", browser)
    browser.get(f"{easel.url}/account", timeout=10)

    assert browser.cookies.get("easel_session") != before


def test_cookies_are_guarded(easel: RunningEasel) -> None:
    browser = easel.browser()
    back = callback_url(easel, browser)

    answer = browser.get(back, allow_redirects=False, timeout=10)

    cookies = answer.headers["Set-Cookie"]
    signed_in = next(each for each in cookies.split(", ") if each.startswith("easel_sign_in="))
    assert "HttpOnly" in cookies
    assert "SameSite=Lax" in cookies
    assert "Secure" not in cookies, "there is no https on loopback"
    assert len(signed_in) > 43


def test_cookies_are_bound_to_an_https_host(start_easel: StartEasel) -> None:
    easel = start_easel(public_url="https://easel.example.edu")

    answer = requests.get(
        f"{easel.url}/login",
        headers={"Host": "easel.example.edu"},
        allow_redirects=False,
        timeout=10,
    )

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-easel_session=")
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"]


def test_sign_in_under_a_path(start_easel: StartEasel) -> None:
    easel = start_easel(prefix="/easel")
    browser = easel.browser()
    first = browser.get(f"{easel.url}/account", allow_redirects=False, timeout=10)
    assert first.headers["Location"] == "/easel/login?next=/account"

    sign_in(easel, "dozen", browser, "/login?next=/account")
    page = browser.get(f"{easel.url}/account", timeout=10)

    assert page.ok
    assert "/easel/logout" in page.text


def test_replaced_token_is_revoked(easel: RunningEasel) -> None:
    sign_in(easel, "dozen")

    sign_in(easel, "dozen")

    wait_until(lambda: easel.canvas.stats()["revocations"] == 1 and waiting(easel) == 0)
    assert grants(easel) == 1


def test_replaced_token_waits_for_canvas(easel: RunningEasel) -> None:
    sign_in(easel, "dozen")
    down = {"method": "DELETE", "path": "/login/oauth2/token", "kind": "status", "status": 503}
    easel.canvas.control(faults=[down | {"times": None}])

    browser = sign_in(easel, "dozen")
    door = easel.app.extensions["easel"]
    wait_until(lambda: easel.canvas.stats()["calls"].get("DELETE /login/oauth2/token"))
    door.pool.shutdown()

    assert browser.get(f"{easel.url}/account", timeout=10).ok
    assert (easel.canvas.stats()["revocations"], waiting(easel)) == (0, 1)
    easel.canvas.control(faults=[])
    door.storage.tend(door.endpoint_for)
    assert (easel.canvas.stats()["revocations"], waiting(easel)) == (1, 0)


def test_replaced_token_keeps_nobody_waiting(easel: RunningEasel) -> None:
    sign_in(easel, "dozen")
    slow = {"method": "DELETE", "path": "/login/oauth2/token", "kind": "slow", "seconds": 5}
    easel.canvas.control(faults=[slow | {"times": 1}])

    browser = sign_in(easel, "dozen")

    assert browser.get(f"{easel.url}/account", timeout=10).ok
    assert waiting(easel) == 1, "Canvas has not answered yet"


def test_somebody_else_takes_the_place(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")

    sign_in(easel, "many", browser, "/login?force_login=1")

    page = browser.get(f"{easel.url}/account", timeout=10)
    assert easel.canvas.person("many")["name"] in page.text
    assert grants(easel) == 1, "the first person's last sign-in ended, and with it her grant"


def test_denial(easel: RunningEasel) -> None:
    browser = easel.browser()
    page = to_consent(easel, "dozen", browser)

    answer = send(browser, page, form_to(page, "/login/oauth2/deny"))

    assert answer.status_code == 403
    assert "did not let Easel in" in answer.text
    assert_nobody_signed_in(easel, browser)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        ("invalid_scope", 502, "CANVAS_SCOPES"),
        ("unauthorized_client", 502, "/oauth/callback"),
        ("client_not_allowed_for_user", 403, "site_admin_self_token_create"),
        ("login_required", 403, "Sign in again"),
        ("interaction_required", 403, "Sign in again"),
        ("server_error", 503, "Wait a minute"),
        ("unsupported_response_type", 502, "response_type=code"),
        ("something_new", 502, "Canvas sent something_new."),
        ("Some<b>thing", 502, "/oauth/callback"),
    ],
)
def test_errors_from_canvas(easel: RunningEasel, error: str, status: int, words: str) -> None:
    browser = easel.browser()
    state = authorization_request(easel, browser)["state"]

    answer = come_back(
        easel, browser, error=error, error_description="<script>alert(1)</script>", state=state
    )

    assert answer.status_code == status
    assert words in answer.text
    assert "For whoever runs Easel" in answer.text
    assert ">Retry<" not in answer.text, "the state has served; loading it again cannot help"
    assert "alert(1)" not in answer.text
    assert "<b>thing" not in answer.text
    assert_nobody_signed_in(easel, browser)


def test_site_admin_staff_are_told_the_right_setting(easel: RunningEasel) -> None:
    """Canvas refuses them on its consent page and sends them back without the state."""
    easel.canvas.control(site_admin_staff=[easel.canvas.person("dozen")["id"]])
    browser = easel.browser()

    answer = to_consent(easel, "dozen", browser)

    assert answer.url.startswith(f"{easel.url}/oauth/callback?error=client_not_allowed_for_user")
    assert "state=" not in answer.url
    assert answer.status_code == 403
    assert "site_admin_self_token_create" in answer.text
    assert_nobody_signed_in(easel, browser)


def test_address_that_the_key_does_not_have(easel: RunningEasel) -> None:
    """With a PUBLIC_URL of another port, Canvas itself shows the error, as at a school."""
    easel.canvas.control(reset=True)  # this Easel's registration is gone

    answer = easel.browser().get(f"{easel.url}/login", timeout=10)

    assert answer.status_code == 400
    assert answer.url.startswith(f"{easel.canvas.url}/login/oauth2/auth")
    assert answer.json() == {
        "error": "invalid_request",
        "error_description": "redirect_uri does not match client settings",
    }


@pytest.mark.parametrize("error", ["invalid_scope", "server_error", "access_denied", "no<b>thing"])
@pytest.mark.parametrize("state", ["", "not-the-one"])
def test_error_without_known_state(easel: RunningEasel, error: str, state: str) -> None:
    """Anybody may make such an address, so the page blames nobody."""
    browser = easel.browser()
    authorization_request(easel, browser)

    answer = come_back(easel, browser, error=error, state=state)

    assert answer.status_code == 400
    assert "url:GET" not in answer.text
    assert error not in answer.text
    assert_nobody_signed_in(easel, browser)


def test_refusal_that_lost_its_state(easel: RunningEasel) -> None:
    """Canvas sends this one error without the state; a browser that began a sign-in sees why."""
    browser = easel.browser()
    authorization_request(easel, browser)

    mine = come_back(easel, browser, error="client_not_allowed_for_user")
    strange = come_back(easel, easel.browser(), error="client_not_allowed_for_user")

    assert (mine.status_code, strange.status_code) == (403, 400)


def test_scoped_key_without_scopes(start_easel: StartEasel) -> None:
    easel = start_easel(key="scoped")
    browser = easel.browser()

    answer = to_consent(easel, "dozen", browser)

    assert answer.status_code == 502
    assert "scopes" in answer.text
    assert_nobody_signed_in(easel, browser)


def test_scopes_are_asked_for(start_easel: StartEasel) -> None:
    auto = start_easel(scopes="auto")
    listed = start_easel(scopes=("url:GET|/api/v1/courses", "url:GET|/api/v1/users/:id"))

    assert "url:GET|/api/v1/courses" in authorization_request(auto, auto.browser())["scope"].split()
    assert authorization_request(listed, listed.browser())["scope"] == (
        "url:GET|/api/v1/courses url:GET|/api/v1/users/:id"
    )


def test_wrong_state(easel: RunningEasel) -> None:
    browser = easel.browser()
    authorization_request(easel, browser)

    answer = come_back(easel, browser, code="0" * 128, state="not-the-one")

    assert answer.status_code == 400
    assert "not the one you started" in answer.text
    assert_nobody_signed_in(easel, browser)


def test_missing_state(easel: RunningEasel) -> None:
    browser = easel.browser()
    authorization_request(easel, browser)

    answer = come_back(easel, browser, code="0" * 128)

    assert answer.status_code == 400
    assert "no state" in answer.text
    assert_nobody_signed_in(easel, browser)


def test_lost_session(easel: RunningEasel) -> None:
    back = callback_url(easel, easel.browser())
    other = easel.browser()

    answer = other.get(back, timeout=10)

    assert answer.status_code == 400
    assert "not started here" in answer.text
    assert_nobody_signed_in(easel, other)
    assert easel.canvas.stats()["exchanges"] == 0


def test_state_serves_once(easel: RunningEasel) -> None:
    browser = easel.browser()
    state = authorization_request(easel, browser)["state"]
    come_back(easel, browser, code="0" * 128, state=state)

    answer = come_back(easel, browser, code="0" * 128, state=state)

    assert answer.status_code == 400
    assert "already used" in answer.text


def test_callback_loaded_again_goes_on(easel: RunningEasel) -> None:
    """Browsers load it again when they are reopened; a person who is signed in goes on."""
    browser = easel.browser()
    browser.get(f"{easel.url}/login?next=/courses", allow_redirects=False, timeout=10)
    back = callback_url(easel, browser)
    browser.get(back, timeout=10)

    answer = browser.get(back, allow_redirects=False, timeout=10)

    assert (answer.status_code, answer.headers["Location"]) == (302, f"{easel.url}/")
    assert easel.canvas.stats()["exchanges"] == 1
    assert browser.get(f"{easel.url}/account", timeout=10).ok


def test_callback_loaded_again_after_signing_out(easel: RunningEasel) -> None:
    """Nobody is signed in by it."""
    browser = easel.browser()
    back = callback_url(easel, browser)
    browser.get(back, timeout=10)
    account = browser.get(f"{easel.url}/account", timeout=10)
    send(browser, account, form_to(account, "/logout"))

    answer = browser.get(back, timeout=10)

    assert answer.status_code == 400
    assert "Nobody was signed in" in answer.text


def test_second_tab_to_finish_goes_where_it_wanted(easel: RunningEasel) -> None:
    """Two tabs have begun; the first to finish keeps the state of the second."""
    browser = easel.browser()
    backs = [callback_url(easel, browser), callback_url(easel, browser)]

    landed = [browser.get(back, timeout=10).url for back in backs]

    assert landed == [f"{easel.url}/", f"{easel.url}/"]
    assert browser.get(f"{easel.url}/account", timeout=10).ok
    assert grants(easel) == 1


def test_signed_in_tab_is_not_told_that_nobody_is(easel: RunningEasel) -> None:
    """A failed second sign-in leaves the first as it was, and says so."""
    browser = sign_in(easel, "dozen")
    state = authorization_request(easel, browser)["state"]

    for query in (
        {"state": state, "error": "access_denied"},
        {"state": "none"},
        {"code": "0" * 128},
        {"state": authorization_request(easel, browser)["state"], "code": "0" * 128},
    ):
        answer = come_back(easel, browser, **query)
        assert answer.status_code in (400, 403)
        assert "Nobody was signed in" not in answer.text
        assert "still signed in" in answer.text
    assert browser.get(f"{easel.url}/account", timeout=10).ok


def test_state_expires(easel: RunningEasel) -> None:
    browser = easel.browser()
    state = authorization_request(easel, browser)["state"]

    with time_machine.travel(time.time() + 3001, tick=True):
        answer = come_back(easel, browser, code="0" * 128, state=state)

    assert answer.status_code == 400
    assert "took too long" in answer.text


def test_several_tabs_sign_in(easel: RunningEasel) -> None:
    browser = easel.browser()
    first = callback_url(easel, browser)
    authorization_request(easel, browser)

    answer = browser.get(first, timeout=10)

    assert answer.ok


def test_no_code(easel: RunningEasel) -> None:
    browser = easel.browser()
    state = authorization_request(easel, browser)["state"]

    answer = come_back(easel, browser, state=state)

    assert answer.status_code == 400
    assert "no code" in answer.text


def test_unknown_code(easel: RunningEasel) -> None:
    browser = easel.browser()
    state = authorization_request(easel, browser)["state"]

    answer = come_back(easel, browser, code="0" * 128, state=state)

    assert answer.status_code == 400
    assert "CANVAS_PKCE" in answer.text
    assert_nobody_signed_in(easel, browser)


def test_expired_code(easel: RunningEasel) -> None:
    browser = easel.browser()
    back = callback_url(easel, browser)
    easel.canvas.control(clock={"advance": 601})

    answer = browser.get(back, timeout=10)

    assert answer.status_code == 400
    assert_nobody_signed_in(easel, browser)


def test_wrong_client_secret(start_easel: StartEasel) -> None:
    easel = start_easel()
    door = easel.app.extensions["easel"]
    (environment,) = door.settings.environments
    door.settings = replace(
        door.settings, environments=(replace(environment, client_secret="wrong" * 10),)
    )
    browser = easel.browser()

    answer = browser.get(callback_url(easel, browser), timeout=10)

    assert answer.status_code == 502
    assert "CANVAS_CLIENT_SECRET" in answer.text
    assert_nobody_signed_in(easel, browser)


@pytest.mark.parametrize(
    ("kind", "status"), [("status", 503), ("html", 502), ("empty_token", 502), ("redirect", 502)]
)
def test_token_endpoint_in_trouble(easel: RunningEasel, kind: str, status: int) -> None:
    browser = easel.browser()
    back = callback_url(easel, browser)
    fault = {"method": "POST", "path": "/login/oauth2/token", "kind": kind, "times": None}
    sent = {"html": 200, "redirect": 302}.get(kind, 503)
    easel.canvas.control(faults=[fault | {"status": sent}])

    answer = browser.get(back, timeout=30)

    assert answer.status_code == status, answer.text
    assert "Nobody was signed in" in answer.text
    assert_nobody_signed_in(easel, browser)


def fail_writes(easel: RunningEasel, table: str) -> None:
    """Let the database refuse all further writes to this table."""

    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(f"INSERT INTO {table}"):
            raise OperationalError("statement", {}, Exception("database or disk is full"))

    event.listen(easel.app.extensions["easel"].storage.engine, "before_cursor_execute", fail)


def test_full_disk_at_the_end_of_a_sign_in(easel: RunningEasel) -> None:
    browser = easel.browser()
    address = callback_url(easel, browser)
    fail_writes(easel, "sign_ins")

    page = browser.get(address, timeout=10)

    assert page.status_code == 503
    assert "Nobody was signed in" in page.text
    assert "DATABASE_URL" in page.text
    assert_nobody_signed_in(easel, browser)
    assert easel.canvas.stats()["revocations"] == 1, "nobody could use that token any more"


def test_full_disk_at_the_start_of_a_sign_in(
    easel: RunningEasel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("canvas_app.sessions.tempfile.mkstemp", full)

    page = easel.browser().get(f"{easel.url}/login", allow_redirects=False, timeout=10)

    assert page.status_code == 503
    assert "Nobody was signed in" in page.text
    assert "INSTANCE_PATH" in page.text


@pytest.fixture
def two_canvases(start_easel: StartEasel) -> RunningEasel:
    """An Easel with a second environment, which is the same Canvas under another name."""
    production = start_easel().app.extensions["easel"].settings.production
    return start_easel(environments=(production, replace(production, name="beta")))


def test_other_environment(two_canvases: RunningEasel) -> None:
    browser = sign_in(two_canvases, "dozen", path="/login?environment=beta")

    assert "beta" in browser.get(f"{two_canvases.url}/account", timeout=10).text.lower()


def test_each_environment_comes_back_to_its_own_address(two_canvases: RunningEasel) -> None:
    """Against mix-up attacks (RFC 9700 4.4): a sign-in ends only at its own Canvas's address."""
    browser = two_canvases.browser()
    asked = {
        name: authorization_request(two_canvases, browser, f"/login?environment={name}")
        for name in ("production", "beta")
    }
    assert asked["production"]["redirect_uri"] == f"{two_canvases.url}/oauth/callback"
    assert asked["beta"]["redirect_uri"] == f"{two_canvases.url}/oauth/callback/beta"

    crossed = {
        "/oauth/callback": asked["beta"]["state"],
        "/oauth/callback/beta": asked["production"]["state"],
        "/oauth/callback/test": asked["production"]["state"],
    }
    for path, state in crossed.items():
        query = {"code": "0" * 128, "state": state}
        answer = browser.get(f"{two_canvases.url}{path}", params=query, timeout=10)
        assert answer.status_code == 400
    assert two_canvases.canvas.stats()["exchanges"] == 0


def test_unknown_callback_address(easel: RunningEasel) -> None:
    answer = requests.get(f"{easel.url}/oauth/callback/moon", timeout=10)

    assert answer.status_code == 404


def test_start_names_each_further_redirect_uri(
    start_easel: StartEasel, capsys: pytest.CaptureFixture[str]
) -> None:
    """Operators who upgrade must register it first."""
    production = start_easel().app.extensions["easel"].settings.production

    easel = start_easel(environments=(production, replace(production, name="test")))

    assert f"{easel.url}/oauth/callback/test" in capsys.readouterr().err


def test_unknown_environment(easel: RunningEasel) -> None:
    answer = requests.get(f"{easel.url}/login?environment=moon", timeout=10)

    assert answer.status_code == 404
    assert "no Canvas environment of that name" in answer.text


def test_environment_taken_away_signs_out(start_easel: StartEasel) -> None:
    easel = start_easel()
    browser = sign_in(easel, "dozen")
    door = easel.app.extensions["easel"]
    elsewhere = Environment("beta", door.settings.production.canvas_url, "1", "x")
    door.settings = replace(door.settings, environments=(elsewhere,))

    answer = browser.get(f"{easel.url}/account", allow_redirects=False, timeout=10)

    assert answer.status_code == 302


def test_forged_cookie(easel: RunningEasel) -> None:
    browser = easel.browser()
    browser.cookies.set("easel_sign_in", hashlib.sha256(b"guess").hexdigest() + ".aaaa.bbbb")

    answer = browser.get(f"{easel.url}/account", allow_redirects=False, timeout=10)

    assert answer.status_code == 302


def test_signed_out_twin_gets_json(easel: RunningEasel) -> None:
    answer = requests.get(f"{easel.url}/courses.json", allow_redirects=False, timeout=10)

    assert answer.status_code == 401
    assert answer.json()["complete"] is False


def test_many_sign_in_at_once(easel: RunningEasel) -> None:
    with ThreadPoolExecutor(4) as pool:
        browsers = list(pool.map(lambda _: sign_in(easel, "dozen"), range(4)))

    for browser in browsers:
        assert browser.get(f"{easel.url}/account", allow_redirects=False, timeout=10).ok
    assert grants(easel) == 1
