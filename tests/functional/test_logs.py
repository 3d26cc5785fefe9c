"""The logs of a whole run at DEBUG have route templates, request ids, and no secret."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import text

from canvas_app.logs import audit_to
from canvas_app.storage.feeds import FeedContents

from .conftest import RunningEasel, StartEasel, form_to, send, sign_in

pytestmark = pytest.mark.anyday


@pytest.fixture
def loggers_put_back() -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)


class Keeper(logging.Handler):
    """Keeps every record as it was made, before redaction."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def kept(loggers_put_back: None) -> Iterator[Keeper]:
    keeper = Keeper()
    logging.getLogger().addHandler(keeper)
    yield keeper
    logging.getLogger().removeHandler(keeper)


@pytest.fixture
def secrets_seen(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Collect every secret that TokenEndpoint sends and gets, at its own methods."""
    from canvas_app.canvas.oauth import TokenEndpoint

    seen: set[str] = set()
    exchange, refresh, revoke = (
        TokenEndpoint.exchange,
        TokenEndpoint.refresh,
        TokenEndpoint.revoke,
    )

    def noted_exchange(self, code, redirect_uri, code_verifier=None):  # type: ignore[no-untyped-def]
        answer = exchange(self, code, redirect_uri, code_verifier)
        seen.update((code, code_verifier, answer.token.access_token, answer.token.refresh_token))
        return answer

    def noted_refresh(self, refresh_token):  # type: ignore[no-untyped-def]
        token = refresh(self, refresh_token)
        seen.update((refresh_token, token.access_token))
        return token

    def noted_revoke(self, access_token):  # type: ignore[no-untyped-def]
        seen.add(access_token)
        return revoke(self, access_token)

    monkeypatch.setattr(TokenEndpoint, "exchange", noted_exchange)
    monkeypatch.setattr(TokenEndpoint, "refresh", noted_refresh)
    monkeypatch.setattr(TokenEndpoint, "revoke", noted_revoke)
    return seen


def whole_run(easel: RunningEasel) -> requests.Session:
    """Sign in, look at every page, let the token expire, fail in several ways, sign out."""
    browser = sign_in(easel, "dozen")
    for path in ("/", "/courses", "/upcoming", "/submissions", "/account", "/courses.json"):
        assert browser.get(f"{easel.url}{path}", timeout=30).ok, path
    easel.canvas.control(expire_tokens="all")
    assert browser.get(f"{easel.url}/courses.json", timeout=30).ok
    broken = {"method": "GET", "path": "/api/v1/*", "kind": "status", "status": 500, "times": 3}
    easel.canvas.control(faults=[broken])
    browser.get(f"{easel.url}/courses/1", timeout=30)
    browser.get(f"{easel.url}/nowhere", timeout=30)
    browser.get(f"{easel.url}/oauth/callback?code={'c0de' * 32}&state={'5tate' * 8}", timeout=30)
    page = browser.get(f"{easel.url}/account", timeout=30)
    cookies = set(browser.cookies.values())
    send(browser, page, form_to(page, "/logout"))
    browser.cookies.set("seen", " ".join(cookies))
    return browser


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_secret_in_any_line(
    start_easel: StartEasel,
    secrets_seen: set[str],
    kept: Keeper,
    capsys: pytest.CaptureFixture[str],
    log_format: str,
) -> None:
    easel = start_easel(log_level="DEBUG", log_format=log_format, cache_seconds=0)
    settings = easel.app.extensions["easel"].settings

    browser = whole_run(easel)

    written = capsys.readouterr().err
    secrets = {each for each in secrets_seen if each} | {
        settings.production.client_secret,
        settings.secret_key,
        settings.token_keys[0],
        "c0dec0de",
        "5tate5tate",
        *browser.cookies["seen"].strip('"').split(),
    }
    assert len(secrets_seen) >= 5, "code, verifier, two access tokens, refresh token"
    for secret in secrets:
        assert secret not in written
        assert all(secret not in line for line in kept.lines), "not even before redaction"


def test_feed_secret_is_in_no_line(
    start_easel: StartEasel, kept: Keeper, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether the feed is found, cached, failing, or requested at another of Easel's addresses."""
    easel = start_easel(log_level="DEBUG")
    sign_in(easel, "dozen")
    storage = easel.app.extensions["easel"].storage
    secret = storage.feeds.make(1, "Phone", FeedContents(("work",)))
    elsewhere = easel.url.replace("127.0.0.1", "localhost")

    for address in (easel.url, easel.url, elsewhere):
        assert requests.get(f"{address}/calendar/{secret}.ics", timeout=30).ok
    easel.canvas.control(revoke_tokens="all")
    storage.feeds.may_visit = lambda feed: True
    requests.get(f"{easel.url}/calendar/{secret}.ics", timeout=30)
    requests.get(f"{easel.url}/calendar/{secret}x.ics?{secret}", timeout=30)

    assert "/calendar/<secret>.ics" in capsys.readouterr().err
    assert all(secret not in line for line in kept.lines)
    assert secret not in requests.get(f"{easel.url}/metrics", timeout=10).text


def test_access_log_holds_templates(
    start_easel: StartEasel, kept: Keeper, capsys: pytest.CaptureFixture[str]
) -> None:
    easel = start_easel(log_format="json")
    capsys.readouterr()  # the tables were made before the log had its format

    answer = requests.get(f"{easel.url}/nowhere/secret-path?secret=query", timeout=10)
    requests.get(f"{easel.url}/healthz", timeout=10)

    records = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    lines = [each for each in records if each["logger"] == "easel.access"]
    assert lines[0]["route"] == "(no route)"
    assert lines[0]["status"] == 404
    assert lines[0]["request_id"] == answer.headers["X-Request-Id"]
    assert "milliseconds" in lines[0]
    assert all("secret" not in json.dumps(each) for each in lines)


def test_lines_of_one_request_share_its_id(
    start_easel: StartEasel, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also lines of calls in pool and paging threads, which have Canvas's id as well."""
    easel = start_easel(log_format="json", log_canvas="on")
    browser = sign_in(easel, "dozen")
    capsys.readouterr()

    answer = browser.get(f"{easel.url}/upcoming?retry=1", timeout=30)

    records = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    calls = [each for each in records if each["logger"] == "canvas_app.canvas.calls"]
    assert len(calls) > 5
    assert {each["request_id"] for each in calls} == {answer.headers["X-Request-Id"]}
    assert len({each["canvas_request_id"] for each in calls}) == len(calls)


def test_view_writes_little_at_info(
    start_easel: StartEasel, capsys: pytest.CaptureFixture[str]
) -> None:
    """Calls have a logger of their own, which LOG_CANVAS switches on."""
    easel = start_easel()
    browser = sign_in(easel, "dozen")
    capsys.readouterr()

    for path in ("/", "/upcoming?retry=all", "/submissions"):
        browser.get(f"{easel.url}{path}", timeout=30)
        assert len(capsys.readouterr().err) < 1024, path


def test_audit_log_goes_to_its_own_file(
    start_easel: StartEasel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever LOG_LEVEL is; a file that was moved away is created again."""
    file = tmp_path / "audit.log"
    easel = start_easel(audit_log=file, log_level="ERROR")
    sign_in(easel, "dozen")
    file.rename(tmp_path / "audit.log.1")
    sign_in(easel, "many")

    before, after = (path.read_text() for path in (tmp_path / "audit.log.1", file))
    audit_to(None, None)

    assert "event=sign-in" in before
    assert f"user_id={easel.canvas.person('many')['id']}" in after
    assert "event=sign-in" not in capsys.readouterr().err


def test_tokens_rest_sealed(easel: RunningEasel, secrets_seen: set[str]) -> None:
    sign_in(easel, "dozen")

    with easel.app.extensions["easel"].storage.engine.connect() as connection:
        tables = connection.execute(
            text("select name from sqlite_master where type = 'table'")
        ).scalars()
        content = "\n".join(
            repr(connection.execute(text(f"select * from {table}")).all())  # noqa: S608
            for table in tables
        )

    for secret in secrets_seen:
        assert secret not in content
