"""Lists come whole, in order and once, or say what is missing."""

import threading

import msgspec
import pytest

from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.errors import MalformedAnswer, Unavailable
from canvas_app.canvas.models import CalendarEvent
from canvas_app.canvas.paging import Pages, decode_page, links

PATH = "/api/v1/things"


class Thing(msgspec.Struct):
    id: str
    points: int = 0


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('<https://a/b?x=1>; rel="next",<c>; rel="last"', {"next": "https://a/b?x=1", "last": "c"}),
        ("<a;b,c>; REL=Next", {"next": "a;b,c"}),
        ('<a>; title="x; rel=prev, y"; rel="next first"', {"next": "a", "first": "a"}),
        ('<a>;type=x;rel="next" , <b> ; rel = "next"', {"next": "a"}),
        ("<a>; nopush; rel=next", {"next": "a"}),
        ("", {}),
        (None, {}),
        ("nonsense", {}),
        ("<" * 60_000, {}),
        ("<" * 60_000 + ">; rel=next", {"next": "<" * 59_999}),
        ("<>" * 30_000 + "; rel=next", {"next": ""}),
        ("<a>" + ";" * 60_000 + "rel=next", {}),
        ("<a>;" + " " * 60_000 + "rel" + " " * 60_000 + "=next", {"next": "a"}),
        ("<a>;b" + " " * 60_000 + "!;rel=next,<c>;rel=last", {"last": "c"}),
        ("<a>" + ';b="' * 15_000, {}),
        ("<a>;rel=next," * 5_000, {"next": "a"}),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_link_headers_are_read(header, found):
    assert links(header) == found


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b'[{"id":"1"}]', [Thing("1")]),
        (b'{"things":[{"id":"1"}],"linked":[1],"others":[]}', [Thing("1")]),
        (b'{"rows":[{"id":"1"}],"meta":1}', [Thing("1")]),
    ],
)
def test_lists_are_found(body, rows):
    assert decode_page(body, Thing, PATH)[0] == rows


def test_links_in_the_body_are_found():
    body = b'{"things":[],"meta":{"pagination":{"next":"u","last":null,"page":2}}}'

    assert decode_page(body, Thing, PATH) == ([], {"next": "u"}, 0)


@pytest.mark.parametrize("body", [b'{"a":[],"b":[]}', b"7", b'{"a":1}'])
def test_no_list_is_an_error(body):
    with pytest.raises(msgspec.ValidationError):
        decode_page(body, Thing, "/api/v1/other")


def test_one_odd_row_fails_alone():
    body = b'[{"id":"1"},{"id":[]},{"id":"3","points":"4"}]'

    assert decode_page(body, Thing, PATH) == ([Thing("1"), Thing("3", 4)], {}, 1)


class Library:
    """A numbered or bookmarked list over a scripted server, with changes while it is read."""

    def __init__(self, reply, pages, *, numbered=True, last=True, size=2):
        self.reply, self.numbered, self.last, self.size = reply, numbered, last, size
        self.pages = pages
        self.url = ""
        self.shrunk = self.in_memory = False
        self.changes = {}
        self.asked = 0

    def __call__(self, call):
        self.asked += 1
        if change := self.changes.get(self.asked):
            change()
        mark = (
            call.target.partition("page=")[2].partition("&")[0] if "?page=" in call.target else ""
        )
        number = int(mark.removeprefix("b")) if mark else 1
        rows = self.pages[number - 1] if number <= len(self.pages) else []
        found, last = [], len(self.pages)
        if number < len(self.pages):
            found.append(self.link(number + 1, "next"))
        elif self.shrunk:
            # Beyond its end a list from the database calls the asked page the last.
            rows, last = [], number - 1 if self.in_memory else number
        if self.numbered and self.last:
            found.append(self.link(last, "last"))
        found.append(self.link(number, "current"))
        return self.reply(rows, headers={"Link": ",".join(found)})

    def link(self, number, rel):
        mark = number if self.numbered else f"b{number}"
        return f'<{self.url}{PATH}?page={mark}&per_page={self.size}>; rel="{rel}"'


def pages_of(count, size=2):
    return [[{"id": str(page * size + row)} for row in range(size)] for page in range(count)]


def ids(rows):
    return [int(row["id"]) for row in rows]


@pytest.fixture
def library(scripted, reply, secret):
    clients = []

    def start(pages, *, max_pages=10_000, sleep=lambda seconds: None, **options):
        script = Library(reply, pages, **options)
        server = scripted(script)
        script.url = server.url
        clients.append(CanvasClient(server.url, secret, max_pages=max_pages, sleep=sleep))
        return clients[-1], server, script

    yield start
    for client in clients:
        client.close()


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("count", [1, 2, 3, 30])
def test_every_row_comes_once_in_order(count, numbered, library):
    canvas, server, _ = library(pages_of(count), numbered=numbered)
    pages = canvas.paginate(PATH)

    assert ids(pages) == list(range(2 * count))

    assert pages.complete is True
    assert pages.why == ""
    assert pages.pages_read == count
    assert pages.pages_expected == (count if numbered and count > 1 else None)
    assert len(server.calls) == count + (numbered and count > 1)
    assert "complete=True" in repr(pages)


def test_numbered_lists_without_last_are_followed(library):
    canvas, server, _ = library(pages_of(5), last=False)
    pages = canvas.paginate(PATH)

    assert ids(pages) == list(range(10))
    assert pages.complete is True
    assert len(server.calls) == 5


def test_nothing_is_asked_before_the_first_row(library):
    canvas, server, _ = library(pages_of(5))
    pages = canvas.paginate(PATH)
    assert server.calls == []

    assert next(pages) == {"id": "0"}

    assert len(server.calls) == 1
    assert pages.complete is None


def test_reading_ahead_is_bounded(library):
    canvas, server, _ = library(pages_of(100))
    pages = canvas.paginate(PATH)

    for _ in range(4):
        next(pages)
    del pages

    assert len(server.calls) <= 1 + 2 * canvas.throttle.max_parallel + 2


def test_lists_read_from_a_pool_never_lock(library):
    canvas, _, _ = library(pages_of(12))
    results = []
    readers = [
        threading.Thread(target=lambda: results.append(ids(canvas.paginate(PATH))))
        for _ in range(12)
    ]

    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(30)

    assert results == [list(range(24))] * 12


def test_a_list_that_grows_at_its_front_is_marked(library):
    canvas, _, script = library(pages_of(3), numbered=False)
    rows = [row for page in script.pages for row in page]

    def insert():
        grown = [{"id": "100"}, *rows]
        script.pages = [grown[at : at + 2] for at in range(0, len(grown), 2)]

    script.changes[2] = insert
    pages = canvas.paginate(PATH)

    assert ids(pages) == list(range(6))
    assert pages.complete is False
    assert "came twice" in pages.why


def test_a_list_that_grows_at_its_end_is_followed(library):
    canvas, _, script = library(pages_of(3))
    script.changes[2] = lambda: setattr(script, "pages", pages_of(5))
    pages = canvas.paginate(PATH)

    assert ids(pages) == list(range(10))
    assert pages.complete is False
    assert "number of pages" in pages.why


def test_a_list_that_shrinks_is_marked(library):
    canvas, _, script = library(pages_of(6))
    script.changes[3] = lambda: setattr(script, "pages", pages_of(4))
    pages = canvas.paginate(PATH)

    assert ids(pages)[:8] == list(range(8))
    assert pages.complete is False


@pytest.mark.parametrize("in_memory", [False, True])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("count", [2, 3, 6])
def test_an_empty_last_page_marks_the_list(count, last, in_memory, library):
    """Rows that vanish behind what was read move others up: one is lost, the last page is empty.

    That page may call itself the last (``lib/api.rb``), so no number tells of it.
    """
    canvas, _, script = library(pages_of(count), last=last)
    script.shrunk, script.in_memory = True, in_memory
    pages = canvas.paginate(PATH)

    assert len(list(pages)) == 2 * (count - 1)
    assert pages.complete is False
    assert "changed while it was read" in pages.why


def test_an_uneven_list_may_have_short_and_empty_pages(library):
    """The activity stream's pages lose hidden grades once they are cut."""
    content = pages_of(4)
    content[1].pop()
    content[3].clear()
    canvas, _, _ = library(content)
    pages = canvas.paginate(PATH, uneven=True)

    assert ids(pages) == [0, 1, 2, 4, 5]
    assert pages.complete is True


def test_an_empty_list_is_complete(library):
    canvas, _, _ = library([[]])
    pages = canvas.paginate(PATH)

    assert list(pages) == []
    assert pages.complete is True


def test_an_empty_page_behind_a_bookmark_is_no_change(library):
    """It begins where the page before ended, whatever vanished; rows may be hidden on it."""
    canvas, _, _ = library([*pages_of(2), []], numbered=False)
    pages = canvas.paginate(PATH)

    assert ids(pages) == [0, 1, 2, 3]
    assert pages.complete is True


def test_a_short_page_before_the_last_is_marked(library):
    content = pages_of(4)
    content[2].pop()
    canvas, _, _ = library(content)
    pages = canvas.paginate(PATH)

    assert ids(pages) == [0, 1, 2, 3, 4, 6, 7]
    assert pages.complete is False
    assert "short" in pages.why


def test_pages_of_an_uneven_list_need_not_be_full(library):
    """Canvas adds and leaves out calendar dates after it cut the pages (Canvas: Calendar)."""
    content = pages_of(5)
    content[1].clear()
    content[2].append({"id": "99"})
    content[3].pop()
    content[4].clear()
    canvas, _, _ = library(content)
    pages = canvas.paginate(PATH, uneven=True)

    assert ids(pages) == [0, 1, 4, 5, 99, 6]
    assert (pages.complete, pages.why) == (True, "")


def test_dates_of_one_assignment_are_no_repeats(library):
    """They have one id, and may stand on two pages where Canvas cuts these afterwards."""
    both = [{"id": "assignment_1", "assignment_overrides": [{"id": 10}]}, {"id": "assignment_1"}]
    canvas, _, _ = library([[{"id": "assignment_0"}, both[0]], [both[1], {"id": "assignment_2"}]])
    pages = canvas.paginate(PATH, type=CalendarEvent, uneven=True)

    assert len({row.row_key for row in pages}) == 4
    assert pages.complete is True


def test_a_changed_first_page_is_marked(library):
    canvas, _, script = library(pages_of(2))

    def replace():
        script.pages = [[{"id": "50"}, {"id": "51"}], script.pages[1]]

    script.changes[2] = replace
    pages = canvas.paginate(PATH)

    assert ids(pages) == [0, 1, 2, 3]
    assert pages.complete is False
    assert "first page" in pages.why


def test_versions_of_one_thing_are_no_repeats(library):
    feed = [[{"id": "1", "v": 1}, {"id": "1", "v": 2}], [{"id": "1", "v": 3}, {"id": "2"}]]
    canvas, _, _ = library(feed, numbered=False)
    pages = canvas.paginate(PATH)

    assert len(list(pages)) == 4
    assert pages.complete is True


def test_rows_without_id_are_kept(library):
    canvas, _, _ = library([[{"a": 1}], [{"a": 1}]], numbered=False)

    assert list(canvas.paginate(PATH)) == [{"a": 1}, {"a": 1}]


def test_odd_rows_mark_the_list(library):
    canvas, _, _ = library([[{"id": "1"}, {"id": None}], [{"id": "3"}]], numbered=False)
    pages = canvas.paginate(PATH, type=Thing)

    assert [row.id for row in pages] == ["1", "3"]
    assert pages.complete is False
    assert "1 row could not be understood" in pages.why


@pytest.mark.parametrize("numbered", [True, False])
def test_the_ceiling_raises(numbered, library):
    canvas, server, _ = library(pages_of(10), numbered=numbered, max_pages=3)
    pages = canvas.paginate(PATH)
    rows = []

    with pytest.raises(MalformedAnswer, match="longer than the 3 pages") as caught:
        rows.extend(pages)

    assert pages.complete is False
    assert "3 pages with 6 rows" in str(caught.value)
    assert len(server.calls) <= 4


def test_a_long_loop_raises(library, monkeypatch):
    canvas, server, script = library(pages_of(5), numbered=False)
    link = script.link
    monkeypatch.setattr(script, "link", lambda number, rel: link(2 if number == 5 else number, rel))

    with pytest.raises(MalformedAnswer, match="never ends"):
        list(canvas.paginate(PATH))

    assert len(server.calls) <= 5


def test_a_loop_in_a_numbered_list_raises(library, monkeypatch):
    canvas, _, script = library(pages_of(5))
    link = script.link
    monkeypatch.setattr(
        script,
        "link",
        lambda number, rel: link(2 if number == 4 and rel == "next" else number, rel),
    )

    with pytest.raises(MalformedAnswer, match="never ends"):
        list(canvas.paginate(PATH))


def test_a_lost_link_header_is_marked(library, monkeypatch):
    canvas, _, script = library(pages_of(5), numbered=False)
    script.changes[3] = lambda: monkeypatch.setattr(
        script, "reply", lambda rows, headers: plain(rows)
    )
    plain = script.reply
    pages = canvas.paginate(PATH)

    assert ids(pages) == list(range(6))
    assert pages.complete is False
    assert "Link header" in pages.why


def test_a_full_first_page_without_links_is_marked(scripted, reply, secret):
    server = scripted(reply([{"id": "1"}, {"id": "2"}]))

    with CanvasClient(server.url, secret) as canvas:
        full, short = canvas.paginate(PATH, per_page=2), canvas.paginate(PATH)
        list(full)
        list(short)

    assert full.complete is False
    assert short.complete is True


def test_a_failure_tells_what_was_read(library, reply):
    canvas, _, script = library(pages_of(5), numbered=False)
    script.changes[4] = lambda: setattr(script, "reply", lambda rows, headers: reply({}, 500))
    pages = canvas.paginate(PATH)
    rows = []

    with pytest.raises(Unavailable, match="3 pages with 6 rows"):
        rows.extend(pages)

    assert ids(rows) == list(range(6))
    assert pages.complete is False
    assert "trouble" in pages.why


def test_a_failed_second_look_is_marked(library, reply):
    canvas, server, script = library(pages_of(2))
    normal = script.__call__

    def script_but_once(call):
        if "?page=" not in call.target and len(server.calls) > 1:
            return reply({}, 404)
        return normal(call)

    server.script = script_but_once
    pages = canvas.paginate(PATH)

    assert ids(pages) == [0, 1, 2, 3]
    assert pages.complete is False
    assert "could not be checked" in pages.why


def test_links_in_the_body_are_followed(scripted, reply, secret):
    def script(call):
        following = None if "page=2" in call.target else f"{server.url}{PATH}?page=2"
        row = {"id": "2" if following is None else "1"}
        return reply({"things": [row], "meta": {"pagination": {"next": following}}})

    server = scripted(script)

    with CanvasClient(server.url, secret) as canvas:
        pages = canvas.paginate(PATH)
        assert list(pages) == [{"id": "1"}, {"id": "2"}]


def test_pages_ask_through_what_they_are_given():
    asked = []

    def fetch(target):
        asked.append(target)
        raise MalformedAnswer("No.")

    pages = Pages(fetch, "/api/v1/x", path="/api/v1/x", parallel=1, max_pages=1)

    with pytest.raises(MalformedAnswer):
        list(pages)

    assert asked == ["/api/v1/x"]
