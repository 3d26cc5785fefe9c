"""A question that several threads ask at once is sent once."""

from concurrent.futures import Future

from canvas_app.sources.single_flight import SingleFlight


def test_second_question_joins_the_first():
    calls: SingleFlight[int] = SingleFlight()
    future: Future[int] = Future()

    first, own = calls.join("courses", lambda: future)
    second, theirs = calls.join("courses", Future)
    third, another = calls.join("colors", Future)

    assert (own, theirs, another) == (True, False, True)
    assert first is second is not third
    assert len(calls) == 2


def test_ended_call_is_forgotten():
    calls: SingleFlight[int] = SingleFlight()
    future: Future[int] = Future()
    calls.join("courses", lambda: future)

    future.set_result(1)

    assert len(calls) == 0
    assert calls.join("courses", Future)[1]


def test_call_that_ends_at_once_is_not_kept():
    calls: SingleFlight[int] = SingleFlight()
    done: Future[int] = Future()
    done.set_result(1)

    found, own = calls.join("courses", lambda: done)

    assert (found.result(), own, len(calls)) == (1, True, 0)
