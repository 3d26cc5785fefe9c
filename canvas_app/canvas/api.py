"""Canvas's endpoints by name: one method each, its scope and documentation beside it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.errors import AuthorizationError, MissingScope
from canvas_app.canvas.models import (
    Account,
    Assignment,
    AssignmentDetail,
    AssignmentGroup,
    CalendarEvent,
    ClassEnrollment,
    ClassSubmission,
    Colors,
    Course,
    CourseSection,
    Enrollment,
    GradingPeriod,
    GroupedWork,
    GroupSet,
    Observee,
    PlannerItem,
    PlannerNote,
    PlannerOverride,
    Positions,
    Profile,
    RosterUser,
    SectionClass,
    StreamItem,
    StudentGroup,
    Submission,
    SubmissionDetail,
    SubmissionSummary,
    TodoItem,
)
from canvas_app.canvas.paging import Pages
from canvas_app.canvas.parameters import api_path

Method = TypeVar("Method", bound=Callable[..., Any])

DOCS = "https://developerdocs.instructure.com/services/canvas/resources"

STUDENT: dict[str, Any] = {
    "type": ["StudentEnrollment"],
    "state": ["active", "invited", "completed"],
}

HEAVY = (
    *("preview_url", "attachments", "body", "url", "discussion_entries", "external_tool_url"),
    *("media_comment", "turnitin_data", "entered_score", "entered_grade", "points_deducted"),
    *("seconds_late", "attempt", "extra_attempts", "sticker"),
)
"""What a list of a class's submissions leaves out (``submissions_api_controller.rb``)."""

HEAVY_OF_ASSIGNMENTS = ("description", "rubric", "in_closed_grading_period")
"""What a list of a class's assignments leaves out (``assignments_api_controller.rb``)."""

_scopes: dict[str, str] = {}
_of_features: set[str] = set()


def endpoint(
    scope: str,
    doc: str,
    tells: str = "",
    *,
    own: bool = False,
    contexts: str = "",
    feature: bool = False,
) -> Callable[[Method], Method]:
    """Declare the scope a method needs (``url:<VERB>|<route>``) and where Canvas documents it.

    ``tells`` is the field by which an answer shows that Canvas read ``include[]``. Canvas writes
    it for everybody; with ``own`` only for students in their own courses, where it may be missing
    between the publication of a piece of work and its assignment. ``contexts`` names the argument
    of which a single unreadable member makes Canvas refuse the call. ``feature`` marks a scope
    that only some features need; their pages say so if it is missing.
    """

    def named(method: Method) -> Method:
        method.scope = scope  # type: ignore[attr-defined]
        method.tells = tells  # type: ignore[attr-defined]
        method.own = own  # type: ignore[attr-defined]
        method.doc = f"{DOCS}/{doc}"  # type: ignore[attr-defined]
        method.contexts = contexts  # type: ignore[attr-defined]
        _scopes[method.__name__] = scope
        if feature:
            _of_features.add(scope)
        return method

    return named


class CanvasAPI:
    """The Canvas API as Easel uses it, for one person and until the deadline of their request.

    Every method raises :class:`~canvas_app.canvas.errors.CanvasError`; lists are lazy and raise
    while they are read. No list asks for ``read_status``, because that would mark submissions read.
    """

    def __init__(self, client: CanvasClient) -> None:
        self.client = client

    @property
    def canvas_url(self) -> str:
        """Canvas's root, without a slash at its end."""
        return self.client.base_url.rstrip("/")

    @endpoint("url:GET|/api/v1/users/:user_id/profile", "users#method.profile.settings")
    def profile(self) -> Profile:
        return self.client.get("/api/v1/users/self/profile", type=Profile)

    @endpoint("url:GET|/api/v1/accounts", "accounts#method.accounts.index", tells="lti_guid")
    def accounts(self, include: Sequence[str] = ()) -> Pages[Account]:
        """List the accounts the person administers; for everybody else the list is empty."""
        return self.client.paginate("/api/v1/accounts", {"include": list(include)}, type=Account)

    @endpoint(
        "url:GET|/api/v1/accounts/:account_id/courses",
        "accounts#method.accounts.courses_api",
        feature=True,
    )
    def account_courses(self, account_id: str, search_term: str, most: int) -> list[Course]:
        """Find courses of an account and its sub-accounts by name, code or id: the first ``most``.

        Canvas lists ``associated_courses`` (accounts_controller.rb) and its documentation requires
        two characters. AuthorizationError for people who may not read the account's course list.
        """
        params = {
            "search_term": search_term,
            "include": ["term"],
            "sort": "course_name",
            "per_page": most,
        }
        path = api_path("accounts", account_id, "courses")
        return self.client.get(path, params, type=list[Course])

    @endpoint("url:GET|/api/v1/users/:id/colors", "users#method.users.get_custom_colors")
    def colors(self) -> Colors:
        return self.client.get("/api/v1/users/self/colors", type=Colors)

    @endpoint(
        "url:GET|/api/v1/users/:id/dashboard_positions",
        "users#method.users.get_dashboard_positions",
    )
    def dashboard_positions(self) -> Positions:
        return self.client.get("/api/v1/users/self/dashboard_positions", type=Positions)

    @endpoint(
        "url:POST|/api/v1/users/self/favorites/courses/:id",
        "favorites#method.favorites.add_favorite_course",
    )
    def add_favorite(self, course_id: str) -> None:
        path = api_path("users", "self", "favorites", "courses", course_id)
        self.client.request("POST", path)

    @endpoint(
        "url:DELETE|/api/v1/users/self/favorites/courses/:id",
        "favorites#method.favorites.remove_favorite_course",
    )
    def remove_favorite(self, course_id: str) -> None:
        path = api_path("users", "self", "favorites", "courses", course_id)
        self.client.request("DELETE", path)

    @endpoint(
        "url:PUT|/api/v1/users/self/course_nicknames/:course_id",
        "users#method.course_nicknames.update",
    )
    def set_nickname(self, course_id: str, nickname: str) -> None:
        """Set the person's nickname for a course; InvalidRequest above 59 characters."""
        path = api_path("users", "self", "course_nicknames", course_id)
        self.client.request("PUT", path, data={"nickname": nickname})

    @endpoint(
        "url:DELETE|/api/v1/users/self/course_nicknames/:course_id",
        "users#method.course_nicknames.delete",
    )
    def remove_nickname(self, course_id: str) -> None:
        path = api_path("users", "self", "course_nicknames", course_id)
        self.client.request("DELETE", path)

    @endpoint("url:GET|/api/v1/courses", "courses#method.courses.index", tells="term")
    def courses(
        self,
        include: Sequence[str] = (),
        enrollment_state: Literal["active", "invited_or_pending", "completed"] | None = None,
    ) -> Pages[Course]:
        """List the person's courses; without a state, those Canvas counts as current.

        All course states are named, because Canvas otherwise leaves a student's completed and
        unpublished courses out of the list.
        """
        params: dict[str, Any] = {
            "include": list(include),
            "state": ["unpublished", "available", "completed"],
        }
        if enrollment_state:
            params["enrollment_state"] = enrollment_state
        return self.client.paginate("/api/v1/courses", params, type=Course)

    @endpoint("url:GET|/api/v1/courses/:id", "courses#method.courses.show", tells="term")
    def course(self, course_id: str, include: Sequence[str] = ()) -> Course:
        path = api_path("courses", course_id)
        return self.client.get(path, {"include": list(include)}, type=Course)

    @endpoint("url:GET|/api/v1/courses/:id", "courses#method.courses.show", tells="term")
    def course_or_stub(self, course_id: str, include: Sequence[str] = ()) -> Course:
        """Return a course as lists show it: a stub if Canvas does not open it to the person.

        For such a course Canvas answers 403 to a request by id, as it does for a stranger's course.
        """
        try:
            return self.course(course_id, include)
        except MissingScope:
            raise
        except AuthorizationError:
            return Course(id=course_id, access_restricted_by_date=True)

    @endpoint(
        "url:GET|/api/v1/users/:user_id/enrollments", "enrollments#method.enrollments_api.index"
    )
    def ended_enrollments(self) -> Pages[Enrollment]:
        """List the person's enrollments that a teacher, an administrator or a SIS ended.

        While the course itself goes on, no list of courses contains them (``courses_for_user``).
        """
        path = "/api/v1/users/self/enrollments"
        return self.client.paginate(path, {"state": ["completed"]}, type=Enrollment)

    @endpoint(
        "url:GET|/api/v1/users/:user_id/enrollments", "enrollments#method.enrollments_api.index"
    )
    def own_totals(self) -> Pages[Enrollment]:
        """List the person's enrollments as a student, past ones too, with their totals."""
        path = "/api/v1/users/self/enrollments"
        return self.client.paginate(path, STUDENT, type=Enrollment)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/enrollments",
        "enrollments#method.enrollments_api.index",
    )
    def own_totals_in(self, course_id: str) -> Pages[Enrollment]:
        """List the person's enrollments as a student of one course, with their totals."""
        path = api_path("courses", course_id, "enrollments")
        return self.client.paginate(path, {"user_id": "self"} | STUDENT, type=Enrollment)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/enrollments",
        "enrollments#method.enrollments_api.index",
    )
    def ended_in_course(self, course_id: str) -> Pages[Enrollment]:
        """List the person's ended enrollments in a course; the course itself omits them."""
        path = api_path("courses", course_id, "enrollments")
        params = {"user_id": "self", "state": ["completed"]}
        return self.client.paginate(path, params, type=Enrollment)

    @endpoint(
        "url:GET|/api/v1/users/:user_id/observees",
        "user_observees#method.user_observees.index",
        feature=True,
    )
    def observees(self) -> Pages[Observee]:
        """List the students linked to the person, by name.

        Students whom they observe in single courses, without a link, are not listed.
        """
        return self.client.paginate("/api/v1/users/self/observees", type=Observee)

    @endpoint("url:GET|/api/v1/planner/items", "planner#method.planner.index")
    def planner_items(
        self,
        start_date: datetime,
        end_date: datetime,
        course_ids: Sequence[str] = (),
        only: str = "",
        observed_user_id: str = "",
    ) -> Pages[PlannerItem]:
        """List the planner's work, notes, events and announcements between two moments.

        ``course_ids`` limits the list to these courses. ``only`` is one of Canvas's filters;
        ``incomplete_items`` includes work that was graded without being handed in.
        ``observed_user_id`` makes it the planner of a student whom the person observes, with whom
        ``course_ids`` are required. Canvas drops courses in which they do not; AuthorizationError
        if none is left.
        """
        params: dict[str, Any] = {"start_date": start_date, "end_date": end_date}
        if observed_user_id:
            params["observed_user_id"] = observed_user_id
        if course_ids:
            params["context_codes"] = [f"course_{id_}" for id_ in course_ids]
        if only:
            params["filter"] = only
        return self.client.paginate("/api/v1/planner/items", params, type=PlannerItem)

    @endpoint(
        "url:GET|/api/v1/users/:user_id/missing_submissions",
        "users#method.users.missing_submissions",
        tells="planner_override",
    )
    def missing_submissions(
        self,
        include: Sequence[str] = (),
        observed_user_id: str = "",
        course_ids: Sequence[str] = (),
    ) -> Pages[Assignment]:
        """List all that Canvas calls missing; unfiltered, to include locked and earlier work.

        ``observed_user_id`` and ``course_ids`` are as for :meth:`planner_items`.
        """
        params: dict[str, Any] = {"include": list(include)}
        if observed_user_id:
            params |= {"observed_user_id": observed_user_id, "course_ids": list(course_ids)}
        path = "/api/v1/users/self/missing_submissions"
        return self.client.paginate(path, params, type=Assignment)

    @endpoint(
        "url:GET|/api/v1/calendar_events",
        "calendar_events#method.calendar_events_api.index",
        tells="assignment.submission",
        own=True,
        contexts="course_ids",
    )
    def calendar_assignments(
        self,
        course_ids: Sequence[str],
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        include: Sequence[str] = (),
    ) -> Pages[CalendarEvent]:
        """List assignments by date; without dates, the undated ones.

        ``include`` submission adds the person's own submission in courses where they are a student.

        In other courses Canvas returns one event for each date of an assignment, overrides first,
        all with the same id.

        Ten courses at most, because Canvas silently ignores any further ones
        (``calendar_contexts_limit``). One course that the person may not read makes Canvas refuse
        the call: AuthorizationError.
        """
        params: dict[str, Any] = {
            "type": "assignment",
            "context_codes": [f"course_{id_}" for id_ in course_ids],
            "include": list(include),
        }
        if start_date is None or end_date is None:
            params["undated"] = True
        else:
            params |= {"start_date": start_date, "end_date": end_date}
        return self.client.paginate(
            "/api/v1/calendar_events", params, type=CalendarEvent, uneven=True
        )

    @endpoint(
        "url:GET|/api/v1/calendar_events",
        "calendar_events#method.calendar_events_api.index",
        tells="sub_assignment.submission",
        own=True,
        contexts="course_ids",
    )
    def calendar_checkpoints(
        self, course_ids: Sequence[str], include: Sequence[str] = ()
    ) -> Pages[CalendarEvent]:
        """List the checkpoints of discussions, dated and undated.

        No other type of event includes checkpoints or their discussions. There are so few that no
        date range is needed. ``include``, dates and courses are as for
        :meth:`calendar_assignments`.
        """
        params: dict[str, Any] = {
            "type": "sub_assignment",
            "context_codes": [f"course_{id_}" for id_ in course_ids],
            "include": list(include),
            "all_events": True,
        }
        return self.client.paginate(
            "/api/v1/calendar_events", params, type=CalendarEvent, uneven=True
        )

    @endpoint(
        "url:GET|/api/v1/calendar_events",
        "calendar_events#method.calendar_events_api.index",
        contexts="context_codes",
    )
    def calendar_events(
        self, context_codes: Sequence[str], start_date: datetime, end_date: datetime
    ) -> Pages[CalendarEvent]:
        """List events of courses (``course_7``) and people (``user_3``) between two moments.

        Ten contexts at most, as for :meth:`calendar_assignments`.
        """
        params = {
            "context_codes": list(context_codes),
            "start_date": start_date,
            "end_date": end_date,
        }
        return self.client.paginate("/api/v1/calendar_events", params, type=CalendarEvent)

    @endpoint("url:GET|/api/v1/users/self/activity_stream", "users#method.users.activity_stream")
    def activity_stream(self) -> Pages[StreamItem]:
        """List what happened in active courses in the last four weeks; grades include their scores.

        Ordered by the latest grade or comment, newest first, whenever the work was posted. In
        paginated answers Canvas leaves hidden grades out (canvas-lms
        ``lib/api/v1/stream_item.rb``).
        """
        path, params = "/api/v1/users/self/activity_stream", {"only_active_courses": True}
        return self.client.paginate(path, params, type=StreamItem, uneven=True)

    @endpoint("url:GET|/api/v1/planner/overrides", "planner#method.planner_overrides.index")
    def planner_overrides(self) -> Pages[PlannerOverride]:
        """List the person's own marks on planner items."""
        return self.client.paginate("/api/v1/planner/overrides", type=PlannerOverride)

    @endpoint("url:POST|/api/v1/planner/overrides", "planner#method.planner_overrides.create")
    def create_planner_override(
        self, plannable_type: str, plannable_id: str, *, marked_complete: bool, dismissed: bool
    ) -> PlannerOverride:
        """Mark an item that has no mark yet; InvalidRequest if it has one."""
        data = {
            "plannable_type": plannable_type,
            "plannable_id": plannable_id,
            "marked_complete": marked_complete,
            "dismissed": dismissed,
        }
        made: PlannerOverride = self.client.request(
            "POST", "/api/v1/planner/overrides", data=data, type=PlannerOverride
        )
        return made

    @endpoint("url:PUT|/api/v1/planner/overrides/:id", "planner#method.planner_overrides.update")
    def update_planner_override(
        self, override_id: str, *, marked_complete: bool, dismissed: bool
    ) -> PlannerOverride:
        """Change a mark. Both booleans are sent, because Canvas reads a missing one as false."""
        data = {"marked_complete": marked_complete, "dismissed": dismissed}
        path = api_path("planner", "overrides", override_id)
        changed: PlannerOverride = self.client.request("PUT", path, data=data, type=PlannerOverride)
        return changed

    @endpoint("url:POST|/api/v1/planner_notes", "planner#method.planner_notes.create")
    def create_planner_note(
        self, *, title: str, details: str, todo_date: datetime, course_id: str
    ) -> PlannerNote:
        """Write a personal note; ``details`` is HTML, an empty ``course_id`` means no course."""
        data = {"title": title, "details": details, "todo_date": todo_date}
        made: PlannerNote = self.client.request(
            "POST",
            "/api/v1/planner_notes",
            data=data | ({"course_id": course_id} if course_id else {}),
            type=PlannerNote,
        )
        return made

    @endpoint("url:PUT|/api/v1/planner_notes/:id", "planner#method.planner_notes.update")
    def update_planner_note(
        self, note_id: str, *, title: str, details: str, todo_date: datetime, course_id: str | None
    ) -> PlannerNote:
        """Rewrite a note; an empty ``course_id`` removes it from its course, None keeps it."""
        path = api_path("planner_notes", note_id)
        data: dict[str, Any] = {"title": title, "details": details, "todo_date": todo_date}
        if course_id is not None:
            data["course_id"] = course_id
        changed: PlannerNote = self.client.request("PUT", path, data=data, type=PlannerNote)
        return changed

    @endpoint("url:DELETE|/api/v1/planner_notes/:id", "planner#method.planner_notes.destroy")
    def delete_planner_note(self, note_id: str) -> PlannerNote:
        """Delete a note; Canvas answers with the deleted note."""
        path = api_path("planner_notes", note_id)
        gone: PlannerNote = self.client.request("DELETE", path, type=PlannerNote)
        return gone

    @endpoint("url:GET|/api/v1/users/self/todo", "users#method.users.todo_items")
    def todo(self) -> Pages[TodoItem]:
        """List open tasks: of kind ``grading`` for teachers, ``submitting`` for students."""
        return self.client.paginate("/api/v1/users/self/todo", type=TodoItem)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/assignments",
        "assignments#method.assignments_api.index",
        tells="submission",
        own=True,
    )
    def assignments(
        self,
        course_id: str,
        include: Sequence[str] = (),
        bucket: str | None = None,
        exclude: Sequence[str] = (),
    ) -> Pages[Assignment]:
        params: dict[str, Any] = {"include": list(include)}
        if bucket:
            params["bucket"] = bucket
        if exclude:
            params["exclude_response_fields"] = list(exclude)
        path = api_path("courses", course_id, "assignments")
        return self.client.paginate(path, params, type=Assignment)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/assignments/:id",
        "assignments#method.assignments_api.show",
        tells="can_submit",
    )
    def assignment(
        self, course_id: str, assignment_id: str, include: Sequence[str] = ()
    ) -> AssignmentDetail:
        path = api_path("courses", course_id, "assignments", assignment_id)
        return self.client.get(path, {"include": list(include)}, type=AssignmentDetail)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/assignments/:assignment_id/submissions/:user_id",
        "submissions#method.submissions_api.show",
        tells="submission_comments",
    )
    def submission(
        self, course_id: str, assignment_id: str, user_id: str, include: Sequence[str] = ()
    ) -> SubmissionDetail:
        """One person's submission; ``self`` is the caller's own."""
        path = api_path("courses", course_id, "assignments", assignment_id, "submissions", user_id)
        return self.client.get(path, {"include": list(include)}, type=SubmissionDetail)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/assignments/:assignment_id/submission_summary",
        "submissions#method.submissions_api.submission_summary",
    )
    def submission_summary(self, course_id: str, assignment_id: str) -> SubmissionSummary:
        """Count an assignment's submissions by state; for graders only."""
        path = api_path("courses", course_id, "assignments", assignment_id, "submission_summary")
        return self.client.get(path, type=SubmissionSummary)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/assignment_groups",
        "assignment_groups#method.assignment_groups.index",
        tells="assignments",
    )
    def assignment_groups(
        self, course_id: str, include: Sequence[str] = ()
    ) -> Pages[AssignmentGroup]:
        path = api_path("courses", course_id, "assignment_groups")
        return self.client.paginate(path, {"include": list(include)}, type=AssignmentGroup)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/students/submissions",
        "submissions#method.submissions_api.for_students",
        tells="assignment",
    )
    def student_submissions(
        self,
        course_id: str,
        include: Sequence[str] = (),
        student_ids: Sequence[str] = (),
        graded_since: datetime | None = None,
    ) -> Pages[Submission]:
        """List submissions across a course's assignments; by default the person's own.

        A student whom the person may not see makes Canvas refuse the call: AuthorizationError.
        """
        params: dict[str, Any] = {"include": list(include)}
        if student_ids:
            params["student_ids"] = list(student_ids)
        if graded_since:
            params["graded_since"] = graded_since
        path = api_path("courses", course_id, "students", "submissions")
        return self.client.paginate(path, params, type=Submission)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/grading_periods",
        "grading_periods#method.grading_periods.index",
    )
    def grading_periods(self, course_id: str) -> Pages[GradingPeriod]:
        """List a course's grading periods with their weights."""
        path = api_path("courses", course_id, "grading_periods")
        return self.client.paginate(path, type=GradingPeriod)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/enrollments",
        "enrollments#method.enrollments_api.index",
    )
    def period_grades(self, course_id: str, user_id: str, period_id: str) -> Pages[Enrollment]:
        """List a student's enrollments in a course with the totals of one grading period."""
        params = {
            "user_id": user_id,
            "type": ["StudentEnrollment"],
            "state": ["active", "completed", "invited", "inactive"],
            "grading_period_id": period_id,
        }
        path = api_path("courses", course_id, "enrollments")
        return self.client.paginate(path, params, type=Enrollment)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/enrollments",
        "enrollments#method.enrollments_api.index",
    )
    def class_enrollments(
        self,
        course_id: str,
        states: Sequence[str] = ("active",),
        period_id: str = "",
        user_id: str = "",
    ) -> Pages[ClassEnrollment]:
        """List a course's students by stored state, one row per section, with their totals.

        ``period_id`` selects the totals of one grading period, ``user_id`` one student. Test
        students are left out.
        """
        params: dict[str, Any] = {"type": ["StudentEnrollment"], "state": list(states)}
        if period_id:
            params["grading_period_id"] = period_id
        if user_id:
            params["user_id"] = user_id
        path = api_path("courses", course_id, "enrollments")
        return self.client.paginate(path, params, type=ClassEnrollment)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/students/submissions",
        "submissions#method.submissions_api.for_students",
    )
    def class_submissions(
        self,
        course_id: str,
        student_ids: Sequence[str] = ("all",),
        assignment_ids: Sequence[str] = (),
        submitted_since: datetime | None = None,
        graded_since: datetime | None = None,
    ) -> Pages[ClassSubmission]:
        """List submissions to published assignments; for graders only.

        ``all`` means everybody they may see, including the test student and students who left. More
        than 100 named students: InvalidRequest. A student they may not see, or an unpublished
        assignment: AuthorizationError. With both moments, those later than both.
        """
        params: dict[str, Any] = {
            "student_ids": list(student_ids),
            "assignment_ids": list(assignment_ids),
            "exclude_response_fields": list(HEAVY),
            "submitted_since": submitted_since,
            "graded_since": graded_since,
        }
        path = api_path("courses", course_id, "students", "submissions")
        return self.client.paginate(path, params, type=ClassSubmission)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/students/submissions",
        "submissions#method.submissions_api.for_students",
    )
    def work_of_students(
        self, course_id: str, student_ids: Sequence[str], assignment_ids: Sequence[str] = ()
    ) -> Pages[GroupedWork]:
        """List these students, at most 100, each with all their submissions; for graders only.

        Pages are cut by students, not by submissions. Canvas's own gradebook asks the same way for
        35 students at once, or for 10 where there are 20 assignments or more
        (``gradebooks_controller.rb``). Students and errors are as for :meth:`class_submissions`.
        """
        params: dict[str, Any] = {
            "student_ids": list(student_ids),
            "assignment_ids": list(assignment_ids),
            "grouped": True,
            "exclude_response_fields": list(HEAVY),
        }
        path = api_path("courses", course_id, "students", "submissions")
        return self.client.paginate(path, params, type=GroupedWork)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/sections",
        "sections#method.sections.index",
        feature=True,
    )
    def sections(self, course_id: str) -> Pages[CourseSection]:
        """List all of a course's sections, including those the person is not in."""
        path = api_path("courses", course_id, "sections")
        return self.client.paginate(path, type=CourseSection)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/sections",
        "sections#method.sections.index",
        feature=True,
    )
    def class_by_section(self, course_id: str) -> Pages[SectionClass]:
        """List a course's sections with all their students and these students' totals.

        Only sections are paged: a class of any size comes in one answer
        (``sections_controller.rb``). How long Canvas takes for it is unverified. Without include
        parameters there are no students.
        """
        path = api_path("courses", course_id, "sections")
        params = {"include": ["students", "enrollments"]}
        return self.client.paginate(path, params, type=SectionClass)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/groups",
        "groups#method.groups.context_index",
        feature=True,
    )
    def student_groups(self, course_id: str) -> Pages[StudentGroup]:
        """List a course's groups of students, without their members."""
        return self.client.paginate(api_path("courses", course_id, "groups"), type=StudentGroup)

    @endpoint(
        "url:GET|/api/v1/courses/:course_id/group_categories",
        "group_categories#method.group_categories.index",
        feature=True,
    )
    def group_sets(self, course_id: str) -> Pages[GroupSet]:
        """List the sets that a course's groups of students belong to."""
        path = api_path("courses", course_id, "group_categories")
        return self.client.paginate(path, type=GroupSet)

    @endpoint("url:GET|/api/v1/groups/:group_id/users", "groups#method.groups.users", feature=True)
    def group_members(self, group_id: str) -> Pages[RosterUser]:
        """List the members of a group; of the person's sections when they are limited to some."""
        return self.client.paginate(api_path("groups", group_id, "users"), type=RosterUser)


SCOPES: tuple[str, ...] = tuple(sorted(set(_scopes.values())))
"""What ``CANVAS_SCOPES=auto`` asks for: exactly what Easel's pages call."""

FEATURE_SCOPES: frozenset[str] = frozenset(_of_features)
"""Those of them that single features need; a key without them signs everybody in all the same."""

LATEST_SCOPES = frozenset({CanvasAPI.account_courses.scope})  # type: ignore[attr-defined]
"""Those of single features that a key may lack because they were added last."""
