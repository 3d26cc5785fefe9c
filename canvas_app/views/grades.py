"""A course's grades: totals, what-if and goal, with all parameters in the URL."""

from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from canvas_app.current import current_features, current_sources, login_required
from canvas_app.domain.what_if import MEANT_FIELD, SCORE_FIELD, WhatIf
from canvas_app.services.family_grades import all_in_one, everybodys_grades
from canvas_app.services.grades import GradesPage
from canvas_app.sources.sources import Sources
from canvas_app.views.answers import flat_groups, flat_rows, twin
from canvas_app.views.children import asked_child, must_be_here

bp = Blueprint("grades", __name__)


@bp.get("/courses/<int:course_id>/grades")
@login_required
def grades_page(course_id: int) -> ResponseReturnValue:
    """Show the grades. The course is requested first, so that 403 and 404 become the status.

    The form sends a field for each assignment; the redirect keeps only those that were filled in.
    """
    given = list(request.args.items(multi=True))
    filled = [(name, value) for name, value in given if value.strip()]
    if len(filled) < len(given):
        query = f"?{urlencode(filled)}" if filled else ""
        return redirect(f"{request.script_root}{request.path}{query}")
    wanted = WhatIf.from_query(MultiDict(filled))
    chosen = asked_child()
    found = everybodys_grades(current_sources(), str(course_id), wanted, current_features(), chosen)
    must_be_here(chosen, found.here)
    return render_template("grades.html", page=found, address=grades_address)


@bp.get("/courses/<int:course_id>/grades.json")
@login_required
def grades_json(course_id: int) -> ResponseReturnValue:
    wanted, chosen = WhatIf.from_query(request.args), asked_child()

    def page(sources: Sources) -> GradesPage:
        found = everybodys_grades(sources, str(course_id), wanted, current_features(), chosen)
        must_be_here(chosen, found.here)
        return all_in_one(found)

    return twin(
        page,
        *(
            "children",
            "by_child",
            "course",
            "groups",
            "periods",
            "period",
            "state",
            "basis",
            "canvas",
            "own",
            "why_not",
        ),
        *("check", "differs", "what_if", "handed_in", "aim", "problems", "history"),
        shapes={"rows": flat_rows, "groups": flat_groups},
    )


def grades_address(*, without: str = "", scores: bool = True, **more: str) -> str:
    """Return this page's address with some parameters set.

    ``without`` is the field of a score to leave out, ``s`` and the assignment's id, together with
    what goes with it (``o`` and the id). ``scores=False`` leaves out all of them.
    """
    kept = {
        name: value
        for name, value in request.args.items()
        if name not in ("retry", without, f"o{without[1:]}")
        and (scores or not (SCORE_FIELD.fullmatch(name) or MEANT_FIELD.fullmatch(name)))
    }
    query = urlencode(kept | more)
    return f"{request.script_root}{request.path}" + (f"?{query}" if query else "")
