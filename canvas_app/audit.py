"""The audit log: sign-ins, sign-outs, consents, disconnections, deletions, refused forms.

It holds Canvas's user ids and no names. It holds the client's address only when the deployment asks
for it (``AUDIT_ADDRESS=on``).
"""

import logging

from flask import request

from canvas_app.settings import Settings
from canvas_app.storage.storage import Identity

log = logging.getLogger("easel.audit")


def client_address() -> str:
    """Return the request's client address, as far as ``TRUSTED_PROXIES`` tells."""
    return request.remote_addr or ""


def note(
    event: str, settings: Settings, who: Identity | None = None, detail: str | None = ""
) -> None:
    """Write one line: the event, the person and, if wanted, the client's address."""
    facts: dict[str, object] = {"event": event}
    if who is not None:
        facts |= {"environment": who.environment, "user_id": who.user_id}
        if who.real_user_id:
            facts["real_user_id"] = who.real_user_id
    if detail:
        facts["detail"] = detail
    if settings.audit_address:
        facts["address"] = client_address()
    log.info(" ".join(f"{name}={value}" for name, value in facts.items()), extra=facts)
