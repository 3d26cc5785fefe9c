"""Answers 404 at the addresses of features that the institution has switched off."""

import re
from collections.abc import Collection, Iterator

from flask import Flask, request

from canvas_app.current import current_features
from canvas_app.domain.features import CLASS_STAFF
from canvas_app.settings import FEATURE_ROLES
from canvas_app.troubles import Trouble

PLACES = (
    # The explorer does not know roles, so it is off if it is off for any of them.
    (re.compile(r"/explorer$"), "explorer", ()),
    # These views learn the person's roles when they have read the courses.
    (re.compile(r"/account/feeds$"), "feeds", FEATURE_ROLES),
    (re.compile(r"/submissions\.csv$"), "exports", FEATURE_ROLES),
    (re.compile(r"/exports\b|(?<!/submissions)\.csv$"), "exports", CLASS_STAFF),
    (
        re.compile(
            r"/teaching\b|/courses/<int:course_id>/"
            r"((gradebook|roster|students|exports)\b|assignments/<int:assignment_id>\.csv$)"
        ),
        "teaching",
        CLASS_STAFF,
    ),
)
"""Patterns of routes, the feature they belong to, and the roles of people who may open them."""


def init_app(app: Flask) -> None:
    """Answer 404 where a feature is off, and tell templates what is offered."""
    app.before_request(only_what_is_offered)
    app.jinja_env.globals["offers"] = offers


def only_what_is_offered() -> None:
    """Raise Trouble at an address of a feature that is off for everybody who may open it."""
    rule = request.url_rule.rule if request.url_rule else ""
    for feature, roles in features_at(rule):
        if not current_features().offered(feature, roles):
            raise Trouble("switched_off")


def features_at(rule: str) -> Iterator[tuple[str, Collection[str]]]:
    """Return the features that a route belongs to, each with the roles that may open the route."""
    return ((feature, roles) for place, feature, roles in PLACES if place.search(rule))


def offers(feature: str, roles: Collection[str] = ()) -> bool:
    """Return whether a page may link people with these roles to a feature."""
    return current_features().offered(feature, roles)
