"""Tokens that must still be revoked at Canvas, sealed, tried for seven days."""

import contextlib
import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from canvas_app.canvas.errors import AuthenticationError, CanvasError
from canvas_app.canvas.oauth import InvalidGrant, TokenEndpoint
from canvas_app.canvas.tokens import Token
from canvas_app.storage.database import reading
from canvas_app.storage.schema import outbox
from canvas_app.storage.seal import Owner, Seal, SealBroken

EndpointFor = Callable[[str], TokenEndpoint]

TRIED_FOR = timedelta(days=7)
TRY_LASTS = timedelta(minutes=2)  # longer than one try takes: a refresh and two DELETEs

log = logging.getLogger(__name__)


class Outbox:
    """Revocations that wait for Canvas. Rows are claimed, so no two processes try the same one."""

    def __init__(self, engine: sa.Engine, seal: Seal, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._seal = seal
        self._clock = clock

    def put(self, connection: sa.Connection, token: Token, owner: Owner) -> int:
        """Add a token to be revoked, in the caller's transaction; return the row's id."""
        environment, user_id, real_user_id = owner
        result = connection.execute(
            outbox.insert().values(
                environment=environment,
                user_id=user_id,
                real_user_id=real_user_id,
                sealed=self._seal.close(token, owner, "revocation"),
                created_at=self._clock(),
            )
        )
        assert result.inserted_primary_key is not None  # noqa: S101 - an insert of one row
        return int(result.inserted_primary_key[0])

    def run(self, endpoint_for: EndpointFor) -> int:
        """Try every waiting revocation once; return how many still wait.

        Errors from Canvas are not raised.
        """
        with self._engine.connect() as connection:
            waiting = connection.execute(sa.select(outbox.c.id).order_by(outbox.c.id)).scalars()
            ids = list(waiting)
        for row_id in ids:
            try:
                self.attempt(row_id, endpoint_for)
            except Exception:  # the rows behind it are still tried
                log.exception("a revocation could not be tried")
        return self.waiting()

    def waiting(self) -> int:
        """Return how many revocations wait."""
        with self._reading.connect() as connection:
            left = connection.execute(sa.select(sa.func.count()).select_from(outbox))
            return int(left.scalar_one())

    def attempt(self, row_id: int, endpoint_for: EndpointFor) -> bool:
        """Try one revocation; return whether Canvas has ended the token."""
        me = secrets.token_hex(16)
        row = self._claim(row_id, me)
        if row is None:
            return False
        owner: Owner = (row.environment, row.user_id, row.real_user_id)
        if self._clock() - row.created_at > TRIED_FOR:
            log.warning(
                "a token in %s could not be revoked within seven days and was deleted here",
                row.environment,
            )
            self._delete(row_id)
            return False
        try:
            token = self._seal.open(row.sealed, owner, "revocation")
            self._end(token, endpoint_for(row.environment), row_id, owner)
        except KeyError:
            log.warning("no Canvas named %s is configured any more", row.environment)
        except SealBroken as fault:
            log.warning("a revocation waits: %s", fault)
        except CanvasError as fault:
            log.warning("a revocation waits: %s", fault)
        else:
            self._delete(row_id)
            return True
        with self._engine.begin() as connection:
            connection.execute(
                outbox.update()
                .where(outbox.c.id == row_id, outbox.c.claim_owner == me)
                .values(claim_owner=None, claim_until=None)
            )
        return False

    def _claim(self, row_id: int, me: str) -> sa.Row[Any] | None:
        now = self._clock()
        with self._engine.begin() as connection:
            return connection.execute(
                outbox.update()
                .where(
                    outbox.c.id == row_id,
                    sa.or_(outbox.c.claim_until.is_(None), outbox.c.claim_until <= now),
                )
                .values(claim_owner=me, claim_until=now + TRY_LASTS)
                .returning(outbox)
            ).one_or_none()

    def _delete(self, row_id: int) -> None:
        with self._engine.begin() as connection:
            connection.execute(outbox.delete().where(outbox.c.id == row_id))

    def _end(self, token: Token, endpoint: TokenEndpoint, row_id: int, owner: Owner) -> None:
        """Revoke a token; renew it first if it has expired, because only a valid one can revoke."""
        with contextlib.suppress(InvalidGrant):  # Canvas has forgotten the token already
            old = token.expires_at is not None and token.expires_at <= self._clock()
            if not old or token.refresh_token is None:
                try:
                    endpoint.revoke(token.access_token)
                    return
                except AuthenticationError:
                    if token.refresh_token is None:
                        return
            fresh = endpoint.refresh(token.refresh_token)
            # Stored first, because a public key's refresh token works only once.
            with self._engine.begin() as connection:
                connection.execute(
                    outbox.update()
                    .where(outbox.c.id == row_id)
                    .values(sealed=self._seal.close(fresh, owner, "revocation"))
                )
            with contextlib.suppress(AuthenticationError):
                endpoint.revoke(fresh.access_token)
