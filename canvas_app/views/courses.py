"""Writing to courses: favourites and nicknames, each answered with a message and an Undo."""

from collections.abc import Callable

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from canvas_app.current import current_api, login_required
from canvas_app.services.courses import NICKNAME_LENGTH
from canvas_app.views.languages import gettext
from canvas_app.views.planner import back, write

bp = Blueprint("courses", __name__, url_prefix="/courses")


@bp.post("/<int:course_id>/favorite")
@login_required
def favorite(course_id: int) -> ResponseReturnValue:
    """Make a course a favourite, or no longer one (``on`` is 1 or 0)."""
    wanted = request.form.get("on") == "1"
    api, id_ = current_api(), str(course_id)
    call: Callable[[], None] = (
        (lambda: api.add_favorite(id_)) if wanted else (lambda: api.remove_favorite(id_))
    )
    _, failure = write(call, "Your favourites were not changed")
    if failure:
        return back(failure)
    undo = {"on": "0" if wanted else "1", "name": name()}
    if wanted:
        message = gettext("%(course)s is a favourite, in Canvas too.")
    else:
        message = gettext("%(course)s is no favourite any more, in Canvas too.")
    return back(message % {"course": named()}, f"/courses/{course_id}/favorite", undo)


@bp.post("/<int:course_id>/nickname")
@login_required
def nickname(course_id: int) -> ResponseReturnValue:
    """Give a course a nickname; an empty one takes it away."""
    given = " ".join(request.form.get("nickname", "").split())
    before = request.form.get("before", "")
    if len(given) > NICKNAME_LENGTH:
        message = gettext("A nickname has %(most)s characters at most. %(course)s keeps its name.")
        return back(message % {"most": NICKNAME_LENGTH, "course": named()})
    api, id_ = current_api(), str(course_id)
    call: Callable[[], None] = (
        (lambda: api.set_nickname(id_, given)) if given else (lambda: api.remove_nickname(id_))
    )
    _, failure = write(call, "The nickname was not saved")
    if failure:
        return back(failure)
    undo = {"nickname": before, "before": given, "name": name()}
    if given:
        message = gettext("%(course)s is called “%(nickname)s”, in Canvas too.")
    else:
        message = gettext("%(course)s has its own name again, in Canvas too.")
    said = message % {"course": named(), "nickname": given}
    return back(said, f"/courses/{course_id}/nickname", undo)


def name() -> str:
    """The course's own name, as the form had it."""
    return request.form.get("name", "")


def named() -> str:
    return f"“{name()}”" if name().strip() else gettext("The course")
