"""What operators and scripts do by hand: each module here is a command of ``easel``.

A module ``name.py`` holds its command as ``name_command``; putting it here is all it takes. What
commands share stands in modules whose names begin with ``_``.
"""

import sys
from collections.abc import Callable
from typing import TypeVar

from canvas_app.settings import SettingsError

R = TypeVar("R")


def or_exit(start: Callable[[], R]) -> R:
    """What ``start`` gives; settings that are wrong end the program with their message."""
    try:
        return start()
    except SettingsError as fault:
        sys.exit(str(fault))
