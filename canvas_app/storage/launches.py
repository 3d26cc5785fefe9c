"""Launches from inside Canvas: used nonces, and the grants that a launch may use."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from canvas_app.storage.database import reading
from canvas_app.storage.schema import grants, spent_nonces

NONCE_KEPT = timedelta(hours=2)  # longer than a launch is valid


@dataclass(frozen=True)
class GrantOfPerson:
    """Grant of a launch's person. ``acting`` is whether somebody acting as them made it."""

    id: int
    user_id: int
    user_name: str
    acting: bool
    scopes: str


class LaunchStore:
    """Nonces and grants for launches."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._clock = clock

    def spend(self, nonce: str) -> bool:
        """Use up a nonce; return False if any process has used it before."""
        row = {"hash": hashlib.sha256(nonce.encode()).hexdigest(), "spent_at": self._clock()}
        try:
            with self._engine.begin() as connection:
                connection.execute(spent_nonces.insert().values(**row))
        except sa.exc.IntegrityError:
            return False
        return True

    def sweep(self, connection: sa.Connection) -> None:
        """Delete the nonces of launches that are too old to be accepted."""
        old = spent_nonces.c.spent_at < self._clock() - NONCE_KEPT
        connection.execute(spent_nonces.delete().where(old))

    def grants_of(
        self, environment: str, global_id: int, user_id: int | None
    ) -> list[GrantOfPerson]:
        """Return the grants of a person, by ``global_id``, which is the same in every Canvas.

        Grants from before that id was stored are found by ``user_id``, the id within this Canvas.
        """
        before = sa.and_(grants.c.global_id.is_(None), grants.c.user_id == user_id)
        with self._reading.connect() as connection:
            rows = connection.execute(
                sa.select(grants)
                .where(
                    grants.c.environment == environment,
                    sa.or_(grants.c.global_id == global_id, before),
                )
                .order_by(grants.c.id)
            )
            return [
                GrantOfPerson(r.id, r.user_id, r.user_name, bool(r.real_user_id), r.scopes)
                for r in rows
            ]
