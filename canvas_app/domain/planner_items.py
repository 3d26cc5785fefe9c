"""Canvas's objects as list items: one shape for planner, missing work, calendar and stream.

Each piece of work becomes one item, however many of these sources name it.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec.structs import replace

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    CalendarEvent,
    Course,
    Plannable,
    PlannerItem,
    PlannerSubmission,
    StreamItem,
    Submission,
    SubmissionComment,
    TodoItem,
    TodoQuiz,
)
from canvas_app.domain.course_colors import color_of
from canvas_app.domain.courses import is_active_student, state_of
from canvas_app.domain.hand_in import planner_takes_hand_in, takes_hand_in
from canvas_app.domain.letters import grade_shown, letters_only
from canvas_app.domain.notes import note_text
from canvas_app.domain.rich_text import spoken, web_address
from canvas_app.domain.rows import Item, SubmissionRow
from canvas_app.domain.status import custom_label, planner_status, student_status

NOT_WORK = frozenset({"announcement", "calendar_event"})
DONE = frozenset({"graded", "submitted", "resubmitted", "excused"})
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
NUMBER = re.compile(r"[-+]?[\d.,]+\s*%?")
ItemKey = tuple[str, str]  # its kind and id; "assignment" where it is one: see :func:`planner_key`


class ItemBuilder:
    """Builder of list items from Canvas's objects, with names, colours and links of the courses."""

    def __init__(
        self,
        canvas_url: str,
        courses: Mapping[str, Course],
        colors: Mapping[str, str],
        now: datetime,
        me: str = "",
    ) -> None:
        """``me`` is the person's own id, which tells their comments from those of others."""
        self.me = me
        self.canvas_url = canvas_url
        self.courses = courses
        self.colors = colors
        self.now = now
        self._refusing: dict[str, bool] = {}
        self._colors: dict[str | None, str | None] = {}

    def color(self, course_id: str | None) -> str | None:
        """Return a course's colour; None without a course."""
        if course_id not in self._colors:
            course = self.courses.get(course_id or "")
            self._colors[course_id] = color_of(course_id, self.colors, course)
        return self._colors[course_id]

    def merged(
        self,
        planner: Iterable[PlannerItem],
        missing: Iterable[Assignment],
        calendar: Iterable[CalendarEvent] = (),
        stream: Iterable[StreamItem] = (),
        groups: Iterable[AssignmentGroup] = (),
    ) -> list[Item]:
        """Return the planner's items, then what only the other sources name; each item once.

        A discussion with checkpoints is listed by its checkpoints, and not once more as a whole.
        """
        return list(self.by_key(planner, missing, calendar, stream, groups).values())

    def by_key(
        self,
        planner: Iterable[PlannerItem],
        missing: Iterable[Assignment],
        calendar: Iterable[CalendarEvent] = (),
        stream: Iterable[StreamItem] = (),
        groups: Iterable[AssignmentGroup] = (),
        earlier: Mapping[ItemKey, Item] = MappingProxyType({}),
    ) -> dict[ItemKey, Item]:
        """Return the items of :meth:`merged` by their keys, in its order.

        ``earlier`` are items that the same answers gave before the calendar came. Those of which
        the calendar tells nothing are taken over: building items is most of a page's work.
        """
        events = list(calendar)
        known = self.assignments(events, groups)
        parts = {part.id: part for event in events if (part := event.sub_assignment)}
        graded = newest_grades(stream)
        lacking = {assignment.id: assignment for assignment in missing}
        found: dict[ItemKey, Item] = {}
        split = {part.parent_assignment_id for part in parts.values()}
        for plan in planner:
            key = planner_key(plan)
            if key[0] == "sub_assignment" and (whole := whole_assignment(plan)):
                split.add(whole)
            if key in found:
                continue
            id_ = key[1] if key[0] == "assignment" else ""
            told = parts.get(key[1]) if key[0] == "sub_assignment" else known.get(id_)
            if told is None and key in earlier:
                found[key] = self._recolored(earlier[key])
            else:
                found[key] = self._planned(plan, told, lacking.get(id_), graded.get(id_))
        for id_ in (*lacking, *known, *graded):
            key = ("assignment", id_)
            if id_ and id_ not in split and key not in found:
                found[key] = self._unplanned(id_, lacking, known, graded)
        for id_, part in parts.items():
            found.setdefault(("sub_assignment", id_), self.from_calendar(part))
        return found

    def _planned(
        self,
        plan: PlannerItem,
        told: Assignment | None,
        lacking: Assignment | None,
        graded: StreamItem | None,
    ) -> Item:
        """Return a planner item with what the calendar told; missing if Canvas lists it so."""
        item = self.from_planner(plan, told or lacking, graded)
        if item.status == "overdue" and lacking:
            return replace(item, status="missing", missing=True)
        return item

    def _recolored(self, item: Item) -> Item:
        color = self.color(item.course_id)
        return item if item.color == color else replace(item, color=color)

    def _unplanned(
        self,
        id_: str,
        lacking: Mapping[str, Assignment],
        known: Mapping[str, Assignment],
        graded: Mapping[str, StreamItem],
    ) -> Item:
        """Return an unplanned assignment, built from the source that knows most about it."""
        if id_ in lacking:
            return self.from_missing(lacking[id_], known.get(id_), graded.get(id_))
        if id_ in known:
            return self.from_calendar(known[id_], graded.get(id_))
        return self.from_stream(graded[id_])

    def assignments(
        self, calendar: Iterable[CalendarEvent], groups: Iterable[AssignmentGroup]
    ) -> dict[str, Assignment]:
        """Return the calendar's assignments by id, with submissions that only the groups know."""
        found = {event.assignment.id: event.assignment for event in calendar if event.assignment}
        for group in groups:
            for assignment in group.assignments or ():
                other = found.get(assignment.id)
                if other and other.own_submission is None and assignment.own_submission:
                    # because only the calendar's assignment names its discussion
                    found[assignment.id] = replace(other, submission=assignment.submission)
        return found

    def from_planner(
        self,
        plan: PlannerItem,
        assignment: Assignment | None = None,
        graded: StreamItem | None = None,
    ) -> Item:
        """Return a planner item, with status from its assignment and grade from the stream."""
        thing = plan.plannable
        own = (assignment.own_submission if assignment else None) or graded
        status = self.status(plan, assignment, own)
        submission = planner_submission(plan)
        course_id = plan.own_course
        course = self.courses.get(course_id or "")
        letters = letters_only(course, thing)
        possible = thing.points_possible if thing else None
        score, grade = posted_grade(own, letters=letters, course=course, points=possible)
        title = part_title(
            ((thing.title or thing.name) if thing else None) or "",
            thing.sub_assignment_tag if thing else None,
            plan.details.reply_to_entry_required_count if plan.details else None,
        )
        override = plan.planner_override
        feedback = submission.feedback if submission else None
        commented = last_comment(graded, self.me)
        known = assignment if assignment and assignment.submission_types else None
        graded_kind = plan.plannable_type not in NOT_WORK
        return Item(
            id=plan.own_id,
            type=plan.plannable_type,
            title=title or (assignment.name if assignment else None) or "",
            course_id=course_id,
            course_name=(course.name if course else None) or place_of(plan),
            due_at=plan.plannable_date,
            only_posted=plan.only_posted,
            status=status,
            status_label=custom_label(own) if own and status == "custom" else None,
            points_possible=None if letters or plan.ungraded else possible,
            done=is_done(plan, submission),
            url=self.link(plan.html_url),
            late=bool(submission and submission.late),
            missing=bool(submission and submission.missing),
            assignment_id=planner_assignment(plan),
            all_day=bool(thing and thing.all_day),
            ends_at=thing.end_at if thing else None,
            posted_at=submission.posted_at if submission and graded_kind else None,
            has_feedback=bool(submission and submission.has_feedback),
            feedback=spoken(feedback.comment) or None if feedback else None,
            commented_at=commented.created_at if commented and feedback else None,
            new_activity=bool(plan.new_activity),
            details=planner_details(plan),
            location=thing.location_name if thing else None,
            unlock_at=thing.unlock_at if thing else None,
            lock_at=thing.lock_at if thing else None,
            letters_only=letters,
            override_id=override.id if override else None,
            dismissed=bool(override and override.dismissed),
            color=self.color(course_id),
            score=score,
            grade=grade,
            accepts_until=(assignment or thing or Plannable()).lock_at,
            can_submit=(
                self.takes_hand_in(known, own or untouched(submission))
                if known
                else planner_takes_hand_in(plan, self.now)
            ),
        )

    def _missing(self, assignment: Assignment) -> Item:
        """Return missing work; Canvas lists it as missing, so the status is Canvas's."""
        course = self.courses.get(assignment.course_id or "") or assignment.course
        override = assignment.planner_override
        kind, id_ = assignment_kind(assignment)
        letters = letters_only(course, assignment)
        return Item(
            id=id_,
            type=kind,
            title=assignment.name or "",
            course_id=assignment.course_id,
            course_name=(course.name if course else None) or "",
            due_at=assignment.due_at,
            status="missing",
            missing=True,
            points_possible=None if letters else assignment.points_possible,
            done=bool(override and override.marked_complete),
            url=self.link(assignment.html_url),
            assignment_id=None if kind == "sub_assignment" else assignment.id,
            unlock_at=assignment.unlock_at,
            lock_at=assignment.lock_at,
            lock_explanation=assignment.lock_explanation,
            letters_only=letters,
            override_id=override.id if override else None,
            dismissed=bool(override and override.dismissed),
            color=self.color(assignment.course_id),
            accepts_until=assignment.lock_at,
            can_submit=self.takes_hand_in(assignment, None),
        )

    def takes_hand_in(self, assignment: Assignment, own: Submission | None) -> bool | None:
        """Return whether Canvas would accept a submission from the person now; None if unknown."""
        if self._refuses(assignment.course_id or ""):
            return False
        return takes_hand_in(assignment, own, self.now)

    def _refuses(self, course_id: str) -> bool:
        """Return whether the person does not, or not yet, take part in a course."""
        if course_id not in self._refusing:
            course = self.courses.get(course_id)
            self._refusing[course_id] = course is not None and (
                not is_active_student(course, self.now) or state_of(course, self.now) == "future"
            )
        return self._refusing[course_id]

    def from_missing(
        self, assignment: Assignment, known: Assignment | None, graded: StreamItem | None
    ) -> Item:
        """Return an item of Canvas's missing list; a zero entered for it still counts as a grade.

        The grade comes from the calendar, the stream, or a submission that was requested on its
        own.
        """
        item = self._missing(assignment)
        source = known if known and known.own_submission else assignment
        if source.own_submission is None and graded is None:
            return item
        found = self.from_calendar(source, graded)
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
        """Return the status chip: from the submission if it is known, otherwise from the planner.

        Even without a submission, the assignment shows whether it is on paper, locked or not yet
        open.
        """
        found = planner_status(plan, self.now)
        if own or (assignment and found in ("due", "overdue", "locked")):
            return student_status(own, assignment, self.now)
        return found

    def from_calendar(self, assignment: Assignment, graded: StreamItem | None = None) -> Item:
        """Return work that only the calendar names, such as undated work.

        Its status follows from the person's own submission.
        """
        submission: Submission | None = assignment.own_submission or graded
        status = student_status(submission, assignment, self.now)
        item, commented = self._missing(assignment), last_comment(graded, self.me)
        score, grade = posted_grade(
            submission,
            letters=item.letters_only,
            course=self.courses.get(assignment.course_id or ""),
            points=assignment.points_possible,
        )
        return replace(
            item,
            status=status,
            status_label=custom_label(submission) if submission and status == "custom" else None,
            done=item.done or status in DONE,
            posted_at=submission.posted_at if submission else None,
            has_feedback=commented is not None,
            feedback=spoken(commented.comment) or None if commented else None,
            commented_at=commented.created_at if commented else None,
            late=bool(submission and submission.late),
            missing=bool(submission and submission.missing),
            score=score,
            grade=grade,
            can_submit=self.takes_hand_in(assignment, submission),
        )

    def from_stream(self, graded: StreamItem) -> Item:
        """Return work that only the stream names: graded recently, due long ago."""
        assignment = graded.assignment or Assignment(id=graded.assignment_id or "")
        course_id = assignment.course_id or graded.course_id
        assignment = replace(assignment, course_id=course_id)
        item = self.from_calendar(assignment, graded)
        course = self.courses.get(course_id or "")
        return replace(
            item,
            title=item.title or graded.title or "",
            course_id=course_id,
            course_name=item.course_name or (course.name if course else None) or "",
            url=item.url or self.link(graded.html_url),
            color=self.color(course_id),
        )

    def grading(self, todo: Iterable[TodoItem]) -> tuple[Item, ...]:
        """Return what waits for the person's grading, oldest first; each assignment once.

        A discussion with checkpoints is listed by its checkpoints.
        """
        found: dict[tuple[str, str], Item] = {}
        waiting = [item for item in todo if item.type == "grading"]
        split = {item.parent_assignment_id for item in waiting if item.parent_assignment_id}
        for item in waiting:
            if item.assignment is None or item.assignment.id not in split:
                row = self.to_grade(item)
                found.setdefault((row.course_id or "", row.id), row)
        return tuple(sorted(found.values(), key=by_due))

    def to_grade(self, item: TodoItem) -> Item:
        """Return an assignment that waits for grading, with its SpeedGrader link."""
        assignment, quiz = item.assignment, item.quiz or TodoQuiz()
        course_id = item.course_id or (assignment.course_id if assignment else None) or ""
        course = self.courses.get(course_id)
        own_url = assignment.html_url if assignment else None
        return Item(
            id=assignment.id if assignment else quiz.id or "",
            type="grading",
            title=part_title(
                (assignment.name if assignment else quiz.title) or "", item.checkpoint_label
            ),
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
            color=self.color(course_id),
            can_submit=False,
        )

    def speed_grader(self, course_id: str, assignment: Assignment) -> str:
        """Return SpeedGrader's address for an assignment."""
        return assignment.speed_grader_url or (
            f"{self.canvas_url}/courses/{course_id}/gradebook/speed_grader"
            f"?assignment_id={assignment.id}"
        )

    def link(self, url: str | None) -> str:
        """Return an absolute http(s) address; the planner sends some addresses as paths."""
        if not url:
            return ""
        if url.startswith(("https://", "http://")):
            return url  # most are absolute already; urljoin takes ten times as long
        if url.startswith("/") and not url.startswith("//"):
            return f"{self.canvas_url}{url}"
        return web_address(url, f"{self.canvas_url}/")


def part_title(title: str, tag: str | None, replies: int | None = None) -> str:
    """Return a checkpoint's title: the discussion's title, with what this part requires.

    The wording is that of Canvas's calendar (``title_with_required_replies``), because the planner
    and the to-do list give both parts the title of the whole discussion.
    """
    if tag == "reply_to_topic":
        return f"{title} Reply to Topic"
    if tag == "reply_to_entry":
        return f"{title} Required Replies ({replies})" if replies else f"{title} Required Replies"
    return title


def by_due(row: Item | SubmissionRow) -> tuple[bool, float, str]:
    """Return the sort key: earliest first, undated last."""
    due = row.due_at
    return due is None, due.timestamp() if due else 0.0, row.title


def newest_grades(stream: Iterable[StreamItem]) -> dict[str, StreamItem]:
    """Return the stream's posted grades by assignment; the stream is sorted newest first."""
    found: dict[str, StreamItem] = {}
    for item in stream:
        id_ = item.assignment_id or (item.assignment.id if item.assignment else None)
        if item.type == "Submission" and item.posted_at and id_:
            found.setdefault(id_, item)
    return found


def last_comment(submission: Submission | None, me: str) -> SubmissionComment | None:
    """Return the newest comment of somebody other than this person; None if that is unknown."""
    made = (submission.submission_comments if submission and me else None) or ()
    others = [(c.created_at, c) for c in made if c.author_id != me and c.created_at]
    return max(others, key=lambda pair: pair[0], default=(None, None))[1]


def posted_grade(
    submission: Submission | None,
    *,
    letters: bool,
    course: Course | None = None,
    points: float | None = None,
) -> tuple[float | None, str | None]:
    """Return score and grade as the person may see them: posted, no number where letters count."""
    if submission is None or submission.posted_at is None:
        return None, None
    grade = grade_shown(submission.grade, letters, course, submission.score, points)
    return None if letters else submission.score, grade


def place_of(plan: PlannerItem) -> str:
    """Return the course or group of an item; personal items have neither."""
    return (plan.context_name or "") if plan.context_type != "User" else ""


def planner_details(plan: PlannerItem) -> str | None:
    """Return a personal note as plain text, and anything else as Canvas's HTML."""
    thing = plan.plannable
    if thing is None:
        return None
    if plan.plannable_type == "planner_note":
        return note_text(thing.details) or None
    return thing.details or thing.description


def planner_submission(plan: PlannerItem) -> PlannerSubmission | None:
    """Return the planner's submission; it sends false where nothing can be submitted."""
    return plan.submissions if isinstance(plan.submissions, PlannerSubmission) else None


def untouched(state: PlannerSubmission | None) -> Submission | None:
    """Return a submission without attempts, for when the planner says nothing was submitted."""
    if state is None or state.submitted is not False:
        return None
    return Submission(excused=state.excused)


def whole_assignment(plan: PlannerItem) -> str | None:
    """Return a checkpoint's assignment, read from its address because the planner sends no id."""
    found = re.match(r"[^?#]*?/assignments/(\d+)", plan.html_url or "")
    return found[1] if found else None


def planner_assignment(plan: PlannerItem) -> str | None:
    """Return the assignment of a planner item, if it has one."""
    if plan.plannable_type == "assignment" or plan.graded_page:
        return plan.plannable_id
    return plan.plannable.assignment_id if plan.plannable else None


def planner_key(plan: PlannerItem) -> ItemKey:
    """Return what identifies an item across sources: its assignment, or its kind and id."""
    assignment_id = planner_assignment(plan)
    tag = plan.plannable.sub_assignment_tag if plan.plannable else None
    if plan.plannable_type == "assessment_request" or assignment_id is None or tag:
        return plan.plannable_type, plan.plannable_id
    return "assignment", assignment_id


def assignment_kind(assignment: Assignment) -> tuple[str, str]:
    """Return the planner's type and id of an assignment; quizzes and topics have their own."""
    if assignment.sub_assignment_tag:
        return "sub_assignment", assignment.id
    if assignment.quiz_id:
        return "quiz", assignment.quiz_id
    topic = assignment.discussion_topic
    if topic and topic.id:
        return "discussion_topic", topic.id
    return "assignment", assignment.id


def is_done(plan: PlannerItem, submission: PlannerSubmission | None) -> bool:
    """Return the person's own mark, else whether it is submitted, graded, excused or reviewed."""
    if plan.planner_override and plan.planner_override.marked_complete is not None:
        return plan.planner_override.marked_complete
    if plan.reviewed:
        return True
    if submission is None or submission.redo_request:
        return False
    graded = submission.graded and submission.posted_at
    return bool(submission.submitted or submission.excused or graded)
