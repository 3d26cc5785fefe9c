"""The token endpoint, against the stand-in Canvas and against servers that misbehave."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from canvas_app.canvas.errors import (
    AuthenticationError,
    CanvasError,
    InvalidRequest,
    MalformedAnswer,
    Throttled,
    Unavailable,
)
from canvas_app.canvas.oauth import InvalidClient, InvalidGrant, TokenEndpoint
from canvas_app.canvas.throttle.queue import MemoryBuckets, TokenQueue
from tests.unit.storage.consents import CALLBACK, VERIFIER, authorize, consent, endpoint, works

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SECRET, REFRESH = "client~secret", "refresh~secret"
GOOD = {"access_token": "a~1", "expires_in": 3600, "user": {"id": 7, "name": "Ada"}}


def reply(status: int, body: object, *headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + content


@contextmanager
def server(*pieces: bytes, pause: float = 0.0) -> Iterator[tuple[str, list[bytes]]]:
    """A server for one call: it sends the pieces, with pauses, and returns the request."""
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    ends = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            data = b""
            while b"\r\n\r\n" not in data:
                data += connection.recv(65536)
            head, _, body = data.partition(b"\r\n\r\n")
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    while len(body) < int(line.split(b":")[1]):
                        body += connection.recv(65536)
            asked.append(head + b"\r\n\r\n" + body)
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    if ends.wait(pause):
                        return
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        ends.set()
        thread.join()
        listener.close()


def ask(url: str, secret: str = SECRET, **more: Any) -> Any:
    return TokenEndpoint(url, "10", secret, clock=lambda: NOW, **more).refresh(REFRESH)


class TestAtCanvas:
    def test_exchange_refresh_revoke(self, canvas: Any) -> None:
        answer = consent(canvas)
        assert answer.user_id == canvas.person("dozen")["id"]
        assert answer.user_name == canvas.person("dozen")["name"]
        assert answer.real_user_id is None
        assert works(canvas, answer.token.access_token)

        renewed = endpoint(canvas).refresh(str(answer.token.refresh_token))
        assert renewed.refresh_token == answer.token.refresh_token
        assert not works(canvas, answer.token.access_token)
        assert works(canvas, renewed.access_token)

        endpoint(canvas).revoke(renewed.access_token)
        assert not works(canvas, renewed.access_token)
        with pytest.raises(InvalidGrant):
            endpoint(canvas).refresh(str(renewed.refresh_token))
        with pytest.raises(AuthenticationError):
            endpoint(canvas).revoke(renewed.access_token)

    def test_revoking_what_is_dead_already(self, canvas: Any) -> None:
        """401 as a page and without a challenge, for the path is not under ``/api/``."""
        token = consent(canvas).token
        canvas.control(suspended=[canvas.person("dozen")["id"]])
        for access_token in (token.access_token, "unknown"):
            with pytest.raises(AuthenticationError):
                endpoint(canvas).revoke(access_token)

    def test_code_serves_once(self, canvas: Any) -> None:
        code = authorize(canvas)
        endpoint(canvas).exchange(code, CALLBACK, VERIFIER)
        with pytest.raises(InvalidGrant):
            endpoint(canvas).exchange(code, CALLBACK, VERIFIER)

    def test_public_key_rotates(self, canvas: Any) -> None:
        first = consent(canvas, kind="public").token
        assert endpoint(canvas, "public").public
        second = endpoint(canvas, "public").refresh(str(first.refresh_token))
        assert second.refresh_token not in (None, first.refresh_token)

    def test_wrong_secret_is_the_operators_trouble(self, canvas: Any) -> None:
        key = canvas.key("confidential")
        wrong = TokenEndpoint(canvas.url, str(key["client_id"]), "wrong~secret")
        with pytest.raises(InvalidClient) as caught:
            wrong.refresh(REFRESH)
        assert isinstance(caught.value, Unavailable)
        assert "secret~" not in str(caught.value)

    def test_older_wording(self, canvas: Any) -> None:
        canvas.control(settings={"invalid_grant_wording": "old"})
        with pytest.raises(InvalidGrant):
            endpoint(canvas).refresh("unknown")

    def test_older_canvas_redirects_errors(self, canvas: Any) -> None:
        canvas.control(settings={"token_errors_redirect": True})
        with pytest.raises(InvalidGrant):
            endpoint(canvas).exchange("unknown", CALLBACK, VERIFIER)


class TestRefuses:
    """Whether Canvas's API takes a token; a refresh does not tell (``access_token.rb``)."""

    def test_suspended_person(self, canvas: Any) -> None:
        token = consent(canvas).token
        assert not endpoint(canvas).refuses(token.access_token)
        canvas.control(suspended=[canvas.person("dozen")["id"]])
        fresh = endpoint(canvas).refresh(str(token.refresh_token))
        assert endpoint(canvas).refuses(fresh.access_token)
        assert endpoint(canvas).refuses("unknown")

    @pytest.mark.parametrize("status", [200, 403, 404, 429, 500, 503])
    def test_other_answers_refuse_nothing(self, canvas: Any, status: int) -> None:
        fault = {"path": "/api/v1/users/self", "kind": "status", "status": status}
        canvas.control(faults=[fault])
        assert not endpoint(canvas).refuses(canvas.token("dozen"))

    def test_missing_scope_refuses_nothing(self, canvas: Any) -> None:
        """401 without ``WWW-Authenticate``: the token was looked at, and counts."""
        with server(reply(401, {"errors": [{"message": "Insufficient scopes"}]})) as (url, asked):
            assert not TokenEndpoint(url, "10", SECRET).refuses("a~1")
        assert asked[0].startswith(b"GET /api/v1/users/self HTTP/1.1")

    def test_no_answer_refuses_nothing(self) -> None:
        with server(b"", pause=30) as (url, _):
            assert not TokenEndpoint(url, "10", SECRET, time_limit=0.2).refuses("a~1")
        assert not TokenEndpoint("http://127.0.0.1:9", "10", SECRET).refuses("a~1")


class TestWhatIsSent:
    def test_secret_in_the_body(self) -> None:
        with server(reply(200, GOOD)) as (url, asked):
            ask(url, user_agent="Easel/test")
        head, _, body = asked[0].decode().partition("\r\n\r\n")
        assert head.startswith("POST /login/oauth2/token HTTP/1.1")
        assert "User-Agent: Easel/test" in head
        assert "Authorization" not in head
        assert parse_qs(body) == {
            "grant_type": ["refresh_token"],
            "refresh_token": [REFRESH],
            "client_id": ["10"],
            "client_secret": [SECRET],
        }

    def test_public_key_sends_no_secret(self) -> None:
        with server(reply(200, GOOD)) as (url, asked):
            ask(url, secret="")
        assert b"client_secret" not in asked[0]

    def test_no_verifier_when_there_is_none(self) -> None:
        with server(reply(200, GOOD)) as (url, asked):
            TokenEndpoint(url, "10", SECRET).exchange("c", CALLBACK, None)
        assert b"code_verifier" not in asked[0]


class TestAnswers:
    def test_token(self) -> None:
        with server(reply(200, b"while(1);" + json.dumps(GOOD).encode())) as (url, _):
            token = ask(url)
        assert (token.access_token, token.refresh_token) == ("a~1", REFRESH)
        assert token.expires_at == NOW + timedelta(hours=1)

    @pytest.mark.parametrize("told", ["3600", "3600.0", 3600.0, 3600])
    def test_end_as_text(self, told: object) -> None:
        with server(reply(200, GOOD | {"expires_in": told})) as (url, _):
            assert ask(url).expires_at == NOW + timedelta(hours=1)

    @pytest.mark.parametrize("id_", [7, "7", 7.0])
    def test_bare_answer(self, id_: object) -> None:
        """Fields that are not needed may be missing, null or odd."""
        odd = {"token_type": None, "refresh_token": None, "canvas_region": 5, "expires_in": None}
        body = odd | {"access_token": "a~1", "user": {"id": id_, "name": None}, "real_user": None}
        with server(reply(200, body)) as (url, _):
            answer = TokenEndpoint(url, "10", SECRET).exchange("c", CALLBACK, None)
        assert (answer.user_id, answer.user_name, answer.real_user_id) == (7, "", None)
        assert (answer.token.refresh_token, answer.token.expires_at) == (None, None)

    def test_token_without_end(self) -> None:
        with server(reply(200, {"access_token": "a"})) as (url, _):
            assert ask(url).expires_at is None

    def test_real_user(self) -> None:
        body = GOOD | {"real_user": {"id": "1", "name": "Root"}}
        with server(reply(200, body)) as (url, _):
            answer = TokenEndpoint(url, "10", SECRET).exchange("c", CALLBACK, None)
        assert (answer.real_user_id, answer.real_user_name) == (1, "Root")

    @pytest.mark.parametrize(
        "user",
        [
            *(None, [], {"name": "Ada"}, {"id": None}, {"id": "x"}),
            *({"id": True}, {"id": 0}, {"id": -7}, {"id": float("inf")}, {"id": 7.5}),
            *({"id": 2**63}, {"id": "9" * 5000}),
        ],
        ids=lambda user: repr(user)[:30],
    )
    def test_no_user(self, user: object) -> None:
        with server(reply(200, GOOD | {"user": user})) as (url, _), pytest.raises(MalformedAnswer):
            TokenEndpoint(url, "10", SECRET).exchange("c", CALLBACK, None)

    def test_name_that_cannot_be_stored(self) -> None:
        body = GOOD | {"user": {"id": 7, "name": "A\x00da \ud800" + "x" * 100_000}}
        with server(reply(200, body)) as (url, _):
            answer = TokenEndpoint(url, "10", SECRET).exchange("c", CALLBACK, None)
        assert answer.user_name == "Ada " + "x" * 251

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (reply(200, {"access_token": "a\r\nX-Other: b"}), MalformedAnswer),
            (reply(200, {"access_token": "a\ud800"}), MalformedAnswer),
            (reply(200, {"access_token": None}), MalformedAnswer),
            (reply(200, {"access_token": ""}), MalformedAnswer),
            (reply(200, {"access_token": 5}), MalformedAnswer),
            (reply(200, GOOD | {"expires_in": "soon"}), MalformedAnswer),
            (reply(200, GOOD | {"expires_in": "-1"}), MalformedAnswer),
            (reply(200, GOOD | {"expires_in": "9" * 5000}), MalformedAnswer),
            (reply(200, GOOD | {"expires_in": "1e400"}), MalformedAnswer),
            (reply(200, GOOD | {"expires_in": "٣٦٠٠"}), MalformedAnswer),
            (reply(400, b'{"error": ' + b"[" * 900 + b"]" * 900 + b"}"), InvalidRequest),
            (reply(200, GOOD | {"expires_in": True}), MalformedAnswer),
            (reply(200, GOOD | {"expires_in": -1}), MalformedAnswer),
            (reply(200, []), MalformedAnswer),
            (reply(200, b"<html>log in</html>", "Content-Type: text/html"), MalformedAnswer),
            (reply(200, b"[" * 100_000), MalformedAnswer),
            (reply(200, b" " * (1 << 20) + b"{}"), MalformedAnswer),
            (reply(302, b"", "Location: http://127.0.0.1:1/x"), MalformedAnswer),
            (reply(302, b"", "Location: /cb?error=invalid_grant"), InvalidGrant),
            (reply(400, {"error": "invalid_grant"}), InvalidGrant),
            (reply(400, {"error": "invalid_request"}), InvalidRequest),
            (reply(400, b"<html>"), InvalidRequest),
            (reply(401, {"error": "invalid_client"}), InvalidClient),
            (reply(403, b"403 Forbidden (Rate Limit Exceeded)"), Throttled),
            (reply(403, b"blocked"), InvalidRequest),
            (reply(429, b""), Throttled),
            (reply(500, {"error": "invalid_grant"}), Unavailable),
            (reply(503, b"<html>"), Unavailable),
            (b"", Unavailable),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", Unavailable),
            (b"nonsense\r\n\r\n", Unavailable),
        ],
    )
    def test_bad_answers(self, answer: bytes, error: type[CanvasError]) -> None:
        with server(answer) as (url, _), pytest.raises(CanvasError) as caught:
            ask(url)
        assert type(caught.value) is error
        told = f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
        assert SECRET not in told
        assert REFRESH not in told

    def test_nobody_listens(self) -> None:
        with pytest.raises(Unavailable):
            ask("http://127.0.0.1:1")


class TestTotalLimit:
    @pytest.mark.parametrize(
        "pieces",
        [
            [b"H"] + [b"T"] * 200,
            [b"HTTP/1.1 200 OK\r\n"] + [b"X-A: b\r\n"] * 200,
            [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"] + [b" "] * 200,
            [b"HTTP/1.1 200 OK\r\n\r\n{"] + [b" "] * 200,
        ],
        ids=["status", "headers", "body", "body without length"],
    )
    def test_dripping_server_is_cut(self, pieces: list[bytes]) -> None:
        """Each byte comes well within a read timeout; all of them would take 20 s."""
        begun = time.monotonic()
        with server(*pieces, pause=0.1) as (url, _), pytest.raises(Unavailable, match=r"0\.4 s"):
            ask(url, time_limit=0.4)
        assert time.monotonic() - begun < 15

    def test_silent_server_is_cut(self) -> None:
        with server(b"", pause=20) as (url, _), pytest.raises(Unavailable) as caught:
            ask(url, time_limit=0.3)
        assert caught.value.delivery == "may_have_happened"


class TestQueue:
    def test_surcharge_is_learnt_from_canvas(self, canvas: Any) -> None:
        canvas.control(throttle={"token_endpoint_surcharge": 200})
        queue = TokenQueue(MemoryBuckets(), canvas.url)
        queued = endpoint(canvas, queue=queue)
        answer = queued.exchange(authorize(canvas), CALLBACK, VERIFIER)
        refresh_token = str(answer.token.refresh_token)
        for _ in range(2):
            queued.refresh(refresh_token)

        assert 15 < queue.room_in() < 25
        with pytest.raises(Throttled) as caught:
            queued.refresh(refresh_token)

        assert 15 < caught.value.retry_after < 25
        assert canvas.stats()["refreshes"] == 2

    def test_refusal_pauses_all(self, canvas: Any) -> None:
        canvas.control(throttle={"hwm": 40, "maximum": 45})
        queue = TokenQueue(MemoryBuckets(), canvas.url)
        with pytest.raises(Throttled):
            endpoint(canvas, queue=queue).refresh(REFRESH)
        assert queue.room_in() > 0

    def test_unsent_call_gives_its_room_back(self) -> None:
        queue = TokenQueue(MemoryBuckets(), "http://127.0.0.1:1")
        for _ in range(30):
            with pytest.raises(Unavailable):
                TokenEndpoint("http://127.0.0.1:1", "10", SECRET, queue=queue).refresh(REFRESH)
        assert queue.room_in() == 0

    @pytest.mark.parametrize("location", [b"http://[sso", b"/wartung-f\xfcr", b"https://sso:port/"])
    def test_odd_redirect_keeps_no_room(self, location: bytes) -> None:
        """It is not a valid address, and its answer is read although nothing is followed."""
        buckets = MemoryBuckets()
        answer = b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
        with server(answer) as (url, _), pytest.raises(CanvasError):
            ask(url, queue=TokenQueue(buckets, url))
        assert [figures.in_flight for figures in buckets.figures()] == [0]


def test_repr_shows_no_secret() -> None:
    assert SECRET not in repr(TokenEndpoint("http://127.0.0.1:1", "10", SECRET))
