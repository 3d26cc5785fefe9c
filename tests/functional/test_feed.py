"""Calendar feeds are made on request, fetched without cookies, complete, and ended for good."""

import logging
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from icalendar import Calendar
from sqlalchemy import text

from tests.conftest import running

from .conftest import RunningEasel, StartEasel, form_to, send, sign_in
from .test_account import press
from .test_sign_out import sign_out

ADDRESS = re.compile(r'value="(http://[^"]+/calendar/[^"]+\.ics)"')


def make_feed(easel: RunningEasel, browser: requests.Session, **fields: Any) -> str:
    """Fill in the form and return the address shown."""
    page = browser.get(f"{easel.url}/account/feeds", timeout=30)
    form = form_to(page, "/account/feeds")
    chosen = {"csrf_token": form["fields"]["csrf_token"], "label": "School"}
    chosen |= {"kind": ["work", "event", "note"]} | fields
    answer = browser.post(f"{easel.url}/account/feeds", data=chosen, timeout=30)
    assert answer.status_code == 200, answer.text[-1000:]
    found = ADDRESS.search(answer.text)
    assert found
    return found[1]


def test_an_answer_loaded_again_makes_no_second_feed(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    page = browser.get(f"{easel.url}/account/feeds", timeout=30)
    fields = form_to(page, "/account/feeds")["fields"] | {"label": "School", "kind": ["work"]}

    first, again = (
        browser.post(f"{easel.url}/account/feeds", data=fields, timeout=30) for _ in range(2)
    )

    assert ADDRESS.search(first.text)
    assert not ADDRESS.search(again.text)
    assert "This feed has already been made" in again.text
    assert again.text.count("End this feed") == 1


def fetch(address: str, **headers: str) -> requests.Response:
    """Fetch as a calendar program does: no cookie, nothing but the address."""
    return requests.get(address, headers=headers, timeout=60)


def events(address: str) -> dict[str, Any]:
    """The feed's events by what their UID begins with: type and id."""
    answer = fetch(address)
    assert answer.status_code == 200, answer.text
    found = {}
    for event in Calendar.from_ical(answer.content).walk("VEVENT"):
        name = str(event["UID"]).removeprefix("production-").partition("@")[0]
        assert name not in found, "each thing once"
        found[name] = event
    return found


def later(easel: RunningEasel, minutes: int = 16) -> None:
    """Skip the pause between two requests to Canvas."""
    with easel.app.extensions["easel"].storage.engine.begin() as connection:
        for column in ("visited_at", "fetched_at"):
            connection.execute(
                text(f"update feeds set {column} = datetime({column}, '-{minutes} minutes')")  # noqa: S608
            )


def calls(easel: RunningEasel) -> int:
    return sum(sum(by.values()) for by in easel.canvas.stats()["calls"].values())


def ask_canvas(easel: RunningEasel, who: str, path: str) -> list[dict[str, Any]]:
    """Return a whole list, read from the emulator itself."""
    url, rows = f"{easel.canvas.url}{path}", []
    while url:
        answer = requests.get(
            url, headers={"Authorization": f"Bearer {easel.canvas.token(who)}"}, timeout=30
        )
        rows += answer.json()
        url = answer.links.get("next", {}).get("url")
    return rows


def expected(easel: RunningEasel, who: str) -> dict[str, dict[str, Any]]:
    """Return what the calendar must contain, by type and id, as other endpoints have it."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    last = today + timedelta(days=366, seconds=-1)
    span = f"start_date={(today - timedelta(days=30)).isoformat()}Z&end_date={last.isoformat()}Z"
    names: dict[str, dict[str, Any]] = {}
    for row in ask_canvas(easel, who, f"/api/v1/planner/items?{span}&per_page=100"):
        posted = row["plannable"].get("created_at") == row["plannable_date"]
        if row["plannable_type"] != "announcement" and not (
            posted and row["plannable_type"] == "discussion_topic"  # without a to-do date
        ):
            assignment_id = row["plannable"].get("assignment_id")
            kind = "assignment" if assignment_id else row["plannable_type"]
            names[f"{kind}-{assignment_id or row['plannable_id']}"] = row
    courses = ask_canvas(easel, who, "/api/v1/courses?per_page=100&include[]=concluded")
    for course in courses:
        if course.get("access_restricted_by_date") or course["concluded"]:
            continue
        code = f"context_codes[]=course_{course['id']}"
        for row in ask_canvas(easel, who, f"/api/v1/calendar_events?{code}&{span}&per_page=100"):
            if not row["hidden"]:
                names[f"calendar_event-{row['id']}"] = row
        if any(e["type"] == "student" for e in course["enrollments"]):
            continue
        path = f"/api/v1/calendar_events?type=assignment&{code}&{span}&per_page=100"
        for row in ask_canvas(easel, who, path):
            name = f"assignment-{row['assignment']['id']}"
            override = next(iter(row.get("assignment_overrides", [])), {})
            if "course_section_id" in override:
                name += f"-for-{override['id']}"
            names[name] = row  # the student's own date replaces the base date
        path = f"/api/v1/calendar_events?type=sub_assignment&{code}&{span}&per_page=100"
        for row in ask_canvas(easel, who, path):
            names[f"sub_assignment-{row['sub_assignment']['id']}"] = row
    return names


@pytest.mark.parametrize("who", ["dozen", "many", "newcomer", "teacher", "ta", "observer"])
def test_feed_holds_everything(easel: RunningEasel, who: str) -> None:
    browser = sign_in(easel, who)

    found = events(make_feed(easel, browser))

    wanted = expected(easel, who)
    assert found.keys() == wanted.keys()
    for name, row in wanted.items():
        event = found[name]
        title = row.get("title") or row["plannable"]["title"]
        assert title in str(event["SUMMARY"])
        start = event.decoded("DTSTART")
        if row.get("all_day") or row.get("plannable", {}).get("all_day"):
            assert not isinstance(start, datetime)
        else:
            moment = datetime.fromisoformat(row.get("start_at") or row["plannable_date"])
            assert start == moment
            assert event["DTSTART"].to_ical().endswith(b"Z")


@pytest.mark.parametrize("who", ["teacher", "ta"])
def test_a_students_extension_is_not_everybodys_date(easel: RunningEasel, who: str) -> None:
    found = events(make_feed(easel, sign_in(easel, who)))
    path = "/api/v1/courses/4101/assignments?per_page=100"
    works = {row["name"]: row for row in ask_canvas(easel, who, path)}
    by_title = {str(event["SUMMARY"]): event for event in found.values()}

    for name, other in (
        ("Heredity problem set", "1 student: "),
        ("Evolution laboratory", "Thursday laboratory: "),
    ):
        event = by_title[f"{name} [BIO-101]"]
        assert event.decoded("DTSTART") == datetime.fromisoformat(works[name]["due_at"])
        assert other in str(event["DESCRIPTION"])
    assert "Evolution laboratory (Thursday laboratory) [BIO-101]" in by_title
    assert not any("1 student" in title for title in by_title)


@pytest.mark.parametrize(
    ("who", "sections"), [("dozen", 1), ("teacher", 2), ("ta", 1), ("observer", 1)]
)
def test_section_events_are_in_their_courses_feed(
    easel: RunningEasel, who: str, sections: int
) -> None:
    """The event of all sections is not in it as well."""
    browser = sign_in(easel, who)
    here = events(make_feed(easel, browser, course=["4101"])).values()
    elsewhere = events(make_feed(easel, browser, course=["4102"])).values()

    briefings = [event for event in here if str(event["SUMMARY"]).startswith("Safety briefing")]

    assert len({str(event["SUMMARY"]) for event in briefings}) == sections == len(briefings)
    for event in briefings:
        assert re.search(r"laboratory\) \[BIO-101\]$", str(event["SUMMARY"]))
        assert str(event["DESCRIPTION"]).startswith("Biology 101, ")
    assert not any("Safety briefing" in str(event["SUMMARY"]) for event in elsewhere)


@pytest.mark.parametrize("who", ["teacher", "ta", "observer", "dozen"])
def test_checkpoints_are_in_the_feed(easel: RunningEasel, who: str) -> None:
    """Each part of a discussion is there at its own date, without the whole discussion."""
    found = events(make_feed(easel, sign_in(easel, who), course=["4101"]))

    parts = {name: event for name, event in found.items() if name.startswith("sub_assignment-")}

    assert len(parts) == 2
    assert len({event.decoded("DTSTART") for event in parts.values()}) == 2
    titles = [str(event["SUMMARY"]) for event in found.values()]
    assert sum("should we edit genes?" in title for title in titles) == 2


def test_entry_tells_what_it_is(easel: RunningEasel) -> None:
    by_title = {
        str(event["SUMMARY"]): event
        for event in events(make_feed(easel, sign_in(easel, "dozen"))).values()
    }

    work = by_title["Heredity problem set [BIO-101]"]
    assert str(work["URL"]).startswith(f"{easel.canvas.url}/courses/4101/assignments/")
    assert "DTEND" not in work
    description = str(work["DESCRIPTION"])
    assert "Biology 101" in description
    assert "Assignment, 20 points" in description
    assert "Status: due" in description
    assert any(title.startswith("✓ Photosynthesis worksheet") for title in by_title)
    chemistry = next(event for title, event in by_title.items() if "Titration" in title)
    assert "points" not in str(chemistry["DESCRIPTION"])
    review = by_title["Review session [BIO-101]"]
    assert str(review["LOCATION"]) == "Hall B"
    assert review.decoded("DTEND") > review.decoded("DTSTART")
    weekend = by_title["Choir weekend"]
    assert type(weekend.decoded("DTSTART")) is date
    assert weekend.decoded("DTEND") - weekend.decoded("DTSTART") == timedelta(days=1)


def test_nothing_exists_until_asked_for(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")

    page = browser.get(f"{easel.url}/account", timeout=10)

    assert "There is none until you make one" in page.text
    assert easel.app.extensions["easel"].storage.feeds.of(1) == ()


def test_secret_is_shown_once_and_kept_nowhere(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    address = make_feed(easel, browser, label="Phone & <b>tablet</b>")
    secret = urlsplit(address).path.removeprefix("/calendar/").removesuffix(".ics")
    fetch(address)

    account = browser.get(f"{easel.url}/account", timeout=10)

    assert len(secret) >= 43, "256 bits in base64"
    assert "Phone &amp; &lt;b&gt;tablet&lt;/b&gt;" in account.text
    assert "Last fetched: <time" in account.text
    assert secret not in account.text
    assert all(secret not in value for value in browser.cookies.values())
    folder = easel.app.extensions["easel"].settings.instance_path
    for file in folder.rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file
            assert b"Heredity" not in file.read_bytes(), "the kept calendar is sealed"


def test_secret_is_in_no_log_and_no_metric(
    start_easel: StartEasel, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[str] = []
    keeper = logging.Handler(logging.DEBUG)
    keeper.emit = lambda record: heard.append(f"{record.getMessage()} {vars(record)}")  # type: ignore[method-assign]
    root = logging.getLogger()
    level = root.level
    root.addHandler(keeper)
    try:
        easel = start_easel(log_level="DEBUG")
        browser = sign_in(easel, "dozen")
        address = make_feed(easel, browser)
        secret = urlsplit(address).path.removeprefix("/calendar/").removesuffix(".ics")
        fetch(address)
        broken = {"method": "GET", "path": "/api/v1/*", "kind": "status", "status": 500}
        easel.canvas.control(faults=[broken | {"times": None}])
        later(easel)
        fetch(address)
        requests.post(address, timeout=10)
        press(easel, browser, "/account/disconnect")
        fetch(address)
        metrics = requests.get(f"{easel.url}/metrics", timeout=10).text
    finally:
        root.removeHandler(keeper)
        root.setLevel(level)

    assert heard
    assert all(secret not in line for line in heard)
    assert secret not in capsys.readouterr().err
    assert secret not in metrics
    assert "/calendar/<secret>.ics" in metrics


@pytest.mark.parametrize("secret", ["x", "a" * 43, "%00", "../account", "a" * 5000])
def test_unknown_secret_is_a_plain_404(easel: RunningEasel, secret: str) -> None:
    answer = requests.get(f"{easel.url}/calendar/{secret}.ics", timeout=10, allow_redirects=False)

    assert answer.status_code == 404
    if "/" not in secret:
        assert answer.headers["Content-Type"].startswith("text/plain")


def test_one_visit_in_fifteen_minutes(easel: RunningEasel) -> None:
    address = make_feed(easel, sign_in(easel, "dozen"))
    first = fetch(address)
    before = calls(easel)

    again = fetch(address)
    assert again.content == first.content
    assert calls(easel) == before

    later(easel)
    fetch(address)
    fetch(address)
    visited = calls(easel) - before
    later(easel)
    fetch(address)
    assert calls(easel) - before == 2 * visited
    assert visited


def test_who_has_it_already_is_told_so(easel: RunningEasel) -> None:
    address = make_feed(easel, sign_in(easel, "dozen"))
    first = fetch(address)

    same = fetch(address, **{"If-None-Match": first.headers["ETag"]})
    since = fetch(address, **{"If-Modified-Since": first.headers["Last-Modified"]})
    other = fetch(address, **{"If-None-Match": '"another"'})

    assert (same.status_code, since.status_code, other.status_code) == (304, 304, 200)
    assert same.content == b""
    assert first.headers["Cache-Control"] == "private, no-cache"


def test_unchanged_entries_keep_their_stamp(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    address = make_feed(easel, browser)
    first = fetch(address)

    later(easel)
    same = fetch(address)
    assert same.content == first.content
    assert same.headers["ETag"] == first.headers["ETag"]

    before = events(address)
    change_a_note(easel, "dozen")
    later(easel)
    after = events(address)
    assert fetch(address).headers["ETag"] != first.headers["ETag"]
    changed = [name for name in after if after[name].to_ical() != before[name].to_ical()]
    assert changed == ["planner_note-90001"]


def change_a_note(easel: RunningEasel, who: str) -> None:
    answer = requests.put(
        f"{easel.canvas.url}/api/v1/planner_notes/90001",
        data={"title": "Return the library books, all of them"},
        headers={"Authorization": f"Bearer {easel.canvas.token(who)}"},
        timeout=10,
    )
    assert answer.ok, answer.text


@pytest.mark.parametrize("kind", ["status", "truncate", "html"])
def test_canvas_down_gives_the_last_calendar(easel: RunningEasel, kind: str) -> None:
    address = make_feed(easel, sign_in(easel, "dozen"))
    good = fetch(address)
    whole = events(address)
    fault = {"method": "GET", "path": "/api/v1/*", "kind": kind, "status": 503, "times": None}
    easel.canvas.control(faults=[fault])
    later(easel)

    stale = fetch(address)

    assert stale.status_code == 200
    file = Calendar.from_ical(stale.content)
    assert str(file["X-WR-CALDESC"]).startswith("Not up to date: this is from ")
    assert len(file.walk("VEVENT")) == len(whole)
    assert stale.headers["ETag"] != good.headers["ETag"]
    easel.canvas.control(faults=[])
    later(easel)
    assert fetch(address).content == good.content


@pytest.mark.parametrize(
    "path", ["/api/v1/planner/items", "/api/v1/calendar_events", "/api/v1/courses"]
)
def test_half_a_calendar_replaces_none(easel: RunningEasel, path: str) -> None:
    address = make_feed(easel, sign_in(easel, "ta"))
    whole = events(address)
    fault = {"method": "GET", "path": path, "kind": "status", "status": 503, "times": None}
    easel.canvas.control(faults=[fault])
    later(easel)

    assert events(address).keys() == whole.keys()
    assert b"Not up to date" in fetch(address).content


def test_half_a_calendar_is_no_first_one(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    address = make_feed(easel, browser)
    fault = {"method": "GET", "path": "/api/v1/calendar_events", "kind": "html", "times": None}
    easel.canvas.control(faults=[fault])

    answer = fetch(address)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "900"
    assert "VEVENT" not in answer.text
    assert "Not up to date" in browser.get(f"{easel.url}/account", timeout=10).text
    easel.canvas.control(faults=[])
    later(easel)
    assert events(address)


def test_feed_goes_on_after_signing_out(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    address = make_feed(easel, browser)
    before = easel.canvas.stats()["revocations"]

    sign_out(easel, browser)
    easel.canvas.control(expire_tokens="all")

    assert events(address)
    assert easel.canvas.stats()["revocations"] == before
    door = easel.app.extensions["easel"]
    door.storage.tend(door.endpoint_for)
    later(easel)
    assert b"Not up to date" not in fetch(address).content
    assert browser.get(f"{easel.url}/account", allow_redirects=False, timeout=10).status_code == 302


def test_sign_out_everywhere_leaves_feeds(easel: RunningEasel) -> None:
    first, second = sign_in(easel, "dozen"), sign_in(easel, "dozen")
    address = make_feed(easel, first)
    told = first.get(f"{easel.url}/account", timeout=10).text

    press(easel, second, "/account/sign-out-everywhere")

    assert "stays for your calendar feeds" in told
    assert events(address)
    for browser in (first, second):
        answer = browser.get(f"{easel.url}/account", allow_redirects=False, timeout=10)
        assert answer.status_code == 302


@pytest.mark.parametrize("action", ["/account/disconnect", "/account/delete"])
def test_feed_ends_with_the_connection(easel: RunningEasel, action: str) -> None:
    browser = sign_in(easel, "dozen")
    address = make_feed(easel, browser)
    assert events(address)

    press(easel, browser, action)

    assert fetch(address).status_code == 404
    with easel.app.extensions["easel"].storage.engine.connect() as connection:
        assert connection.execute(text("select count(*) from feeds")).scalar_one() == 0


def test_feed_ends_when_canvas_ends_the_grant(easel: RunningEasel) -> None:
    address = make_feed(easel, sign_in(easel, "dozen"))
    assert events(address)
    easel.canvas.control(revoke_tokens="all")
    later(easel)

    assert fetch(address).status_code == 404


def test_one_feed_ends_the_others_go_on(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    phone, laptop = make_feed(easel, browser, label="Phone"), make_feed(easel, browser)
    assert events(phone)

    press(easel, browser, "/account/feeds/1/end")

    assert fetch(phone).status_code == 404
    assert events(laptop)
    page = browser.get(f"{easel.url}/account", timeout=10)
    assert "Phone" not in page.text
    assert "School" in page.text


def test_nobody_ends_another_persons_feed(easel: RunningEasel) -> None:
    mine, other = sign_in(easel, "dozen"), sign_in(easel, "many")
    address = make_feed(easel, mine)
    make_feed(easel, other)
    page = other.get(f"{easel.url}/account", timeout=10)
    form = form_to(page, "/account/feeds/2/end")

    send(other, page, form | {"action": form["action"].replace("/2/", "/1/")})

    assert fetch(address).status_code == 200


def test_filters_are_kept(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    everything = events(make_feed(easel, browser))

    work = events(make_feed(easel, browser, kind=["work"]))
    biology = events(make_feed(easel, browser, course=["4101"], kind=["work", "note"]))
    undone = events(make_feed(easel, browser, open_only="1"))

    assert 0 < len(work) < len(everything)
    assert not [name for name in work if name.startswith(("calendar_event", "planner_note"))]
    assert set(work) < everything.keys()
    assert all("[BIO-101]" in str(e["SUMMARY"]) for n, e in biology.items() if "note" not in n)
    assert "planner_note-90001" in biology
    assert 0 < len(undone) < len(everything)
    assert not [event for event in undone.values() if str(event["SUMMARY"]).startswith("✓")]
    page = browser.get(f"{easel.url}/account", timeout=10).text
    assert "work, notes, of 1 course" in " ".join(page.split())
    assert "without what is done" in page


def test_form_asks_for_something_to_hold(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    page = browser.get(f"{easel.url}/account/feeds", timeout=30)
    token = form_to(page, "/account/feeds")["fields"]["csrf_token"]

    answer = browser.post(
        f"{easel.url}/account/feeds", data={"csrf_token": token, "kind": "horoscope"}, timeout=30
    )

    assert "Biology 101" in page.text
    assert answer.status_code == 422
    assert "No feed was made" in answer.text


def test_ten_feeds_are_enough(easel: RunningEasel) -> None:
    browser = sign_in(easel, "newcomer")
    for _ in range(10):
        make_feed(easel, browser)
    page = browser.get(f"{easel.url}/account/feeds", timeout=30)
    token = form_to(page, "/account/feeds")["fields"]["csrf_token"]

    answer = browser.post(
        f"{easel.url}/account/feeds", data={"csrf_token": token, "kind": "work"}, timeout=30
    )

    assert answer.status_code == 409
    assert "10 calendar feeds" in answer.text


def test_form_stands_without_canvas(start_easel: StartEasel) -> None:
    easel = start_easel(cache_seconds=0)
    browser = sign_in(easel, "dozen")
    fault = {"method": "GET", "path": "/api/v1/courses", "kind": "html", "times": None}
    easel.canvas.control(faults=[fault])

    page = browser.get(f"{easel.url}/account/feeds", timeout=30)

    assert page.status_code == 200
    assert "Make the feed" in page.text
    assert "did not list your courses" in page.text


def test_public_key_has_no_feed(start_easel: StartEasel) -> None:
    easel = start_easel(key="public")
    browser = sign_in(easel, "dozen")

    account = browser.get(f"{easel.url}/account", timeout=10)
    form = browser.get(f"{easel.url}/account/feeds", timeout=10)
    token = form_to(account, "/logout")["fields"]["csrf_token"]
    answer = browser.post(
        f"{easel.url}/account/feeds", data={"csrf_token": token, "kind": "work"}, timeout=10
    )

    assert "No calendar feed here" in account.text
    assert "New calendar feed</a>" not in account.text
    assert "two hours" in form.text
    assert answer.status_code == 403


def test_hostile_text_stays_text(easel: RunningEasel) -> None:
    address = make_feed(easel, sign_in(easel, "hostile"), label="=1+1\r\nX-EVIL:1\x00")

    answer = fetch(address)

    lines = answer.content.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines), "folded"
    assert b"\n" not in b"".join(lines)
    assert not [line for line in lines if line.startswith((b"X-EVIL", b"ATTACH"))]
    assert b"alert('body')" not in answer.content.replace(b"\r\n ", b"")
    assert "nosniff" in answer.headers["X-Content-Type-Options"]
    titles = [str(e["SUMMARY"]) for e in Calendar.from_ical(answer.content).walk("VEVENT")]
    assert any("<script>alert('title')</script> [" in title for title in titles)
    assert any(title.startswith("Untitled") for title in titles)


def test_clock_change_moves_nothing(start_easel: StartEasel) -> None:
    """Berlin leaves summer time on 25 October 2026: moments stay those of Canvas."""
    start = "2026-10-20T08:00:00Z"
    with running("--start", start) as canvas, time_machine.travel(start, tick=True):
        easel = start_easel(canvas=canvas)
        found = events(make_feed(easel, sign_in(easel, "many")))
        wanted = expected(easel, "many")

    assert len({row["plannable_date"] > "2026-10-25" for row in wanted.values()}) == 2
    assert found.keys() == wanted.keys()
    for name, row in wanted.items():
        moment = datetime.fromisoformat(row.get("start_at") or row["plannable_date"])
        assert found[name].decoded("DTSTART") == moment


def test_path_of_public_url_is_in_the_address(start_easel: StartEasel) -> None:
    easel = start_easel(prefix="/easel")

    address = make_feed(easel, sign_in(easel, "newcomer"))

    assert address.startswith(f"{easel.url}/calendar/")
    assert fetch(address).status_code == 200


def test_account_stored_facts_name_feeds(easel: RunningEasel) -> None:
    browser = sign_in(easel, "newcomer")
    make_feed(easel, browser)

    page = browser.get(f"{easel.url}/account", timeout=10)

    assert re.search(r"<dt>Calendar feeds</dt><dd[^>]*>1</dd>", page.text)


def refuse_calendar(easel: RunningEasel, course_id: int) -> None:
    """Let Canvas refuse each calendar request that names a course."""
    fault = {"method": "GET", "path": "/api/v1/calendar_events", "kind": "status", "status": 403}
    query = {"context_codes[]": f"course_{course_id}"}
    easel.canvas.control(faults=[fault | {"query": query, "times": None}])


@pytest.mark.parametrize(("who", "course_id"), [("dozen", 4103), ("teacher", 4102)])
def test_one_refused_course_does_not_stop_the_feed(
    easel: RunningEasel, who: str, course_id: int
) -> None:
    """The other courses are there, and the calendar names the refused one."""
    browser = sign_in(easel, who)
    refuse_calendar(easel, course_id)
    address = make_feed(easel, browser)

    first = events(address)
    file = Calendar.from_ical(fetch(address).content)

    named = {4103: "World History since 1500", 4102: "Statistics"}[course_id]
    assert f"does not share the calendar of {named} with you" in str(file["X-WR-CALDESC"])
    easel.canvas.control(faults=[])
    address = make_feed(easel, sign_in(easel, who))
    assert len(first) > 5
    assert first.keys() <= events(address).keys()
    before = easel.canvas.stats()["calls"]["GET /api/v1/calendar_events"]
    refuse_calendar(easel, course_id)
    later(easel)
    fetch(address)
    later(easel)
    asked = easel.canvas.stats()["calls"]["GET /api/v1/calendar_events"]
    fetch(address)
    again = easel.canvas.stats()["calls"]["GET /api/v1/calendar_events"]
    assert again.get("403", 0) == asked.get("403", 0) > before.get("403", 0)
