"""The ledger in HTML, JSON and CSV: filters, hidden grades, and nothing marked as read."""

import csv
import gzip
import html
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from canvas_app.domain.ledger import LedgerFilter, grouped, sorted_rows
from canvas_app.services.submissions import Ledger, ledger_piece
from tests.unit.services.test_submissions import row

from .conftest import last_view, sign_in
from .walk import pieces, without_moments

HIDDEN = "Mid-term exam essay"  # graded 44 of 50, not posted
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def shown(page):
    """The titles in the order of the page."""
    return [html.unescape(name) for name in re.findall(r'<a class="name"[^>]*>([^<]*)</a>', page)]


def table(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "course=4101",
        "status=missing",
        "late=1",
        "comments=1",
        "q=essay",
        "status=graded&q=quiz",
    ],
)
def test_page_twin_and_table_hold_the_same(easel, query):
    browser = sign_in(easel, "dozen")

    page = "".join(pieces(browser, easel, f"/submissions?{query}"))
    body = browser.get(f"{easel.url}/submissions.json?{query}", timeout=30).json()
    rows = table(browser.get(f"{easel.url}/submissions.csv?{query}", timeout=30))

    titles = sorted(one["title"] for one in body["data"])
    assert titles
    assert sorted(shown(page)) == titles
    assert sorted(one["Assignment"] for one in rows) == titles
    assert body["total"] >= len(titles)
    assert (body["total"] == len(titles)) == (query in ("", "course=4101"))


def test_pieces_hold_every_row_once(easel):
    """Counts are those of the whole list; another filter begins at the first piece."""
    browser = sign_in(easel, "many")
    twin = browser.get(f"{easel.url}/submissions.json?page=2", timeout=60).json()
    whole = [row["title"] for row in twin["data"]]

    found = list(pieces(browser, easel, "/submissions?sort=due"))

    assert len(found) > 3
    assert all(len(shown(page)) <= 45 for page in found)
    assert sorted(title for page in found for title in shown(page)) == sorted(whole)
    leads = {re.sub(r"<.*?>", "", re.findall('<p class="lead">(.*?)</p>', p)[0]) for p in found}
    assert len(leads) == 1
    assert f"{twin['total']} assignments" in leads.pop()
    for page in found:
        form = page.partition('<form class="filters"')[2].partition("</form>")[0]
        assert "page" not in re.findall('name="([^"]*)"', form)
        assert "page=" not in page.partition("submissions.csv")[2].partition('"')[0]
    beyond = browser.get(f"{easel.url}/submissions?sort=due&page=999", timeout=60).text
    assert shown(last_view(beyond)) == shown(found[-1])


def test_a_choice_keeps_its_order_on_every_piece(easel):
    browser = sign_in(easel, "busy")
    query = "status=graded&sort=score"
    twin = browser.get(f"{easel.url}/submissions.json?{query}", timeout=60).json()["data"]

    found = list(pieces(browser, easel, f"/submissions?{query}"))

    assert len(found) > 1
    titles = [html.unescape(row["title"]) for row in twin]
    assert [title for page in found for title in shown(page)] == titles


@pytest.mark.parametrize(
    "query",
    ["status=nonsense&sort=1", "course=abc&course=99", "late=%00&q=", "status[]=x&sort=&course="],
)
def test_unknown_values_change_nothing(easel, query):
    browser = sign_in(easel, "dozen")

    every = browser.get(f"{easel.url}/submissions.json", timeout=30).json()["data"]
    odd = browser.get(f"{easel.url}/submissions.json?{query}", timeout=30)
    page = browser.get(f"{easel.url}/submissions?{query}", timeout=30)

    assert odd.json()["data"] == every
    assert page.status_code == 200
    assert "Traceback" not in page.text


def test_nothing_fits(easel):
    page = sign_in(easel, "dozen").get(f"{easel.url}/submissions?q=%3Cb%3Enowhere", timeout=30)

    assert "Nothing matches" in page.text
    assert "Show everything" in page.text
    assert "<b>nowhere" not in page.text


def test_the_form_says_what_was_asked(easel):
    browser = sign_in(easel, "dozen")
    query = "course=4101&status=graded&sort=score&q=quiz&late=0&comments=0"

    page = browser.get(f"{easel.url}/submissions?{query}", timeout=30).text

    for part in ('"4101" selected', '"graded" selected', '"score" selected', 'value="quiz"'):
        assert part in page
    assert not re.search(r'type="checkbox"[^>]*checked', page)
    assert f"submissions.csv?{html.escape(query)}" in page


def test_a_hidden_grade_is_nowhere(easel):
    browser = sign_in(easel, "dozen")
    path = f"{easel.url}/submissions"

    (twin,) = [
        one
        for one in browser.get(f"{path}.json", timeout=30).json()["data"]
        if one["title"] == HIDDEN
    ]
    page = browser.get(f"{path}?q={HIDDEN}", timeout=30).text
    (line,) = table(browser.get(f"{path}.csv?q={HIDDEN}", timeout=30))

    assert twin["status"] == "submitted"
    for name in ("score", "grade", "entered_score", "entered_grade", "graded_at", "posted_at"):
        assert twin[name] is None
    item = page[page.index('<li class="row"') : page.index("</li>", page.index('<li class="row"'))]
    assert "44" not in re.sub(r"href=\"[^\"]*\"", "", without_moments(item))
    assert "Graded" not in item
    assert (line["Score"], line["Grade"], line["Status"]) == ("", "", "Submitted")


def test_letters_alone_in_the_course_that_restricts_numbers(easel):
    browser = sign_in(easel, "dozen")
    query = "course=4107&status=graded"

    page = browser.get(f"{easel.url}/submissions?{query}", timeout=30).text
    rows = browser.get(f"{easel.url}/submissions.json?{query}", timeout=30).json()["data"]
    lines = table(browser.get(f"{easel.url}/submissions.csv?{query}", timeout=30))

    assert rows
    for one, line in zip(rows, lines, strict=True):
        assert one["grade"][0] in "ABCDF"
        assert (one["score"], one["points_possible"], one["points_deducted"]) == (None, None, None)
        assert (line["Score"], line["Points possible"]) == ("", "")
    found = re.findall(r'<span class="score">(.*?)</span>\s', page, re.S)
    assert found
    assert not any(re.search(r"\d", re.sub(r"<[^>]*>", "", one)) for one in found)


def test_grades_in_the_words_of_their_type(easel):
    browser = sign_in(easel, "dozen")

    def score(course, title):
        page = browser.get(f"{easel.url}/submissions?course={course}&q={title}", timeout=30).text
        (found,) = re.findall(r'<span class="score">(.*?)</span>\s*<span class="chip', page, re.S)
        return " ".join(re.sub(r"<[^>]*>", "", found).split())

    assert score("4101", "Cell structure") == "18.5 / 20"
    assert score("4101", "Osmosis") == "32 / 40 (36 before the late penalty)"
    assert score("4104", "Draft 2") == "A- (91 / 100)"
    assert score("4106", "Install the tools") == "Complete (1 / 1)"
    assert score("9070000000000417", "sheet 1") == "95% (9.5 / 10)"
    assert score("4101", "Herbarium") == ""


def test_late_says_what_it_cost(easel, canvas):
    """Hours are those that passed, as Canvas counts them, also where clocks were changed."""
    page = sign_in(easel, "dozen").get(f"{easel.url}/submissions?q=Osmosis", timeout=30).text

    rows = requests.get(
        f"{canvas.url}/api/v1/courses/4101/students/submissions?student_ids[]=self&per_page=100",
        headers={"Authorization": f"Bearer {canvas.token('dozen')}"},
        timeout=30,
    ).json()
    late = next(timedelta(seconds=row["seconds_late"]) for row in rows if row["points_deducted"])
    assert f"Late by {late.days} d {late.seconds // 3600} h, −4 points" in page


def test_late_by_hand_shows_no_time(easel):
    """A teacher marked it late without a time: Canvas says "Late" and 0 seconds."""
    browser = sign_in(easel, "dozen")
    query = "q=what is life"

    page = browser.get(f"{easel.url}/submissions?{query}", timeout=30).text
    (line,) = table(browser.get(f"{easel.url}/submissions.csv?{query}", timeout=30))
    (twin,) = browser.get(f"{easel.url}/submissions.json?{query}", timeout=30).json()["data"]
    own = browser.get(f"{easel.url}/courses/4101/assignments/{twin['assignment_id']}", timeout=30)

    for text in (page, own.text):
        assert re.search(r'class="chip warning">.*<span dir="auto">Late</span>', text)
        assert "Late by" not in text
    assert (line["Late"], line["Late by (seconds)"]) == ("yes", "")
    assert (twin["late"], twin["seconds_late"]) == (True, 0)


def test_rows_lead_to_their_own_page(easel):
    browser = sign_in(easel, "dozen")
    page = browser.get(f"{easel.url}/submissions?course=4101", timeout=30).text
    twin = browser.get(f"{easel.url}/submissions.json?course=4101", timeout=30).json()["data"]

    links = set(re.findall(r'<a class="name" href="([^"]*)"', page))
    assert links == {f"/courses/4101/assignments/{one['assignment_id']}" for one in twin}
    assert all(one["url"].startswith(easel.canvas.url) for one in twin)


def test_nothing_is_marked_read(easel, canvas):
    """Opening pages writes nothing to Canvas, and unread submissions stay unread."""
    browser = sign_in(easel, "dozen")
    rows = browser.get(f"{easel.url}/submissions.json?comments=1", timeout=30).json()["data"]
    essay = next(one for one in rows if one["title"] == "Essay: why we age")
    page = f"{easel.url}/courses/4101/assignments/{essay['assignment_id']}"

    for path in (f"{easel.url}/submissions", f"{easel.url}/submissions.csv", page, f"{page}.json"):
        assert browser.get(path, timeout=30).status_code == 200

    calls = canvas.stats()["calls"]
    assert any("submissions/:user_id" in route for route in calls)
    written = [route for route in calls if not route.startswith("GET ")]
    assert [route for route in written if "/api/" in route] == []
    submission = requests.get(
        f"{canvas.url}/api/v1/courses/4101/assignments/{essay['assignment_id']}/submissions/self",
        params={"include[]": "read_state"},
        headers={"Authorization": f"Bearer {canvas.token('dozen')}"},
        timeout=30,
    ).json()
    assert submission["read_state"] == "unread"


def test_table_defuses_what_a_spreadsheet_would_run(easel):
    answer = sign_in(easel, "hostile").get(f"{easel.url}/submissions.csv", timeout=30)

    assert answer.headers["Content-Type"].startswith("text/csv")
    assert 'filename="submissions.csv"' in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    lines = table(answer)
    texts = [value for line in lines for value in line.values()]
    assert any(text.startswith("'=HYPERLINK") for text in texts)
    assert not [text for text in texts if text.startswith(("=", "@", "-1+", "+"))]


def test_table_says_what_is_missing(easel, canvas):
    browser = sign_in(easel, "dozen")
    fault = {"method": "GET", "path": "/api/v1/courses/4102/students/submissions", "kind": "html"}
    canvas.control(faults=[fault | {"times": None}])

    answer = browser.get(f"{easel.url}/submissions.csv", timeout=30)
    page = browser.get(f"{easel.url}/submissions", timeout=30).text

    assert "incomplete" in answer.headers["Content-Disposition"]
    (said,) = [line for line in table(answer) if line["Course"] == "Not everything is here:"]
    assert "Statistics" in said["Assignment"]
    assert "at least" in page


def test_table_needs_a_sign_in(easel):
    answer = easel.browser().get(f"{easel.url}/submissions.csv", allow_redirects=False, timeout=30)

    assert answer.status_code == 302
    assert "/login?next=/submissions.csv" in answer.headers["Location"]


@pytest.mark.parametrize(("count", "kilobytes"), [(0, 100), (1, 100), (200, 100), (2000, 100)])
def test_pieces_stay_small(easel, count, kilobytes):
    """Each piece is at most 100 kB compressed, and together they have every row."""
    rows = sorted_rows(
        (
            row(
                f"Assignment {n} about {n * 7919 % 1000}",
                assignment_id=str(50_000 + n),
                course_name=f"Course {n % 8}",
                status=("graded", "submitted", "missing", "due")[n % 4],
                score=n % 20 / 2 if n % 4 == 0 else None,
                grade=f"{n % 20 / 2}" if n % 4 == 0 else None,
                points_possible=10.0,
                due_at=NOW - timedelta(hours=7 * n),
                submitted_at=NOW - timedelta(hours=7 * n + 5, minutes=n) if n % 4 < 2 else None,
                posted_at=NOW - timedelta(hours=7 * n - 9) if n % 4 == 0 else None,
            )
            for n in range(count)
        ),
        "activity",
        NOW,
    )
    groups = grouped(rows, LedgerFilter(), NOW)
    page = Ledger(
        rows=rows,
        total=count,
        now=NOW,
        complete=True,
        groups=groups,
        in_courses=True,
        is_student=True,
    )
    titles = []
    for number in range(1, 1 + ledger_piece((), groups, 1).of):
        part = replace(page, piece=ledger_piece((), groups, number))
        with easel.app.test_request_context(f"/submissions?page={number}"):
            template = easel.app.jinja_env.get_template("submissions.html")
            text = template.render(load=[part].pop, **context(easel))
        assert ("No submissions yet" in text) is (count == 0)
        assert len(gzip.compress(text.encode(), 6)) <= kilobytes * 1000
        titles += shown(text)

    assert titles == [row.title for group in groups for row in group.rows]
    assert len(titles) == count


def test_a_course_that_has_not_begun_is_said_quietly(easel):
    """Canvas refuses its submissions for months, and the page is complete nevertheless."""
    browser = sign_in(easel, "dozen")

    page = browser.get(f"{easel.url}/submissions", timeout=30).text
    twin = browser.get(f"{easel.url}/submissions.json", timeout=30).json()
    table_of_all = browser.get(f"{easel.url}/submissions.csv", timeout=30)

    assert "Not everything is here" not in page
    assert 'role="alert"' not in page[page.index("<main") : page.index("</main")]
    assert "<bdi>Art History</bdi> has not begun; its assignments appear here" in page
    assert (twin["complete"], twin["not_begun"]) == (True, [["4111", "Art History"]])
    assert "incomplete" not in table_of_all.headers["Content-Disposition"]


def context(easel):
    found = {}
    easel.app.update_template_context(found)
    return found
