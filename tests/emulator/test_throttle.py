"""The leaky bucket against ``request_throttle.rb`` and ``increment_bucket.lua``."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore

import pytest

from canvas_emulator.quota import Quotas, bucket_of
from tests.emulator.harness import Emulator, Time

ECHO = "/api/v1/probe/1/echo"
ROUTE = "GET /api/v1/probe/:probe_id/echo"


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def quotas(time: Time) -> Quotas:
    return Quotas(time.monotonic)


class TestBucket:
    def test_eleven_at_once_pass(self, quotas: Quotas) -> None:
        """From an empty bucket, exactly simultaneous: 11 pass and the 12th is refused."""
        assert [quotas.reserve("a") for _ in range(12)] == [True] * 11 + [False]

    def test_with_any_leak_twelve_pass(self, quotas: Quotas, time: Time) -> None:
        """With any leak in between the 12th passes too, and the 13th is refused."""
        answers = []
        for _ in range(13):
            answers.append(quotas.reserve("a"))
            time.seconds += 0.01
        assert answers == [True] * 12 + [False]

    def test_settling(self, quotas: Quotas, time: Time) -> None:
        """A request's net effect is its cost less ten a second, never below nothing."""
        quotas.reserve("a")
        assert quotas.settle("a", 120) == 480
        time.seconds += 5
        quotas.reserve("a")
        assert quotas.settle("a", 0) == 530
        time.seconds += 1000
        assert quotas.reserve("a")
        assert quotas.settle("a", 0) == 600

    def test_idle_bucket_swallows_the_reservation(self, quotas: Quotas, time: Time) -> None:
        """The level is clamped only after adding, so a long leak eats part of the 50."""
        quotas.add("a", 10)
        time.seconds += 3
        assert quotas.add("a", 50) == 30

    def test_cap(self, quotas: Quotas, time: Time) -> None:
        """The level never exceeds 800: remaining goes down to -200; 25 s until below 550."""
        quotas.reserve("a")
        assert quotas.settle("a", 5000) == -200
        time.seconds += 24.9
        assert not quotas.reserve("a")
        quotas.settle("a", 0)
        time.seconds += 0.2
        assert quotas.reserve("a")

    def test_a_clock_set_back_does_not_fill(self, quotas: Quotas, time: Time) -> None:
        """Loss counts only when it is positive."""
        quotas.add("a", 100)
        time.seconds -= 50
        assert quotas.add("a", 0) == 100

    def test_whose_bucket(self) -> None:
        """Token before session before address; the token only as its hash."""
        assert bucket_of("t", "s", "1.2.3.4").startswith("token ")
        assert "secret" not in bucket_of("secret", None, "")
        assert bucket_of(None, "s", "1.2.3.4") == "session s"
        assert bucket_of(None, None, "1.2.3.4") == "address 1.2.3.4"


class TestHeaders:
    def test_cost_and_remaining(self, emulator: Emulator) -> None:
        """Every answer tells its cost and what remains after settling."""
        emulator.control(costs={ROUTE: 2.5})
        answer = emulator.call(ECHO)
        assert answer.headers["x-request-cost"] == "2.5"
        assert answer.headers["x-rate-limit-remaining"] == "597.5"
        assert "rlr=597.5;" in answer.headers["x-canvas-meta"]
        assert "retry-after" not in answer.headers

    def test_each_token_has_its_bucket(self, emulator: Emulator) -> None:
        """Two grants of one person have two buckets; a refreshed token begins anew."""
        emulator.control(costs={"default": 100})
        grant = emulator.grant()
        first = emulator.with_token(grant["access_token"], ECHO)
        assert first.headers["X-Rate-Limit-Remaining"] == "500.0"
        assert emulator.call(ECHO).headers["X-Rate-Limit-Remaining"] == "500.0"
        renewed = emulator.refresh(grant["refresh_token"]).json["access_token"]
        assert emulator.with_token(renewed, ECHO).headers["X-Rate-Limit-Remaining"] == "500.0"

    def test_query_token_counts_and_body_token_does_not(self, emulator: Emulator) -> None:
        """The throttle reads header and query; a token in the body falls to the address."""
        emulator.control(costs={"default": 30})
        token = emulator.token("dozen")
        emulator.call(ECHO)
        by_query = emulator.browser().get(ECHO, query_string={"access_token": token})
        assert by_query.headers["X-Rate-Limit-Remaining"] == "540.0"
        by_body = emulator.browser().post(ECHO, data={"access_token": token})
        assert by_body.status_code == 200
        assert by_body.headers["X-Rate-Limit-Remaining"] == "570.0"

    def test_web_sessions_get_no_headers(self, emulator: Emulator) -> None:
        """A request charged to a web session carries neither header."""
        browser = emulator.browser()
        emulator.log_in(browser)
        answer = browser.get("/")
        assert "X-Request-Cost" not in answer.headers
        assert "X-Rate-Limit-Remaining" not in answer.headers

    def test_token_endpoint_surcharge(self, emulator: Emulator) -> None:
        """Older Canvas charged 200 for every POST to the token endpoint, to the address."""
        emulator.control(throttle={"token_endpoint_surcharge": 200}, costs={"default": 0})
        answer = emulator.exchange("x")
        assert answer.headers["X-Request-Cost"] == "200.0"
        assert answer.headers["X-Rate-Limit-Remaining"] == "400.0"


class TestRefusal:
    def fill(self, emulator: Emulator) -> None:
        emulator.control(costs={ROUTE: 575})
        emulator.call(ECHO)
        emulator.control(costs={ROUTE: 0.05})

    @pytest.mark.parametrize(
        ("status", "text"),
        [
            (403, "403 Forbidden (Rate Limit Exceeded)\n"),
            (429, "429 Too Many Requests (Rate Limit Exceeded)\n"),
        ],
    )
    def test_both_forms(self, emulator: Emulator, status: int, text: str) -> None:
        """403 or 429, in plain text; remaining is the real number; no cost, no Retry-After."""
        emulator.control(throttle={"status": status})
        self.fill(emulator)
        answer = emulator.call(ECHO)
        assert (answer.status_code, answer.text) == (status, text)
        assert answer.content_type == "text/plain; charset=utf-8"
        assert answer.headers["X-Rate-Limit-Remaining"] == "25.0"
        assert "X-Request-Cost" not in answer.headers
        assert "Retry-After" not in answer.headers
        assert emulator.state.stats.report()["throttled"] == 1

    def test_web_session(self, emulator: Emulator) -> None:
        """Of a throttled web session the body builder's ``0.0`` survives."""
        browser = emulator.browser()
        emulator.log_in(browser)
        emulator.control(costs={"GET /": 575})
        browser.get("/")
        answer = browser.get("/")
        assert (answer.status_code, answer.headers["X-Rate-Limit-Remaining"]) == (403, "0.0")
        assert "X-Request-Cost" not in answer.headers

    def test_asked_for(self, emulator: Emulator) -> None:
        """A 429 that control asks for looks like a throttled answer: no cost."""
        emulator.control(faults=[{"kind": "status", "status": 429}])
        answer = emulator.call(ECHO)
        assert answer.text == "429 Too Many Requests (Rate Limit Exceeded)\n"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert "X-Request-Cost" not in answer.headers

    def test_leak_follows_the_clock(self, emulator: Emulator) -> None:
        """Moving the emulator's clock lets the bucket leak ten a second."""
        self.fill(emulator)
        assert emulator.call(ECHO).status_code == 403
        emulator.control(clock={"advance": 2.4})
        assert emulator.call(ECHO).status_code == 403
        emulator.control(clock={"advance": 0.2})
        assert emulator.call(ECHO).status_code == 200

    def test_disabled(self, emulator: Emulator) -> None:
        """Switched off, nothing is refused and the numbers are still told."""
        emulator.control(throttle={"enabled": False})
        self.fill(emulator)
        answer = emulator.call(ECHO)
        assert answer.status_code == 200
        assert answer.headers["X-Rate-Limit-Remaining"].startswith("24.9")

    def test_own_numbers(self, emulator: Emulator) -> None:
        """Ceiling, cap, leak and reservation are settings."""
        emulator.control(throttle={"hwm": 40, "maximum": 45, "outflow": 1, "up_front": 50})
        assert emulator.call(ECHO).status_code == 403

    def test_reservation_is_held_while_the_request_runs(self, emulator: Emulator) -> None:
        """While eleven requests run, latency included, the twelfth is refused."""
        arrived, go_on = Semaphore(0), Event()

        def wait(_: float) -> None:
            arrived.release()
            assert go_on.wait(30)

        emulator.control(latency={"default": 0, ROUTE: 0.1})
        emulator.state.sleep = wait
        with ThreadPoolExecutor(11) as pool:
            running = [pool.submit(emulator.call, ECHO) for _ in range(11)]
            for _ in running:
                assert arrived.acquire(timeout=30)
            refused = emulator.call(ECHO)
            assert emulator.call(ECHO, "teacher", method="POST").status_code == 200
            go_on.set()
        assert refused.status_code == 403
        # The reservations of the others are still in the level that is told.
        assert refused.headers["X-Rate-Limit-Remaining"] == "50.0"
        assert {future.result().status_code for future in running} == {200}
        assert emulator.state.stats.report()["in_flight_max"] == 12
        emulator.state.sleep = emulator.time.sleep
