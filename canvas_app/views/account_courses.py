"""Courses of the accounts a person administers: page and JSON twin."""

from functools import partial

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from canvas_app.current import login_required
from canvas_app.services.account_courses import account_courses
from canvas_app.views.answers import MakePage, own_list, twin

bp = Blueprint("account_courses", __name__)


@bp.get("/admin/courses")
@login_required
def account_courses_page() -> ResponseReturnValue:
    """Find courses by a part of their name, for administrators of any account."""
    return own_list("account_courses.html", wanted_courses())


@bp.get("/admin/courses.json")
@login_required
def account_courses_json() -> ResponseReturnValue:
    return twin(wanted_courses(), "query", "accounts", "more")


def wanted_courses() -> MakePage:
    """Return the function that makes the search of this address."""
    return partial(account_courses, query=request.args.get("q", ""))
