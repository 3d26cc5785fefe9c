"""What an observer gets: their children's data, and nothing of anybody else's."""

from typing import Any

import pytest

from canvas_emulator.campus.family import CHILDREN, FATHER, MOTHER, NADIA, SALMA, YUSUF
from tests.emulator.harness import Emulator
from tests.emulator.test_api_courses import get, status

SHARED = 8101


def refused(emulator: Emulator, path: str, who: str, **query: Any) -> int:
    return status(emulator, path, who, query_string=query)


def courses_of(emulator: Emulator, who: str, child: int) -> list[int]:
    """The ids of the courses in which somebody observes a child."""
    rows = get(emulator, "courses", who, observed_user_id=child)
    return [row["id"] for row in rows]


class TestObservees:
    def test_linked_students_by_name(self, emulator: Emulator) -> None:
        """Linked students only, by sortable name (user_observees_controller.rb)."""
        rows = get(emulator, "users/self/observees", "mother")
        assert [row["name"] for row in rows] == ["Nadia Haddad", "Salma Haddad", "Yusuf Haddad"]
        assert all(row["observation_link_root_account_ids"] == [1] for row in rows)
        assert {row["id"] for row in get(emulator, "users/self/observees", "father")} == {
            NADIA,
            YUSUF,
        }

    @pytest.mark.parametrize("who", ["observer", "unpaired", "guardian", "dozen", "nadia"])
    def test_without_a_link_nobody(self, emulator: Emulator, who: str) -> None:
        """Observing in single courses is no link."""
        assert get(emulator, "users/self/observees", who) == []

    def test_in_pages(self, emulator: Emulator) -> None:
        answer = emulator.call("/api/v1/users/self/observees?per_page=2", "mother")
        assert len(answer.json) == 2
        assert 'rel="next"' in answer.headers["Link"]

    def test_of_others_is_refused(self, emulator: Emulator) -> None:
        assert refused(emulator, f"users/{MOTHER}/observees", "father") == 403
        assert len(get(emulator, f"users/{MOTHER}/observees", "admin")) == 3

    def test_an_ended_link_ends_everything(self, emulator: Emulator) -> None:
        """The observer's enrollments for that student end with it (unverified)."""
        watched = courses_of(emulator, "mother", SALMA)
        assert len(watched) == 9
        emulator.control(links_ended={str(MOTHER): [SALMA]})
        assert SALMA not in {row["id"] for row in get(emulator, "users/self/observees", "mother")}
        assert courses_of(emulator, "mother", SALMA) == []
        asked = {"observed_user_id": SALMA, "context_codes[]": f"course_{SHARED}"}
        assert refused(emulator, "planner/items", "mother", **asked) == 403
        path = f"courses/{watched[1]}/students/submissions"
        assert refused(emulator, path, "mother", **{"student_ids[]": SALMA}) == 403


class TestChildren:
    @pytest.mark.parametrize("child", CHILDREN)
    def test_totals_are_the_childs_own(self, emulator: Emulator, child: int) -> None:
        """Each child's totals in a parent's list, as in the child's; hidden ones are absent."""
        key = next(p.key for p in emulator.state.campus.people.values() if p.id == child)
        asked = {"include[]": ["total_scores", "observed_users"]}
        seen = {
            (course["id"], row["user_id"]): row.get("computed_current_score", "absent")
            for course in get(emulator, "courses", "mother", **asked)
            for row in course["enrollments"]
            if row["type"] == "student"
        }
        own = {
            (course["id"], child): course["enrollments"][0].get("computed_current_score", "absent")
            for course in get(emulator, "courses", key, **{"include[]": "total_scores"})
        }
        assert {pair: seen[pair] for pair in own} == own
        assert len(own) == 9
        assert ("absent" in own.values()) is (child == YUSUF)

    @pytest.mark.parametrize("child", CHILDREN)
    def test_work_is_the_childs_own(self, emulator: Emulator, child: int) -> None:
        """Planner and missing list of the child, with their own due dates."""
        key = next(p.key for p in emulator.state.campus.people.values() if p.id == child)
        ids = courses_of(emulator, "mother", child)
        codes = [f"course_{id_}" for id_ in ids]
        asked = {"observed_user_id": child, "context_codes[]": codes}
        seen = get(emulator, "planner/items", "mother", **asked)
        assert seen == get(emulator, "planner/items", key)
        asked = {"observed_user_id": child, "course_ids[]": ids}
        seen = get(emulator, "users/self/missing_submissions", "mother", **asked)
        own = get(emulator, "users/self/missing_submissions", key)
        assert [(row["id"], row["due_at"]) for row in seen] == [
            (row["id"], row["due_at"]) for row in own
        ]
        assert len(own) == {NADIA: 1, YUSUF: 3, SALMA: 1}[child]

    def test_submissions_of_chosen_children(self, emulator: Emulator) -> None:
        """Those named; all observed with ``all``; one who is not observed refuses the request."""
        path = f"courses/{SHARED}/students/submissions"
        for asked, found in (([NADIA], {NADIA}), ([NADIA, YUSUF], {NADIA, YUSUF})):
            rows = get(emulator, path, "father", **{"student_ids[]": asked})
            assert {row["user_id"] for row in rows} == found
        rows = get(emulator, path, "father", **{"student_ids[]": "all"})
        assert {row["user_id"] for row in rows} == {NADIA, YUSUF}
        assert refused(emulator, path, "father", **{"student_ids[]": [NADIA, SALMA]}) == 403
        assert get(emulator, path, "father") == []

    def test_a_grade_stays_hidden_until_posted(self, emulator: Emulator) -> None:
        """Keys of the grade are absent for observers until posted_at is set (submission.rb)."""
        rows = [
            row
            for course in courses_of(emulator, "mother", SALMA)
            for row in get(
                emulator,
                f"courses/{course}/students/submissions",
                "mother",
                **{"student_ids[]": SALMA},
            )
        ]
        assert any(row["workflow_state"] == "graded" and not row["posted_at"] for row in rows)
        assert all(("score" in row) is bool(row["posted_at"]) for row in rows)

    def test_assignments_hold_each_childs_submission(self, emulator: Emulator) -> None:
        """With observed_users a list of submissions (lib/api/v1/assignment.rb)."""
        asked = {"include[]": ["submission", "observed_users"]}
        for who, children in (("mother", set(CHILDREN)), ("father", {NADIA, YUSUF})):
            works = get(emulator, f"courses/{SHARED}/assignments", who, **asked)
            column = next(row for row in works if row["name"] == "Column")
            assert {row["user_id"] for row in column["submission"]} == children
            test = next(row for row in works if row["name"] == "Editor's test")
            assert [row["user_id"] for row in test["submission"]] == [NADIA]

    def test_grades_of_a_linked_parent(self, emulator: Emulator) -> None:
        """Even where the course hides its totals (user.rb, UserObservationLink)."""
        hidden = next(
            row["id"] for row in get(emulator, "courses", "yusuf") if row["name"] == "Civics"
        )
        (row,) = get(
            emulator, f"courses/{hidden}/enrollments", "mother", **{"type[]": "StudentEnrollment"}
        )
        assert row["user_id"] == YUSUF
        assert row["grades"]["current_score"] is not None
        (row,) = get(emulator, f"courses/{hidden}/enrollments", "yusuf", user_id="self")
        assert "current_score" not in row["grades"]

    def test_observer_enrollments_name_the_child(self, emulator: Emulator) -> None:
        asked = {"type[]": "ObserverEnrollment", "include[]": "observed_users"}
        rows = get(emulator, "users/self/enrollments", "father", **asked)
        named = {row["associated_user_id"]: row["observed_user"]["name"] for row in rows}
        assert named == {NADIA: "Nadia Haddad", YUSUF: "Yusuf Haddad"}
        (row,) = get(emulator, "users/self/enrollments", "unpaired", **asked)
        assert row["associated_user_id"] is None
        assert "observed_user" not in row


class TestAfterTheEnd:
    def test_linked_parents_keep_their_own_reading(self, emulator: Emulator) -> None:
        """``read_grades`` of a course that is over: linked parents, not others (course.rb)."""
        over = next(
            row["id"]
            for row in get(emulator, "courses", "nadia", enrollment_state="completed")
            if row["name"] == "Summer Physics"
        )
        path = f"courses/{over}/students/submissions"
        assert get(emulator, path, "mother") == []
        emulator.campus().observees[MOTHER].clear()
        assert refused(emulator, path, "mother") == 403


def test_father_studies_too(emulator: Emulator) -> None:
    rows = get(emulator, "courses", "father")
    kinds = {row["name"]: {e["type"] for e in row["enrollments"]} for row in rows}
    assert kinds.pop("Evening Accounting") == {"student"}
    assert set(map(frozenset, kinds.values())) == {frozenset({"observer"})}
    assert FATHER not in emulator.state.campus.observees[MOTHER]
