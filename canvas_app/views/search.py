"""Search: the form, its results, and the JSON twin."""

from functools import partial

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from canvas_app.current import current_features, login_required
from canvas_app.domain.pieces import piece_number
from canvas_app.services.search import KINDS, Search, WantedResults, search
from canvas_app.views.answers import own_list, twin

bp = Blueprint("search", __name__)


@bp.get("/search", endpoint="search")
@login_required
def search_page() -> ResponseReturnValue:
    """Show the first results of each kind; ``kind`` and ``page`` choose a piece of one of them."""
    kinds = [kind for kind in request.args.getlist("kind") if kind in KINDS]
    number = piece_number(request.args.getlist("page"))
    wanted = WantedResults(kinds[0] if kinds else "", number)
    return own_list("search.html", partial(wanted_search(), wanted=wanted))


@bp.get("/search.json")
@login_required
def search_json() -> ResponseReturnValue:
    return twin(wanted_search(), "query", "searched")


def wanted_search() -> "partial[Search]":
    """Return the function that runs the search of this address."""
    return partial(search, query=request.args.get("q", ""), features=current_features())
