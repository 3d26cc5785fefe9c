"""Search of loaded courses and work, ignoring case and accents.

Search makes the same calls as /upcoming and /courses, so it usually finds them in the cache and
asks Canvas nothing. Otherwise the week takes one round of calls, and courses that go on after the
person's enrollment ended take a second one. Submissions are searched only where the ledger has
asked for them already. For teachers, the students of each course they teach are asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import ClassEnrollment, Course, Submission
from canvas_app.canvas.paging import Pages
from canvas_app.domain.class_roll import students_of
from canvas_app.domain.courses import (
    course_row,
    in_order,
    is_active_student,
    is_active_teacher,
)
from canvas_app.domain.features import ALL_FEATURES, CLASS_STAFF, Features
from canvas_app.domain.pieces import Place, cut, piece_at
from canvas_app.domain.planner_items import TYPES, by_due
from canvas_app.domain.submissions import submission_row
from canvas_app.domain.text_search import Hit, best, folded, hit_weight
from canvas_app.services.asks import start_ended
from canvas_app.services.classes import start_students
from canvas_app.services.courses import with_ended_ones
from canvas_app.services.own_work import WorkAnswers, kept_rows, start_work
from canvas_app.services.pages import Page
from canvas_app.services.planner_calls import asked_days, calendar_calls
from canvas_app.services.submissions import LEDGER_INCLUDE
from canvas_app.services.without_week_includes import mend_week
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import Sources

LONGEST_QUERY = 200
KINDS = ("course", "student", "work")
"""What is searched, in the order in which it is shown."""
FIRST_RESULTS, ALL_RESULTS = 380, 1_250
"""Elements of the first results of each kind, and of a piece of the results of one kind."""


@dataclass(frozen=True)
class WantedResults:
    """Which results a page shows: the first ones of each kind, or one piece of a single kind."""

    kind: str = ""
    number: int = 1


@dataclass(frozen=True, kw_only=True)
class FoundOfKind(Place):
    """The results of one kind that a page shows, out of ``rows``."""

    kind: str
    hits: tuple[Hit, ...]

    @property
    def further(self) -> bool:
        """Return whether there are more results of this kind than the page shows."""
        return self.of > 1


@dataclass(frozen=True)
class Search(Page):
    """Search page. ``rows``: courses, students, then work, the best match of each first.

    ``found`` has the results to show, of the kind that was asked for, or of each.
    """

    query: str = ""
    rows: tuple[Hit, ...] = ()
    searched: int = 0  # how many courses and other things were searched
    kind: str = ""
    found: tuple[FoundOfKind, ...] = ()


@dataclass(frozen=True)
class SearchAnswers:
    """What can be searched.

    ``kept`` are cached submissions by course id; ``classes`` are the students of each course the
    person teaches.
    """

    work: WorkAnswers = field(default_factory=WorkAnswers)
    kept: Mapping[str, Sequence[Submission]] = field(default_factory=dict)
    classes: Sequence[tuple[Course, Sequence[ClassEnrollment]]] = ()


def search(
    sources: Sources,
    query: str,
    features: Features = ALL_FEATURES,
    wanted: WantedResults | None = None,
) -> Search:
    """Return the page of a query, with the results that are wanted."""
    now = sources.now()
    query, wanted = tidy(query), wanted or WantedResults()
    page = lay_out(ask(sources, query, now, features), query, now, features)
    return replace(page, kind=wanted.kind, found=found_of(page.rows, wanted))


def found_of(rows: Sequence[Hit], wanted: WantedResults) -> tuple[FoundOfKind, ...]:
    """Return the results to show; a kind without any is left out."""
    lists = {kind: [hit for hit in rows if hit.listed_as == kind] for kind in KINDS}
    shown = []
    for kind, hits in lists.items():
        if hits and wanted.kind in ("", kind):
            most = ALL_RESULTS if wanted.kind else FIRST_RESULTS
            place = piece_at(map(hit_weight, hits), wanted.number if wanted.kind else 1, most)
            [part] = cut([hits], place)
            shown.append(FoundOfKind(**vars(place), kind=kind, hits=part))
    return tuple(shown)


def tidy(query: str) -> str:
    """Return a query of at most 200 characters, with single spaces between its words."""
    return " ".join(query[:LONGEST_QUERY].split())


def ask(
    sources: Sources, query: str, now: datetime, features: Features = ALL_FEATURES
) -> SearchAnswers:
    """Ask for the person's courses and work; for an empty query, nothing."""
    if not query:
        return SearchAnswers()
    calls = start_work(sources, *asked_days("", now))
    ended = start_ended(sources)
    mend_week(sources, calls.courses, calls.missing, ("term", "sections"))
    every = with_ended_ones(sources, calls.courses.rows(), ended, calls.courses)
    known = {course.id: course for course in every}
    studied = [course.id for course in every if is_active_student(course, now)]
    events = kept_rows(sources, calendar_calls(studied, asked_days("", now), undated=True))
    kept = {id_: kept_rows(sources, [own_submissions(id_)]) for id_ in known}
    finds_students = features.offered("student_search", CLASS_STAFF)
    taught = [course for course in every if finds_students and is_active_teacher(course, now)]
    lists = [(course, start_students(sources, course)) for course in taught]
    classes = [(course, handle.rows()) for course, handle in lists]
    return SearchAnswers(calls.answers(sources, known, events), kept, classes)


def own_submissions(course_id: str) -> "partial[Pages[Submission]]":
    """Return the same call as the ledger makes, so that its cached answer is found."""
    return partial(CanvasAPI.student_submissions, course_id=course_id, include=LEDGER_INCLUDE)


def lay_out(
    asked: SearchAnswers, query: str, now: datetime, features: Features = ALL_FEATURES
) -> Search:
    """Search for every word of a query in titles, course names and codes."""
    words = tuple(dict.fromkeys(folded(query).split()))
    if not words:
        return Search(complete=True, now=now, query=query)
    work = asked.work
    places = course_hits(work, now)
    things = work_hits(work, now)
    people = student_hits(asked, with_page=features.offered("teaching", CLASS_STAFF))
    things += kept_hits(asked, now, {(hit.course_id, hit.path) for hit in things if hit.path})
    return Search(
        sources=work.sources,
        complete=complete(work.sources),
        profile=work.me,
        now=now,
        query=query,
        rows=(*best(places, words), *best(people, words), *best(things, words)),
        searched=len(places) + len(people) + len(things),
    )


def course_hits(work: WorkAnswers, now: datetime) -> list[Hit]:
    """Return the courses that the person can open, each with the text to search."""
    rows = in_order(course_row(c, work.canvas_url, work.colors, now) for c in work.courses.values())
    return [
        Hit(
            id=row.id,
            type="course",
            title=row.name,
            course_id=row.id,
            course_name=" ".join(filter(None, (row.code, row.original_name, row.term))),
            url=row.url,
            path=f"/courses/{row.id}",
            kind="Course",
        )
        for row in rows
        if not row.restricted
    ]


def student_hits(asked: SearchAnswers, *, with_page: bool) -> list[Hit]:
    """Return the students of the courses the person teaches, once for each course.

    They are found by name, sortable name, login and SIS id, as far as Canvas gives these. A hit
    leads to Easel's page of the student, or to Canvas if ``with_page`` is False.
    """
    return [
        Hit(
            id=student.user_id,
            type="student",
            title=student.name,
            course_id=course.id,
            course_name=" · ".join(
                filter(
                    None,
                    (course.name, student.sortable_name, student.login, student.sis_id),
                )
            ),
            url=f"{asked.work.canvas_url}/courses/{course.id}/users/{student.user_id}",
            path=f"/courses/{course.id}/students/{student.user_id}" * with_page,
            kind="Student",
        )
        for course, rows in asked.classes
        for student in students_of(rows, {})
    ]


def work_hits(work: WorkAnswers, now: datetime) -> list[Hit]:
    """Return the work of the weeks around now, and what waits for the person to grade it.

    Late work is called overdue only if the calendar came, because otherwise it may be work on
    paper.
    """
    items = (*work.merged(now), *work.grading(now))
    return [
        Hit(
            id=item.id,
            type=item.type,
            title=item.title,
            course_id=item.course_id,
            course_name=item.course_name,
            url=item.url,
            path=own_path(item.course_id, item.assignment_id),
            status="" if item.status == "overdue" and not work.calendar else item.status,
            kind=TYPES.get(item.type, ""),
        )
        for item in sorted(items, key=by_due)
    ]


def kept_hits(asked: SearchAnswers, now: datetime, seen: set[tuple[str | None, str]]) -> list[Hit]:
    """Return the older work in cached submissions, without the work ``seen`` in other hits."""
    builder = asked.work.builder(now)
    rows = [
        submission_row(submission, submission.assignment, builder.courses[course_id], builder)
        for course_id, submissions in asked.kept.items()
        for submission in submissions
        # without a name there is nothing to search: Canvas dropped the include
        if submission.assignment
        and submission.assignment.name
        and (course_id, own_path(course_id, submission.assignment_id)) not in seen
    ]
    return [
        Hit(
            id=row.assignment_id,
            type="assignment",
            title=row.title,
            course_id=row.course_id,
            course_name=row.course_name,
            url=row.url,
            path=own_path(row.course_id, row.assignment_id),
            status=row.status,
            kind=TYPES["assignment"],
        )
        for row in rows
    ]


def own_path(course_id: str | None, assignment_id: str | None) -> str:
    """Return the path of Easel's page for an assignment; empty if it has none."""
    if not course_id or not assignment_id:
        return ""
    return f"/courses/{course_id}/assignments/{assignment_id}"
