"""The module that servers load has the app, or exits with one message that says what is wrong."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOAD = "from canvas_app.wsgi import app; print(app.url_map.bind('x').match('/healthz')[0])"
SETTINGS = {
    "CANVAS_URL": "http://127.0.0.1:1",
    "CANVAS_CLIENT_ID": "1",
    "CANVAS_CLIENT_SECRET": "x",
}


def run(tmp_path: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={"INSTANCE_PATH": str(tmp_path), "PATH": ""} | environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_app_is_there_once_the_schema_is(tmp_path: Path) -> None:
    """Servers other than Easel's own do not upgrade the database."""
    early = run(tmp_path, "-c", LOAD, **SETTINGS)
    upgraded = run(tmp_path, "-m", "canvas_app", "upgrade", **SETTINGS)
    done = run(tmp_path, "-c", LOAD, **SETTINGS)

    assert early.returncode == 1
    assert "easel upgrade" in early.stderr
    assert "Traceback" not in early.stderr
    assert upgraded.returncode == 0, upgraded.stderr
    assert done.returncode == 0, done.stderr
    assert "health" in done.stdout


def test_wrong_settings_are_told_without_a_trace(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", LOAD, CANVAS_URL="ftp://canvas.example.edu")

    assert done.returncode == 1
    assert "CANVAS_URL" in done.stderr
    assert "Traceback" not in done.stderr
