"""The lease: one refresh for everybody, even if a process dies, is late or loses the row."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from canvas_app.canvas.errors import (
    AccessRefused,
    AuthenticationError,
    CanvasError,
    MalformedAnswer,
    SignInRequired,
    Unavailable,
)
from canvas_app.canvas.oauth import InvalidClient, InvalidGrant
from canvas_app.canvas.tokens import Token
from canvas_app.storage.schema import grants, outbox
from canvas_app.storage.storage import Identity, Storage
from tests.conftest import ROOT
from tests.unit.storage.conftest import KEY, Clock, Scripted
from tests.unit.storage.consents import consent, endpoint, works

ADA = Identity("production", 7, "Ada Okafor")


def now() -> datetime:
    return datetime.now(UTC)


def store(storage: Storage, token: Token, identity: Identity = ADA, client_id: str = "10") -> int:
    secret, _ = storage.sign_in(identity, token, scopes="", client_id=client_id)
    found = storage.signed_in(secret)
    assert found is not None
    return found.grant_id


def hour(clock: Clock, name: str = "1") -> Token:
    return Token(f"access~{name}", f"refresh~{name}", clock() + timedelta(hours=1))


class TestWhenToRenew:
    def test_young_token_is_given(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, hour(clock))
        clock.advance(minutes=54)
        assert storage.credentials(grant_id, Scripted()).access_token() == "access~1"

    def test_ahead_of_its_end(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, hour(clock))
        clock.advance(minutes=57)
        scripted = Scripted(lambda _: hour(clock, "2"))
        assert storage.credentials(grant_id, scripted).access_token() == "access~2"
        assert storage.credentials(grant_id, scripted).access_token() == "access~2"
        assert scripted.refreshed == ["refresh~1"]

    def test_short_token_is_not_renewed_all_the_time(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, replace(hour(clock), expires_at=clock() + timedelta(minutes=4)))
        clock.advance(minutes=3)
        assert storage.credentials(grant_id, Scripted()).access_token() == "access~1"

    def test_no_end_or_no_refresh_token(self, storage: Storage, clock: Clock) -> None:
        for number, token in enumerate((Token("a", "r"), replace(hour(clock), refresh_token=None))):
            grant_id = store(storage, token, replace(ADA, user_id=number))
            clock.advance(hours=3)
            given = storage.credentials(grant_id, Scripted()).access_token()
            assert given == token.access_token

    def test_canvas_down_while_the_token_still_serves(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, hour(clock))
        clock.advance(minutes=57)

        def down(_: str) -> Token:
            raise Unavailable("down")

        scripted = Scripted(down)
        for _ in range(3):
            assert storage.credentials(grant_id, scripted).access_token() == "access~1"
        assert len(scripted.refreshed) == 1
        clock.advance(minutes=4)
        with pytest.raises(Unavailable):
            storage.credentials(grant_id, scripted).access_token()

    def test_a_hanging_renewal_ahead_of_time_delays_one_call(
        self, storage: Storage, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("canvas_app.storage.lease.AHEAD_WAIT", 0.01)
        grant_id = store(storage, hour(clock))
        clock.advance(minutes=57)
        answered = threading.Event()

        def hang(_: str) -> Token:
            answered.wait(30)
            return hour(clock, "2")

        credentials = storage.credentials(grant_id, Scripted(hang))
        assert credentials.access_token() == "access~1"
        assert storage._leases.pausing(grant_id)
        assert credentials.access_token() == "access~1"
        answered.set()
        assert credentials.renewed("access~1", time.monotonic() + 30) == "access~2"

    def test_grant_ends_ahead_of_time(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, hour(clock))
        clock.advance(minutes=57)

        def ended(_: str) -> Token:
            raise InvalidGrant("over")

        with pytest.raises(SignInRequired):
            storage.credentials(grant_id, Scripted(ended)).access_token()

    def test_rejected_token_that_is_no_longer_stored(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, hour(clock))
        assert storage.credentials(grant_id, Scripted()).renewed("access~0") == "access~1"

    def test_token_call_must_fit_the_lease(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, hour(clock))
        with pytest.raises(ValueError, match="half"):
            storage.credentials(grant_id, Scripted(time_limit=15))

    def test_repr_shows_no_secret(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, hour(clock))
        credentials = storage.credentials(grant_id, Scripted())
        credentials.access_token()
        assert "~" not in repr(credentials)
        assert "~" not in repr(storage._leases.read(grant_id))


class TestSuspended:
    """A refresh checks neither the person nor the key's switch, so only a call is refused."""

    def test_one_refresh_for_one_refusal(
        self, storage: Storage, clock: Clock, open_storage: Callable[..., Storage]
    ) -> None:
        """Nobody asks Canvas for the next minutes, in this process or another."""
        grant_id = store(storage, hour(clock))
        scripted = Scripted(lambda _: hour(clock, "2"), suspended=True)
        with pytest.raises(AccessRefused):
            storage.credentials(grant_id, scripted).renewed("access~1")
        for other in (storage, open_storage()):
            credentials = other.credentials(grant_id, scripted)
            for token in ("access~1", "access~2"):
                with pytest.raises(AccessRefused):
                    credentials.renewed(token)
            with pytest.raises(AccessRefused):
                credentials.access_token()
        assert (scripted.refreshed, scripted.proved) == (["refresh~1"], ["access~2"])

    def test_fresh_token_reaches_nobody_before_it_is_proved(
        self, storage: Storage, clock: Clock, open_storage: Callable[..., Storage]
    ) -> None:
        """A call whose old token was refused meanwhile waits for the proof, in any process."""
        grant_id = store(storage, hour(clock))
        proving, go_on = threading.Event(), threading.Event()

        class Slow(Scripted):
            def refuses(self, access_token: str) -> bool:
                proving.set()
                go_on.wait(30)
                return super().refuses(access_token)

        scripted = Slow(lambda _: hour(clock, "2"), suspended=True)
        others = [each.credentials(grant_id, scripted) for each in (storage, open_storage())]
        with ThreadPoolExecutor(3) as pool:
            first = pool.submit(storage.credentials(grant_id, scripted).renewed, "access~1")
            assert proving.wait(30)
            late = [pool.submit(other.renewed, "access~1") for other in others]
            assert not wait(late, timeout=0.2).done
            go_on.set()
            for outcome in (first, *late):
                with pytest.raises(AccessRefused):
                    outcome.result(30)
        assert (scripted.refreshed, scripted.proved) == (["refresh~1"], ["access~2"])

    def test_token_proved_elsewhere_is_not_renewed_again(
        self,
        storage: Storage,
        clock: Clock,
        open_storage: Callable[..., Storage],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """While an attempt of this process still waits for the one that has just ended."""
        grant_id = store(storage, hour(clock))
        proving, proved = threading.Event(), threading.Event()
        waits, awake = threading.Event(), threading.Event()

        class Slow(Scripted):
            def refuses(self, access_token: str) -> bool:
                proving.set()
                proved.wait(30)
                return super().refuses(access_token)

        def sleep(_: float) -> None:
            waits.set()
            awake.wait(30)

        scripted = Slow(lambda _: hour(clock, "2"))
        elsewhere, counted = open_storage(), []
        elsewhere.on_lease_wait(lambda: counted.append("a wait"))
        other = elsewhere.credentials(grant_id, scripted)
        monkeypatch.setattr("canvas_app.storage.lease.time.sleep", sleep)
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(storage.credentials(grant_id, scripted).renewed, "access~1")
            assert proving.wait(30)
            second = pool.submit(other.renewed, "access~1")
            assert waits.wait(30)
            proved.set()
            assert first.result(30) == "access~2"
            assert other.renewed("access~1") == other.access_token() == "access~2"
            awake.set()
            assert second.result(30) == "access~2"
        assert scripted.refreshed == ["refresh~1"]
        assert counted == ["a wait"], "however often it looked"

    def test_after_minutes_one_call_looks_again(self, storage: Storage, clock: Clock) -> None:
        """Without a second refresh while the token still counts."""
        grant_id = store(storage, hour(clock))
        scripted = Scripted(lambda _: hour(clock, "2"), suspended=True)
        credentials = storage.credentials(grant_id, scripted)
        with pytest.raises(AccessRefused):
            credentials.renewed("access~1")
        clock.advance(minutes=6)
        for _ in range(2):
            with pytest.raises(AccessRefused):
                credentials.access_token()
        assert scripted.proved == ["access~2"] * 2
        clock.advance(minutes=6)
        scripted.suspended = False
        assert credentials.access_token() == credentials.access_token() == "access~2"
        assert (scripted.refreshed, len(scripted.proved)) == (["refresh~1"], 3)

    def test_old_token_is_renewed_first(self, storage: Storage, clock: Clock) -> None:
        """Also the one who comes back after a night is refused without further calls."""
        grant_id = store(storage, hour(clock))
        scripted = Scripted(lambda _: hour(clock, "2"), suspended=True)
        credentials = storage.credentials(grant_id, scripted)
        for nights in (1, 2):
            clock.advance(days=1)
            for _ in range(2):
                with pytest.raises(AccessRefused):
                    credentials.access_token()
            assert len(scripted.refreshed) == len(scripted.proved) == nights

    def test_signing_in_anew_ends_it(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, hour(clock))
        scripted = Scripted(lambda _: hour(clock, "2"), suspended=True)
        with pytest.raises(AccessRefused):
            storage.credentials(grant_id, scripted).renewed("access~1")
        store(storage, hour(clock, "3"))
        assert storage.credentials(grant_id, scripted).access_token() == "access~3"

    def test_clock_set_back_is_no_refusal_for_ever(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, hour(clock))
        scripted = Scripted(lambda _: hour(clock, "2"), suspended=True)
        with pytest.raises(AccessRefused):
            storage.credentials(grant_id, scripted).renewed("access~1")
        clock.advance(days=-1)
        scripted.suspended = False
        assert storage.credentials(grant_id, scripted).access_token() == "access~2"

    def test_calls_wait_while_a_token_is_proved(self, storage: Storage, clock: Clock) -> None:
        """In this process and in others: nobody sends a token that is in doubt."""
        grant_id = store(storage, hour(clock))
        asked, answered = threading.Event(), threading.Event()

        class Slow(Scripted):
            def refuses(self, access_token: str) -> bool:
                asked.set()
                answered.wait(30)
                return super().refuses(access_token)

        slow = Slow(lambda _: hour(clock, "2"), suspended=True)
        credentials = storage.credentials(grant_id, slow)
        with ThreadPoolExecutor(3) as pool:
            calls = [pool.submit(credentials.renewed, "access~1")]
            assert asked.wait(30)
            calls += [pool.submit(credentials.access_token) for _ in range(2)]
            time.sleep(0.2)
            assert not any(call.done() for call in calls)
            answered.set()
            assert all(isinstance(call.exception(30), AccessRefused) for call in calls)
        assert len(slow.refreshed) == len(slow.proved) == 1

    def test_signed_in_anew_meanwhile(self, storage: Storage, clock: Clock) -> None:
        """What an earlier token's proof told says nothing about the new one."""
        grant_id = store(storage, hour(clock))

        class Late(Scripted):
            def refuses(self, access_token: str) -> bool:
                store(storage, hour(clock, "3"))
                return True

        late = Late(lambda _: hour(clock, "2"))
        assert storage.credentials(grant_id, late).renewed("access~1") == "access~3"
        assert storage.credentials(grant_id, late).access_token() == "access~3"


class TestWhatEndsAGrant:
    @pytest.mark.parametrize(
        "fault", [InvalidClient("off"), Unavailable("503"), MalformedAnswer("html")]
    )
    def test_trouble_leaves_it(self, storage: Storage, clock: Clock, fault: CanvasError) -> None:
        grant_id = store(storage, hour(clock))
        faults = [fault]

        def answer(_: str) -> Token:
            if faults:
                raise faults.pop()
            return hour(clock, "2")

        credentials = storage.credentials(grant_id, Scripted(answer))
        with pytest.raises(type(fault)):
            credentials.renewed("access~1")
        assert credentials.renewed("access~1") == "access~2"

    def test_invalid_grant(self, storage: Storage, clock: Clock) -> None:
        secret, _ = storage.sign_in(ADA, hour(clock), scopes="", client_id="10")
        found = storage.signed_in(secret)
        assert found is not None

        def ended(_: str) -> Token:
            raise InvalidGrant("over")

        credentials = storage.credentials(found.grant_id, Scripted(ended))
        with pytest.raises(SignInRequired):
            credentials.renewed("access~1")
        assert storage.signed_in(secret) is None
        with pytest.raises(SignInRequired):
            credentials.access_token()

    def test_invalid_grant_while_the_database_is_busy(
        self, storage: Storage, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grant_id = store(storage, hour(clock))
        monkeypatch.setattr("canvas_app.storage.lease.LONGEST_RENEWAL_PAUSE", 0.0)
        faults = 0

        def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            nonlocal faults
            if statement.startswith("DELETE FROM grants") and faults < 2:
                faults += 1
                raise sa.exc.OperationalError("DELETE", {}, Exception("database is locked"))

        def ended(_: str) -> Token:
            raise InvalidGrant("over")

        sa.event.listen(storage.engine, "before_cursor_execute", fail)
        with pytest.raises(SignInRequired):
            storage.credentials(grant_id, Scripted(ended)).renewed("access~1")
        assert faults == 2

    def test_invalid_grant_about_a_replaced_token(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, hour(clock))

        def ended(_: str) -> Token:
            store(storage, hour(clock, "2"))
            raise InvalidGrant("over")

        assert storage.credentials(grant_id, Scripted(ended)).renewed("access~1") == "access~2"

    def test_another_developer_key(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, hour(clock))
        with pytest.raises(SignInRequired):
            storage.credentials(grant_id, Scripted(client_id="11")).renewed("access~1")
        scripted = Scripted(lambda _: hour(clock, "2"))
        assert storage.credentials(grant_id, scripted).renewed("access~1") == "access~2"

    def test_nothing_to_renew_with(self, storage: Storage) -> None:
        grant_id = store(storage, Token("access~1"))
        with pytest.raises(SignInRequired):
            storage.credentials(grant_id, Scripted()).renewed("access~1")


class TestMeanwhile:
    def test_signed_out(self, storage: Storage, clock: Clock) -> None:
        """What comes for a grant that is gone is revoked, not kept."""
        grant_id = store(storage, hour(clock))
        other = Scripted()

        def answer(_: str) -> Token:
            storage.disconnect(grant_id, lambda _: other)
            return hour(clock, "2")

        scripted = Scripted(answer)
        with pytest.raises(SignInRequired):
            storage.credentials(grant_id, scripted).renewed("access~1")
        assert scripted.revoked == ["access~2"]
        with storage.engine.connect() as connection:
            assert connection.execute(sa.select(outbox)).all() == []

    def test_signed_in_again(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, hour(clock))

        def answer(_: str) -> Token:
            store(storage, hour(clock, "new"))
            return hour(clock, "2")

        scripted = Scripted(answer)
        assert storage.credentials(grant_id, scripted).renewed("access~1") == "access~new"
        assert scripted.revoked == ["access~2"]

    def test_lease_lost_to_another_process(
        self, storage: Storage, clock: Clock, open_storage: Callable[..., Storage]
    ) -> None:
        """The same Canvas token goes on in other hands, so nothing is revoked."""
        grant_id = store(storage, hour(clock))
        other = open_storage()

        def late(_: str) -> Token:
            clock.advance(seconds=31)
            quick = other.credentials(grant_id, Scripted(lambda _: hour(clock, "quick")))
            assert quick.renewed("access~1") == "access~quick"
            return hour(clock, "late")

        scripted = Scripted(late)
        assert storage.credentials(grant_id, scripted).renewed("access~1") == "access~quick"
        assert scripted.revoked == []

    def test_clock_set_back(self, storage: Storage, clock: Clock) -> None:
        """A lease written by a clock that was far ahead is ignored."""
        grant_id = store(storage, hour(clock))
        with storage.engine.begin() as connection:
            ahead = clock() + timedelta(days=1)
            connection.execute(grants.update().values(lease_owner="x", lease_until=ahead))
        scripted = Scripted(lambda _: hour(clock, "2"))
        assert storage.credentials(grant_id, scripted).renewed("access~1") == "access~2"

    def test_deadline_of_one_who_waits(self, storage: Storage, clock: Clock) -> None:
        """A page may give up; the answer is stored all the same."""
        grant_id = store(storage, hour(clock))
        may_answer = threading.Event()

        def slow(_: str) -> Token:
            may_answer.wait(30)
            return hour(clock, "2")

        scripted = Scripted(slow)
        credentials = storage.credentials(grant_id, scripted)
        with pytest.raises(Unavailable):
            credentials.renewed("access~1", time.monotonic() + 0.05)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(credentials.renewed, "access~1")
            may_answer.set()
            assert waiting.result(30) == "access~2"
        assert scripted.refreshed == ["refresh~1"]

    def test_no_thread_to_be_had(
        self, storage: Storage, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The system's limit of threads is reached: the next renewal begins anew."""
        grant_id = store(storage, hour(clock))
        credentials = storage.credentials(grant_id, Scripted(lambda _: hour(clock, "2")))

        def fail(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        with monkeypatch.context() as limited:
            limited.setattr("threading.Thread.start", fail)
            with pytest.raises(RuntimeError):
                credentials.renewed("access~1")
        assert credentials.renewed("access~1", time.monotonic() + 30) == "access~2"

    def test_database_busy_for_a_moment(
        self, storage: Storage, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grant_id = store(storage, hour(clock))
        monkeypatch.setattr("canvas_app.storage.lease.LONGEST_RENEWAL_PAUSE", 0.0)
        faults = 0

        def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            nonlocal faults
            if statement.startswith("UPDATE grants SET sealed") and faults < 2:
                faults += 1
                raise sa.exc.OperationalError("UPDATE", {}, Exception("disk full"))

        sa.event.listen(storage.engine, "before_cursor_execute", fail)
        scripted = Scripted(lambda _: hour(clock, "2"))
        assert storage.credentials(grant_id, scripted).renewed("access~1") == "access~2"
        assert (faults, len(scripted.refreshed)) == (2, 1)

    @pytest.mark.parametrize("kind", [sa.exc.InternalError, sa.exc.OperationalError])
    def test_database_is_read_only_for_a_moment(
        self, storage: Storage, clock: Clock, monkeypatch: pytest.MonkeyPatch, kind: Any
    ) -> None:
        """As while another server takes over; a rotated refresh token must not get lost."""
        grant_id = store(storage, hour(clock))
        monkeypatch.setattr("canvas_app.storage.lease.LONGEST_RENEWAL_PAUSE", 0.0)
        faults = [kind("UPDATE", {}, Exception("read only"))]

        def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.startswith("UPDATE grants SET sealed") and faults:
                raise faults.pop()

        sa.event.listen(storage.engine, "before_cursor_execute", fail)
        scripted = Scripted(lambda _: hour(clock, "2"))
        assert storage.credentials(grant_id, scripted).renewed("access~1") == "access~2"

    def test_database_away(self, storage: Storage, clock: Clock) -> None:
        grant_id = store(storage, hour(clock))

        def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            raise sa.exc.OperationalError(statement, {}, Exception("away"))

        sa.event.listen(storage.engine, "before_cursor_execute", fail)
        with pytest.raises(Unavailable, match="database does not answer") as caught:
            storage.credentials(grant_id, Scripted()).access_token()
        assert caught.value.delivery == "not_sent"

    def test_database_full(
        self, storage: Storage, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grant_id = store(storage, hour(clock))
        monkeypatch.setattr("canvas_app.storage.lease.LONGEST_RENEWAL_PAUSE", 0.0)

        def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.startswith("UPDATE grants SET sealed"):
                raise sa.exc.OperationalError("UPDATE", {}, Exception("disk full"))

        sa.event.listen(storage.engine, "before_cursor_execute", fail)
        credentials = storage.credentials(grant_id, Scripted(lambda _: hour(clock, "2")))
        with pytest.raises(Unavailable) as caught:
            credentials.renewed("access~1")
        assert "~" not in str(caught.value)
        sa.event.remove(storage.engine, "before_cursor_execute", fail)
        clock.advance(seconds=31)
        assert credentials.renewed("access~1") == "access~2"


class Worker:
    """One process that renews; ``told()`` waits for what it got."""

    def __init__(self, canvas: Any, database: str, grant_id: int, rejected: str, **more: Any):
        key = canvas.key("confidential")
        self.asked = {
            "database": database,
            "key": KEY,
            "lease": 3.0,
            "limit": 1.4,
            "url": canvas.url,
            "client_id": str(key["client_id"]),
            "client_secret": key["client_secret"],
            "grant": grant_id,
            "rejected": rejected,
        } | more
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.storage.renew"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(self.asked) + "\n")
        self.process.stdin.close()

    def told(self) -> str:
        assert self.process.stdout is not None
        told = self.process.stdout.read().strip()
        self.process.stdout.close()
        assert self.process.wait() == 0
        return told


@pytest.fixture
def real(open_storage: Callable[..., Storage]) -> Storage:
    """The database with the clock of the wall, as other processes see it."""
    storage = open_storage(clock=now)
    storage.upgrade()
    return storage


def connect(storage: Storage, canvas: Any, kind: str = "confidential") -> tuple[int, Token]:
    token = consent(canvas, kind=kind).token
    return store(storage, token, client_id=str(canvas.key(kind)["client_id"])), token


class TestAtCanvas:
    def test_sixteen_threads_refresh_once(self, real: Storage, canvas: Any) -> None:
        grant_id, token = connect(real, canvas)
        before = canvas.stats()["refreshes"]
        canvas.control(expire_tokens="all")
        together = threading.Barrier(16)

        def use(_: int) -> str:
            credentials = real.credentials(grant_id, endpoint(canvas))
            together.wait()
            return credentials.renewed(token.access_token)

        with ThreadPoolExecutor(16) as pool:
            given = set(pool.map(use, range(16)))
        assert len(given) == 1
        assert canvas.stats()["refreshes"] == before + 1
        assert works(canvas, given.pop())

    def test_four_processes_refresh_once(
        self, real: Storage, canvas: Any, database_url: str
    ) -> None:
        grant_id, token = connect(real, canvas)
        before = canvas.stats()["refreshes"]
        patient = {"lease": 60.0, "limit": 29.0}  # none takes over from one that is only slow
        workers = [
            Worker(canvas, database_url, grant_id, token.access_token, **patient) for _ in range(4)
        ]
        for worker in workers:
            worker.go()
        given = {worker.told() for worker in workers}
        assert len(given) == 1
        assert canvas.stats()["refreshes"] == before + 1
        assert works(canvas, given.pop())

    def test_killed_holder_costs_a_wait(
        self, real: Storage, canvas: Any, database_url: str
    ) -> None:
        grant_id, token = connect(real, canvas)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            holder = Worker(canvas, database_url, grant_id, token.access_token, url=url)
            holder.go()
            connection, _ = silent.accept()
            with connection:
                assert connection.recv(1)  # it holds the lease and has asked
                holder.process.kill()
                holder.process.wait()
        if holder.process.stdout is not None:
            holder.process.stdout.close()
        waiter = Worker(canvas, database_url, grant_id, token.access_token)
        waiter.go()
        assert works(canvas, waiter.told())

    def test_public_key_keeps_its_rotated_token(self, real: Storage, canvas: Any) -> None:
        grant_id, token = connect(real, canvas, "public")
        credentials = real.credentials(grant_id, endpoint(canvas, "public"))
        second = credentials.renewed(token.access_token)
        third = credentials.renewed(second)
        assert works(canvas, third)

    def test_revoked_in_canvas(self, real: Storage, canvas: Any) -> None:
        """The person deletes Easel's access, or the environment is overwritten from production."""
        grant_id, token = connect(real, canvas)
        canvas.control(revoke_tokens="all")
        with pytest.raises(SignInRequired):
            real.credentials(grant_id, endpoint(canvas)).renewed(token.access_token)

    def test_overwritten_environment_ends_its_own_grants_alone(
        self, real: Storage, canvas: Any
    ) -> None:
        """Beta is made anew from production each week: what it gave out it does not know then."""
        production, token = connect(real, canvas)
        foreign = consent(canvas).token
        beta = store(
            real,
            foreign,
            replace(ADA, environment="beta"),
            str(canvas.key("confidential")["client_id"]),
        )
        endpoint(canvas).revoke(foreign.access_token)
        with pytest.raises(SignInRequired):
            real.credentials(beta, endpoint(canvas)).renewed(foreign.access_token)
        with pytest.raises(SignInRequired):
            real.credentials(beta, endpoint(canvas)).access_token()
        kept = real.credentials(production, endpoint(canvas))
        assert works(canvas, kept.access_token())
        assert works(canvas, kept.renewed(token.access_token))

    @pytest.mark.parametrize(
        "fault",
        [
            {"kind": "html"},
            {"kind": "redirect"},
            {"kind": "empty_token"},
            {"kind": "reset"},
            {"kind": "truncate"},
            {"kind": "status", "status": 500},
            {"kind": "status", "status": 503},
            {"kind": "slow", "seconds": 30},
        ],
        ids=lambda fault: "-".join(map(str, fault.values())),
    )
    def test_bad_answers_leave_the_grant(
        self, real: Storage, canvas: Any, fault: dict[str, Any]
    ) -> None:
        """Also when the answer is lost after Canvas has made the token."""
        grant_id, token = connect(real, canvas)
        everywhere = {"method": "POST", "path": "/login/oauth2/token", "times": 1}
        canvas.control(faults=[everywhere | fault])
        limit = {"time_limit": 1.0} if fault["kind"] == "slow" else {}
        credentials = real.credentials(grant_id, endpoint(canvas, **limit))
        with pytest.raises(CanvasError) as caught:
            credentials.renewed(token.access_token)
        assert not isinstance(caught.value, AuthenticationError)
        credentials = real.credentials(grant_id, endpoint(canvas))
        assert works(canvas, credentials.renewed(token.access_token))


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make calls at the same moment, each in a thread; what they gave, or the CanvasError."""
    together = threading.Barrier(len(calls))

    def make(call: Callable[[], Any]) -> Any:
        together.wait()
        try:
            return call()
        except CanvasError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(make, calls))


ROUNDS = 4


class TestAtOnce:
    """In any order: no valid token is left without an owner, and nobody holds an invalid one."""

    def test_sign_out_and_refresh(self, real: Storage, canvas: Any) -> None:
        for _ in range(ROUNDS):
            answer = consent(canvas)
            client_id = str(canvas.key("confidential")["client_id"])
            secret, _ = real.sign_in(ADA, answer.token, scopes="", client_id=client_id)
            found = real.signed_in(secret)
            assert found is not None
            credentials = real.credentials(found.grant_id, endpoint(canvas))

            def refresh(credentials: Any = credentials, token: Token = answer.token) -> str:
                return str(credentials.renewed(token.access_token))

            def sign_out(secret: str = secret) -> bool:
                return real.sign_out(secret, lambda _: endpoint(canvas))

            *given, told = at_once(refresh, refresh, refresh, sign_out)

            assert told
            assert real.signed_in(secret) is None
            tokens = [answer.token.access_token, *(each for each in given if type(each) is str)]
            assert not any(works(canvas, token) for token in tokens)
            assert all(isinstance(each, str | SignInRequired) for each in given)
            assert real.tend(lambda _: endpoint(canvas)) == 0

    def test_sign_in_anew_and_refresh(self, real: Storage, canvas: Any) -> None:
        client_id = str(canvas.key("confidential")["client_id"])
        for _ in range(ROUNDS):
            grant_id, token = connect(real, canvas)
            newer = consent(canvas).token
            credentials = real.credentials(grant_id, endpoint(canvas))

            at_once(
                lambda credentials=credentials, old=token: credentials.renewed(old.access_token),
                lambda newer=newer: store(real, newer, client_id=client_id),
            )

            assert real.tend(lambda _: endpoint(canvas)) == 0
            assert credentials.access_token() == newer.access_token
            assert works(canvas, newer.access_token)
            assert not works(canvas, token.access_token)
        tokens = canvas.stats()["exchanges"] - canvas.stats()["revocations"]
        assert tokens == 1, "each replaced token is revoked at Canvas, refreshed or not"

    def test_disconnect_and_exchange(
        self, real: Storage, canvas: Any, open_storage: Callable[..., Storage]
    ) -> None:
        other = open_storage(clock=now)
        client_id = str(canvas.key("confidential")["client_id"])
        for _ in range(ROUNDS):
            grant_id, token = connect(real, canvas)
            newer = consent(canvas).token

            (secret, _), told = at_once(
                lambda newer=newer: other.sign_in(ADA, newer, scopes="", client_id=client_id),
                lambda grant_id=grant_id: real.disconnect(grant_id, lambda _: endpoint(canvas)),
            )

            assert told
            assert real.tend(lambda _: endpoint(canvas)) == 0
            assert not works(canvas, token.access_token)
            signed_in = real.signed_in(secret)
            assert works(canvas, newer.access_token) is (signed_in is not None)
            if signed_in is not None:
                real.disconnect(signed_in.grant_id, lambda _: endpoint(canvas))

    def test_two_disconnect(self, real: Storage, canvas: Any) -> None:
        grant_id, token = connect(real, canvas)

        at_once(*[lambda: real.disconnect(grant_id, lambda _: endpoint(canvas))] * 3)

        assert not works(canvas, token.access_token)
        assert canvas.stats()["revocations"] == 1
        with pytest.raises(SignInRequired):
            real.credentials(grant_id, endpoint(canvas)).access_token()
