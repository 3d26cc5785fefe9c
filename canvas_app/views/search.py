"""Search: a form, what it found, and the twin."""

from functools import partial

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from canvas_app.current import login_required
from canvas_app.services import search as search_service
from canvas_app.views.answers import Gather, own_list, twin

bp = Blueprint("search", __name__)


@bp.get("/search")
@login_required
def search() -> ResponseReturnValue:
    return own_list("search.html", asked())


@bp.get("/search.json")
@login_required
def search_json() -> ResponseReturnValue:
    return twin(asked(), "query", "searched")


def asked() -> Gather:
    """The search of this address."""
    return partial(search_service.search, query=request.args.get("q", ""))
