"""The faults that broke other clients, on the stand-in Canvas itself."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    InvalidRequest,
    MalformedAnswer,
    MissingScope,
    NotFound,
    Unavailable,
)
from canvas_app.canvas.oauth import InvalidClient, InvalidGrant, TokenEndpoint
from canvas_app.canvas.parameters import api_path
from canvas_app.canvas.throttle.queue import MemoryBuckets, Throttle
from tests.unit.storage.consents import consent, endpoint

NUMBERED = "/api/v1/accounts/1/users"
BOOKMARKED = "/api/v1/courses/900/enrollments"
SELF = "/api/v1/users/self"
NOTES = "/api/v1/planner_notes"
ROWS = 350


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def admin(canvas, pauses):
    """The administrator's client; its waits move the stand-in's clock instead."""
    canvas.control(campus={"bulk_rows": ROWS})
    now = [0.0]

    def pass_time(seconds):
        if seconds:
            pauses.append(seconds)
            now[0] += seconds
            canvas.control(clock={"advance": seconds})

    def leak(condition, seconds):
        if seconds is None:
            condition.wait(0.01)
        else:
            pass_time(seconds)

    buckets = MemoryBuckets(clock=lambda: now[0], wait=leak)
    with CanvasClient(
        canvas.url,
        canvas.token("admin"),
        throttle=Throttle(buckets, canvas.url, max_parallel=4),
        clock=lambda: now[0],
        sleep=pass_time,
    ) as client:
        yield client


def fault(path, kind, **more):
    return {"method": "GET", "path": path, "kind": kind, "after": 1, "times": 1} | more


def spend(canvas, person, cost):
    """Fill a person's bucket as a stranger with the same token would."""
    canvas.control(costs={"default": cost})
    headers = {"Authorization": f"Bearer {canvas.token(person)}", "User-Agent": "stranger"}
    requests.get(f"{canvas.url}{SELF}", headers=headers, timeout=10)
    canvas.control(costs={"default": 0.05})


def calls(canvas, route):
    return sum(canvas.stats()["calls"].get(route, {}).values())


@pytest.mark.parametrize("path", [NUMBERED, BOOKMARKED])
@pytest.mark.parametrize("status", [403, 429])
def test_a_full_bucket_costs_a_wait(status, path, canvas, admin, pauses):
    canvas.control(throttle={"status": status})
    spend(canvas, "admin", 600)
    pages = admin.paginate(path)

    assert len({row["id"] for row in pages}) == ROWS
    assert pages.complete is True, pages.why
    assert canvas.stats()["throttled"] > 0
    assert sum(pauses) > 0


def test_retry_after_is_waited_for(canvas, admin, pauses):
    canvas.control(faults=[fault(SELF, "status", status=429, retry_after="7", after=0)])

    assert admin.get(SELF)["id"]
    assert max(pauses) >= 7.0


@pytest.mark.parametrize("path", [NUMBERED, BOOKMARKED])
@pytest.mark.parametrize(
    "trouble",
    [
        {"kind": "status", "status": 503},
        {"kind": "reset"},
        {"kind": "truncate"},
        {"kind": "link_host"},
        {"kind": "link_host", "location": "127.0.0.2:9"},
        {"kind": "link_odd"},
        {"kind": "link_odd", "after": 0},
        {"kind": "json_prefix"},
    ],
    ids=lambda trouble: "-".join(map(str, trouble.values())),
)
def test_a_list_survives(trouble, path, canvas, admin):
    canvas.control(faults=[fault(path, **trouble)])
    pages = admin.paginate(path)

    assert len({row["id"] for row in pages}) == ROWS
    assert pages.complete is True, pages.why


def test_lower_case_headers_are_read(canvas, admin):
    canvas.control(settings={"lowercase_headers": True})

    assert len(list(admin.paginate(NUMBERED))) == ROWS


def test_an_empty_page_is_not_the_end(canvas, admin):
    canvas.control(faults=[fault(BOOKMARKED, "empty_page", after=0)])

    assert len(list(admin.paginate(BOOKMARKED))) == ROWS - 100


@pytest.mark.parametrize("path", [NUMBERED, BOOKMARKED])
@pytest.mark.parametrize(
    ("kind", "said"),
    [("html", "text/html"), ("redirect", "redirect"), ("link_loop", "never ends")],
)
def test_a_list_never_ends_quietly(kind, said, path, canvas, admin):
    canvas.control(faults=[fault(path, kind, **({"status": 200} if kind == "html" else {}))])
    pages = admin.paginate(path)

    with pytest.raises(MalformedAnswer, match=said):
        list(pages)

    assert pages.complete is False
    assert pages.why


@pytest.mark.parametrize("path", [NUMBERED, BOOKMARKED])
@pytest.mark.parametrize("kind", ["link_missing", "repeat"])
def test_a_doubtful_list_is_marked(kind, path, canvas, admin):
    canvas.control(faults=[fault(path, kind)])
    pages = admin.paginate(path)
    rows = [row["id"] for row in pages]

    assert len(rows) == len(set(rows))
    assert pages.complete is False
    assert pages.why


@pytest.mark.parametrize("drift", [{"remove": 3}, {"add": 3}], ids=["shrinks", "grows"])
def test_a_list_that_drifts_is_marked(drift, canvas, admin):
    canvas.control(drift={"path": NUMBERED, "after_page": 1} | drift)
    pages = admin.paginate(NUMBERED)
    rows = [row["id"] for row in pages]

    assert len(rows) == len(set(rows))
    assert pages.complete is False
    assert "changed while it was read" in pages.why


def test_an_empty_last_page_is_noticed(canvas, admin):
    """The first page is unchanged, and the empty one says that it is the last."""
    canvas.control(campus={"bulk_rows": 110})
    canvas.control(drift={"path": NUMBERED, "remove": 10, "place": 100, "after_page": 1})
    pages = admin.paginate(NUMBERED)

    assert len(list(pages)) == 100
    assert pages.complete is False
    assert pages.why == "the list changed while it was read: its last page came empty"


def test_smaller_pages_than_asked_for(canvas, admin):
    canvas.control(settings={"api_max_per_page": 10})

    assert len(list(admin.paginate(BOOKMARKED))) == ROWS
    assert len(list(admin.paginate(NUMBERED))) == ROWS


def test_no_token_is_taken_along_by_a_redirect(canvas, admin, scripted, reply):
    stranger = scripted(reply({}))
    canvas.control(faults=[fault(SELF, "redirect", after=0, location=f"{stranger.url}/")])

    with pytest.raises(MalformedAnswer, match="redirect"):
        admin.get(SELF)

    assert stranger.calls == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_forbidden_course_is_no_dead_token(status, canvas):
    canvas.control(settings={"permission_status": status})
    with CanvasClient(canvas.url, canvas.token("newcomer")) as newcomer:
        with pytest.raises(AuthorizationError) as caught:
            newcomer.get("/api/v1/courses/900/enrollments")

        assert type(caught.value) is AuthorizationError
        assert caught.value.canvas_message
        assert newcomer.get(SELF)["id"]


def test_a_revoked_token_is_told_by_its_header(canvas):
    token = consent(canvas).token
    canvas.control(revoke_tokens="all")
    client = CanvasClient(canvas.url, token.access_token)
    with client as dozen, pytest.raises(AuthenticationError) as caught:
        dozen.get(SELF)

    assert token.access_token not in str(caught.value)


def test_a_missing_scope_is_told_apart(canvas):
    token = consent(canvas, kind="scoped", scope="url:GET|/api/v1/courses").token
    with CanvasClient(canvas.url, token.access_token) as dozen, pytest.raises(MissingScope):
        dozen.get("/api/v1/planner/items")


def test_what_is_not_there_is_not_found(canvas, admin):
    with pytest.raises(NotFound):
        admin.get("/api/v1/courses/987654321")


def test_an_unknown_masquerade_is_no_dead_token(canvas, admin):
    with pytest.raises(AuthorizationError, match="as_user_id"):
        admin.as_user("987654321").get(SELF)

    assert admin.get(SELF)["id"] == str(canvas.person("admin")["id"])


def test_a_masquerade_leaks_into_no_other_call(canvas, admin):
    dozen = str(canvas.person("dozen")["id"])

    assert admin.as_user(dozen).get(SELF)["id"] == dozen
    assert admin.get(SELF)["id"] == str(canvas.person("admin")["id"])


def test_a_throttled_answer_tells_no_level(canvas, admin, pauses):
    """It has no cost and a positive rest; a client that believed it would return at once."""
    canvas.control(throttle={"outflow": 10})
    spend(canvas, "admin", 780)

    assert admin.get(SELF)["id"]
    assert sum(pauses) > 5.0


def test_a_throttled_write_is_sent_again(canvas, admin):
    spend(canvas, "admin", 640)
    note = admin.request("POST", NOTES, data={"title": "Once", "todo_date": "2026-11-24"})

    assert note["title"] == "Once"
    assert [n["title"] for n in admin.paginate(NOTES)].count("Once") == 1


def test_a_write_in_doubt_is_not_sent_again(canvas, admin):
    canvas.control(faults=[{"kind": "reset", "path": NOTES, "method": "POST", "handled": True}])

    with pytest.raises(Unavailable) as caught:
        admin.request("POST", NOTES, data={"title": "Once", "todo_date": "2026-11-24"})

    assert caught.value.delivery == "may_have_happened"
    assert [note["title"] for note in admin.paginate(NOTES)].count("Once") == 1


def test_a_missing_user_agent_is_no_permission(canvas, admin):
    canvas.control(settings={"require_user_agent": True})

    assert admin.get(SELF)["id"]


def test_no_headers_no_throttle(canvas, admin):
    canvas.control(throttle={"enabled": False})

    assert len(list(admin.paginate(NUMBERED))) == ROWS


def test_a_renewed_token_begins_with_an_empty_bucket(canvas):
    token = consent(canvas).token
    buckets = MemoryBuckets()
    throttle = Throttle(buckets, canvas.url)
    canvas.control(costs={"default": 400})
    with CanvasClient(canvas.url, token.access_token, throttle=throttle) as old:
        old.get(SELF)
        assert old.throttle.remaining < 300
        renewed = endpoint(canvas).refresh(token.refresh_token)
    canvas.control(costs={"default": 0.05})
    fresh = Throttle(buckets, canvas.url)
    with CanvasClient(canvas.url, renewed.access_token, throttle=fresh) as new:
        new.get(SELF)
        assert new.throttle.remaining > 500


def test_great_ids_stay_whole(canvas):
    with CanvasClient(canvas.url, canvas.token("dozen")) as dozen:
        ids = [course["id"] for course in dozen.paginate("/api/v1/courses")]

    assert all(isinstance(one, str) for one in ids)
    assert any(int(one) > 2**53 for one in ids)


def test_an_id_cannot_lead_elsewhere(canvas, admin):
    for odd in ("1/../../users/self", "1?x=", "1#", "sis_course_id:A/1.b"):
        try:
            admin.get(api_path("courses", odd))
        except (NotFound, InvalidRequest, ValueError):
            continue
        pytest.fail(f"{odd} was answered")
    assert calls(canvas, "GET /api/v1/users/:id") == 0


def test_a_refresh_overwrites_the_access_token(canvas):
    token = consent(canvas).token
    renewed = endpoint(canvas).refresh(token.refresh_token)

    assert renewed.refresh_token == token.refresh_token
    with CanvasClient(canvas.url, token.access_token) as old, pytest.raises(AuthenticationError):
        old.get(SELF)
    with CanvasClient(canvas.url, renewed.access_token) as new:
        assert new.get(SELF)["id"] == str(canvas.person("dozen")["id"])


def test_an_empty_access_token_is_no_token(canvas):
    token = consent(canvas).token
    canvas.control(faults=[{"kind": "empty_token", "path": "/login/oauth2/token"}])

    with pytest.raises(MalformedAnswer):
        endpoint(canvas).refresh(token.refresh_token)


@pytest.mark.parametrize("wording", ["new", "old"])
@pytest.mark.parametrize("redirected", [False, True])
def test_a_dead_refresh_token_is_told_in_every_age(wording, redirected, canvas):
    canvas.control(settings={"invalid_grant_wording": wording, "token_errors_redirect": redirected})

    with pytest.raises(InvalidGrant):
        endpoint(canvas).refresh("1234~never-issued")


def test_a_wrong_secret_ends_no_grant(canvas):
    token = consent(canvas).token
    wrong = TokenEndpoint(canvas.url, canvas.key("confidential")["client_id"], "wrong")

    with pytest.raises(InvalidClient) as caught:
        wrong.refresh(token.refresh_token)

    assert not isinstance(caught.value, InvalidGrant)


def test_a_hanging_token_endpoint_is_left(canvas):
    canvas.control(
        faults=[{"kind": "slow", "path": "/login/oauth2/token", "seconds": 3, "times": None}]
    )
    hasty = endpoint(canvas, time_limit=0.3)

    with pytest.raises(Unavailable):
        hasty.refresh("1234~any")


def test_many_lists_at_once_are_whole(canvas, admin):
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda path: len(list(admin.paginate(path))), [NUMBERED] * 4))

    assert found == [ROWS] * 4
    assert canvas.stats()["throttled"] == 0


def test_errors_show_no_secret(canvas):
    token = consent(canvas).token
    canvas.control(faults=[{"kind": "status", "status": 500, "times": None, "path": "/api/*"}])
    client = CanvasClient(canvas.url, token.access_token)
    with client as dozen, pytest.raises(Unavailable) as caught:
        dozen.request("DELETE", api_path("planner_notes", 1))

    shown = f"{caught.value} {caught.value!r} {dozen!r} {endpoint(canvas)!r} {token!r}"
    assert token.access_token not in shown
    assert token.refresh_token not in shown
