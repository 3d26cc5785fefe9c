"""Canvas's answers as types: only the fields Easel reads, lenient about the rest.

Canvas leaves out keys, sends null, and sends ids as numbers or strings (canvas-lms
``lib/api/v1/``); so every field is optional, and every id is a str here. Where an absent key means
something else than null, the field is UNSET, which is falsy like None.
"""

from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import Decoder

LARGEST_NUMBER = 10**15  # above any number of a person's assignments

if TYPE_CHECKING:
    Id = str
    Moment = datetime
    Number = float
    Count = int
else:
    Id = str | int  # as Canvas sends it; Model.__post_init__ converts it to str
    # Answers that these types reject are decoded again, leniently: see :mod:`.mending`.
    Moment = Annotated[datetime, Meta(tz=True)]
    Number = Annotated[float, Meta(ge=-float(LARGEST_NUMBER), le=float(LARGEST_NUMBER))]
    Count = Annotated[int, Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]


@cache
def _id_fields(model: type[Struct]) -> tuple[str, ...]:
    return tuple(n for n in model.__struct_fields__ if n == "id" or n.endswith("_id"))


class Model(Struct, kw_only=True, omit_defaults=True, gc=False):
    """A Canvas object. Ids may exceed 2**53, so they are text everywhere in Easel."""

    def __post_init__(self) -> None:
        for name in _id_fields(type(self)):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                setattr(self, name, str(value))


class Account(Model):
    """A row of GET /api/v1/accounts (``lib/api/v1/account.rb``); a root account has no parent.

    ``lti_guid`` is present when it was requested with ``include[]``.
    """

    id: Id = ""
    name: str | None = None
    parent_account_id: Id | None = None
    root_account_id: Id | None = None
    lti_guid: str | UnsetType | None = UNSET


class Profile(Model):
    """GET /api/v1/users/self/profile (``lib/api/v1/user_profile.rb``)."""

    id: Id = ""
    name: str | None = None
    short_name: str | None = None
    time_zone: str | None = None
    locale: str | None = None
    effective_locale: str | None = None


class Term(Model):
    id: Id | None = None
    name: str | None = None
    start_at: Moment | None = None
    end_at: Moment | None = None


class CourseSection(Model):
    """A section the person is in, once for each enrollment; ``enrollment_role`` is its role."""

    id: Id | None = None
    name: str | None = None
    start_at: Moment | None = None
    end_at: Moment | None = None
    enrollment_role: str | None = None


class CourseEnrollment(Model):
    """An enrollment inside a course (``lib/api/v1/course_json.rb``): ``type`` in short form.

    The scores are absent, not null, in a course that hides its totals from students.
    """

    type: str | None = None
    role: str | None = None
    user_id: Id | None = None
    enrollment_state: str | None = None
    limit_privileges_to_course_section: bool | None = None
    associated_user_id: Id | None = None
    computed_current_score: Number | UnsetType | None = UNSET
    computed_current_grade: str | None = None
    computed_current_letter_grade: str | None = None
    computed_final_score: Number | UnsetType | None = UNSET
    computed_final_grade: str | None = None
    current_grading_period_id: Id | None = None
    current_grading_period_title: str | None = None
    has_grading_periods: bool | None = None
    current_period_computed_current_score: Number | UnsetType | None = UNSET
    current_period_computed_current_grade: str | None = None
    current_period_computed_final_score: Number | UnsetType | None = UNSET
    current_period_computed_final_grade: str | None = None
    totals_for_all_grading_periods_option: bool | None = None


class CourseProgress(Model):
    """Module requirements; Canvas puts an ``error`` object here for courses without modules."""

    requirement_count: Count | None = None
    requirement_completed_count: Count | None = None


class UserDisplay(Model):
    id: Id | None = None
    display_name: str | None = None


class Course(Model):
    """GET /api/v1/courses. A restricted stub is ``id`` and ``access_restricted_by_date``."""

    id: Id
    name: str | None = None
    original_name: str | None = None
    course_code: str | None = None
    workflow_state: str | None = None
    start_at: Moment | None = None
    end_at: Moment | None = None
    access_restricted_by_date: bool | None = None
    restrict_enrollments_to_course_dates: bool | None = None
    concluded: bool | None = None
    is_favorite: bool | None = None
    hide_final_grades: bool | None = None
    restrict_quantitative_data: bool | None = None
    has_grading_periods: bool | None = None
    has_weighted_grading_periods: bool | None = None
    apply_assignment_group_weights: bool | None = None
    # [name, lowest share] pairs, present even if no scheme is used
    grading_scheme: list[list[str | Number | None]] | None = None
    points_based_grading_scheme: bool | None = None
    scaling_factor: Number | None = None  # the highest point of a scheme based on points
    course_color: str | None = None
    image_download_url: str | None = None
    needs_grading_count: Count | None = None
    total_students: Count | None = None
    syllabus_body: str | None = None
    term: Term | UnsetType | None = UNSET
    enrollments: list[CourseEnrollment] | None = None
    sections: list[CourseSection] | None = None
    teachers: list[UserDisplay] | None = None
    course_progress: CourseProgress | None = None
    time_zone: str | None = None

    @property
    def watched(self) -> frozenset[tuple[str, str]]:
        """The students whom the caller observes here now, each as course id and user id."""
        return frozenset(
            (self.id, e.associated_user_id)
            for e in self.enrollments or ()
            if e.type == "observer"
            and e.associated_user_id
            and e.enrollment_state in (None, "active")
        )


class Observee(Model):
    """A student linked to the caller (``user_observees_controller.rb``)."""

    id: Id
    name: str | None = None
    sortable_name: str | None = None
    short_name: str | None = None

    @property
    def watched(self) -> frozenset[tuple[str, str]]:
        """The student, who is observed in all of their courses."""
        return frozenset({("", self.id)})


class Colors(Model):
    """GET /api/v1/users/self/colors: ``{"course_42": "#abc123"}``."""

    custom_colors: dict[str, str | None] | None = None


class Positions(Model):
    """GET /api/v1/users/self/dashboard_positions: ``{"course_42": 3}``, some as text."""

    dashboard_positions: dict[str, Count | str | None] | None = None


class Attachment(Model):
    """A file (``lib/api/v1/attachment.rb``); never log its ``url``, which carries a verifier."""

    id: Id | None = None
    display_name: str | None = None
    filename: str | None = None
    url: str | None = None
    size: Count | None = None


class MediaComment(Model):
    """A recording (``lib/api/v1/submission.rb``, ``media_comment_json``)."""

    display_name: str | None = None
    media_type: str | None = None
    url: str | None = None


class SubmissionComment(Model):
    id: Id | None = None
    author_id: Id | None = None  # none where the author is hidden from the reader
    author_name: str | None = None
    comment: str | None = None
    created_at: Moment | None = None
    attempt: Count | None = None
    attachments: list[Attachment] | None = None
    media_comment: MediaComment | None = None


class RubricRating(Model):
    id: Id | None = None
    description: str | None = None
    long_description: str | None = None
    points: Number | None = None


class RubricCriterion(Model):
    id: Id | None = None
    description: str | None = None
    long_description: str | None = None
    points: Number | None = None
    ignore_for_scoring: bool | None = None
    ratings: list[RubricRating] | None = None


class RubricAssessment(Model):
    """The rating of one criterion; the enclosing object is keyed by criterion."""

    rating_id: Id | None = None
    points: Number | None = None
    comments: str | None = None


class RubricSettings(Model):
    hide_points: bool | None = None


class ScoreStatistics(Model):
    """Statistics of a class of at least five grades; quartiles only where Canvas enables them."""

    min: Number | None = None
    max: Number | None = None
    mean: Number | None = None
    lower_q: Number | None = None
    median: Number | None = None
    upper_q: Number | None = None


class SubmissionSummary(Model):
    """GET .../submission_summary: numbers of students by state."""

    graded: Count | None = None
    ungraded: Count | None = None
    not_submitted: Count | None = None


class PlannerOverride(Model):
    id: Id | None = None
    plannable_type: str | None = None
    plannable_id: Id | None = None
    workflow_state: str | None = None
    marked_complete: bool | None = None
    dismissed: bool | None = None

    @property
    def deleted(self) -> bool:
        """Whether it is deleted; Canvas keeps the row and does not create a second one."""
        return self.workflow_state == "deleted"


class DiscussionTopic(Model):
    id: Id | None = None


class Assignment(Model):
    """An assignment as the caller sees it, with their own dates (``lib/api/v1/assignment.rb``)."""

    id: Id
    course_id: Id | None = None
    assignment_group_id: Id | None = None
    name: str | None = None
    position: Count | None = None
    html_url: str | None = None
    due_at: Moment | None = None
    unlock_at: Moment | None = None
    lock_at: Moment | None = None
    updated_at: Moment | None = None
    points_possible: Number | None = None
    grading_type: str | None = None
    submission_types: list[str] | None = None
    allowed_attempts: Count | None = None
    locked_for_user: bool | None = None
    lock_explanation: str | None = None
    published: bool | None = None
    omit_from_final_grade: bool | None = None
    restrict_quantitative_data: bool | None = None
    anonymize_students: bool | None = None
    moderated_grading: bool | None = None
    needs_grading_count: Count | None = None
    speed_grader_url: str | None = None
    quiz_id: Id | None = None
    discussion_topic: DiscussionTopic | None = None
    planner_override: PlannerOverride | UnsetType | None = UNSET
    sub_assignment_tag: str | None = None  # of a discussion checkpoint
    parent_assignment_id: Id | None = None
    rubric: list[RubricCriterion] | None = None
    submission: "Submission | list[Submission] | UnsetType | None" = UNSET
    course: Course | None = None

    @property
    def own_submission(self) -> "Submission | None":
        """The caller's submission; for observers Canvas sends a list of other people's."""
        return self.submission if isinstance(self.submission, Submission) else None


class AssignmentDetail(Assignment):
    """One assignment requested by id, with fields that lists do not need."""

    description: str | None = None
    can_submit: bool | UnsetType | None = UNSET
    allowed_extensions: list[str] | None = None
    anonymous_grading: bool | None = None
    group_category_id: Id | None = None
    grade_group_students_individually: bool | None = None
    peer_reviews: bool | None = None
    anonymous_peer_reviews: bool | None = None
    has_overrides: bool | None = None
    in_closed_grading_period: bool | None = None
    rubric_settings: RubricSettings | None = None
    score_statistics: ScoreStatistics | None = None


class DropRules(Model):
    """How many scores a group leaves out; Canvas sends only the rules that are set."""

    drop_lowest: Count | None = None
    drop_highest: Count | None = None
    never_drop: list[Id] | None = None


class AssignmentGroup(Model):
    id: Id
    name: str | None = None
    position: Count | None = None
    group_weight: Number | None = None
    rules: DropRules | None = None
    assignments: list[Assignment] | UnsetType | None = UNSET


class Submission(Model):
    """A submission (``lib/api/v1/submission.rb``).

    ``score`` and ``grade`` are absent while the caller may not read them; Canvas computes
    ``missing`` and ``late`` when it is asked.
    """

    id: Id | None = None
    assignment_id: Id | None = None
    user_id: Id | None = None
    grading_period_id: Id | None = None
    workflow_state: str | None = None
    submission_type: str | None = None
    score: Number | None = None
    grade: str | None = None
    entered_score: Number | None = None
    entered_grade: str | None = None
    points_deducted: Number | None = None
    late: bool | None = None
    missing: bool | None = None
    excused: bool | None = None
    seconds_late: Number | None = None
    custom_grade_status_id: Id | None = None
    custom_grade_status_name: str | None = None
    redo_request: bool | None = None
    grade_matches_current_submission: bool | None = None
    attempt: Count | None = None
    extra_attempts: Count | None = None
    submitted_at: Moment | None = None
    graded_at: Moment | None = None
    posted_at: Moment | None = None
    cached_due_date: Moment | None = None
    html_url: str | None = None
    assignment: Assignment | UnsetType | None = UNSET
    submission_comments: list[SubmissionComment] | UnsetType | None = UNSET
    submission_html_comments: list[SubmissionComment] | None = None
    rubric_assessment: dict[str, RubricAssessment] | None = None


class ClassSubmission(Model):
    """A student's submission as graders need it; few fields, because a class has thousands."""

    id: Id | None = None
    assignment_id: Id | None = None
    user_id: Id | None = None
    grading_period_id: Id | None = None
    workflow_state: str | None = None
    score: Number | None = None
    grade: str | None = None
    late: bool | None = None
    missing: bool | None = None
    excused: bool | None = None
    custom_grade_status_id: Id | None = None
    redo_request: bool | None = None
    grade_matches_current_submission: bool | None = None
    submitted_at: Moment | None = None
    graded_at: Moment | None = None
    posted_at: Moment | None = None
    cached_due_date: Moment | None = None
    grader_id: Id | None = None
    late_policy_status: str | None = None


class KeptSubmission(ClassSubmission, array_like=True, omit_defaults=False):
    """The same where it is kept: a fifth of the bytes, without the names of its fields."""


class GroupedWork(Model):
    """All submissions of one student, as ``students/submissions`` groups them."""

    user_id: Id | None = None
    submissions: list[ClassSubmission] | None = None

    @property
    def row_key(self) -> str | None:
        return self.user_id


class StudentGroup(Model):
    """A group of a course's students (``lib/api/v1/group.rb``)."""

    id: Id | None = None
    name: str | None = None
    group_category_id: Id | None = None


class GroupSet(Model):
    """A set of groups, in Canvas a group category (``lib/api/v1/group_category.rb``)."""

    id: Id | None = None
    name: str | None = None


class SubmissionUser(Model):
    id: Id | None = None
    name: str | None = None
    display_name: str | None = None


class SubmissionDetail(Submission):
    """One submission requested by id, with its content and all attempts."""

    media_comment: MediaComment | None = None
    body: str | None = None
    url: str | None = None
    attachments: list[Attachment] | None = None
    submission_history: "list[SubmissionDetail] | None" = None
    user: SubmissionUser | None = None


class StreamItem(Submission):
    """GET /api/v1/users/self/activity_stream (``lib/api/v1/stream_item.rb``).

    In an item of type Submission the whole submission is merged, except that ``id`` is the stream
    item's.
    """

    type: str | None = None
    title: str | None = None
    course_id: Id | None = None


class PlannerNote(Model):
    """A personal note; ``details`` is HTML that Canvas has sanitised."""

    id: Id
    title: str | None = None
    details: str | None = None
    course_id: Id | None = None
    todo_date: Moment | None = None
    workflow_state: str | None = None

    @property
    def deleted(self) -> bool:
        """Whether Canvas no longer lists it, although it still accepts changes to it."""
        return self.workflow_state == "deleted"


class PlannerFeedback(Model):
    comment: str | None = None
    author_name: str | None = None


class PlannerSubmission(Model):
    """The ``submissions`` of a planner item; every field is null while no submission row exists."""

    submitted: bool | None = None
    excused: bool | None = None
    graded: bool | None = None
    posted_at: Moment | None = None
    late: bool | None = None
    missing: bool | None = None
    needs_grading: bool | None = None
    has_feedback: bool | None = None
    redo_request: bool | None = None
    feedback: PlannerFeedback | None = None


class Plannable(Model):
    """The slim object inside a planner item: only fields of its own database row."""

    id: Id | None = None
    title: str | None = None
    name: str | None = None
    assignment_id: Id | None = None
    points_possible: Number | None = None
    due_at: Moment | None = None
    lock_at: Moment | None = None
    unlock_at: Moment | None = None
    todo_date: Moment | None = None
    start_at: Moment | None = None
    end_at: Moment | None = None
    all_day: bool | None = None
    details: str | None = None
    description: str | None = None
    location_name: str | None = None
    restrict_quantitative_data: bool | None = None
    sub_assignment_tag: str | None = None
    course_id: Id | None = None
    workflow_state: str | None = None


class CheckpointDetails(Model):
    """What a planner item says about a checkpoint of replies: the number required."""

    reply_to_entry_required_count: Count | None = None


class PlannerItem(Model):
    """GET /api/v1/planner/items (``lib/api/v1/planner_item.rb``).

    ``plannable_id`` is the quiz's, topic's or page's own id, not its assignment's; ``submissions``
    is ``false`` where nothing can be submitted. Use ``own_course`` for the course, because a note
    names it only in ``plannable``.
    """

    plannable_id: Id
    plannable_type: str
    context_type: str | None = None
    context_name: str | None = None
    course_id: Id | None = None
    group_id: Id | None = None
    user_id: Id | None = None
    plannable_date: Moment | None = None
    planner_override: PlannerOverride | None = None
    submissions: PlannerSubmission | bool | None = None
    new_activity: bool | None = None
    html_url: str | None = None
    plannable: Plannable | None = None
    details: CheckpointDetails | None = None

    @property
    def own_id(self) -> str:
        """The id its overrides refer to; for a graded page, that of its assignment."""
        page = self.plannable.id if self.plannable and self.graded_page else None
        return page or self.plannable_id

    @property
    def graded_page(self) -> bool:
        """Whether this is a graded page, whose ``plannable_id`` is its assignment's."""
        return self.plannable_type == "wiki_page" and isinstance(
            self.submissions, PlannerSubmission
        )

    @property
    def ungraded(self) -> bool:
        """Whether it has no assignment (discussion, quiz): never handed in, late or missing."""
        return self.plannable_type in ("discussion_topic", "quiz") and self.submissions is False

    @property
    def only_posted(self) -> bool:
        """Whether it is an ungraded discussion without to-do date: dated by when it was posted."""
        todo_date = self.plannable.todo_date if self.plannable else None
        return self.ungraded and self.plannable_type == "discussion_topic" and todo_date is None

    @property
    def reviewed(self) -> bool:
        """Whether it is a completed peer review, which Canvas goes on listing."""
        state = self.plannable.workflow_state if self.plannable else None
        return self.plannable_type == "assessment_request" and state == "completed"

    @property
    def own_course(self) -> str | None:
        """The id of its course, from whichever field has it."""
        return self.course_id or (self.plannable.course_id if self.plannable else None)


class TodoQuiz(Model):
    """A quiz waiting to be graded, where Canvas has no assignment for it."""

    id: Id | None = None
    title: str | None = None


class TodoItem(Model):
    """GET /api/v1/users/self/todo (``lib/api/v1/todo_item.rb``): ``grading`` or ``submitting``."""

    type: str | None = None
    context_type: str | None = None
    context_name: str | None = None
    course_id: Id | None = None
    needs_grading_count: Count | None = None
    html_url: str | None = None
    assignment: Assignment | None = None
    quiz: TodoQuiz | None = None
    checkpoint_label: str | None = None  # tag of a discussion checkpoint
    parent_assignment_id: Id | None = None


class DateOverride(Model):
    """A date for some of the students (``lib/api/v1/assignment_override.rb``)."""

    id: Id | None = None
    title: str | None = None  # the name of a section or group, otherwise text like "3 students"
    course_section_id: Id | None = None
    group_id: Id | None = None


class CalendarEvent(Model):
    """GET /api/v1/calendar_events; for type assignment ``id`` is "assignment_123".

    A discussion checkpoint has type sub_assignment and an id like "sub_assignment_123".

    ``all_day_date`` is the day of an event in any time zone. A ``hidden`` event is replaced by one
    for the reader's section, which has the section in ``context_code`` (``course_section_7``) and
    the course in ``effective_context_code``. ``assignment_overrides`` tells whom the date applies
    to.
    """

    id: Id | None = None
    title: str | None = None
    context_code: str | None = None
    effective_context_code: str | None = None
    context_name: str | None = None
    html_url: str | None = None
    start_at: Moment | None = None
    end_at: Moment | None = None
    all_day: bool | None = None
    all_day_date: date | None = None
    description: str | None = None
    location_name: str | None = None
    workflow_state: str | None = None
    hidden: bool | None = None
    assignment: Assignment | None = None
    assignment_overrides: list[DateOverride] | None = None
    sub_assignment: Assignment | None = None
    sub_assignment_overrides: list[DateOverride] | None = None

    @property
    def work(self) -> Assignment | None:
        """The assignment or the checkpoint that is due."""
        return self.assignment or self.sub_assignment

    @property
    def course_id(self) -> str | None:
        """The id of its course, also for an event of a section; the first of several."""
        for codes in (self.effective_context_code, self.context_code):
            for code in (codes or "").split(","):
                kind, _, id_ = code.strip().rpartition("_")
                if kind == "course":
                    return id_
        return None

    @property
    def section_id(self) -> str | None:
        """The id of the section the event belongs to."""
        kind, _, id_ = (self.context_code or "").rpartition("_")
        return id_ if kind == "course_section" else None

    @property
    def override(self) -> DateOverride | None:
        """The override that sets its date; None for the base date."""
        return next(iter(self.assignment_overrides or self.sub_assignment_overrides or ()), None)

    @property
    def row_key(self) -> str | None:
        """Distinguishes it from the other dates of its assignment, which have the same id."""
        return f"{self.id} {self.override.id}" if self.id and self.override else self.id


class GradingPeriod(Model):
    """GET /api/v1/courses/:course_id/grading_periods (``GradingPeriodSerializer``)."""

    id: Id
    title: str | None = None
    start_date: Moment | None = None
    end_date: Moment | None = None
    weight: Number | None = None


class Grades(Model):
    """The totals of an enrollment; absent keys where the course hides its totals."""

    current_score: Number | UnsetType | None = UNSET
    current_grade: str | None = None
    final_score: Number | UnsetType | None = UNSET
    final_grade: str | None = None


class Enrollment(Model):
    """An enrollment of a course's list: ``type`` in long form (StudentEnrollment)."""

    id: Id
    user_id: Id | None = None
    course_id: Id | None = None
    course_section_id: Id | None = None
    associated_user_id: Id | None = None
    type: str | None = None
    role: str | None = None
    enrollment_state: str | None = None
    grades: Grades | None = None


class ClassGrades(Grades):
    """A student's totals as graders see them.

    ``current`` and ``final`` are computed from posted grades, ``unposted`` from all of them; a
    total that a teacher set by hand is a separate field.
    """

    unposted_current_score: Number | None = None
    unposted_final_score: Number | None = None
    override_score: Number | None = None
    override_grade: str | None = None


class RosterUser(Model):
    """A user of a class list; the last two fields need SIS rights (``lib/api/v1/user.rb``)."""

    id: Id | None = None
    name: str | None = None
    sortable_name: str | None = None
    short_name: str | None = None
    login_id: str | None = None
    sis_user_id: str | None = None


class ClassEnrollment(Enrollment):
    """A student's enrollment as graders see it; ``total_activity_time`` in seconds."""

    user: RosterUser | None = None
    last_activity_at: Moment | None = None
    total_activity_time: Count | None = None
    grades: ClassGrades | None = None


class SectionStudent(RosterUser):
    """A student of a section; the enrollments are those in this section, without their user."""

    enrollments: list[ClassEnrollment] | None = None


class SectionClass(Model):
    """A section with its students, whatever the state of their enrollments; null without any."""

    id: Id | None = None
    students: list[SectionStudent] | None = None


def _look_through(model: type[Model]) -> None:
    """Let msgspec analyse a model before threads start; see :func:`..paging.decoder`."""
    Decoder(model)
    for each in model.__subclasses__():
        _look_through(each)


_look_through(Model)
