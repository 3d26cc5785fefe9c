"""The time at which the tests run: that of ``NOW`` (``make test NOW=2026-11-30T00:10-07:00``).

Neither Easel nor the emulator knows of it: the clock of Python is shifted, in this process and in
every Python program it starts, and runs on from there. Other servers and the browser keep the
machine's time.
"""

import os
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import time_machine

AHEAD = "TEST_CLOCK_AHEAD"  # seconds between the machine's time and the suite's
FOLDER = Path(__file__).parent / "clock"
EXAMPLE = "2026-11-30T00:10-07:00"
EDGES = (
    EXAMPLE,  # a Monday begins
    "2026-11-29T23:50-07:00",  # a Sunday ends
    "2026-03-10T09:00-06:00",  # Denver's clocks went forward two days before
    "2026-11-03T09:00-07:00",  # and back
    "2026-03-31T09:00+02:00",  # Berlin's went forward
    "2026-10-27T09:00+01:00",  # and back
    "2026-12-31T12:00-07:00",
    "2028-02-29T12:00-07:00",
)


def read(text: str) -> datetime:
    """Parse an ISO 8601 time with a UTC offset; raises ValueError for any other text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise ValueError(f"NOW={text} is no time with a UTC offset such as NOW={EXAMPLE}")
    return moment


def begin() -> None:
    """Move this process to the time in ``NOW``, if it is set; test workers get the same time."""
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


def another(today: date) -> str:
    """Return a time for this day of the year: at the edge of a day, or any within four years."""
    number = today.timetuple().tm_yday
    if number % 2:
        return EDGES[number // 2 % len(EDGES)]
    minutes = Random(number).randrange(4 * 365 * 24 * 60)
    return f"{datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes):%FT%H:%MZ}"


def environ() -> dict[str, str]:
    """Return the variables by which a program with few variables shares the tests' time."""
    return {name: os.environ[name] for name in (AHEAD, "PYTHONPATH") if AHEAD in os.environ}


if __name__ == "__main__":
    sys.stdout.write(another(datetime.now(UTC).date()) + "\n")
