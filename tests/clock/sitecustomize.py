"""Python imports this first in every program that tests start: its clock is the suite's."""

import os
import time

if ahead := os.environ.get("TEST_CLOCK_AHEAD"):
    import time_machine

    time_machine.travel(time.time() + float(ahead), tick=True).start()
