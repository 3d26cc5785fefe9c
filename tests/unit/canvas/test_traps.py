"""Faults that broke other Canvas clients, each on the wire; ours handles them."""

import pytest

from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.errors import AuthorizationError, MalformedAnswer, Throttled
from canvas_app.canvas.throttle.queue import MemoryBuckets, Throttle

PATH = "/api/v1/courses"
FIRST, SECOND = [{"id": "1"}, {"id": "2"}], [{"id": "3"}, {"id": "4"}]
ALL = FIRST + SECOND
LIMIT_403 = b"403 Forbidden (Rate Limit Exceeded)\n"


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def connect(secret, pauses):
    """Return a client whose sleeps are only recorded, and whose bucket leaks meanwhile."""
    clients = []
    now = [0.0]

    def leak(condition, seconds):
        now[0] += seconds or 0.0

    def make(server, **options):
        buckets = MemoryBuckets(clock=lambda: now[0], wait=leak)
        throttle = Throttle(buckets, server.url, max_parallel=1)
        clients.append(
            CanvasClient(server.url, secret, throttle=throttle, sleep=pauses.append, **options)
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def two_pages(scripted, reply):
    """A bookmark list of two pages whose first page and next link a test may replace."""

    def start(link=None, first=FIRST, second=SECOND, header="Link", faults=()):
        faults = list(faults)

        def script(call):
            if faults:
                return faults.pop(0)
            if "page=bookmark" in call.target or "second" in call.target:
                return reply(second, headers={header: f'<{server.url}{PATH}>; rel="current"'})
            following = (link or "{url}" + PATH + "?page=bookmark:WzFd&per_page=2").format(
                url=server.url, port=server.server.server_port
            )
            return reply(first, headers={header: f'<{following}>; rel="next"'})

        server = scripted(script)
        return server

    return start


@pytest.mark.parametrize(
    "throttled",
    [
        {"status": 403, "body": LIMIT_403, "headers": {"Content-Type": "text/plain"}},
        {"status": 429, "body": b"429 Too Many Requests (Rate Limit Exceeded)\n"},
        {"status": 429, "body": b""},
    ],
    ids=["403", "429", "429 bare"],
)
def test_a_throttled_answer_is_repeated(throttled, two_pages, connect, reply):
    server = two_pages(faults=[reply(**throttled)])

    assert list(connect(server).paginate(PATH)) == ALL


def test_retry_after_is_honoured(two_pages, connect, reply, pauses):
    server = two_pages(faults=[reply(b"", 429, {"Retry-After": "2"})])

    assert list(connect(server).paginate(PATH)) == ALL
    assert pauses == [2.0]


def test_retry_after_is_capped(scripted, connect, reply):
    server = scripted(reply(b"", 429, {"Retry-After": "86400"}))

    with pytest.raises(Throttled) as caught:
        connect(server).get(PATH)

    assert caught.value.retry_after == 60.0
    assert len(server.calls) == 1


def test_a_busy_canvas_is_asked_again(two_pages, connect, reply, pauses):
    server = two_pages(faults=[reply(b"<html>", 503, {"Content-Type": "text/html"})])

    assert list(connect(server).paginate(PATH)) == ALL
    assert len(pauses) == 1


def test_a_missing_permission_is_no_dead_token(scripted, connect, reply):
    body = {"status": "unauthorized", "errors": [{"message": "user not authorized"}]}
    server = scripted(reply(body, 401))

    with pytest.raises(AuthorizationError, match="user not authorized"):
        connect(server).get(PATH)

    assert len(server.calls) == 1


def test_a_sign_in_page_is_no_list(scripted, connect, reply):
    server = scripted(reply("<html>Log in", headers={"Content-Type": "text/html; charset=utf-8"}))

    with pytest.raises(MalformedAnswer, match="text/html"):
        list(connect(server).paginate(PATH))


def test_the_old_guard_is_stripped(scripted, connect, reply):
    server = scripted(reply(b'while(1);[{"id":"1"}]'))

    assert list(connect(server).paginate(PATH)) == [{"id": "1"}]


def test_a_foreign_next_link_is_loud(two_pages, scripted, connect, reply):
    stranger = scripted(reply(SECOND))
    server = two_pages(link=f"http://127.0.0.2:{stranger.server.server_port}/elsewhere?page=2")

    with pytest.raises(MalformedAnswer, match="outside its API"):
        list(connect(server).paginate(PATH))

    assert stranger.calls == []


def test_the_token_stays_at_home(two_pages, scripted, connect, reply):
    stranger = scripted(reply(SECOND))
    link = f"http://localhost:{stranger.server.server_port}{PATH}?page=bookmark:x"
    server = two_pages(link=link)

    assert list(connect(server).paginate(PATH)) == ALL
    assert stranger.calls == []


def test_an_alias_of_the_host_is_followed_home(two_pages, connect):
    server = two_pages(link="https://vanity.example.edu" + PATH + "?page=bookmark:x")

    assert list(connect(server).paginate(PATH)) == ALL


def test_semicolon_and_comma_in_a_link(two_pages, connect):
    server = two_pages(link="{url}" + PATH + "?a=1;2,3&page=bookmark:x;y,z")

    assert list(connect(server).paginate(PATH)) == ALL
    assert server.targets[1].endswith("?a=1;2,3&page=bookmark:x;y,z")


def test_a_lower_case_link_header(two_pages, connect):
    assert list(connect(two_pages(header="link")).paginate(PATH)) == ALL


def test_bookmarks_are_followed_verbatim(two_pages, connect):
    server = two_pages()

    assert list(connect(server).paginate(PATH)) == ALL
    assert server.targets[1] == PATH + "?page=bookmark:WzFd&per_page=2"


def test_an_empty_page_with_next(two_pages, connect):
    assert list(connect(two_pages(first=[])).paginate(PATH)) == SECOND


def test_a_loop_of_links_raises(scripted, connect, reply):
    def script(call):
        return reply(FIRST, headers={"Link": f'<{server.url}{PATH}?page=bookmark:x>; rel="next"'})

    server = scripted(script)

    with pytest.raises(MalformedAnswer, match="never ends"):
        list(connect(server).paginate(PATH))

    assert len(server.calls) == 2


def test_a_repeated_row_comes_once(two_pages, connect):
    pages = connect(two_pages(second=[{"id": "2"}, {"id": "3"}])).paginate(PATH)

    assert list(pages) == [{"id": "1"}, {"id": "2"}, {"id": "3"}]
    assert pages.complete is False
    assert "1 row came twice" in pages.why


def test_a_redirect_keeps_the_token(scripted, connect, reply, secret):
    stranger = scripted(reply({}))
    server = scripted(reply(b"", 302, {"Location": f"{stranger.url}/login"}))

    with pytest.raises(MalformedAnswer, match="redirect"):
        connect(server).get(PATH)

    assert stranger.calls == []


def test_another_persons_cookie_is_never_sent(scripted, connect, reply):
    server = scripted(reply({}, headers={"Set-Cookie": "canvas_session=of-somebody; Path=/"}))
    canvas = connect(server)

    canvas.get(PATH)
    canvas.get(PATH)

    assert all("Cookie" not in call.headers for call in server.calls)


def test_netrc_replaces_no_token(scripted, connect, reply, secret, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password wrong\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = scripted(reply({}))

    connect(server).get(PATH)

    assert server.calls[0].headers["Authorization"] == f"Bearer {secret}"


def test_every_call_names_its_user_agent(scripted, connect, reply):
    server = scripted(reply({}))

    connect(server).get(PATH)
    connect(server, user_agent="Own/1 (+mail)").request("DELETE", PATH)

    assert server.calls[0].headers["User-Agent"].startswith("Easel")
    assert server.calls[1].headers["User-Agent"] == "Own/1 (+mail)"


def test_a_hundred_rows_are_asked_for(scripted, connect, reply):
    server = scripted(reply([]))

    list(connect(server).paginate(PATH))

    assert server.targets == [PATH + "?per_page=100"]


def test_string_ids_are_asked_for(scripted, connect, reply):
    server = scripted(reply([]))

    connect(server).get(PATH)

    assert "application/json+canvas-string-ids" in server.calls[0].headers["Accept"]
