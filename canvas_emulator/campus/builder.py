"""The means to build a campus: dates by day and hour, ids in order."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .chance import chance, scatter
from .courses import Course, Enrollment, GradingPeriod, Group, GroupCategory, Section, Term
from .coursework import (
    ONLINE,
    Assignment,
    AssignmentGroup,
    Checkpoint,
    Comment,
    SectionDate,
    Submission,
    grade,
    submission_id,
)
from .happenings import Announcement, Event, Override, Page, Practice, Review, Topic
from .people import Person, passer_by
from .registry import Campus

HOME = ZoneInfo("America/Denver")


class Builder:
    """Adds objects to a campus. Days are counted from the day of its start in Denver."""

    def __init__(self, campus: Campus) -> None:
        self.campus = campus
        self.today = campus.start.astimezone(HOME).date()
        self.long_ago = self.at(-900, 9)
        self._next: dict[str, int] = {}
        self.terms = self._terms()

    def at(self, day: float, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
        """Return a time in Denver as an aware UTC datetime; ``day`` counts from the first day."""
        moment = datetime.combine(
            self.today + timedelta(days=int(day)), time(hour, minute, second), HOME
        )
        return moment.astimezone(self.campus.start.tzinfo)

    def due(self, day: float) -> datetime:
        """Return the last second of a day, when most work is due."""
        return self.at(day, 23, 59, 59)

    def id_of(self, kind: str, first: int) -> int:
        value = self._next.get(kind, first)
        self._next[kind] = value + 1
        return value

    def _terms(self) -> dict[str, Term]:
        terms = {
            "default": Term(1, "Default Term", None, None),
            "past": Term(11, "Spring Term", self.at(-300), self.at(-190)),
            "now": Term(12, "Autumn Term", self.at(-84), self.at(35)),
            "next": Term(13, "Winter Term", self.at(49), self.at(160)),
        }
        self.campus.terms = {term.id: term for term in terms.values()}
        return terms

    def person(
        self, person_id: int, key: str, name: str, *roles: str, login: str = "", **more: Any
    ) -> Person:
        """Add a person with a story."""
        login = login or key
        made = Person(person_id, key, name, login, f"{key}-password", roles, self.long_ago, **more)
        self.campus.people[person_id] = made
        return made

    def others(self, first_id: int, number: int, role: str = "student") -> list[int]:
        """Return the ids of people without a story, and add those who are not there yet."""
        ids = list(range(first_id, first_id + number))
        for person_id in ids:
            if person_id not in self.campus.people:
                self.campus.people[person_id] = passer_by(person_id, self.long_ago, role)
        return ids

    def course(
        self,
        course_id: int,
        name: str,
        code: str,
        *,
        term: str = "now",
        sections: Iterable[str] = (),
        groups: Iterable[tuple[str, float]] = (("Assignments", 0.0),),
        **more: Any,
    ) -> Course:
        """Add a course with its sections and assignment groups."""
        course = Course(course_id, name, code, self.terms[term], self.at(-120, 10), **more)
        self.campus.courses[course_id] = course
        for section_name in sections or (f"{code}-1",):
            section = Section(self.id_of("section", 20_001), course_id, section_name)
            self.campus.sections[section.id] = section
            course.section_ids.append(section.id)
        course.sections = self.campus.sections
        for position, (title, weight) in enumerate(groups, 1):
            self.campus.course_groups[course_id].append(
                AssignmentGroup(self.id_of("group", 30_001), course_id, title, position, weight)
            )
        return course

    def enrol(
        self,
        course: Course,
        user_ids: int | Iterable[int],
        kind: str = "Student",
        *,
        section: int = 0,
        state: str = "active",
        **more: Any,
    ) -> None:
        """Enroll people in one of the course's sections; ``section`` is its index."""
        for user_id in [user_ids] if isinstance(user_ids, int) else user_ids:
            number = self.id_of("enrollment", 40_001)
            seen = self.campus.start - timedelta(minutes=7 + scatter(user_id, course.id) % 20_000)
            self.campus.enrol(
                Enrollment(
                    number,
                    user_id,
                    course.id,
                    course.section_ids[section],
                    f"{kind}Enrollment",
                    state,
                    self.at(-90, 8),
                    self.at(-80, 8),
                    last_activity_at=seen.replace(microsecond=0) if state == "active" else None,
                    total_activity_time=int(120_000 * chance(user_id, course.id)),
                    **more,
                )
            )

    def groups(self, course: Course, title: str, *members: Iterable[int]) -> None:
        """Add a group category with numbered groups and their members."""
        made = GroupCategory(self.id_of("group category", 31_001), course.id, title)
        self.campus.group_categories[made.id] = made
        for place, people in enumerate(members, 1):
            number = self.id_of("student group", 32_001)
            row = Group(number, made.id, f"{title} {place}", list(people))
            self.campus.groups[number] = row

    def drops(
        self,
        course: Course,
        group: int = 0,
        *,
        lowest: int = 0,
        highest: int = 0,
        never: Iterable[Assignment] = (),
    ) -> None:
        """Set the drop rules of one of the course's assignment groups."""
        rows = self.campus.course_groups[course.id]
        never_drop = tuple(work.id for work in never)
        rows[group] = replace(
            rows[group], drop_lowest=lowest, drop_highest=highest, never_drop=never_drop
        )

    def periods(self, course: Course, *spans: tuple[str, int, int, float | None]) -> None:
        """Set the grading periods: title, first day, last day, and weight or None."""
        course.grading_periods = tuple(
            GradingPeriod(self.id_of("period", 901), title, self.at(first), self.due(last), weight)
            for title, first, last, weight in spans
        )

    def work(
        self,
        course: Course,
        name: str,
        due: float | None,
        *,
        group: int = 0,
        kind: str = "online",
        assignment_id: int = 0,
        **more: Any,
    ) -> Assignment:
        """Add an assignment; ``due`` is a day, ``kind`` one of the keys of ``types``."""
        types = {
            "online": ("online_text_entry", "online_upload"),
            "url": ("online_url",),
            "quiz": ("online_quiz",),
            "discussion": ("discussion_topic",),
            "paper": ("on_paper",),
            "none": ("none",),
        }[kind]
        known = self.campus.work_of(course.id)
        due_at = None if due is None else more.pop("due_at", None) or self.due(due)
        more.setdefault("description", f"<p>Instructions for <em>{name}</em>.</p>")
        made = Assignment(
            assignment_id or self.id_of("assignment", 50_001),
            course.id,
            self.campus.course_groups[course.id][group].id,
            name,
            len(known) + 1,
            min(self.at(-70, 10), due_at or self.at(-70, 10)),
            submission_types=types,
            due_at=due_at,
            **more,
        )
        self.campus.assign(made)
        return made

    def checkpoints(
        self, work: Assignment, topic: float | None, replies: float | None, required: int = 2
    ) -> None:
        """Split a discussion into two checkpoints with due dates of their own."""
        parts = (("reply_to_topic", topic, 0), ("reply_to_entry", replies, required))
        work.checkpoints = tuple(
            Checkpoint(
                work.id * 10 + place,
                work.course_id,
                work.group_id,
                work.name,
                place,
                work.created_at,
                (work.points_possible or 0) / 2,
                work.submission_types,
                due_at=None if day is None else self.due(day),
                description=work.description,
                published=work.published,
                parent_id=work.id,
                tag=tag,
                replies=count,
            )
            for place, (tag, day, count) in enumerate(parts, 1)
        )

    def section_due(self, work: Assignment, course: Course, section: int, day: float) -> None:
        """Give one of the course's sections another due date."""
        section_id = course.section_ids[section]
        students = frozenset(
            row.user_id
            for row in self.campus.enrollments_in(course.id)
            if row.section_id == section_id and row.type == "StudentEnrollment"
        )
        name = self.campus.sections[section_id].name
        work.section_dates += (SectionDate(section_id, name, self.due(day), students),)

    def hands_in(
        self, work: Assignment, user_id: int, day: float | None = None, **more: Any
    ) -> Submission:
        """Add a submission; with ``day`` it was handed in on that day at 16:20."""
        row = Submission(submission_id(work.id, user_id), work.id, user_id, **more)
        if day is not None:
            row.submitted_at = self.at(day, 16, 20)
            row.workflow_state = "submitted"
            row.attempt = row.attempt or 1
            row.submission_type = next(kind for kind in work.submission_types if kind in ONLINE)
            if row.submission_type == "online_text_entry":
                row.body = f"<p>My answer to “{work.name}”.</p>"
            elif row.submission_type == "online_url":
                row.url = "https://example.edu/portfolio/42"
        self.campus.hand_in(row)
        return row

    def graded(
        self,
        row: Submission,
        score: float,
        day: float,
        *,
        deducted: float | None = None,
    ) -> Submission:
        """Let the course's teacher grade a submission on a day at 11:05."""
        work = self.campus.assignments[row.assignment_id]
        teacher = self.campus.teachers_of(work.course_id)[0]
        grade(row, work, score, self.at(day, 11, 5), teacher.id, deducted=deducted)
        return row

    def comments(self, row: Submission, author_id: int, text: str, day: float, **more: Any) -> None:
        number, at = self.id_of("comment", 60_001), self.at(day, 11, 7)
        row.comments.append(Comment(number, author_id, text, at, row.attempt, **more))
        row.unread = row.unread or author_id != row.user_id
        work = self.campus.assignments[row.assignment_id]
        if not work.post_manually and any(
            teacher.id == author_id for teacher in self.campus.teachers_of(work.course_id)
        ):
            row.posted_at = row.posted_at or at  # a teacher's comment posts the submission

    def announces(self, course: Course, title: str, message: str, day: float) -> None:
        teacher = self.campus.teachers_of(course.id)[0]
        self.campus.announcements[course.id].append(
            Announcement(
                self.id_of("announcement", 70_001),
                course.id,
                title,
                message,
                self.at(day, 8, 30),
                teacher.id,
                read=day < -5,
            )
        )

    def reads(self, course: Course, title: str, day: float) -> None:
        """Add a page with a to-do date."""
        self.campus.pages[course.id].append(
            Page(self.id_of("page", 75_001), course.id, title, self.due(day))
        )

    def discusses(
        self, course: Course, title: str, posted: float, todo: float | None = None
    ) -> None:
        """Add an ungraded discussion, with or without a to-do date."""
        number, todo_date = self.id_of("topic", 72_001), None if todo is None else self.due(todo)
        self.campus.topics[course.id].append(
            Topic(number, course.id, title, self.at(posted, 9), todo_date, read=posted < -5)
        )

    def practises(self, course: Course, title: str, day: float, by: int = 0) -> None:
        """Add a practice quiz. If ``by`` took it, only an override on their planner shows it."""
        number, made = self.id_of("practice", 77_001), self.at(-30, 10)
        self.campus.practices[course.id].append(
            Practice(number, course.id, title, self.due(day), made)
        )
        if by:
            mark, at = self.id_of("override", 95_101), self.at(day - 1, 15)
            row = Override(mark, by, "quiz", number, True, False, at, at)
            self.campus.overrides[mark] = row

    def reviews(
        self, work: Assignment, assessor_id: int, author_id: int, day: float, *, done: bool = False
    ) -> None:
        """Add a peer review."""
        number = self.id_of("review", 78_001)
        self.campus.reviews[number] = Review(
            number,
            work.course_id,
            work.id,
            assessor_id,
            author_id,
            self.due(day),
            self.at(-29, 10),
            "completed" if done else "assigned",
        )

    def happens(
        self, title: str, day: float, hour: int, *, hours: float = 1.0, **more: Any
    ) -> Event:
        """Add a calendar event in the calendar of ``course_id`` or ``user_id``."""
        start = self.at(day, hour)
        event = Event(
            self.id_of("event", 80_001),
            title,
            start,
            start + timedelta(hours=hours),
            self.at(-60, 9),
            **more,
        )
        self.campus.events[event.id] = event
        return event

    def meets(self, course: Course, title: str, *times: tuple[float, int]) -> None:
        """Add an event that each section has at its own time; each of ``times`` is day and hour."""
        parent = self.happens(title, *times[0], course_id=course.id)
        for section_id, when in zip(course.section_ids, times, strict=True):
            whose = {"course_id": course.id, "section_id": section_id, "parent_id": parent.id}
            self.happens(title, *when, **whose)
