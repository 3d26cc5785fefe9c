"""For whom a feature is off: for everybody, or for some roles."""

import pytest

from canvas_app.canvas.api import SCOPES
from canvas_app.domain.features import ALL_FEATURES, SCOPES_OF, Features


@pytest.mark.parametrize(
    ("off", "roles", "offered"),
    [
        ({"what_if"}, ("student",), False),
        ({"what_if"}, (), False),
        ({"what_if:student"}, ("student",), False),
        ({"what_if:student"}, ("teacher",), True),
        ({"what_if:student"}, ("student", "observer"), True),
        ({"what_if:student", "what_if:observer"}, ("student", "observer"), False),
        ({"what_if:teacher"}, ("ta",), False),
        ({"what_if:teacher"}, ("designer",), False),
        ({"what_if:student"}, (), False),
        ({"what_if:student"}, ("janitor",), False),
        ({"what_if:student"}, ("student", "janitor"), False),
        ({"feeds", "what_if_not:student"}, ("student",), True),
        (set(), (), True),
    ],
)
def test_a_role_that_keeps_it_is_enough(
    off: set[str], roles: tuple[str, ...], offered: bool
) -> None:
    """While the roles are unknown, a feature is off if it is off for any role."""
    assert Features(frozenset(off)).offered("what_if", roles) is offered


def test_scopes_of_what_is_off_are_not_needed() -> None:
    """``CANVAS_SCOPES=auto`` asks for exactly what the pages that are on need."""
    unused = SCOPES_OF["teaching"]

    assert unused < {*SCOPES}
    assert {*Features(frozenset({"teaching"})).needed(SCOPES)} == {*SCOPES} - unused
    assert {*Features(frozenset({"teaching:teacher"})).needed(SCOPES)} == {*SCOPES} - unused
    assert Features(frozenset({"teaching:student", "feeds"})).needed(SCOPES) == SCOPES


def test_nothing_is_off_by_itself() -> None:
    assert ALL_FEATURES.offered("feeds", ())
    assert not ALL_FEATURES.limited("feeds")
