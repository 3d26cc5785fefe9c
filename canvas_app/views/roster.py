"""A course's roster: page, JSON twin, CSV table, and the rules of attention."""

from functools import partial

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from canvas_app.current import current_gateway, login_required, required_sign_in
from canvas_app.domain.attention import AttentionRules
from canvas_app.domain.pieces import piece_number
from canvas_app.domain.roster import RosterFilter, RosterRow
from canvas_app.services.early_views import PageLoader
from canvas_app.services.roster import RosterPage, roster
from canvas_app.views.class_access import class_sources
from canvas_app.views.csv_table import Cell
from canvas_app.views.streaming import stream_page
from canvas_app.views.tables import Slice, csv_stream, ending, json_stream, lacking_parts

bp = Blueprint("roster", __name__)

FIRST_NAMES = 0.9
"""Seconds after which the names are shown, while work is still counted."""
ROSTER_COLUMNS = (
    *("Student", "Sections", "Last activity (UTC)", "Activity (seconds)", "Current score"),
    *("Missing", "Late", "On time (share)", "Last submission (UTC)", "Needs attention"),
    *("Final score", "Score set by hand", "Sortable name"),
)


@bp.get("/courses/<int:course_id>/roster")
@login_required
def roster_page(course_id: int) -> ResponseReturnValue:
    sources = class_sources(str(course_id))
    make = partial(roster_maker(course_id), number=piece_number(request.args.getlist("page")))
    loader = PageLoader(sources, make, FIRST_NAMES)
    return stream_page("roster.html", load=loader.whole, early=loader.early_views)


@bp.get("/courses/<int:course_id>/roster.json")
@login_required
def roster_json(course_id: int) -> ResponseReturnValue:
    part = Slice.from_query()
    page = roster_maker(course_id)(class_sources(str(course_id)))
    head = {
        "course_id": page.course_id,
        "total": len(page.rows),
        "rules": page.rules,
        "looked": page.looked,
    }
    return json_stream(head, part.of(page.rows), partial(ending, page.sources))


@bp.get("/courses/<int:course_id>/roster.csv")
@login_required
def roster_csv(course_id: int) -> Response:
    page = roster_maker(course_id)(class_sources(str(course_id)))
    rows = map(roster_cells, page.rows)
    return csv_stream(
        f"roster-{course_id}", ROSTER_COLUMNS, rows, partial(lacking_parts, page.sources)
    )


@bp.post("/courses/<int:course_id>/roster/rules")
@login_required
def keep_rules(course_id: int) -> ResponseReturnValue:
    """Store the person's rules of attention for this course."""
    class_sources(str(course_id))  # raises Trouble 403 for people who do not grade there
    rules = AttentionRules.from_query(request.form, AttentionRules().kept())
    owner = required_sign_in().identity.owner
    current_gateway().storage.rules.keep(owner, str(course_id), rules.kept())
    return redirect(f"{current_gateway().settings.path_prefix}/courses/{course_id}/roster", 303)


def roster_maker(course_id: int) -> "partial[RosterPage]":
    """Return the function that loads the page of this address."""
    return partial(
        roster,
        course_id=str(course_id),
        wanted=RosterFilter.from_query(request.args),
        rules=AttentionRules.from_query(request.args, kept_rules(course_id)),
    )


def kept_rules(course_id: int) -> dict[str, str]:
    """Return the rules of attention that the person has stored for a course."""
    owner = required_sign_in().identity.owner
    return current_gateway().storage.rules.kept(owner, str(course_id))


def roster_cells(row: RosterRow) -> tuple[Cell, ...]:
    return (
        row.name,
        ", ".join(row.sections),
        row.last_activity_at,
        row.total_activity_time,
        row.current_score,
        row.missing,
        row.late,
        None if row.on_time_share is None else round(row.on_time_share, 4),
        row.last_submitted_at,
        "; ".join(row.attention),
        row.final_score,
        row.override_score,
        row.sortable_name,
    )
