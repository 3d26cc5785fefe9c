"""What there is to do: planner, missing work and what waits for grading, merged without repeats."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from urllib.parse import urljoin

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    CalendarEvent,
    Course,
    PlannerItem,
    PlannerSubmission,
    TodoItem,
)
from canvas_app.services.courses import (
    is_active_student,
    read_colors,
    read_profile,
    roles_of,
    start_colors,
    start_courses,
    start_profile,
)
from canvas_app.services.dates import Profile, monday, week_slices
from canvas_app.services.pages import Item, Section, Upcoming
from canvas_app.services.sources import Rows, Sources, complete
from canvas_app.services.status import custom_label, planner_status, student_status

BACK = timedelta(days=28)
AHEAD = timedelta(days=14)
CONTEXTS = 10  # calendar contexts Canvas reads in one request
DONE = frozenset({"graded", "submitted", "resubmitted", "excused"})
NOT_WORK = frozenset({"announcement", "calendar_event", "assessment_request"})


def upcoming(sources: Sources) -> Upcoming:
    """Gather four weeks back, two weeks ahead, and older missing work."""
    now = sources.now()
    handles = start_items(sources, (now - BACK).date(), (now + AHEAD).date())
    courses, profile = start_courses(sources), start_profile(sources)
    colors = start_colors(sources)
    me = read_profile(profile)
    known = {course.id: course for course in courses.rows()}
    studied = [course.id for course in known.values() if is_active_student(course)]
    weeks = week_slices((now - BACK).date(), (now + AHEAD).date())
    some = [tuple(studied[n : n + CONTEXTS]) for n in range(0, len(studied), CONTEXTS)]
    dated = partial(CanvasAPI.calendar_assignments, start_date=weeks[0][0], end_date=weeks[-1][1])
    calendar = sources.start(
        "calendar",
        *(partial(dated, course_ids=ids) for ids in some),
        *(partial(CanvasAPI.calendar_assignments, course_ids=ids) for ids in some),
    )
    look = Look(sources.api.canvas_url, known, read_colors(colors), now)
    first, last = me.day(now - BACK), me.day(now + AHEAD)
    found = look.merged(*handles[:2], calendar)
    rows = [item for item in found if in_window(item, me, first, last)]
    rows.sort(key=by_due)
    grading = look.grading(handles[2].rows())
    states = sources.states()
    return Upcoming(
        sources=states,
        complete=complete(states),
        profile=me,
        now=now,
        rows=(*rows, *grading),
        sections=sections(rows, me, now),
        done=tuple(item for item in rows if item.done),
        grading=grading,
        is_student=has_role(known.values(), "student"),
        is_teacher=bool(grading) or has_role(known.values(), "teacher", "ta"),
    )


def start_items(
    sources: Sources, first: date, last: date
) -> tuple[Rows[PlannerItem], Rows[Assignment], Rows[TodoItem]]:
    """Start planner, missing work and to-do; a day more on each side holds every time zone."""
    day = timedelta(days=1)
    planner = sources.start(
        "planner",
        *(
            partial(CanvasAPI.planner_items, start_date=start, end_date=end)
            for start, end in week_slices(first - day, last + day)
        ),
    )
    missing = sources.start("missing", partial(CanvasAPI.missing_submissions))
    todo = sources.start("todo", partial(CanvasAPI.todo))
    return planner, missing, todo


class Look:
    """How Canvas's objects become items: names, colours and links from the person's courses."""

    def __init__(
        self,
        canvas_url: str,
        courses: Mapping[str, Course],
        colors: Mapping[str, str],
        now: datetime,
    ) -> None:
        self.canvas_url = canvas_url
        self.courses = courses
        self.colors = colors
        self.now = now

    def merged(
        self,
        planner: Rows[PlannerItem],
        missing: Rows[Assignment],
        calendar: Rows[CalendarEvent] | None = None,
    ) -> list[Item]:
        """Planner items, then what only missing work or the calendar names; each once."""
        events = calendar.rows() if calendar else []
        known = {event.assignment.id: event.assignment for event in events if event.assignment}
        found: dict[tuple[str, ...], Item] = {}
        for plan in planner.rows():
            key = planner_key(plan)
            assignment = known.get(key[1]) if key[0] == "assignment" else None
            found.setdefault(key, self.planned(plan, assignment))
        for assignment in missing.rows():
            found.setdefault(("assignment", assignment.id), self.missed(assignment))
        for assignment in known.values():
            found.setdefault(("assignment", assignment.id), self.scheduled(assignment))
        return list(found.values())

    def planned(self, plan: PlannerItem, assignment: Assignment | None = None) -> Item:
        """A planner item; its assignment knows more of its status, when the calendar gave it."""
        thing, state = plan.plannable, plan.submissions
        status = self.status(plan, assignment)
        own = assignment.own_submission if assignment else None
        submission = state if isinstance(state, PlannerSubmission) else None
        course = self.courses.get(plan.course_id or "")
        feedback = submission.feedback if submission else None
        graded_kind = plan.plannable_type not in NOT_WORK
        return Item(
            id=plan.plannable_id,
            type=plan.plannable_type,
            title=(thing.title or thing.name or "") if thing else "",
            course_id=plan.course_id,
            course_name=(course.name if course else None) or plan.context_name or "",
            due_at=plan.plannable_date,
            status=status,
            status_label=custom_label(own) if own and status == "custom" else None,
            points_possible=thing.points_possible if thing else None,
            done=is_done(plan, submission),
            url=self.link(plan.html_url),
            late=bool(submission and submission.late),
            assignment_id=planner_assignment(plan),
            all_day=bool(thing and thing.all_day),
            ends_at=thing.end_at if thing else None,
            posted_at=submission.posted_at if submission and graded_kind else None,
            has_feedback=bool(submission and submission.has_feedback),
            feedback=feedback.comment if feedback else None,
            new_activity=bool(plan.new_activity),
            details=(thing.details or thing.description) if thing else None,
            location=thing.location_name if thing else None,
            unlock_at=thing.unlock_at if thing else None,
            lock_at=thing.lock_at if thing else None,
            letters_only=letters_only(course, thing),
            override_id=plan.planner_override.id if plan.planner_override else None,
            color=self.colors.get(plan.course_id or ""),
        )

    def missed(self, assignment: Assignment) -> Item:
        """Missing work; Canvas put it on that list, so that it is missing is Canvas's word."""
        course = self.courses.get(assignment.course_id or "") or assignment.course
        override = assignment.planner_override
        kind, id_ = assignment_kind(assignment)
        return Item(
            id=id_,
            type=kind,
            title=assignment.name or "",
            course_id=assignment.course_id,
            course_name=(course.name if course else None) or "",
            due_at=assignment.due_at,
            status="missing",
            points_possible=assignment.points_possible,
            done=bool(override and override.marked_complete),
            url=self.link(assignment.html_url),
            assignment_id=assignment.id,
            unlock_at=assignment.unlock_at,
            lock_at=assignment.lock_at,
            lock_explanation=assignment.lock_explanation,
            letters_only=letters_only(course, assignment),
            override_id=override.id if override else None,
            color=self.colors.get(assignment.course_id or ""),
        )

    def status(self, plan: PlannerItem, assignment: Assignment | None) -> str:
        """The chip: from the submission itself when it is known, else from the planner.

        Even without a submission the assignment tells what is on paper, locked or not yet open.
        """
        found = planner_status(plan, self.now)
        if assignment and (assignment.own_submission or found in ("due", "overdue", "locked")):
            return student_status(assignment.own_submission, assignment, self.now)
        return found

    def scheduled(self, assignment: Assignment) -> Item:
        """Work that only the calendar names, as that without a date; by its own submission."""
        submission = assignment.own_submission
        status = student_status(submission, assignment, self.now)
        item = self.missed(assignment)
        return replace(
            item,
            status=status,
            done=item.done or status in DONE,
            posted_at=submission.posted_at if submission else None,
            late=bool(submission and submission.late),
        )

    def grading(self, todo: Iterable[TodoItem]) -> tuple[Item, ...]:
        """What waits for the person's grading, most waiting first; each assignment once."""
        found: dict[tuple[str, str], Item] = {}
        for item in todo:
            if item.type == "grading":
                row = self.to_grade(item)
                found.setdefault((row.course_id or "", row.id), row)
        return tuple(sorted(found.values(), key=lambda row: -(row.needs_grading or 0)))

    def to_grade(self, item: TodoItem) -> Item:
        """An assignment that waits for grading, with its way into SpeedGrader."""
        assignment, quiz = item.assignment, item.quiz or {}
        course_id = item.course_id or (assignment.course_id if assignment else None) or ""
        course = self.courses.get(course_id)
        own_url = assignment.html_url if assignment else None
        return Item(
            id=assignment.id if assignment else str(quiz.get("id", "")),
            type="grading",
            title=(assignment.name if assignment else str(quiz.get("title", ""))) or "",
            course_id=course_id or None,
            course_name=(course.name if course else None) or item.context_name or "",
            due_at=assignment.due_at if assignment else None,
            status="needs_grading",
            points_possible=assignment.points_possible if assignment else None,
            done=False,
            url=(
                self.speed_grader(course_id, assignment)
                if assignment
                else self.link(item.html_url or own_url)
            ),
            assignment_id=assignment.id if assignment else None,
            needs_grading=item.needs_grading_count,
            color=self.colors.get(course_id),
        )

    def speed_grader(self, course_id: str, assignment: Assignment) -> str:
        """SpeedGrader's address for an assignment."""
        return assignment.speed_grader_url or (
            f"{self.canvas_url}/courses/{course_id}/gradebook/speed_grader"
            f"?assignment_id={assignment.id}"
        )

    def link(self, url: str | None) -> str:
        """An absolute address; the planner sends some as paths, and only http is followed."""
        if not url:
            return ""
        absolute = urljoin(f"{self.canvas_url}/", url)
        return absolute if absolute.startswith(("https://", "http://")) else ""


def planner_assignment(plan: PlannerItem) -> str | None:
    """The assignment behind a planner item, when there is one."""
    if plan.plannable_type == "assignment":
        return plan.plannable_id
    return plan.plannable.assignment_id if plan.plannable else None


def planner_key(plan: PlannerItem) -> tuple[str, ...]:
    """What makes an item the same item: its assignment, or its kind and id."""
    assignment_id = planner_assignment(plan)
    tag = plan.plannable.sub_assignment_tag if plan.plannable else None
    if plan.plannable_type == "assessment_request" or assignment_id is None or tag:
        return plan.plannable_type, plan.plannable_id
    return "assignment", assignment_id


def assignment_kind(assignment: Assignment) -> tuple[str, str]:
    """The planner's type and id of an assignment: quizzes and topics go by their own."""
    if assignment.quiz_id:
        return "quiz", assignment.quiz_id
    topic = assignment.discussion_topic
    if topic and topic.id:
        return "discussion_topic", topic.id
    return "assignment", assignment.id


def is_done(plan: PlannerItem, submission: PlannerSubmission | None) -> bool:
    """The person's own mark when there is one, else handed in, graded or excused."""
    if plan.planner_override and plan.planner_override.marked_complete is not None:
        return plan.planner_override.marked_complete
    if submission is None or submission.redo_request:
        return False
    graded = submission.graded and submission.posted_at
    return bool(submission.submitted or submission.excused or graded)


def letters_only(course: Course | None, thing: object) -> bool:
    """Whether points must not be shown: the course restricts quantitative data."""
    own = getattr(thing, "restrict_quantitative_data", None)
    return bool(own or (course and course.restrict_quantitative_data))


def has_role(courses: Iterable[Course], *roles: str) -> bool:
    return any(role in roles for course in courses for role in roles_of(course))


def in_window(item: Item, me: Profile, first: date, last: date) -> bool:
    """Inside the range by the person's own days; missing and undated things always."""
    if item.due_at is None or item.status == "missing":
        return item.due_at is None or me.day(item.due_at) <= last
    return first <= me.day(item.due_at) <= last


def by_due(item: Item) -> tuple[bool, float, str]:
    """Earliest first, undated last."""
    due = item.due_at
    return due is None, due.timestamp() if due else 0.0, item.title


def sections(rows: Iterable[Item], me: Profile, now: datetime) -> tuple[Section, ...]:
    """What is not done, under headings: overdue, today, tomorrow, days, later, undated."""
    today = me.day(now)
    week_end = monday(today) + timedelta(days=13)
    found: dict[tuple[str, date | None], list[Item]] = {}
    for item in rows:
        if not item.done:
            found.setdefault(heading(item, me, today, week_end), []).append(item)
    order = ("overdue", "earlier", "today", "tomorrow", "day", "later", "undated")
    return tuple(
        Section(key, tuple(found[key, day]), day)
        for key, day in sorted(found, key=lambda k: (order.index(k[0]), k[1] or date.min))
    )


def heading(item: Item, me: Profile, today: date, week_end: date) -> tuple[str, date | None]:
    """The section an item belongs to, and its day when the section is one."""
    if item.status in ("missing", "overdue"):
        return "overdue", None
    if item.due_at is None:
        return "undated", None
    day = me.day(item.due_at)
    if day < today:
        return "earlier", None
    if day == today:
        return "today", day
    if day == today + timedelta(days=1):
        return "tomorrow", day
    return ("day", day) if day <= week_end else ("later", None)
