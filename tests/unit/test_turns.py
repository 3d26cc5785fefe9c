"""One person's pages take turns and leave threads to everybody else."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from canvas_app.turns import AT_ONCE, IN_LINE, Turns


@pytest.fixture
def turns() -> Turns:
    return Turns(threads=100)


def fill(turns: Turns, owner: str) -> None:
    assert all(turns.take(owner, 0) for _ in range(AT_ONCE))


def test_another_person_has_turns_of_their_own(turns: Turns) -> None:
    """Only the owner of the busy pages waits."""
    fill(turns, "ann")

    assert not turns.take("ann", 0)
    assert turns.take("ben", 0)


def test_turn_given_back_goes_to_who_waits(turns: Turns) -> None:
    """When one page ends, a waiting one begins."""
    fill(turns, "ann")
    with ThreadPoolExecutor(2) as waiting:
        first, second = (waiting.submit(turns.take, "ann", 30.0) for _ in range(2))
        turns.give_back("ann")
        turns.give_back("ann")

        assert first.result(timeout=30)
        assert second.result(timeout=30)
    assert not turns.take("ann", 0)


def test_line_has_an_end(turns: Turns) -> None:
    """If the line is full, a request learns it at once, however long it would wait."""

    def one_page() -> bool:
        taken = turns.take("ann", 30.0)
        turns.give_back("ann")
        return taken

    fill(turns, "ann")
    with ThreadPoolExecutor(IN_LINE) as waiting:
        in_line = [waiting.submit(one_page) for _ in range(IN_LINE)]
        while turns._in_line["ann"] < IN_LINE:
            Event().wait(0.01)

        assert not turns.take("ann", 30.0)
        turns.give_back("ann")
        assert all(each.result(timeout=30) for each in in_line)


def test_some_threads_are_kept_for_pages_that_ask_nothing() -> None:
    """However many people come, a quarter of the threads is not given to pages that ask Canvas."""
    turns = Turns(threads=8)

    assert [turns.take(person, 0) for person in range(8)] == [True] * 6 + [False] * 2


def test_nothing_stays_behind(turns: Turns) -> None:
    """The counters have only people with running pages."""
    fill(turns, "ann")
    turns.take("ann", 0)
    for _ in range(AT_ONCE):
        turns.give_back("ann")

    assert not turns._at_once
    assert not turns._in_line


@pytest.mark.parametrize(
    ("threads", "pages", "tokens", "hurried"),
    [(40, 30, 5, 4), (16, 12, 2, 1), (8, 6, 1, 0), (4, 3, 1, 0), (1, 1, 1, 0)],
)
def test_threads_by_what_they_are_kept_for(
    threads: int, pages: int, tokens: int, hurried: int
) -> None:
    """With twelve threads or more, one is left for monitors whatever the others wait for."""
    turns = Turns(threads)

    assert sum(turns.take(person, 0) for person in range(threads + 1)) == pages
    assert sum(turns.take_spare("tokens") for _ in range(threads + 1)) == tokens
    assert sum(turns.take_spare("hurried") for _ in range(threads + 1)) == hurried
    assert threads < 12 or pages + tokens + hurried == threads - 1


def test_spare_thread_is_used_again() -> None:
    turns = Turns(8)
    assert turns.take_spare("tokens")

    turns.give_back_spare("tokens")

    assert turns.take_spare("tokens")
    assert not turns.take_spare("tokens")
