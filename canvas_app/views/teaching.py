"""The grading queue: page, JSON twin and CSV table."""

from functools import partial

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from canvas_app.canvas.errors import CanvasError
from canvas_app.current import current_sources, login_required
from canvas_app.domain.grading_queue import QueueFilter, QueueRow
from canvas_app.domain.pieces import piece_number
from canvas_app.services.early_views import PageLoader
from canvas_app.services.pages import failed_twin
from canvas_app.services.teaching import teaching
from canvas_app.views.answers import json_answer, plain_failure, status_of
from canvas_app.views.csv_table import Cell
from canvas_app.views.streaming import stream_page
from canvas_app.views.tables import Slice, csv_stream, ending, json_stream, lacking_parts

bp = Blueprint("teaching", __name__)

FIRST_ROWS = 0.5
"""Seconds after which the titles are shown, while submissions are still counted."""
QUEUE_COLUMNS = (
    *("Course", "Assignment", "To grade", "Waiting since (UTC)", "Late", "Graded"),
    *("Not handed in", "Due (UTC)", "SpeedGrader"),
)


def queue_filter() -> QueueFilter:
    return QueueFilter.from_query(request.args)


@bp.get("/teaching")
@login_required
def teaching_page() -> ResponseReturnValue:
    """Show titles and Canvas's own counts first, then the whole queue with Easel's counts."""
    number = piece_number(request.args.getlist("page"))
    make = partial(teaching, wanted=queue_filter(), number=number)
    loader = PageLoader(current_sources(), make, FIRST_ROWS)
    return stream_page("teaching.html", load=loader.whole, early=loader.early_views)


@bp.get("/teaching.json")
@login_required
def teaching_json() -> ResponseReturnValue:
    part = Slice.from_query()
    try:
        page = teaching(current_sources(), queue_filter())
    except CanvasError as error:
        status = status_of(error)
        return json_answer(failed_twin(plain_failure(error), status), status)
    return json_stream({"total": len(page.rows)}, part.of(page.rows), partial(ending, page.sources))


@bp.get("/teaching.csv")
@login_required
def teaching_csv() -> Response:
    page = teaching(current_sources(), queue_filter())
    rows = map(queue_cells, page.rows)
    return csv_stream("teaching", QUEUE_COLUMNS, rows, partial(lacking_parts, page.sources))


def queue_cells(row: QueueRow) -> tuple[Cell, ...]:
    return (
        row.course_name,
        row.title,
        row.needs_grading,
        row.oldest_submitted_at,
        row.late,
        row.graded,
        row.not_submitted,
        row.due_at,
        row.url,
    )
