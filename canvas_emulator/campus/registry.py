"""The whole campus: its objects by id, and the changes that visitors made."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count, cycle
from typing import Any

from .courses import Course, Enrollment, Group, GroupCategory, Section, Term, effective_state
from .coursework import (
    Assignment,
    AssignmentGroup,
    Submission,
    ordinary_submission,
    submission_id,
)
from .happenings import (
    Announcement,
    Event,
    Note,
    Override,
    Page,
    Practice,
    Review,
    Topic,
)
from .people import Person

FIRST_FREE_ID = 800_001


@dataclass
class Campus:
    """All objects of the campus; ``start`` is the moment from which its dates are counted."""

    start: datetime
    bulk_rows: int = 5000
    people: dict[int, Person] = field(default_factory=dict)
    terms: dict[int, Term] = field(default_factory=dict)
    courses: dict[int, Course] = field(default_factory=dict)
    sections: dict[int, Section] = field(default_factory=dict)
    enrollments: dict[int, Enrollment] = field(default_factory=dict)
    assignments: dict[int, Assignment] = field(default_factory=dict)
    announcements: dict[int, list[Announcement]] = field(default_factory=lambda: defaultdict(list))
    pages: dict[int, list[Page]] = field(default_factory=lambda: defaultdict(list))
    topics: dict[int, list[Topic]] = field(default_factory=lambda: defaultdict(list))
    practices: dict[int, list[Practice]] = field(default_factory=lambda: defaultdict(list))
    reviews: dict[int, Review] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)
    overrides: dict[int, Override] = field(default_factory=dict)
    favourites: dict[int, list[int]] = field(default_factory=dict)
    nicknames: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    colours: dict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    positions: dict[int, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    dashboard_views: dict[int, str] = field(default_factory=dict)
    ignored: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    hidden_stream: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    unread_conversations: dict[int, int] = field(default_factory=dict)
    group_categories: dict[int, GroupCategory] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    course_groups: dict[int, list[AssignmentGroup]] = field(
        default_factory=lambda: defaultdict(list)
    )

    observees: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """For each parent, the ids of the students linked to them, which needs no course."""
    held_totals: dict[tuple[int, int], tuple[datetime, dict[tuple[bool, int | None], Any]]] = field(
        default_factory=dict
    )
    """By course and student id: the time until which Canvas answers with old totals, and these."""

    def __post_init__(self) -> None:
        self._of_course: dict[int, list[Enrollment]] = defaultdict(list)
        self._of_user: dict[int, list[Enrollment]] = defaultdict(list)
        self._work: dict[int, list[Assignment]] = defaultdict(list)
        self._written: dict[int, dict[int, Submission]] = defaultdict(dict)
        self._submissions: dict[int, dict[int, Submission]] = {}
        self._free_ids = count(FIRST_FREE_ID)

    def person(self, key: str) -> Person:
        """Return the person of the story with this key."""
        return next(person for person in self.people.values() if person.key == key)

    def fresh_id(self) -> int:
        """Return an unused id for an object that a visitor creates."""
        return next(self._free_ids)

    def enrol(self, enrollment: Enrollment) -> None:
        self.enrollments[enrollment.id] = enrollment
        self._of_course[enrollment.course_id].append(enrollment)
        self._of_user[enrollment.user_id].append(enrollment)

    def assign(self, work: Assignment) -> None:
        self.assignments[work.id] = work
        self._work[work.course_id].append(work)

    def copy_work(self, course_id: int, copies: int) -> None:
        """Add so many copies of a course's published assignments, each of them in turn."""
        found = [work for work in self.work_of(course_id) if work.published]
        for place, work in zip(range(copies), cycle(found), strict=False):
            copy = replace(work, id=self.fresh_id(), checkpoints=(), section_dates=(), due_dates={})
            copy.name = f"{work.name} ({2 + place // len(found)})"
            copy.position = len(self.work_of(course_id)) + 1
            self.assign(copy)

    def hand_in(self, row: Submission) -> None:
        """Keep a submission in place of the generated one."""
        self._written[row.assignment_id][row.user_id] = row
        if row.assignment_id in self._submissions:
            self._submissions[row.assignment_id][row.user_id] = row

    def tick_mark(self, work: Assignment, user_id: int, now: datetime) -> None:
        """Complete the planner override, if any, of work that was handed in (submission.rb)."""
        for row in list(self.overrides.values()):
            mine = row.user_id == user_id and row.workflow_state == "active"
            if mine and (row.plannable_type, row.plannable_id) == work.plannable:
                row.marked_complete, row.updated_at = True, now

    def end_link(self, observer_id: int, student_id: int) -> None:
        """End a parent's link to a student, and the parent's enrollments for that student with it.

        That these are deleted then is unverified (user_observation_link.rb).
        """
        self.observees[observer_id].discard(student_id)
        for row in self.enrollments_of(observer_id):
            if row.associated_user_id == student_id:
                row.state = "deleted"

    def expect_work(self, course_id: int, user_id: int) -> None:
        """Give a new student a blank submission for each assignment; call it before ``enrol``."""
        for work in self.work_of(course_id):
            if work.is_for(user_id) and user_id not in self.submissions_of(work):
                self.hand_in(Submission(submission_id(work.id, user_id), work.id, user_id))

    def enrollments_in(self, course_id: int) -> list[Enrollment]:
        return self._of_course.get(course_id, [])

    def enrollments_of(self, user_id: int) -> list[Enrollment]:
        return self._of_user.get(user_id, [])

    def between(self, user_id: int, course_id: int) -> list[Enrollment]:
        """Return a person's enrollments in a course, without deleted and rejected ones."""
        return [
            row
            for row in self.enrollments_of(user_id)
            if row.course_id == course_id and row.state not in ("deleted", "rejected")
        ]

    def sections_of(self, course_id: int) -> list[Section]:
        return [self.sections[section_id] for section_id in self.courses[course_id].section_ids]

    def work_of(self, course_id: int) -> list[Assignment]:
        """Return a course's assignments in their order, including unpublished ones."""
        return self._work.get(course_id, [])

    def students_of(self, course_id: int) -> list[int]:
        """Return the ids of current and former students in ascending order, each once."""
        ids = {
            row.user_id
            for row in self.enrollments_in(course_id)
            if row.type == "StudentEnrollment"
            and row.state in ("active", "invited", "completed", "inactive")
        }
        return sorted(ids)

    def test_students(self, course_id: int, section_ids: Iterable[int] | None = None) -> set[int]:
        """Return the test students that "student view" made, who have submissions like students.

        ``section_ids`` limits them to these sections.
        """
        sections = None if section_ids is None else set(section_ids)
        return {
            row.user_id
            for row in self.enrollments_in(course_id)
            if row.type == "StudentViewEnrollment"
            and row.state == "active"
            and (sections is None or row.section_id in sections)
        }

    def teachers_of(self, course_id: int) -> list[Person]:
        return [
            self.people[row.user_id]
            for row in self.enrollments_in(course_id)
            if row.type == "TeacherEnrollment" and row.state in ("active", "completed")
        ]

    def submissions_of(self, work: Assignment) -> dict[int, Submission]:
        """Return an assignment's submissions by student; they are generated once and then kept."""
        if (rows := self._submissions.get(work.id)) is not None:
            return rows
        written, grader = self._written[work.id], self._grader(work)
        rows = {
            user_id: written.get(user_id) or ordinary_submission(work, user_id, self.start, grader)
            for user_id in self.students_of(work.course_id)
            if work.is_for(user_id)
        }
        for user_id in self.test_students(work.course_id):
            blank = Submission(submission_id(work.id, user_id), work.id, user_id)
            rows[user_id] = written.get(user_id, blank)
        return self._submissions.setdefault(work.id, rows)

    def submission(self, work: Assignment, user_id: int) -> Submission | None:
        """Return one student's submission without generating others; None if not their work."""
        if (rows := self._submissions.get(work.id)) is not None:
            return rows.get(user_id)
        written = self._written[work.id]
        if user_id not in written:
            if not work.is_for(user_id) or not self._studies(user_id, work.course_id):
                return None
            row = ordinary_submission(work, user_id, self.start, self._grader(work))
            written.setdefault(user_id, row)
        return written[user_id]

    def _grader(self, work: Assignment) -> int:
        teachers = self.teachers_of(work.course_id)
        return teachers[0].id if teachers else 1

    def _studies(self, user_id: int, course_id: int) -> bool:
        return any(row.type == "StudentEnrollment" for row in self.between(user_id, course_id))

    def active_students(self, course_id: int, section_ids: Iterable[int] | None = None) -> set[int]:
        """Return the active students of a course or, with ``section_ids``, of these sections."""
        sections = None if section_ids is None else set(section_ids)
        return {
            row.user_id
            for row in self.enrollments_in(course_id)
            if row.type == "StudentEnrollment"
            and row.state == "active"
            and (sections is None or row.section_id in sections)
        }

    def anonymizes(self, work: Assignment) -> bool:
        """Return whether graders may not learn whose work it is (abstract_assignment.rb).

        For moderated work that ends when grades are published, for other work when all are posted.
        """
        if not work.anonymous_grading:
            return False
        if work.moderated_grading:
            return not work.grades_published
        rows, students = self.submissions_of(work), self.active_students(work.course_id)
        return any(rows[id_].posted_at is None for id_ in students if id_ in rows)

    def needs_grading(self, work: Assignment, section_ids: Iterable[int] | None = None) -> int:
        """Return how many submissions wait for a grade, the test student's included.

        Source: needs_grading_count_query.rb.
        """
        students = self.active_students(work.course_id, section_ids)
        students |= self.test_students(work.course_id, section_ids)
        rows = self.submissions_of(work)
        return sum(row.needs_grading for user_id, row in rows.items() if user_id in students)

    def courses_where(
        self, user_id: int, now: datetime, kinds: Iterable[str] = ("StudentEnrollment",)
    ) -> Iterator[Course]:
        """Return the courses in which a person takes part now in one of these roles, each once."""
        seen: set[int] = set()
        wanted = set(kinds)
        for row in self.enrollments_of(user_id):
            course = self.courses[row.course_id]
            if (
                row.type in wanted
                and course.id not in seen
                and course.workflow_state == "available"
                and effective_state(row, course, now) == "active"
            ):
                seen.add(course.id)
                yield course
