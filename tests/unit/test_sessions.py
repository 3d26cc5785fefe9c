"""Sessions: hashed names, no pickle, no return after deletion, an end of their own."""

import errno
import hashlib
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask, session
from redis import Redis

from canvas_app import sessions
from canvas_app.sessions import LASTING, SWEEP_EVERY, FileSessions, RedisSessions, SessionInterface
from canvas_app.storage.seal import AnswerSeal

SEAL = AnswerSeal([Fernet.generate_key().decode()])


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def app_with(make: Any) -> Flask:
    app = Flask(__name__)
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.session_interface = make(app)

    @app.get("/put/<word>")
    def put(word: str) -> str:
        session["word"] = word
        return "kept"

    @app.get("/word")
    def word() -> str:
        return str(session.get("word"))

    @app.get("/last/")
    def last() -> str:
        session[LASTING] = True
        return "kept"

    @app.get("/lasting")
    def lasting() -> str:
        return str(session.get(LASTING))

    @app.get("/renew")
    def renew() -> str:
        app.session_interface.regenerate(session)  # type: ignore[attr-defined]
        return "renewed"

    @app.get("/racing")
    def racing() -> str:
        """Another request signs out while this one changes the session."""
        interface = app.session_interface
        assert isinstance(interface, SessionInterface)
        interface.delete(hashlib.sha256(session.sid.encode()).hexdigest())  # type: ignore[attr-defined]
        session["word"] = "back again"
        return "raced"

    return app


@pytest.fixture
def files(tmp_path: Path, clock: Clock) -> Flask:
    return app_with(lambda app: FileSessions(app, tmp_path / "sessions", clock))


@pytest.fixture(params=["files", "redis"])
def app(request: pytest.FixtureRequest, files: Flask, valkey_url: str) -> Iterator[Flask]:
    if request.param == "files":
        yield files
        return
    client = Redis.from_url(valkey_url)
    yield app_with(lambda app: RedisSessions(app, client, SEAL))
    client.close()


def test_session_is_kept(app: Flask) -> None:
    browser = app.test_client()

    browser.get("/put/hello")

    assert browser.get("/word").text == "hello"
    assert app.test_client().get("/word").text == "None"


def test_session_changes(app: Flask) -> None:
    browser = app.test_client()

    browser.get("/put/hello")
    browser.get("/put/goodbye")

    assert browser.get("/word").text == "goodbye"


def test_unknown_id_is_not_adopted(app: Flask) -> None:
    browser = app.test_client()
    browser.set_cookie("session", "chosen-by-somebody-else")

    browser.get("/put/hello")

    assert browser.get_cookie("session").value != "chosen-by-somebody-else"  # type: ignore[union-attr]


def test_old_id_reads_nothing(app: Flask) -> None:
    browser, thief = app.test_client(), app.test_client()
    browser.get("/put/hello")
    thief.set_cookie("session", browser.get_cookie("session").value)  # type: ignore[union-attr]

    browser.get("/renew")

    assert browser.get("/word").text == "hello"
    assert thief.get("/word").text == "None"


def test_deleted_session_stays_deleted(app: Flask) -> None:
    browser = app.test_client()
    browser.get("/put/hello")

    browser.get("/racing")

    assert browser.get("/word").text == "None"


def test_disk_that_fails_keeps_no_session_and_fails_no_page(files: Flask, tmp_path: Path) -> None:
    (tmp_path / "sessions").write_text("in the way")
    browser = files.test_client()
    browser.set_cookie("session", "from-better-days")

    assert browser.get("/word").text == "None"
    assert browser.get("/put/hello").text == "kept"
    assert browser.get("/renew").text == "renewed"
    assert browser.get_cookie("session").value == "from-better-days"  # type: ignore[union-attr]


def test_full_disk_leaves_no_draft(
    files: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = files.test_client()
    browser.get("/put/hello")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("canvas_app.sessions.os.replace", full)

    assert browser.get("/put/goodbye").text == "kept"
    assert browser.get("/word").text == "hello"
    assert len(list((tmp_path / "sessions").iterdir())) == 1


def test_files_are_named_by_hash(files: Flask, tmp_path: Path) -> None:
    browser = files.test_client()
    browser.get("/put/hello")
    identity = browser.get_cookie("session").value  # type: ignore[union-attr]

    (path,) = (tmp_path / "sessions").iterdir()

    assert path.name == hashlib.sha256(identity.encode()).hexdigest()
    assert path.stat().st_mode & 0o077 == 0


def test_pickle_is_never_read(files: Flask, tmp_path: Path) -> None:
    browser = files.test_client()
    browser.get("/put/hello")
    (path,) = (tmp_path / "sessions").iterdir()
    end = path.stat().st_mtime
    path.write_bytes(pickle.dumps({"word": "run me"}))
    os.utime(path, (end, end))

    assert browser.get("/word").text == "None"


def test_session_ends(files: Flask, clock: Clock) -> None:
    browser = files.test_client()
    browser.get("/put/hello")

    clock.now += files.permanent_session_lifetime.total_seconds() + 1

    assert browser.get("/word").text == "None"


def test_ended_files_are_swept(files: Flask, tmp_path: Path, clock: Clock) -> None:
    files.test_client().get("/put/old")
    draft = tmp_path / "sessions" / ".draft"
    draft.write_bytes(b"")
    os.utime(draft, (clock.now, clock.now))
    clock.now += files.permanent_session_lifetime.total_seconds() + SWEEP_EVERY

    files.test_client().get("/put/new")

    assert len(list((tmp_path / "sessions").iterdir())) == 1


def test_fresh_drafts_are_left(files: Flask, tmp_path: Path, clock: Clock) -> None:
    clock.now += SWEEP_EVERY
    draft = tmp_path / "sessions" / ".draft"
    draft.parent.mkdir()
    draft.write_bytes(b"")
    os.utime(draft, (clock.now - 1, clock.now - 1))

    files.test_client().get("/put/new")

    assert draft.exists()


@pytest.mark.parametrize("store", ["files", "redis"])
def test_session_of_nobody_ends_within_the_hour(
    store: str, tmp_path: Path, clock: Clock, valkey_url: str
) -> None:
    """Only with somebody signed in does it last a week."""
    client = Redis.from_url(valkey_url)
    client.flushdb()
    makes: dict[str, Any] = {
        "files": lambda app: FileSessions(app, tmp_path, clock),
        "redis": lambda app: RedisSessions(app, client, SEAL),
    }
    app = app_with(makes[store])
    visitor, person = app.test_client(), app.test_client()
    visitor.get("/put/one")
    person.get("/last/")

    if store == "files":
        ends = sorted(path.stat().st_mtime - clock.now for path in tmp_path.iterdir())
    else:
        ends = sorted(client.ttl(name) for name in client.keys("easel:session:*"))

    assert [round(end, -1) for end in ends] == [3600, 31 * 24 * 3600]  # Flask's default


def test_files_of_strangers_have_a_ceiling(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many sign-ins begin, the newest sessions stay, and all of people signed in."""
    monkeypatch.setattr(sessions, "MOST_PASSING", 20)
    app = app_with(lambda app: FileSessions(app, tmp_path, clock))
    person = app.test_client()
    person.get("/last/")
    for _ in range(100):
        clock.now += 1
        newest = app.test_client()
        newest.get("/put/one")

    assert len(list(tmp_path.iterdir())) <= 23
    assert newest.get("/word").data == b"one"
    assert person.get("/lasting").data == b"True"
