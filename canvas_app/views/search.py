"""Search: the form, its results, and the JSON twin."""

from functools import partial

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from canvas_app.current import current_features, login_required
from canvas_app.services.search import search
from canvas_app.views.answers import MakePage, own_list, twin

bp = Blueprint("search", __name__)


@bp.get("/search", endpoint="search")
@login_required
def search_page() -> ResponseReturnValue:
    return own_list("search.html", wanted_search())


@bp.get("/search.json")
@login_required
def search_json() -> ResponseReturnValue:
    return twin(wanted_search(), "query", "searched")


def wanted_search() -> MakePage:
    """Return the function that runs the search of this address."""
    return partial(search, query=request.args.get("q", ""), features=current_features())
