"""Planner, to-do, calendar, announcements and stream, as the facts have them."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from canvas_emulator.campus.coursework import Assignment
from tests.emulator.harness import Emulator


def get(emulator: Emulator, path: str, who: str = "dozen", **query: Any) -> Any:
    answer = emulator.call(f"/api/v1/{path}", who, query_string={"per_page": 100, **query})
    assert answer.status_code == 200, answer.text
    return answer.json


def refused(emulator: Emulator, path: str, who: str = "dozen", **query: Any) -> tuple[int, Any]:
    answer = emulator.call(f"/api/v1/{path}", who, query_string=query)
    return answer.status_code, answer.json


def send(emulator: Emulator, method: str, path: str, who: str = "dozen", **form: Any) -> Any:
    answer = emulator.call(f"/api/v1/{path}", who, method=method, data=form)
    return answer.status_code, answer.json


class TestItems:
    def test_default_window(self, emulator: Emulator) -> None:
        """Two weeks each way, oldest first (Canvas: Planner)."""
        rows = get(emulator, "planner/items")
        dates = [row["plannable_date"] for row in rows]
        assert dates == sorted(dates)
        assert dates[0] >= "2026-11-09"
        assert dates[-1] <= "2026-12-07T07:00:00Z"
        kinds = {row["plannable_type"] for row in rows}
        assert {"assignment", "quiz", "discussion_topic", "announcement"} <= kinds
        assert {"wiki_page", "planner_note", "calendar_event"} <= kinds

    def test_busy_weeks(self, emulator: Emulator) -> None:
        """260 items in six weeks, each once, however small the pages (Canvas: Pagination)."""
        window = {"start_date": "2026-10-26", "end_date": "2026-12-08"}
        rows: list[Any] = []
        path: str | None = "/api/v1/planner/items"
        query: Any = {"per_page": 10, **window}
        while path:
            answer = emulator.call(path, "busy", query_string=query)
            rows += answer.json
            found = re.search(r'<[^>]*(/api/v1/[^>]*)>; rel="next"', answer.headers["Link"])
            path, query = (found[1] if found else None), None
        assert len(rows) == 260
        assert len({(row["plannable_type"], row["plannable_id"]) for row in rows}) == 260

    def test_window_open_on_one_side(self, emulator: Emulator) -> None:
        """One date given leaves the other side open by ten years (Canvas: Planner)."""
        late = get(emulator, "planner/items", start_date="2026-12-10")
        assert any(row["plannable"]["title"] == "Final exam" for row in late)
        early = get(emulator, "planner/items", end_date="2026-10-15T00:00:00Z")
        assert early[0]["plannable_date"] < "2026-10-01"
        for name in ("start_date", "end_date"):
            refusal = {"errors": f"Invalid date or datetime for {name}"}
            assert refused(emulator, "planner/items", **{name: "soon"}) == (400, refusal)

    def test_bare_dates_are_the_days_start(self, emulator: Emulator) -> None:
        """As an end too, so that day is left out; of notes the day's end (Canvas: Planner)."""
        days = {"start_date": "2026-11-24", "end_date": "2026-11-24"}
        assert get(emulator, "planner/items", **days) == []
        assert [row["title"] for row in get(emulator, "planner_notes", **days)] == [
            "Return library books"
        ]
        until = get(emulator, "planner/items", start_date="2026-11-24", end_date="2026-11-25")
        assert any(row["plannable"]["title"] == "Return library books" for row in until)

    def test_events_reach_into_the_range(self, emulator: Emulator) -> None:
        """One that began before it counts (Canvas: Planner)."""
        days = {"start_date": "2026-11-28T20:00:00Z", "end_date": "2026-11-28T21:00:00Z"}
        titles = [row["plannable"]["title"] for row in get(emulator, "planner/items", **days)]
        assert titles == ["Choir weekend"]

    def test_addresses(self, emulator: Emulator) -> None:
        """Of answered work the answer's, of the rest the thing's own; a quiz's always its own.

        Canvas: Planner (lib/api/v1/planner_item.rb).
        """
        found = get(emulator, "planner/items", start_date="2026-10-01")
        rows = {row["plannable"]["title"]: row for row in found}
        answered, talk = rows["Photosynthesis worksheet"], rows["Discussion: what is life?"]
        for row in (answered, talk):
            assert re.fullmatch(r"/courses/4101/assignments/\d+/submissions/1", row["html_url"])
        due = rows["Heredity problem set"]
        assert due["html_url"] == f"/courses/4101/assignments/{due['plannable_id']}"
        open_talk = next(
            row
            for row in reversed(get(emulator, "planner/items", "busy"))
            if row["plannable_type"] == "discussion_topic" and not row["submissions"]["submitted"]
        )
        topic = f"discussion_topics/{open_talk['plannable_id']}"
        assert open_talk["html_url"] == f"/courses/{open_talk['course_id']}/{topic}"
        quiz = rows["Quiz: mitosis"]
        assert quiz["html_url"] == f"/courses/4101/quizzes/{quiz['plannable_id']}"

    def test_graded_page(self, emulator: Emulator) -> None:
        """Listed under its assignment's id, marked by the page's own (Canvas: Planner)."""
        works = emulator.state.campus.work_of(4101)
        work = next(row for row in works if row.name == "Heredity problem set")
        kinds, work.submission_types = work.submission_types, ("wiki_page",)
        try:
            rows = {row["plannable"]["title"]: row for row in get(emulator, "planner/items")}
            item = rows["Heredity problem set"]
            assert (item["plannable_type"], item["plannable_id"]) == ("wiki_page", work.id)
            page = item["plannable"]["id"]
            assert page != work.id
            assert "assignment_id" not in item["plannable"]
            assert item["submissions"]["submitted"] is False
            form = {"plannable_type": "wiki_page", "plannable_id": work.id}
            assert send(emulator, "POST", "planner/overrides", **form)[0] == 404
            form["plannable_id"] = page
            assert send(emulator, "POST", "planner/overrides", **form)[0] == 201
        finally:
            work.submission_types = kinds

    def test_item(self, emulator: Emulator) -> None:
        """A quiz has its own id and names its assignment; dates are the student's.

        Canvas: Planner.
        """
        rows = {row["plannable"]["title"]: row for row in get(emulator, "planner/items")}
        quiz = rows["Quiz: heredity"]
        assert quiz["plannable_id"] != quiz["plannable"]["assignment_id"]
        mine = rows["Heredity problem set"]
        assert mine["plannable_date"] == "2026-11-28T06:59:59Z"
        assert mine["submissions"]["submitted"] is False
        redo = rows["Enzyme kinetics problem set"]["submissions"]
        assert redo["redo_request"] is True
        assert redo["feedback"]["author_name"] == "Helen Okonkwo"
        hidden = rows["Mid-term exam essay"]["submissions"]
        assert (hidden["graded"], hidden["posted_at"]) == (True, None)
        excused = get(emulator, "planner/items", start_date="2026-10-26")
        excused = [row for row in excused if row["plannable"]["title"] == "Herbarium sheet"]
        assert excused[0]["submissions"]["graded"] is True
        note = rows["Return library books"]
        assert note["submissions"] is False
        assert "html_url" not in note
        assert note["plannable"]["details"] == "Ask at the desk."
        assert note["plannable"]["course_id"] is None
        assert rows["Dissection notebook"]["planner_override"]["marked_complete"] is True
        event = rows["Review session"]
        assert event["plannable"]["location_name"] == "Hall B"
        assert rows["Dentist"]["context_type"] == "User"

    def test_note_names_its_course_inside(self, emulator: Emulator) -> None:
        """Of a note's context only name and picture stand outside ``plannable``.

        Canvas: Planner (lib/api/v1/planner_item.rb, context_data).
        """
        rows = {row["plannable"]["title"]: row for row in get(emulator, "planner/items")}
        outside = {"context_type", "course_id", "group_id", "user_id"}
        biology, library = rows["Form a study group"], rows["Return library books"]
        assert not outside & (biology.keys() | library.keys())
        assert biology["plannable"]["course_id"] == 4101
        assert biology["context_name"] == "Biology 101"
        assert not {"context_name", "context_image"} & library.keys()

    def test_ungraded_things(self, emulator: Emulator) -> None:
        """Topics and quizzes without an assignment have no submissions, not even empty ones.

        Canvas: Planner (planner_controller.rb, ungraded_quiz_collection).
        """
        rows = {row["plannable"]["title"]: row for row in get(emulator, "planner/items")}
        quiz, topic = rows["Practice: cell division"], rows["Choose a topic for the poster"]
        for row, kind in ((quiz, "quiz"), (topic, "discussion_topic")):
            assert (row["plannable_type"], row["submissions"]) == (kind, False)
            assert row["plannable"]["assignment_id"] is None
            assert row["plannable"]["id"] == row["plannable_id"]
        assert quiz["html_url"].endswith(f"/quizzes/{quiz['plannable_id']}")
        assert topic["plannable_date"] == topic["plannable"]["todo_date"]

    def test_undated_topic_is_dated_by_its_post(self, emulator: Emulator) -> None:
        """Since 2026; before, only announcements are listed so (Canvas: Planner)."""
        rows = {row["plannable"]["title"]: row for row in get(emulator, "planner/items")}
        topic = rows["What surprised you in the laboratory?"]
        assert topic["plannable"]["todo_date"] is None
        assert topic["plannable_date"] == topic["plannable"]["created_at"]
        emulator.control(settings={"undated_discussions_planned": False})
        titles = {row["plannable"]["title"] for row in get(emulator, "planner/items")}
        assert topic["plannable"]["title"] not in titles
        assert {"Choose a topic for the poster", "Microscopes are back"} <= titles

    def test_peer_reviews_stay(self, emulator: Emulator) -> None:
        """Completed or not, by the state of the request (Canvas: Planner)."""
        rows = get(emulator, "planner/items")
        reviews = [row for row in rows if row["plannable_type"] == "assessment_request"]
        states = [row["plannable"]["workflow_state"] for row in reviews]
        assert states == ["completed", "assigned"]
        for row in reviews:
            assert (row["submissions"], row["new_activity"]) == (False, False)
            assert row["plannable"]["title"] == "Essay: why we age"
            assert row["plannable"]["todo_date"] == row["plannable_date"]
            assert row["plannable"]["id"] == row["plannable_id"]

    def test_nickname(self, emulator: Emulator) -> None:
        rows = get(emulator, "planner/items", **{"context_codes[]": "course_4104"})
        assert {row["context_name"] for row in rows} == {"Writing"}

    def test_contexts(self, emulator: Emulator) -> None:
        """A context one may not read refuses the whole call (Canvas: Planner)."""
        codes = ["course_4101", "user_1"]
        rows = get(emulator, "planner/items", **{"context_codes[]": codes})
        courses = {row.get("course_id") or row["plannable"].get("course_id") for row in rows}
        assert courses == {4101, None}
        for bad in ("course_4301", "user_2", "nonsense"):
            code, _ = refused(emulator, "planner/items", **{"context_codes[]": bad})
            assert code == 403
        assert get(emulator, "planner/items", **{"context_codes[]": "group_1"}) == []

    def test_only_where_one_learns(self, emulator: Emulator) -> None:
        """Teachers get little (Canvas: Planner)."""
        rows = get(emulator, "planner/items", "teacher")
        assert [row["plannable"]["title"] for row in rows] == ["Department meeting"]

    def test_bookmarks_and_order(self, emulator: Emulator) -> None:
        """Bookmarked; ``order=desc`` reverses; all rows once (Canvas: Pagination, Planner)."""
        seen: list[Any] = []
        url = "/api/v1/planner/items?per_page=7&order=desc"
        while url:
            answer = emulator.call(url)
            seen += [(row["plannable_type"], row["plannable_id"]) for row in answer.json]
            following = [part for part in answer.headers["Link"].split(",") if '"next"' in part]
            url = following[0].split(">")[0].lstrip("<")[16:] if following else ""
        forward = get(emulator, "planner/items")
        assert len(seen) == len(set(seen)) == len(forward)
        assert seen[-1] == (forward[0]["plannable_type"], forward[0]["plannable_id"])
        assert refused(emulator, "planner/items", page=2)[0] == 400

    @pytest.mark.parametrize(
        ("wanted", "title", "there"),
        [
            ("incomplete_items", "Heredity problem set", True),
            ("incomplete_items", "Dissection notebook", False),
            ("complete_items", "Dissection notebook", True),
            ("complete_items", "Photosynthesis worksheet", True),
            ("complete_items", "Enzyme kinetics problem set", False),
            ("incomplete_items", "Enzyme kinetics problem set", True),
            ("new_activity", "Enzyme kinetics problem set", True),
            ("new_activity", "Microscopes are back", True),
            ("new_activity", "Make-up laboratory", False),
            ("ungraded_todo_items", "Read: how a membrane decides", True),
            ("ungraded_todo_items", "What surprised you in the laboratory?", True),
            ("ungraded_todo_items", "Practice: heredity", False),
            ("complete_items", "Essay: why we age", True),
            ("incomplete_items", "Practice: cell division", True),
            ("new_activity", "What surprised you in the laboratory?", True),
        ],
    )
    def test_filter(self, emulator: Emulator, wanted: str, title: str, there: bool) -> None:
        rows = get(emulator, "planner/items", filter=wanted)
        assert any(row["plannable"]["title"] == title for row in rows) is there

    def test_concluded(self, emulator: Emulator) -> None:
        """Concluded courses are left out unless asked for (Canvas: Planner, course.rb)."""
        query = {"start_date": "2026-01-01"}
        assert not any(
            row.get("course_id") == 4108 for row in get(emulator, "planner/items", **query)
        )
        rows = get(emulator, "planner/items", **{"include[]": "concluded", **query})
        assert any(row.get("course_id") == 4108 for row in rows)

    def test_observer(self, emulator: Emulator) -> None:
        """observed_user_id needs context codes (Canvas: Planner)."""
        assert refused(emulator, "planner/items", "observer", observed_user_id=1)[0] == 403
        query = {"observed_user_id": 1, "context_codes[]": "course_4101"}
        assert get(emulator, "planner/items", "observer", **query)
        assert refused(emulator, "planner/items", "ta", **query)[0] == 403
        assert refused(emulator, "planner/items", "dozen", **query)[0] == 403

    def test_observer_of_some_courses(self, emulator: Emulator) -> None:
        """Codes of unobserved courses, and of anything else, drop out; 403 when none is left.

        Canvas: Planner (planner_controller.rb, set_user).
        """
        codes = ["course_4103", "course_4101", "user_1", "nonsense"]
        query = {"observed_user_id": 1, "context_codes[]": codes}
        rows = get(emulator, "planner/items", "observer", **query)
        assert {row.get("course_id") for row in rows} == {4101, None}
        assert not {row["plannable"]["title"] for row in rows} & {"Dentist", "Tidy notes"}
        query["context_codes[]"] = ["course_4103", "user_1"]
        assert refused(emulator, "planner/items", "observer", **query)[0] == 403
        every = {"observed_user_id": 1, "include[]": "all_courses"}
        rows = get(emulator, "planner/items", "observer", **every)
        assert {row.get("course_id") for row in rows} == {4101, 4102, None}

    def test_linked_observer(self, emulator: Emulator) -> None:
        """Reads a student's whole planner without codes, own notes and all (Canvas: Planner)."""
        path, links = "users/1/planner/items", emulator.campus().observees
        assert refused(emulator, path, "observer")[0] == 403
        links[emulator.person("observer").id].add(1)
        assert get(emulator, path, "observer") == get(emulator, "planner/items")
        query = {"observed_user_id": 1, "context_codes[]": "course_4101"}
        rows = get(emulator, "planner/items", "observer", **query)
        assert {"Dentist", "Tidy notes"} <= {row["plannable"]["title"] for row in rows}

    def test_of_user(self, emulator: Emulator) -> None:
        assert len(get(emulator, "users/self/planner/items")) == len(get(emulator, "planner/items"))


class TestOverrides:
    def test_life(self, emulator: Emulator) -> None:
        """POST 201; PUT resets a missing boolean; DELETE returns the object (Canvas: Planner)."""
        rows = {row["plannable"]["title"]: row for row in get(emulator, "planner/items")}
        item = rows["Heredity problem set"]
        form = {"plannable_type": item["plannable_type"], "plannable_id": item["plannable_id"]}
        code, made = send(emulator, "POST", "planner/overrides", marked_complete="true", **form)
        assert (code, made["marked_complete"], made["dismissed"]) == (201, True, False)
        assert made["assignment_id"] == item["plannable_id"]
        path = f"planner/overrides/{made['id']}"
        assert get(emulator, path) == made
        code, again = send(emulator, "POST", "planner/overrides", **form)
        assert code == 400
        assert "already exists" in again["errors"]["plannable_id"][0]["message"]
        _, changed = send(emulator, "PUT", path, dismissed="true")
        assert (changed["marked_complete"], changed["dismissed"]) == (False, True)
        listed = {row["id"] for row in get(emulator, "planner/overrides")}
        assert made["id"] in listed
        assert send(emulator, "DELETE", path)[1]["workflow_state"] == "deleted"
        assert {row["id"] for row in get(emulator, "planner/overrides")} == listed - {made["id"]}

    def test_deleted_rows_stay(self, emulator: Emulator) -> None:
        """After a DELETE no other can be made, and no change brings the old one back.

        Canvas: Planner (planner_override.rb; planner_overrides_controller.rb asks no state).
        """
        form = {"plannable_type": "wiki_page", "plannable_id": 75001, "marked_complete": "true"}
        _, made = send(emulator, "POST", "planner/overrides", **form)
        path = f"planner/overrides/{made['id']}"
        send(emulator, "DELETE", path)
        assert send(emulator, "POST", "planner/overrides", **form)[0] == 400
        assert get(emulator, path)["workflow_state"] == "deleted"
        changed = send(emulator, "PUT", path, marked_complete="true")
        assert (changed[0], changed[1]["workflow_state"]) == (200, "deleted")
        (page,) = [row for row in get(emulator, "planner/items") if row["plannable_id"] == 75001]
        assert page["planner_override"] is None

    def test_type_of_the_thing_itself(self, emulator: Emulator) -> None:
        """A quiz or topic named as an assignment is stored as what it is (Canvas: Planner)."""
        rows = get(emulator, "planner/items", "busy")
        for kind in ("quiz", "discussion_topic"):
            row = next(
                row
                for row in rows
                if row["plannable_type"] == kind and row["plannable"].get("assignment_id")
            )
            id_ = row["plannable"].get("assignment_id")
            form = {"plannable_type": "assignment", "plannable_id": id_}
            _, made = send(emulator, "POST", "planner/overrides", "busy", **form)
            assert (made["plannable_type"], made["plannable_id"]) == (kind, row["plannable_id"])
            assert made["assignment_id"] == id_

    def test_handing_in_completes_a_mark(self, emulator: Emulator) -> None:
        """One that is there; for graded work none is made (Canvas: Planner)."""
        rows = {row["plannable"]["title"]: row for row in get(emulator, "planner/items")}
        for title in ("Heredity problem set", "Field notes, week 9"):
            id_ = rows[title]["plannable_id"]
            if title == "Heredity problem set":
                form = {"plannable_type": "assignment", "plannable_id": id_}
                _, mark = send(emulator, "POST", "planner/overrides", **form)
                assert mark["marked_complete"] is False
            work = {"submission[submission_type]": "online_text_entry", "submission[body]": "Done"}
            path = f"courses/4101/assignments/{id_}/submissions"
            assert send(emulator, "POST", path, **work)[0] == 201
        after = {row["plannable"]["title"]: row for row in get(emulator, "planner/items")}
        assert after["Heredity problem set"]["planner_override"]["marked_complete"] is True
        assert after["Field notes, week 9"]["planner_override"] is None

    def test_taking_an_ungraded_quiz_makes_a_mark(self, emulator: Emulator) -> None:
        """Nothing else tells that it was taken (Canvas: Planner)."""
        rows = {row["plannable"]["title"]: row for row in get(emulator, "planner/items")}
        taken = rows["Practice: the cell"]
        assert taken["submissions"] is False
        assert taken["planner_override"]["marked_complete"] is True

    def test_refusals(self, emulator: Emulator) -> None:
        """Another's: 404; unknown type: 500; nothing there: 404 (Canvas: Planner)."""
        assert refused(emulator, "planner/overrides/95001", "many")[0] == 404
        odd = send(emulator, "POST", "planner/overrides", plannable_type="odd", plannable_id=1)
        assert odd[0] == 500
        for kind, number in (("assignment", 1), ("quiz", 550001)):
            form = {"plannable_type": kind, "plannable_id": number}
            assert send(emulator, "POST", "planner/overrides", **form)[0] == 404
        for kind, number in (
            *(("wiki_page", 75001), ("quiz", 77001), ("discussion_topic", 72001)),
            ("assessment_request", 78001),
        ):
            form = {"plannable_type": kind, "plannable_id": number}
            made = send(emulator, "POST", "planner/overrides", **form)
            assert (made[0], made[1]["assignment_id"]) == (201, None)


class TestNotes:
    def test_life(self, emulator: Emulator) -> None:
        """A note's text goes in and comes back as ``details`` (planner_notes_controller.rb)."""
        code, made = send(
            emulator,
            *("POST", "planner_notes"),
            title="Buy pens",
            details="Blue",
            todo_date="2026-11-25",
        )
        assert (code, made["details"], made["todo_date"]) == (201, "Blue", "2026-11-25T07:00:00Z")
        assert "description" not in made
        assert not [name for name in made if name.startswith("linked_")]
        path = f"planner_notes/{made['id']}"
        form = {"title": "Buy ink", "details": "Black", "course_id": "4101"}
        assert send(emulator, "PUT", path, **form)[1]["course_id"] == 4101
        assert get(emulator, path)["title"] == "Buy ink"
        assert send(emulator, "PUT", path, todo_date="soon")[0] == 400
        gone = send(emulator, "DELETE", path)[1]
        assert (gone["workflow_state"], gone["details"]) == ("deleted", "Black")
        assert made["id"] not in {row["id"] for row in get(emulator, "planner_notes")}
        # planner_notes_controller.rb finds it in any state; a change does not bring it back.
        changed = send(emulator, "PUT", path, title="Buy paper")
        assert (changed[0], changed[1]["workflow_state"]) == (200, "deleted")

    def test_linked(self, emulator: Emulator) -> None:
        """A note tied to an object: one for each, in its course for good (Canvas: Planner)."""
        work = get(emulator, "courses/4101/assignments")[0]["id"]
        linked = {"linked_object_type": "assignment", "linked_object_id": work, "title": "Note"}
        linked |= {"todo_date": "2026-11-25"}
        refusals = [
            (linked, "must specify course_id"),
            (linked | {"course_id": 4101, "linked_object_type": "x"}, "invalid linked_object_type"),
        ]
        for form, message in refusals:
            assert send(emulator, "POST", "planner_notes", **form) == (400, {"message": message})
        status, note = send(emulator, "POST", "planner_notes", course_id=4101, **linked)
        assert (status, note["linked_object_type"], note["linked_object_id"]) == (
            201,
            "assignment",
            work,
        )
        again = send(emulator, "POST", "planner_notes", course_id=4101, **linked)
        message = "a planner note linked to that object already exists"
        assert again == (400, {"message": message})
        message = "course_id cannot be changed for linked planner notes"
        for course in (4101, 4102):  # sent as a form, the same one is refused too
            moved = send(emulator, "PUT", f"planner_notes/{note['id']}", course_id=course)
            assert moved == (400, {"message": message})
        lost = linked | {"course_id": 4101, "linked_object_id": 99}
        assert send(emulator, "POST", "planner_notes", **lost)[0] == 404

    def test_linked_title(self, emulator: Emulator) -> None:
        """Without a title it bears the name of what it is linked to (Canvas: Planner)."""
        work = get(emulator, "courses/4101/assignments")[0]
        form = {"linked_object_type": "assignment", "linked_object_id": work["id"]}
        form |= {"course_id": 4101, "todo_date": "2026-11-25"}
        assert send(emulator, "POST", "planner_notes", **form)[1]["title"] == work["name"]

    def test_required(self, emulator: Emulator) -> None:
        """Title and date, when it is made and when it is changed.

        Canvas: Planner (planner_note.rb).
        """
        whole = {"title": "Buy pens", "todo_date": "2026-11-25"}
        path = f"planner_notes/{send(emulator, 'POST', 'planner_notes', **whole)[1]['id']}"
        for name, blank in (("title", " "), ("todo_date", ""), ("todo_date", "soon")):
            told = [{"attribute": name, "type": "blank", "message": "blank"}]
            refusal = (400, {"errors": {name: told}})
            assert send(emulator, "POST", "planner_notes", **whole | {name: blank}) == refusal
            assert send(emulator, "PUT", path, **{name: blank}) == refusal
        bare = send(emulator, "POST", "planner_notes")
        assert (bare[0], set(bare[1]["errors"])) == (400, {"title", "todo_date"})
        assert send(emulator, "PUT", path)[1]["title"] == "Buy pens"

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("R&D", "R&amp;D"),
            ("R&amp;D", "R&amp;D"),
            ("a < b", "a &lt; b"),
            ("one\n\ntwo", "one\n\ntwo"),
            ("<b>bold</b><script>alert(1)</script>", "<b>bold</b>"),
            ("&lt;script&gt;", "&lt;script&gt;"),
            pytest.param("<b 1>" * 501, "<b 1>" * 501, id="very many tags"),
        ],
    )
    def test_details_are_html(self, emulator: Emulator, sent: str, kept: str) -> None:
        """Sanitised when they are written (Canvas: Planner; planner_note.rb, sanitize_field)."""
        form = {"title": "Note", "todo_date": "2026-11-25", "details": sent}
        _, made = send(emulator, "POST", "planner_notes", **form)
        assert made["details"] == kept
        path = f"planner_notes/{made['id']}"
        assert send(emulator, "PUT", path, details=sent)[1]["details"] == kept

    def test_list(self, emulator: Emulator) -> None:
        """Not paginated (Canvas: Planner)."""
        assert len(get(emulator, "planner_notes", per_page=1)) == 3
        assert len(get(emulator, "planner_notes", start_date="2026-11-23")) == 2
        codes = {"context_codes[]": "course_4101"}
        assert [row["title"] for row in get(emulator, "planner_notes", **codes)] == [
            "Form a study group"
        ]
        assert refused(emulator, "planner_notes/90001", "many")[0] == 404

    @pytest.mark.parametrize(("who", "course"), [("dozen", 4111), ("dozen", 4108), ("ta", 4101)])
    def test_planned_where_one_studies_now(self, emulator: Emulator, who: str, course: int) -> None:
        """A note for a future, an ended or a taught course is on no planner, but among the notes.

        planner_controller.rb (``course_ids_for_todo_lists`` of students); planner_notes_controller
        .rb leaves out deleted courses alone, and with codes those that may not be read.
        """
        form = {"title": "Ask", "todo_date": "2026-11-25", "course_id": course}
        status, note = send(emulator, "POST", "planner_notes", who, **form)
        assert (status, note["course_id"]) == (201, course)
        assert get(emulator, f"planner_notes/{note['id']}", who) == note
        codes: Any
        for codes in ({}, {"context_codes[]": [f"course_{course}", "course_4102"]}):
            listed = {row["id"] for row in get(emulator, "planner_notes", who, **codes)}
            assert note["id"] in listed
        assert not get(emulator, "planner_notes", who, **{"context_codes[]": "course_4102"})
        planned = {row["plannable_id"] for row in get(emulator, "planner/items", who)}
        assert note["id"] not in planned


class TestTodo:
    def test_grading(self, emulator: Emulator) -> None:
        """Teachers get grading items whose counts agree with the rows (Canvas: Users)."""
        rows = get(emulator, "users/self/todo", "teacher")
        assert {row["type"] for row in rows} == {"grading"}
        for row in rows[:3]:
            path = f"courses/{row['course_id']}/assignments/{row['assignment']['id']}"
            summary = get(emulator, f"{path}/submission_summary", "teacher")
            assert summary["ungraded"] == row["needs_grading_count"] > 0
        count = get(emulator, "users/self/todo_item_count", "teacher")
        assert count["needs_grading_count"] == len(rows)

    def test_submitting(self, emulator: Emulator) -> None:
        """Students get open work due from four weeks ago to a week ahead, none that is locked.

        users_controller.rb, todo_items; user.rb, ``assignments_needing_submitting``.
        """
        rows = get(emulator, "users/self/todo")
        assert {row["type"] for row in rows} == {"submitting"}
        names = {row["assignment"]["name"] for row in rows}
        # Late, still open work is there; older, locked, done or past work on paper is not.
        assert "Field notes, week 9" in names
        gone = {"Field notes, week 5", "Reading response 4", "Herbarium sheet"}
        assert not names & (gone | {"Dissection notebook", "Evolution laboratory"})
        dues = [row["assignment"]["due_at"] for row in rows]
        assert min(dues) >= "2026-10-26"
        assert max(dues) <= "2026-11-30T08:00:00Z"
        assert all("needs_grading_count" not in row for row in rows)
        assert any(row["assignment"]["name"] == "Heredity problem set" for row in rows)
        in_course = get(emulator, "courses/4101/todo")
        assert {row["course_id"] for row in in_course} == {4101}

    def test_dates_and_courses(self, emulator: Emulator) -> None:
        """Assignments come with all their dates; ``course_ids`` narrows (Canvas: Users)."""
        rows = get(emulator, "users/self/todo")
        assert all(row["assignment"]["all_dates"] for row in rows)
        some = get(emulator, "users/self/todo", **{"course_ids[]": 4101})
        assert {row["course_id"] for row in some} == {4101} != {row["course_id"] for row in rows}
        assert get(emulator, "users/self/todo", **{"course_ids[]": ["x", 99]}) == []

    def test_ignore(self, emulator: Emulator) -> None:
        row = get(emulator, "users/self/todo")[0]
        path = row["ignore"].partition("/api/v1/")[2]
        assert send(emulator, "DELETE", path) == (200, {"ignored": True})
        left = [other["assignment"]["id"] for other in get(emulator, "users/self/todo")]
        assert row["assignment"]["id"] not in left
        bad = path.replace("submitting", "nothing")
        assert send(emulator, "DELETE", bad) == (400, {"ignored": False})

    def test_ta_and_student(self, emulator: Emulator) -> None:
        rows = get(emulator, "users/self/todo", "ta")
        assert {row["type"] for row in rows} == {"grading", "submitting"}

    def test_upcoming_events(self, emulator: Emulator) -> None:
        """The coming week, both kinds, unpaginated (Canvas: Users)."""
        rows = get(emulator, "users/self/upcoming_events", per_page=1)
        assert {row["type"] for row in rows} == {"event", "assignment"}
        assert all("2026-11-23" <= row["start_at"] < "2026-12-01" for row in rows)

    def test_upcoming_events_are_kept(self, emulator: Emulator) -> None:
        """What is told is up to three minutes old (Canvas: Users)."""
        campus, path = emulator.state.campus, "users/self/upcoming_events"
        before = get(emulator, path)
        known = next(event for event in campus.events.values() if event.user_id == 1)
        campus.events[1] = replace(known, id=1, start_at=campus.start + timedelta(hours=9))
        emulator.control(clock={"advance": 179})
        kept = get(emulator, path)
        emulator.control(clock={"advance": 1})
        fresh = get(emulator, path)
        del campus.events[1]
        assert kept == before
        assert [row["id"] for row in fresh if row not in before] == [1]

    def test_missing(self, emulator: Emulator) -> None:
        """By due date; filters and includes (Canvas: Users)."""
        rows = get(emulator, "users/self/missing_submissions")
        names = {row["name"] for row in rows}
        assert {"Field notes, week 9", "Field notes, week 5", "Reading response 4"} <= names
        assert not {"Dissection notebook", "Reading response 5", "Herbarium sheet"} & names
        dates = [row["due_at"] for row in rows]
        assert dates == sorted(dates)
        fewer = get(
            emulator,
            "users/self/missing_submissions",
            **{
                "filter[]": ["submittable", "current_grading_period"],
                "include[]": ["planner_overrides", "course"],
                "course_ids[]": 4101,
            },
        )
        names = {row["name"] for row in fewer}
        assert "Field notes, week 9" in names
        assert not {"Field notes, week 5", "Reading response 4"} & names
        assert fewer[0]["course"]["id"] == 4101
        assert fewer[0]["planner_override"] is None

    def test_missing_observed(self, emulator: Emulator) -> None:
        """Courses that are not observed are dropped; without one left 403.

        users_controller.rb, missing_submissions (2026).
        """
        path = "users/self/missing_submissions"
        assert refused(emulator, path, "observer", observed_user_id=1)[0] == 403
        query = {"observed_user_id": 1, "course_ids[]": 4101}
        rows = get(emulator, path, "observer", **query)
        assert rows
        many = query | {"course_ids[]": [4103, 4101, 99, "x"]}
        assert get(emulator, path, "observer", **many) == rows
        for courses in ([4103], [99], ["x"]):
            asked = query | {"course_ids[]": courses}
            assert refused(emulator, path, "observer", **asked)[0] == 403
        assert refused(emulator, path, "ta", **query)[0] == 403

    def test_missing_by_hand(self, emulator: Emulator) -> None:
        """Work marked missing is listed though it is graded or undated, which comes last.

        user.rb and submission.rb, scope ``missing``.
        """
        path = "users/self/missing_submissions"
        assert "Reading response 1" in {row["name"] for row in get(emulator, path)}
        works = get(emulator, "courses/4101/assignments", "teacher", search_term="Portfolio")
        form = {"submission[late_policy_status]": "missing"}
        to = f"courses/4101/assignments/{works[0]['id']}/submissions/1"
        marked = emulator.call(f"/api/v1/{to}", "teacher", method="PUT", data=form)
        assert marked.json["missing"] is True
        rows = get(emulator, path)
        assert (rows[-1]["name"], rows[-1]["due_at"]) == ("Portfolio of the term", None)

    def test_missing_without_a_current_period(self, emulator: Emulator) -> None:
        """``current_grading_period`` leaves a course alone in which no period runs."""
        path, query = "users/self/missing_submissions", {"course_ids[]": 4101}
        course = emulator.state.campus.courses[4101]
        periods = course.grading_periods
        course.grading_periods = periods[:1]
        try:
            kept = get(emulator, path, **query, **{"filter[]": "current_grading_period"})
            assert kept == get(emulator, path, **query)
        finally:
            course.grading_periods = periods

    def test_parts_of_a_discussion_are_to_do(self, emulator: Emulator) -> None:
        """Checkpoints stand there with their tag and their whole (users_controller.rb, todo_items).

        ``lib/api/v1/todo_item.rb``: their links hold their own ids.
        """
        whole = next(row for row in emulator.state.campus.work_of(4101) if row.checkpoints)
        for who, kind in (("dozen", "submitting"), ("teacher", "grading")):
            emulator.control(clock={"set": "2026-11-23T18:00:00Z"})
            if who == "teacher":
                emulator.control(clock={"advance": 14 * 86400})
                hand_in(emulator, whole.checkpoints[0])
            rows = get(emulator, "users/self/todo", who, **{"course_ids[]": 4101})
            parts = [row for row in rows if row.get("parent_assignment_id") == whole.id]
            assert parts, who
            assert {row["type"] for row in parts} == {kind}
            assert parts[0]["checkpoint_label"] == "reply_to_topic"
            assert parts[0]["assignment"]["id"] == whole.checkpoints[0].id
            assert str(whole.checkpoints[0].id) in parts[0]["html_url"]
            assert whole.id not in {row["assignment"]["id"] for row in rows}

    def test_missing_checkpoints(self, emulator: Emulator) -> None:
        """A discussion is listed for its parts, as a whole without a date; a late one is not.

        users_controller.rb merges ``Assignment.published``, whose type leaves the parts out; the
        row of the whole comes from theirs (checkpoints/submission_aggregator_service.rb).
        """
        path = "users/self/missing_submissions"
        whole = next(row for row in emulator.state.campus.work_of(4101) if row.checkpoints)

        def listed() -> list[tuple[int, Any]]:
            ids = {whole.id, *(part.id for part in whole.checkpoints)}
            return [(r["id"], r["due_at"]) for r in get(emulator, path) if r["id"] in ids]

        assert listed() == []
        emulator.control(clock={"advance": 14 * 86400})
        assert listed() == [(whole.id, None)]
        hand_in(emulator, whole.checkpoints[0])
        assert listed() == [], "handed in late counts before missing"


def hand_in(emulator: Emulator, work: Assignment) -> None:
    """Let the student of a dozen courses hand in a reply now."""
    row = emulator.campus().submission(work, emulator.person("dozen").id)
    assert row is not None
    row.workflow_state, row.submission_type = "submitted", "discussion_topic"
    row.submitted_at, row.attempt = emulator.state.clock.now(), 1


class TestCalendar:
    def test_default_is_today(self, emulator: Emulator) -> None:
        """Today and the own calendar only (Canvas: Calendar Events)."""
        assert get(emulator, "calendar_events") == []
        emulator.control(clock={"set": "2026-11-25T12:00:00Z"})
        assert [row["title"] for row in get(emulator, "calendar_events")] == ["Dentist"]

    def test_assignments(self, emulator: Emulator) -> None:
        """One kind a request; ids are strings, dates the student's (Canvas: Calendar Events)."""
        query = {"type": "assignment", "context_codes[]": "course_4101"}
        dates = {"start_date": "2026-11-23", "end_date": "2026-12-20"}
        rows = get(emulator, "calendar_events", **query, **dates)
        mine = next(row for row in rows if row["title"] == "Heredity problem set")
        assert mine["id"] == f"assignment_{mine['assignment']['id']}"
        assert mine["start_at"] == mine["end_at"] == "2026-11-28T06:59:59Z"
        assert mine["assignment_overrides"]
        assert get(emulator, f"calendar_events/{mine['id']}")["title"] == mine["title"]
        undated = get(emulator, "calendar_events", undated="true", **query)
        assert [row["title"] for row in undated] == ["Portfolio of the term"]
        slim = get(emulator, "calendar_events", **{"excludes[]": "description"}, **query, **dates)
        assert "description" not in slim[0]

    @pytest.mark.parametrize("who", ["dozen", "teacher"])
    def test_checkpoints(self, emulator: Emulator, who: str) -> None:
        """Parts of a discussion are a kind of their own, the whole is in no calendar.

        Canvas: calendar_events_api_controller.rb, ``sub_assignment_event_json``.
        """
        name = "Discussion: should we edit genes?"
        query = {"context_codes[]": "course_4101", "all_events": "true"}
        query["include[]"] = "submission"
        rows = get(emulator, "calendar_events", who, type="sub_assignment", **query)
        whole = next(
            row for row in get(emulator, "courses/4101/assignments", who) if row["name"] == name
        )
        assert whole["has_sub_assignments"] is True
        assert [row["title"] for row in rows] == [
            f"{name} Reply to Topic",
            f"{name} Required Replies (2)",
        ]
        for row in rows:
            part = row["sub_assignment"]
            assert (row["id"], row["type"]) == (f"sub_assignment_{part['id']}", "sub_assignment")
            assert "assignment" not in row
            assert row["start_at"] == row["end_at"] == part["due_at"]
            assert (part["name"], part["parent_assignment_id"]) == (row["title"], whole["id"])
            assert row["html_url"] == part["html_url"] == whole["html_url"]
            assert part["discussion_topic"] == whole["discussion_topic"]
            assert bool(part.get("submission")) is (who == "dozen")
        tags = [row["sub_assignment"]["sub_assignment_tag"] for row in rows]
        assert tags == ["reply_to_topic", "reply_to_entry"]
        for kind in ("assignment", "event"):
            others = get(emulator, "calendar_events", who, type=kind, **query)
            assert not any(row["title"].startswith(name) for row in others)

    def test_a_student_with_another_date_for_a_checkpoint(self, emulator: Emulator) -> None:
        """The override stands under a name of its own (``sub_assignment_event_json``)."""
        whole = next(row for row in emulator.state.campus.work_of(4101) if row.checkpoints)
        part = whole.checkpoints[0]
        assert part.due_at is not None
        part.due_dates[1] = part.due_at + timedelta(days=1)
        query = {"context_codes[]": "course_4101", "all_events": "true", "type": "sub_assignment"}
        mine = get(emulator, "calendar_events", **query)
        theirs = get(emulator, "calendar_events", "teacher", **query)
        part.due_dates.clear()
        assert [len(row.get("sub_assignment_overrides", [])) for row in mine] == [1, 0]
        assert [len(row.get("sub_assignment_overrides", [])) for row in theirs] == [1, 0, 0]
        assert not any("assignment_overrides" in row for row in (*mine, *theirs))

    def test_checkpoints_on_the_planner(self, emulator: Emulator) -> None:
        """They stand there by their tags, the discussion does not (Canvas: Planner)."""
        rows = get(emulator, "planner/items")
        parts = [row for row in rows if row["plannable_type"] == "sub_assignment"]
        assert [row["plannable"]["sub_assignment_tag"] for row in parts] == [
            "reply_to_topic",
            "reply_to_entry",
        ]
        assert parts[1]["details"] == {"reply_to_entry_required_count": 2}
        assert all("assignment_id" not in row["plannable"] for row in parts)
        title = parts[0]["plannable"]["title"]
        assert sum(row["plannable"]["title"] == title for row in rows) == 2
        whole = parts[0]["html_url"].rpartition("/")[2]
        path = f"courses/4101/assignments/{whole}"
        checkpoints = get(emulator, path, **{"include[]": "checkpoints"})["checkpoints"]
        assert [row["due_at"] for row in checkpoints] == [row["plannable_date"] for row in parts]

    def test_staff_get_each_date(self, emulator: Emulator) -> None:
        """One event a date, the same id, overrides before the base; students and observers one.

        Without a base when every section has its own (``apply_assignment_overrides``).
        """
        query = {"type": "assignment", "context_codes[]": "course_4101", "all_events": "true"}

        def found(who: str, title: str) -> list[tuple[str, list[str]]]:
            rows = get(emulator, "calendar_events", who, **query)
            rows = [row for row in rows if row["title"] == title]
            assert len({row["id"] for row in rows}) == 1
            assert all(row["assignment"]["due_at"] == row["start_at"] for row in rows)
            return [
                (row["start_at"], [each["title"] for each in row.get("assignment_overrides", [])])
                for row in rows
            ]

        section = "Thursday laboratory"
        for who in ("teacher", "ta", "admin"):
            single, base = found(who, "Heredity problem set")
            assert (single[1], base[1]) == (["1 student"], [])
            assert base[0] < single[0]
            assert [names for _, names in found(who, "Evolution laboratory")] == [[section], []]
        for who in ("dozen", "observer"):
            assert found(who, "Heredity problem set") == [single]
            assert found(who, "Evolution laboratory")[0][1] == []
        work = next(
            row for row in emulator.state.campus.work_of(4101) if row.name == "Evolution laboratory"
        )
        before = work.section_dates
        monday = emulator.state.campus.courses[4101].section_ids[0]
        work.section_dates += (replace(before[0], section_id=monday, name="Monday"),)
        assert [names for _, names in found("teacher", work.name)] == [[section], ["Monday"]]
        work.section_dates = before

    def test_dates_do_not_count_towards_the_page(self, emulator: Emulator) -> None:
        """Pages are cut by base date: some longer than asked, after the range some shorter.

        Canvas: calendar_events_api_controller.rb.
        """
        query: Any = {"type": "assignment", "context_codes[]": "course_4101", "per_page": 1}
        titles, sizes = [], []
        for page in range(1, 60):
            asked = query | {"page": page, "start_date": "2026-11-24", "end_date": "2026-12-05"}
            answer = emulator.call("/api/v1/calendar_events", "teacher", query_string=asked)
            rows = answer.json
            titles += [row["title"] for row in rows]
            sizes.append(len(rows))
            if 'rel="next"' not in answer.headers["Link"]:
                break
        assert 2 in sizes
        assert titles.count("Heredity problem set") == 2
        window = query | {"start_date": "2026-11-24", "end_date": "2026-11-26", "per_page": 100}
        rows = emulator.call("/api/v1/calendar_events", query_string=window).json
        sizes = []
        for page in range(1, len(rows) + 2):
            asked = window | {"page": page, "per_page": 1}
            answer = emulator.call("/api/v1/calendar_events", query_string=asked)
            sizes.append(len(answer.json))
        assert sum(sizes) == len(rows)
        assert sizes.count(0) == 1, "the page of what has another date for this student"
        assert 'rel="next"' not in answer.headers["Link"]

    def test_assignments_bring_the_own_submission(self, emulator: Emulator) -> None:
        """``include[]=submission`` fills it in; ``includes[]`` as documented does nothing.

        Canvas: calendar_events_api_controller.rb, ``includes``.
        """
        query = {"type": "assignment", "context_codes[]": "course_4101", "all_events": "true"}
        bare = get(emulator, "calendar_events", **query)
        documented = get(emulator, "calendar_events", **{"includes[]": "submission"}, **query)
        rows = get(emulator, "calendar_events", **{"include[]": "submission"}, **query)
        assert not any("submission" in row["assignment"] for row in (*bare, *documented))
        own = {row["assignment"]["submission"]["user_id"] for row in rows}
        assert own == {get(emulator, "users/self")["id"]}
        assert any(row["assignment"]["submission"].get("score") for row in rows)

    def test_events(self, emulator: Emulator) -> None:
        query = {"context_codes[]": ["course_4101", "user_1"]}
        rows = get(emulator, "calendar_events", all_events="true", **query)
        assert {row["title"] for row in rows} == {
            "Mid-term exam",
            "Review session",
            "Safety briefing",
            "Safety briefing (Monday laboratory)",
            "Dentist",
            "Choir weekend",
        }
        choir = next(row for row in rows if row["title"] == "Choir weekend")
        assert choir["all_day_date"] == "2026-11-28"
        assert get(emulator, f"calendar_events/{choir['id']}") == choir
        review = next(row for row in rows if row["title"] == "Review session")
        assert get(emulator, f"calendar_events/{review['id']}")["context_code"] == "course_4101"
        assert refused(emulator, f"calendar_events/{choir['id']}", "many")[0] == 404
        assert refused(emulator, "calendar_events/assignment_1")[0] == 404
        assert get(emulator, "calendar_events", undated="true") == []

    @pytest.mark.parametrize(
        ("who", "sections"),
        [
            ("dozen", ["Monday laboratory"]),
            ("ta", ["Thursday laboratory"]),
            ("teacher", ["Monday laboratory", "Thursday laboratory"]),
            ("admin", ["Monday laboratory", "Thursday laboratory"]),
        ],
    )
    def test_section_events(self, emulator: Emulator, who: str, sections: list[str]) -> None:
        """The section stands in the code, the course in the effective one; the parent is hidden.

        Canvas: Calendar Events, ``calendar_event_json``.
        """
        query = {"context_codes[]": "course_4101", "all_events": "true"}
        found = get(emulator, "calendar_events", who, **query)
        rows = [row for row in found if row["title"].startswith("Safety briefing")]
        parent = next(row for row in rows if row["parent_event_id"] is None)
        children = [row for row in rows if row["parent_event_id"] == parent["id"]]
        assert (parent["hidden"], parent["context_code"]) == (True, "course_4101")
        assert parent["effective_context_code"] is None
        assert parent["child_events"] == children
        assert parent["child_events_count"] == len(children) == len(rows) - 1
        assert [row["title"] for row in children] == [f"Safety briefing ({n})" for n in sections]
        for row in children:
            assert re.fullmatch(r"course_section_\d+", row["context_code"])
            assert row["effective_context_code"] == row["all_context_codes"] == "course_4101"
            assert row["hidden"] is False
            assert get(emulator, f"calendar_events/{row['id']}", who) == row
        assert not any(row["hidden"] for row in found if row not in rows)

    def test_section_events_of_others(self, emulator: Emulator) -> None:
        """Are not shown; the planner and the coming week have the person's own alone."""
        other = max(
            row.id for row in emulator.state.campus.events.values() if row.section_id is not None
        )
        assert refused(emulator, f"calendar_events/{other}")[0] == 403
        planned = [
            (row["plannable_id"], row["course_id"])
            for row in get(emulator, "planner/items")
            if row["plannable"]["title"] == "Safety briefing"
        ]
        soon = [
            row["title"]
            for row in get(emulator, "users/self/upcoming_events")
            if row["title"].startswith("Safety briefing")
        ]
        assert planned == [(other - 1, 4101)]
        assert soon == ["Safety briefing (Monday laboratory)"]

    @pytest.mark.parametrize("kind", ["event", "assignment", "sub_assignment"])
    @pytest.mark.parametrize("status", [403, 401])
    def test_one_unreadable_context_refuses_all(
        self, emulator: Emulator, kind: str, status: int
    ) -> None:
        """403, in older Canvas 401, whatever the other codes (calendar_events_api_controller.rb).

        Not one's course, date-restricted, unknown, somebody else, a group, no code at all.
        """
        emulator.control(settings={"permission_status": status})
        for bad in ("course_4301", "course_4110", "course_1", "user_2", "group_1", "odd_1", "x"):
            codes = {"context_codes[]": ["course_4101", bad, "user_1"]}
            code, body = refused(emulator, "calendar_events", type=kind, **codes)
            assert code == status, bad
            assert body["errors"][0]["message"] == "user not authorized to perform that action"

    def test_readable_contexts(self, emulator: Emulator) -> None:
        """Invited, future, ended and public courses pass, a student's unpublished one does not.

        So does a teacher's unpublished one, and everything for admins; a deleted one for nobody
        (calendar_events_api_controller.rb).
        """

        def answer(code: str, who: str = "dozen") -> int:
            return refused(emulator, "calendar_events", who, **{"context_codes[]": code})[0]

        for code in ("course_4112", "course_4111", "course_4108", "course_4109"):
            assert answer(code) == 200, code
        assert answer("course_4301", "admin") == 200
        course, other = emulator.state.campus.courses[4101], emulator.state.campus.courses[4301]
        other.is_public = True
        assert answer("course_4301") == 200
        other.is_public, other.public_syllabus = False, True
        assert answer("course_4301") == 200
        other.public_syllabus = False
        course.workflow_state = "unpublished"
        assert (answer("course_4101"), answer("course_4101", "teacher")) == (403, 200)
        course.workflow_state = "deleted"
        assert (answer("course_4101", "teacher"), answer("course_4101", "admin")) == (403, 403)
        course.workflow_state = "available"

    def test_kinds_and_types(self, emulator: Emulator) -> None:
        """One kind a request, assignments by submission type, nothing marked.

        Canvas: Calendar Events.
        """
        asked = {"context_codes[]": "course_4101", "all_events": "1"}
        assert get(emulator, "calendar_events", important_dates="true", **asked) == []
        assert get(emulator, "calendar_events", blackout_date="true", **asked) == []
        asked |= {"type": "assignment"}
        papers = get(emulator, "calendar_events", **asked, **{"submission_types[]": "on_paper"})
        assert {row["submission_types"] for row in papers} == {"on_paper"}
        others = {"exclude_submission_types[]": "on_paper"}
        rest = get(emulator, "calendar_events", **asked, **others)
        assert not {row["id"] for row in papers} & {row["id"] for row in rest}

    def test_limits(self, emulator: Emulator) -> None:
        """Ten contexts, the rest silently ignored; bad dates 400 (Canvas: Calendar Events)."""
        ten = ["user_1", "course_4102", *(["course_4103"] * 8)]
        query = {"context_codes[]": [*ten, "course_4101", "course_1"], "all_events": "true"}
        rows = get(emulator, "calendar_events", **query)
        assert {row["context_code"] for row in rows} == {"user_1"}
        code, body = refused(emulator, "calendar_events", start_date="x")
        assert (code, set(body["errors"])) == (400, {"start_date"})
        backwards = get(
            emulator,
            "calendar_events",
            start_date="2026-11-25",
            end_date="2026-11-01",
        )
        assert [row["title"] for row in backwards] == ["Dentist"]


class TestAnnouncements:
    def test_list(self, emulator: Emulator) -> None:
        """Newest first, from 14 days ago (Canvas: Announcements)."""
        codes = {"context_codes[]": ["course_4101", "course_4102"]}
        rows = get(emulator, "announcements", **codes)
        assert [row["title"] for row in rows] == [
            "Office hours on Tuesday",
            "Microscopes are back",
            "Field trip moved to Friday",
        ]
        assert rows[0]["context_code"] == "course_4102"
        assert len(get(emulator, "announcements", latest_only="true", **codes)) == 2
        dates = {"start_date": "2026-11-22", "end_date": "2026-11-23"}
        assert len(get(emulator, "announcements", **dates, **codes)) == 1

    def test_refusals(self, emulator: Emulator) -> None:
        assert refused(emulator, "announcements") == (400, {"message": "Missing context_codes"})
        kind = refused(emulator, "announcements", **{"context_codes[]": "user_1"})
        assert "only `course` codes" in kind[1]["message"]
        date = refused(
            emulator, "announcements", start_date="x", **{"context_codes[]": "course_4101"}
        )
        assert date == (400, {"message": "Invalid start_date"})

    def test_scheduled(self, emulator: Emulator) -> None:
        """Scheduled ones for the staff of every listed course, not with ``active_only``.

        ``available_after`` leaves out what closes before (announcements_api_controller.rb).
        """
        campus = emulator.state.campus
        news = campus.announcements[4101]
        later = replace(news[0], id=1, posted_at=campus.start + timedelta(days=3))
        news.append(later)
        asked = {"context_codes[]": "course_4101"}
        staff = [row["id"] for row in get(emulator, "announcements", "teacher", **asked)]
        active = get(emulator, "announcements", "teacher", active_only="1", **asked)
        student = get(emulator, "announcements", **asked)
        both = {"context_codes[]": ["course_4101", "course_4104"]}
        half = get(emulator, "announcements", "teacher", **both)
        admin = get(emulator, "announcements", "admin", **both)
        news.remove(later)
        closing = replace(news[0], lock_at=campus.start + timedelta(days=1))
        news[0] = closing
        after = [
            len(get(emulator, "announcements", available_after=date, **asked))
            for date in ("2026-11-23", "2026-11-25")
        ]
        news[0] = replace(closing, lock_at=None)
        assert staff[0] == 1
        assert [row["id"] for row in active] == [row["id"] for row in student] == staff[1:]
        assert 1 in {row["id"] for row in admin}
        assert after == [2, 1]
        assert 1 in {row["id"] for row in half}  # what one cannot read drops out


class TestStream:
    def test_submission_item(self, emulator: Emulator) -> None:
        """The whole submission with its course, its assignment and its user (Canvas: Users)."""
        rows = get(emulator, "users/self/activity_stream")
        row = next(row for row in rows if row["type"] == "Submission")
        assert row["course"]["id"] == row["course_id"]
        assert row["user"]["id"] == 1
        assert row["submission_id"] != row["id"]

    def test_items(self, emulator: Emulator) -> None:
        """21 a page; a submission item is a submission with its own id aside (Canvas: Users).

        A hidden grade is left out once the page is cut, which makes that page short.
        """
        answer = emulator.call("/api/v1/users/self/activity_stream")
        assert len(answer.json) == 20
        assert "page=2&per_page=21" in answer.headers["Link"]
        rows = get(emulator, "users/self/activity_stream")
        graded = next(row for row in rows if row["type"] == "Submission")
        assert graded["submission_id"] != graded["id"]
        assert graded["assignment"]["id"] == graded["assignment_id"]
        hidden = [row for row in rows if row["title"] == "Mid-term exam essay"]
        assert hidden == []
        in_course = get(emulator, "courses/4102/activity_stream")
        assert {row["course_id"] for row in in_course} == {4102}

    def test_order_and_age(self, emulator: Emulator) -> None:
        """The newest entry first, none older than four weeks; a grade posted later stays put.

        stream_item.rb; an announcement has an address of its own.
        """
        emulator.state.campus_touched = True  # rows are changed in place
        path = "users/self/activity_stream"
        rows = get(emulator, path)
        entered = [row["created_at"] for row in rows]
        assert entered == sorted(entered, reverse=True)
        assert min(entered) >= "2026-10-26T08:00:00Z"
        old = {"Cell structure worksheet", "Quiz: the cell"}
        assert not old & {row["title"] for row in rows}
        news = next(row for row in rows if row["type"] == "Announcement")
        assert news["html_url"].endswith(
            f"/courses/{news['course_id']}/announcements/{news['announcement_id']}"
        )
        campus = emulator.state.campus
        work = next(row for row in campus.work_of(4101) if row.name == "Mid-term exam essay")
        row = campus.submissions_of(work)[1]
        row.posted_at = campus.start
        now = get(emulator, path)
        place = next(at for at, item in enumerate(now) if item["title"] == work.name)
        assert now[place]["created_at"] < now[place]["posted_at"]
        assert place > 0
        row.graded_at, row.comments = campus.start - timedelta(days=40), []
        assert work.name not in {item["title"] for item in get(emulator, path)}

    def test_summary_and_hiding(self, emulator: Emulator) -> None:
        rows = get(emulator, "users/self/activity_stream")
        summary = get(emulator, "users/self/activity_stream/summary")
        assert sum(row["count"] for row in summary) == len(rows)
        path = "users/self/activity_stream"
        assert send(emulator, "DELETE", f"{path}/{rows[0]['id']}") == (200, {"hidden": True})
        assert len(get(emulator, path)) == len(rows) - 1
        send(emulator, "DELETE", path)
        assert get(emulator, path) == []

    def test_unread_count(self, emulator: Emulator) -> None:
        """A string (Canvas: Conversations)."""
        assert get(emulator, "conversations/unread_count") == {"unread_count": "3"}
        assert get(emulator, "conversations/unread_count", "many") == {"unread_count": "0"}

    def test_progress(self, emulator: Emulator) -> None:
        body = get(emulator, "progress/1")
        assert (body["completion"], body["workflow_state"]) == (100, "completed")
        assert refused(emulator, "progress/2")[0] == 404


class TestHostile:
    def test_survives_json(self, emulator: Emulator) -> None:
        """Every text is hostile and arrives as it is, angle brackets escaped (lib/api.rb)."""
        answer = emulator.call("/api/v1/planner/items?per_page=100", "hostile")
        assert b"<" not in answer.data
        titles = {row["plannable"]["title"] for row in answer.json}
        assert "<script>alert('title')</script>" in titles
        assert any(title.startswith("=HYPERLINK") for title in titles)
        rows = get(emulator, "courses/6001/assignments", "hostile")
        descriptions = {row["name"]: row["description"] for row in rows}
        assert descriptions.pop("null") is None
        assert all("javascript:" in text for text in descriptions.values())
