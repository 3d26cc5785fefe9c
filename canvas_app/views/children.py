"""Whom a page shows: everybody, the person alone, or one student whom they observe (``?child=``).

The choice stands in the address. The lists remember it for the session, so that links to other
lists keep it; an address without it shows everybody.
"""

from collections.abc import Iterable

from flask import request, session

from canvas_app.current import current_sources
from canvas_app.domain.children import PERSON_ALONE, Child
from canvas_app.services.family import whom_they_observe
from canvas_app.troubles import Trouble

REMEMBERED = "child"  # session key: the choice of the list that was opened last


def chosen_child() -> str:
    """Return whom this page shows: a student's id, ``self``, or empty for everybody.

    Raises Trouble when the person does not observe that student, before anything is asked about
    them, and the CanvasError that came in place of the person's courses.
    """
    wanted = request.args.get("child", "").strip()
    if wanted in ("", PERSON_ALONE):
        return wanted
    if wanted not in whom_they_observe(current_sources()):
        raise Trouble("no_such_child")
    return wanted


def asked_child() -> str:
    """Return whom a page about one course is to show; whether they are in it is seen later."""
    return request.args.get("child", "").strip()


def must_be_here(chosen: str, here: Iterable[Child]) -> None:
    """Raise Trouble if the chosen student is none of those whom the person observes in a course."""
    if chosen not in ("", PERSON_ALONE) and all(child.id != chosen for child in here):
        raise Trouble("no_such_child")


def listed_child() -> str:
    """Return whom this list shows, and remember it."""
    chosen = chosen_child()
    if session.get(REMEMBERED, "") != chosen:
        session[REMEMBERED] = chosen
    return chosen


def remembered_child() -> str:
    """Return the query of links to other lists, with the choice made last; empty for everybody."""
    chosen = request.args.get("child", "").strip() or session.get(REMEMBERED, "")
    return f"?child={chosen}" if chosen == PERSON_ALONE or chosen.isdecimal() else ""
