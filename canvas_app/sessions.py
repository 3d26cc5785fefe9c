"""Flask's sessions on the server, in files or Redis; they may be lost and are never pickled.

Sessions hold the state of a sign-in in progress, the CSRF secret and messages. Who is signed in is
stored in the database. Flask-Session provides the interface. The stores are our own, because its
decoders fall back to pickle, its file store drops sessions that are in use, and it stores a session
again that another request has deleted meanwhile. While the store does not answer, sessions are
``away``: pages are served without one, and the browser keeps its cookie.
"""

import hashlib
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask, Request, Response
from flask_session.base import ServerSideSession, ServerSideSessionInterface

from canvas_app.outages import Outage
from canvas_app.settings import Settings
from canvas_app.storage.seal import AnswerSeal

AWAY_NOW = Outage(logging.getLogger(__name__), "no sessions now")

LIFETIME = timedelta(days=7)
PASSING = timedelta(hours=1)  # how long a session lives in which nobody is signed in
MOST_PASSING = 10_000  # such sessions in files at most, because strangers can begin any number
SWEEP_EVERY = 600.0  # seconds
LASTING = "lasting"  # session key: somebody is signed in


class StoreAway(Exception):
    """The store of the sessions does not answer."""


class Session(ServerSideSession):  # type: ignore[misc]  # Flask-Session is untyped
    """One browser's session.

    ``stored``: the store had it when it was opened. ``away``: the store did not answer; the session
    is then empty and is not saved.
    """

    stored = False
    away = False


class SessionInterface(ServerSideSessionInterface):  # type: ignore[misc]
    """Sessions as msgpack under the hash of their id, updated only while they still exist."""

    session_class = Session

    def open_session(self, app: Flask, request: Request) -> Session:
        session: Session
        try:
            session = super().open_session(app, request)
        except StoreAway as fault:
            AWAY_NOW.failed(fault, str(fault))
            session = Session(sid=self._generate_sid(self.sid_length), permanent=self.permanent)
            session.away = True
            return session
        session.stored = session.sid == request.cookies.get(app.config["SESSION_COOKIE_NAME"])
        return session

    def save_session(self, app: Flask, session: Session, response: Response) -> None:
        if session.away:
            return
        try:
            super().save_session(app, session, response)
        except StoreAway as fault:
            AWAY_NOW.failed(fault, str(fault))

    def keep(self, session: Session) -> None:
        """Store the session now instead of with the response. Raises StoreAway if that fails."""
        store_id = self._get_store_id(session.sid)
        self._upsert_session(self.app.permanent_session_lifetime, session, store_id)
        session.stored = True

    def regenerate(self, session: Session) -> None:
        """Give the session another id; the old id becomes worthless."""
        with suppress(StoreAway):  # it holds nothing that signs anybody in
            self._delete_session(self._get_store_id(session.sid))
        session.sid = self._generate_sid(self.sid_length)
        session.stored = False
        session.modified = True

    def _get_store_id(self, sid: str) -> str:
        return hashlib.sha256(sid.encode()).hexdigest()

    def _retrieve_session_data(self, store_id: str) -> dict[str, Any] | None:
        packed = self.read(store_id)
        if packed is None:
            return None
        try:
            return msgspec.msgpack.decode(packed, type=dict[str, Any])
        except msgspec.DecodeError:
            return None  # another program wrote it: no session

    def _upsert_session(self, lifetime: timedelta, session: Session, store_id: str) -> None:
        packed = msgspec.msgpack.encode(dict(session))
        lifetime = lifetime if LASTING in session else PASSING
        self.write(store_id, packed, lifetime.total_seconds(), update=session.stored)

    def _delete_session(self, store_id: str) -> None:
        self.delete(store_id)

    def read(self, store_id: str) -> bytes | None:
        """Return what is stored under this id. This and the following raise StoreAway."""
        raise NotImplementedError

    def write(self, store_id: str, packed: bytes, seconds: float, *, update: bool) -> None:
        """Store a session; with ``update`` only if it still exists, so that none is restored."""
        raise NotImplementedError

    def delete(self, store_id: str) -> None:
        raise NotImplementedError


class FileSessions(SessionInterface):
    """One file for each session, readable by its owner only; its mtime is when it expires."""

    def __init__(self, app: Flask, folder: Path, clock: Callable[[], float] = time.time) -> None:
        super().__init__(app)
        self.folder = folder
        self.clock = clock
        self.swept_at = clock()
        self.written = 0  # sessions written since the last sweep
        self.sweeping = threading.Lock()

    def read(self, store_id: str) -> bytes | None:
        path = self.folder / store_id
        try:
            return path.read_bytes() if path.stat().st_mtime > self.clock() else None
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise StoreAway(f"their files cannot be read ({fault.strerror})") from None

    def write(self, store_id: str, packed: bytes, seconds: float, *, update: bool) -> None:
        path = self.folder / store_id
        now = self.clock()
        try:
            if update and not path.exists():
                return
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.replace(path, packed, now, now + seconds)
            self.written += not update
            self.sweep(now)
        except OSError as fault:
            raise StoreAway(f"their files cannot be written ({fault.strerror})") from None

    def replace(self, path: Path, packed: bytes, now: float, ends: float) -> None:
        """Replace a file by a new one, atomically."""
        handle, draft = tempfile.mkstemp(dir=self.folder, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(packed)
            os.utime(draft, (now, ends))
            os.replace(draft, path)
        except OSError:
            os.unlink(draft)
            raise

    def delete(self, store_id: str) -> None:
        try:
            (self.folder / store_id).unlink(missing_ok=True)
        except OSError as fault:
            raise StoreAway(f"their files cannot be deleted ({fault.strerror})") from None

    def sweep(self, now: float) -> None:
        """Remove expired sessions, and surplus ones, at intervals; one thread at a time does."""
        due = now - self.swept_at >= SWEEP_EVERY or self.written >= MOST_PASSING // 10
        if not due or not self.sweeping.acquire(blocking=False):
            return
        try:
            self.swept_at, self.written = now, 0
            passing: list[tuple[float, Path]] = []
            for path in self.folder.iterdir():
                # A draft may be another thread's; an old one is left from a thread that died.
                ended = now - SWEEP_EVERY if path.name.startswith(".") else now
                with suppress(FileNotFoundError):
                    ends = path.stat().st_mtime
                    if ends <= ended:
                        path.unlink()
                    elif ends <= now + PASSING.total_seconds():
                        passing.append((ends, path))
            for _, path in sorted(passing)[:-MOST_PASSING]:
                path.unlink(missing_ok=True)
        finally:
            self.sweeping.release()


class RedisSessions(SessionInterface):
    """Sessions in Redis or Valkey, which expires them. Encrypted, because some hold codes."""

    def __init__(self, app: Flask, client: Any, seal: AnswerSeal) -> None:
        from redis import RedisError

        super().__init__(app)
        self.client = client
        self.seal = seal
        self.fault = RedisError

    def read(self, store_id: str) -> bytes | None:
        name = f"easel:session:{store_id}"
        sealed: bytes | None = self.ask(self.client.get, name)
        return self.seal.open(sealed, name) if sealed else None

    def write(self, store_id: str, packed: bytes, seconds: float, *, update: bool) -> None:
        name = f"easel:session:{store_id}"
        sealed = self.seal.close(packed, name)
        self.ask(self.client.set, name, sealed, ex=int(seconds), xx=update)

    def delete(self, store_id: str) -> None:
        self.ask(self.client.delete, f"easel:session:{store_id}")

    def ask(self, command: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except self.fault as fault:
            # Not the exception's text, because it may hold the session's id.
            raise StoreAway(f"Redis does not answer ({type(fault).__name__})") from None


def init_app(app: Flask, settings: Settings, redis: Any | None) -> None:
    """Give the app its sessions: in Redis if there is one, else in files."""
    app.config.update(
        SESSION_COOKIE_NAME=cookie_name("easel_session", settings),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # a Strict one is not sent on the way back from Canvas
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=LIFETIME,
    )
    app.session_interface = (
        RedisSessions(app, redis, AnswerSeal(settings.token_keys))
        if redis is not None
        else FileSessions(app, settings.instance_path / "sessions")
    )


def cookie_name(name: str, settings: Settings) -> str:
    """Return the cookie's name, with the prefix that binds it to this host if there is https."""
    return f"__Host-{name}" if settings.https else name
