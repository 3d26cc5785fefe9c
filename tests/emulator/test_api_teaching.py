"""What teachers' pages ask for: rosters, sections, groups, everybody's work, anonymous work."""

from typing import Any

import pytest

from tests.emulator.harness import Emulator

ALL = {"student_ids[]": "all"}


def get(emulator: Emulator, path: str, who: str = "teacher", **query: Any) -> Any:
    answer = emulator.call(f"/api/v1/{path}", who, query_string={"per_page": 100, **query})
    assert answer.status_code == 200, answer.text
    return answer.json


def status(emulator: Emulator, path: str, who: str) -> int:
    return int(emulator.call(f"/api/v1/{path}", who).status_code)


def rows_of(emulator: Emulator, work_id: int, who: str = "teacher", **query: Any) -> Any:
    asked = ALL | {"assignment_ids[]": work_id} | query
    return get(emulator, "courses/4101/students/submissions", who, **asked)


def worksheet(emulator: Emulator) -> Any:
    works = emulator.campus().work_of(4101)
    return next(row for row in works if row.name == "Cell structure worksheet")


class TestEverybodysWork:
    def test_all_holds_the_test_student(self, emulator: Emulator) -> None:
        """course.rb, all_student_enrollments: students and test students that are not deleted."""
        work = worksheet(emulator)
        everybody = {row["user_id"] for row in rows_of(emulator, work.id)}
        assert len(everybody) == 65
        assert 3999 in everybody
        limited = {row["user_id"] for row in rows_of(emulator, work.id, "ta")}
        assert limited < everybody
        assert 3999 in limited  # in every section

    def test_all_holds_who_left(self, emulator: Emulator) -> None:
        """Ended and deactivated students are among them; deleted ones are not."""
        campus = emulator.campus()
        states = {1001: "completed", 1002: "inactive", 1003: "deleted"}
        for row in campus.enrollments_in(4101):
            row.state = states.get(row.user_id, row.state)
        found = {row["user_id"] for row in rows_of(emulator, worksheet(emulator).id)}
        assert [id_ in found for id_ in states] == [True, True, False]

    def test_since(self, emulator: Emulator) -> None:
        """What was handed in or graded after a moment; excuses and cleared grades are neither."""
        work = worksheet(emulator)
        now = emulator.state.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        assert rows_of(emulator, work.id, graded_since=now) == []
        emulator.control(clock={"advance": 60})
        path = f"/api/v1/courses/4101/assignments/{work.id}/submissions/1"
        emulator.call(path, "teacher", method="PUT", data={"submission[posted_grade]": "7"})
        [row] = rows_of(emulator, work.id, graded_since=now)
        assert (row["user_id"], row["score"]) == (1, 7)
        emulator.call(path, "teacher", method="PUT", data={"submission[posted_grade]": ""})
        assert rows_of(emulator, work.id, graded_since=now) == []

    def test_narrowed(self, emulator: Emulator) -> None:
        """exclude_response_fields takes columns and the further fields it names."""
        lean = {"exclude_response_fields[]": ["preview_url", "attachments", "body", "url"]}
        [row, *_] = rows_of(emulator, worksheet(emulator).id, **lean)
        assert not {"preview_url", "attachments", "body", "url"} & set(row)
        assert {"id", "score", "late", "missing"} <= set(row)


class TestAnonymousWork:
    def test_nobody_is_named(self, emulator: Emulator) -> None:
        """lib/api/v1/submission.rb: no user, no preview; the ids of user and score stay."""
        work = worksheet(emulator)
        work.anonymous_grading = work.post_manually = True
        emulator.campus().submissions_of(work)[1].posted_at = None
        include = {"include[]": ["user", "user_summary", "html_url"]}
        found = rows_of(emulator, work.id, **include)
        assert all("user" not in row and "preview_url" not in row for row in found)
        assert all("speed_grader" in row["html_url"] for row in found)
        assert all(row["user_id"] for row in found)
        [shown] = [row for row in get(emulator, "courses/4101/assignments") if row["id"] == work.id]
        assert (shown["anonymous_grading"], shown["anonymize_students"]) == (True, True)

    def test_until_all_are_posted(self, emulator: Emulator) -> None:
        """Until all is posted or published (abstract_assignment.rb, anonymize_students?)."""
        campus, work = emulator.campus(), worksheet(emulator)
        for row in campus.submissions_of(work).values():
            row.posted_at = emulator.state.clock.now()
        work.anonymous_grading = True
        assert not campus.anonymizes(work)
        work.moderated_grading = True
        assert campus.anonymizes(work)
        work.grades_published = True
        assert not campus.anonymizes(work)


class TestRosters:
    def test_users_with_enrollments(self, emulator: Emulator) -> None:
        """courses_controller.rb, users: active and pending ones, or those of the states asked."""
        campus = emulator.campus()
        mine = [row for row in campus.enrollments_in(4106) if row.user_id == 1]
        mine[1].state = "completed"
        query = {"user_ids[]": 1, "include[]": "enrollments"}
        [row] = get(emulator, "courses/4106/users", "admin", **query)
        assert [each["id"] for each in row["enrollments"]] == [mine[0].id]
        query["enrollment_state[]"] = "completed"
        [row] = get(emulator, "courses/4106/users", "admin", **query)
        assert [each["id"] for each in row["enrollments"]] == [mine[1].id]

    @pytest.mark.parametrize(
        ("who", "reads", "told"),
        [("teacher", True, True), ("teacher", False, False), ("admin", False, True)],
    )
    def test_logins_need_a_right(
        self, emulator: Emulator, who: str, reads: bool, told: bool
    ) -> None:
        """lib/api/v1/user.rb; whether teachers have the right by default is unverified."""
        emulator.control(settings={"staff_read_sis": reads})
        query = {"user_id": 1, "type[]": "StudentEnrollment"}
        [row] = get(emulator, "courses/4101/enrollments", who, **query)
        assert ("login_id" in row["user"], "sis_user_id" in row["user"]) == (told, told)

    def test_sections(self, emulator: Emulator) -> None:
        """sections_controller.rb: by name, all of them also for whoever is limited to one."""
        names = ["Afternoon", "Evening", "Morning", "Noon"]
        asked = {"include[]": "total_students"}
        rows = get(emulator, "courses/4301/sections", "bigteacher", **asked)
        assert [row["name"] for row in rows] == names
        assert [row["total_students"] for row in rows] == [160] * 4
        assert len(get(emulator, "courses/4101/sections", "ta")) == 2
        campus = emulator.campus()
        [row, *_] = [row for row in campus.enrollments_in(4301) if row.user_id == 2001]
        row.state = "invited"
        rows = get(emulator, "courses/4301/sections", "bigteacher", **asked)
        assert [row["total_students"] for row in rows] == [160] * 4
        row.state = "completed"
        rows = get(emulator, "courses/4301/sections", "bigteacher", **asked)
        assert sorted(row["total_students"] for row in rows) == [159, 160, 160, 160]

    def test_groups(self, emulator: Emulator) -> None:
        """lib/api/v1/group.rb: members on request, of one's own sections when so limited."""
        rows = get(emulator, "courses/4101/groups", **{"include[]": "users"})
        assert [row["name"] for row in rows] == ["Bench 1", "Bench 2", "Bench 3"]
        assert [row["members_count"] for row in rows] == [3, 3, 3]
        assert {row["id"] for row in rows[0]["users"]} == {1, 1001, 1002}
        assert "users" not in get(emulator, "courses/4101/groups")[0]
        limited = get(emulator, "courses/4101/groups", "ta", **{"include[]": "users"})
        assert [row["members_count"] for row in limited] == [0, 0, 3]
        assert get(emulator, "courses/4101/groups", "dozen")
        assert status(emulator, "courses/4101/groups", "many") == 403
        found = get(emulator, f"groups/{rows[2]['id']}/users")
        assert [row["id"] for row in found] == [row["id"] for row in limited[2]["users"]]
        assert status(emulator, "groups/1/users", "teacher") == 404

    def test_group_categories(self, emulator: Emulator) -> None:
        """lib/api/v1/group_category.rb; who may list them is unverified."""
        [row] = get(emulator, "courses/4101/group_categories")
        assert (row["name"], row["course_id"], row["is_member"]) == ("Bench", 4101, False)
        assert status(emulator, "courses/4101/group_categories", "dozen") == 403


def test_control_changes_work(emulator: Emulator) -> None:
    """Assignments and submissions can be set as in Canvas's own pages; unknown ones are refused."""
    work = worksheet(emulator)
    emulator.control(
        assignments={work.id: {"anonymous_grading": True, "post_manually": True}},
        submissions=[{"assignment_id": work.id, "user_id": 1, "grade_matches": False}],
    )
    assert work.anonymous_grading
    [row] = [row for row in rows_of(emulator, work.id) if row["user_id"] == 1]
    assert row["grade_matches_current_submission"] is False
    for body in (
        {"assignments": {1: {"published": False}}},
        {"submissions": [{"assignment_id": work.id, "user_id": 2}]},
        {"submissions": [{"assignment_id": 1, "user_id": 1}]},
    ):
        answer = emulator.browser().post("/_emulator/control", json=body)
        assert answer.status_code == 400, answer.text


class TestSectionsWithStudents:
    def test_everybody_in_one_answer(self, emulator: Emulator) -> None:
        """sections_controller.rb: sections are paged, their students are not."""
        campus = emulator.campus()
        campus.enrollments_in(4101)[5].state = "inactive"
        asked = {"include[]": ["students", "enrollments"], "per_page": 100}
        sections = emulator.call(
            "/api/v1/courses/4101/sections", "teacher", query_string=asked
        ).json
        listed = {"type[]": "StudentEnrollment", "state[]": ["active", "inactive"], "per_page": 100}
        found = emulator.call(
            "/api/v1/courses/4101/enrollments", "teacher", query_string=listed
        ).json
        rows = {
            row["id"]: row
            for section in sections
            for student in section["students"] or ()
            for row in student["enrollments"]
        }
        assert {row["id"] for row in found} == set(rows)
        assert all(rows[row["id"]]["grades"] == row["grades"] for row in found)
        assert not any("user" in row for row in rows.values())

    def test_who_grades_not_gets_no_students(self, emulator: Emulator) -> None:
        """The include is dropped without read_roster, view_all_grades and manage_grades; that
        students lack the first here is the campus's choice."""
        asked = {"include[]": ["students", "enrollments"]}
        sections = emulator.call("/api/v1/courses/4101/sections", "dozen", query_string=asked).json
        assert sections
        assert not any("students" in section for section in sections)
