"""Courses of the accounts that the person administers, found by a part of their name."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import Account, Course
from canvas_app.domain.calendar import Person
from canvas_app.domain.courses import course_row
from canvas_app.domain.rows import CourseRow
from canvas_app.services.asks import read_profile, start_profile
from canvas_app.services.pages import Page
from canvas_app.sources.answer import Source, complete
from canvas_app.sources.sources import Sources

FEWEST_LETTERS, MOST_LETTERS = 2, 200  # of a query
MOST = 50  # courses shown


@dataclass(frozen=True)
class AccountCourses(Page):
    """Found courses. ``rows`` are the first by name; ``more`` is whether Canvas has others."""

    query: str = ""
    rows: tuple[CourseRow, ...] = ()
    accounts: tuple[str, ...] = ()  # names
    more: bool = False


@dataclass(frozen=True)
class AccountAnswers:
    canvas_url: str = ""
    sources: tuple[Source, ...] = ()
    me: Person = field(default_factory=Person)
    accounts: Sequence[Account] = ()
    found: Sequence[Sequence[Course]] = ()


def account_courses(sources: Sources, query: str) -> AccountCourses:
    """Return the page of a query. Its accounts are asked for first, then their courses at once."""
    query = " ".join(query[:MOST_LETTERS].split())
    return lay_out(ask(sources, query), query, sources.now())


def ask(sources: Sources, query: str) -> AccountAnswers:
    """Ask each of the person's topmost accounts; an account lists its sub-accounts' courses too."""
    profile = start_profile(sources)
    accounts = sources.start("accounts", partial(CanvasAPI.accounts)).rows()
    held = {account.id for account in accounts}
    tops = [account for account in accounts if account.parent_account_id not in held]
    calls = [
        partial(CanvasAPI.account_courses, account_id=each.id, search_term=query, most=MOST + 1)
        for each in tops
        if len(query) >= FEWEST_LETTERS
    ]
    found = sources.start_many("account courses", *calls).values() if calls else []
    return AccountAnswers(
        canvas_url=sources.api.canvas_url,
        me=read_profile(profile),
        accounts=accounts,
        found=found,
        sources=sources.states(),
    )


def lay_out(asked: AccountAnswers, query: str, now: datetime) -> AccountCourses:
    """Lay out the found courses by name, each once."""
    courses = {course.id: course for part in asked.found for course in part}
    rows = (course_row(course, asked.canvas_url, {}, now) for course in courses.values())
    named = sorted(rows, key=lambda row: (row.name.casefold(), row.id))
    return AccountCourses(
        sources=asked.sources,
        complete=complete(asked.sources) and len(named) <= MOST,
        profile=asked.me,
        now=now,
        query=query,
        rows=tuple(named[:MOST]),
        accounts=tuple(account.name or "" for account in asked.accounts),
        more=len(named) > MOST,
    )
