"""Writes to the planner: done marks and own notes, each answered with a message and an Undo."""

from urllib.parse import urlencode

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from canvas_app.current import (
    current_api,
    current_sources,
    login_required,
)
from canvas_app.domain.calendar import Person, local
from canvas_app.domain.courses import keeps_notes
from canvas_app.domain.notes import note_text
from canvas_app.services import planner_writes
from canvas_app.services.asks import read_profile, start_courses, start_profile
from canvas_app.services.planner_writes import BadInput, Mark, NoteDraft
from canvas_app.sources.answer import complete
from canvas_app.views.languages import gettext
from canvas_app.views.writing import back, not_done, write

bp = Blueprint("planner", __name__, url_prefix="/planner")

NOTE = ("title", "details", "day", "time", "zone", "course")


@bp.post("/mark")
@login_required
def mark() -> ResponseReturnValue:
    """Mark a planner item as done or not done."""
    try:
        wanted = planner_writes.read_mark(request.form.get("item", ""))
    except BadInput as error:
        return not_done(str(error))
    title = f"“{wanted.title}”" if wanted.title.strip() else gettext("That")
    row = f"row-{wanted.type}-{wanted.id}"
    if wanted.done:
        attempt = gettext("%(title)s was not marked done") % {"title": title}
    else:
        attempt = gettext("%(title)s was not marked not done") % {"title": title}
    found, failure = write(lambda: planner_writes.set_mark(current_api(), wanted), attempt)
    if failure or found is None:
        return not_done(failure, row=row)
    if found.deleted:
        reason = gettext(
            "%(title)s was not marked: another program has deleted its mark in Canvas, and "
            "Canvas does not make a second one."
        )
        return not_done(reason % {"title": title}, row=row)
    undone = Mark(
        wanted.type,
        wanted.id,
        found.id or "",
        bool(found.dismissed),
        not wanted.done,
        wanted.title,
    )
    undo = {"item": planner_writes.write_mark(undone)}
    if wanted.done:
        message = gettext("%(title)s is marked done.")
    else:
        message = gettext("%(title)s is marked not done.")
    return back(message % {"title": title}, "/planner/mark", undo, row=row)


@bp.post("/notes")
@login_required
def add_note() -> ResponseReturnValue:
    """Write a note of the person's own."""
    return save_note(None)


@bp.post("/notes/<int:note_id>")
@login_required
def change_note(note_id: int) -> ResponseReturnValue:
    """Rewrite a note."""
    return save_note(str(note_id))


def save_note(note_id: str | None) -> Response:
    """Save the form's note, new or changed; Undo deletes it or restores the old one.

    Day and time are meant in the zone that the form names beside them: a view that was made before
    Canvas told the person's own shows all times in UTC.
    """
    zone = request.form.get("zone", "")
    me = Person(time_zone=zone) if zone else own_profile()
    if me is None:
        return not_done(
            gettext(
                "Canvas did not tell which time zone you are in, so the note was not saved. "
                "Try again."
            )
        )
    form = request.form
    try:
        note = planner_writes.read_note(
            me,
            title=form.get("title", ""),
            details=form.get("details", ""),
            day=form.get("day", ""),
            clock=form.get("time", ""),
            course_id=form.get("course", ""),
        )
    except BadInput as error:
        return not_done(f"{error} {gettext('The note was not saved.')}")
    unlisted = not_listed(note.course_id)
    if note_id is None:
        return write_new(note, unlisted)
    return write_over(note_id, note, unlisted)


def write_new(note: NoteDraft, unlisted: str) -> Response:
    """Write a new note; Undo deletes it."""
    made, failure = write(
        lambda: planner_writes.create_note(current_api(), note),
        gettext("“%(title)s” was not saved") % {"title": note.title},
    )
    if failure or made is None:
        return not_done(failure)
    undo = {name: request.form.get(name, "") for name in NOTE}
    saved = gettext("“%(title)s” is saved.") % {"title": note.title}
    row = f"row-planner_note-{made.id}"
    return back(f"{saved}{unlisted}", f"/planner/notes/{made.id}/delete", undo, row=row)


def write_over(note_id: str, note: NoteDraft, unlisted: str) -> Response:
    """Overwrite a note; Undo restores the old one."""
    form = request.form
    moved = note.course_id != form.get("was_course")
    now, failure = write(
        lambda: planner_writes.update_note(current_api(), note_id, note, moved=moved),
        gettext("“%(title)s” was not changed") % {"title": note.title},
    )
    if failure or now is None:
        return not_done(failure)
    if now.deleted:
        return not_done(
            gettext("“%(title)s” was deleted meanwhile and is on no list. Write it as a new note.")
            % {"title": note.title}
        )
    before = {name: form.get(f"was_{name}", "") for name in NOTE}
    before |= {f"was_{name}": form.get(name, "") for name in NOTE}
    before["zone"] = form.get("zone", "")
    undo_at = f"/planner/notes/{note_id}" if before["title"] else ""
    changed = gettext("“%(title)s” is changed.") % {"title": note.title}
    row = f"row-planner_note-{note_id}"
    return back(f"{changed}{unlisted}", undo_at, before, row=row)


@bp.post("/notes/<int:note_id>/delete")
@login_required
def delete_note(note_id: int) -> ResponseReturnValue:
    """Delete a note; Undo writes it again."""
    me = own_profile()
    gone, failure = write(
        lambda: planner_writes.remove_note(current_api(), str(note_id)),
        gettext("%(title)s was not deleted") % {"title": named_note()},
    )
    if failure or gone is None:
        return not_done(failure)
    if me is None or gone.todo_date is None:
        return back(gettext("The note is deleted."))
    there = local(gone.todo_date, me.zone)
    again = {
        "title": gone.title or "",
        "details": note_text(gone.details),
        "day": there.date().isoformat(),
        "time": there.strftime("%H:%M:%S"),
        "zone": me.time_zone,
        "course": gone.course_id or "",
    }
    deleted = gettext("“%(title)s” is deleted.") % {"title": again["title"]}
    return back(deleted, "/planner/notes", again)


def named_note() -> str:
    """Return the title of the note that a form is about, as the page showed it."""
    title = request.form.get("was_title") or request.form.get("title", "")
    return f"“{title}”" if title.strip() else gettext("The note")


def not_listed(course_id: str) -> str:
    """Return the sentence to add when Canvas stores a note for this course but never lists it."""
    sources = current_sources()
    known = {course.id: course for course in start_courses(sources).rows()} if course_id else {}
    course = known.get(course_id)
    if not course_id or not complete(sources.states()):
        return ""
    if course and keeps_notes(course, sources.now()):
        return ""
    return " " + gettext(
        "It will be on no list: Canvas lists notes only with courses that you take as a "
        "student now."
    )


def own_profile() -> Person | None:
    """Return the person's time zone; None when Canvas does not tell it."""
    found = start_profile(current_sources())
    return None if found.value() is None else read_profile(found)


@bp.app_template_global()
def with_query(**changes: str | None) -> str:
    """Return this page's address with some parameters changed; None removes one.

    ``page`` is removed too, because other filters begin at their first page.
    """
    dropped = {"page", *changes}
    given = [(name, text) for name, text in request.args.items(multi=True) if name not in dropped]
    given += [(name, text) for name, text in changes.items() if text is not None]
    path = f"{request.script_root}{request.path}"
    return f"{path}?{urlencode(given)}" if given else path
