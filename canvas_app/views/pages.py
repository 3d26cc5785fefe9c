"""The person's pages and their JSON twins."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from canvas_app.canvas.errors import AccessRefused, AuthenticationError, CanvasError
from canvas_app.current import current_sign_in, current_sources, login_required
from canvas_app.services import course as course_service
from canvas_app.services import courses as courses_service
from canvas_app.services import dashboard as dashboard_service
from canvas_app.services import upcoming as upcoming_service
from canvas_app.services.early_views import Gathering
from canvas_app.services.pages import Page, failed_twin
from canvas_app.services.upcoming_filters import read_wish
from canvas_app.sources.sources import Sources
from canvas_app.sources.wording import plain
from canvas_app.views.rendering import render_page, stream_page

bp = Blueprint("pages", __name__)

Gather = Callable[[Sources], Page]


def own_list(template: str, gather: Gather, **shell: Any) -> ResponseReturnValue:
    """Stream one of the person's own lists: the shell goes out before Canvas is asked."""
    # Now: the template reads on when the request is long handled.
    gathering = Gathering(current_sources(), gather)
    return stream_page(template, load=gathering.load, early=gathering.early, **shell)


def twin(gather: Gather, *further: str, data: str = "rows") -> Response:
    """Answer a page's JSON twin: ``data``, ``complete``, ``sources`` and the page's further parts.

    A page that fails as a whole answers the same shape, with Canvas's status and an ``error``.
    """
    try:
        page = gather(current_sources())
    except CanvasError as error:
        status = status_of(error)
        return json_answer(failed_twin(plain_failure(error), status), status)
    body = {
        "data": getattr(page, data),
        "complete": page.complete,
        "sources": [source_json(source) for source in page.sources],
        "standing": page.standing,
    }
    return json_answer(body | {name: getattr(page, name) for name in further})


def json_answer(body: dict[str, Any], status: int = 200) -> Response:
    """JSON with datetimes in ISO 8601; private to the person, so kept by nobody."""
    answer = Response(msgspec.json.encode(body), status, mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def source_json(source: Any) -> dict[str, Any]:
    """A source; what does not concern it does not stand there. A note is part of the detail."""
    facts: dict[str, Any] = msgspec.to_builtins(source)
    facts["detail"] = " ".join(filter(None, (facts["detail"], facts.pop("note"))))
    del facts["unread"]  # the detail says it
    for name in ("refreshing", "course_id", "course_name", "for_admin"):
        if not facts[name]:
            del facts[name]
    return facts


def plain_failure(error: CanvasError) -> str:
    if isinstance(error, AccessRefused):
        return (
            "Canvas refuses Easel's access for you: your account may be suspended, or Easel "
            "switched off. Ask your school's Canvas support."
        )
    if isinstance(error, AuthenticationError):
        return "Your connection to Canvas has ended. Sign in again."
    return plain(error)


def status_of(error: CanvasError) -> int:
    """The status a page answers with when Canvas refused it as a whole."""
    if isinstance(error, AccessRefused):
        return 403
    if isinstance(error, AuthenticationError):
        return 401
    return error.status if error.status in (403, 404) else 503


@bp.get("/")
def index() -> ResponseReturnValue:
    if current_sign_in() is None:
        return render_page("landing.html")
    return signed_in_index()


@login_required
def signed_in_index() -> ResponseReturnValue:
    return own_list("dashboard.html", dashboard_service.dashboard)


@bp.get("/dashboard.json")
@login_required
def dashboard_json() -> ResponseReturnValue:
    return twin(
        dashboard_service.dashboard,
        "missing",
        "behind",
        "due",
        "new_grades",
        "days",
        "announcements",
        "grading",
        "by_course",
        "other_courses",
    )


@bp.get("/courses")
@login_required
def courses() -> ResponseReturnValue:
    """Every course; ``arrange=1`` shows the forms for favourites and nicknames."""
    wanted = courses_service.Wanted.of(request.args.getlist)
    return own_list(
        "courses.html",
        partial(courses_service.courses, wanted=wanted),
        wanted=wanted,
        arrange=request.args.get("arrange") == "1",
    )


@bp.get("/courses.json")
@login_required
def courses_json() -> ResponseReturnValue:
    wanted = courses_service.Wanted.of(request.args.getlist)
    return twin(
        partial(courses_service.courses, wanted=wanted), "groups", "total", "terms", "roles"
    )


@bp.get("/courses/<int:course_id>")
@login_required
def course(course_id: int) -> ResponseReturnValue:
    """One course, asked for first, so that 403 and 404 are true; error_pages shows those."""
    page = course_service.course(current_sources(), str(course_id))
    return render_page("course.html", page=page)


@bp.get("/courses/<int:course_id>.json")
@login_required
def course_json(course_id: int) -> ResponseReturnValue:
    return twin(lambda sources: course_service.course(sources, str(course_id)), "course", "groups")


@bp.get("/upcoming")
@login_required
def upcoming() -> ResponseReturnValue:
    return own_list("upcoming.html", wished())


@bp.get("/upcoming.json")
@login_required
def upcoming_json() -> ResponseReturnValue:
    return twin(wished(), "new_grades", "tabs", "week", "previous_week", "next_week", "load")


def wished() -> Gather:
    """The week with the filters of this address."""
    wish = read_wish(request.args.getlist)
    return partial(upcoming_service.upcoming, wish=wish)
