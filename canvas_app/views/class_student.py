"""One student in a course, for the people who grade there: page, JSON twin and CSV table."""

from functools import partial

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from canvas_app.current import login_required
from canvas_app.domain.attention import AttentionRules
from canvas_app.domain.class_student import StudentWork, work_shown
from canvas_app.domain.pieces import piece_number
from canvas_app.services.class_student import NotTheirStudent, StudentPage, class_student
from canvas_app.troubles import Trouble
from canvas_app.views.class_access import class_sources
from canvas_app.views.csv_table import Cell
from canvas_app.views.roster import kept_rules
from canvas_app.views.tables import Slice, csv_stream, ending, json_stream, lacking_parts

bp = Blueprint("class_student", __name__)

WORK_COLUMNS = (
    *("Assignment", "Group", "Status", "Score", "Grade", "Points possible", "Late", "Missing"),
    *("Excused", "Due (UTC)", "Handed in (UTC)", "Graded (UTC)", "Posted (UTC)", "SpeedGrader"),
)


@bp.get("/courses/<int:course_id>/students/<int:user_id>")
@login_required
def student_page(course_id: int, user_id: int) -> ResponseReturnValue:
    """Show a student. They are asked for first, so that 403 and 404 become the page's status."""
    return render_template("student.html", page=student_shown(course_id, user_id))


@bp.get("/courses/<int:course_id>/students/<int:user_id>.json")
@login_required
def student_json(course_id: int, user_id: int) -> ResponseReturnValue:
    page = student_shown(course_id, user_id)
    head = {
        "course_id": page.course_id,
        "student": page.student,
        "state": page.state,
        "after_posting": page.after_posting,
        "waiting": page.waiting,
        "history": [{"at": at, "percent": percent} for at, percent in page.history],
        "total": len(page.rows),
    }
    return json_stream(head, Slice.from_query().of(page.rows), partial(ending, page.sources))


@bp.get("/courses/<int:course_id>/students/<int:user_id>.csv")
@login_required
def student_csv(course_id: int, user_id: int) -> Response:
    page = student_shown(course_id, user_id)
    rows = map(work_cells, page.rows)
    name = f"course-{course_id}-student-{user_id}"
    return csv_stream(name, WORK_COLUMNS, rows, partial(lacking_parts, page.sources))


def student_shown(course_id: int, user_id: int) -> StudentPage:
    """Return the page of this address. Raise Trouble if the person may not see the student."""
    show = work_shown(request.args)
    rules = AttentionRules.from_query(request.args, kept_rules(course_id))
    sources = class_sources(str(course_id))
    try:
        number = piece_number(request.args.getlist("page"))
        return class_student(sources, str(course_id), str(user_id), show, rules, number)
    except NotTheirStudent as nobody:
        raise Trouble("not_your_section" if nobody.limited else "no_such_student") from None


def work_cells(row: StudentWork) -> tuple[Cell, ...]:
    return (
        row.title,
        row.group,
        row.status.replace("_", " "),
        row.score,
        row.grade,
        row.points_possible,
        row.late,
        row.missing,
        row.excused,
        row.due_at,
        row.submitted_at,
        row.graded_at,
        row.posted_at,
        row.url,
    )
