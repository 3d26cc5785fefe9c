"""Upcoming work, one week at a time: page and JSON twin."""

from dataclasses import replace
from functools import partial

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from canvas_app.current import login_required
from canvas_app.services.upcoming import upcoming
from canvas_app.services.upcoming_filters import WeekFilter
from canvas_app.views.answers import MakePage, own_list, twin
from canvas_app.views.children import chosen_child, listed_child
from canvas_app.views.writing import led_back_to

bp = Blueprint("upcoming", __name__)


@bp.get("/upcoming", endpoint="upcoming")
@login_required
def upcoming_page() -> ResponseReturnValue:
    return own_list("upcoming.html", filtered_week(listed_child(), *led_back_to()))


@bp.get("/upcoming.json")
@login_required
def upcoming_json() -> ResponseReturnValue:
    page = filtered_week(chosen_child())
    further = ("tabs", "week", "previous_week", "next_week", "load")
    return twin(page, "children", "new_grades", *further)


def filtered_week(chosen: str, at: str = "", ticked: bool = False) -> MakePage:
    """Return the function that loads the week with the filters of this address.

    ``chosen`` is whom it shows, ``at`` the id of a row whose piece is shown; ``ticked``: it was
    marked a moment ago.
    """
    wanted = WeekFilter.from_query(request.args.getlist)
    return partial(upcoming, wanted=replace(wanted, at=at, ticked=ticked), chosen=chosen)
