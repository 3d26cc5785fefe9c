"""What a course is to a person: role, state, term and grade."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from msgspec import UnsetType
from msgspec.structs import replace

from canvas_app.canvas.models import (
    Course,
    CourseEnrollment,
    Enrollment,
    Grades,
)
from canvas_app.domain.course_colors import color_of
from canvas_app.domain.letters import STAFF, letters_only, total_letter
from canvas_app.domain.rows import CourseGroup, CourseRow, Enrolled

_T = TypeVar("_T")
Span = tuple[datetime | None, datetime | None]  # when something begins and ends


ROLES = ("student", "teacher", "ta", "observer", "designer")


TEACHING = frozenset({"teacher", "ta"})


STATES = ("current", "invited", "unpublished", "future", "restricted", "past")


def each_once(found: Iterable[Course]) -> list[Course]:
    """Return each course once, with the enrollments and sections of all its appearances.

    Canvas's filters leave out enrollments as well as courses: for someone who studied in a course
    and now assists there, the course is in two lists with one enrollment each.
    """
    kept: dict[str, Course] = {}
    for course in found:
        known = kept.get(course.id)
        if known is None or known.name is None:
            kept[course.id] = course
        elif course.name is not None:
            kept[course.id] = replace(
                known,
                enrollments=union(known.enrollments, course.enrollments),
                sections=union(known.sections, course.sections),
            )
    return list(kept.values())


def with_ended(course: Course, ended: Iterable[Enrollment]) -> Course:
    """Return a course with those of the person's ended enrollments that it does not show itself.

    A course requested by its id leaves these out. When it then shows no enrollment at all, it names
    every section instead of the person's own (``courses_controller.rb``).
    """
    mine = [row for row in ended if row.course_id == course.id]
    shown = {(e.type, e.associated_user_id) for e in course.enrollments or ()}
    more = [e for e in map(as_in_course, mine) if (e.type, e.associated_user_id) not in shown]
    if not more or course.name is None:
        return course
    sections = course.sections
    if not course.enrollments:
        roles = {row.course_section_id: row.role or row.type for row in mine}
        sections = [
            replace(section, enrollment_role=roles[section.id])
            for section in sections or ()
            if section.id in roles
        ]
    return replace(course, enrollments=[*(course.enrollments or ()), *more], sections=sections)


def as_in_course(row: Enrollment) -> CourseEnrollment:
    """Return an enrollment of an enrollment list as a course contains it, with its totals."""
    grades = row.grades or Grades()
    return CourseEnrollment(
        type=(row.type or "").removesuffix("Enrollment").lower(),
        role=row.role,
        user_id=row.user_id,
        enrollment_state=row.enrollment_state,
        associated_user_id=row.associated_user_id,
        computed_current_score=grades.current_score,
        computed_current_grade=grades.current_grade,
        computed_final_score=grades.final_score,
        computed_final_grade=grades.final_grade,
    )


def union(known: list[_T] | None, more: list[_T] | None) -> list[_T]:
    """Return the members of both lists; equal ones as often as in the list with more of them."""
    found = list(known or ())
    rest = list(found)
    for each in more or ():
        if each in rest:
            rest.remove(each)
        else:
            found.append(each)
    return found


def course_row(
    course: Course,
    canvas_url: str,
    colors: Mapping[str, str],
    now: datetime,
    positions: Mapping[str, int] | None = None,
    phase: str = "",
) -> CourseRow:
    """Return a course as a row; a restricted stub has nothing but its id.

    ``phase``: see :func:`phases_of`.
    """
    url = f"{canvas_url}/courses/{course.id}"
    color = color_of(course.id, colors, course)
    if course.access_restricted_by_date or course.name is None:
        return CourseRow(
            id=course.id, name="", restricted=True, state="restricted", url=url, color=color
        )
    state, score, letter, basis = grade_of(course)
    progress = course.course_progress
    span, roles = span_of(course), roles_of(course)
    return CourseRow(
        id=course.id,
        name=course.name,
        code=course.course_code or "",
        term=course.term.name if course.term else None,
        roles=roles,
        grade=grade_text(score, letter),
        url=url,
        grade_state=state,
        grade_score=score,
        grade_letter=letter,
        grade_basis=basis,
        letters_only=letters_only(course),
        original_name=course.original_name,
        state=_state(course, span, now, phase),
        favorite=bool(course.is_favorite),
        color=color,
        image_url=course.image_download_url,
        sections=tuple(dict.fromkeys(s.name for s in course.sections or () if s.name)),
        progress_done=progress.requirement_completed_count if progress else None,
        progress_total=progress.requirement_count if progress else None,
        starts_at=span[0],
        ends_at=span[1],
        needs_grading=course.needs_grading_count,
        students=course.total_students,
        enrolled=enrolled(course, roles),
        position=(positions or {}).get(course.id),
    )


def enrolled(course: Course, roles: Iterable[str]) -> tuple[Enrolled, ...]:
    """Return each of the person's roles with all its sections, active roles first."""
    active = {e.type for e in course.enrollments or () if e.enrollment_state != "completed"}
    own_names = {e.role: e.type for e in course.enrollments or () if e.role}
    sections: dict[str | None, dict[str, None]] = {}
    for section in course.sections or ():
        named = section.enrollment_role or ""
        role = own_names.get(named) or named.removesuffix("Enrollment").lower()
        if section.name:
            sections.setdefault(role, {})[section.name] = None
    found = [Enrolled(r, tuple(sections.get(r, ())), r in active) for r in roles]
    found.sort(key=lambda each: not each.active)
    return tuple(found)


def roles_of(course: Course) -> tuple[str, ...]:
    """Return every role the person has here, each once."""
    found = {enrollment.type for enrollment in course.enrollments or ()}
    return tuple([role for role in ROLES if role in found])


def span_of(course: Course) -> Span:
    """Return when a course begins and ends for the person, as far as the course itself tells.

    The course's own dates count if it restricts enrollments to them, otherwise the term's dates for
    the person's roles. For staff there is no start, and the later end counts. Dates of their
    sections widen the span (``enrollment_date_builder.rb``).
    """
    term = (course.term.start_at, course.term.end_at) if course.term else (None, None)
    spans = [term]
    if course.restrict_enrollments_to_course_dates:
        own = (course.start_at, course.end_at)
        staff = not STAFF.isdisjoint(roles_of(course))
        spans = [own, term] if staff and course.term else [own]
    spans += [(s.start_at, s.end_at) for s in course.sections or () if s.start_at or s.end_at]
    starts = [start for start, _ in spans if start]
    ends = [end for _, end in spans if end]
    return (
        min(starts) if len(starts) == len(spans) else None,
        max(ends) if len(ends) == len(spans) else None,
    )


def is_over(course: Course, now: datetime) -> bool:
    """Return whether the course has ended for the person.

    Canvas's ``concluded`` ignores the dates of sections and roles; it is used when no dates are
    known.
    """
    return course.workflow_state == "completed" or _has_ended(course, span_of(course)[1], now)


def _has_ended(course: Course, end: datetime | None, now: datetime) -> bool:
    """Return whether the course's end, as :func:`span_of` tells it, has passed."""
    if not course.term and not course.restrict_enrollments_to_course_dates:
        return bool(course.concluded)
    return end is not None and end <= now


def state_of(course: Course, now: datetime, phase: str = "") -> str:
    """Return current, future, past, invited or unpublished; ``phase`` is from Canvas's lists."""
    return _state(course, span_of(course), now, phase)


def _state(course: Course, span: Span, now: datetime, phase: str) -> str:
    states = {enrollment.enrollment_state for enrollment in course.enrollments or ()}
    if course.workflow_state == "completed" or states == {"completed"}:
        return "past"
    start_at, end_at = span
    if phase == "past" or (not phase and _has_ended(course, end_at, now)):
        return "past"
    if states and states <= {"invited", "creation_pending"}:
        return "invited"
    if course.workflow_state == "unpublished":
        return "unpublished"
    if states == {"pending_active"}:
        return "future"
    begins = bool(start_at and start_at > now)
    return "future" if phase == "future" or (not phase and begins) else "current"


def phases_of(
    current: Iterable[Course], pending: Iterable[Course], past: Iterable[Course]
) -> dict[str, str]:
    """Return whether each course is past, future or current, by the dates that count for it.

    Only Canvas knows all of these dates, including those of enrollments, sections and roles. The
    arguments are its three lists. A course is past or future when all its enrollments are.
    """
    sizes = {course.id: len(course.enrollments or ()) for course in current}
    found = dict.fromkeys(sizes, "current")
    for phase, rows in (("past", past), ("future", pending)):
        found |= {
            course.id: phase
            for course in rows
            if len(course.enrollments or ()) >= sizes.get(course.id, 0)
        }
    return found


def is_active_student(course: Course, now: datetime) -> bool:
    """Return whether the person takes part as a student now."""
    return _admits_student(course) and not is_over(course, now)


def _admits_student(course: Course) -> bool:
    """Return whether the person's enrollment lets them take part as a student, whatever the day."""
    return (
        not course.access_restricted_by_date
        and course.workflow_state in (None, "available")
        and any(
            e.type == "student" and e.enrollment_state in (None, "active")
            for e in course.enrollments or ()
        )
    )


def shares_calendar(course: Course) -> bool:
    """Return whether the person can certainly read the course's calendar (Canvas: Calendar Events).

    If a request names one course whose calendar they may not read, Canvas refuses all of it.
    """
    if course.access_restricted_by_date or course.workflow_state == "deleted":
        return False
    return course.workflow_state != "unpublished" or any(
        e.type in (*TEACHING, "designer") and e.enrollment_state in (None, "active")
        for e in course.enrollments or ()
    )


def keeps_notes(course: Course, now: datetime) -> bool:
    """Return whether Canvas lists notes of this course: the person is an active student in it.

    Canvas stores notes for any course one may read, but lists only those of active students
    (``planner_controller.rb``).
    """
    return _admits_student(course) and state_of(course, now) == "current"


def is_active_teacher(course: Course, now: datetime) -> bool:
    """Return whether the person grades here now."""
    return (
        not course.access_restricted_by_date
        and any(
            e.type in TEACHING and e.enrollment_state in (None, "active")
            for e in course.enrollments or ()
        )
        and not is_over(course, now)
    )


def student_enrollment(course: Course) -> CourseEnrollment | None:
    """Return the enrollment whose grade counts: a student's, active ones first."""
    found = [e for e in course.enrollments or () if e.type == "student"]
    return min(found, key=lambda e: e.enrollment_state != "active", default=None)


def grade_of(course: Course) -> tuple[str, float | None, str | None, str]:
    """Return state, score, letter and basis of the person's own grade, as Canvas computes it.

    In a course with grading periods this is the current period's grade, otherwise the whole
    course's.
    """
    enrollment = student_enrollment(course)
    if enrollment is None:
        return "not_available", None, None, ""
    if course.hide_final_grades:
        return "hidden", None, None, ""
    score: float | UnsetType | None = enrollment.computed_current_score
    letter = whole_letter(course, enrollment)
    basis = "whole course"
    if enrollment.current_grading_period_id:
        score = enrollment.current_period_computed_current_score
        letter = enrollment.current_period_computed_current_grade
        basis = enrollment.current_grading_period_title or "current grading period"
    elif enrollment.has_grading_periods and (
        enrollment.totals_for_all_grading_periods_option is False
    ):
        return "not_available", None, None, "no grading period runs now"
    if isinstance(score, UnsetType):
        return "not_available", None, None, ""
    if letters_only(course):
        letter = letter or total_letter(course, score)
        nothing = "none" if score is None else "not_available"
        return ("letter" if letter else nothing), None, letter, basis
    if score is None:
        return ("letter" if letter else "none"), None, letter, basis
    return "percentage", score, letter, basis


def whole_letter(course: Course, enrollment: CourseEnrollment) -> str | None:
    """Return Canvas's letter for the graded work of the whole course, if letters are in use.

    ``computed_current_letter_grade`` is set even where no grading scheme is enabled: Canvas fills
    it for courses that show only letters.
    """
    letter = enrollment.computed_current_letter_grade if letters_only(course) else None
    return enrollment.computed_current_grade or letter


def grade_text(score: float | None, letter: str | None) -> str | None:
    """Return "92.4 % · A-", one of the two, or None; Canvas's own digits, not rounded again."""
    parts = [f"{score:.10g} %"] if score is not None else []
    return " · ".join([*parts, letter] if letter else parts) or None


def in_order(rows: Iterable[CourseRow]) -> tuple[CourseRow, ...]:
    """Sort by state, then favourites first as on Canvas's dashboard, then in Canvas's order."""
    last = float("inf")
    return tuple(
        sorted(
            rows,
            key=lambda row: (
                STATES.index(row.state),
                not row.favorite,
                last if row.position is None else row.position,
            ),
        )
    )


def by_role_and_term(rows: Iterable[CourseRow]) -> tuple[CourseGroup, ...]:
    """Group courses for reading: favourites, then by state, most important role and term.

    A current role is more important than one that has ended.
    """
    groups: dict[tuple[int, int, str], list[CourseRow]] = {}
    for row in rows:
        if row.favorite and row.state not in ("past", "restricted"):
            key = (-1, len(ROLES), "")
        else:
            role = ROLES.index(row.enrolled[0].role) if row.enrolled else len(ROLES)
            key = (STATES.index(row.state), role, row.term or "")
        groups.setdefault(key, []).append(row)
    ordered = sorted(groups.items(), key=lambda pair: pair[0][:2])
    return tuple(
        CourseGroup(
            role=ROLES[role] if role < len(ROLES) else "",
            term=term or None,
            state="favorite" if state < 0 else STATES[state],
            rows=tuple(members),
        )
        for (state, role, term), members in ordered
    )


def has_role(courses: Iterable[Course], *roles: str) -> bool:
    return any(role in roles for course in courses for role in roles_of(course))


def observed(courses: Iterable[Course]) -> int:
    """Return how many courses the person only observes."""
    return sum(roles_of(course) == ("observer",) for course in courses)
