"""A course's gradebook: page, JSON twin and CSV table."""

from functools import partial

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from canvas_app.current import login_required
from canvas_app.domain.matrix import GradebookFilter, MatrixCell, MatrixRow
from canvas_app.domain.sheet import WantedSheet
from canvas_app.services.class_gradebook import GradebookStream, gradebook, start_lists, stream
from canvas_app.services.early_views import PageLoader
from canvas_app.views.class_access import class_sources
from canvas_app.views.csv_table import Cell
from canvas_app.views.streaming import stream_page
from canvas_app.views.tables import Slice, csv_stream, ending, json_stream, lacking_parts

bp = Blueprint("gradebook", __name__)

FIRST_STUDENTS = (0.35, 0.8, 2.0)
"""Seconds after which the first rows are shown, as soon as there are any."""
GRADEBOOK_COLUMNS = ("Student", "Sortable name", "Sections", "Current score", "Final score")
STATES_SAID = ("missing", "excused", "anonymous", "custom", "redo_requested")
"""States that stand in a table where there is no score."""


def gradebook_filter() -> GradebookFilter:
    return GradebookFilter.from_query(request.args)


@bp.get("/courses/<int:course_id>/gradebook")
@login_required
def gradebook_page(course_id: int) -> ResponseReturnValue:
    """Show a page of the students, and of the assignments where there are many."""
    make = partial(
        gradebook,
        course_id=str(course_id),
        wanted=gradebook_filter(),
        sheet=WantedSheet.from_query(request.args),
    )
    sources = class_sources(str(course_id), start_lists)
    loader = PageLoader(sources, make, *FIRST_STUDENTS)
    return stream_page("gradebook.html", load=loader.whole, early=loader.early_views)


@bp.get("/courses/<int:course_id>/gradebook.json")
@login_required
def gradebook_json(course_id: int) -> ResponseReturnValue:
    found = begun_stream(course_id)
    return json_stream(
        found.head,
        found.rows,
        lambda: {"looked": found.work.looked} | ending(found.sources.states()),
    )


@bp.get("/courses/<int:course_id>/gradebook.csv")
@login_required
def gradebook_csv(course_id: int) -> Response:
    """Return a CSV with a column for each assignment; cells without a score say why."""
    found = begun_stream(course_id)
    titles = [f"{each.title} ({each.id})" for each in found.columns]
    ids = [each.id for each in found.columns]
    rows = (gradebook_cells(row, ids) for row in found.rows)
    return csv_stream(
        f"gradebook-{course_id}",
        (*GRADEBOOK_COLUMNS, *titles),
        rows,
        lambda: lacking_parts(found.sources.states()),
    )


def begun_stream(course_id: int) -> GradebookStream:
    place = Slice.from_query().place()
    sources = class_sources(str(course_id), start_lists)
    return stream(sources, str(course_id), gradebook_filter(), place)


def gradebook_cells(row: MatrixRow, ids: list[str]) -> tuple[Cell, ...]:
    return (
        row.name,
        row.sortable_name,
        ", ".join(row.sections),
        row.current_score,
        row.final_score,
        *(cell_value(row.cells.get(id_)) for id_ in ids),
    )


def cell_value(cell: MatrixCell | None) -> Cell:
    if cell is None:
        return None
    if cell.score is not None and not cell.excused:
        return cell.score
    said = "excused" if cell.excused else cell.status
    return said if said in STATES_SAID else cell.grade
