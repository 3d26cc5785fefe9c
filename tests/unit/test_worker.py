"""A request is collected until it is complete, too large or too late."""

import pytest

from canvas_app.worker import (
    AROUND_A_FORM,
    BODY_SECONDS,
    HEAD_SECONDS,
    HEAD_TOO_LARGE,
    LARGEST_HEAD,
    NO_LENGTH,
    Collected,
    Refused,
)

GET = b"GET / HTTP/1.1\r\nHost: easel.example\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n"


@pytest.mark.parametrize("request_", [GET, POST + b"12345"], ids=["get", "post"])
def test_whole_with_its_last_byte(request_: bytes) -> None:
    """However the bytes arrive, the request is complete with the last one and not before."""
    collected = Collected(0.0)

    whole = [collected.add(bytes([byte]), 1.0) for byte in request_]

    assert whole == [False] * (len(request_) - 1) + [True]
    assert bytes(collected.data) == request_


def test_deadlines_are_for_head_and_body_in_all() -> None:
    """A late byte does not extend the deadline."""
    collected = Collected(100.0)
    collected.add(POST[:-1], 109.0)
    assert collected.deadline == 100.0 + HEAD_SECONDS

    collected.add(POST[-1:] + b"1", 109.5)
    collected.add(b"2", 120.0)

    assert collected.deadline == 109.5 + BODY_SECONDS


def test_body_too_large_is_left_out() -> None:
    """Easel refuses it by its length, so nothing waits for it."""
    head = f"POST / HTTP/1.1\r\nContent-Length: {2**20 + AROUND_A_FORM + 1}\r\n\r\n".encode()
    collected = Collected(0.0)

    assert collected.add(head, 0.0)
    assert collected.body_left_out


@pytest.mark.parametrize("length", [b"", b"-5", b"five", b"1" * 40], ids=repr)
def test_malformed_lengths_are_left_to_the_parser(length: bytes) -> None:
    """gunicorn refuses a length that is not a number, with only the head."""
    collected = Collected(0.0)

    assert collected.add(b"POST / HTTP/1.1\r\nContent-Length: " + length + b"\r\n\r\n", 0.0)


@pytest.mark.parametrize(
    ("piece", "answer"),
    [
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", NO_LENGTH),
        (b"x" * (LARGEST_HEAD + 1), HEAD_TOO_LARGE),
        (b"x" * LARGEST_HEAD + b"\r\n\r\n", HEAD_TOO_LARGE),
    ],
    ids=["chunks", "endless head", "long head"],
)
def test_refused_requests_have_an_answer(piece: bytes, answer: bytes) -> None:
    """Neither is collected."""
    with pytest.raises(Refused) as refused:
        Collected(0.0).add(piece, 0.0)

    assert refused.value.answer == answer


def test_client_that_waits_to_be_told() -> None:
    """Known as soon as the head is here."""
    collected = Collected(0.0)

    assert not collected.add(POST[:-2] + b"Expect: 100-Continue\r\n\r\n", 0.0)

    assert collected.expects_continue
