"""Courses: the list, one course, and writing favourites and nicknames, each with an Undo."""

from collections.abc import Callable
from functools import partial

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from canvas_app.current import current_api, current_sources, login_required
from canvas_app.domain.course_filter import CourseFilter
from canvas_app.domain.pieces import PIECE, piece_number
from canvas_app.services.courses import ARRANGED, NICKNAME_LENGTH, WantedPiece, courses
from canvas_app.services.family_grades import all_in_one, everybodys_course
from canvas_app.services.grades import GradesPage
from canvas_app.sources.sources import Sources
from canvas_app.views.answers import flat_groups, flat_rows, own_list, twin
from canvas_app.views.children import asked_child, chosen_child, listed_child, must_be_here
from canvas_app.views.languages import gettext
from canvas_app.views.writing import back, not_done, write

bp = Blueprint("courses", __name__)


@bp.get("/courses")
@login_required
def courses_page() -> ResponseReturnValue:
    """List every course; ``arrange=1`` shows the forms for favourites and nicknames.

    ``at`` is a course id: the piece with that course is shown. The forms lead back there, because a
    new favourite moves up in the list.
    """
    wanted = CourseFilter.from_query(request.args)
    arrange = request.args.get("arrange") == "1"
    number = request.args.getlist("page")
    piece = WantedPiece(
        number=piece_number(number),
        at="" if number else request.args.get("at", ""),
        most=ARRANGED if arrange else PIECE,
    )
    return own_list(
        "courses.html",
        partial(courses, wanted=wanted, piece=piece, chosen=listed_child()),
        wanted=wanted,
        arrange=arrange,
    )


@bp.get("/courses.json")
@login_required
def courses_json() -> ResponseReturnValue:
    wanted = CourseFilter.from_query(request.args)
    page = partial(courses, wanted=wanted, chosen=chosen_child())
    return twin(page, "children", "groups", "total", "terms", "roles")


@bp.get("/courses/<int:course_id>")
@login_required
def course_page(course_id: int) -> ResponseReturnValue:
    """Show a course. It is requested first, so that 403 and 404 become the page's status.

    Its assignments come in pieces, of which ``page`` is one.
    """
    number, chosen = piece_number(request.args.getlist("page")), asked_child()
    found = everybodys_course(current_sources(), str(course_id), chosen, number)
    must_be_here(chosen, found.here)
    return render_template("course.html", page=found)


@bp.get("/courses/<int:course_id>.json")
@login_required
def course_json(course_id: int) -> ResponseReturnValue:
    chosen = asked_child()

    def page(sources: Sources) -> GradesPage:
        found = everybodys_course(sources, str(course_id), chosen)
        must_be_here(chosen, found.here)
        return all_in_one(found)

    return twin(
        page,
        *("children", "by_child", "course", "groups"),
        shapes={"rows": flat_rows, "groups": flat_groups},
    )


@bp.post("/courses/<int:course_id>/favorite")
@login_required
def favorite(course_id: int) -> ResponseReturnValue:
    """Make a course a favourite, or remove it from the favourites (``on`` is 1 or 0)."""
    wanted = request.form.get("on") == "1"
    api, id_ = current_api(), str(course_id)
    call: Callable[[], None] = (
        (lambda: api.add_favorite(id_)) if wanted else (lambda: api.remove_favorite(id_))
    )
    if wanted:
        attempt = gettext("%(course)s was not made a favourite")
    else:
        attempt = gettext("%(course)s is still a favourite")
    row = f"course-{course_id}"
    _, failure = write(call, attempt % {"course": quoted_name()})
    if failure:
        return not_done(failure, row=row)
    undo = {"on": "0" if wanted else "1", "name": own_name()}
    if wanted:
        message = gettext("%(course)s is a favourite, in Canvas too.")
    else:
        message = gettext("%(course)s is no longer a favourite, in Canvas too.")
    return back(
        message % {"course": quoted_name()}, f"/courses/{course_id}/favorite", undo, row=row
    )


@bp.post("/courses/<int:course_id>/nickname")
@login_required
def nickname(course_id: int) -> ResponseReturnValue:
    """Give a course a nickname; an empty one removes it."""
    given = " ".join(request.form.get("nickname", "").split())
    before, row = request.form.get("before", ""), f"course-{course_id}"
    if len(given) > NICKNAME_LENGTH:
        message = gettext(
            "A nickname can have at most %(most)s characters. %(course)s keeps its name."
        )
        return not_done(message % {"most": NICKNAME_LENGTH, "course": quoted_name()}, row=row)
    api, id_ = current_api(), str(course_id)
    call: Callable[[], None] = (
        (lambda: api.set_nickname(id_, given)) if given else (lambda: api.remove_nickname(id_))
    )
    attempt = gettext("The nickname of %(course)s was not saved") % {"course": quoted_name()}
    _, failure = write(call, attempt)
    if failure:
        return not_done(failure, row=row)
    undo = {"nickname": before, "before": given, "name": own_name()}
    if given:
        message = gettext("%(course)s is called “%(nickname)s”, in Canvas too.")
    else:
        message = gettext("%(course)s has its own name again, in Canvas too.")
    said = message % {"course": quoted_name(), "nickname": given}
    return back(said, f"/courses/{course_id}/nickname", undo, row=row)


def own_name() -> str:
    """Return the course's own name, as the form sent it."""
    return request.form.get("name", "")


def quoted_name() -> str:
    return f"“{own_name()}”" if own_name().strip() else gettext("The course")
