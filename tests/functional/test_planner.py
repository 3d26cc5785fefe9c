"""Done marks and own notes: written to Canvas, reported, undone, and what failures say."""

import html
import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import requests
from markupsafe import escape

from .conftest import form_to, forms, last_view, send, sign_in

DENVER = ZoneInfo("America/Denver")


@pytest.fixture
def browser(easel):
    return sign_in(easel, "dozen", path="/login?next=/account")


def upcoming(easel, browser, query=""):
    page = browser.get(f"{easel.url}/upcoming{query}", timeout=30)
    assert page.status_code == 200
    return page


def rows(easel, browser):
    return browser.get(f"{easel.url}/upcoming.json", timeout=30).json()["data"]


def mark_value(page, title):
    """Return what the done button of the row with this title sends."""
    found = [
        html.unescape(piece.partition('"')[0])
        for piece in page.text.split('name="item" value="')[1:]
    ]
    return next(value for value in found if value.split(":", 5)[5] == title)


def press(easel, browser, page, value):
    form = form_to(page, "/planner/mark")
    return send(browser, page, form, item=value)


def undo_form(page):
    return next(form for form in forms(page) if "item" in form["fields"] or "day" in form["fields"])


def test_mark_done_and_undo(easel, browser, canvas):
    page = upcoming(easel, browser)
    value = mark_value(page, "Matrices, sheet 3")

    marked = press(easel, browser, page, value)

    assert marked.history[0].status_code == 303
    kind, id_ = value.split(":")[:2]
    assert marked.url == f"{page.url}#row-{kind}-{id_}"
    assert "“Matrices, sheet 3” is marked done." in marked.text
    (row,) = [row for row in rows(easel, browser) if row["title"] == "Matrices, sheet 3"]
    assert (row["done"], row["status"]) == (True, "due")
    assert row["override_id"]

    undone = send(browser, marked, undo_form(marked))

    assert "is marked not done." in undone.text
    (row,) = [row for row in rows(easel, browser) if row["title"] == "Matrices, sheet 3"]
    assert row["done"] is False
    calls = canvas.stats()["calls"]
    assert calls["POST /api/v1/planner/overrides"] == {"201": 1}
    assert calls["PUT /api/v1/planner/overrides/:id"] == {"200": 1}


@pytest.mark.parametrize("show", ["", "?show=due"])
def test_a_ticked_row_stays_where_it_stood(easel, browser, show):
    """Once, so that the person sees the tick and has the next rows before them."""
    page = upcoming(easel, browser, show)
    value = mark_value(page, "Matrices, sheet 3")
    id_ = row_id(value)
    before = re.findall(r'<li class="row item[^>]*>', last_view(page.text))

    marked = press(easel, browser, page, value)

    assert marked.url == f"{page.url}#{id_}"
    after = re.findall(r'<li class="row item[^>]*>', last_view(marked.text))
    assert f'<li class="row item done" id="{id_}">' in after
    assert [row.replace(" done", "") for row in after] == before
    assert f'id="{id_}"' not in last_view(upcoming(easel, browser, show).text)


def test_a_row_marked_not_done_is_led_back_to_on_its_piece(easel, browser):
    """Done work stands on the second piece, open work on the first."""
    page = upcoming(easel, browser, "?page=2")
    value = mark_value(page, "Dissection notebook")
    id_ = row_id(value)
    assert f'id="{id_}"' in last_view(page.text).partition('id="finished" open>')[2]

    marked = press(easel, browser, page, value)

    assert marked.url == f"{page.url}#{id_}"
    shown = last_view(marked.text)
    assert "1 to 45 of" in shown
    assert f'id="{id_}"' in shown.partition('id="finished"')[0]


def row_id(value):
    return "row-{}-{}".format(*value.split(":")[:2])


def test_a_tick_on_home_leads_to_no_piece_of_upcoming(easel, browser):
    home = browser.get(f"{easel.url}/", timeout=30)
    value = html.unescape(re.findall('name="item" value="([^"]+)"', last_view(home.text))[0])

    assert "is marked done" in press(easel, browser, home, value).text

    assert "1 to 45 of" in last_view(upcoming(easel, browser).text)


def test_a_mark_keeps_what_else_the_override_says(easel, browser, canvas):
    """Canvas takes a missing boolean for false, so ``dismissed`` must be sent too."""
    headers = {"Authorization": f"Bearer {canvas.token('dozen')}"}
    (kept,) = [
        row
        for row in requests.get(
            f"{canvas.url}/api/v1/planner/overrides", headers=headers, timeout=30
        ).json()
        if row["id"] == 95_001
    ]
    url = f"{canvas.url}/api/v1/planner/overrides/{kept['id']}"
    requests.put(
        url, headers=headers, data={"marked_complete": "true", "dismissed": "true"}, timeout=30
    )
    page = upcoming(easel, browser, "?show=done")

    press(easel, browser, page, mark_value(page, "Dissection notebook"))

    now = requests.get(url, headers=headers, timeout=30).json()
    assert (now["marked_complete"], now["dismissed"]) == (False, True)


def test_a_mark_made_elsewhere_meanwhile_is_changed(easel, browser, canvas):
    page = upcoming(easel, browser)
    value = mark_value(page, "Matrices, sheet 3")
    kind, id_ = value.split(":")[:2]
    headers = {"Authorization": f"Bearer {canvas.token('dozen')}"}
    url = f"{canvas.url}/api/v1/planner/overrides"
    body = {"plannable_type": kind, "plannable_id": id_, "marked_complete": "false"}
    made = requests.post(url, headers=headers, data=body, timeout=30).json()

    marked = press(easel, browser, page, value)

    assert "is marked done." in marked.text
    after = requests.get(f"{url}/{made['id']}", headers=headers, timeout=30).json()
    assert after["marked_complete"] is True


@pytest.mark.parametrize("known", [True, False])
def test_a_mark_that_was_deleted_elsewhere_is_not_called_set(easel, browser, canvas, known):
    """Canvas keeps the deleted override for good: it does not change it and makes no second one."""
    page = upcoming(easel, browser, "?show=done")
    value = mark_value(page, "Dissection notebook")
    headers = {"Authorization": f"Bearer {canvas.token('dozen')}"}
    requests.delete(f"{canvas.url}/api/v1/planner/overrides/95001", headers=headers, timeout=30)

    marked = press(easel, browser, page, value if known else value.replace(":95001:", "::"))

    assert "“Dissection notebook” was not marked" in marked.text
    assert "is marked" not in marked.text
    assert "Undo" not in marked.text


def test_a_mark_that_has_gone_is_made_anew(easel, browser, canvas):
    """Canvas no longer knows the override, so a new one is created."""
    page = upcoming(easel, browser)
    value = mark_value(page, "Matrices, sheet 3")
    kind, id_, _, rest = value.split(":", 3)

    marked = press(easel, browser, page, f"{kind}:{id_}:999:{rest}")

    assert "is marked done." in marked.text


def test_a_practice_quiz_that_was_taken_is_done(easel, browser):
    """Canvas creates a mark for it when it is submitted."""
    (row,) = [row for row in rows(easel, browser) if row["title"] == "Practice: the cell"]

    assert (row["type"], row["done"], row["status"]) == ("quiz", True, "nothing_to_hand_in")


def test_nonsense_is_refused_kindly(easel, browser, canvas):
    form = form_to(upcoming(easel, browser), "/planner/mark")

    for value in ("", "x", "assignment:x::0:1:t", "course:1::0:1:t", "quiz:1:abc:0:1:t"):
        answer = browser.post(
            f"{easel.url}/planner/mark", data=form["fields"] | {"item": value}, timeout=30
        )

        assert answer.status_code == 200
        assert "not something a planner can mark" in answer.text
    assert "POST /api/v1/planner/overrides" not in canvas.stats()["calls"]


def test_only_our_own_pages_follow(easel, browser):
    form = form_to(upcoming(easel, browser), "/planner/mark")

    for wanted in ("https://evil.example", "//evil.example", "/\\evil.example", "/logout"):
        answer = browser.post(
            f"{easel.url}/planner/mark",
            data=form["fields"] | {"next": wanted, "item": "x"},
            allow_redirects=False,
            timeout=30,
        )

        assert answer.status_code == 303
        assert answer.headers["Location"] == "/"


def test_a_form_without_its_token_writes_nothing(easel, browser, canvas):
    answer = browser.post(f"{easel.url}/planner/mark", data={"item": "quiz:1::0:1:t"}, timeout=30)

    assert answer.status_code == 400
    assert "POST /api/v1/planner/overrides" not in canvas.stats()["calls"]


FAILURES = [
    (
        {"kind": "status", "status": 403},
        "“Matrices, sheet 3” was not marked done. Canvas does not let you",
    ),
    ({"kind": "status", "status": 404}, "Canvas no longer has it. Nothing was changed."),
    ({"kind": "status", "status": 422}, "Nothing was changed."),
    ({"kind": "truncate"}, "it may be done"),
]


def test_a_mark_that_fails_says_what_became_of_it(easel, browser, canvas):
    page = upcoming(easel, browser)
    value = mark_value(page, "Matrices, sheet 3")
    path = {"method": "POST", "path": "/api/v1/planner/overrides", "times": None}

    for fault, said in FAILURES:
        canvas.control(faults=[])
        canvas.control(faults=[path | fault])
        answer = press(easel, browser, page, value)

        assert said in html.unescape(answer.text)
        assert "Undo" not in answer.text


@pytest.mark.parametrize("kind", ["status", "html"])
def test_unsent_mark_is_not_called_doubtful(easel, browser, canvas, kind):
    """The token is not accepted and cannot be renewed, so nothing was written."""
    page = upcoming(easel, browser)
    value = mark_value(page, "Matrices, sheet 3")
    canvas.control(expire_tokens="all")
    down = {"method": "POST", "path": "/login/oauth2/token", "kind": kind, "times": None}
    canvas.control(faults=[down | ({"status": 503} if kind == "status" else {})])

    answer = press(easel, browser, page, value)

    assert "“Matrices, sheet 3” was not marked done." in html.unescape(answer.text)
    assert "Nothing was changed." in answer.text
    assert canvas.stats()["calls"].get("POST /api/v1/planner/overrides", {}).keys() <= {"401"}


def soon() -> date:
    """Return a day of this or the next week."""
    return datetime.now(DENVER).date() + timedelta(days=4)


def note_fields(**changed):
    fields = {"title": "Bring boots", "details": "Size 42", "day": str(soon()), "time": "16:30"}
    return fields | {"course": "4101"} | changed


def test_note_is_written_in_the_persons_own_time(easel, browser):
    page = upcoming(easel, browser)

    saved = send(browser, page, form_to(page, "/planner/notes"), **note_fields())

    assert "“Bring boots” is saved." in saved.text
    (row,) = [row for row in rows(easel, browser) if row["title"] == "Bring boots"]
    due = datetime.combine(soon(), time(16, 30), DENVER)
    assert datetime.fromisoformat(row["due_at"]) == due
    assert (row["type"], row["course_name"], row["details"]) == (
        *("planner_note", "Biology 101", "Size 42"),
    )

    undone = send(browser, saved, undo_form(saved))

    assert "“Bring boots” is deleted." in undone.text
    assert "Bring boots" not in {row["title"] for row in rows(easel, browser)}

    again = send(browser, undone, undo_form(undone))

    assert "“Bring boots” is saved." in again.text
    (row,) = [row for row in rows(easel, browser) if row["title"] == "Bring boots"]
    assert datetime.fromisoformat(row["due_at"]) == due
    assert (row["course_id"], row["details"]) == ("4101", "Size 42")


def offered(page):
    """Return the courses that the form of a new note offers."""
    pattern = r'<form[^>]*action="[^"]*/planner/notes".*?</form>'
    return set(re.findall(r'<option value="(\d+)"', re.findall(pattern, page.text, re.DOTALL)[-1]))


@pytest.mark.parametrize(
    ("who", "some", "others"),
    [
        ("dozen", {"4101", "4104"}, {"4108", "4109", "4110", "4111", "4112"}),
        ("ta", {"9070000000000417"}, {"4101"}),
        ("teacher", set(), {"4101", "4102", "4103"}),
        ("observer", set(), {"4101", "4102"}),
    ],
)
def test_notes_are_offered_the_courses_one_studies_in_now(easel, who, some, others):
    """Canvas lists no note of an ended, future, taught, observed or invited course."""
    page = upcoming(easel, sign_in(easel, who, path="/login?next=/account"))

    assert some <= offered(page)
    assert not others & offered(page)
    assert "Canvas lists notes only with courses that you take" in page.text


@pytest.mark.parametrize(("who", "course"), [("dozen", "4111"), ("ta", "4101")])
def test_unlisted_note_says_so(easel, who, course):
    """The form may be older than the course's end; Canvas takes such a note and never lists it."""
    browser = sign_in(easel, who, path="/login?next=/account")
    page = upcoming(easel, browser)

    saved = send(browser, page, form_to(page, "/planner/notes"), **note_fields(course=course))

    assert "“Bring boots” is saved. It will be on no list" in saved.text
    assert "Bring boots" not in {row["title"] for row in rows(easel, browser)}
    undone = send(browser, saved, undo_form(saved))
    assert "“Bring boots” is deleted." in undone.text
    kept = send(browser, page, form_to(page, "/planner/notes"), **note_fields(course=""))
    assert "in no list" not in kept.text


def test_who_studies_nowhere_can_change_a_note(easel):
    browser = sign_in(easel, "teacher", path="/login?next=/account")
    page = upcoming(easel, browser)
    saved = send(browser, page, form_to(page, "/planner/notes"), **note_fields(course=""))
    (note,) = [row for row in rows(easel, browser) if row["title"] == "Bring boots"]

    changed = send(browser, saved, form_to(saved, f"/planner/notes/{note['id']}"), title="Boots")

    assert "“Boots” is changed." in changed.text


def test_note_without_a_time_is_due_at_the_days_end(easel, browser):
    page = upcoming(easel, browser)
    form = form_to(page, "/planner/notes")

    send(browser, page, form, **note_fields(time="", course=""))

    (row,) = [row for row in rows(easel, browser) if row["title"] == "Bring boots"]
    due = datetime.combine(soon(), time(23, 59, 59), DENVER)
    assert datetime.fromisoformat(row["due_at"]) == due
    assert (row["day"], row["course_id"], row["course_name"]) == (str(soon()), None, "")


def test_note_is_changed_and_brought_back(easel, browser):
    page = upcoming(easel, browser)
    (note,) = [row for row in rows(easel, browser) if row["title"] == "Form a study group"]
    form = form_to(page, f"/planner/notes/{note['id']}")

    changed = send(browser, page, form, title="Meet the group", course="", details="At noon")

    assert "“Meet the group” is changed." in changed.text
    (row,) = [row for row in rows(easel, browser) if row["id"] == note["id"]]
    assert (row["title"], row["course_id"], row["details"]) == ("Meet the group", None, "At noon")
    assert row["due_at"] == note["due_at"]

    send(browser, changed, undo_form(changed))

    (row,) = [row for row in rows(easel, browser) if row["id"] == note["id"]]
    assert (row["title"], row["course_id"]) == (note["title"], note["course_id"])
    assert row["due_at"] == note["due_at"]


def test_changing_a_title_keeps_the_rest(easel, browser):
    """Changing only the title keeps day, time, course and details."""
    page = upcoming(easel, browser)
    (note,) = [row for row in rows(easel, browser) if row["title"] == "Form a study group"]

    changed = send(browser, page, form_to(page, f"/planner/notes/{note['id']}"), title="Meet")

    (row,) = [row for row in rows(easel, browser) if row["id"] == note["id"]]
    assert row | {"title": note["title"]} == note
    assert row["course_id"] == "4101"

    send(browser, changed, undo_form(changed))

    assert note in rows(easel, browser)


def test_a_note_stands_with_its_course(easel, browser):
    """It has the course's name and colour, and is in the list of that course only."""
    work = next(row for row in rows(easel, browser) if row["course_id"] == "4101")
    (note,) = [row for row in rows(easel, browser) if row["title"] == "Form a study group"]

    assert (note["course_id"], note["course_name"]) == ("4101", "Biology 101")
    assert note["color"] == work["color"] is not None
    only = browser.get(f"{easel.url}/upcoming.json?course=4101", timeout=30).json()["data"]
    rest = browser.get(f"{easel.url}/upcoming.json?without=4101", timeout=30).json()["data"]
    assert note in only
    assert note not in rest


TEXTS = [
    "R&D, and R&amp;D too",
    "if a<b then c>d",
    "<script>alert(1)</script> <b>not bold</b> <!-- kept -->",
    "first\n\n  second, indented\n- third",
    "\"quoted\" and 'quoted'",
    "&lt;p&gt; &nbsp; &#39;",
]


def note_box(page, note_id):
    """Return the text in the box of a note's form."""
    return form_to(page, f"/planner/notes/{note_id}")["fields"]["details"]


def shown(page, text):
    """Return whether a page shows a note with exactly this text."""
    return f'<p class="quote" dir="auto">{escape(text)}</p>' in page.text


@pytest.mark.parametrize("text", TEXTS)
def test_a_notes_text_is_plain(easel, browser, text):
    """Canvas stores HTML, but the writer sees what they wrote, and saving changes nothing."""
    page = upcoming(easel, browser)
    today = str(datetime.now(DENVER).date())
    typed = note_fields(details=text.replace("\n", "\r\n"), day=today)
    saved = send(browser, page, form_to(page, "/planner/notes"), **typed)
    (note,) = [row for row in rows(easel, browser) if row["title"] == "Bring boots"]
    assert note["details"] == text
    for _ in range(2):
        assert shown(saved, text)
        assert note_box(saved, note["id"]) == text
        saved = send(browser, saved, form_to(saved, f"/planner/notes/{note['id']}"))
    assert note in rows(easel, browser)

    form = form_to(saved, f"/planner/notes/{note['id']}")
    gone = send(browser, saved, form | {"action": form["action"] + "/delete"})
    send(browser, gone, undo_form(gone))

    (again,) = [row for row in rows(easel, browser) if row["title"] == "Bring boots"]
    assert again["details"] == text
    assert shown(browser.get(easel.url, timeout=30), text)


def test_a_note_that_was_deleted_elsewhere_is_not_called_changed(easel, browser):
    """Canvas answers as if it had changed it, but no longer lists it."""
    page = upcoming(easel, browser)
    (note,) = [row for row in rows(easel, browser) if row["title"] == "Form a study group"]
    form = form_to(page, f"/planner/notes/{note['id']}")
    send(browser, page, form | {"action": form["action"] + "/delete"})

    changed = send(browser, page, form, title="Meet the group")

    assert "“Meet the group” was deleted meanwhile" in changed.text
    assert "is changed" not in changed.text
    assert "Meet the group" not in {row["title"] for row in rows(easel, browser)}


def test_a_linked_note_can_be_changed(easel, browser, canvas):
    """Canvas accepts no course for it, so none is sent unless the note moves."""
    headers = {"Authorization": f"Bearer {canvas.token('dozen')}"}
    plans = requests.get(f"{canvas.url}/api/v1/planner/items", headers=headers, timeout=30).json()
    work = next(row for row in plans if row["plannable_type"] == "assignment")
    link = {"linked_object_type": "assignment", "linked_object_id": work["plannable_id"]}
    link |= {"course_id": work["course_id"], "todo_date": work["plannable_date"]}
    url = f"{canvas.url}/api/v1/planner_notes"
    made = requests.post(url, headers=headers, data=link, timeout=30).json()
    page = upcoming(easel, browser)
    form = form_to(page, f"/planner/notes/{made['id']}")

    assert "“Ask later” is changed." in send(browser, page, form, title="Ask later").text
    assert "” was not changed." in send(browser, page, form, course="").text


UNFIT = [
    ({"title": "  "}, "needs a few words"),
    ({"title": "x" * 300}, "too long"),
    ({"day": "next Friday"}, "needs a day"),
    ({"day": "0001-01-01"}, "between 1970 and 2999"),
    ({"time": "25:61"}, "needs a day"),
    ({"time": "10:00+02:00"}, "a plain time"),
    ({"course": "x"}, "not a course"),
]


def test_notes_that_cannot_be(easel, browser, canvas):
    page = upcoming(easel, browser)

    for changed, said in UNFIT:
        answer = send(browser, page, form_to(page, "/planner/notes"), **note_fields(**changed))

        assert said in answer.text
        assert "was not saved." in answer.text
    assert "POST /api/v1/planner_notes" not in canvas.stats()["calls"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_note_is_meant_in_the_zone_that_its_form_names(easel, browser, zone):
    """A page's times are in UTC until the person's zone is known, and a zone may change.

    With the zone in the form, Easel need not ask for it, and Undo restores the same moment.
    """
    page = upcoming(easel, browser)
    (note,) = [row for row in rows(easel, browser) if row["title"] == "Form a study group"]
    form = form_to(page, f"/planner/notes/{note['id']}")
    assert form["fields"]["zone"] == "America/Denver"
    there = datetime.fromisoformat(note["due_at"]).astimezone(ZoneInfo(zone))
    seen = {"day": str(there.date()), "time": f"{there:%H:%M}", "zone": zone}
    shown = form["fields"] | seen | {f"was_{name}": seen[name] for name in ("day", "time")}

    changed = send(browser, page, form | {"fields": shown}, title="Meet the group")

    (row,) = [row for row in rows(easel, browser) if row["id"] == note["id"]]
    assert (row["title"], row["due_at"]) == ("Meet the group", note["due_at"])
    send(browser, changed, undo_form(changed))
    assert note in rows(easel, browser)


def test_no_note_while_the_time_zone_is_unknown(start_easel, canvas):
    """A form that names no zone might otherwise be saved on the wrong day."""
    easel = start_easel(cache_seconds=0)
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    form = form_to(upcoming(easel, browser), "/planner/notes")
    profile = {"method": "GET", "path": "/api/v1/users/self/profile", "kind": "html"}
    canvas.control(faults=[profile | {"times": None}])

    answer = send(browser, browser.get(easel.url, timeout=30), form, **note_fields(zone=""))

    assert "which time zone" in answer.text
    assert "POST /api/v1/planner_notes" not in canvas.stats()["calls"]


def test_failed_notes_say_so(easel, browser, canvas):
    page = upcoming(easel, browser)
    (note,) = [row for row in rows(easel, browser) if row["title"] == "Form a study group"]
    fault = {"method": "*", "path": "/api/v1/planner_notes*", "kind": "status", "status": 403}
    methods = ("POST", "PUT", "DELETE")
    canvas.control(faults=[fault | {"method": method, "times": None} for method in methods])
    new, own = form_to(page, "/planner/notes"), form_to(page, f"/planner/notes/{note['id']}")
    gone = own | {"action": own["action"] + "/delete"}

    assert "“Bring boots” was not saved." in send(browser, page, new, **note_fields()).text
    assert "” was not changed." in send(browser, page, own, title="x").text
    assert "“Form a study group” was not deleted." in send(browser, page, gone).text


def test_after_a_write_nothing_old_is_shown(easel, browser, canvas):
    page = upcoming(easel, browser)
    before = canvas.stats()["calls"]["GET /api/v1/planner/items"]["200"]

    marked = press(easel, browser, page, mark_value(page, "Matrices, sheet 3"))

    assert canvas.stats()["calls"]["GET /api/v1/planner/items"]["200"] > before
    done = last_view(upcoming(easel, browser, "?show=done").text)
    assert "Matrices, sheet 3" in done.partition('id="finished"')[2]
    open_ = last_view(marked.text).partition('id="finished"')[0]
    assert f"{mark_value(page, 'Matrices, sheet 3')}" not in html.unescape(open_)


def test_the_account_says_what_is_written(easel, browser):
    page = browser.get(f"{easel.url}/account", timeout=30)

    assert "it only reads" not in page.text
