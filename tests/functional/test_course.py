"""A course's page: the person's role, the state of the course, its groups with their rules."""

import html
import re

import pytest

from .conftest import end_enrollments, sign_in


@pytest.fixture
def read(easel):
    browser = sign_in(easel, "dozen")

    def text(course):
        page = browser.get(f"{easel.url}/courses/{course}", timeout=30)
        assert page.status_code == 200
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.text)).split())

    return text


def test_every_enrollment_counts(read):
    shown = read(4106)

    assert "Lecture" in shown
    assert "Laboratory 3" in shown
    assert "94.12 %" in shown


def test_groups_say_rules_and_what_is_dropped(read):
    shown = read(4106)

    assert "16 / 17 points so far" in shown
    assert "The lowest score is dropped." in shown
    assert re.search(r"Currently dropped: Exercise 3\s*\.", shown)
    assert "60 % of the grade" in read(4102)


def test_each_state_is_said(read):
    assert "This course starts:" in read(4111)
    assert "This course ended:" in read(4109)
    assert "You are invited to this course." in read(4112)
    assert "Canvas does not show this course outside its dates." in read(4110)
    assert "No assignments yet" in read(4112)


@pytest.mark.parametrize(("course", "grade"), [(4109, "92 %"), (4106, "94.12 %")])
def test_course_that_is_over_for_the_person(easel, course, grade):
    """Asked for by its id, a course does not show enrollments that are stored as completed."""
    end_enrollments(easel.canvas, "dozen", course)
    browser = sign_in(easel, "dozen", path="/login?next=/account")

    body = browser.get(f"{easel.url}/courses/{course}.json", timeout=30).json()
    page = html.unescape(browser.get(f"{easel.url}/courses/{course}", timeout=30).text)

    assert body["complete"]
    assert body["course"]["state"] == "past"
    assert body["course"]["grade"] == grade
    assert [each["role"] for each in body["course"]["enrolled"]] == ["student"]
    assert "graded" in {row["status"] for row in body["data"]}
    assert "Student" in page
    assert "over" in page.partition('class="notice"')[2] or "ended" in page


def test_sections_of_a_past_course_are_the_persons_own(easel):
    """Where a course shows no enrollment it names all its sections (course.rb)."""
    end_enrollments(easel.canvas, "dozen", 4101)
    browser = sign_in(easel, "dozen", path="/login?next=/account")

    body = browser.get(f"{easel.url}/courses/4101.json", timeout=30).json()

    assert body["course"]["sections"] == ["Monday laboratory"]


def test_unpublished_course_of_a_student_is_named(easel):
    """Lists have all of it, by its id Canvas forbids it."""
    easel.canvas.control(courses={4106: {"workflow_state": "unpublished"}})
    browser = sign_in(easel, "dozen", path="/login?next=/account")

    body = browser.get(f"{easel.url}/courses/4106.json", timeout=30).json()
    page = browser.get(f"{easel.url}/courses/4106", timeout=30)

    assert body["complete"]
    assert (body["course"]["name"], body["course"]["state"]) == (
        "Introduction to Programming",
        "unpublished",
    )
    assert body["data"] == []
    assert "This course is not published yet" in page.text


def test_progress_is_told_in_words(read):
    assert re.search(r"\d+ of \d+ module requirements done", read(4101))


def test_hidden_and_letters_only(read):
    hidden, letters = read(4103), read(4107)

    assert "what-if" not in hidden
    assert "points so far" not in hidden
    assert "%" not in letters
    assert "points so far" not in letters


def test_teachers_have_no_grade_of_theirs(easel):
    page = sign_in(easel, "teacher").get(f"{easel.url}/courses/4101", timeout=30).text

    assert "/courses/4101/grades" not in page
    assert "to grade" in page


@pytest.mark.parametrize("path", ["", "/grades"])
def test_failed_part_is_named_in_place(easel, canvas, path):
    """The message is below the heading, in place of the assignments; the page is not just empty."""
    groups = "/api/v1/courses/4106/assignment_groups"
    canvas.control(faults=[{"path": groups, "kind": "status", "status": 404, "times": None}])
    browser = sign_in(easel, "dozen")

    page = browser.get(f"{easel.url}/courses/4106{path}", timeout=60).text

    place = page.rpartition('<div class="empty">')[2]
    assert "Assignments: could not be loaded." in place
    assert re.search(r'href="[^"]*retry=assignments"', place)
    assert "No assignments yet" not in page
