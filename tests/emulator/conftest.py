"""An emulator in this process, whose clock stands still until a test moves it."""

from collections.abc import Iterator
from typing import Any

import pytest

from canvas_emulator import create_emulator
from canvas_emulator.clock import Clock
from tests.emulator.harness import ROWS, START, Emulator, Time


@pytest.fixture(scope="session")
def _one_emulator() -> Emulator:
    time = Time()
    app = create_emulator(clock=Clock(START, time.monotonic), sleep=time.sleep)
    return Emulator(app, app.extensions["emulator"], time)


@pytest.fixture
def emulator(_one_emulator: Emulator) -> Iterator[Emulator]:
    yield _one_emulator
    _one_emulator.control(reset=True)
    _one_emulator.time.slept.clear()


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    """The rows that the lists under ``/api/v1/probe`` return."""
    ROWS[:] = [{"id": number, "name": f"row {number}"} for number in range(1, 36)]
    return ROWS
