"""What there is to do: planner, missing work, calendar and stream, merged without repeats.

Two round trips deep, each with its further pages: courses, planner weeks, missing work, stream and
to-do side by side; then the calendar of ten courses a call as soon as the courses are known, and
the groups of the courses whose work comes first, for its weight. A student of 137 courses waits for
62 calls, of which ten fly at a time.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from msgspec.structs import replace

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    CalendarEvent,
    Colors,
    Course,
    PlannerItem,
    PlannerSubmission,
    StreamItem,
    Submission,
    TodoItem,
)
from canvas_app.canvas.models import Profile as CanvasProfile
from canvas_app.canvas.paging import Pages
from canvas_app.services.courses import (
    is_active_student,
    is_active_teacher,
    read_colors,
    read_profile,
    roles_of,
    start_colors,
    start_courses,
    start_profile,
)
from canvas_app.services.dates import (
    Profile,
    all_day_date,
    monday,
    read_week,
    week_slices,
    write_week,
)
from canvas_app.services.pages import Choice, Item, Section, Upcoming
from canvas_app.services.pictures import WEEKS, Load, load
from canvas_app.services.sources import One, Rows, Sources, complete, request_key
from canvas_app.services.status import STATUSES, custom_label, planner_status, student_status
from canvas_app.services.weights import weights

T = TypeVar("T")

BACK = timedelta(days=28)
AHEAD = timedelta(days=14)
FORECAST = timedelta(weeks=WEEKS)  # what is read ahead for the picture of the load
NEW_GRADES = timedelta(days=14)
EAST, WEST = timedelta(hours=14), timedelta(hours=12)  # how far zones are from UTC
WEEK = timedelta(days=7)
DAY = timedelta(days=1)
OLDER = "calendar: older missing work"
CONTEXTS = 10  # calendar contexts Canvas reads in one request
WEIGHED = 20  # courses whose groups are asked for: two rounds of calls
DONE = frozenset({"graded", "submitted", "resubmitted", "excused"})
NOT_WORK = frozenset({"announcement", "calendar_event", "assessment_request"})
TYPES = {
    "assignment": "Assignment",
    "quiz": "Quiz",
    "discussion_topic": "Discussion",
    "sub_assignment": "Discussion checkpoint",
    "peer_review_sub_assignment": "Peer review",
    "assessment_request": "Peer review",
    "wiki_page": "Page",
    "planner_note": "Own note",
    "calendar_event": "Event",
    "announcement": "Announcement",
    "grading": "To grade",
}
NUMBER = re.compile(r"\s*[-+]?[\d.,]+\s*%?\s*")
SHOWS = ("missing", "due", "grades", "done")
GROUPS = ("assignments", "submission")  # what the course page asks for, so that they share it


@dataclass(frozen=True)
class Wish:
    """What somebody wants to see; the page's address holds all of it.

    ``week`` is "this", an ISO week or a date; ``show`` one of missing, due, grades, done;
    ``courses`` are the only ones, ``without`` those left out. Empty means no wish.
    """

    week: str = ""
    show: str = ""
    courses: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    favorites: bool = False
    done: bool = False


def read_wish(values: Callable[[str], Sequence[str]]) -> Wish:
    """A wish from an address's parameters; what it does not know it leaves out."""

    def last(name: str) -> str:
        return next(reversed([text.strip() for text in values(name)]), "")

    show = last("show")
    return Wish(
        week=last("week"),
        show=show if show in SHOWS else "",
        courses=frozenset(values("course")) - {""},
        without=frozenset(values("without")) - {""},
        types=frozenset(values("type")) & TYPES.keys(),
        statuses=frozenset(values("status")) & STATUSES,
        favorites=last("favorites") == "1",
        done=last("done") == "1",
    )


def upcoming(sources: Sources, wish: Wish = Wish()) -> Upcoming:
    """Gather a week; without one, four weeks back and two ahead, older missing and undated work."""
    now = sources.now()
    asked = asked_days(wish.week, now)
    started = start_items(sources, *asked)
    known = {course.id: course for course in started.courses.rows()}
    studied = [course.id for course in known.values() if is_active_student(course)]
    calendar = start_calendar(
        sources, calendar_calls(studied, asked, undated=not read_week(wish.week, now.date()))
    )
    me = read_profile(started.profile)
    today = me.day(now)
    week = read_week(wish.week, today)
    first, last = (week, week + 6 * DAY) if week else (me.day(now - BACK), me.day(now + AHEAD))
    older = start_calendar(
        sources, older_calls(started.planner.rows(), started.missing.rows()), OLDER
    )
    soon = with_open_work(started.planner.rows(), now)
    heavy = [course_id for course_id in soon if course_id in studied]
    parts = start_groups(sources, heavy[:WEIGHED])
    groups = parts.rows() if parts else []
    look = Look(sources.api.canvas_url, known, read_colors(started.colors), now)
    worth = weights_of(groups, known)
    found = [
        placed(item, me, worth)
        for item in look.merged(
            started.planner,
            started.missing,
            [event for part in (calendar, older) if part for event in part.rows()],
            started.stream,
            groups,
        )
    ]
    chosen = choose(wish, known)
    everything = sorted((item for item in found if in_window(item, first, last, week)), key=by_due)
    grading = look.grading(started.todo.rows())
    rows = tuple(filter(chosen, everything))
    grades = tuple(filter(chosen, new_grades(found, me, now, week)))
    shown = {
        "missing": tuple(item for item in rows if is_missing(item)),
        "due": tuple(item for item in rows if is_due(item, now)),
        "grades": grades,
        "done": tuple(item for item in rows if item.done),
    }
    open_rows = shown.get(wish.show, rows)
    graded = {(item.type, item.id) for item in grades}
    current = monday(today)
    start = week or current
    states = sources.states()
    return Upcoming(
        sources=states,
        complete=complete(states),
        profile=me,
        now=now,
        rows=open_rows if wish.show else (*rows, *filter(chosen, grading)),
        sections=sections(open_rows, me, now, week) if wish.show not in ("grades", "done") else (),
        new_grades=grades if wish.show in ("", "grades") else (),
        announcements=() if wish.show else news(rows),
        done=tuple(
            item
            for item in shown["done"]
            if wish.show == "done" or (not wish.show and (item.type, item.id) not in graded)
        ),
        grading=() if wish.show or week else tuple(filter(chosen, grading)),
        tabs=tuple(Choice(name, name, len(shown[name]), name == wish.show) for name in SHOWS),
        courses=course_choices(everything, known, wish),
        types=choices(Counter(item.type for item in everything), wish.types, TYPES),
        statuses=choices(Counter(item.status for item in everything), wish.statuses, {}),
        show=wish.show,
        show_done=wish.done or wish.show == "done",
        favorites=wish.favorites,
        left_out=tuple(sorted(wish.without & known.keys())),
        week=write_week(week) if week else "",
        first=first,
        last=last,
        this_week=write_week(current),
        previous_week=write_week(start - WEEK),
        next_week=write_week(start + WEEK),
        note_courses=tuple(
            Choice(course.id, course.name or f"Course {course.id}", 0)
            for course in known.values()
            if is_active_student(course) or is_active_teacher(course)
        ),
        load=None if week else forecast(filter(chosen, found), today),
        unweighed=len(heavy[WEIGHED:]),
        missing_elsewhere=sum(is_missing(i) and chosen(i) for i in found) - len(shown["missing"]),
        is_student=has_role(known.values(), "student"),
        in_courses=bool(known),
        observes=observed(known.values()),
        is_teacher=bool(grading) or has_role(known.values(), "teacher", "ta"),
    )


def asked_days(week: str, now: datetime) -> tuple[date, date]:
    """The days to ask Canvas for, before it is known which zone the person is in."""
    start, end = read_week(week, (now - WEST).date()), read_week(week, (now + EAST).date())
    if start is None or end is None:
        return (now - BACK).date(), (now + FORECAST).date()
    return start, end + 6 * DAY


@dataclass(frozen=True)
class Started:
    """The sources that every view of the week is made of."""

    courses: Rows[Course]
    planner: Rows[PlannerItem]
    missing: Rows[Assignment]
    stream: Rows[StreamItem]
    todo: Rows[TodoItem]
    profile: One[CanvasProfile]
    colors: One[Colors]


def start_items(sources: Sources, first: date, last: date) -> Started:
    """Start them all; a day more on each side of the planner holds every time zone.

    Lists that may have further pages go first. The weeks are whole, so that the pages share them.
    """
    courses = start_courses(sources)
    stream = sources.start("activity", partial(CanvasAPI.activity_stream))
    todo = sources.start("todo", partial(CanvasAPI.todo))
    missing = sources.start("missing", partial(CanvasAPI.missing_submissions))
    planner = sources.start(
        "planner",
        *(
            partial(CanvasAPI.planner_items, start_date=start, end_date=end)
            for start, end in planner_slices(first - DAY, last + DAY, sources.now())
        ),
    )
    profile, colors = start_profile(sources), start_colors(sources)
    return Started(courses, planner, missing, stream, todo, profile, colors)


def planner_slices(first: date, last: date, now: datetime) -> list[tuple[datetime, datetime]]:
    """The days in four parts at most, so that all of a page's first calls fly at once.

    This week stands alone, for it has most; long gone weeks have little that is read page by page.
    """
    weeks = week_slices(first, last)
    if len(weeks) <= 3:
        return weeks
    current = sum(start <= now for start, _ in weeks) - 1
    cuts = sorted({0, max(0, current - 2), max(0, current), current + 1, len(weeks)})
    return [(weeks[a][0], weeks[b - 1][1]) for a, b in pairwise(cuts) if a < b <= len(weeks)]


def start_calendar(
    sources: Sources, calls: "Sequence[partial[Pages[CalendarEvent]]]", name: str = "calendar"
) -> Rows[CalendarEvent] | None:
    """Start the calendar's assignments, when there are any to ask for."""
    return sources.start(name, *calls) if calls else None


def older_calls(
    plans: Iterable[PlannerItem], lacking: Iterable[Assignment]
) -> "list[partial[Pages[CalendarEvent]]]":
    """The calendar of missing work that is older than the planner read: graded it is not missing.

    Canvas's missing list names no submission.
    """
    planned = {planner_assignment(plan) for plan in plans}
    old = [
        (assignment.due_at.date(), assignment.course_id)
        for assignment in lacking
        if assignment.id not in planned and assignment.due_at and assignment.course_id
    ]
    if not old:
        return []
    days = [day for day, _ in old]
    return calendar_calls(
        sorted({course_id for _, course_id in old}), (min(days), max(days)), undated=False
    )


def calendar_calls(
    studied: Sequence[str], days: tuple[date, date], *, undated: bool
) -> "list[partial[Pages[CalendarEvent]]]":
    """Ten courses a call, as many as Canvas takes."""
    weeks = week_slices(*days)
    some = [tuple(studied[n : n + CONTEXTS]) for n in range(0, len(studied), CONTEXTS)]
    dated = partial(CanvasAPI.calendar_assignments, start_date=weeks[0][0], end_date=weeks[-1][1])
    calls = [partial(dated, course_ids=ids) for ids in some]
    if undated:
        calls += [partial(CanvasAPI.calendar_assignments, course_ids=ids) for ids in some]
    return calls


def with_open_work(plans: Iterable[PlannerItem], now: datetime) -> list[str]:
    """The courses with open work to come, the soonest first."""
    dated = [
        (plan.plannable_date, plan.course_id)
        for plan in plans
        if plan.course_id
        and plan.plannable_date
        and plan.plannable_date >= now
        and planner_assignment(plan)
        and not is_done(plan, planner_submission(plan))
    ]
    return list(dict.fromkeys(course_id for _, course_id in sorted(dated)))


def groups_call(course_id: str) -> "partial[Any]":
    return partial(CanvasAPI.assignment_groups, course_id=course_id, include=GROUPS)


def start_groups(sources: Sources, course_ids: Sequence[str]) -> Rows[AssignmentGroup] | None:
    """Start the assignment groups of these courses: what each assignment weighs."""
    calls = [groups_call(course_id) for course_id in course_ids]
    return sources.start("weights", *calls) if calls else None


def kept_groups(sources: Sources, course_ids: Sequence[str]) -> list[AssignmentGroup]:
    """The groups of these courses that are in the cache; Canvas is not asked."""
    return kept_rows(sources, [groups_call(course_id) for course_id in course_ids[:WEIGHED]])


def kept_rows(sources: Sources, calls: "Iterable[partial[Pages[T]]]") -> list[T]:
    """What of these lists is in the cache; Canvas is not asked."""
    kept = [sources.kept(request_key(call), call) for call in calls]
    return [row for answer in kept if answer for row in answer.value]


def weights_of(
    groups: Iterable[AssignmentGroup], courses: Mapping[str, Course]
) -> dict[str, float]:
    """Assignment id to percent of its course's final grade."""
    by_course: dict[str, list[AssignmentGroup]] = {}
    for group in groups:
        for assignment in (group.assignments or ())[:1]:
            by_course.setdefault(assignment.course_id or "", []).append(group)
    found: dict[str, float] = {}
    for course_id, members in by_course.items():
        course = courses.get(course_id)
        if course and not course.restrict_quantitative_data:
            weighted = bool(course.apply_assignment_group_weights)
            found |= weights(members, weighted=weighted)
    return found


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
        calendar: Iterable[CalendarEvent] = (),
        stream: Rows[StreamItem] | None = None,
        groups: Iterable[AssignmentGroup] = (),
    ) -> list[Item]:
        """Planner items, then what only the other sources name; each once.

        A discussion with checkpoints stands there by these, not once more as a whole.
        """
        known = self.assignments(calendar, groups)
        graded = newest_grades(stream)
        lacking = {assignment.id: assignment for assignment in missing.rows()}
        found: dict[tuple[str, ...], Item] = {}
        split: set[str] = set()
        for plan in planner.rows():
            key = planner_key(plan)
            if key[0] == "sub_assignment" and (whole := whole_assignment(plan)):
                split.add(whole)
            id_ = key[1] if key[0] == "assignment" else ""
            item = self.planned(plan, known.get(id_) or lacking.get(id_), graded.get(id_))
            if item.status == "overdue" and id_ in lacking:
                item = replace(
                    item, status="missing", missing=True
                )  # Canvas's word, from its other list
            found.setdefault(key, item)
        for id_ in (*lacking, *known, *graded):
            key = ("assignment", id_)
            if not id_ or id_ in split or key in found:
                continue
            if id_ in lacking:
                found[key] = self.lacked(lacking[id_], known.get(id_), graded.get(id_))
            elif id_ in known:
                found[key] = self.scheduled(known[id_], graded.get(id_))
            else:
                found[key] = self.reported(graded[id_])
        return list(found.values())

    def assignments(
        self, calendar: Iterable[CalendarEvent], groups: Iterable[AssignmentGroup]
    ) -> dict[str, Assignment]:
        """Assignments of the calendar by id; a group's stands in when it knows the submission."""
        found = {event.assignment.id: event.assignment for event in calendar if event.assignment}
        for group in groups:
            for assignment in group.assignments or ():
                other = found.get(assignment.id)
                if other and other.own_submission is None and assignment.own_submission:
                    found[assignment.id] = assignment
        return found

    def planned(
        self,
        plan: PlannerItem,
        assignment: Assignment | None = None,
        graded: StreamItem | None = None,
    ) -> Item:
        """A planner item; its assignment knows more of its status, the stream its grade."""
        thing = plan.plannable
        own = (assignment.own_submission if assignment else None) or graded
        status = self.status(plan, assignment, own)
        submission = planner_submission(plan)
        course = self.courses.get(plan.course_id or "")
        letters = letters_only(course, thing)
        score, grade = posted_grade(own, letters=letters)
        title = (thing.title or thing.name) if thing else None
        override = plan.planner_override
        feedback = submission.feedback if submission else None
        graded_kind = plan.plannable_type not in NOT_WORK
        return Item(
            id=plan.plannable_id,
            type=plan.plannable_type,
            title=title or (assignment.name if assignment else None) or "",
            course_id=plan.course_id,
            course_name=(course.name if course else None) or place_of(plan),
            due_at=plan.plannable_date,
            status=status,
            status_label=custom_label(own) if own and status == "custom" else None,
            points_possible=thing.points_possible if thing else None,
            done=is_done(plan, submission),
            url=self.link(plan.html_url),
            late=bool(submission and submission.late),
            missing=bool(submission and submission.missing),
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
            letters_only=letters,
            override_id=override.id if override else None,
            dismissed=bool(override and override.dismissed),
            color=self.colors.get(plan.course_id or ""),
            score=score,
            grade=grade,
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
            missing=True,
            points_possible=assignment.points_possible,
            done=bool(override and override.marked_complete),
            url=self.link(assignment.html_url),
            assignment_id=assignment.id,
            unlock_at=assignment.unlock_at,
            lock_at=assignment.lock_at,
            lock_explanation=assignment.lock_explanation,
            letters_only=letters_only(course, assignment),
            override_id=override.id if override else None,
            dismissed=bool(override and override.dismissed),
            color=self.colors.get(assignment.course_id or ""),
        )

    def lacked(
        self, assignment: Assignment, known: Assignment | None, graded: StreamItem | None
    ) -> Item:
        """Work of Canvas's missing list; a zero that was entered for it is a grade all the same."""
        item = self.missed(assignment)
        if known is None or known.own_submission is None:
            return item
        found = self.scheduled(known, graded)
        if found.status in ("due", "overdue", "locked"):
            return item
        return replace(
            found,
            missing=True,
            done=item.done or found.done,
            override_id=item.override_id,
            dismissed=item.dismissed,
        )

    def status(
        self, plan: PlannerItem, assignment: Assignment | None, own: Submission | None
    ) -> str:
        """The chip: from the submission itself when it is known, else from the planner.

        Even without a submission the assignment tells what is on paper, locked or not yet open.
        """
        found = planner_status(plan, self.now)
        if own or (assignment and found in ("due", "overdue", "locked")):
            return student_status(own, assignment, self.now)
        return found

    def scheduled(self, assignment: Assignment, graded: StreamItem | None = None) -> Item:
        """Work that only the calendar names, as that without a date; by its own submission."""
        submission: Submission | None = assignment.own_submission or graded
        status = student_status(submission, assignment, self.now)
        item = self.missed(assignment)
        score, grade = posted_grade(submission, letters=item.letters_only)
        return replace(
            item,
            status=status,
            status_label=custom_label(submission) if submission and status == "custom" else None,
            done=item.done or status in DONE,
            posted_at=submission.posted_at if submission else None,
            late=bool(submission and submission.late),
            missing=bool(submission and submission.missing),
            score=score,
            grade=grade,
        )

    def reported(self, graded: StreamItem) -> Item:
        """Work that only the stream names: graded lately, due long ago."""
        assignment = graded.assignment or Assignment(id=graded.assignment_id or "")
        course_id = assignment.course_id or graded.course_id
        item = self.scheduled(assignment, graded)
        course = self.courses.get(course_id or "")
        return replace(
            item,
            title=item.title or graded.title or "",
            course_id=course_id,
            course_name=item.course_name or (course.name if course else None) or "",
            url=item.url or self.link(graded.html_url),
            color=self.colors.get(course_id or ""),
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
        if url.startswith(("https://", "http://")):
            return url  # most are; joining takes ten times as long
        if url.startswith("/") and not url.startswith("//"):
            return f"{self.canvas_url}{url}"
        absolute = urljoin(f"{self.canvas_url}/", url)
        return absolute if absolute.startswith(("https://", "http://")) else ""


def newest_grades(stream: Rows[StreamItem] | None) -> dict[str, StreamItem]:
    """Posted grades of the stream by assignment; it is sorted newest first."""
    found: dict[str, StreamItem] = {}
    for item in stream.rows() if stream else ():
        id_ = item.assignment_id or (item.assignment.id if item.assignment else None)
        if item.type == "Submission" and item.posted_at and id_:
            found.setdefault(id_, item)
    return found


def posted_grade(
    submission: Submission | None, *, letters: bool
) -> tuple[float | None, str | None]:
    """Score and grade as the person may see them: posted, and no number where letters count."""
    if submission is None or submission.posted_at is None:
        return None, None
    return None if letters else submission.score, grade_shown(submission.grade, letters)


def grade_shown(grade: str | None, letters: bool) -> str | None:
    """Canvas's grade; where letters alone count, one that is a number stays out."""
    return None if letters and grade and NUMBER.fullmatch(grade) else grade


def place_of(plan: PlannerItem) -> str:
    """The course or group an item belongs to; a person's own things are in none."""
    return (plan.context_name or "") if plan.context_type != "User" else ""


def planner_submission(plan: PlannerItem) -> PlannerSubmission | None:
    """What the planner tells of a submission; it sends false where nothing can be handed in."""
    return plan.submissions if isinstance(plan.submissions, PlannerSubmission) else None


def whole_assignment(plan: PlannerItem) -> str | None:
    """The assignment a checkpoint is a part of, from its address: the planner names no id."""
    found = re.search(r"/assignments/(\d+)", urlsplit(plan.html_url or "").path)
    return found[1] if found else None


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


def observed(courses: Iterable[Course]) -> int:
    """How many courses the person only observes."""
    return sum(roles_of(course) == ("observer",) for course in courses)


def placed(item: Item, me: Profile, worth: Mapping[str, float]) -> Item:
    """An item with its day, and its weight where that is known."""
    day = None
    if item.due_at:
        day = all_day_date(item.due_at, me) if item.all_day else me.day(item.due_at)
    return replace(item, day=day, weight=worth.get(item.assignment_id or ""))


def in_window(item: Item, first: date, last: date, week: date | None) -> bool:
    """Inside the range by the person's own days; outside a week, missing and undated work too."""
    if item.day is None:
        return week is None
    if item.missing and week is None:
        return item.day <= last
    return first <= item.day <= last


def is_missing(item: Item) -> bool:
    return item.status == "missing" and not item.done


def is_due(item: Item, now: datetime) -> bool:
    """Work that is not done and still to come."""
    return bool(item.type not in NOT_WORK and not item.done and item.due_at and item.due_at >= now)


def forecast(items: Iterable[Item], today: date) -> Load | None:
    """How much open work each day of this and the coming weeks has."""
    return load(
        (
            (item.day, None if item.letters_only else item.points_possible)
            for item in items
            if item.day and item.day >= today and not item.done and item.type not in NOT_WORK
        ),
        today,
    )


def new_grades(
    items: Iterable[Item], me: Profile, now: datetime, week: date | None = None
) -> list[Item]:
    """Grades posted in a week, or in the last two; the newest first."""
    found = [
        (item.posted_at, item)
        for item in items
        if item.status == "graded"
        and item.posted_at
        and (
            week <= me.day(item.posted_at) < week + WEEK
            if week
            else item.posted_at > now - NEW_GRADES
        )
    ]
    return [item for _, item in sorted(found, key=lambda pair: pair[0], reverse=True)]


def news(items: Iterable[Item]) -> tuple[Item, ...]:
    """Announcements, the newest first."""
    found = (item for item in items if item.type == "announcement")
    return tuple(sorted(found, key=lambda item: by_due(item)[1], reverse=True))


def choose(wish: Wish, courses: Mapping[str, Course]) -> Callable[[Item], bool]:
    """The filters of a wish as one question; a course nobody knows chooses nothing."""
    only = wish.courses & courses.keys()

    def passes(item: Item) -> bool:
        course = courses.get(item.course_id or "")
        return (
            (not only or item.course_id in only)
            and item.course_id not in wish.without
            and (not wish.types or item.type in wish.types)
            and (not wish.statuses or item.status in wish.statuses)
            and (not wish.favorites or bool(course and course.is_favorite))
        )

    return passes


def choices(
    counts: Mapping[str, int], chosen: Iterable[str], names: Mapping[str, str]
) -> tuple[Choice, ...]:
    """What a filter offers: all that occurs, and what is chosen though it does not."""
    values = [*counts, *(value for value in sorted(chosen) if value not in counts)]
    found = [
        Choice(value, names.get(value, ""), counts.get(value, 0), value in chosen)
        for value in values
    ]
    return tuple(sorted(found, key=lambda choice: (-choice.count, choice.value)))


def course_choices(
    items: Iterable[Item], courses: Mapping[str, Course], wish: Wish
) -> tuple[Choice, ...]:
    """The courses to filter by, in the order of their names."""
    counts = Counter(item.course_id for item in items if item.course_id in courses)
    names = {id_: course.name or f"Course {id_}" for id_, course in courses.items()}
    wanted = {id_: n for id_, n in counts.items() if id_}
    found = choices(wanted, wish.courses & courses.keys(), names)
    return tuple(sorted(found, key=lambda choice: choice.name.casefold()))


def by_due(item: Item) -> tuple[bool, float, str]:
    """Earliest first, undated last."""
    due = item.due_at
    return due is None, due.timestamp() if due else 0.0, item.title


def sections(
    rows: Iterable[Item], me: Profile, now: datetime, week: date | None = None
) -> tuple[Section, ...]:
    """What is not done, under headings: overdue, today, tomorrow, days, later, undated, earlier.

    Announcements are no work and stand elsewhere.
    """
    today = me.day(now)
    found: dict[tuple[str, date | None], list[Item]] = {}
    for item in rows:
        if not item.done and item.type != "announcement":
            found.setdefault(heading(item, today, week), []).append(item)
    order = ("overdue", "today", "tomorrow", "day", "later", "undated", "earlier")
    keys = sorted(found, key=lambda k: (order.index(k[0]) if not week else 0, k[1] or date.min))
    return tuple(Section(key, tuple(found[key, day]), day) for key, day in keys)


def heading(item: Item, today: date, week: date | None = None) -> tuple[str, date | None]:
    """The section an item belongs to, and its day when the section is one.

    In a week every day has its own heading, the past ones too.
    """
    if item.status in ("missing", "overdue"):
        return "overdue", None
    if item.day is None:
        return "undated", None
    if item.day == today:
        return "today", item.day
    if item.day == today + DAY:
        return "tomorrow", item.day
    if week:
        return "day", item.day
    if item.day < today:
        return "earlier", None
    return ("day", item.day) if item.day < monday(today) + 2 * WEEK else ("later", None)
