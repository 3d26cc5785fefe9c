"""Writes to the person's planner: done marks and own notes.

Each write is one call; setting a mark that exists already can take three. A write that Canvas may
have carried out is not repeated, and the message says that it may have happened.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import (
    AuthorizationError,
    CanvasError,
    InvalidRequest,
    MalformedAnswer,
    MissingScope,
    NotFound,
    Throttled,
    Unavailable,
)
from canvas_app.canvas.models import PlannerNote, PlannerOverride
from canvas_app.domain.calendar import Person
from canvas_app.domain.notes import note_html

PLANNABLE = frozenset(
    {
        *("assignment", "quiz", "discussion_topic", "sub_assignment", "wiki_page"),
        *("planner_note", "calendar_event", "announcement", "assessment_request"),
        "peer_review_sub_assignment",
    }
)
END_OF_DAY = time(23, 59, 59)
LONGEST_TITLE = 250
LONGEST_DETAILS = 10_000


class BadInput(ValueError):
    """The form's values cannot be accepted; the message is shown to the person."""


@dataclass(frozen=True)
class Mark:
    """A done mark to set or remove; ``override_id`` is empty when the item has none yet."""

    type: str
    id: str
    override_id: str
    dismissed: bool
    done: bool
    title: str = ""


@dataclass(frozen=True)
class NoteDraft:
    """A note as written: plain text, ``due_at`` in UTC, ``course_id`` empty for none."""

    title: str
    details: str
    due_at: datetime
    course_id: str


def read_mark(text: str) -> Mark:
    """Parse a mark from ``type:id:override:dismissed:done:title``. Raise BadInput."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] not in PLANNABLE or not parts[1].isdecimal():
        raise BadInput("That is not something a planner can mark.")
    type_, id_, override_id, dismissed, done, title = parts
    if override_id and not override_id.isdecimal():
        raise BadInput("That is not something a planner can mark.")
    return Mark(type_, id_, override_id, dismissed == "1", done == "1", title)


def write_mark(mark: Mark) -> str:
    """Return the text that :func:`read_mark` parses."""
    flags = f"{int(mark.dismissed)}:{int(mark.done)}"
    return f"{mark.type}:{mark.id}:{mark.override_id}:{flags}:{mark.title}"


def set_mark(api: CanvasAPI, mark: Mark) -> PlannerOverride:
    """Mark an item done or not done. Raises CanvasError.

    The page may show an old state. If the mark was deleted meanwhile, it is created again; if
    another page created one meanwhile, that one is changed.
    """
    if mark.override_id:
        try:
            return update_override(api, mark, mark.override_id, dismissed=mark.dismissed)
        except NotFound:
            return create_override(api, mark)
    try:
        return create_override(api, mark)
    except InvalidRequest:
        for found in api.planner_overrides():
            if found.id and (found.plannable_type, found.plannable_id) == (mark.type, mark.id):
                return update_override(api, mark, found.id, dismissed=bool(found.dismissed))
        raise


def create_override(api: CanvasAPI, mark: Mark) -> PlannerOverride:
    return api.create_planner_override(
        mark.type, mark.id, marked_complete=mark.done, dismissed=mark.dismissed
    )


def update_override(
    api: CanvasAPI, mark: Mark, override_id: str, *, dismissed: bool
) -> PlannerOverride:
    return api.update_planner_override(override_id, marked_complete=mark.done, dismissed=dismissed)


def read_note(
    me: Person, *, title: str, details: str, day: str, clock: str, course_id: str
) -> NoteDraft:
    """Parse a note from a form, with day and time in the person's zone. Raise BadInput.

    Without a time, or with the day's last minute, it is due at the end of the day, as Canvas's
    own planner has it.
    """
    title = " ".join(title.split())
    if not title:
        raise BadInput("A note needs a few words that say what it is about.")
    if len(title) > LONGEST_TITLE or len(details) > LONGEST_DETAILS:
        raise BadInput("That note is too long for Canvas's planner.")
    if course_id and not course_id.isdecimal():
        raise BadInput("That is not a course.")
    try:
        on = date.fromisoformat(day)
        at = time.fromisoformat(clock) if clock else END_OF_DAY
    except ValueError:
        raise BadInput(
            "A note needs a day, such as 2026-11-27, and a time such as 16:30."
        ) from None
    if at.tzinfo or not 1970 <= on.year <= 2999:
        raise BadInput("A note needs a day between 1970 and 2999, and a plain time.")
    if at.replace(second=0, microsecond=0) == END_OF_DAY.replace(second=0):
        at = END_OF_DAY
    return NoteDraft(title, details.strip(), me.moment(on, at), course_id)


def create_note(api: CanvasAPI, note: NoteDraft) -> PlannerNote:
    """Write a new note. Raise CanvasError."""
    return api.create_planner_note(
        title=note.title,
        details=note_html(note.details),
        todo_date=note.due_at,
        course_id=note.course_id,
    )


def update_note(api: CanvasAPI, note_id: str, note: NoteDraft, *, moved: bool) -> PlannerNote:
    """Rewrite a note, and its course if it ``moved``. Raises CanvasError.

    Canvas accepts no course for a note that is linked to an object, not even its present course.
    """
    return api.update_planner_note(
        note_id,
        title=note.title,
        details=note_html(note.details),
        todo_date=note.due_at,
        course_id=note.course_id if moved else None,
    )


def remove_note(api: CanvasAPI, note_id: str) -> PlannerNote:
    """Delete a note; return it, so that an Undo can create it again."""
    return api.delete_planner_note(note_id)


def what_became(error: CanvasError, attempt: str) -> str:
    """Return the message after a failed write: what may have happened, and what the person can do.

    ``attempt`` says what was not done: "“Essay” was not marked done".
    """
    doubtful = (isinstance(error, MalformedAnswer) and not error.repeat_is_safe) or (
        isinstance(error, Unavailable) and error.delivery == "may_have_happened"
    )
    if doubtful:
        return (
            f"Perhaps {attempt[:1].lower()}{attempt[1:]}: Canvas did not say whether it did so. "
            "Look below before you try again: it may be done."
        )
    match error:
        case MissingScope():
            reason = "Your school's Canvas does not let Easel write this."
        case AuthorizationError():
            reason = "Canvas does not let you do this."
        case NotFound():
            reason = "Canvas no longer has it."
        case Throttled():
            reason = "Canvas asks Easel to wait. Try again in a minute."
        case Unavailable():
            reason = "Canvas could not be reached. Try again."
        case _:
            reason = "Canvas did not accept it in this form."
    return f"{attempt}. {reason} Nothing was changed."
