"""The root account and its courses, as accounts_controller.rb has them."""

from typing import Any

import pytest

from tests.emulator.harness import Emulator

COURSES = "/api/v1/accounts/self/courses"


def ids(emulator: Emulator, **query: Any) -> list[int]:
    answer = emulator.call(COURSES, "admin", query_string={"per_page": 100} | query)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json]


class TestAccounts:
    def test_only_administrators_see_one(self, emulator: Emulator) -> None:
        """Students and teachers get an empty list (Canvas: Accounts, List accounts)."""
        for person in ("dozen", "teacher", "newcomer"):
            answer = emulator.call("/api/v1/accounts", person)
            assert (answer.status_code, answer.json) == (200, [])
        [account] = emulator.call("/api/v1/accounts", "admin").json
        assert account["id"] == 1
        assert account["parent_account_id"] is None
        assert account["root_account_id"] is None
        assert account["default_storage_quota_mb"] == 500
        assert "sis_account_id" not in account

    def test_includes(self, emulator: Emulator) -> None:
        """Under either name, as it was once called ``includes``."""
        for name in ("include[]", "includes[]"):
            [account] = emulator.call(
                "/api/v1/accounts", "admin", query_string={name: "lti_guid"}
            ).json
            assert account["lti_guid"]

    @pytest.mark.parametrize("name", ["1", "self", "default", "10000000000001"])
    def test_by_id(self, emulator: Emulator, name: str) -> None:
        """Teachers may read it, without what is for who manages it; students may not."""
        path = f"/api/v1/accounts/{name}"
        assert emulator.call(path, "admin").json["default_user_storage_quota_mb"] == 50
        assert set(emulator.call(path, "teacher").json) == {
            "id",
            "name",
            "workflow_state",
            "parent_account_id",
            "root_account_id",
            "uuid",
            "default_time_zone",
        }
        assert emulator.call(path, "dozen").status_code == 403

    @pytest.mark.parametrize("name", ["7", "sis_account_id:x", "nonsense"])
    def test_no_such_account(self, emulator: Emulator, name: str) -> None:
        for path in (f"/api/v1/accounts/{name}", f"/api/v1/accounts/{name}/courses"):
            assert emulator.call(path, "admin").status_code == 404


class TestSisIds:
    """What an administrator sees as an object's SIS id finds that object (Canvas: SIS IDs)."""

    @pytest.mark.parametrize("who", ["dozen", "teacher", "hostile"])
    def test_of_people(self, emulator: Emulator, who: str) -> None:
        person = emulator.person(who)
        seen = emulator.call(f"/api/v1/users/{person.id}", "admin").json["sis_user_id"]
        profile = emulator.call(f"/api/v1/users/sis_user_id:{seen}/profile", "admin").json
        acting = emulator.call(
            "/api/v1/users/self", "admin", query_string={"as_user_id": f"sis_user_id:{seen}"}
        )
        assert seen
        assert (profile["id"], profile["sis_user_id"]) == (person.id, seen)
        assert acting.json["id"] == person.id
        assert emulator.call("/api/v1/users/self/profile", who).json["sis_user_id"] is None

    def test_of_enrollments(self, emulator: Emulator) -> None:
        rows = emulator.call("/api/v1/courses/4101/enrollments", "admin").json
        assert rows
        for row in rows:
            found = emulator.call(f"/api/v1/users/sis_user_id:{row['sis_user_id']}", "admin").json
            assert found["id"] == row["user_id"]

    def test_of_courses(self, emulator: Emulator) -> None:
        """None is given twice."""
        rows = emulator.call(COURSES, "admin", query_string={"per_page": 100}).json
        codes = [row["sis_course_id"] for row in rows]
        assert len(set(codes)) == len(codes)
        for row in rows[:5]:
            path = f"/api/v1/courses/sis_course_id:{row['sis_course_id']}"
            assert emulator.call(path, "admin").json["id"] == row["id"]

    @pytest.mark.parametrize("name", ["sis_user_id:", "sis_user_id:S0", "sis_user_id:None"])
    def test_of_nobody(self, emulator: Emulator, name: str) -> None:
        assert emulator.call(f"/api/v1/users/{name}", "admin").status_code == 404


class TestCoursesOfAccount:
    def test_only_administrators_see_them(self, emulator: Emulator) -> None:
        for person in ("dozen", "teacher"):
            assert emulator.call(COURSES, person).status_code == 403

    def test_all_but_deleted_ones_by_id(self, emulator: Emulator) -> None:
        campus = emulator.campus()
        campus.courses[4101].workflow_state = "deleted"
        found = []
        page: int | None = 1
        while page:
            part = ids(emulator, page=page)
            found += part
            page = page + 1 if len(part) == 100 else None
        assert found == sorted(set(campus.courses) - {4101})
        assert 4101 in ids(emulator, search_term="4101", **{"state[]": "all"})

    def test_enrolments_are_not_loaded(self, emulator: Emulator) -> None:
        """Asked for or not; other includes are answered (courses_api)."""
        query = {"search_term": "4101", "include[]": ["sections", "total_scores", "term"]}
        [course] = emulator.call(COURSES, "admin", query_string=query).json
        assert "enrollments" not in course
        assert "sections" not in course
        assert course["term"]["name"]
        assert course["sis_course_id"] == course["course_code"]

    def test_list_is_not_counted(self, emulator: Emulator) -> None:
        """``total_entries: nil``: a full page promises another, and none but the last says last."""
        first = emulator.call(COURSES, "admin", query_string={"per_page": 3})
        assert 'rel="next"' in first.headers["Link"]
        assert 'rel="last"' not in first.headers["Link"]
        one = {"search_term": "4101", "per_page": 1}
        full = emulator.call(COURSES, "admin", query_string=one)
        assert 'page=2&per_page=1>; rel="next"' in full.headers["Link"]
        beyond = emulator.call(COURSES, "admin", query_string=one | {"page": 2})
        assert beyond.json == []
        assert 'rel="next"' not in beyond.headers["Link"]

    @pytest.mark.parametrize("query", ["search_term[]=a", "search_term[]=a&search_term[]=b"])
    def test_search_for_no_text(self, emulator: Emulator, query: str) -> None:
        answer = emulator.call(f"{COURSES}?{query}", "admin")
        assert answer.status_code == 400
        assert answer.json["errors"][0]["field"] == "search_term"

    def test_search_by_name_code_and_id(self, emulator: Emulator) -> None:
        course = emulator.campus().courses[4101]
        for term in (course.name.upper()[1:], course.code.lower(), "4101"):
            assert 4101 in ids(emulator, search_term=term)
        assert ids(emulator, search_term="no course is called so") == []

    def test_search_by_teacher(self, emulator: Emulator) -> None:
        teacher = emulator.person("teacher")
        by_name = ids(emulator, search_term=teacher.name, search_by="teacher")
        by_id = ids(emulator, **{"by_teachers[]": teacher.id})
        assert by_name
        assert set(by_name) <= set(by_id)

    def test_filters(self, emulator: Emulator) -> None:
        campus = emulator.campus()
        course = campus.courses[4101]
        in_term = ids(emulator, enrollment_term_id=course.term.id)
        assert in_term
        assert ids(emulator, enrollment_term_id=course.term.id, search_term="4101") == [4101]
        assert {campus.courses[id].term.id for id in in_term} == {course.term.id}
        course.workflow_state = "unpublished"
        assert 4101 not in ids(emulator, published="1", search_term="4101")
        assert 4101 in ids(emulator, published="0", search_term="4101")
        assert 4101 in ids(emulator, search_term="4101", **{"state[]": "claimed"})
        assert 4101 not in ids(emulator, search_term="4101", **{"state[]": "available"})
        assert 4101 in ids(emulator, with_enrollments="1", search_term="4101")
        assert 4101 not in ids(emulator, with_enrollments="0", search_term="4101")
        assert 4101 in ids(emulator, search_term="4101", **{"enrollment_type[]": "student"})
        assert (
            len(ids(emulator, completed="1", search_term="4101"))
            + len(ids(emulator, completed="0", search_term="4101"))
            == 1
        )

    @pytest.mark.parametrize("sort", ["course_name", "sis_course_id", "teacher", "term"])
    def test_order(self, emulator: Emulator, sort: str) -> None:
        up = ids(emulator, sort=sort, search_term="st")
        down = ids(emulator, sort=sort, order="desc", search_term="st")
        assert len(up) > 2
        assert down == up[::-1]
