"""Assignments, groups and submissions, as the facts have them."""

from typing import Any

import pytest

from tests.emulator.harness import Emulator

GRADE_KEYS = {"score", "grade", "entered_score", "entered_grade"}
ALL = "all"


def get(emulator: Emulator, path: str, who: str = "dozen", **query: Any) -> Any:
    answer = emulator.call(f"/api/v1/{path}", who, query_string={"per_page": 100, **query})
    assert answer.status_code == 200, answer.text
    return answer.json


def refused(emulator: Emulator, path: str, who: str = "dozen", **query: Any) -> tuple[int, Any]:
    answer = emulator.call(f"/api/v1/{path}", who, query_string=query)
    return answer.status_code, answer.json


def works(emulator: Emulator, who: str = "dozen", **query: Any) -> dict[str, Any]:
    rows = get(emulator, "courses/4101/assignments", who, **query)
    return {row["name"]: row for row in rows}


def submission(emulator: Emulator, name: str, who: str = "dozen", **query: Any) -> Any:
    number = works(emulator, "teacher")[name]["id"]
    student = "self" if who == "dozen" else "1"
    path = f"courses/4101/assignments/{number}/submissions/{student}"
    return get(emulator, path, who, **query)


class TestAssignments:
    def test_visibility(self, emulator: Emulator) -> None:
        """Students see no unpublished nor unassigned work; by id 403 (Canvas: Assignments)."""
        mine, theirs = works(emulator), works(emulator, "teacher")
        hidden = set(theirs) - set(mine)
        assert hidden == {"Surprise question", "Make-up laboratory"}
        for name in hidden:
            number = theirs[name]["id"]
            assert refused(emulator, f"courses/4101/assignments/{number}")[0] == 403
        assert refused(emulator, "courses/4101/assignments/1")[0] == 404
        assert refused(emulator, "courses/4301/assignments")[0] == 403

    def test_due_date_of_the_viewer(self, emulator: Emulator) -> None:
        """Two callers get different due dates; staff the base date (Canvas: Assignments)."""
        name = "Heredity problem set"
        mine = works(emulator, **{"include[]": "all_dates"})[name]
        taught = works(emulator, "teacher", **{"include[]": ["all_dates", "overrides"]})[name]
        watched = works(emulator, "observer")[name]
        assert mine["due_at"] == watched["due_at"] > taught["due_at"]
        assert taught["has_overrides"] is True
        assert taught["overrides"][0]["due_at"] == mine["due_at"]
        assert [row["due_at"] for row in mine["all_dates"]] == [mine["due_at"]]
        assert len(taught["all_dates"]) == 2
        assert submission(emulator, name, "teacher")["cached_due_date"] == mine["due_at"]

    def test_staff_only(self, emulator: Emulator) -> None:
        """needs_grading_count is for staff, by section for the limited (Canvas: Assignments).

        A section in which nothing waits is absent (needs_grading_count_query.rb).
        """
        query = {"needs_grading_count_by_section": "true", "include[]": "assignment_visibility"}
        name = "Essay: why we age"
        assert "needs_grading_count" not in works(emulator)[name]
        first, second = emulator.state.campus.courses[4101].section_ids
        counts = set()
        for taught in works(emulator, "teacher", **query).values():
            limited = works(emulator, "ta", **query)[taught["name"]]
            by_section = {
                row["section_id"]: row["needs_grading_count"]
                for row in taught["needs_grading_count_by_section"]
            }
            assert 0 not in by_section.values()
            assert sum(by_section.values()) == taught["needs_grading_count"]
            assert limited["needs_grading_count"] == by_section.get(second, 0)
            counts.add((first in by_section, second in by_section))
        assert {(True, True), (False, False)} <= counts
        taught = works(emulator, "teacher", **query)[name]
        assert "1" in taught["assignment_visibility"]

    def test_who_waits_for_a_grade(self, emulator: Emulator) -> None:
        """The test student counts, once though in every section, and work with a custom status.

        Excused and never handed in work does not (needs_grading_count_query.rb).
        """
        emulator.state.campus_touched = True  # rows are changed in place
        name = "Photosynthesis worksheet"
        campus = emulator.state.campus
        work = next(row for row in campus.work_of(4101) if row.name == name)
        rows = campus.submissions_of(work)

        def waiting() -> int:
            return int(works(emulator, "teacher")[name]["needs_grading_count"])

        before, mine, test = waiting(), rows[1], rows[3999]
        mine.custom_grade_status_id = 1
        assert waiting() == before
        test.submission_type, test.workflow_state, test.submitted_at = (
            *("online_text_entry", "submitted"),
            mine.submitted_at,
        )
        assert waiting() == before + 1
        asked = {"include[]": "needs_grading_count"}
        whole = get(emulator, "courses/4101", "teacher", **asked)["needs_grading_count"]
        work.published = False
        assert get(emulator, "courses/4101", "teacher", **asked)["needs_grading_count"] == whole
        work.published = True
        summary = f"courses/4101/assignments/{work.id}/submission_summary"
        assert get(emulator, summary, "teacher")["ungraded"] == before
        mine.excused = True
        assert waiting() == before

    def test_locked(self, emulator: Emulator) -> None:
        """The description of work not yet open is null; lock_info says when.

        Canvas: Assignments.
        """
        rows = works(emulator)
        early, closed = rows["Evolution laboratory"], rows["Reading response 4"]
        assert early["locked_for_user"]
        assert early["description"] is None
        assert early["lock_info"]["unlock_at"] == early["unlock_at"]
        assert closed["locked_for_user"]
        assert closed["description"]
        assert not works(emulator, "teacher")["Evolution laboratory"]["locked_for_user"]

    def test_score_statistics(self, emulator: Emulator) -> None:
        """From five grades on and only when the own grade is visible (Canvas: Assignments)."""
        rows = works(emulator, **{"include[]": ["submission", "score_statistics"]})
        found = rows["Cell structure worksheet"]["score_statistics"]
        assert found["min"] <= found["lower_q"] <= found["median"] <= found["upper_q"]
        assert "score_statistics" not in rows["Mid-term exam essay"]
        small = get(
            emulator,
            "courses/5001/assignments",
            "many",
            **{"include[]": ["submission", "score_statistics"]},
        )
        assert not any("score_statistics" in row for row in small)

    @pytest.mark.parametrize(
        ("bucket", "name", "there"),
        [
            ("past", "Essay: why we age", True),
            ("overdue", "Field notes, week 9", True),
            ("overdue", "Essay: why we age", False),
            ("undated", "Portfolio of the term", True),
            ("unsubmitted", "Heredity problem set", True),
            ("upcoming", "Heredity problem set", True),
            ("future", "Portfolio of the term", True),
            ("ungraded", "Photosynthesis worksheet", True),
        ],
    )
    def test_bucket(self, emulator: Emulator, bucket: str, name: str, there: bool) -> None:
        """Echoed back on each item (Canvas: Assignments)."""
        rows = works(emulator, bucket=bucket)
        assert (name in rows) is there
        assert {row["bucket"] for row in rows.values()} == {bucket}

    def test_bad_bucket(self, emulator: Emulator) -> None:
        code, body = refused(emulator, "courses/4101/assignments", bucket="x")
        assert code == 400
        assert "bucket" in body["errors"]

    def test_chosen_ids(self, emulator: Emulator) -> None:
        """At most 100, and all of them on the page (Canvas: Assignments)."""
        ids = [row["id"] for row in works(emulator).values()][:3]
        path = "courses/4101/assignments"
        assert len(get(emulator, path, **{"assignment_ids[]": ids})) == 3
        short = refused(emulator, path, **{"assignment_ids[]": ids, "per_page": 2})
        assert short[0] == 400
        assert short[1]["message"].startswith("Invalid assignment_ids: ")
        many = refused(emulator, path, **{"assignment_ids[]": list(range(101))})
        assert many[1]["message"] == "Request contains too many assignment_ids.  Limit 100"

    def test_order_and_search(self, emulator: Emulator) -> None:
        names = list(works(emulator, order_by="name"))
        assert names == sorted(names, key=str.casefold)
        dates = [row["due_at"] for row in works(emulator, order_by="due_at").values()]
        assert dates[-2:] == [None, None], "a discussion's checkpoints have its dates"
        assert dates[:-2] == sorted(dates[:-2])
        assert set(works(emulator, search_term="essay")) == {
            "Essay: why we age",
            "Mid-term exam essay",
        }

    def test_one(self, emulator: Emulator) -> None:
        """can_submit implies the submission (Canvas: Assignments)."""
        number = works(emulator)["Heredity problem set"]["id"]
        path = f"courses/4101/assignments/{number}"
        body = get(
            emulator,
            path,
            **{"include[]": "can_submit", "exclude_response_fields[]": "description"},
        )
        assert body["can_submit"] is True
        assert body["submission"]["workflow_state"] == "unsubmitted"
        assert "description" not in body
        observed = get(
            emulator, path, "observer", **{"include[]": ["submission", "observed_users"]}
        )
        assert [row["user_id"] for row in observed["submission"]] == [1]

    def test_can_submit_is_not_told_of_quizzes(self, emulator: Emulator) -> None:
        """Nor to observers, whose submission is a list (lib/api/v1/assignment.rb)."""
        include = {"include[]": ["can_submit", "observed_users"]}
        quiz = next(row for row in works(emulator).values() if row["is_quiz_assignment"])
        essay = works(emulator)["Heredity problem set"]
        assert "can_submit" not in get(
            emulator, f"courses/4101/assignments/{quiz['id']}", **include
        )
        path = f"courses/4101/assignments/{essay['id']}"
        assert get(emulator, path, **include)["can_submit"] is True
        assert "can_submit" not in get(emulator, path, "observer", **include)

    def test_other_listings(self, emulator: Emulator) -> None:
        groups = get(emulator, "courses/4101/assignment_groups")
        path = f"courses/4101/assignment_groups/{groups[1]['id']}"
        rows = get(emulator, f"{path}/assignments")
        assert {row["assignment_group_id"] for row in rows} == {groups[1]["id"]}
        assert get(emulator, path)["name"] == "Laboratory"
        assert refused(emulator, "courses/4101/assignment_groups/1")[0] == 404
        assert refused(emulator, "courses/4101/assignment_groups/1/assignments")[0] == 404
        assert len(get(emulator, "users/self/courses/4101/assignments")) == len(works(emulator))

    def test_base_dates(self, emulator: Emulator) -> None:
        """``override_assignment_dates=false`` gives the base date, not the caller's.

        Canvas: Assignments.
        """
        name = "Heredity problem set"
        mine = works(emulator)[name]["due_at"]
        base = works(emulator, override_assignment_dates="false")[name]["due_at"]
        assert base == works(emulator, "teacher")[name]["due_at"] != mine

    def test_many_dates(self, emulator: Emulator) -> None:
        """From 25 overrides on there are no dates, only their number, the base date apart.

        lib/api/v1/assignment.rb.
        """
        number = works(emulator)["Heredity problem set"]["id"]
        work = emulator.state.campus.assignments[number]
        kept = dict(work.due_dates)
        work.due_dates.update({1000 + place: work.due_at for place in range(24)})
        asked = {"include[]": "all_dates"}
        body = get(emulator, f"courses/4101/assignments/{number}", "teacher", **asked)
        work.due_dates.clear()
        work.due_dates.update(kept)
        assert (body["all_dates"], body["all_dates_count"]) == ([], 25)

    def test_groups_of_some(self, emulator: Emulator) -> None:
        """Groups narrowed to some assignments, or without some kinds.

        Canvas: Assignment Groups.
        """
        number = works(emulator)["Heredity problem set"]["id"]
        path, asked = "courses/4101/assignment_groups", {"include[]": "assignments"}
        some = get(emulator, path, **asked, **{"assignment_ids[]": number})
        assert [row["id"] for group in some for row in group["assignments"]] == [number]
        without = {"exclude_assignment_submission_types[]": ["online_quiz", "discussion_topic"]}
        rest = get(emulator, path, **asked, **without)
        kinds = {
            kind
            for group in rest
            for row in group["assignments"]
            for kind in row["submission_types"]
        }
        assert kinds
        assert not kinds & {"online_quiz", "discussion_topic"}

    def test_links_are_absolute(self, emulator: Emulator) -> None:
        """Rich text's links are rewritten to absolute ones (lib/api.rb)."""
        rows = get(emulator, "courses/6001/assignments", "hostile")
        texts = [row["description"] for row in rows if row["description"]]
        assert all('<a href="http://localhost/courses/1">' in text for text in texts)
        course = get(emulator, "courses/6001", "hostile", **{"include[]": "syllabus_body"})
        assert 'href="http://localhost/courses/1"' in course["syllabus_body"]

    def test_groups(self, emulator: Emulator) -> None:
        """A whole gradebook in one listing (Canvas: Assignment Groups)."""
        query = {"include[]": ["assignments", "submission"]}
        rows = get(emulator, "courses/4101/assignment_groups", **query)
        assert [row["group_weight"] for row in rows] == [30, 30, 15, 25]
        listed = [work for row in rows for work in row["assignments"]]
        assert {work["name"] for work in listed} == set(works(emulator))
        assert all("submission" in work for work in listed)
        first = get(emulator, "courses/4101/assignment_groups", grading_period_id=901, **query)
        assert 0 < sum(len(row["assignments"]) for row in first) < len(listed)


class TestOneSubmission:
    def test_posted(self, emulator: Emulator) -> None:
        row = submission(
            emulator,
            "Essay: why we age",
            **{
                "include[]": [
                    *("submission_comments", "rubric_assessment", "assignment", "course"),
                    *("user", "submission_history", "full_rubric_assessment", "visibility"),
                    *("html_url", "read_status"),
                ]
            },
        )
        assert (row["score"], row["grade"], row["workflow_state"]) == (21, "21", "graded")
        assert row["submission_comments"][0]["author_name"] == "Helen Okonkwo"
        assert row["rubric_assessment"]["_8471"]["points"] == 10
        assert row["full_rubric_assessment"]["score"] == 21
        assert row["assignment"]["name"] == "Essay: why we age"
        assert row["user"]["id"] == 1
        assert row["course"]["id"] == 4101
        assert row["submission_history"][0]["score"] == 21

    def test_hidden(self, emulator: Emulator) -> None:
        """The keys of a hidden grade are absent for the student only; all else stays readable.

        submission.rb, 2026.
        """
        row = submission(emulator, "Mid-term exam essay", **{"include[]": "submission_comments"})
        assert row["workflow_state"] == "graded"
        assert row["posted_at"] is None
        assert not GRADE_KEYS & set(row)
        assert (row["grader_id"], row["points_deducted"]) == (5, 1.375)
        assert row["graded_at"]
        assert row["submission_comments"] == []
        taught = submission(emulator, "Mid-term exam essay", "teacher")
        assert (taught["score"], taught["entered_score"]) == (44, 45.375)

    @pytest.mark.parametrize(
        ("name", "manually", "keys"),
        [
            ("Photosynthesis worksheet", False, True),  # handed in, not graded
            ("Photosynthesis worksheet", True, False),
            ("Heredity problem set", False, True),  # nothing handed in
            ("Heredity problem set", True, False),
            ("Essay: why we age", True, True),  # posted
        ],
    )
    def test_hidden_before_grading(
        self, emulator: Emulator, name: str, manually: bool, keys: bool
    ) -> None:
        """Posted by hand: absent until it is posted, graded or not; else null before grading.

        For observers absent until posted (submission.rb, 2026).
        """
        work = next(row for row in emulator.state.campus.work_of(4101) if row.name == name)
        work.post_manually = manually
        row, watched = submission(emulator, name), submission(emulator, name, "observer")
        work.post_manually = False
        assert (set(row) >= GRADE_KEYS) is keys
        assert bool(GRADE_KEYS & set(row)) is keys
        assert bool(GRADE_KEYS & set(watched)) is (row["posted_at"] is not None)

    def test_penalty_stops_at_zero(self, emulator: Emulator) -> None:
        """2 points with 3 deducted: score 0, and entered_score is computed, 3 (submission.rb)."""
        emulator.state.campus_touched = True  # rows are changed in place
        campus = emulator.state.campus
        work = next(row for row in campus.work_of(4101) if row.name == "Osmosis laboratory report")
        campus.submissions_of(work)[1].entered_score = 2
        campus.submissions_of(work)[1].points_deducted = 3
        row = submission(emulator, work.name)
        assert (row["score"], row["points_deducted"], row["entered_score"]) == (0, 3, 3)

    def test_a_comment_posts(self, emulator: Emulator) -> None:
        """A teacher's comment posts a submission that has no grade, a student's does not.

        Not where grades are posted by hand (submission.rb, submission_comment.rb).
        """
        for name, posted in (("Photosynthesis worksheet", True), ("Mid-term exam essay", False)):
            number = works(emulator, "teacher")[name]["id"]
            path = f"/api/v1/courses/4101/assignments/{number}/submissions/1"
            form = {"comment[text_comment]": "Well begun."}
            own = emulator.call(path, method="PUT", data=form)
            assert own.json["posted_at"] is None
            taught = emulator.call(path, "teacher", method="PUT", data=form)
            assert (taught.json["posted_at"] is not None) is posted
            said = submission(emulator, name, **{"include[]": "submission_comments"})
            authors = {comment["author_id"] for comment in said["submission_comments"]}
            assert authors == ({1, 5} if posted else {1})

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("Osmosis laboratory report", {"late": True, "points_deducted": 4, "score": 32}),
            ("Herbarium sheet", {"excused": True, "missing": False}),
            ("Enzyme kinetics problem set", {"redo_request": True, "score": 6}),
            ("Punnett squares", {"grade_matches_current_submission": False, "attempt": 2}),
            ("Oral presentation", {"custom_grade_status_id": 1, "missing": False}),
            ("Quiz: mitosis", {"workflow_state": "pending_review"}),
            ("Photosynthesis worksheet", {"workflow_state": "submitted", "late": False}),
            ("Field notes, week 9", {"missing": True, "submitted_at": None}),
            ("Reading response 1", {"missing": True, "score": 0}),
            ("Dissection notebook", {"missing": False}),
            ("Class participation", {"missing": False}),
            ("Reading response 5", {"missing": False, "late_policy_status": "none"}),
            ("Heredity problem set", {"missing": False, "seconds_late": 0}),
        ],
    )
    def test_every_state(self, emulator: Emulator, name: str, expected: dict[str, Any]) -> None:
        """Each status a submission can have is there."""
        row = submission(emulator, name)
        assert {key: row[key] for key in expected} == expected

    def test_becomes_missing_with_time(self, emulator: Emulator) -> None:
        """missing changes with the clock alone (submission.rb)."""
        emulator.control(clock={"advance": 6 * 86400})
        row = submission(emulator, "Heredity problem set")
        assert row["missing"] is True
        assert row["seconds_late"] > 0

    def test_restricted_quantities(self, emulator: Emulator) -> None:
        """Scores, and the number that is the grade of work graded by points, are sent as ever.

        Canvas: lib/api/v1/submission.rb (2026) does not ask for the restriction.
        """
        rows = get(emulator, "courses/4107/students/submissions")
        graded = {row["score"]: row["grade"] for row in rows if row["grade"]}
        assert graded == {18: "18", 16.5: "16.5"}

    def test_others(self, emulator: Emulator) -> None:
        """Submissions of others: 403; an observer sees the observed (Canvas: Submissions)."""
        number = works(emulator)["Essay: why we age"]["id"]
        path = f"courses/4101/assignments/{number}/submissions"
        assert refused(emulator, f"{path}/1001")[0] == 403
        assert get(emulator, f"{path}/1", "observer")["score"] == 21
        assert refused(emulator, f"{path}/1", "ta")[0] == 403
        make_up = works(emulator, "teacher")["Make-up laboratory"]["id"]
        assert (
            refused(emulator, f"courses/4101/assignments/{make_up}/submissions/1", "teacher")[0]
            == 403
        )

    def test_history(self, emulator: Emulator) -> None:
        """Every attempt, oldest first; a hidden grade is hidden there too.

        Canvas: Submissions, submission.rb.
        """
        query = {"include[]": "submission_history"}
        versions = submission(emulator, "Punnett squares", **query)["submission_history"]
        assert [row["attempt"] for row in versions] == [1, 2]
        assert versions[0]["grade_matches_current_submission"] is True
        assert versions[0]["submitted_at"] < versions[1]["submitted_at"]
        (hidden,) = submission(emulator, "Mid-term exam essay", **query)["submission_history"]
        assert not GRADE_KEYS & set(hidden)
        number = works(emulator)["Photosynthesis worksheet"]["id"]
        path = f"/api/v1/courses/4101/assignments/{number}/submissions"
        form = {"submission[submission_type]": "online_text_entry", "submission[body]": "again"}
        assert emulator.call(path, method="POST", data=form).status_code == 201
        versions = submission(emulator, "Photosynthesis worksheet", **query)["submission_history"]
        assert [row["attempt"] for row in versions] == [1, 2]

    def test_comments(self, emulator: Emulator) -> None:
        """Attachments when there are any; a hidden author is nobody (Canvas: Submissions)."""
        query = {"include[]": ["submission_comments", "rubric_assessment"]}
        row = submission(emulator, "Essay: why we age", **query)
        first, second = row["submission_comments"]
        assert first["attachments"][0]["display_name"] == "essay-notes.pdf"
        assert first["attachments"][0]["url"].endswith("/download")
        assert "attachments" not in second
        assert (second["author_id"], second["author_name"]) == (None, "Anonymous User")
        assert second["author"] == {}
        assert row["rubric_assessment"]["_8472"]["comments"]

    def test_comments_with_their_tags(self, emulator: Emulator) -> None:
        """``submission_html_comments`` has what the other form strips (submission.rb)."""
        query = {"include[]": ["submission_comments", "submission_html_comments"]}
        row = submission(emulator, "Essay: why we age", **query)
        path = f"/api/v1/courses/4101/assignments/{row['assignment_id']}/submissions/1"
        form = {"comment[text_comment]": "<p>Solve <img alt='x^2'></p>"}
        assert emulator.call(path, "teacher", method="PUT", data=form).status_code == 200
        row = submission(emulator, "Essay: why we age", **query)
        plain, rich = row["submission_comments"], row["submission_html_comments"]
        assert [comment["id"] for comment in plain] == [comment["id"] for comment in rich]
        assert plain[-1]["comment"] == "Solve "
        assert rich[-1]["comment"] == "<p>Solve <img alt='x^2'></p>"
        bare = submission(emulator, "Essay: why we age", **{"include[]": "user"})
        assert "submission_html_comments" not in bare

    def test_read_state(self, emulator: Emulator) -> None:
        """Asking for read_state marks the submission read; nothing else does.

        The documentation's read_status answers nothing (lib/api/v1/submission.rb, 2026).
        """
        number = works(emulator)["Essay: why we age"]["id"]
        path = f"/api/v1/courses/4101/assignments/{number}/submissions/self/read"
        name, query = "Essay: why we age", {"include[]": "read_state"}
        submission(emulator, name, **{"include[]": "submission_comments"})
        documented = submission(emulator, name, **{"include[]": "read_status"})
        assert not {"read_status", "read_state"} & set(documented)
        assert submission(emulator, name, "teacher", **query)["read_state"] == "unread"
        assert submission(emulator, name, **query)["read_state"] == "unread"
        assert submission(emulator, name, **query)["read_state"] == "read"
        assert emulator.call(path, method="DELETE").status_code == 204
        assert emulator.call(path, method="PUT").status_code == 204
        assert submission(emulator, name, **query)["read_state"] == "read"

    def test_fields(self, emulator: Emulator) -> None:
        """Columns alone are narrowed, the id too; preview_url goes only when it is excluded.

        lib/api/v1/submission.rb.
        """
        row = submission(emulator, "Essay: why we age", **{"response_fields[]": ["score"]})
        assert set(row) == {"preview_url", "score"}
        less = submission(emulator, "Essay: why we age", **{"exclude_response_fields[]": ["body"]})
        assert "body" not in less
        bare = {"response_fields[]": "id", "exclude_response_fields[]": "preview_url"}
        asked = bare | {"include[]": "submission_comments"}
        assert set(submission(emulator, "Essay: why we age", **asked)) == {
            *("id", "submission_comments")
        }


class TestLists:
    path = "courses/4101/students/submissions"

    def test_own(self, emulator: Emulator) -> None:
        """student_ids omitted: oneself (a student); ``all``: everybody visible.

        Canvas: Submissions.
        """
        mine = get(emulator, self.path)
        assert {row["user_id"] for row in mine} == {1}
        assert {row["user_id"] for row in get(emulator, self.path, **{"student_ids[]": ALL})} == {1}
        watched = get(emulator, self.path, "observer", **{"student_ids[]": ALL})
        assert len(watched) == len(mine)
        assert get(emulator, self.path, "observer") == []

    def test_own_before_and_after_the_course(self, emulator: Emulator) -> None:
        """Oneself needs read_grades: not before the course begins, nor as a teacher alone.

        After its end students keep it (submissions_api_controller.rb and course.rb, 2026).
        """
        future, past, closed = (
            f"courses/{number}/students/submissions" for number in (4111, 4108, 4110)
        )
        assert get(emulator, "courses/4111/assignments")
        for query in ({}, {"student_ids[]": "self"}, {"student_ids[]": ALL}):
            assert refused(emulator, future, **query)[0] == 403
            assert get(emulator, past, **query)
            assert refused(emulator, closed, **query)[0] == 403
        assert refused(emulator, self.path, "teacher")[0] == 403
        assert get(emulator, self.path, "teacher", **{"student_ids[]": 1})
        emulator.control(clock={"advance": 50 * 86400})
        assert get(emulator, future)

    def test_refusals(self, emulator: Emulator) -> None:
        """Somebody not allowed refuses all; more than 100: 400 (Canvas: Submissions)."""
        assert refused(emulator, self.path, **{"student_ids[]": [1, 1001]})[0] == 403
        ids = list(range(1001, 1102))
        too_many = refused(emulator, self.path, "teacher", **{"student_ids[]": ids})
        assert too_many == (400, {"error": "too many students"})
        unknown = refused(emulator, self.path, **{"assignment_ids[]": 1})
        assert unknown == (403, {"error": "invalid assignment ids requested"})
        state = refused(emulator, self.path, enrollment_state="odd")
        assert state == (400, {"error": "invalid enrollment_state"})
        since = refused(emulator, self.path, submitted_since="yesterday")
        message = "Invalid datetime for submitted_since"
        assert since == (400, {"errors": {"submitted_since": message}})

    def test_filters(self, emulator: Emulator) -> None:
        since = "2026-11-15T00:00:00Z"
        rows = get(emulator, self.path, submitted_since=since)
        assert rows
        assert all(row["submitted_at"] > since for row in rows)
        graded = get(emulator, self.path, graded_since=since, order="graded_at")
        assert all(row["graded_at"] is None or row["graded_at"] > since for row in graded)
        states = get(emulator, self.path, workflow_state="pending_review")
        assert [row["score"] for row in states] == [8]
        period = get(emulator, self.path, grading_period_id=901)
        assert {row["grading_period_id"] for row in period} == {901}
        assert get(emulator, self.path, enrollment_state="concluded") == []

    def test_order(self, emulator: Emulator) -> None:
        """Ascending is bookmarked, descending numbered (Canvas: Pagination)."""
        up = emulator.call(f"/api/v1/{self.path}?per_page=5")
        assert "bookmark" in up.headers["Link"]
        down = emulator.call(f"/api/v1/{self.path}?per_page=5&order_direction=descending")
        assert 'rel="last"' in down.headers["Link"]
        assert up.json[0]["id"] < down.json[0]["id"]

    @pytest.mark.parametrize("direction", ["ascending", "descending"])
    def test_short_pages(self, emulator: Emulator, direction: str) -> None:
        """Invisible rows go after the page was cut: a page may be short, or empty, with a next."""
        path = "/api/v1/courses/4101/students/submissions"
        hidden = works(emulator, "teacher")["Make-up laboratory"]["id"]
        url, sizes, ids = f"{path}?per_page=1&order_direction={direction}", [], []
        while url:
            answer = emulator.call(url)
            sizes.append(len(answer.json))
            ids += [row["assignment_id"] for row in answer.json]
            url = next(
                (
                    link.split(">")[0].removeprefix("<http://localhost")
                    for link in answer.headers["Link"].split(",<")
                    if 'rel="next"' in link
                ),
                "",
            ).removeprefix("http://localhost")
        assert 0 in sizes[:-1]
        assert hidden not in ids
        assert len(ids) == len(set(ids)) == sum(sizes)

    def test_grouped(self, emulator: Emulator) -> None:
        """Numbered over students, with totals as stored, also where the course hides them.

        submissions_api_controller.rb, for_students.
        """
        query = {"student_ids[]": ALL, "grouped": "true", "include[]": "total_scores"}
        rows = get(emulator, self.path, "teacher", **query)
        assert len(rows) == 65  # with the test student (course.rb, all_student_enrollments)
        mine = next(row for row in rows if row["user_id"] == 1)
        assert mine["unposted_current_score"] != mine["computed_current_score"]
        assert {"has_postable_comments", "missing"} <= set(mine["submissions"][0])
        [own] = get(emulator, self.path, **query)
        assert "unposted_current_score" not in own
        hidden = get(emulator, "courses/4103/students/submissions", **query)
        assert hidden[0]["computed_current_score"] is not None

    def test_grouped_pages_are_cut_by_students(self, emulator: Emulator) -> None:
        """However many submissions each has; fields are left out of each submission.

        submissions_api_controller.rb, for_students; gradebooks_controller.rb, chunk_size.
        """
        query: dict[str, Any] = {"student_ids[]": [1, 1001], "grouped": "true"}
        heavy = {"exclude_response_fields[]": ["body", "entered_score", "seconds_late"]}
        flat = get(emulator, self.path, "teacher", **{"student_ids[]": [1, 1001]})
        rows = get(emulator, self.path, "teacher", per_page=2, **query, **heavy)
        assert [row["user_id"] for row in rows] == [1, 1001]
        told = [one for row in rows for one in row["submissions"]]
        assert {one["id"] for one in told} == {one["id"] for one in flat}
        assert not {"body", "entered_score", "seconds_late"} & set(told[0])
        later = get(emulator, self.path, "teacher", graded_since="2200-01-01T00:00:00Z", **query)
        assert [row["submissions"] for row in later] == [[], []]

    def test_of_assignment(self, emulator: Emulator) -> None:
        """Staff only; the summary and the to-do agree with the rows (Canvas: Submissions)."""
        work = works(emulator, "teacher")["Essay: why we age"]
        path = f"courses/4101/assignments/{work['id']}"
        assert refused(emulator, f"{path}/submissions")[0] == 403
        rows = get(emulator, f"{path}/submissions", "teacher", **{"include[]": "user_summary"})
        assert [row["user_id"] for row in rows] == sorted(row["user_id"] for row in rows)
        assert len(rows) == 65  # with the test student
        assert rows[-1]["user_id"] == 3999
        summary = get(emulator, f"{path}/submission_summary", "teacher")
        assert sum(summary.values()) == 64  # without
        assert summary["ungraded"] == work["needs_grading_count"]
        assert len(get(emulator, f"{path}/gradeable_students", "ta")) == 33
        by_name = get(emulator, f"{path}/gradeable_students", "teacher", sort="name", order="desc")
        assert len(by_name) == 65
        many = get(emulator, "courses/4101/assignments/gradeable_students", "teacher")
        assert work["id"] in many[0]["assignment_ids"]
        assert refused(emulator, "courses/4101/assignments/gradeable_students")[0] == 403
        empty = "courses/4112/assignments/gradeable_students"
        assert refused(emulator, empty, "admin")[0] == 404

    def test_of_assignment_after_the_end(self, emulator: Emulator) -> None:
        """Who ended is not listed, who was deactivated can still be graded; invited ones are there.

        submissions_api_controller.rb, index; an ended course gives [].
        """
        campus = emulator.state.campus
        work = works(emulator, "teacher")["Essay: why we age"]
        path = f"courses/4101/assignments/{work['id']}"
        states = {1001: "completed", 1002: "inactive", 1003: "invited"}
        changed = [row for row in campus.enrollments_in(4101) if row.user_id in states]
        for row in changed:
            row.state = states[row.user_id]
        listed = {row["user_id"] for row in get(emulator, f"{path}/submissions", "teacher")}
        graded = {row["id"] for row in get(emulator, f"{path}/gradeable_students", "teacher")}
        for row in changed:
            row.state = "active"
        assert [id_ in listed for id_ in states] == [False, False, True]
        assert [id_ in graded for id_ in states] == [False, True, True]
        [essay] = get(emulator, "courses/4109/assignments", "admin")
        over = f"courses/4109/assignments/{essay['id']}/submissions"
        assert get(emulator, over, "admin") == []

    def test_graded_and_handed_in_again(self, emulator: Emulator) -> None:
        """Such a row counts as graded and as waiting; the rest is not_submitted.

        submissions_api_controller.rb, submission_summary.
        """
        emulator.state.campus_touched = True  # rows are changed in place
        campus = emulator.state.campus
        work = next(row for row in campus.work_of(4101) if row.name == "Cell structure worksheet")
        path = f"courses/4101/assignments/{work.id}/submission_summary"
        before = get(emulator, path, "teacher")
        campus.submissions_of(work)[1].grade_matches = False
        after = get(emulator, path, "teacher")
        assert after["graded"] == before["graded"]
        assert after["ungraded"] == before["ungraded"] + 1
        assert after["not_submitted"] == before["not_submitted"] - 1

    def test_order_by_grading(self, emulator: Emulator) -> None:
        """``descending`` exactly, then what is not graded comes last; other words ascend.

        submissions_api_controller.rb, for_students.
        """
        query = {"order": "graded_at"}
        down = [
            row["graded_at"]
            for row in get(emulator, self.path, order_direction="descending", **query)
        ]
        graded = [at for at in down if at]
        assert graded == sorted(graded, reverse=True)
        assert down[: len(graded)] == graded
        assert None in down
        up = [row["graded_at"] for row in get(emulator, self.path, order_direction="desc", **query)]
        assert up == graded[::-1]


class TestGrading:
    def put(
        self, emulator: Emulator, name: str, who: str = "teacher", **form: str
    ) -> tuple[int, Any]:
        number = works(emulator, "teacher")[name]["id"]
        path = f"/api/v1/courses/4101/assignments/{number}/submissions/1"
        answer = emulator.call(path, who, method="PUT", data=form)
        return answer.status_code, answer.json

    def test_comment(self, emulator: Emulator) -> None:
        """A student may comment on the own submission, and no more (Canvas: Submissions)."""
        name = "Photosynthesis worksheet"
        code, body = self.put(emulator, name, "dozen", **{"comment[text_comment]": "<b>Hi</b>"})
        assert code == 200
        assert body["submission_comments"][-1]["comment"] == "Hi"
        assert "submission_comments" not in body["all_submissions"][0]
        grade = {"submission[posted_grade]": "20"}
        assert self.put(emulator, name, "dozen", **grade)[0] == 403

    @pytest.mark.parametrize(
        ("posted", "score"),
        [("13.5", 13.5), ("40%", 8), ("A", 20), ("B", 16.8), ("complete", 20), ("fail", 0)],
    )
    def test_grade(self, emulator: Emulator, posted: str, score: float) -> None:
        """Points, percentage, letter, pass or fail (Canvas: Submissions)."""
        name = "Photosynthesis worksheet"
        before = works(emulator, "teacher")[name]["needs_grading_count"]
        code, body = self.put(emulator, name, **{"submission[posted_grade]": posted})
        assert (code, body["workflow_state"]) == (200, "graded")
        assert body["score"] == pytest.approx(score)
        assert works(emulator, "teacher")[name]["needs_grading_count"] == before - 1
        assert submission(emulator, name)["score"] == pytest.approx(score)

    def test_other_changes(self, emulator: Emulator) -> None:
        name = "Essay: why we age"
        assert self.put(emulator, name, **{"submission[posted_grade]": "x"})[0] == 400
        assert self.put(emulator, name, **{"submission[posted_grade]": ""})[1]["score"] is None
        assert self.put(emulator, name, **{"submission[excuse]": "true"})[1]["excused"] is True
        assert self.put(emulator, name, **{"submission[excuse]": "false"})[1]["excused"] is False
        late = self.put(emulator, name, **{"submission[late_policy_status]": "late"})[1]
        assert late["late"] is True
        assert self.put(emulator, name, **{"submission[late_policy_status]": "x"})[0] == 400
        custom = self.put(emulator, name, **{"submission[custom_grade_status_id]": "2"})[1]
        assert custom["custom_grade_status_id"] == 2
        assert self.put(emulator, name, **{"rubric_assessment[_8471][points]": "4"})[0] == 200
        assert self.put(emulator, name, **{"rubric_assessment[_1][points]": "4"}) == (
            400,
            {"message": "invalid rubric_assessment"},
        )

    def test_seconds_late(self, emulator: Emulator) -> None:
        """The teacher's number of seconds wins over the clock; a blank one ends it.

        submission.rb.
        """
        form = {"submission[seconds_late_override]": "90", "submission[late_policy_status]": "late"}
        body = self.put(emulator, "Cell structure worksheet", **form)[1]
        assert (body["late"], body["seconds_late"]) == (True, 90)
        form["submission[seconds_late_override]"] = ""
        assert self.put(emulator, "Cell structure worksheet", **form)[1]["seconds_late"] == 0

    def test_many_grades(self, emulator: Emulator) -> None:
        """``update_grades`` answers with a Progress; its refusals (Canvas: Submissions)."""
        number = works(emulator, "teacher")["Cell structure worksheet"]["id"]
        course, path = "/api/v1/courses/4101", f"/api/v1/courses/4101/assignments/{number}"
        for where, names in (
            (path, ["grade_data[1][posted_grade]", "grade_data[2][posted_grade]"]),
            (course, [f"grade_data[{number}][1][posted_grade]"]),
        ):
            url = f"{where}/submissions/update_grades"
            score = str(len(where) % 7 + 1)
            done = emulator.call(url, "teacher", method="POST", data=dict.fromkeys(names, score))
            assert (done.status_code, done.json["workflow_state"]) == (200, "completed")
            assert submission(emulator, "Cell structure worksheet")["score"] == float(score)
            empty = emulator.call(url, "teacher", method="POST")
            assert empty.json == {"error": "'grade_data' parameter required"}
            assert emulator.call(url, method="POST", data={names[0]: "1"}).status_code == 403
        lost = emulator.call(
            f"{course}/submissions/update_grades",
            "teacher",
            method="POST",
            data={"grade_data[7][1][posted_grade]": "1"},
        )
        assert lost.status_code == 400
        assert lost.json == {"error": "Some assignments could not be found: ( 7 )"}

    def test_concluded(self, emulator: Emulator) -> None:
        """Writing in a concluded course: 403 (course.rb)."""
        [row, *_] = get(emulator, "courses/4108/assignments")
        path = f"/api/v1/courses/4108/assignments/{row['id']}/submissions/self"
        answer = emulator.call(path, method="PUT", data={"comment[text_comment]": "late"})
        assert answer.status_code == 403

    def test_hand_in(self, emulator: Emulator) -> None:
        number = works(emulator)["Heredity problem set"]["id"]
        path = f"/api/v1/courses/4101/assignments/{number}/submissions"
        form = {"submission[submission_type]": "online_text_entry", "submission[body]": "<p>1</p>"}
        answer = emulator.call(path, method="POST", data=form)
        assert (answer.status_code, answer.json["workflow_state"]) == (201, "submitted")
        wrong = {"submission[submission_type]": "online_quiz"}
        assert emulator.call(path, method="POST", data=wrong).status_code == 400
        locked = works(emulator)["Evolution laboratory"]["id"]
        path = f"/api/v1/courses/4101/assignments/{locked}/submissions"
        assert emulator.call(path, method="POST", data=form).status_code == 403

    def test_mark_many_read(self, emulator: Emulator) -> None:
        """204 without a body (Canvas: Submissions)."""
        asked = {"include[]": "submission"}
        rows = [
            row["submission"]["id"]
            for row in works(emulator, **asked).values()
            if row["submission"]
        ]
        answer = emulator.call(
            "/api/v1/courses/4101/submissions/bulk_mark_read",
            method="PUT",
            data={"submissionIds[]": rows},
        )
        assert (answer.status_code, answer.data) == (204, b"")
        campus = emulator.state.campus
        assert not any(
            row.unread for work in campus.work_of(4101) if (row := campus.submission(work, 1))
        )

    def test_mark_read(self, emulator: Emulator) -> None:
        number = works(emulator)["Essay: why we age"]["id"]
        path = f"/api/v1/courses/4101/assignments/{number}/submissions/self/read"
        assert emulator.call(path, method="PUT").status_code == 204
