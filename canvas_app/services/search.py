"""Search over what is loaded: courses and work, whatever the case and the accents.

Nothing is asked of Canvas beyond what /upcoming, /courses and the ledger ask, and nothing at all
when these are in the cache: the week one round trip deep, courses that go on without the person
two, submissions only where they are kept already.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.domain.courses import course_row, in_order, is_active_student
from canvas_app.domain.planner_items import TYPES, Look, by_due
from canvas_app.domain.submissions import submission_row
from canvas_app.services.asks import read_colors, read_profile, start_ended
from canvas_app.services.courses import with_ended_ones
from canvas_app.services.pages import Page
from canvas_app.services.planner_calls import asked_days, calendar_calls, kept_rows, start_items
from canvas_app.services.submissions import LEDGER_INCLUDE
from canvas_app.services.without_includes import mend_week
from canvas_app.sources.answer import complete
from canvas_app.sources.call import request_key
from canvas_app.sources.sources import Sources

LONGEST_QUERY = 200
DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
QUOTES = str.maketrans({"\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"'})
"""What keyboards have, for what typography makes of it."""


@dataclass(frozen=True)
class Piece:
    """A part of a text; ``found`` when it matches."""

    text: str
    found: bool = False


@dataclass(frozen=True)
class Hit:
    """A course or a piece of work; ``path`` is Easel's own page of it, ``url`` Canvas's."""

    id: str
    type: str  # course, or the planner's word
    title: str
    course_id: str | None
    course_name: str
    url: str
    path: str = ""
    status: str = ""
    kind: str = ""  # the type in words
    pieces: tuple[Piece, ...] = ()  # the title, cut where it matches
    course_pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Search(Page):
    """``rows`` are courses, then work, each with what matches best first."""

    query: str = ""
    rows: tuple[Hit, ...] = ()
    searched: int = 0  # how many courses and things were looked through


def search(sources: Sources, query: str) -> Search:
    """Look for every word of a query in titles, course names and codes."""
    now = sources.now()
    query = " ".join(query[:LONGEST_QUERY].split())
    words = tuple(dict.fromkeys(folded(query).split()))
    if not words:
        return Search(complete=True, now=now, query=query)
    started = start_items(sources, *asked_days("", now))
    ended = start_ended(sources)
    mend_week(sources, started.courses, started.missing, ("term", "sections"))
    listed = started.courses
    every = with_ended_ones(sources, listed.rows(), ended, listed)
    known = {course.id: course for course in every}
    shades, me = read_colors(started.colors), read_profile(started.profile)
    look = Look(sources.api.canvas_url, known, shades, now)
    studied = [course.id for course in known.values() if is_active_student(course, now)]
    calls = calendar_calls(studied, asked_days("", now), undated=True)
    events = kept_rows(sources, calls)
    items = look.merged(
        started.planner.rows(), started.missing.rows(), events, started.stream.rows()
    )
    todo = look.grading(started.todo.rows())
    places = [
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
        for row in in_order(
            course_row(c, sources.api.canvas_url, shades, now) for c in known.values()
        )
        if not row.restricted
    ]
    things = [
        Hit(
            id=item.id,
            type=item.type,
            title=item.title,
            course_id=item.course_id,
            course_name=item.course_name,
            url=item.url,
            path=own_path(item.course_id, item.assignment_id),
            status="" if item.status == "overdue" and not events else item.status,
            kind=TYPES.get(item.type, ""),
        )
        for item in sorted((*items, *todo), key=by_due)
    ]
    things += kept_work(sources, look, {(hit.course_id, hit.path) for hit in things if hit.path})
    states = sources.states()
    return Search(
        sources=states,
        complete=complete(states),
        profile=me,
        now=now,
        query=query,
        rows=(*best(places, words), *best(things, words)),
        searched=len(places) + len(things),
    )


def kept_work(sources: Sources, look: Look, seen: set[tuple[str | None, str]]) -> list[Hit]:
    """Older work, of the courses whose submissions are in the cache."""
    found = []
    for course in look.courses.values():
        call = partial(CanvasAPI.student_submissions, course_id=course.id, include=LEDGER_INCLUDE)
        kept = sources.kept(request_key(call), call)
        for submission in kept.value if kept else ():
            assignment = submission.assignment
            path = own_path(course.id, submission.assignment_id)
            if not assignment or not assignment.name or (course.id, path) in seen:
                continue  # a key without include parameters gives no names to look through
            row = submission_row(submission, assignment, course, look)
            found.append(
                Hit(
                    id=row.assignment_id,
                    type="assignment",
                    title=row.title,
                    course_id=course.id,
                    course_name=row.course_name,
                    url=row.url,
                    path=own_path(course.id, row.assignment_id),
                    status=row.status,
                    kind=TYPES["assignment"],
                )
            )
    return found


def own_path(course_id: str | None, assignment_id: str | None) -> str:
    """Easel's own page of an assignment."""
    if not course_id or not assignment_id:
        return ""
    return f"/courses/{course_id}/assignments/{assignment_id}"


def best(hits: Iterable[Hit], words: tuple[str, ...]) -> list[Hit]:
    """Those with every word in title or course, the best first, with their matches marked."""
    ranked = []
    for hit in hits:
        title, about = folded(hit.title), folded(hit.course_name)
        if all(word in title or word in about for word in words):
            ranked.append((rank(title, words), hit))
    ranked.sort(key=lambda pair: pair[0])  # stable: equals keep their order
    return [
        replace(
            hit,
            pieces=pieces(hit.title, words),
            course_pieces=pieces(hit.course_name, words),
        )
        for _, hit in ranked
    ]


def rank(title: str, words: tuple[str, ...]) -> int:
    """0: the title begins so, 1: its words do, 2: it holds the words, 3: only its course does."""
    if title.startswith(" ".join(words)):
        return 0
    starts = title.replace("-", " ").split()
    if all(any(start.startswith(word) for start in starts) for word in words):
        return 1
    return 2 if all(word in title for word in words) else 3


def folded(text: str) -> str:
    """A text without case and accents, and with plain dashes and quotes."""
    if text.isascii():
        return text.casefold()
    return "".join(map(fold, text))


@lru_cache(maxsize=4096)
def fold(char: str) -> str:
    """One character as it is compared: nothing, one or several."""
    plain = unicodedata.normalize("NFKD", char.translate(DASHES).translate(QUOTES).casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def pieces(text: str, words: Iterable[str]) -> tuple[Piece, ...]:
    """A text cut where a word matches, in its own spelling."""
    places = [n for n, char in enumerate(text) for _ in fold(char)]
    plain = folded(text)
    marked: set[int] = set()
    for word in words:
        at = plain.find(word)
        while at >= 0:
            marked.update(places[at : at + len(word)])
            at = plain.find(word, at + 1)
    found: list[Piece] = []
    for n, char in enumerate(text):
        # A combining accent belongs to the letter before it.
        hit = n in marked or bool(not fold(char) and found and found[-1].found)
        if found and found[-1].found == hit:
            found[-1] = Piece(found[-1].text + char, hit)
        else:
            found.append(Piece(char, hit))
    return tuple(found)
