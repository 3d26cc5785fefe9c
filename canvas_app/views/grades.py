"""A course's grades: totals, what-if and goal, all of it in the URL."""

from functools import partial
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from canvas_app.current import current_sources, login_required
from canvas_app.services.grades import SCORE, Wanted, grades
from canvas_app.views.answers import twin

bp = Blueprint("grades", __name__)


def given() -> list[tuple[str, str]]:
    return list(request.args.items(multi=True))


@bp.get("/courses/<int:course_id>/grades")
@login_required
def page(course_id: int) -> ResponseReturnValue:
    """The course is asked for first, so that 403 and 404 are true; error_pages shows those.

    The form sends a field for each assignment; the URL keeps those that were filled in.
    """
    filled = [(name, value) for name, value in given() if value.strip()]
    if len(filled) < len(given()):
        query = f"?{urlencode(filled)}" if filled else ""
        return redirect(f"{request.script_root}{request.path}{query}")
    found = grades(current_sources(), str(course_id), Wanted.of(filled))
    return render_template("grades.html", page=found, address=address)


@bp.get("/courses/<int:course_id>/grades.json")
@login_required
def as_json(course_id: int) -> ResponseReturnValue:
    gather = partial(grades, course_id=str(course_id), wanted=Wanted.of(given()))
    return twin(
        gather,
        *("course", "groups", "periods", "period", "state", "basis", "canvas", "own", "why_not"),
        *("check", "differs", "what_if", "aim", "problems", "history"),
    )


def address(*, without: str = "", scores: bool = True, **more: str) -> str:
    """This page's address with parameters set, ``without`` one of them or any score."""
    kept = {
        name: value
        for name, value in request.args.items()
        if name not in ("retry", without) and (scores or not SCORE.fullmatch(name))
    }
    query = urlencode(kept | more)
    return f"{request.script_root}{request.path}" + (f"?{query}" if query else "")
