"""The module a server names holds the app, or ends with one message that says what is wrong."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOAD = "from canvas_app.wsgi import app; print(app.url_map.bind('x').match('/healthz')[0])"


def load(tmp_path: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LOAD],
        cwd=ROOT,
        env={"INSTANCE_PATH": str(tmp_path), "PATH": ""} | environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_app_is_there(tmp_path: Path) -> None:

    done = load(
        tmp_path,
        CANVAS_URL="http://127.0.0.1:1",
        CANVAS_CLIENT_ID="1",
        CANVAS_CLIENT_SECRET="x",
    )

    assert done.returncode == 0, done.stderr
    assert "health" in done.stdout


def test_wrong_settings_are_told_without_a_trace(tmp_path: Path) -> None:
    done = load(tmp_path, CANVAS_URL="ftp://canvas.example.edu")

    assert done.returncode == 1
    assert "CANVAS_URL" in done.stderr
    assert "Traceback" not in done.stderr
