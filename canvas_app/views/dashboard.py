"""The start page: the dashboard of a signed-in person, its JSON twin, and the landing page."""

from functools import partial

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from canvas_app.current import current_features, current_sign_in, login_required
from canvas_app.services.dashboard import Dashboard, dashboard
from canvas_app.services.family_home import together
from canvas_app.sources.sources import Sources
from canvas_app.views.answers import own_list, twin
from canvas_app.views.children import chosen_child, listed_child

bp = Blueprint("dashboard", __name__)


@bp.get("/")
def index() -> ResponseReturnValue:
    if current_sign_in() is None:
        return render_template("landing.html")
    return signed_in_index()


@login_required
def signed_in_index() -> ResponseReturnValue:
    chosen = listed_child()
    return own_list(
        "dashboard.html", partial(dashboard, features=current_features(), chosen=chosen)
    )


@bp.get("/dashboard.json")
@login_required
def dashboard_json() -> ResponseReturnValue:
    chosen = chosen_child()

    def everybody(sources: Sources) -> Dashboard:
        return together(dashboard(sources, current_features(), chosen))

    return twin(
        everybody,
        "children",
        "next",
        "missing",
        "behind",
        "due",
        "new_grades",
        "days",
        "announcements",
        "grading",
        "by_course",
        "by_child",
        "other_courses",
    )
