"""Starting: wrong settings stop gunicorn with one message, right ones serve."""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests import moment
from tests.conftest import ROOT

from .conftest import running_gunicorn

pytestmark = pytest.mark.anyday

SETTINGS_SOURCE = ROOT / "canvas_app" / "settings.py"


def start(*command: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a program that must end by itself, with nothing but these settings."""
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environ | moment.environ() | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [("-m", "gunicorn"), ("-c", "import app"), ("-m", "canvas_app", "serve")],
    ids=["gunicorn", "app", "serve"],
)
def test_no_settings_stop_the_start(command: tuple[str, ...]) -> None:
    ended = start(*command)

    assert ended.returncode != 0
    for name in ("CANVAS_URL", "CANVAS_CLIENT_ID", "CANVAS_CLIENT_SECRET"):
        assert ended.stderr.count(f"- {name} is missing: ") == 1
    assert "Traceback" not in ended.stderr


def test_wrong_settings_are_all_named() -> None:
    ended = start(
        "-m",
        "gunicorn",
        CANVAS_URL="https://canvas.example.edu",
        CANVAS_CLIENT_ID="1",
        CANVAS_CLIENT_SECRET="",
        WEB_THREADS="lots",
        CACHE_SECONDS="-1",
    )

    assert ended.returncode != 0
    for name in ("PUBLIC_URL", "SECRET_KEY", "TOKEN_KEYS", "WEB_THREADS", "CACHE_SECONDS"):
        assert f"- {name}" in ended.stderr


@pytest.mark.parametrize(
    "command",
    [("-m", "gunicorn"), ("-c", "import app"), ("-m", "canvas_app", "reseal")],
    ids=["gunicorn", "app", "reseal"],
)
def test_database_away_stops_the_start(command: tuple[str, ...], tmp_path: Path) -> None:
    ended = start(
        *command,
        CANVAS_URL="http://127.0.0.1:9",
        CANVAS_CLIENT_ID="1",
        CANVAS_CLIENT_SECRET="x",
        INSTANCE_PATH=str(tmp_path),
        DATABASE_URL="postgresql://easel:the-password@127.0.0.1:1/easel",
    )

    assert ended.returncode != 0
    assert ended.stderr.count("- DATABASE_URL names a database that cannot be used") == 1
    assert "Connection refused" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "the-password" not in ended.stderr


def test_gunicorn_writes_no_address(tmp_path: Path) -> None:
    with (
        (tmp_path / "log").open("w") as log,
        running_gunicorn(tmp_path, stderr=log, LOG_LEVEL="DEBUG") as (url, _),
    ):
        for path in ("/calendar/the-feed.ics", "/oauth/callback?code=the-code&state=the-state"):
            requests.get(f"{url}{path}", timeout=30)
        for line in ("GET /calendar/the-feed.ics HTTP/x", "GET /the-code HTTP/1.1\r\nthe state: x"):
            with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as client:
                client.sendall(f"{line}\r\n\r\n".encode())
                assert client.recv(100).startswith(b"HTTP/1.1 400")

    written = (tmp_path / "log").read_text()
    assert "GET (address)" in written
    assert written.count("Invalid request from ip=127.0.0.1: Invalid HTTP ") == 2
    for secret in ("the-feed", "the-code", "the-state", "the state"):
        assert secret not in written
    assert "Worker exiting" in written
    assert "Exception during worker exit" not in written, "it closes what it holds open"


def test_several_processes_leave_no_counters_behind(valkey_url: str, tmp_path: Path) -> None:
    (tmp_path / "instance").mkdir()
    with running_gunicorn(
        tmp_path / "instance", TMPDIR=str(tmp_path), REDIS_URL=valkey_url, WEB_CONCURRENCY="2"
    ) as (url, process):
        end = time.monotonic() + 30
        writers: set[str] = set()
        while len(writers) < 2 and time.monotonic() < end:  # a starting one ignores signals
            time.sleep(0.1)
            requests.get(f"{url}/healthz", timeout=30)
            counters = tmp_path.glob("easel-metrics-*/*.db")
            writers = {file.stem.rpartition("_")[2] for file in counters} - {str(process.pid)}

    assert len(writers) == 2
    assert not list(tmp_path.glob("easel-metrics-*"))


def gunicorn_settings(*command: str, **settings: str) -> dict[str, Any]:
    """Return the settings that gunicorn ends up with, started by name or by another command."""
    shown = start(
        "-m",
        *(command or ("gunicorn",)),
        "--print-config",
        CANVAS_URL="http://127.0.0.1:9",
        CANVAS_CLIENT_ID="1",
        CANVAS_CLIENT_SECRET="x",
        **settings,
    )
    assert shown.returncode == 0, shown.stderr
    pairs = (line.partition("=") for line in shown.stdout.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}


def test_one_process_without_redis(tmp_path: Path) -> None:
    made = gunicorn_settings(INSTANCE_PATH=str(tmp_path), WEB_CONCURRENCY="4", PORT="8123")

    assert made["workers"] == "1"
    assert made["threads"] == "40"
    assert made["bind"] == "['127.0.0.1:8123']"
    assert made["worker_class"] == "canvas_app.worker.Worker"


def test_serve_is_gunicorn_with_options(tmp_path: Path) -> None:
    """``easel serve`` runs what ``gunicorn`` runs in a checkout; options win over settings."""
    folder = str(tmp_path)
    made = gunicorn_settings(
        "canvas_app", "serve", "--bind", "127.0.0.1:8124", INSTANCE_PATH=folder
    )

    assert made.pop("bind") == "['127.0.0.1:8124']"
    assert made.pop("config") == "python:canvas_app.gunicorn_conf"
    here = gunicorn_settings(INSTANCE_PATH=folder)
    assert made == {name: here[name] for name in made}
    assert made["wsgi_app"] == "canvas_app.wsgi:app"


def test_several_processes_with_redis(tmp_path: Path) -> None:
    made = gunicorn_settings(
        INSTANCE_PATH=str(tmp_path),
        WEB_CONCURRENCY="4",
        WEB_THREADS="8",
        REDIS_URL="redis://127.0.0.1:1/0",
        TMPDIR=str(tmp_path),
    )

    assert made["workers"] == "4"
    assert made["threads"] == "8"


def test_every_setting_is_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text()

    read = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+|PORT)"', SETTINGS_SOURCE.read_text()))
    for name in read:
        assert f"{name}=" in example, name
