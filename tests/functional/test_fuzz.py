"""A short run of ``make fuzz``, always the same one."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.anyday


@pytest.mark.skipif(sys.platform != "linux", reason="the fuzz program reads /proc")
def test_nothing_is_found() -> None:
    """Hostile requests and spoiled answers leave no 500, no trace, no hung worker."""
    run = subprocess.run(
        [sys.executable, "-m", "fuzz"],
        cwd=ROOT,
        env=os.environ | {"FUZZ_SEED": "7", "FUZZ_REQUESTS": "1500", "FUZZ_ANSWERS": "300"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
        check=False,
    )

    assert run.returncode == 0, run.stdout
    assert "\n0 findings\n" in run.stdout
    assert "1,500 requests in" in run.stdout
