"""The moment the suite runs at: that of ``NOW`` (``make test NOW=2026-11-30T00:10-07:00``).

Nothing in Easel or the emulator knows of it: what Python takes for the time is shifted, in this
process and in every Python program that it starts, and runs on from there. Servers of other
makers and the browser keep the machine's time.
"""

import os
import time
from datetime import datetime
from pathlib import Path

import time_machine

AHEAD = "TEST_CLOCK_AHEAD"  # seconds between the machine's time and the suite's
FOLDER = Path(__file__).parent / "clock"
EXAMPLE = "2026-11-30T00:10-07:00"


def read(text: str) -> datetime:
    """The moment of an ISO 8601 text with a UTC offset. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise ValueError(f"NOW={text} is no time with a UTC offset such as NOW={EXAMPLE}")
    return moment


def begin() -> None:
    """Move this process to the moment of ``NOW``, if it is set; test workers, to the same."""
    named = os.environ.get("NOW")
    if not named:
        return
    ahead = float(os.environ.get(AHEAD) or read(named).timestamp() - time.time())
    os.environ[AHEAD] = str(ahead)
    time_machine.travel(time.time() + ahead, tick=True).start()


def hand_on() -> None:
    """Let the programs that this process starts share its time."""
    if AHEAD in os.environ:
        paths = [str(FOLDER), *filter(None, [os.environ.get("PYTHONPATH")])]
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)


def environ() -> dict[str, str]:
    """What a program that is started with few variables needs to share the suite's time."""
    return {name: os.environ[name] for name in (AHEAD, "PYTHONPATH") if AHEAD in os.environ}
