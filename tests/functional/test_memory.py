"""How much memory a gunicorn worker uses after many pages."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import StandIn

from .conftest import running_gunicorn
from .test_sign_in_shared import sign_in

pytestmark = pytest.mark.anyday

MOST = 120 * 1024  # KiB
PATHS = ("/", "/courses", "/upcoming", "/submissions")


@pytest.fixture
def gunicorn(canvas: StandIn, tmp_path: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Run Easel as it is deployed, without coverage, which would use memory itself."""
    environ = {name: value for name, value in os.environ.items() if "COV" not in name}
    with running_gunicorn(tmp_path, canvas, environ=environ, LOG_LEVEL="WARNING") as running:
        yield running


def processes() -> Iterator[tuple[int, int]]:
    """Return each process's parent and memory in KiB, from /proc or, elsewhere, from ps."""
    if not Path("/proc/self/status").exists():
        table = subprocess.check_output(["ps", "-A", "-o", "ppid=,rss="], text=True)  # noqa: S607
        for line in table.splitlines():
            parent, held = line.split()
            yield int(parent), int(held)
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):  # it has ended meanwhile
            facts = dict(line.split(":", 1) for line in status.read_text().splitlines())
            yield int(facts["PPid"]), int(facts.get("VmRSS", "0 kB").split()[0])


def test_worker_stays_small(
    canvas: StandIn, gunicorn: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    url, process = gunicorn
    for person in ("dozen", "many"):
        browser = sign_in(canvas, url, person)
        for turn in range(50):
            assert browser.get(f"{url}{PATHS[turn % 4]}", timeout=60).ok

    assert max(held for parent, held in processes() if parent == process.pid) < MOST
