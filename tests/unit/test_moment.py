"""The moment at which the suite runs: valid values, and that started programs share it."""

import os
import subprocess
import sys
import time
from datetime import date, timedelta
from itertools import pairwise

import pytest

from tests import moment


@pytest.mark.parametrize("text", ["tomorrow", "2026-11-30", "2026-11-30T00:10"])
def test_other_texts_are_refused(text: str) -> None:
    """A moment without an offset from UTC would be different on each machine."""
    with pytest.raises(ValueError, match="with a UTC offset"):
        moment.read(text)


def test_each_day_of_the_year_has_a_moment() -> None:
    """It is the same on each run of a day and changes daily; a year covers every edge."""
    days = [date(2028, 1, 1) + timedelta(days=number) for number in range(366)]
    moments = [moment.another(day) for day in days]

    assert moments == [moment.another(day) for day in days]
    assert all(one != other for one, other in pairwise(map(moment.read, moments)))
    assert set(moment.EDGES) < set(moments)


def test_programs_share_the_time() -> None:
    """A started program's clock is as far ahead as its parent's."""
    here = float(os.environ.get(moment.AHEAD, "0"))
    environ = {"PYTHONPATH": str(moment.FOLDER), moment.AHEAD: str(here + 1e8)}
    source = "import time; print(time.time())"
    began = time.time()
    told = subprocess.check_output(
        [sys.executable, "-c", source], env=os.environ | environ, text=True
    )

    assert began < float(told) - 1e8 < time.time()
