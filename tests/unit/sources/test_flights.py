"""One question asked by several threads is asked once."""

from concurrent.futures import Future

from canvas_app.sources.flights import Flights


def test_second_passenger_boards_the_same_flight():
    flights: Flights[int] = Flights()
    future: Future[int] = Future()

    first, own = flights.board("courses", lambda: future)
    second, theirs = flights.board("courses", Future)
    third, another = flights.board("colors", Future)

    assert (own, theirs, another) == (True, False, True)
    assert first is second is not third
    assert len(flights) == 2


def test_landed_flight_is_over():
    flights: Flights[int] = Flights()
    future: Future[int] = Future()
    flights.board("courses", lambda: future)

    future.set_result(1)

    assert len(flights) == 0
    assert flights.board("courses", Future)[1]


def test_flight_that_lands_at_once_is_not_kept():
    flights: Flights[int] = Flights()
    done: Future[int] = Future()
    done.set_result(1)

    found, own = flights.board("courses", lambda: done)

    assert (found.result(), own, len(flights)) == (1, True, 0)
