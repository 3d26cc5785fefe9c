"""Pages and Link headers against ``lib/api.rb`` and ``bookmarked_collection``."""

import base64
import re
from typing import Any

import pytest

from canvas_emulator.paging import Request, bookmarked, link_header, numbered
from tests.emulator.harness import Emulator

NUMBERED = "/api/v1/probe/numbered"
BOOKMARKED = "/api/v1/probe/bookmarked"
MISFIT = base64.urlsafe_b64encode(b'[5, "x"]').decode()
Rows = list[dict[str, Any]]


def links(header: str) -> dict[str, str]:
    return {name: url for url, name in re.findall(r'<([^>]*)>; rel="(\w+)"', header)}


def relative(url: str) -> str:
    return url.removeprefix("http://localhost")


@pytest.mark.usefixtures("rows")
class TestSize:
    @pytest.mark.parametrize(
        ("asked", "given"),
        [
            *(("", 1), ("7", 7), ("0", 1), ("-3", 1), ("x", 1), ("x5", 1), ("5x", 5)),
            *((" 8.9", 8), ("35", 35), ("500", 35), ("99999999999999999999", 35)),
        ],
    )
    def test_per_page(self, emulator: Emulator, asked: str, given: int) -> None:
        """1 to 100 as asked, more is 100, nonsense is 1, all silently; leading digits count.

        ``lib/api.rb``, ``per_page_for``: ``to_i``.
        """
        answer = emulator.call(f"{NUMBERED}?per_page={asked}")
        assert len(answer.json) == given

    def test_default_and_maximum(self, emulator: Emulator) -> None:
        """Ten by default; the effective size is told in the links."""
        assert len(emulator.call(NUMBERED).json) == 10
        assert "per_page=100>" in emulator.call(f"{NUMBERED}?per_page=500").headers["Link"]
        emulator.control(settings={"api_max_per_page": 5})
        assert len(emulator.call(NUMBERED).json) == 5


@pytest.mark.usefixtures("rows")
class TestNumbered:
    def test_link_format(self, emulator: Emulator) -> None:
        """Comma without space; current, next, prev, first, last; page and per_page at the end."""
        answer = emulator.call(f"{NUMBERED}?page=2&include[]=term&b=1&a=x%20y&include[]=a")
        base = "http://localhost/api/v1/probe/numbered?a=x+y&b=1"
        base += "&include%5B%5D=term&include%5B%5D=a"
        assert answer.headers["Link"] == (
            f'<{base}&page=2&per_page=10>; rel="current",'
            f'<{base}&page=3&per_page=10>; rel="next",'
            f'<{base}&page=1&per_page=10>; rel="prev",'
            f'<{base}&page=1&per_page=10>; rel="first",'
            f'<{base}&page=4&per_page=10>; rel="last"'
        )

    def test_ends(self, emulator: Emulator) -> None:
        """No prev on the first page, no next on the last."""
        first = links(emulator.call(NUMBERED).headers["Link"])
        last = links(emulator.call(f"{NUMBERED}?page=4").headers["Link"])
        assert set(first) == {"current", "next", "first", "last"}
        assert set(last) == {"current", "prev", "first", "last"}

    def test_past_the_end(self, emulator: Emulator) -> None:
        """A page beyond the last: 200 with nothing in it, and it calls itself the last.

        ``lib/api.rb``: of a list from the database.
        """
        answer = emulator.call(f"{NUMBERED}?page=9")
        assert (answer.status_code, answer.json) == (200, [])
        found = links(answer.headers["Link"])
        assert list(found) == ["current", "prev", "first", "last"]
        assert found["last"] == found["current"]
        assert "page=9&" in found["last"]
        assert "page=8&" in found["prev"]

    @pytest.mark.parametrize(
        ("path", "last"),
        [
            ("courses", 1),
            ("users/self/courses", 1),
            ("courses/4101/assignments", 9),
            ("users/self/missing_submissions", 9),
            ("calendar_events", 9),
        ],
    )
    def test_past_the_end_of_memory(self, emulator: Emulator, path: str, last: int) -> None:
        """Lists that Canvas holds in memory know their true last page (``lib/api.rb``)."""
        answer = emulator.call(f"/api/v1/{path}?page=9&per_page=100")
        assert answer.json == []
        assert f"page={last}&" in links(answer.headers["Link"])["last"]

    def test_leading_digits_are_a_page(self, emulator: Emulator) -> None:
        """``2abc`` is page 2 (``lib/api.rb``)."""
        answer = emulator.call(f"{NUMBERED}?page=2abc")
        assert answer.json == emulator.call(f"{NUMBERED}?page=2").json
        assert "page=2&" in links(answer.headers["Link"])["current"]

    def test_single_page(self, emulator: Emulator, rows: Rows) -> None:
        """One page, even an empty one, still carries current, first and last."""
        rows.clear()
        answer = emulator.call(NUMBERED)
        assert answer.json == []
        assert set(links(answer.headers["Link"])) == {"current", "first", "last"}

    @pytest.mark.parametrize("page", ["0", "-1", "x", "first", "bookmark:abc"])
    def test_garbage_page(self, emulator: Emulator, page: str) -> None:
        """What is no page number: 404 in the exception form."""
        answer = emulator.call(f"{NUMBERED}?page={page}")
        assert answer.status_code == 404
        assert answer.json == {
            "errors": [{"message": "An error occurred.", "error_code": "not_found"}]
        }

    def test_tokens_never_stand_in_links(self, emulator: Emulator) -> None:
        """access_token and api_key are left out of links; ``.json`` is too."""
        token = emulator.token("dozen")
        answer = emulator.browser().get(f"{NUMBERED}.json?access_token={token}&api_key=k&a=1")
        assert token not in answer.headers["Link"]
        assert links(answer.headers["Link"])["next"] == (
            "http://localhost/api/v1/probe/numbered?a=1&page=2&per_page=10"
        )

    def test_links_keep_escapes(self, emulator: Emulator) -> None:
        """The path stands in links as it was sent, escapes included."""
        answer = emulator.call("/api/v1/probe/sis_course_id:a%2Fb%20c/rows")
        assert links(answer.headers["Link"])["next"] == (
            "http://localhost/api/v1/probe/sis_course_id:a%2Fb%20c/rows?page=2&per_page=10"
        )

    def test_links_keep_the_last_of_repeated_names(self, emulator: Emulator) -> None:
        """Without brackets Rails knows one value of a name, the last; with them all."""
        answer = emulator.call("/api/v1/probe/numbered?b=1&a[]=x&b=2&a[]=y")
        assert "?a%5B%5D=x&a%5B%5D=y&b=2&page=1&per_page=10>" in answer.headers["Link"]

    def test_wrapped(self, emulator: Emulator, rows: Rows) -> None:
        """JSON:API style: the links as ``meta.pagination``, with counts; the header as well."""
        answer = emulator.call("/api/v1/probe/wrapped?page=2&a=b")
        url = "http://localhost/api/v1/probe/wrapped?a=b&page={}&per_page=10"
        assert answer.json["rows"] == rows[10:20]
        assert answer.json["meta"]["pagination"] == {
            "per_page": 10,
            "current": url.format(2),
            "next": url.format(3),
            "prev": url.format(1),
            "first": url.format(1),
            "last": url.format(4),
            "page": 2,
            "template": url.format("{page}"),
            "count": 35,
            "page_count": 4,
        }
        assert 'rel="next"' in answer.headers["Link"]

    def test_rows_dropped_after_the_cut(self, emulator: Emulator) -> None:
        """Where Canvas filters after paging, a page is short and ``next`` still exists."""
        answer = emulator.call("/api/v1/probe/rendered?per_page=6")
        assert answer.json == []
        assert "next" in links(answer.headers["Link"])
        assert emulator.call("/api/v1/probe/rendered").json == [{"id": 10}]

    def test_all_rows_once(self, emulator: Emulator, rows: Rows) -> None:
        """Following next yields every row once, in order."""
        seen, url = [], NUMBERED
        while url:
            answer = emulator.call(url)
            seen += answer.json
            url = relative(links(answer.headers["Link"]).get("next", ""))
        assert seen == rows


class TestLength:
    def test_6144_characters(self) -> None:
        """Links are added as next, last, prev, current, first until 6144 characters."""
        pages = dict.fromkeys(("current", "next", "prev", "first", "last"), "2")
        url = "http://localhost/api/v1/x"
        for length, expected in ((2900, ["next", "last"]), (1900, ["next", "prev", "last"])):
            request = Request(url, [("q", "x" * length)], None, None)
            header = link_header(request, pages, 10)
            assert list(links(header)) == expected
        assert link_header(Request(url, [("q", "x" * 7000)], None, None), pages, 10) == ""

    def test_lists_are_not_read_beyond_their_page(self) -> None:
        """A page of a lazy sequence reads the rows of that page only, however long the list."""
        rows = range(10**9)
        page = numbered(Request("u", [], "5000000", "100"), rows, 10, None, None)
        assert page.rows == list(range(499_999_900, 500_000_000))
        first = bookmarked(Request("u", [], None, "2"), rows, lambda row: row, 10, None, None)
        following = re.search(r"page=bookmark:([^&]*)", first.link)
        assert following is not None
        second = bookmarked(
            Request("u", [], f"bookmark:{following[1]}", "2"), rows, lambda r: r, 10, None, None
        )
        assert second.rows == [2, 3]


@pytest.mark.usefixtures("rows")
class TestBookmarked:
    def test_relations(self, emulator: Emulator) -> None:
        """current, next and first, last on the final page only, never prev.

        Pages are first or a bookmark, which is not escaped (``lib/api.rb``).
        """
        answer = emulator.call(BOOKMARKED)
        found = links(answer.headers["Link"])
        assert list(found) == ["current", "next", "first"]
        assert "page=first&" in found["current"]
        assert "page=bookmark:" in found["next"]
        while "next" in found:
            found = links(emulator.call(relative(found["next"])).headers["Link"])
        assert list(found) == ["current", "first", "last"]
        assert found["last"] == found["current"]
        single = links(emulator.call(f"{BOOKMARKED}?per_page=50").headers["Link"])
        assert list(single) == ["current", "first", "last"]

    def test_all_rows_once(self, emulator: Emulator, rows: Rows) -> None:
        """Following next yields every row once, also when rows vanish on the way."""
        seen, url = [], f"{BOOKMARKED}?per_page=7"
        while url:
            answer = emulator.call(url)
            seen += answer.json
            url = relative(links(answer.headers["Link"]).get("next", ""))
            rows[:] = rows[1:]
        assert [row["id"] for row in seen] == list(range(1, 36))

    @pytest.mark.parametrize("page", ["1", "0", "-4", "1x"])
    def test_page_one_is_the_first(self, emulator: Emulator, page: str) -> None:
        """Numbers up to 1 are taken as the first page."""
        assert emulator.call(f"{BOOKMARKED}?page={page}").json == emulator.call(BOOKMARKED).json

    @pytest.mark.parametrize("page", ["2", "2x", "99"])
    def test_numbers_are_refused(self, emulator: Emulator, page: str) -> None:
        """page=2 of a bookmarked list: 400 that tells to follow next links."""
        answer = emulator.call(f"{BOOKMARKED}?page={page}")
        assert answer.status_code == 400
        text = "Invalid page; please restart iteration and follow `next` links"
        assert answer.json == {"status": "bad_request", "errors": [{"page": text}]}

    @pytest.mark.parametrize(
        "page",
        ["bookmark:%21", "bookmark:bm90IGpzb24", "bookmark:", "x", f"bookmark:{MISFIT}"],
    )
    def test_bad_bookmarks_restart(self, emulator: Emulator, page: str) -> None:
        """A bookmark that cannot be read silently begins at the first page."""
        answer = emulator.call(f"{BOOKMARKED}?page={page}")
        assert answer.status_code == 200
        assert answer.json[0]["id"] == 1
