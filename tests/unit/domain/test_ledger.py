"""The list of submissions: what a filter leaves of it, its orders, and its headings."""

from dataclasses import replace

import pytest
from werkzeug.datastructures import MultiDict

from canvas_app.domain.ledger import LedgerFilter, grouped, sorted_rows
from canvas_app.domain.rows import Comment
from tests.unit.domain.test_submissions import DAY, NOW, row

# What a query leaves


def asked(**values):
    return LedgerFilter.from_query(MultiDict(values))


def test_what_nobody_knows_is_left_out():
    odd = asked(
        course=["4", "x", "-1", "4101; DROP"],
        status=["missing", "<script>"],
        late=["maybe"],
        comments=["on"],
        sort=["nonsense"],
        q=["  " + "x" * 500],
    )

    assert odd.courses == {"4"}
    assert odd.statuses == {"missing"}
    assert (odd.late, odd.comments, odd.sort) == (False, False, "activity")
    assert len(odd.text) == 200
    assert asked().everything
    assert asked(sort=["due"]).everything
    assert not asked(late=["1"]).everything
    assert asked(sort=["nonsense", "score"]).sort == "score"


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, {"Essay", "Zero", "Late", "Said"}),
        ({"status": ["graded"]}, {"Zero", "Late"}),
        ({"status": ["missing"]}, {"Zero"}),
        ({"status": ["missing", "due"]}, {"Zero", "Essay"}),
        ({"late": ["1"]}, {"Late"}),
        ({"comments": ["1"]}, {"Said"}),
        ({"q": ["ESS"]}, {"Essay"}),
        ({"q": ["golgi"]}, {"Said"}),
        ({"q": ["biology"], "status": ["submitted"]}, {"Said"}),
        ({"q": ["nowhere"]}, set()),
        ({"late": ["1"], "comments": ["1"]}, set()),
    ],
)
def test_all_conditions_hold(query, titles):
    rows = [
        row("Essay"),
        row("Zero", status="graded", missing=True),
        row("Late", status="graded", late=True),
        row("Said", status="submitted", comments=(Comment("Helen", "Label the Golgi", NOW),)),
    ]
    wanted = asked(**query)

    assert {one.title for one in rows if wanted.takes(one)} == titles


# Order and headings

ROWS = [
    row("next", due_at=NOW + DAY),
    row("later", due_at=NOW + 9 * DAY, course_id="3", course_name="Art"),
    row("undated"),
    row("missing", status="missing", due_at=NOW - 2 * DAY),
    row("half", status="graded", score=5.0, points_possible=10, posted_at=NOW - 2 * DAY,
        due_at=NOW - 20 * DAY),
    row("full", status="graded", score=4.0, points_possible=4, posted_at=NOW - 40 * DAY,
        due_at=NOW - 50 * DAY),
    row("letter", status="graded", grade="A", letters_only=True, posted_at=NOW - 10 * DAY,
        due_at=NOW - 11 * DAY),
    row("bonus", status="graded", score=1.0, points_possible=0, posted_at=NOW - 10 * DAY,
        due_at=NOW - 12 * DAY),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        ("activity", "half letter bonus full next later missing undated"),
        ("due", "next later missing letter bonus half full undated"),
        ("graded", "half letter bonus full next later missing undated"),
        ("course", "later full half bonus letter missing next undated"),
        ("score", "full half next later missing letter bonus undated"),
    ],
)
def test_orders(sort, titles):
    ordered = sorted_rows(reversed(ROWS), sort, NOW)

    assert " ".join(one.title for one in ordered) == titles


def test_headings_by_activity_put_what_can_be_mended_first():
    groups = grouped(sorted_rows(ROWS, "activity", NOW), LedgerFilter(), NOW)

    assert [(group.key, len(group.rows)) for group in groups] == [
        ("mend", 1),
        ("week", 1),
        ("month", 2),
        ("earlier", 1),
        ("untouched", 3),
    ]
    assert not any(group.folded for group in groups)


@pytest.mark.parametrize(
    ("sort", "keys"),
    [
        ("due", ["ahead", "past", "undated"]),
        ("graded", ["graded", "ungraded"]),
        ("course", ["course", "course"]),
        ("score", ["scored", "unscored"]),
    ],
)
def test_headings_of_other_orders(sort, keys):
    groups = grouped(sorted_rows(ROWS, sort, NOW), LedgerFilter(sort=sort), NOW)

    assert [group.key for group in groups] == keys
    assert sum(len(group.rows) for group in groups) == len(ROWS)


def test_only_a_long_ledger_nobody_chose_from_is_folded():
    many = [replace(one, title=f"{one.title} {n}") for one in ROWS for n in range(10)]

    def folded(wanted):
        groups = grouped(sorted_rows(many, "activity", NOW), wanted, NOW)
        assert sum(len(group.rows) for group in groups) == len(many)
        return {group.key for group in groups if group.folded}

    assert folded(LedgerFilter()) == {"earlier", "untouched"}
    assert folded(LedgerFilter(text="n")) == set()
