"""The list of submissions: page, JSON twin and CSV table."""

from functools import partial

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from canvas_app.current import current_features, current_sources, login_required
from canvas_app.domain.ledger import LedgerFilter
from canvas_app.domain.pieces import piece_number
from canvas_app.domain.rows import SubmissionRow
from canvas_app.services.submissions import Ledger, submissions
from canvas_app.sources.answer import Source
from canvas_app.troubles import Trouble
from canvas_app.views.answers import own_list, twin
from canvas_app.views.children import chosen_child, listed_child
from canvas_app.views.csv_table import Cell, csv_text

bp = Blueprint("submissions", __name__)

COLUMNS = (
    *("Course", "Assignment", "Status", "Late", "Late by (seconds)", "Points deducted"),
    *("Score", "Grade", "Points possible", "Due (UTC)", "Handed in (UTC)", "Graded (UTC)"),
    *("Attempt", "Comments", "Newest comment", "To grade", "Canvas"),
)


def ledger_filter() -> LedgerFilter:
    return LedgerFilter.from_query(request.args)


@bp.get("/submissions")
@login_required
def submissions_page() -> ResponseReturnValue:
    number = piece_number(request.args.getlist("page"))
    return own_list(
        "submissions.html",
        partial(submissions, wanted=ledger_filter(), number=number, chosen=listed_child()),
    )


@bp.get("/submissions.json")
@login_required
def submissions_json() -> ResponseReturnValue:
    """Return own submissions and, for teachers, assignments that need grading (see ``kind``)."""
    further = ("children", "total", "wanted", "not_begun")
    page = partial(submissions, wanted=ledger_filter(), chosen=chosen_child())
    return twin(page, *further, data="all_rows")


@bp.get("/submissions.csv")
@login_required
def submissions_csv() -> ResponseReturnValue:
    """Return the rows of the page with the same query; further lines say what is missing."""
    ledger = submissions(current_sources(), ledger_filter(), chosen=chosen_child())
    if not current_features().offered("exports", ledger.roles):
        raise Trouble("switched_off")
    columns = (*COLUMNS, "Student") if ledger.shown else COLUMNS
    rows = [csv_row(row)[: len(columns)] for row in ledger.all_rows] + [
        ("Not everything is here:", missing_part(source)) for source in missing_parts(ledger)
    ]
    name = "submissions" if ledger.complete else "submissions-incomplete"
    answer = Response(csv_text(columns, rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def csv_row(row: SubmissionRow) -> tuple[Cell, ...]:
    return (
        row.course_name,
        row.title,
        row.status_label or row.status.replace("_", " ").capitalize(),
        row.late,
        row.seconds_late or None,
        row.points_deducted,
        row.score,
        row.grade,
        row.points_possible,
        row.due_at,
        row.submitted_at,
        row.graded_at,
        row.attempt,
        len(row.comments),
        row.comments[0].text if row.comments else None,
        row.needs_grading,
        row.url,
        row.child_name,
    )


def missing_parts(ledger: Ledger) -> list[Source]:
    return [source for source in ledger.sources if source.status not in ("fresh", "stale")]


def missing_part(source: Source) -> str:
    return f"{source.name} ({source.status}) {source.detail}".rstrip()
