"""The pictures on the pages say what the rows beside them say."""

from datetime import date, timedelta

from .conftest import sign_in


def test_load_counts_the_open_work_of_four_weeks(easel):
    browser = sign_in(easel, "dozen")
    twin = browser.get(f"{easel.url}/upcoming.json", timeout=30).json()
    load = twin["load"]
    first = date.fromisoformat(load["weeks"][0]["first"])
    assert first.weekday() == 0
    assert [week["first"] for week in load["weeks"]] == [
        (first + timedelta(weeks=n)).isoformat() for n in range(4)
    ]
    assert len(load["days"]) == 28
    assert sum(day["count"] for day in load["days"]) == sum(w["count"] for w in load["weeks"]) > 0

    # The view of a single week asks for it again.
    for week in load["weeks"][1:]:
        start = date.fromisoformat(week["first"])
        name = f"{start.isocalendar().year}-W{start.isocalendar().week:02d}"
        shown = browser.get(f"{easel.url}/upcoming.json?week={name}", timeout=30).json()
        due = next(tab["count"] for tab in shown["tabs"] if tab["value"] == "due")
        assert week["count"] == due, name


def test_load_is_drawn_told_and_tabled(easel):
    browser = sign_in(easel, "dozen")
    page = browser.get(f"{easel.url}/upcoming", timeout=30).text
    picture = page[page.rindex('<figure class="picture">') :]
    picture = picture[: picture.index("</figure>")]
    assert "<title>Things due on each day of the coming 4 weeks</title>" in picture
    assert "in 4 weeks" in picture[: picture.index("</figcaption>")]
    assert picture.count('<tr class="total">') == 4
    assert "style=" not in picture


def test_filters_reach_the_picture_and_a_week_has_none(easel):
    browser = sign_in(easel, "dozen")
    whole = browser.get(f"{easel.url}/upcoming.json", timeout=30).json()["load"]
    course = browser.get(f"{easel.url}/upcoming.json?course=4101", timeout=30).json()["load"]
    week = browser.get(f"{easel.url}/upcoming.json?week=this", timeout=30).json()["load"]

    def count(load):
        return sum(w["count"] for w in load["weeks"])

    assert 0 < count(course) < count(whole)
    assert week is None


def test_a_course_of_letters_adds_no_points(easel):
    browser = sign_in(easel, "dozen")
    courses = browser.get(f"{easel.url}/courses.json", timeout=30).json()["data"]
    letters = [row["id"] for row in courses if row["letters_only"]]
    assert letters
    for course in letters:
        load = browser.get(f"{easel.url}/upcoming.json?course={course}", timeout=30).json()["load"]
        assert load is None or all(week["points"] is None for week in load["weeks"])


def test_progress_is_a_ring_and_a_table(easel):
    browser = sign_in(easel, "dozen")
    rows = browser.get(f"{easel.url}/courses.json", timeout=30).json()["data"]
    counted = [row for row in rows if row["progress_total"]]
    assert counted
    page = browser.get(f"{easel.url}/courses", timeout=30).text
    assert page.count('class="ring"') == len(counted)
    assert page.count("Progress as a table</summary>") == 1
    for row in counted:
        done, total = row["progress_done"] or 0, row["progress_total"]
        assert f"<title>{done} of {total} module requirements done</title>" in page
