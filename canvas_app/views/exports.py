"""Prepared exports: begin one, watch it, cancel it, and fetch its file."""

import time
from dataclasses import replace
from functools import partial

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from canvas_app.canvas.retry import BACKGROUND
from canvas_app.current import (
    any_sign_in_required,
    current_gateway,
    login_required,
    owner,
    required_sign_in,
)
from canvas_app.domain.attention import AttentionRules
from canvas_app.domain.matrix import GradebookFilter
from canvas_app.gateway import Gateway
from canvas_app.services.exports import EXPORT_TABLES, WantedTable, begin_table
from canvas_app.sources.sources import Sources
from canvas_app.storage.exports import RUNNING, Export, TooManyExports
from canvas_app.storage.storage import SignIn
from canvas_app.troubles import Trouble
from canvas_app.views.answers import json_answer
from canvas_app.views.class_access import class_sources
from canvas_app.views.export_files import EXPORT_FORMS, prepare_beside
from canvas_app.views.roster import kept_rules

bp = Blueprint("exports", __name__)

PATIENCE_OF_EXPORTS = BACKGROUND.give_up_after
"""Seconds that Canvas may take for the class, and again for each window of students."""
REFRESH = 2  # seconds after which the page of an unfinished export reloads
MIMETYPES = {"csv": "text/csv", "json": "application/json"}


@bp.post("/courses/<int:course_id>/exports")
@login_required
def export_begun(course_id: int) -> ResponseReturnValue:
    """Begin an export of ``table`` (gradebook, submissions, roster) as ``format`` (csv, json)."""
    class_sources(str(course_id))  # raises Trouble 403 for people who do not grade there
    table = request.form.get("table") or "gradebook"
    form = request.form.get("format") or "csv"
    if table not in EXPORT_TABLES or form not in EXPORT_FORMS:
        abort(400)
    gateway, sign_in = current_gateway(), required_sign_in()
    store = gateway.storage.exports
    try:
        export_id = store.begin(sign_in.grant_id, str(course_id), f"{table}-{course_id}", form)
    except TooManyExports:
        raise Trouble("too_many_exports") from None
    new_sources = partial(patient_sources, gateway, sign_in)
    wanted = WantedTable(
        table,
        replace(GradebookFilter.from_query(request.form), sort="name"),
        AttentionRules.from_query(request.form, kept_rules(course_id)),
    )
    prepare_beside(
        store,
        export_id,
        sign_in.identity.owner,
        form,
        lambda: begin_table(new_sources(), new_sources, str(course_id), wanted),
    )
    return redirect(address_of(export_id), 303)


@bp.get("/exports/<export_id>")
@any_sign_in_required
def export_page(export_id: str) -> ResponseReturnValue:
    """Show how far an export is; the page reloads until it is finished."""
    found = own_export(export_id)
    answer = make_response(render_template("export.html", export=found))
    if found.state == RUNNING:
        answer.headers["Refresh"] = str(REFRESH)
    return answer


@bp.get("/exports/<export_id>.json")
@any_sign_in_required
def export_json(export_id: str) -> ResponseReturnValue:
    found = own_export(export_id)
    return json_answer(
        {
            "state": found.state,
            "complete": found.state == "done",
            "done": found.done,
            "remaining": found.remaining,
            "total": found.total,
            "trouble": found.trouble,
            "file": f"{address_of(export_id)}/file" if found.has_file else None,
            "ends_at": found.ends_at,
        }
    )


@bp.get("/exports/<export_id>/file")
@any_sign_in_required
def export_file(export_id: str) -> ResponseReturnValue:
    """Send the file part by part; while there is none, show the page instead."""
    found = own_export(export_id)
    if not found.has_file:
        return redirect(address_of(export_id))
    owner = required_sign_in().identity.owner
    parts = current_gateway().storage.exports.parts(export_id, owner)
    answer = Response(parts, mimetype=MIMETYPES[found.form])
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.filename}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/exports/<export_id>/cancel")
@any_sign_in_required
def export_cancelled(export_id: str) -> ResponseReturnValue:
    own_export(export_id)
    current_gateway().storage.exports.cancel(export_id, required_sign_in().grant_id)
    return redirect(address_of(export_id), 303)


def own_export(export_id: str) -> Export:
    """Return an export of the person signed in; 404 for anybody else's."""
    found = current_gateway().storage.exports.find(export_id, required_sign_in().grant_id)
    if found is None:
        raise Trouble("no_such_export")
    return found


def address_of(export_id: str) -> str:
    return f"{current_gateway().settings.path_prefix}/exports/{export_id}"


def patient_sources(gateway: Gateway, sign_in: SignIn) -> Sources:
    """Return an export's sources: they wait and retry for long, and do not use the cache."""
    deadline = time.monotonic() + PATIENCE_OF_EXPORTS
    return Sources(
        gateway.api_for(sign_in, deadline, BACKGROUND),
        gateway.cache,
        gateway.pool,
        deadline=deadline,
        owner=owner(sign_in),
        cache_seconds=0,
        on_includes=gateway.watch_for(sign_in.identity.environment),
    )
