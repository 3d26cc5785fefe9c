"""The page of one assignment and its JSON twin."""

from functools import partial

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from canvas_app.current import current_features, current_sources, login_required
from canvas_app.domain.class_scores import ScoreRow
from canvas_app.domain.pieces import piece_at, piece_number
from canvas_app.services.assignment import AssignmentPage, assignment
from canvas_app.sources.sources import Sources
from canvas_app.troubles import Trouble
from canvas_app.views.answers import flat_rows, twin
from canvas_app.views.children import asked_child, must_be_here
from canvas_app.views.csv_table import Cell
from canvas_app.views.tables import csv_stream, lacking_parts

bp = Blueprint("assignment", __name__)

SCORE_COLUMNS = (
    *("Student", "Sections", "Status", "Score", "Grade", "Late", "Handed in (UTC)"),
    *("Graded (UTC)", "Posted (UTC)"),
)
NO_NAMES_YET = "Anonymous until the grades are posted, so no names are shown."


@bp.get("/courses/<int:course_id>/assignments/<int:assignment_id>")
@login_required
def assignment_page(course_id: int, assignment_id: int) -> ResponseReturnValue:
    """Show an assignment. It is requested first, so that 403 and 404 become the page's status.

    The class's scores are shown in pieces; ``page`` is the number of one.
    """
    chosen = asked_child()
    found = assignment(
        current_sources(), str(course_id), str(assignment_id), current_features(), chosen
    )
    must_be_here(chosen, found.here)
    students = len(found.result.rows) if found.result else 0
    place = piece_at([1] * students, piece_number(request.args.getlist("page")))
    return render_template("assignment.html", page=found, place=place)


@bp.get("/courses/<int:course_id>/assignments/<int:assignment_id>.json")
@login_required
def assignment_json(course_id: int, assignment_id: int) -> ResponseReturnValue:
    chosen = asked_child()

    def page(sources: Sources) -> AssignmentPage:
        found = assignment(sources, str(course_id), str(assignment_id), current_features(), chosen)
        must_be_here(chosen, found.here)
        return found

    return twin(
        page,
        *(
            "children",
            "assignment",
            "rubric",
            "statistics",
            "teaching",
            "distribution",
            "not_submitted",
        ),
        shapes={"rows": flat_rows},
    )


@bp.get("/courses/<int:course_id>/assignments/<int:assignment_id>.csv")
@login_required
def assignment_csv(course_id: int, assignment_id: int) -> Response:
    """Return the class as CSV, a row for each student, for people who grade in the course."""
    page = assignment(current_sources(), str(course_id), str(assignment_id), current_features())
    if page.teaching is None:
        raise Trouble("staff_only")
    rows: list[tuple[Cell, ...]] = []
    if page.result:
        rows = [(NO_NAMES_YET,)] if page.result.anonymous else [*map(score_cells, page.result.rows)]
    name = f"assignment-{assignment_id}"
    return csv_stream(name, SCORE_COLUMNS, rows, partial(lacking_parts, page.sources))


def score_cells(row: ScoreRow) -> tuple[Cell, ...]:
    return (
        row.name,
        ", ".join(row.sections),
        row.status.replace("_", " "),
        row.score,
        row.grade,
        row.late,
        row.submitted_at,
        row.graded_at,
        row.posted_at,
    )
