"""Assignments and submissions, and the statuses that time and grading give them."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from .chance import chance, choose, scatter
from .people import SHARD

ONLINE = frozenset(
    {
        "online_text_entry",
        "online_url",
        "online_upload",
        "online_quiz",
        "discussion_topic",
        "media_recording",
        "student_annotation",
        "external_tool",
    }
)
OFFLINE = ("on_paper", "external_tool", "none", "not_graded", "wiki_page")
"""Submission types; work that has only one of these is not handed in to Canvas (assignment.rb)."""
QUIZ_GRACE = timedelta(seconds=60)
SCHEME = (
    ("A", 94.0),
    ("A-", 90.0),
    ("B+", 87.0),
    ("B", 84.0),
    ("B-", 80.0),
    ("C+", 77.0),
    ("C", 74.0),
    ("C-", 70.0),
    ("D+", 67.0),
    ("D", 64.0),
    ("D-", 61.0),
    ("F", 0.0),
)


@dataclass(frozen=True, slots=True)
class AssignmentGroup:
    id: int
    course_id: int
    name: str
    position: int
    weight: float = 0.0
    drop_lowest: int = 0
    drop_highest: int = 0
    never_drop: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Criterion:
    id: str
    description: str
    points: float
    long_description: str = ""

    def ratings(self) -> list[dict[str, object]]:
        steps = (("Excellent", 1.0), ("Good", 0.75), ("Developing", 0.5), ("Not shown", 0.0))
        return [
            {
                "id": f"{self.id}_{index}",
                "description": words,
                "long_description": "",
                "points": self.points * share,
            }
            for index, (words, share) in enumerate(steps)
        ]


@dataclass(frozen=True, slots=True)
class SectionDate:
    """A section's own due date, and the section's students."""

    section_id: int
    name: str
    due_at: datetime
    student_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class DateOverride:
    """A due date that applies only to a section or to some students."""

    id: int
    title: str
    due_at: datetime
    student_ids: tuple[int, ...] = ()
    section_id: int | None = None


@dataclass(slots=True)
class Assignment:
    id: int
    course_id: int
    group_id: int
    name: str
    position: int
    created_at: datetime
    points_possible: float | None = 10.0
    submission_types: tuple[str, ...] = ("online_text_entry", "online_upload")
    grading_type: str = "points"
    due_at: datetime | None = None
    unlock_at: datetime | None = None
    lock_at: datetime | None = None
    description: str | None = None
    published: bool = True
    post_manually: bool = False
    omit_from_final_grade: bool = False
    allowed_attempts: int = -1
    rubric: tuple[Criterion, ...] = ()
    due_dates: dict[int, datetime] = field(default_factory=dict)
    section_dates: tuple[SectionDate, ...] = ()
    checkpoints: "tuple[Checkpoint, ...]" = ()
    only_for: frozenset[int] | None = None
    new_quiz: bool = False
    anonymous_grading: bool = False
    moderated_grading: bool = False
    grades_published: bool = False

    @property
    def is_quiz(self) -> bool:
        return "online_quiz" in self.submission_types

    @property
    def is_discussion(self) -> bool:
        return "discussion_topic" in self.submission_types

    @property
    def plannable(self) -> tuple[str, int]:
        """Type and id of the underlying object (Canvas: Planner)."""
        if self.is_quiz:
            return "quiz", self.id + 500_000
        if self.is_discussion:
            return "discussion_topic", self.id + 700_000
        if "wiki_page" in self.submission_types:
            return "wiki_page", self.id + 900_000
        return "assignment", self.id

    @property
    def expects_submission(self) -> bool:
        return not ONLINE.isdisjoint(self.submission_types)

    @property
    def submittable(self) -> bool:
        """Whether students can hand it in to Canvas itself, not to a tool (assignment.rb)."""
        return self.submission_types not in ((), *((kind,) for kind in OFFLINE))

    @property
    def missed_by_date(self) -> bool:
        """Whether it becomes missing after its due date; of tools, only New Quizzes does.

        Source: submission.rb, Tardiness.
        """
        return self.submittable or self.new_quiz

    @property
    def is_graded(self) -> bool:
        return self.grading_type != "not_graded"

    def due_for(self, user_id: int | None) -> datetime | None:
        """Return the due date for a person; the base date for None."""
        if user_id is None:
            return self.due_at
        for row in self.section_dates:
            if user_id in row.student_ids and user_id not in self.due_dates:
                return row.due_at
        return self.due_dates.get(user_id, self.due_at)

    def overrides(self) -> list[DateOverride]:
        """Return the dates other than the base date, sections first; ids derive from the work's."""
        rows: list[tuple[str, datetime, tuple[int, ...], int | None]] = [
            (row.name, row.due_at, (), row.section_id) for row in self.section_dates
        ]
        rows += [("1 student", due, (user_id,), None) for user_id, due in self.due_dates.items()]
        return [DateOverride(self.id * 10 + place, *row) for place, row in enumerate(rows)]

    def override_for(self, user_id: int) -> DateOverride | None:
        """Return the override that gives this person another date, or None."""
        sections = [row for row in self.section_dates if user_id in row.student_ids]
        return next(
            (
                row
                for row in reversed(self.overrides())  # single students take precedence
                if user_id in row.student_ids
                or any(row.section_id == section.section_id for section in sections)
            ),
            None,
        )

    def is_for(self, user_id: int) -> bool:
        return self.only_for is None or user_id in self.only_for

    def locked(self, now: datetime) -> bool:
        return bool((self.unlock_at and self.unlock_at > now) or self.closed(now))

    def closed(self, now: datetime) -> bool:
        return self.lock_at is not None and self.lock_at <= now


@dataclass(slots=True)
class Checkpoint(Assignment):
    """A part of a graded discussion with its own due date and points (``sub_assignment.rb``)."""

    parent_id: int = 0
    tag: str = "reply_to_topic"
    replies: int = 0

    @property
    def plannable(self) -> tuple[str, int]:
        return "sub_assignment", self.id

    @property
    def title(self) -> str:
        """The discussion's title and what this part requires (``title_with_required_replies``)."""
        if self.tag == "reply_to_topic":
            return f"{self.name} Reply to Topic"
        return f"{self.name} Required Replies ({self.replies})"


@dataclass(frozen=True, slots=True)
class Comment:
    id: int
    author_id: int
    text: str
    created_at: datetime
    attempt: int | None = None
    files: tuple[str, ...] = ()
    anonymous: bool = False


@dataclass(slots=True)
class Submission:
    """One student's row for one assignment; ``is_late`` and ``is_missing`` depend on the clock."""

    id: int
    assignment_id: int
    user_id: int
    workflow_state: str = "unsubmitted"
    submission_type: str | None = None
    submitted_at: datetime | None = None
    attempt: int | None = None
    entered_score: float | None = None
    points_deducted: float | None = None
    graded_at: datetime | None = None
    posted_at: datetime | None = None
    grader_id: int | None = None
    grade_matches: bool = True
    late_policy_status: str | None = None
    seconds_late_override: int | None = None
    excused: bool = False
    custom_grade_status_id: int | None = None
    redo_request: bool = False
    body: str | None = None
    url: str | None = None
    extra_attempts: int | None = None
    comments: list[Comment] = field(default_factory=list)
    rubric: dict[str, float] = field(default_factory=dict)
    rubric_comments: dict[str, str] = field(default_factory=dict)
    earlier: list["Submission"] = field(default_factory=list)
    unread: bool = False

    @property
    def score(self) -> float | None:
        if self.entered_score is None:
            return None
        # The late penalty never takes a score below 0 (late_policy.rb).
        return max(min(0.0, self.entered_score), self.entered_score - (self.points_deducted or 0.0))

    @property
    def is_graded(self) -> bool:
        """Whether Canvas counts it as graded (submission.rb, Tardiness)."""
        return self.excused or (self.score is not None and self.workflow_state == "graded")

    @property
    def needs_grading(self) -> bool:
        """Whether it was handed in and not graded, or handed in again after the grade.

        Its custom status does not matter (needs_grading_count_query.rb).
        """
        if self.excused or self.submission_type is None:
            return False
        if self.workflow_state == "pending_review":
            return True
        waits = self.score is None or not self.grade_matches
        return waits and self.workflow_state in ("submitted", "graded")


def keep_attempt(row: Submission) -> None:
    """Add the current attempt to the earlier ones before a new one replaces it."""
    row.earlier.append(replace(row, comments=[], rubric={}, rubric_comments={}, earlier=[]))


def submission_id(assignment_id: int, user_id: int) -> int:
    """Return an id for the pair that is unique on the assignment's shard."""
    shard, local = divmod(assignment_id, SHARD)
    return shard * SHARD + local * 10_000 + user_id % 10_000


def seconds_late(row: Submission, work: Assignment, now: datetime) -> int:
    """Return how many seconds late the work is, counted up to now if it was not handed in.

    For work a teacher marked as late it is the teacher's number, or 0. Quizzes and New Quizzes
    have 60 s of grace (submission.rb).
    """
    if row.late_policy_status == "late":
        return row.seconds_late_override or 0
    due = work.due_for(row.user_id)
    if due is None:
        return 0
    handed_in = row.submitted_at or now
    if row.submission_type == "online_quiz" or work.new_quiz:
        handed_in -= QUIZ_GRACE
    return max(0, int((handed_in - due).total_seconds()))


def is_late(row: Submission, work: Assignment, now: datetime) -> bool:
    """Return Canvas's ``Tardiness#late?`` (submission.rb)."""
    if row.excused or row.custom_grade_status_id:
        return False
    if row.late_policy_status:
        return row.late_policy_status == "late"
    return row.submitted_at is not None and seconds_late(row, work, now) > 0


def is_missing(row: Submission, work: Assignment, now: datetime) -> bool:
    """Return Canvas's ``Tardiness#missing?`` (submission.rb)."""
    if row.excused or row.custom_grade_status_id:
        return False
    if row.late_policy_status:
        return row.late_policy_status == "missing"
    if row.grader_id is not None or row.submitted_at is not None:
        return False
    return seconds_late(row, work, now) > 0 and work.missed_by_date


def on_missing_list(row: Submission, work: Assignment, now: datetime) -> bool:
    """Return whether Canvas lists it as missing (submission.rb, scope ``missing``).

    Work that a teacher marked as missing is listed even if it was handed in, has no due date or is
    on paper.
    """
    if row.excused or row.custom_grade_status_id:
        return False
    if row.late_policy_status:
        return row.late_policy_status == "missing"
    if row.submitted_at is not None or row.grader_id is not None:
        return False
    due = work.due_for(row.user_id)
    grace = QUIZ_GRACE if work.is_quiz or work.new_quiz else timedelta()
    return due is not None and due + grace < now and work.missed_by_date


def letter(percent: float) -> str:
    """Return the letter for a percentage in the account's default grading scheme."""
    return next(name for name, least in SCHEME if percent >= least or least == 0.0)


def grade_text(score: float | None, work: Assignment) -> str | None:
    """Return the grade in the form of the assignment's grading type."""
    if score is None:
        return None
    possible = work.points_possible or 0.0
    percent = 100 * score / possible if possible else 100.0
    if work.grading_type == "percent":
        return f"{round(percent, 2):g}%"
    if work.grading_type in ("letter_grade", "gpa_scale"):
        return letter(percent)
    if work.grading_type == "pass_fail":
        return "complete" if score > 0 or not possible else "incomplete"
    return f"{score:g}"


def ordinary_submission(
    work: Assignment, user_id: int, start: datetime, grader_id: int
) -> Submission:
    """Return a submission of a student without a story, derived from the two ids and ``start``."""
    row = Submission(submission_id(work.id, user_id), work.id, user_id)
    due = work.due_for(user_id)
    if due is None or not work.is_graded or not work.published:
        return row
    diligence = chance(user_id, 11) * 0.35 + 0.65
    # Work due more than two weeks ago is graded, newer work only in part.
    days_past = (start - due).total_seconds() / 86400
    if work.expects_submission:
        if chance(work.id, user_id, 1) > (diligence if days_past > 0 else 0.15):
            if days_past > 21 and chance(work.id, user_id, 2) < 0.5:
                grade(row, work, 0.0, due + timedelta(days=20), grader_id)
                row.late_policy_status = "missing"
            return row
        _hand_in(row, work, due, start)
    share = 1.0 if days_past > 14 else 0.9 if days_past > 7 else 0.45 if days_past > 0 else 0.0
    if chance(work.id, user_id, 3) < share:
        possible = work.points_possible or 0.0
        ability = 0.55 + 0.45 * chance(user_id, 12) ** 0.6
        score = possible * min(1.0, ability + 0.2 * (chance(work.id, user_id, 4) - 0.4))
        handed_in = row.submitted_at or due
        graded_at = min(start - timedelta(minutes=5), handed_in + timedelta(days=4))
        grade(row, work, round(score * 2) / 2, max(handed_in, graded_at), grader_id)
    return row


def _hand_in(row: Submission, work: Assignment, due: datetime, start: datetime) -> None:
    kinds = [kind for kind in work.submission_types if kind in ONLINE]
    early = timedelta(minutes=1 + scatter(work.id, row.user_id, 5) % (60 * 30))
    if chance(work.id, row.user_id, 6) < 0.1:
        early = timedelta(minutes=-1 - scatter(work.id, row.user_id, 5) % (60 * 60))
    latest = start - timedelta(minutes=10 + scatter(work.id, row.user_id, 8) % 600)
    row.submitted_at = min(due - early, latest).replace(microsecond=0)
    row.submission_type = choose(kinds, work.id, row.user_id, 9)
    row.workflow_state = "submitted"
    row.attempt = 1
    if row.submission_type == "online_url":
        row.url = f"https://example.edu/~student{row.user_id}/{work.id}"
    elif row.submission_type == "online_text_entry":
        row.body = f"<p>My answer to “{work.name}”.</p>"


def grade(
    row: Submission,
    work: Assignment,
    score: float,
    graded_at: datetime,
    grader_id: int,
    *,
    deducted: float | None = None,
) -> None:
    """Enter a grade; it is posted at once unless the assignment posts grades manually."""
    row.entered_score = score
    row.points_deducted = deducted
    row.workflow_state = "graded"
    row.graded_at = graded_at
    row.grader_id = -work.id if work.is_quiz else grader_id
    row.grade_matches = True
    if not work.post_manually:
        row.posted_at = row.posted_at or graded_at
        row.unread = True
