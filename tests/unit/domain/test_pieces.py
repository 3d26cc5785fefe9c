"""Long lists in pieces: each row in one of them, in order."""

import pytest

from canvas_app.domain.pieces import cut, pieces_of


@pytest.mark.parametrize(("count", "pieces"), [(0, 1), (1, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_pieces_are_counted_up(count, pieces):
    assert pieces_of(count, 4) == pieces


def test_each_row_is_in_one_piece():
    lists = ["abc", "", "defgh", "i"]

    found = [cut(lists, number, 4) for number in (1, 2, 3)]

    assert found[0] == [("a", "b", "c"), (), ("d",), ()]
    assert found[1] == [(), (), ("e", "f", "g", "h"), ()]
    assert found[2] == [(), (), (), ("i",)]
    assert cut(lists, 4, 4) == [(), (), (), ()]
