"""Renewal of access tokens: one process renews a grant's token for everybody who waits for it."""

import logging
import random
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from canvas_app.canvas.errors import AccessRefused, CanvasError, SignInRequired, Unavailable
from canvas_app.canvas.oauth import InvalidGrant, TokenEndpoint
from canvas_app.canvas.tokens import Token, TokenState
from canvas_app.storage.database import AWAY, reading
from canvas_app.storage.outbox import Outbox
from canvas_app.storage.schema import grants
from canvas_app.storage.seal import Owner, Seal, SealBroken

ACTING_LIVES = timedelta(hours=1)  # life of a grant for acting as somebody else
AHEAD_MOST = timedelta(minutes=5)
AHEAD_WAIT = 2.0  # seconds to wait for a new token while the present one still works
AHEAD_PAUSE = 30.0  # seconds until a failed renewal ahead of time is tried again
REFUSED_FOR = timedelta(minutes=5)  # how long a refused token is not tried again
# Seconds between looks at a row that another process renews.
FIRST_PAUSE, LONGEST_RENEWAL_PAUSE = 0.02, 0.5
WRITES = 5  # how often storing Canvas's answer is tried

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Held:
    """A grant's row with its token decrypted."""

    id: int
    owner: Owner
    client_id: str
    generation: int
    version: int
    connected_at: datetime
    issued_at: datetime
    leased: bool
    refused_at: datetime | None
    token: Token = field(repr=False)

    @property
    def ends_at(self) -> datetime | None:
        """Return when the grant ends whatever Canvas says; None when only Canvas decides."""
        return self.connected_at + ACTING_LIVES if self.owner[2] else None


def renewed_but_refused() -> AccessRefused:
    return AccessRefused("Canvas refuses Easel's access, though it has just renewed it.")


def over(why: str) -> SignInRequired:
    return SignInRequired(f"{why} Sign in with Canvas again.", status=401)


class Leases:
    """Renews grants. One per process and database; ``lease`` is in seconds.

    A lease is a compare-and-set on the grant's row; no transaction is open while Canvas is asked.
    Hosts compare its end with their own clocks, which must therefore agree within some seconds.
    """

    def __init__(
        self,
        engine: sa.Engine,
        seal: Seal,
        outbox: Outbox,
        clock: Callable[[], datetime],
        lease: float,
    ) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._seal = seal
        self._outbox = outbox
        self._clock = clock
        self.lease = timedelta(seconds=lease)
        self.on_wait: Callable[[], object] = int  # called when another process's lease is awaited
        self._attempts: dict[tuple[int, int], Future[str]] = {}
        self._doubted: set[int] = set()
        self._not_before: dict[int, float] = {}
        self._lock = threading.Lock()

    def read(self, grant_id: int) -> Held:
        """Return the grant as it is stored now.

        Raises SignInRequired when there is none, Unavailable while the database is away.
        """
        asked = sa.select(grants).where(grants.c.id == grant_id)
        try:
            with self._reading.connect() as connection:
                row = connection.execute(asked).one_or_none()
        except AWAY:
            raise Unavailable(
                "Easel's database does not answer.", delivery="not_sent", repeat_is_safe=True
            ) from None
        if row is None:
            raise over("Easel's access to Canvas has ended.")
        return self._open(row)

    def _open(self, row: sa.Row[Any]) -> Held:
        owner: Owner = (row.environment, row.user_id, row.real_user_id)
        try:
            token = self._seal.open(row.sealed, owner, "grant")
        except SealBroken as fault:
            log.error("grant %s cannot be used: %s", row.id, fault)
            raise over("Easel can no longer read its access to Canvas.") from None
        held = Held(
            id=row.id,
            owner=owner,
            client_id=row.client_id,
            generation=row.generation,
            version=row.version,
            connected_at=row.connected_at,
            issued_at=row.issued_at,
            leased=self._taken(row.lease_until),
            refused_at=row.refused_at,
            token=token,
        )
        if held.ends_at is not None and self._clock() >= held.ends_at:
            raise over("Acting as somebody else lasts one hour, which is over.")
        return held

    def _taken(self, until: datetime | None) -> bool:
        # A lease too far ahead was written before a clock was set back, and is ignored.
        now = self._clock()
        return until is not None and now < until <= now + 2 * self.lease

    def resting(self, held: Held) -> bool:
        """Return whether Canvas refused the grant's token so recently that it is not used now."""
        if held.refused_at is None:
            return False
        since = self._clock() - held.refused_at
        # A date in the future (because a clock was set back) must not block forever.
        return -2 * self.lease < since < REFUSED_FOR

    def renewed(
        self,
        held: Held,
        endpoint: TokenEndpoint,
        deadline: float | None,
        wait: float | None = None,
        *,
        prove: bool = True,
    ) -> str:
        """Return a token newer than ``held``'s; simultaneous callers share one attempt.

        With ``prove`` the new token is returned only after Canvas has accepted it in a call. The
        attempt runs to its end in a thread of its own, even if nobody waits any more, because
        Canvas's answer must be stored. Raises SignInRequired, AccessRefused or the CanvasError that
        ended it.
        """
        key = (held.id, held.version)
        with self._lock:
            attempt = self._attempts.get(key)
            if attempt is None:
                attempt = Future()
                threading.Thread(
                    target=self._attempt, args=(attempt, held, endpoint, prove), name="renewal"
                ).start()  # before publishing it: waiters would block if it failed to start
                self._attempts[key] = attempt
                if prove:
                    self._doubted.add(held.id)
        waits = [
            seconds
            for seconds in (wait, None if deadline is None else deadline - time.monotonic())
            if seconds is not None
        ]
        try:
            return attempt.result(max(0.0, min(waits)) if waits else None)
        except FutureTimeout:
            raise Unavailable(
                "Canvas has not renewed Easel's access in time.", delivery="not_sent"
            ) from None

    def _attempt(
        self, attempt: Future[str], held: Held, endpoint: TokenEndpoint, prove: bool
    ) -> None:
        try:
            token = self._renew(held, endpoint, prove)
        except BaseException as fault:  # passed on to those who wait
            self._forget(held)
            self.pause(held.id)
            attempt.set_exception(fault)
        else:
            self._forget(held)
            with self._lock:
                self._not_before.pop(held.id, None)
            attempt.set_result(token)

    def _forget(self, held: Held) -> None:
        with self._lock:
            self._attempts.pop((held.id, held.version), None)
            if not any(grant_id == held.id for grant_id, _ in self._attempts):
                self._doubted.discard(held.id)

    def doubted(self, held: Held) -> bool:
        """Return whether this process is testing if Canvas still accepts the token of this row.

        Once another process has renewed and proved the row, it is no longer in doubt, even if an
        attempt of this process that began earlier still runs.
        """
        with self._lock:
            asked = (held.id, held.version) in self._attempts
            return held.id in self._doubted and (held.leased or asked)

    def pause(self, grant_id: int) -> None:
        """Suspend renewals ahead of time for ``AHEAD_PAUSE`` seconds."""
        now = time.monotonic()
        with self._lock:
            self._not_before = {id_: end for id_, end in self._not_before.items() if end > now}
            self._not_before[grant_id] = now + AHEAD_PAUSE

    def pausing(self, grant_id: int) -> bool:
        """Return whether renewals ahead of time are suspended, because one has just failed."""
        with self._lock:
            return time.monotonic() < self._not_before.get(grant_id, 0.0)

    def _renew(self, stale: Held, endpoint: TokenEndpoint, prove: bool) -> str:
        me = secrets.token_hex(16)
        gives_up = time.monotonic() + 3 * self.lease.total_seconds()
        pause = FIRST_PAUSE
        while True:
            held = self.read(stale.id)
            if held.version != stale.version and not held.leased:
                if self.resting(held):
                    raise renewed_but_refused()
                return held.token.access_token
            if held.client_id != endpoint.client_id:
                raise over("Easel's developer key has changed.")
            if held.token.refresh_token is None:
                raise over("Canvas no longer accepts Easel's access, and gave no way to renew it.")
            if not held.leased and self._take(held, me):
                token = self._leased(held, held.token.refresh_token, me, endpoint, prove)
                if token is not None:
                    return token
            if time.monotonic() > gives_up:
                raise Unavailable(
                    "Canvas has not renewed Easel's access in time.", delivery="not_sent"
                )
            if pause == FIRST_PAUSE:
                self.on_wait()
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            pause = min(pause * 1.5, LONGEST_RENEWAL_PAUSE)

    def _take(self, held: Held, me: str) -> bool:
        now = self._clock()
        with self._engine.begin() as connection:
            taken = connection.execute(
                grants.update()
                .where(
                    grants.c.id == held.id,
                    grants.c.version == held.version,
                    sa.or_(
                        grants.c.lease_until.is_(None),
                        grants.c.lease_until <= now,
                        grants.c.lease_until > now + 2 * self.lease,
                    ),
                )
                .values(lease_owner=me, lease_until=now + self.lease)
            )
            return taken.rowcount == 1

    def _leased(
        self, held: Held, refresh_token: str, me: str, endpoint: TokenEndpoint, prove: bool
    ) -> str | None:
        """Renew under the lease, and test the new token; None when the row was changed meanwhile.

        A token that Canvas refused although it had not expired is only tested again, because
        renewing it did not help before.
        """
        ends = held.token.expires_at
        if held.refused_at is not None and (ends is None or self._clock() < ends):
            return self._proved(held, held.token.access_token, held.version, me, endpoint)
        token = self._ask(held, refresh_token, me, endpoint, prove)
        if token is None or not prove:
            return token
        return self._proved(held, token, held.version + 1, me, endpoint)

    def _proved(
        self, held: Held, token: str, version: int, me: str, endpoint: TokenEndpoint
    ) -> str | None:
        """Call Canvas once with a token, record whether it is refused, and end the lease."""
        now = self._clock() if endpoint.refuses(token) else None
        noted = self._write(
            grants.update()
            .where(*_mine(held.id, version, me))
            .values(version=version + 1, refused_at=now, lease_owner=None, lease_until=None)
        )
        if not noted:
            return None
        if now is not None:
            log.warning("Canvas refuses the fresh access of grant %s", held.id)
            raise renewed_but_refused()
        return token

    def _ask(
        self, held: Held, refresh_token: str, me: str, endpoint: TokenEndpoint, prove: bool
    ) -> str | None:
        """Refresh at Canvas and store the answer; None when the row was changed meanwhile.

        With ``prove`` the lease goes on until the token has been tested, so that others wait for
        that too.
        """
        mine = _mine(held.id, held.version, me)
        try:
            token = endpoint.refresh(refresh_token)
        except InvalidGrant:
            if self._write(grants.delete().where(*mine)):
                log.info("grant %s has ended at Canvas", held.id)
                raise over("Canvas has ended Easel's access.") from None
            return None
        except CanvasError:
            self._write(grants.update().where(*mine).values(lease_owner=None, lease_until=None))
            raise
        stored = self._write(
            grants.update()
            .where(*mine)
            .values(
                sealed=self._seal.close(token, held.owner, "grant"),
                version=held.version + 1,
                issued_at=self._clock(),
                **({} if token.global_id is None else {"global_id": token.global_id}),
                **({} if prove else {"lease_owner": None, "lease_until": None}),
            )
        )
        if stored:
            return token.access_token
        self._drop(held, token, endpoint)
        return None

    def _write(self, statement: sa.Update | sa.Delete) -> bool:
        for left in reversed(range(WRITES)):
            try:
                with self._engine.begin() as connection:
                    return connection.execute(statement).rowcount == 1
            except AWAY:
                if not left:
                    # The exception's text may quote the statement's values.
                    raise Unavailable(
                        "Easel's database did not take Canvas's answer.", delivery="not_sent"
                    ) from None
                time.sleep(LONGEST_RENEWAL_PAUSE)
        raise AssertionError("unreachable")

    def _drop(self, held: Held, token: Token, endpoint: TokenEndpoint) -> None:
        """Revoke the new token of a grant that ended or was replaced meanwhile.

        If only the lease was lost, another process holds the same grant, which revoking would end.
        """
        with self._engine.begin() as connection:
            generation = connection.execute(
                sa.select(grants.c.generation).where(grants.c.id == held.id)
            ).scalar_one_or_none()
            if generation == held.generation:
                return
            row_id = self._outbox.put(connection, token, held.owner)
        self._outbox.attempt(row_id, lambda _: endpoint)


def _mine(grant_id: int, version: int, me: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the grant's row while this attempt holds its lease and nobody changed it."""
    return (
        grants.c.id == grant_id,
        grants.c.version == version,
        grants.c.lease_owner == me,
    )


class GrantCredentials:
    """Credentials stored in a grant's row. Made for one request and shared by its threads."""

    def __init__(
        self,
        leases: Leases,
        grant_id: int,
        endpoint: TokenEndpoint,
        clock: Callable[[], datetime],
    ) -> None:
        if 2 * endpoint.time_limit >= leases.lease.total_seconds():
            raise ValueError("A token call must take less than half of the lease.")
        self._leases = leases
        self._grant_id = grant_id
        self._endpoint = endpoint
        self._clock = clock
        # Each waits for a random part of this time, so that not all renew at the same moment.
        self._share = random.uniform(0.8, 1.0)  # noqa: S311 - no secret

    def __repr__(self) -> str:
        return f"GrantCredentials(grant {self._grant_id})"

    def access_token(self, deadline: float | None = None) -> str:
        held = self._leases.read(self._grant_id)
        if self._leases.resting(held):
            raise renewed_but_refused()
        state = self._state(held)
        if state == "invalid":
            return self._leases.renewed(held, self._endpoint, deadline)
        if state == "fresh" or self._leases.pausing(self._grant_id):
            return held.token.access_token
        try:
            # Without a test, because Canvas still accepts the previous token.
            return self._leases.renewed(held, self._endpoint, deadline, AHEAD_WAIT, prove=False)
        except SignInRequired:
            raise
        except CanvasError as fault:
            log.warning("a token could not be renewed ahead of time: %s", fault)
            # The renewal goes on, but no further call waits for it.
            self._leases.pause(self._grant_id)
            return held.token.access_token

    def _state(self, held: Held) -> TokenState:
        """Return the token's state: invalid also if Canvas has refused it, or is being asked."""
        if held.refused_at is not None or self._leases.doubted(held):
            return "invalid"
        expires_at = held.token.expires_at
        lifetime = expires_at - held.issued_at if expires_at else timedelta(0)
        return held.token.state(self._clock(), min(AHEAD_MOST, lifetime / 10) * self._share)

    def renewed(self, rejected: str, deadline: float | None = None) -> str:
        held = self._leases.read(self._grant_id)
        if self._leases.resting(held):
            raise renewed_but_refused()
        being_proved = held.leased or self._leases.doubted(held)
        if held.token.access_token != rejected and not being_proved:
            return held.token.access_token  # another thread or process has renewed it meanwhile
        return self._leases.renewed(held, self._endpoint, deadline)
