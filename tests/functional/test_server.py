"""The server as it is deployed: what is ready before the fork, and what signals do."""

import signal
import time
from pathlib import Path

import pytest
import requests

from canvas_app.views.rendering import compile_templates

from .conftest import RunningEasel, running_gunicorn

pytestmark = pytest.mark.anyday


def test_every_template_can_be_compiled_ahead(easel: RunningEasel) -> None:
    compile_templates(easel.app)

    assert easel.app.jinja_env.cache is not None
    compiled = {name for _, name in easel.app.jinja_env.cache}
    assert set(easel.app.jinja_env.list_templates()) <= compiled


def test_hup_says_that_it_loads_no_new_code(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        log.open("w") as stderr,
        running_gunicorn(tmp_path / "instance", stderr=stderr) as (url, master),
    ):
        master.send_signal(signal.SIGHUP)
        end = time.monotonic() + 60
        while "restart Easel for a new version" not in log.read_text():
            assert time.monotonic() < end
            time.sleep(0.1)

        assert requests.get(f"{url}/healthz", timeout=30).ok
