"""Users, courses, dashboard, rosters and enrollments, as Canvas has them."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from canvas_emulator.api.values import user_display
from tests.emulator.harness import START, Emulator

ALGEBRA = 9_070_000_000_000_417


def get(emulator: Emulator, path: str, who: str = "dozen", **query: Any) -> Any:
    answer = emulator.call(f"/api/v1/{path}", who, query_string={"per_page": 100, **query})
    assert answer.status_code == 200, answer.text
    return answer.json


def status(emulator: Emulator, path: str, who: str = "dozen", **more: Any) -> int:
    return emulator.call(f"/api/v1/{path}", who, **more).status_code


def course_of(emulator: Emulator, course_id: int, who: str = "dozen", **query: Any) -> Any:
    rows = get(emulator, "courses", who, **query)
    return next(row for row in rows if row["id"] == course_id)


class TestUsers:
    def test_self(self, emulator: Emulator) -> None:
        """A plain student gets no email here; effective_locale is for oneself (Canvas: Users)."""
        body = get(emulator, "users/self", **{"include[]": "uuid"})
        assert body["name"] == "Maya Lindqvist"
        assert body["sortable_name"] == "Lindqvist, Maya"
        assert body["effective_locale"] == "en"
        assert body["pronouns"] == "she/her"
        assert "email" not in body
        assert body["uuid"]

    def test_other_user(self, emulator: Emulator) -> None:
        """Not visible: 404 even if it exists (application_controller.rb); admins see them."""
        assert status(emulator, "users/2") == 404
        assert status(emulator, "users/2/profile") == 404
        assert get(emulator, "users/2", "admin")["login_id"] == "many"
        assert get(emulator, "users/2/profile", "admin")["time_zone"] == "Europe/Berlin"
        assert get(emulator, "users/sis_login_id:dozen", "admin")["id"] == 1
        assert status(emulator, "users/424242", "admin") == 404
        assert status(emulator, "users/nonsense", "admin") == 404

    @pytest.mark.parametrize(
        "name", ["1", "10000000000001", "1~1", "sis_login_id:DOZEN", "hex:sis_login_id:646f7a656e"]
    )
    def test_forms_of_an_id(self, emulator: Emulator, name: str) -> None:
        """Local, global, across shards, by login in either case, hexadecimal (Canvas: SIS IDs)."""
        assert get(emulator, f"users/{name}", "admin")["id"] == 1

    @pytest.mark.parametrize("name", ["907~1", "9070000000000001", "hex:sis_login_id:zz", "1" * 20])
    def test_no_ids(self, emulator: Emulator, name: str) -> None:
        """Another shard's id names somebody else; what is no id is not found (Canvas: SIS IDs)."""
        assert status(emulator, f"users/{name}", "admin") == 404

    def test_fields_by_right(self, emulator: Emulator) -> None:
        """SIS keys for who may see them; ``last_login`` and ``uuid`` when asked (Canvas: Users)."""
        asked = {"include[]": ["last_login", "uuid"]}
        mine, theirs = get(emulator, "users/self", **asked), get(emulator, "users/1", "admin")
        assert {"last_login", "uuid"} <= set(mine)
        assert not {"last_login", "uuid"} & set(theirs)
        assert {"sis_user_id", "integration_id", "root_account"} <= set(theirs) - set(mine)
        assert get(emulator, "users/self/profile", **asked)["uuid"] == mine["uuid"]

    def test_profile(self, emulator: Emulator) -> None:
        """Time zone is an IANA name; own address is allowed (Canvas: Users)."""
        body = get(emulator, "users/self/profile")
        assert body["time_zone"] == "America/Denver"
        assert body["primary_email"] == "dozen@example.edu"
        assert body["calendar"]["ics"].endswith(".ics")


class TestCourses:
    def test_default(self, emulator: Emulator) -> None:
        """Students see available courses, whatever the dates say, by name.

        Canvas: Courses, enrollment_state.rb.
        """
        rows = get(emulator, "courses")
        assert len(rows) == 11
        names = [row["name"].casefold() for row in rows if "name" in row]
        assert names == sorted(names)

    def test_stub(self, emulator: Emulator) -> None:
        """In lists a closed course is exactly id and access_restricted_by_date; by id: 403.

        Canvas: course_json.rb, courses_controller.rb (2026).
        """
        assert course_of(emulator, 4110) == {"id": 4110, "access_restricted_by_date": True}
        assert status(emulator, "courses/4110") == 403
        assert status(emulator, "courses/4110/assignments") == 403
        campus = emulator.campus()
        campus.courses[4101].term = campus.terms[13]
        campus.terms[13].overrides["TaEnrollment"] = (None, START - timedelta(days=1))
        campus.courses[4101].start_at = START + timedelta(days=1)
        campus.courses[4101].restrict_enrollments_to_course_dates = True
        stub = {"id": 4101, "access_restricted_by_date": True}
        assert course_of(emulator, 4101, "ta") == stub, "staff before their dates"
        assert status(emulator, "courses/4101", "ta") == 403
        assert course_of(emulator, 4101)["name"] == "Biology 101"

    def test_state(self, emulator: Emulator) -> None:
        """``state[]`` filters by the course's own state (Canvas: Courses)."""
        rows = get(emulator, "courses", **{"state[]": ["completed"]})
        assert [row["id"] for row in rows] == [4109]
        both = get(emulator, "courses", **{"state[]": ["available", "completed"]})
        assert len(both) == 12

    @pytest.mark.parametrize(
        ("state", "ids"),
        [
            ("active", {4101, 4102, 4103, 4104, ALGEBRA, 4106, 4107}),
            ("invited_or_pending", {4111, 4112}),
            ("completed", {4108, 4110}),
        ],
    )
    def test_enrollment_state(self, emulator: Emulator, state: str, ids: set[int]) -> None:
        """The date-effective state decides (Canvas: Courses, enrollment_state.rb)."""
        rows = get(emulator, "courses", enrollment_state=state)
        assert {row["id"] for row in rows} == ids

    @pytest.mark.parametrize("state", ["completed", "inactive"])
    def test_ended_enrolment_in_a_running_course(self, emulator: Emulator, state: str) -> None:
        """``state[]`` filters by the enrollment's stored state too, so no list has the course.

        Only the person's list of enrollments has it (courses_controller.rb, courses_for_user).
        """
        for row in emulator.campus().between(1, 4106):
            row.state = state
        every = {"state[]": ["available", "unpublished", "completed"]}
        for query in ({}, every, {"enrollment_state": "completed"}, every | {"include[]": "term"}):
            assert 4106 not in {row["id"] for row in get(emulator, "courses", **query)}
        ended = get(emulator, "users/self/enrollments", **{"state[]": [state]})
        assert [row["course_id"] for row in ended].count(4106) == 2
        assert ended[0]["grades"]["current_score"] is not None
        assert 4106 not in {row["course_id"] for row in get(emulator, "users/self/enrollments")}

    @pytest.mark.parametrize("restricts", [True, False])
    def test_own_dates(self, emulator: Emulator, restricts: bool) -> None:
        """A course's dates change nothing unless it restricts enrollments to them.

        Canvas: enrollment_date_builder.rb, course.rb (2026).
        """
        change: dict[str, Any] = {"restrict_enrollments_to_course_dates": restricts}
        past, ahead = START - timedelta(days=2), START + timedelta(days=2)
        concluded = {"include[]": "concluded"}

        emulator.control(courses={"4102": change | {"end_at": past.isoformat()}})
        for who in ("dozen", "observer"):
            state = "completed" if restricts else "active"
            found = get(emulator, "courses", who, enrollment_state=state)
            assert 4102 in {row["id"] for row in found}
            row = course_of(emulator, 4102, who, **concluded)
            assert row["concluded"] is row["restrict_enrollments_to_course_dates"] is restricts
        # Staff have the term as well while it runs.
        assert 4102 in {
            r["id"] for r in get(emulator, "courses", "teacher", enrollment_state="active")
        }

        emulator.control(courses={"4102": change | {"end_at": None, "start_at": ahead.isoformat()}})
        state = "invited_or_pending" if restricts else "active"
        assert 4102 in {row["id"] for row in get(emulator, "courses", enrollment_state=state)}
        assert course_of(emulator, 4102, **concluded)["concluded"] is False

    def test_dates_by_role_section_and_enrolment(self, emulator: Emulator) -> None:
        """A role has its term dates; a section's override these, an enrollment's override all."""
        campus = emulator.campus()
        term, past, ahead = campus.terms[12], START - timedelta(days=2), START + timedelta(days=2)

        def state(who: str = "dozen") -> str:
            for name in ("active", "completed", "invited_or_pending"):
                rows = get(emulator, "courses", who, enrollment_state=name)
                if 4106 in {row["id"] for row in rows}:
                    return name
            return ""

        assert state() == "active"
        term.overrides["StudentEnrollment"] = (None, past)
        assert state() == "completed"
        shown = course_of(emulator, 4106, **{"include[]": ["term", "concluded", "sections"]})
        assert shown["term"]["end_at"] == past.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert shown["concluded"] is False, "roles are not looked at"
        for section in campus.sections_of(4106):
            section.end_at = ahead
        assert state() == "completed"
        campus.sections_of(4106)[1].restrict_enrollments_to_section_dates = True
        assert state() == "active"
        for row in campus.between(1, 4106):
            row.start_at, row.end_at = ahead, ahead + timedelta(days=1)
        assert state() == "invited_or_pending"

    def test_unpublished(self, emulator: Emulator) -> None:
        """Without ``state[]`` for staff only; asked for, students have them too (2026)."""
        emulator.campus().courses[4101].workflow_state = "unpublished"
        for who, listed in (("dozen", False), ("ta", True)):
            assert (4101 in {row["id"] for row in get(emulator, "courses", who)}) is listed
            asked = get(emulator, "courses", who, **{"state[]": ["unpublished"]})
            assert [row["name"] for row in asked] == ["Biology 101"], "no stub"
            assert status(emulator, "courses/4101", who) == (200 if listed else 403)

    def test_completed_courses_are_asked_for(self, emulator: Emulator) -> None:
        """Without ``state[]`` they are in nobody's list (courses_controller.rb)."""
        emulator.campus().courses[4101].workflow_state = "completed"
        for who in ("dozen", "ta", "teacher", "observer"):
            assert 4101 not in {row["id"] for row in get(emulator, "courses", who)}
            asked = get(emulator, "courses", who, **{"state[]": ["completed"]})
            assert 4101 in {row["id"] for row in asked}

    @pytest.mark.parametrize(("state", "shown"), [("active", 2), ("completed", 0)])
    def test_enrolments_by_id(self, emulator: Emulator, state: str, shown: int) -> None:
        """By id only stored active, invited and pending ones (courses_controller.rb, show)."""
        for row in emulator.campus().between(1, 4106):
            row.state = state
        asked = {"include[]": ["sections", "total_scores"]}
        course = get(emulator, "courses/4106", **asked)
        assert len(course["enrollments"]) == shown
        assert len(course["sections"]) == 2
        roles = [section.get("enrollment_role") for section in course["sections"]]
        assert roles == ["StudentEnrollment" if shown else None] * 2
        hard = get(emulator, "courses/4109", **asked)
        assert (hard["enrollments"], len(hard["sections"])) == ([], 1)
        (row,) = get(
            emulator, "courses/4109/enrollments", user_id="self", **{"state[]": ["completed"]}
        )
        assert (row["type"], row["grades"]["current_score"]) == ("StudentEnrollment", 92.0)

    def test_enrollment_type(self, emulator: Emulator) -> None:
        """The same person teaches here and learns there (Canvas: Courses)."""
        as_ta = get(emulator, "courses", "ta", enrollment_type="ta")
        as_student = get(emulator, "courses", "ta", enrollment_type="student")
        assert [row["id"] for row in as_ta] == [4101]
        assert [row["id"] for row in as_student] == [ALGEBRA]

    def test_role_before_type(self, emulator: Emulator) -> None:
        """``enrollment_type`` is ignored when a role, or its id, is given (Canvas: Courses)."""
        mixed = {"enrollment_type": "student", "enrollment_role": "TaEnrollment"}
        assert [row["id"] for row in get(emulator, "courses", "ta", **mixed)] == [4101]
        by_id = {"enrollment_type": "student", "enrollment_role_id": "5"}
        assert [row["id"] for row in get(emulator, "courses", "ta", **by_id)] == [4101]

    def test_observed_user(self, emulator: Emulator) -> None:
        """An observer's list, filtered by the student they observe; with enrollments on request.

        Canvas: Courses.
        """
        rows = get(emulator, "courses", "observer", observed_user_id="1")
        assert [row["id"] for row in rows] == [4101, 4102]
        assert get(emulator, "courses", "observer", observed_user_id="2") == []
        asked = {"include[]": ["observed_users", "total_scores"]}
        course = course_of(emulator, 4101, "observer", **asked)
        mine, theirs = course["enrollments"]
        assert (mine["type"], mine["associated_user_id"]) == ("observer", 1)
        assert (theirs["type"], theirs["user_id"]) == ("student", 1)
        assert theirs["computed_current_score"] is not None
        assert "computed_current_score" not in mine

    def test_homeroom(self, emulator: Emulator) -> None:
        """No course here is a homeroom."""
        assert get(emulator, "courses", homeroom="1") == []

    def test_sis_ids(self, emulator: Emulator) -> None:
        """The SIS keys are there only with SIS rights; a global id names the same course."""
        assert "sis_course_id" not in get(emulator, "courses/4101")
        assert get(emulator, "courses/4101", "admin")["sis_course_id"] == "BIO-101"
        assert get(emulator, "courses/1~4101")["id"] == 4101
        assert get(emulator, "courses/hex:sis_course_id:42494f2d313031")["id"] == 4101
        assert get(emulator, f"courses/907~{ALGEBRA % 10**13}")["id"] == ALGEBRA

    def test_more_includes(self, emulator: Emulator) -> None:
        """``tabs``, ``post_manually``, ``storage_quota_used_mb`` (Canvas: Courses)."""
        asked = {"include[]": ["tabs", "post_manually", "storage_quota_used_mb"]}
        course = get(emulator, "courses/4101", **asked)
        assert {"home", "grades"} <= {tab["id"] for tab in course["tabs"]}
        assert course["post_manually"] is False
        assert course["storage_quota_used_mb"] == 0

    def test_big_id(self, emulator: Emulator) -> None:
        """An id above 2**53 is a string when string ids are asked for (Canvas: SIS IDs)."""
        answer = emulator.call(
            f"/api/v1/courses/{ALGEBRA}",
            headers={"Accept": "application/json+canvas-string-ids"},
        )
        assert answer.json["id"] == str(ALGEBRA)
        assert get(emulator, "courses/907~417")["id"] == ALGEBRA
        assert get(emulator, "courses/sis_course_id:BIO-101")["id"] == 4101

    def test_nickname(self, emulator: Emulator) -> None:
        """A nickname replaces the name; original_name is added (Canvas: Courses)."""
        row = course_of(emulator, 4104)
        assert (row["name"], row["original_name"]) == ("Writing", "English Composition")
        path = "/api/v1/users/self/course_nicknames/4102"
        assert emulator.call(path, method="PUT", data={"nickname": "Numbers"}).status_code == 200
        assert course_of(emulator, 4102)["name"] == "Numbers"
        assert get(emulator, "users/self/course_nicknames/4102")["nickname"] == "Numbers"
        assert emulator.call(path, method="DELETE").json["nickname"] == "Numbers"
        assert course_of(emulator, 4102)["name"] == "Statistics"
        assert emulator.call(path, method="PUT", data={}).status_code == 400
        assert len(get(emulator, "users/self/course_nicknames")) == 1
        emulator.call("/api/v1/users/self/course_nicknames", method="DELETE")
        assert get(emulator, "users/self/course_nicknames") == []

    def test_scores(self, emulator: Emulator) -> None:
        """total_scores and the current grading period on student enrollments (Canvas: Courses)."""
        row = course_of(
            emulator, 4101, **{"include[]": ["total_scores", "current_grading_period_scores"]}
        )
        [enrolment] = row["enrollments"]
        assert enrolment["type"] == "student"
        assert 0 < enrolment["computed_final_score"] < enrolment["computed_current_score"] <= 100
        assert enrolment["current_grading_period_title"] == "Second half"
        assert enrolment["current_period_computed_current_score"] is not None
        assert row["has_weighted_grading_periods"] is True

    def test_hidden_totals(self, emulator: Emulator) -> None:
        """A course that hides final grades: the keys are absent, not null (Canvas: Courses)."""
        row = course_of(emulator, 4103, **{"include[]": "total_scores"})
        assert row["hide_final_grades"] is True
        assert not [key for key in row["enrollments"][0] if "score" in key]
        emulator.control(courses={"4101": {"hide_final_grades": True}})
        asked = {"include[]": ["total_scores", "current_grading_period_scores"]}
        (mine,) = course_of(emulator, 4101, **asked)["enrollments"]
        assert not [key for key in mine if "score" in key or "totals_for" in key]
        assert mine["current_grading_period_title"] == "Second half"
        assert mine["has_grading_periods"] is mine["multiple_grading_periods_enabled"] is True

    @pytest.mark.parametrize("enabled", [True, False])
    def test_restricted_quantities(self, emulator: Emulator, enabled: bool) -> None:
        """Restricted quantitative data changes no answer; hiding is the client's duty.

        The letter is there even where no scheme is enabled (course_json.rb, 2026).
        """
        emulator.control(courses={"4107": {"grading_standard": enabled}})
        asked = {"include[]": ["total_scores", "restrict_quantitative_data", "grading_scheme"]}
        row = course_of(emulator, 4107, **asked)
        mine = row["enrollments"][0]
        assert row["restrict_quantitative_data"] is True
        assert (mine["computed_current_score"], mine["computed_final_score"]) == (86.25, 43.13)
        assert mine["computed_current_letter_grade"] == "B"
        assert mine["computed_current_grade"] == ("B" if enabled else None)
        assert row["grading_scheme"][0] == ["A", 0.94]
        (grades,) = (
            each["grades"]
            for each in get(emulator, "courses/4107/enrollments", user_id="self")
            if each["user_id"] == 1
        )
        assert (grades["current_score"], grades["current_grade"]) == (
            86.25,
            "B" if enabled else None,
        )

    def test_restricted_quantities_by_viewer(self, emulator: Emulator) -> None:
        """The course's flag spares admins alone; a piece of work's own is false for staff.

        Points and the grade of work graded by points are sent to everybody (course.rb,
        assignment.rb, 2026).
        """
        emulator.control(courses={"4101": {"restrict_quantitative_data": True}})
        asked = {"include[]": "restrict_quantitative_data"}
        for who, course_flag, work_flag in (
            ("dozen", True, True),
            ("teacher", True, False),
            ("ta", True, False),
            ("admin", False, False),
        ):
            row = get(emulator, "courses/4101", who, **asked)
            assert row["restrict_quantitative_data"] is course_flag, who
            work = get(emulator, "courses/4101/assignments", who)[0]
            assert work["restrict_quantitative_data"] is work_flag, who
            assert work["points_possible"] == 20
        rows = get(emulator, "courses/4101/students/submissions", **{"student_ids[]": "self"})
        graded = next(row for row in rows if row["assignment_id"] == work["id"])
        assert (graded["score"], graded["grade"]) == (18.5, "18.5")

    def test_grading_periods_of_the_term(self, emulator: Emulator) -> None:
        """The course lists the term's set alone; only an account's set has weights.

        Scores of a period need ``total_scores`` too (course_json.rb, 2026).
        """
        asked = {"include[]": ["grading_periods", "current_grading_period_scores", "total_scores"]}
        row = get(emulator, "courses/4101", **asked)
        assert [period["title"] for period in row["grading_periods"]] == [
            "First half",
            "Second half",
        ]
        assert "weight" not in row["grading_periods"][0]
        assert row["has_weighted_grading_periods"] is True
        emulator.campus().courses[4101].own_grading_periods = True
        row = get(emulator, "courses/4101", **asked)
        assert row["grading_periods"] == []
        assert (row["has_grading_periods"], row["has_weighted_grading_periods"]) == (True, False)
        assert len(get(emulator, "courses/4101/grading_periods")["grading_periods"]) == 2
        alone = get(emulator, "courses/4101", **{"include[]": "current_grading_period_scores"})
        assert "has_grading_periods" not in alone
        assert "current_grading_period_id" not in alone["enrollments"][0]

    def test_total_students(self, emulator: Emulator) -> None:
        """Stored active, invited and pending students, each once; no test student (course.rb)."""
        for state, count in (("invited", 64), ("creation_pending", 64), ("completed", 63)):
            (row,) = emulator.campus().between(1001, 4101)
            row.state = state
            course = get(emulator, "courses/4101", **{"include[]": "total_students"})
            assert course["total_students"] == count

    def test_two_enrolments(self, emulator: Emulator) -> None:
        """All enrollments are listed in the course (Canvas: Enrollments)."""
        assert len(course_of(emulator, 4106)["enrollments"]) == 2

    def test_includes(self, emulator: Emulator) -> None:
        wanted = [
            *("term", "favorites", "concluded", "total_students", "teachers", "sections"),
            *("course_progress", "course_image", "banner_image", "syllabus_body", "account"),
            *("public_description", "needs_grading_count", "grading_periods", "permissions"),
        ]
        row = get(emulator, "courses/4101", **{"include[]": wanted})
        assert row["term"]["name"] == "Autumn Term"
        assert row["is_favorite"] is True
        assert row["concluded"] is False
        assert row["total_students"] == 64
        assert row["teachers"][0]["display_name"] == "Helen Okonkwo"
        assert row["sections"][0]["enrollment_role"] == "StudentEnrollment"
        progress = row["course_progress"]
        assert 0 < progress["requirement_completed_count"] < progress["requirement_count"]
        assert "needs_grading_count" not in row
        assert len(row["grading_periods"]) == 2
        assert row["permissions"]["create_announcement"] is False
        limited = get(emulator, "courses/4101", **{"include[]": "teachers", "teacher_limit": 0})
        assert limited["teacher_count"] == 1
        not_modules = get(emulator, "courses/4103", **{"include[]": "course_progress"})
        assert "error" in not_modules["course_progress"]

    def test_needs_grading_count_is_the_sum(self, emulator: Emulator) -> None:
        """For instructors only, and equal to the assignments' own counts (Canvas: Courses)."""
        row = get(emulator, "courses/4101", "teacher", **{"include[]": "needs_grading_count"})
        works = get(emulator, "courses/4101/assignments", "teacher")
        published = [work for work in works if work["published"]]
        assert row["needs_grading_count"] == sum(work["needs_grading_count"] for work in published)

    def test_permissions(self, emulator: Emulator) -> None:
        """No such course: 404; no access: 403; another's list: refused.

        Canvas: application_controller.rb, Courses.
        """
        assert status(emulator, "courses/123456") == 404
        assert status(emulator, "courses/4301") == 403
        assert status(emulator, "users/2/courses") == 403
        assert len(get(emulator, "users/2/courses", "admin", page=2)) == 37
        assert get(emulator, "courses/4301", "admin")["id"] == 4301


class TestDashboard:
    def test_favourites(self, emulator: Emulator) -> None:
        """Not paginated; the first removal turns the menu into favourites (Canvas: Favorites)."""
        path = "/api/v1/users/self/favorites/courses"
        assert len(get(emulator, "users/self/favorites/courses", per_page=1)) == 7
        answer = emulator.call(f"{path}/4101", method="DELETE")
        assert answer.json == {"context_id": 4101, "context_type": "Course"}
        assert emulator.call(f"{path}/4101", method="DELETE").json == {}
        bare = get(emulator, "users/self/favorites/courses", **{"exclude[]": "enrollments"})
        assert len(bare) == 6
        assert "enrollments" not in bare[0]
        assert emulator.call(f"{path}/4101", method="POST").json["context_id"] == 4101
        assert emulator.call(path, method="DELETE").json == {"status": "ok"}
        emulator.call(f"{path}/5001", "many", method="DELETE")
        assert len(get(emulator, "users/self/favorites/courses", "many")) == 136

    def test_cards(self, emulator: Emulator) -> None:
        """camelCase, at most 50, in the order of the positions (Canvas: Favorites)."""
        cards = get(emulator, "dashboard/dashboard_cards")
        assert [card["assetString"] for card in cards[:2]] == ["course_4102", "course_4101"]
        assert next(card for card in cards if card["id"] == 4104)["shortName"] == "Writing"
        assert len(get(emulator, "dashboard/dashboard_cards", "many")) == 50

    def test_colours(self, emulator: Emulator) -> None:
        """``custom_colors`` by asset string; bad hex 400 (Canvas: Favorites)."""
        colours = get(emulator, "users/self/colors")["custom_colors"]
        assert colours["course_4101"] == "#2f7d4f"
        path = "/api/v1/users/self/colors/course_4101"
        answer = emulator.call(path, method="PUT", data={"hexcode": "abc123"})
        assert answer.json == {"hexcode": "#abc123"}
        assert emulator.call(path).json == {"hexcode": "#abc123"}
        assert emulator.call(path, method="PUT", data={"hexcode": "red"}).status_code == 400
        assert status(emulator, "users/self/colors/course_1") == 404

    def test_positions_and_view(self, emulator: Emulator) -> None:
        path = "/api/v1/users/self/dashboard_positions"
        emulator.call(path, method="PUT", data={"dashboard_positions[course_4103]": "2"})
        assert emulator.call(path).json["dashboard_positions"]["course_4103"] == 2
        bad = {"dashboard_positions[course_4103]": "x"}
        assert emulator.call(path, method="PUT", data=bad).status_code == 400
        view = "/api/v1/users/self/dashboard_view"
        assert emulator.call(view).json == {"dashboard_view": "cards"}
        emulator.call(view, method="PUT", data={"dashboard_view": "planner"})
        assert emulator.call(view).json == {"dashboard_view": "planner"}
        bad_view = emulator.call(view, method="PUT", data={"dashboard_view": "x"})
        assert bad_view.json == {"message": "Invalid Dashboard View Option"}


class TestRoster:
    def test_users(self, emulator: Emulator) -> None:
        """By sortable name; email needs rights; a TA sees the own section (Canvas: Courses)."""
        rows = get(emulator, "courses/4101/users", "teacher", **{"include[]": "email"})
        assert len(rows) == 67
        assert rows[0]["email"].endswith("@example.edu")
        seen = get(
            emulator,
            "courses/4101/users",
            **{"include[]": ["email", "avatar_url", "enrollments"], "enrollment_type[]": "student"},
        )
        assert len(seen) == 64
        assert "email" not in seen[0]
        assert seen[0]["enrollments"][0]["course_id"] == 4101
        limited = get(emulator, "courses/4101/users", "ta", **{"enrollment_type[]": "student"})
        assert len(limited) == 32
        found = get(emulator, "courses/4101/users", search_term="lindq")
        assert {row["name"] for row in found} == {"Maya Lindqvist", "Karin Lindqvist"}
        chosen = get(emulator, "courses/4101/users", **{"user_ids[]": [1, 1001]})
        assert len(chosen) == 2
        assert status(emulator, "courses/4101/users?search_term=x") == 400

    def test_test_student(self, emulator: Emulator) -> None:
        """Whom "student view" made is listed only when asked for (course.rb)."""
        path, name = "courses/4101/users", "Test Student"
        assert name not in {row["name"] for row in get(emulator, path, "teacher")}
        for query in ({"include[]": "test_student"}, {"enrollment_type[]": "student_view"}):
            assert name in {row["name"] for row in get(emulator, path, "teacher", **query)}
        rows = get(emulator, "courses/4101/enrollments", "teacher")
        assert name not in {row["user"]["name"] for row in rows}
        asked = {"type[]": "StudentViewEnrollment"}
        rows = get(emulator, "courses/4101/enrollments", "teacher", **asked)
        kinds = {(row["type"], row["role"]) for row in rows}
        assert kinds == {("StudentViewEnrollment", "StudentEnrollment")}
        sections = emulator.state.campus.courses[4101].section_ids
        assert [row["course_section_id"] for row in rows] == sections  # in every one

    def test_test_student_is_fake(self, emulator: Emulator) -> None:
        """``fake_student`` stands in the test student's UserDisplay only (course.rb)."""
        call, people = SimpleNamespace(base_url="http://localhost"), emulator.state.campus.people
        shown = [user_display(call, people[person_id]) for person_id in (1, 3999)]
        assert [row.get("fake_student") for row in shown] == [None, True]

    def test_page_of_somebody(self, emulator: Emulator) -> None:
        """``user_id`` returns the page containing that user (Canvas: Courses)."""
        every = [row["id"] for row in get(emulator, "courses/4101/users", "teacher")]
        answer = emulator.call(f"/api/v1/courses/4101/users?user_id={every[23]}", "teacher")
        assert [row["id"] for row in answer.json] == every[20:30]
        assert 'page=3&per_page=10>; rel="current"' in answer.headers["Link"]
        gone = emulator.call("/api/v1/courses/4101/users?user_id=2", "teacher")
        assert [row["id"] for row in gone.json] == every[:10]

    def test_more_of_a_user(self, emulator: Emulator) -> None:
        """``bio`` and ``uuid`` when asked for; by role id (Canvas: Courses)."""
        asked = {"include[]": ["bio", "uuid"], "enrollment_role_id": "5"}
        (row,) = get(emulator, "courses/4101/users", **asked)
        assert row["id"] == emulator.person("ta").id
        assert {"bio", "uuid"} <= set(row)

    def test_sections_and_periods(self, emulator: Emulator) -> None:
        rows = get(emulator, "courses/4101/sections", **{"include[]": "total_students"})
        assert [row["total_students"] for row in rows] == [32, 32]
        periods = get(emulator, "courses/4101/grading_periods")["grading_periods"]
        assert [row["is_closed"] for row in periods] == [True, False]
        course = emulator.campus().courses[4101]
        first, second = course.grading_periods
        course.grading_periods = (replace(first, close_date=START + timedelta(days=1)), second)
        periods = get(emulator, "courses/4101/grading_periods")["grading_periods"]
        assert [row["is_closed"] for row in periods] == [False, False], (
            "by close_date, not end_date"
        )


class TestEnrollments:
    def test_own(self, emulator: Emulator) -> None:
        """Active and invited by default; hidden totals leave only html_url.

        Canvas: Enrollments.
        """
        rows = get(emulator, "users/self/enrollments")
        history = next(row for row in rows if row["course_id"] == 4103)
        assert set(history["grades"]) == {"html_url"}
        biology = next(row for row in rows if row["course_id"] == 4101)
        assert biology["type"] == "StudentEnrollment"
        assert biology["grades"]["current_score"] > 0
        concluded = get(emulator, "users/self/enrollments", **{"state[]": "completed"})
        assert [row["course_id"] for row in concluded] == [4109]
        every = get(emulator, "users/self/enrollments", **{"state[]": "current_and_concluded"})
        assert {4108, 4109, 4101} <= {row["course_id"] for row in every}
        bad = emulator.call("/api/v1/users/self/enrollments?state[]=odd")
        assert (bad.status_code, bad.json) == (400, {"error": "Invalid state odd"})
        active = get(emulator, "users/self/enrollments", **{"state[]": "active"})
        assert not {4108, 4111, 4112} & {row["course_id"] for row in active}
        for state, ids in (("pending_active", [4111]), ("invited", [4112])):
            some = get(emulator, "users/self/enrollments", **{"state[]": state})
            assert [row["course_id"] for row in some] == ids
        in_term = get(emulator, "users/self/enrollments", enrollment_term_id=13)
        assert [row["course_id"] for row in in_term] == [4111]

    def test_bookmarks(self, emulator: Emulator) -> None:
        """``last`` on the final page only; ``next`` leads through all once (``lib/api.rb``)."""
        url, ids = "/api/v1/courses/4301/enrollments?per_page=100", []
        while url:
            answer = emulator.call(url, "bigteacher")
            ids += [row["id"] for row in answer.json]
            header = answer.headers["Link"]
            assert ('rel="last"' in header) is ('rel="next"' not in header)
            links = [part for part in answer.headers["Link"].split(",") if 'rel="next"' in part]
            url = (
                links[0].split(">")[0].lstrip("<").replace("http://localhost", "") if links else ""
            )
        assert len(ids) == len(set(ids)) == 641

    def test_grades_by_viewer(self, emulator: Emulator) -> None:
        """Another student's grades are only html_url; teachers get unposted_*.

        Canvas: Enrollments.
        """
        query = {"type[]": "StudentEnrollment", "include[]": ["current_points", "avatar_url"]}
        seen = get(emulator, "courses/4101/enrollments", **query)
        others = [row["grades"] for row in seen if row["user_id"] != 1]
        assert {tuple(row) for row in others} == {("html_url",)}
        taught = get(emulator, "courses/4101/enrollments", "teacher", user_id=1, **query)
        grades = taught[0]["grades"]
        # By weight the "points" are the percentage again (grade_calculator.rb).
        assert grades["current_points"] == grades["current_score"]
        assert grades["unposted_current_points"] == grades["unposted_current_score"]
        assert grades["html_url"].endswith("/courses/4101/grades/1")
        assert {row["grades"]["html_url"].rpartition("/")[2] for row in seen} >= {"1", "1001"}
        (by_points,) = get(emulator, "courses/4106/enrollments", user_id="self", **query)[:1]
        assert by_points["grades"]["current_points"] == 16
        assert "total_activity_time" in taught[0]
        watched = get(emulator, "courses/4101/enrollments", "observer")
        assert {row["user_id"] for row in watched} == {1, 8}
        assert len(get(emulator, "courses/4101/enrollments", "admin")) == 67

    def test_linked_parent(self, emulator: Emulator) -> None:
        """A parent linked to the student sees totals that the course hides; others do not.

        Canvas: UserObservationLink, lib/api/v1/user.rb (2026).
        """
        campus = emulator.campus()
        (studied,) = campus.between(1, 4103)
        campus.enrol(
            replace(studied, id=1, user_id=8, type="ObserverEnrollment", associated_user_id=1)
        )
        path = "courses/4103/enrollments"
        for linked in (False, True):
            campus.observees[8] = {1} if linked else set()
            rows = get(emulator, path, "observer", **{"type[]": "StudentEnrollment"})
            (grades,) = [row["grades"] for row in rows if row["user_id"] == 1]
            assert ("current_score" in grades) is linked

    def test_totals_lag(self, emulator: Emulator) -> None:
        """A background job works totals out some time after a grade (grade_calculator.rb)."""

        def current() -> tuple[float, float]:
            asked = {"include[]": "total_scores"}
            course = get(emulator, "courses/4106", **asked)["enrollments"][0]
            (row, _) = get(emulator, "courses/4106/enrollments", user_id="self")
            return course["computed_current_score"], row["grades"]["current_score"]

        work = next(w for w in emulator.campus().work_of(4106) if w.name == "Exercise 2")
        emulator.control(settings={"totals_lag": 60})
        path = f"/api/v1/courses/4106/assignments/{work.id}/submissions/1"
        form = {"submission[posted_grade]": "2"}
        before = current()
        assert emulator.call(path, "admin", method="PUT", data=form).status_code == 200
        assert current() == before == (94.12, 94.12)
        emulator.time.seconds += 61
        assert current() == (91.18, 91.18)

    def test_override(self, emulator: Emulator) -> None:
        """A total set by hand replaces both for the student; teachers have it beside them."""
        emulator.control(courses={"4101": {"override_scores": {"1": 77.0}}})
        asked = {"include[]": ["total_scores", "current_grading_period_scores"]}
        mine = get(emulator, "courses/4101", **asked)["enrollments"][0]
        scores = {value for key, value in mine.items() if key.endswith("_score")}
        assert scores == {77.0}
        path = "courses/4101/enrollments"
        own = get(emulator, path, user_id="self", grading_period_id=901)[0]["grades"]
        assert (own["current_score"], own["final_score"]) == (77.0, 77.0)
        assert "override_score" not in own
        taught = get(emulator, path, "teacher", user_id=1)[0]["grades"]
        assert taught["override_score"] == 77.0
        assert 77.0 not in (taught["current_score"], taught["unposted_final_score"])

    def test_grading_period(self, emulator: Emulator) -> None:
        """An unknown period: 400 (Canvas: Enrollments)."""
        path = "courses/4101/enrollments"
        answer = emulator.call(f"/api/v1/{path}?user_id=self&grading_period_id=5")
        assert (answer.status_code, answer.json) == (400, {"error": "invalid grading_period_id"})
        one = get(emulator, path, user_id="self", grading_period_id=901)
        all_periods = get(emulator, path, user_id="self", grading_period_id=0)
        assert one[0]["grades"] != all_periods[0]["grades"]

    @pytest.mark.parametrize(
        ("path", "query", "body"),
        [
            ("users/self/enrollments", {"state[]": "asleep"}, {"error": "Invalid state asleep"}),
            ("users/self/enrollments", {"state[]": "deleted"}, {"error": "Invalid state deleted"}),
            (
                "courses/4101/enrollments",
                {"grading_period_id": "7"},
                {"error": "invalid grading_period_id"},
            ),
            ("courses/4101/enrollments", {"role[]": "Dean"}, {"error": "unknown role: Dean"}),
        ],
    )
    def test_bad_filters(
        self, emulator: Emulator, path: str, query: dict[str, str], body: Any
    ) -> None:
        """Refused even where the list would be empty (Canvas: Enrollments)."""
        for who in ("newcomer", "teacher") if "self" in path else ("teacher",):
            answer = emulator.call(f"/api/v1/{path}", who, query_string=query)
            assert (answer.status_code, answer.json) == (400, body)

    def test_period_of_another_course(self, emulator: Emulator) -> None:
        """A real period refuses nothing, where a course does not have it (Canvas: Enrollments)."""
        period = get(emulator, "courses/4101/grading_periods")["grading_periods"][0]["id"]
        rows = get(emulator, "users/self/enrollments", grading_period_id=period)
        assert {4101, 4102} <= {row["course_id"] for row in rows}

    def test_roles(self, emulator: Emulator) -> None:
        """By role name or id; ``type`` is ignored then (Canvas: Enrollments)."""
        path = "courses/4101/enrollments"
        named = get(emulator, path, "teacher", **{"role[]": "TaEnrollment", "type[]": "x"})
        by_id = get(emulator, path, "teacher", **{"role_id[]": "5"})
        assert [row["role"] for row in named] == ["TaEnrollment"]
        assert by_id == named

    def test_includes(self, emulator: Emulator) -> None:
        """What include[] adds to rows and users; SIS keys with SIS rights (Canvas: Enrollments)."""
        asked = {"include[]": ["uuid", "group_ids", "locked", "can_be_removed", "observed_users"]}
        asked |= {"type[]": ["ObserverEnrollment"]}
        (row,) = get(emulator, "courses/4101/enrollments", "admin", **asked)
        assert {"uuid", "group_ids", "locked"} <= set(row["user"])
        assert row["can_be_removed"] is True
        assert row["observed_user"]["id"] == 1
        assert row["observed_user"]["enrollments"][0]["type"] == "StudentEnrollment"
        assert row["sis_course_id"] == "BIO-101"
        plain = get(emulator, "courses/4101/enrollments", "teacher", **{"type[]": asked["type[]"]})
        assert not {"observed_user", "can_be_removed", "sis_course_id"} & set(plain[0])

    def test_of_section(self, emulator: Emulator) -> None:
        section = get(emulator, "courses/4101/sections")[1]["id"]
        rows = get(emulator, f"sections/{section}/enrollments", "teacher")
        assert {row["course_section_id"] for row in rows} == {section}
        assert status(emulator, "sections/1/enrollments", "teacher") == 404

    @pytest.mark.parametrize(
        ("task", "state"),
        [
            ("", "completed"),
            ("?task=conclude", "completed"),
            ("?task=nonsense", "completed"),
            ("?task=delete", "deleted"),
            ("?task=inactivate", "inactive"),
            ("?task=deactivate", "inactive"),
        ],
    )
    def test_delete(self, emulator: Emulator, task: str, state: str) -> None:
        """DELETE concludes unless told otherwise (Canvas: Enrollments)."""
        row = get(emulator, "courses/4101/enrollments", "teacher", user_id=1001)[0]
        path = f"/api/v1/courses/4101/enrollments/{row['id']}"
        assert emulator.call(path, method="DELETE").status_code == 403
        answer = emulator.call(path + task, "teacher", method="DELETE")
        assert (answer.status_code, answer.json["enrollment_state"]) == (200, state)
        again = emulator.call(f"{path}/reactivate", "teacher", method="PUT")
        if state == "inactive":
            assert again.json["enrollment_state"] == "active"
            assert emulator.call(f"{path}/reactivate", method="PUT").status_code == 403
        else:
            assert again.json == {"error": "enrollment not inactive"}

    def test_foreign(self, emulator: Emulator) -> None:
        """Not in this course: 404 (Canvas: Enrollments)."""
        row = get(emulator, "courses/4102/enrollments", "teacher")[0]
        path = f"/api/v1/courses/4101/enrollments/{row['id']}"
        assert emulator.call(path, "teacher", method="DELETE").status_code == 404

    @pytest.mark.parametrize(
        ("path", "form", "status", "body"),
        [
            ("courses/4101", {}, 400, {"message": "No parameters given"}),
            ("courses/4101", {"type": "Dean"}, 400, {"message": "Invalid type"}),
            (
                "courses/4108",
                {"user_id": "3"},
                400,
                {"message": "Can't add an enrollment to a concluded course."},
            ),
        ],
    )
    def test_enrolling_refused(
        self, emulator: Emulator, path: str, form: dict[str, str], status: int, body: Any
    ) -> None:
        """One message from a fixed list, with 400 (enrollments_api_controller.rb)."""
        named = {f"enrollment[{name}]": value for name, value in form.items()}
        answer = emulator.call(f"/api/v1/{path}/enrollments", "admin", method="POST", data=named)
        assert (answer.status_code, answer.json) == (status, body)

    def test_enrolling(self, emulator: Emulator) -> None:
        """The new student has a row for each assignment; students may not enrol.

        Canvas: Enrollments.
        """
        path = "/api/v1/courses/4101/enrollments"
        form = {"enrollment[user_id]": "3", "enrollment[enrollment_state]": "active"}
        assert emulator.call(path, method="POST", data=form).status_code == 403
        answer = emulator.call(path, "teacher", method="POST", data=form)
        assert (answer.status_code, answer.json["enrollment_state"]) == (200, "active")
        assert 4101 in {row["id"] for row in get(emulator, "courses", "newcomer")}
        rows = get(emulator, "courses/4101/students/submissions", "newcomer")
        assert {row["workflow_state"] for row in rows} == {"unsubmitted"}
        invited = form | {"enrollment[enrollment_state]": "", "enrollment[type]": "TaEnrollment"}
        answer = emulator.call(path, "teacher", method="POST", data=invited)
        assert (answer.json["enrollment_state"], answer.json["role_id"]) == ("invited", 5)
        foreign = form | {"enrollment[course_section_id]": "1"}
        assert emulator.call(path, "teacher", method="POST", data=foreign).status_code == 404

    def test_invitation(self, emulator: Emulator) -> None:
        rows = get(emulator, "users/self/enrollments", **{"state[]": "invited"})
        path = f"/api/v1/courses/4112/enrollments/{rows[0]['id']}"
        assert emulator.call(f"{path}/accept", method="POST").json == {"success": True}
        assert emulator.call(f"{path}/reject", method="POST").status_code == 400
        emulator.control(reset=True)
        assert emulator.call(f"{path}/reject", method="POST").json == {"success": True}
        assert len(get(emulator, "courses")) == 10


class TestLoadLists:
    def test_numbered(self, emulator: Emulator) -> None:
        """Admins only; as many rows as asked for, derived from their ids."""
        emulator.control(campus={"bulk_rows": 250})
        assert status(emulator, "accounts/1/users") == 403
        assert status(emulator, "accounts/7/users", "admin") == 404
        pages = [get(emulator, "accounts/1/users", "admin", page=page) for page in (1, 2, 3, 4)]
        assert [len(page) for page in pages] == [100, 100, 50, 0]

    def test_bookmarked(self, emulator: Emulator) -> None:
        emulator.control(campus={"bulk_rows": 150})
        assert status(emulator, "courses/900/enrollments") == 403
        answer = emulator.call("/api/v1/courses/900/enrollments?per_page=100", "admin")
        assert 'rel="next"' in answer.headers["Link"]
        assert 300 <= len(answer.data) / 100 <= 700 or answer.headers.get("Content-Encoding")
