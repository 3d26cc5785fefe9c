"""Each assignment's part in the total."""

from decimal import Decimal as D

from canvas_app.domain.grade_calculator import Book, Group, Period, Work, current
from canvas_app.domain.grade_rows import part_of


def test_part_of_each_piece_of_work():
    groups, periods = (Group("5", drop_lowest=1),), (Period("901", D(100)),)
    works = {
        "counted": Work("1", "5", D(10), D(9), period_id="901"),
        "ungraded": Work("3", "5", D(10), None, posted=False, period_id="901"),
        "excused": Work("4", "5", D(10), None, excused=True, period_id="901"),
        "review": Work("6", "5", D(10), D(3), pending_review=True, period_id="901"),
        "omitted": Work("7", "5", D(10), D(3), counts=False, period_id="901"),
        "outside": Work("8", "5", D(10), D(3)),
    }
    book = Book(tuple(works.values()), groups, periods=periods)

    total = current(book)

    assert {name: part_of(work, book, total) for name, work in works.items()} == {
        name: name for name in works
    }
