"""The week's filters; unknown values are ignored."""

from canvas_app.services.upcoming_filters import WeekFilter


def test_wishes_are_read_leniently():
    given = {
        "week": ["2026-W48", " this "], "show": ["due"], "course": ["1", "", "2"],
        "type": ["quiz", "nonsense"], "status": ["missing", "x"], "favorites": ["yes"],
        "done": ["1"],
    }  # fmt: skip

    wanted = WeekFilter.from_query(lambda name: given.get(name, []))

    assert wanted == WeekFilter(
        week="this",
        show="due",
        courses=frozenset({"1", "2"}),
        types=frozenset({"quiz"}),
        statuses=frozenset({"missing"}),
        done=True,
    )
    assert WeekFilter.from_query(lambda name: []) == WeekFilter()
