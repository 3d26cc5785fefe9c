"""Upcoming work, a week at a time: page and twin."""

from functools import partial

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from canvas_app.current import login_required
from canvas_app.services import upcoming as upcoming_service
from canvas_app.services.upcoming_filters import read_wish
from canvas_app.views.answers import Gather, own_list, twin

bp = Blueprint("upcoming", __name__)


@bp.get("/upcoming")
@login_required
def upcoming() -> ResponseReturnValue:
    return own_list("upcoming.html", wished())


@bp.get("/upcoming.json")
@login_required
def upcoming_json() -> ResponseReturnValue:
    return twin(wished(), "new_grades", "tabs", "week", "previous_week", "next_week", "load")


def wished() -> Gather:
    """The week with the filters of this address."""
    wish = read_wish(request.args.getlist)
    return partial(upcoming_service.upcoming, wish=wish)
