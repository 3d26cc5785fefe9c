"""Long lists in pieces: each row in one of them, in order."""

import pytest

from canvas_app.domain.pieces import Place, cut, piece_at, piece_number


@pytest.mark.parametrize(("count", "pieces"), [(0, 1), (1, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_pieces_are_counted_up(count, pieces):
    assert piece_at([1] * count, 1, 4).of == pieces


def test_each_row_is_in_one_piece():
    lists = ["abc", "", "defgh", "i"]

    def of(number):
        return cut(lists, piece_at([1] * 9, number, 4))

    assert of(1) == [("a", "b", "c"), (), ("d",), ()]
    assert of(2) == [(), (), ("e", "f", "g", "h"), ()]
    assert of(3) == [(), (), (), ("i",)]
    assert of(4) == of(3), "there are not so many"


def test_heavy_rows_make_shorter_pieces():
    """A row that is too heavy for any piece has a piece of its own."""
    weights = [2, 2, 1, 9, 1, 4]

    places = [piece_at(weights, number, 4) for number in range(1, 6)]

    assert [(place.first, place.last) for place in places] == [
        *((1, 2), (3, 3), (4, 4), (5, 5), (6, 6))
    ]
    assert {(place.of, place.rows) for place in places} == {(5, 6)}


def test_no_rows_are_one_piece():
    assert piece_at([], 3) == Place()
    assert cut(["", ""], Place()) == [(), ()]


@pytest.mark.parametrize(
    ("values", "number"),
    [
        *(([], 1), ([""], 1), (["0"], 1), (["-2"], 1), (["x"], 1), (["10000"], 1), (["1.5"], 1)),
        *((["2"], 2), ([" 3 "], 3), (["7", "9999"], 9999)),
    ],
)
def test_numbers_in_addresses(values, number):
    assert piece_number(values) == number
