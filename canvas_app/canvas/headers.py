"""What Canvas says in headers, read with care: any proxy may have written them."""

import math
from collections.abc import Mapping

LONGEST_ID = 100  # characters


def finite_number(text: str | None) -> float | None:
    """A header's text as a finite number, or None."""
    try:
        found = math.nan if text is None else float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def request_id(headers: Mapping[str, str]) -> str | None:
    """The ``X-Request-Context-Id``, a UUID at Canvas; a longer text is cut."""
    found = headers.get("X-Request-Context-Id")
    return None if found is None else found[:LONGEST_ID]
