"""What /readyz reports, and how soon, whatever part is away."""

import os
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import requests
import sqlalchemy as sa

from canvas_app.canvas.transport import Transport
from canvas_app.checks.examination import warn_of_access
from canvas_app.readiness import ANSWER_WITHIN
from canvas_app.storage.database import STATEMENT_SECONDS

from .conftest import RunningEasel, StartEasel, sign_in

pytestmark = pytest.mark.anyday

DOWN = {"method": "GET", "path": "/api/v1/users/self", "kind": "status", "status": 503}


def ready(easel: RunningEasel) -> tuple[int, dict[str, Any]]:
    answer = requests.get(f"{easel.url}/readyz", timeout=30)
    return answer.status_code, answer.json()


@pytest.fixture
def stopped_postgres(postgres_url: str) -> Iterator[Any]:
    """Stop every process of the PostgreSQL server, which then hangs; let them go on afterwards."""
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    with open(f"{data_directory(postgres_url)}/postmaster.pid") as file:
        master = int(file.readline())

    def family() -> list[int]:
        with open(f"/proc/{master}/task/{master}/children") as file:
            return [master, *map(int, file.read().split())]

    def stop() -> None:
        for process in family():
            os.kill(process, signal.SIGSTOP)

    def go_on() -> None:
        for process in family():
            os.kill(process, signal.SIGCONT)

    stop.go_on = go_on  # type: ignore[attr-defined]
    yield stop
    go_on()


def data_directory(url: str) -> str:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return str(row[0])


def test_redis_away_is_degraded(start_easel: StartEasel) -> None:
    """Every page works without it, so no load balancer may take Easel out of service."""
    easel = start_easel(redis_url="redis://127.0.0.1:1/0")

    status, body = ready(easel)

    assert status == 200
    assert (body["status"], body["redis"], body["database"]) == ("degraded", "failed", "ok")


def test_redis_that_hangs_is_degraded_in_time(start_easel: StartEasel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        easel = start_easel(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")

        status, body = ready(easel)

    assert (status, body["status"], body["redis"]) == (200, "degraded", "failed")


def test_database_that_hangs_is_told_within_two_seconds(
    start_easel: StartEasel, postgres_url: str, stopped_postgres: Any
) -> None:
    easel = start_easel(database_url=postgres_url)
    assert ready(easel)[0] == 200

    stopped_postgres()
    status, body = ready(easel)
    stopped_postgres.go_on()

    assert (status, body["status"], body["database"]) == (503, "failed", "failed")
    assert ANSWER_WITHIN < 2
    wait_until(lambda: ready(easel)[0] == 200)


def test_pages_answer_while_the_database_hangs(
    start_easel: StartEasel, postgres_url: str, stopped_postgres: Any
) -> None:
    """Each statement is given up after three seconds, and nobody is signed out."""
    easel = start_easel(database_url=postgres_url)
    browser = sign_in(easel, "dozen", path="/login?next=/account")

    stopped_postgres()
    page = browser.get(f"{easel.url}/account", timeout=30)
    twin = browser.get(f"{easel.url}/courses.json", timeout=30)
    stopped_postgres.go_on()

    assert (page.status_code, twin.status_code) == (503, 503)
    assert "DATABASE_URL" in page.text
    assert STATEMENT_SECONDS == 3
    wait_until(lambda: browser.get(f"{easel.url}/account", timeout=30).status_code == 200)


def wait_until(holds: Any) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_read_only_database_is_degraded(start_easel: StartEasel, postgres_url: str) -> None:
    """As with a standby: people who are signed in see their pages."""
    easel = start_easel(database_url=postgres_url)
    browser = sign_in(easel, "dozen")
    name = sa.make_url(postgres_url).database
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            read_only = f'ALTER DATABASE "{name}" SET default_transaction_read_only'
            connection.exec_driver_sql(f"{read_only} = on")
        easel.app.extensions["easel"].storage.close()  # the setting holds for new connections
        easel.app.extensions["easel"].readiness()._wrote_at = float("-inf")
        status, body = ready(easel)
        page = browser.get(f"{easel.url}/account", timeout=30)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql("SET default_transaction_read_only = off")
            connection.exec_driver_sql(
                f'ALTER DATABASE "{name}" RESET default_transaction_read_only'
            )
        engine.dispose()
    easel.app.extensions["easel"].storage.close()

    assert (status, body["status"], body["writable"]) == (200, "degraded", False)
    assert body["failed_writes"] >= 1
    assert page.status_code == 200
    assert ready(easel)[1]["writable"] is True, "asked again at once while writes fail"


def test_full_disk_is_degraded(easel: RunningEasel) -> None:
    """SQLite reports it when its file may not grow."""
    door = easel.app.extensions["easel"]
    sign_in(easel, "dozen")
    door.readiness()._wrote_at = float("-inf")

    @sa.event.listens_for(door.storage.engine, "commit")
    def full(connection: sa.Connection) -> None:
        connection.exec_driver_sql("UPDATE no_room SET x = 1")

    status, body = ready(easel)
    sa.event.remove(door.storage.engine, "commit", full)

    assert (status, body["status"], body["writable"]) == (200, "degraded", False)
    assert body["failed_writes"] == 1
    assert ready(easel)[1]["writable"] is True


def test_canvas_down_changes_no_status(easel: RunningEasel) -> None:
    easel.canvas.control(faults=[DOWN | {"times": None}])

    status, body = ready(easel)
    easel.canvas.control(faults=[])
    _, later = ready(easel)

    assert (status, body["status"], body["canvas"]) == (200, "ok", "unreachable")
    assert later["canvas"] == "unreachable", "asked at most every 30 seconds"


def test_missing_scopes_are_named_until_the_key_grants_them(start_easel: StartEasel) -> None:
    """The check at start notes them; a sign-in that gets them all deletes the note."""
    easel = start_easel("scoped_includes", scopes=("url:GET|/api/v1/courses",))
    gateway = easel.app.extensions["easel"]
    missing = (*gateway.settings.scopes, "url:GET|/api/v1/not/here")
    warn_of_access(replace(gateway.settings, scopes=missing))

    status, body = ready(easel)
    assert (status, body["status"]) == (200, "degraded")
    assert body["detail"] == [
        "The developer key (production) lacks scopes that Easel asks for: let it grant "
        "url:GET|/api/v1/not/here."
    ]

    sign_in(easel, "dozen", path="/login?next=/account")
    assert ready(easel)[1]["status"] == "ok"


def test_key_that_enforces_scopes_nobody_asks_for_is_told(start_easel: StartEasel) -> None:
    easel = start_easel("scoped")
    settings = easel.app.extensions["easel"].settings

    warn_of_access(settings)
    assert "set CANVAS_SCOPES=auto" in ready(easel)[1]["detail"][0]

    warn_of_access(replace(settings, scopes=("url:GET|/api/v1/courses",)))
    assert ready(easel)[1]["status"] == "ok"


def test_canvas_that_hangs_holds_nobody_up(start_easel: StartEasel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        easel = start_easel()
        port = silent.getsockname()[1]
        easel.app.extensions["easel"]._transports["production"] = Transport(
            f"http://127.0.0.1:{port}"
        )

        status, body = ready(easel)

    assert (status, body["canvas"]) == (200, "unreachable")


def test_locked_file_takes_no_writes(easel: RunningEasel) -> None:
    """Another program holds SQLite's lock: reported after three seconds, not thirty."""
    door = easel.app.extensions["easel"]
    file = door.settings.instance_path / "easel.sqlite"
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        door.storage.try_writing()
        taken = door.storage.writes.taken
        other.execute("ROLLBACK")

    assert taken is False
    assert ready(easel)[1]["writable"] is True
