"""Whatever a developer key withholds, each page is as it should be or says what is missing."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from icalendar import Calendar

from canvas_app.canvas.api import SCOPES

from .conftest import RunningEasel, StartEasel, sign_in
from .test_feed import events, fetch, make_feed

LISTS = ("dashboard", "courses", "upcoming", "submissions", "search")
MOVES = {"sources", "complete", "standing", "seconds_late"}  # what may differ at any time
PEOPLE = ["dozen", "teacher", "observer", "ta"]

WORK = "your submissions and grades"
PERIOD = "totals of the current grading period"
SCHEME = "the grading scheme"
LETTERS = "which courses show letters only"
RUBRIC = "rubric ratings"
TOTALS = "the totals of the students you observe"
TITLES = "titles and due dates"  # of an observed student's work
TOLD_BY = {
    "row": (WORK, TITLES),
    "missing": (WORK,),
    "behind": (WORK,),
    "grade": (PERIOD, SCHEME, LETTERS),
    "grade_score": (PERIOD, LETTERS),
    "grade_basis": (PERIOD,),
    "grade_state": (PERIOD, LETTERS),
    "grade_letter": (PERIOD, SCHEME),
    "entered_grade": (SCHEME, LETTERS),
    "current_grade": (SCHEME,),
    "final_grade": (SCHEME,),
    "score": (LETTERS,),
    "points_possible": (LETTERS, TITLES),
    "letters_only": (LETTERS,),
    **dict.fromkeys(("part", "can_try", "earned", "possible", "percent"), (PERIOD,)),
    **dict.fromkeys(("contribution", "share", "weight", "own", "check", "why_not"), (PERIOD,)),
    "rubric": (RUBRIC,),
    "points": (RUBRIC,),
    "rating": (RUBRIC,),
    "reached": (RUBRIC,),
    "id": ("The course has not begun.",),  # fields of a submission that does not exist yet
    "term": ("terms",),
    "terms": ("terms",),
    "groups": ("terms",),  # of courses: by role and term
    "starts_at": ("terms",),
    "ends_at": ("terms",),
    "favorite": ("favourites",),
    "progress_done": ("module progress",),
    "progress_total": ("module progress",),
    "sections": ("sections",),
    "enrolled": ("sections",),
    "image_url": ("course pictures",),
    "students": ("numbers of students",),
    "needs_grading": ("numbers of submissions to grade",),
    "comments": ("comments",),
    "teachers": ("the teachers",),
    "syllabus": ("the syllabus",),
    "attempts": ("earlier attempts",),
    "student": ("students' names",),
    "child_name": ("students' names",),
    **dict.fromkeys(
        ("current", "final", "state", "history", "basis", "chosen", "period"), (TOTALS,)
    ),
    **dict.fromkeys(("accepts_until", "color", "course_id", "course_name"), (TITLES,)),
    **dict.fromkeys(("status", "title", "url"), (TITLES,)),
    "statistics": ("class statistics",),
    "can_submit": ("whether you can hand in", TITLES),
}
"""What of a row may differ where a source of its page says one of these."""


def twin(easel: RunningEasel, browser: requests.Session, path: str) -> dict[str, Any]:
    query = "?q=a" if path == "search" else ""
    answer = browser.get(f"{easel.url}/{path}.json{query}", timeout=60)
    body: dict[str, Any] = answer.json()
    return body


def page(easel: RunningEasel, browser: requests.Session, path: str) -> str:
    path = {"dashboard": "", "search": "search?q=a"}.get(path, path)
    return html.unescape(browser.get(f"{easel.url}/{path}", timeout=60).text)


def paths(easel: RunningEasel, browser: requests.Session) -> list[str]:
    """The person's lists, courses, grades, and in each course a piece of work."""
    found = list(LISTS)
    for course in twin(easel, browser, "courses")["data"]:
        if not course["restricted"]:
            here = f"courses/{course['id']}"
            found += [here, f"{here}/grades"]
            work = twin(easel, browser, here)["data"]
            found += [f"{here}/assignments/{row['assignment_id']}" for row in work[:2]]
    return found


def said(body: dict[str, Any]) -> str:
    return " ".join(source["detail"] for source in body["sources"])


def differences(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """Return the names of the fields in which two answers differ; "row" for a missing row."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in (one.keys() | other.keys()) - MOVES:
            yield from differences(one.get(name), other.get(name), name)
    elif isinstance(one, list) and isinstance(other, list) and rows(one) and rows(other):
        ours, theirs = {key(row): row for row in one}, {key(row): row for row in other}
        yield from ("row" for _ in ours.keys() ^ theirs.keys())
        for name in ours.keys() & theirs.keys():
            yield from differences(ours[name], theirs[name], at)
    elif at == "days":
        for ours, theirs in zip(one, other, strict=True):
            yield from differences(ours, theirs, at)
    elif one != other:
        yield at


def rows(value: list[Any]) -> bool:
    return all(isinstance(row, dict) and ("id" in row or "assignment_id" in row) for row in value)


def key(row: dict[str, Any]) -> tuple[str, str]:
    """Return what identifies a row; a submission in a future course may have no id."""
    return str(row.get("type")), str(row.get("assignment_id") or row["id"])


def told(name: str, path: str, words: str) -> bool:
    """Return whether these words say why a field differs. Search looks through the terms too."""
    reasons = ("terms",) if path == "search" else TOLD_BY.get(name, ())
    return any(reason in words for reason in reasons)


@pytest.mark.parametrize("who", PEOPLE)
def test_without_includes_all_is_there_or_said(start_easel: StartEasel, who: str) -> None:
    whole = start_easel(key="scoped_includes", scopes="auto")
    bare = start_easel(key="scoped", scopes="auto")
    one, other = sign_in(whole, who), sign_in(bare, who)

    wrong = []
    for path in paths(whole, one):
        full, less = twin(whole, one, path), twin(bare, other, path)
        found = set(differences(full, less))
        if path == "dashboard":
            found -= {"weight"}  # shown only if another page has asked for it already
        unsaid = {name for name in found if not told(name, path, said(less))}
        if found and (less["complete"] or unsaid):
            wrong.append((path, less["complete"], sorted(unsaid or found)))
        if ("Not everything is here." in page(bare, other, path)) is less["complete"]:
            wrong.append((path, "page", less["complete"]))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("who", ["dozen", "teacher"])
def test_feed_without_includes_is_whole(start_easel: StartEasel, who: str) -> None:
    """Except for points: some courses show them to nobody, and Canvas does not say which."""
    whole = start_easel(key="scoped_includes", scopes="auto")
    bare = start_easel(key="scoped", scopes="auto")

    full, less = (events(make_feed(e, sign_in(e, who))) for e in (whole, bare))

    assert full.keys() == less.keys()
    for name, event in full.items():
        for field in ("SUMMARY", "DTSTART", "DTEND", "URL", "LOCATION"):
            assert event.get(field) == less[name].get(field), name
        assert plain(event["DESCRIPTION"]) == plain(less[name]["DESCRIPTION"]), name


def test_feed_says_why_points_are_missing(start_easel: StartEasel) -> None:
    bare = start_easel(key="scoped", scopes="auto")

    answer = fetch(make_feed(bare, sign_in(bare, "dozen")))

    assert answer.status_code == 200
    said = str(Calendar.from_ical(answer.content)["DESCRIPTION"])
    assert "Points are left out." in said
    assert "which courses show letters only" in said


def plain(text: str) -> str:
    """Return a description without points, and without the section after the course's name."""
    return re.sub(r"\A([^,\n]+), [^\n]+", r"\1", re.sub(r", [\d.]+ points?(?=\n|$)", "", text))


LACKING = {
    "calendar": ("calendar_events",),
    "planner": ("planner/items",),
    "submissions": ("submissions",),
    "assignments": ("assignments", "assignment_groups"),
    "enrollments": ("enrollments",),
    "courses": ("courses",),
}
"""What a key may not grant: the last words of the routes."""


@pytest.mark.parametrize("lacks", LACKING)
@pytest.mark.parametrize("who", ["dozen", "teacher"])
def test_without_scopes_all_is_there_or_said(start_easel: StartEasel, who: str, lacks: str) -> None:
    granted = tuple(scope for scope in SCOPES if not scope.endswith(LACKING[lacks]))
    assert granted != SCOPES
    whole = start_easel(key="scoped_includes", scopes="auto")
    narrow = start_easel(key="scoped_includes", scopes=granted)
    one, other = sign_in(whole, who), sign_in(narrow, who)

    wrong = []
    for path in (*LISTS, "courses/4101", "courses/4101/grades"):
        full, less = twin(whole, one, path), twin(narrow, other, path)
        # Only other pages' answers bring weights, and the status of what search finds.
        found = set(differences(full, less)) - {"weight"}
        found -= {"status"} if path == "search" else set()
        denied = [s for s in less["sources"] if "python -m canvas_app scopes" in s["detail"]]
        if found and (less["complete"] or not denied):
            wrong.append((path, less["complete"], sorted(found)))
    assert not wrong, "\n".join(map(str, wrong))
