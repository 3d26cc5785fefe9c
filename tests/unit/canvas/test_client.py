"""Calls are signed, spelled, repeated and refused as the design says."""

import json
import logging
from datetime import UTC

import msgspec
import pytest

from canvas_app.canvas.client import CanvasClient, route
from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    InvalidRequest,
    MalformedAnswer,
    MissingScope,
    NotFound,
    SignInRequired,
    Throttled,
    Unavailable,
)
from canvas_app.canvas.retry import PATIENT

NESTED: list[object] = []
for _ in range(900):
    NESTED = [NESTED]
DEEP = b"[" * 200_000  # deeper than anything is read
PATH = "/api/v1/things"


class Course(msgspec.Struct):
    id: str
    name: str | None = None


class Gate:
    """A throttle that admits everything and records what it is told."""

    max_parallel = 2
    remaining = 600.0

    def __init__(self):
        self.told = []

    def admit(self, access_token, deadline=None):
        return self

    def settle(self, *, throttled, remaining, cost):
        self.told.append((throttled, remaining, cost))

    def forget(self):
        self.told.append("forgotten")


class Renewing:
    """Credentials whose token is renewed, or whose grant is over."""

    def __init__(self, over=False):
        self.over = over
        self.rejected = []

    def access_token(self, deadline=None):
        return "old-secret"

    def renewed(self, rejected, deadline=None):
        self.rejected.append(rejected)
        if self.over:
            raise SignInRequired("Please sign in again.")
        return "new-secret"


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def time():
    """The time in seconds, moved by sleeping."""
    return [1000.0]


@pytest.fixture
def connect(secret, gate, time):
    clients = []

    def make(server, credentials=secret, **options):
        def sleep(seconds):
            time[0] += seconds

        clients.append(
            CanvasClient(
                server.url,
                credentials,
                **{"throttle": gate, "sleep": sleep, "clock": lambda: time[0]} | options,
            )
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def rejection(reply, message="Invalid access token."):
    return reply(
        {"errors": [{"message": message}]}, 401, {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}
    )


@pytest.mark.parametrize(
    "path",
    [
        "api/v1/x",
        "//evil.example/x",
        "/x?y=1",
        "/x#y",
        "/a/../b",
        "/a/%2E./b",
        "/a b",
        "https://e/",
    ],
)
def test_odd_paths_are_refused(path, scripted, reply, connect):
    server = scripted(reply({}))

    with pytest.raises(ValueError, match="path"):
        connect(server).get(path)

    assert server.calls == []


@pytest.mark.parametrize("name", ["access_token", "as_user_id"])
def test_some_parameters_have_their_own_way(name, scripted, reply, connect):
    with pytest.raises(ValueError, match=r"header only|as_user"):
        connect(scripted(reply({}))).get(PATH, {name: "1"})


def test_one_object_is_decoded(scripted, reply, connect):
    server = scripted(reply({"id": "1", "name": None, "other": 1}))
    canvas = connect(server)

    assert canvas.get(PATH, {"include": ["term"]}, type=Course) == Course("1")
    assert canvas.get(PATH) == {"id": "1", "name": None, "other": 1}
    assert server.targets[0] == PATH + "?include%5B%5D=term"
    assert server.calls[0].headers["Accept"].startswith("application/json+canvas-string-ids")


@pytest.mark.parametrize("body", [b'{"id": 7', b'{"id": []}', b"", b'{"x": ' + DEEP])
def test_odd_objects_are_malformed(body, scripted, reply, connect):
    server = scripted(reply(body, headers={"X-Request-Context-Id": "abc"}))

    with pytest.raises(MalformedAnswer, match="not as expected") as caught:
        connect(server).get(PATH, type=Course)

    assert caught.value.request_id == "abc"
    assert caught.value.__cause__ is None


def test_bytes_that_are_no_text_cost_no_object(scripted, reply, connect):
    """An invalid byte in a name leaves the rest of the name and of the object."""
    canvas = connect(scripted(reply(b'{"id": "1", "name": "Bio\xfflogy"}')))

    assert canvas.get(PATH, type=Course).name == "Bio\ufffdlogy"


@pytest.mark.parametrize("body", [b"{broken", b"{}", DEEP])
def test_odd_lists_are_malformed(body, scripted, reply, connect):
    with pytest.raises(MalformedAnswer, match="list is not as expected"):
        list(connect(scripted(reply(body))).paginate(PATH))


def test_no_content_type_is_no_json(scripted, reply, connect):
    with pytest.raises(MalformedAnswer, match="no content type"):
        connect(scripted(reply("{}", headers={"Content-Type": ""}))).get(PATH)


def test_writes_go_as_form_or_json(scripted, reply, connect):
    server = scripted(reply({"id": "1"}, 201))
    canvas = connect(server)

    assert canvas.request("post", PATH, data={"note": {"title": "ä"}}) == {"id": "1"}
    canvas.request("PUT", PATH, json={"a": [1]})
    canvas.request("DELETE", PATH, params={"task": "delete"})

    form, body, bare = server.calls
    assert (form.method, form.body) == ("POST", b"note%5Btitle%5D=%C3%A4")
    assert form.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert json.loads(body.body) == {"a": [1]}
    assert body.headers["Content-Type"] == "application/json"
    assert bare.target == PATH + "?task=delete"
    with pytest.raises(ValueError, match="not both"):
        canvas.request("POST", PATH, data={}, json={})


def test_nothing_comes_back_as_none(scripted, reply, connect):
    canvas = connect(scripted(reply(b"", 204), reply(b" "), reply({})))

    assert canvas.request("DELETE", PATH) is None
    assert canvas.request("DELETE", PATH) is None
    assert canvas.request("HEAD", PATH) is None


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"errors": [{"message": "Insufficient scopes on access token."}]}, MissingScope),
        (401, {"errors": "Invalid as_user_id"}, AuthorizationError),
        (403, {"errors": [{"message": "user not authorized"}]}, AuthorizationError),
        (404, {"errors": [{"message": "The specified resource does not exist."}]}, NotFound),
        (400, {"message": "Missing context_codes"}, InvalidRequest),
        (422, {"errors": {"name": [{"message": "blank"}]}}, InvalidRequest),
        (409, {}, InvalidRequest),
        (400, {"errors": NESTED}, InvalidRequest),
        (302, {}, MalformedAnswer),
    ],
)
def test_errors_are_named(status, body, kind, scripted, reply, connect, secret):
    server = scripted(reply(body, status, {"X-Request-Context-Id": "abc"}))

    with pytest.raises(kind) as caught:
        connect(server).get(PATH, {"search_term": "private"})

    error = caught.value
    assert type(error) is kind
    assert (error.method, error.path, error.status) == ("GET", PATH, status)
    assert error.request_id == "abc"
    assert error.at.tzinfo is UTC
    assert "private" not in f"{error} {error!r}"
    assert secret not in f"{error} {error!r}"
    assert len(server.calls) == 1


def test_error_reports_are_told_and_tokens_are_not(scripted, reply, connect, secret):
    body = {"message": f"bad {secret}", "error_report_id": 77}

    with pytest.raises(InvalidRequest, match="error report 77") as caught:
        connect(scripted(reply(body, 400))).get(PATH)

    assert caught.value.canvas_message == "bad …"


def test_a_rejected_token_is_renewed_once(scripted, reply, connect):
    credentials = Renewing()
    server = scripted(rejection(reply), reply({"id": "1"}))

    assert connect(server, credentials).request("POST", PATH, data={"a": 1}) == {"id": "1"}

    assert credentials.rejected == ["old-secret"]
    assert [call.headers["Authorization"] for call in server.calls] == [
        "Bearer old-secret",
        "Bearer new-secret",
    ]


def test_a_token_rejected_again_is_the_end(scripted, reply, connect):
    server = scripted(rejection(reply, "Revoked access token."))

    with pytest.raises(AuthenticationError, match="Revoked"):
        connect(server, Renewing()).get(PATH)

    assert len(server.calls) == 2


def test_a_grant_that_is_over_asks_to_sign_in(scripted, reply, connect):
    server = scripted(rejection(reply))

    with pytest.raises(SignInRequired) as caught:
        connect(server, Renewing(over=True)).get(PATH)

    assert (caught.value.method, caught.value.path) == ("GET", PATH)
    assert caught.value.status == 401
    assert caught.value.canvas_message == "Invalid access token."


def test_a_missing_scope_renews_nothing(scripted, reply, connect):
    credentials = Renewing()
    body = {"errors": [{"message": "Insufficient scopes on access token."}]}

    with pytest.raises(MissingScope):
        connect(scripted(reply(body, 401)), credentials).get(PATH)

    assert credentials.rejected == []


def test_a_personal_token_is_not_renewed(scripted, reply, connect):
    server = scripted(rejection(reply))

    with pytest.raises(AuthenticationError):
        connect(server).get(PATH)

    assert len(server.calls) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_throttled_call_is_safe_to_repeat(method, scripted, reply, connect, gate):
    limit = reply(
        b"403 Forbidden (Rate Limit Exceeded)\n",
        403,
        {"Content-Type": "text/plain; charset=utf-8", "X-Rate-Limit-Remaining": "18.5"},
    )
    server = scripted(limit, reply({}, headers={"X-Request-Cost": "0.1"}))

    assert connect(server).request(method, PATH) == {}
    assert gate.told == [(True, 18.5, None), (False, None, 0.1)]


def test_throttled_for_ever_is_told(scripted, reply, connect):
    server = scripted(reply(b"", 429))

    with pytest.raises(Throttled) as caught:
        connect(server).get(PATH)

    assert caught.value.repeat_is_safe is True
    assert len(server.calls) == 12


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("5", 5.0),
        ("99999", 60.0),
        ("Wed, 01 Jan 2020 00:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("nan", 0),
        ("inf", 0),
        ("-5", 0),
        ("1e308", 60.0),
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 -9999999999999", 0),
        ("Fri, 31 Dec 9999 23:59:59", 0),
        ("(" * 30_000, 0),
        ("1," * 15_000, 0),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_retry_after_has_two_forms(header, wait, scripted, reply, connect):
    server = scripted(reply(b"", 429, {"Retry-After": header}))

    with pytest.raises(Throttled) as caught:
        connect(server, deadline=1000.5).get(PATH, deadline=2000.0)

    assert caught.value.retry_after == wait


def test_reading_is_tried_three_times(scripted, reply, connect):
    server = scripted(reply({}, 500))

    with pytest.raises(Unavailable) as caught:
        connect(server).get(PATH)

    assert caught.value.repeat_is_safe is True
    assert len(server.calls) == 3


def test_a_broken_read_is_tried_again(scripted, reply, connect, gate):
    server = scripted(reply(drop=True), reply({"id": "1"}))

    assert connect(server).get(PATH) == {"id": "1"}
    assert gate.told == [(False, None, 50.0), (False, None, None)]  # Canvas may still be at work


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}])
def test_a_write_is_never_sent_twice(fault, scripted, reply, connect):
    server = scripted(reply({}, **fault))

    with pytest.raises(Unavailable) as caught:
        connect(server).request("POST", PATH, data={"a": 1})

    assert caught.value.delivery == "may_have_happened"
    assert caught.value.repeat_is_safe is False
    assert len(server.calls) == 1


def test_a_write_that_never_left_is_tried_again(scripted, reply, connect, gate):
    server = scripted(reply({}))
    server.close()

    with pytest.raises(Unavailable) as caught:
        connect(server).request("POST", PATH, data={"a": 1})

    assert caught.value.delivery == "not_sent"
    assert gate.told == ["forgotten"] * 3


def test_no_pause_reaches_past_the_deadline(scripted, reply, connect, time):
    server = scripted(reply({}, 503, {"Retry-After": "20"}))

    with pytest.raises(Unavailable) as caught:
        connect(server, deadline=5000.0).with_deadline(1010.0).get(PATH)

    assert caught.value.retry_after == 20.0
    assert len(server.calls) == 1
    assert time == [1000.0]


def test_patience_ends_after_a_day(scripted, reply, connect, time):
    server = scripted(reply({}, 503))

    with pytest.raises(Unavailable, match="24 hours, which is the limit"):
        connect(server, retry=PATIENT).get(PATH)

    assert 20 * 3600 < time[0] - 1000.0 <= 24 * 3600
    assert len(server.calls) > 20


def test_too_large_an_answer_frees_its_place(scripted, reply, connect, gate):
    canvas = connect(scripted(reply("x" * 100)))
    canvas.transport._largest_answer = 50

    with pytest.raises(MalformedAnswer, match="larger"):
        canvas.get(PATH)

    assert gate.told == [(False, None, 50.0)]


def test_acting_as_another_user_is_a_client_of_its_own(scripted, reply, connect):
    def script(call):
        if "page=2" in call.target:
            return reply([])
        return reply([{"id": "1"}], headers={"Link": f'<{server.url}{PATH}?page=2>; rel="next"'})

    server = scripted(script)
    canvas = connect(server)
    other = canvas.as_user("sis_user_id:7")

    list(other.paginate(PATH))
    canvas.get(PATH)

    assert server.targets == [
        PATH + "?per_page=100&as_user_id=sis_user_id%3A7",
        PATH + "?page=2&as_user_id=sis_user_id%3A7",
        PATH,
    ]
    assert "sis_user_id:7" in repr(other)
    with pytest.raises(ValueError, match="already acts"):
        other.as_user(8)
    other.close()
    assert canvas.get(PATH) == [{"id": "1"}]


@pytest.mark.parametrize("scope", [None, "7"])
def test_a_link_never_changes_the_person(scope, scripted, reply, connect):
    link = {"Link": f'<{PATH}?page=2&as_user_id=8>; rel="next"'}
    canvas = connect(scripted(reply([], headers=link)))

    with pytest.raises(MalformedAnswer, match="acts as another user"):
        list((canvas.as_user(scope) if scope else canvas).paginate(PATH))


def test_links_without_use_may_be_odd(scripted, reply, connect):
    link = {"Link": '<https://elsewhere.example/>; rel="last"'}

    assert list(connect(scripted(reply([1], headers=link))).paginate(PATH)) == [1]


def test_an_enrollment_ends_as_told(scripted, reply, connect):
    server = scripted(reply({}))
    canvas = connect(server)

    canvas.remove_enrollment("sis_course_id:a.b", 5, task="inactivate")

    assert server.calls[0].method == "DELETE"
    assert server.targets == ["/api/v1/courses/sis_course_id:a%2Eb/enrollments/5?task=inactivate"]
    with pytest.raises(ValueError, match="task is one of"):
        canvas.remove_enrollment(1, 5, task="remove")
    with pytest.raises(TypeError):
        canvas.remove_enrollment(1, 5)


def test_each_call_is_logged_with_its_cost(scripted, reply, connect, secret, caplog):
    caplog.set_level(logging.INFO, "canvas_app.canvas.calls")
    headers = {
        "X-Request-Cost": "0.25",
        "X-Rate-Limit-Remaining": "590",
        "X-Request-Context-Id": "abc",
    }

    connect(scripted(reply({}, headers=headers))).get(PATH, {"search_term": "private"})

    [record] = caplog.records
    assert record.name == "canvas_app.canvas.calls"
    assert record.getMessage().startswith(f"GET {PATH} → 200, ")
    assert "cost 0.25, remaining 590.0, request abc" in record.getMessage()
    assert (record.status, record.cost, record.remaining) == (200, 0.25, 590.0)
    assert "private" not in str(vars(record))
    assert secret not in str(vars(record))


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/api/v1/users/self/missing_submissions", "/api/v1/users/self/missing_submissions"),
        ("/api/v1/courses/1234/assignments/5", "/api/v1/courses/:id/assignments/:id"),
        ("/api/v1/users/sis_login_id:ada", "/api/v1/users/:id"),
        ("/api/v1/users/Ada%20Lovelace/colors/course_7", "/api/v1/users/:id/colors/:id"),
    ],
)
def test_the_log_names_no_ids(path, logged):
    assert route(path) == logged


def test_a_given_transport_stays_open(scripted, reply, connect, secret, monkeypatch):
    owner = connect(scripted(reply({})))
    closed = []
    monkeypatch.setattr(owner.transport, "close", lambda: closed.append(True))

    with CanvasClient(owner.base_url, secret, transport=owner.transport) as guest:
        guest.get(PATH)
    assert closed == []

    with owner:
        owner.get(PATH)
    assert closed == [True]
    assert secret not in repr(owner)


def test_the_emulator_is_read_whole(canvas):
    with CanvasClient(canvas.url, canvas.token("many")) as client:
        me = client.get("/api/v1/users/self")
        pages = client.paginate("/api/v1/courses", params={"include": ["term"]}, per_page=20)
        courses = list(pages)

    assert me["id"] == str(canvas.person("many")["id"])
    assert len(courses) == len({course["id"] for course in courses}) > 100
    assert pages.complete is True, pages.why
    assert client.throttle.remaining > 0


@pytest.mark.parametrize("path", ["/api/v1/accounts/1/users", "/api/v1/courses/900/enrollments"])
def test_the_emulators_great_lists_are_read_whole(path, canvas):
    with CanvasClient(canvas.url, canvas.token("admin")) as client:
        pages = client.paginate(path)
        rows = sum(1 for _ in pages)

    assert rows == 5000
    assert pages.complete is True, pages.why
    assert canvas.stats()["throttled"] == 0
