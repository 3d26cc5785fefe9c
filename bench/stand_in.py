"""The stand-in Canvas for the benchmarks: a process of its own on loopback."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class StandIn:
    """A running emulator and the personal tokens of its people."""

    url: str
    tokens: dict[str, str]

    def control(self, **switches: Any) -> None:
        answer = requests.post(f"{self.url}/_emulator/control", json=switches, timeout=30)
        answer.raise_for_status()

    def forget_costs(self) -> None:
        """Empty every bucket by moving the clock, which lets them leak."""
        self.control(clock={"advance": 120})

    def throttled(self) -> int:
        """Return the number of calls refused since the last reset."""
        stats = requests.get(f"{self.url}/_emulator/stats", timeout=30).json()
        return int(stats["throttled"])


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Run the emulator on a free port and stop it at the end.

    Raises RuntimeError if it does not start.
    """
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "canvas_emulator", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the stand-in Canvas has no output")
        line = process.stdout.readline()
        if "http://" not in line:
            raise RuntimeError(f"the stand-in Canvas did not start: {line!r}")
        url = line[line.index("http://") :].split()[0].rstrip("/")
        people = requests.get(f"{url}/_emulator/people", timeout=30).json()
        yield StandIn(url, {person["key"]: person["token"] for person in people})
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
