"""Commands for operators and scripts: each module here is a command of ``easel``.

A module ``name.py`` defines its command as ``name_command``; nothing else registers it. Code that
commands share is in modules whose names begin with ``_``.
"""

import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from canvas_app.settings import SettingsError

if TYPE_CHECKING:
    from canvas_app.gateway import Gateway

R = TypeVar("R")


def or_exit(start: Callable[[], R]) -> R:
    """Return the result of ``start``; if settings are wrong, print why and exit."""
    try:
        return start()
    except SettingsError as fault:
        sys.exit(str(fault))


def open_gateway() -> "Gateway":
    """Set up logging as a server does and open the shared objects. Raise SettingsError."""
    from canvas_app import create_app  # imported here, so that other commands start without Flask

    gateway: Gateway = create_app().extensions["easel"]
    return gateway


def note_audit(event: str, environment: str, user_id: int) -> None:
    """Write a line to the audit log about an operator's action."""
    logging.getLogger("easel.audit").info(
        "event=%s environment=%s user_id=%s", event, environment, user_id
    )
