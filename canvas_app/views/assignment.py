"""One assignment: page and twin."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from canvas_app.current import current_sources, login_required
from canvas_app.services.assignment import assignment
from canvas_app.views.answers import flat_rows, twin

bp = Blueprint("assignment", __name__)


@bp.get("/courses/<int:course_id>/assignments/<int:assignment_id>")
@login_required
def assignment_page(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """The assignment is asked for first, so that 403 and 404 are true; error_pages shows those."""
    found = assignment(current_sources(), str(course_id), str(assignment_id))
    return render_template("assignment.html", page=found)


@bp.get("/courses/<int:course_id>/assignments/<int:assignment_id>.json")
@login_required
def assignment_json(course_id: int, assignment_id: int) -> ResponseReturnValue:
    return twin(
        lambda sources: assignment(sources, str(course_id), str(assignment_id)),
        *("assignment", "rubric", "statistics", "teaching"),
        shapes={"rows": flat_rows},
    )
