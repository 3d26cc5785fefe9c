"""Each failure has its own page and status, without a traceback; health checks tell the truth."""

from typing import Any

import pytest
import requests
from sqlalchemy.exc import OperationalError

from canvas_app.canvas import errors
from canvas_app.canvas.oauth import InvalidClient
from canvas_app.current import current_sources
from canvas_app.views.streaming import stream_page

from .conftest import RunningEasel, StartEasel, sign_in

pytestmark = pytest.mark.anyday

WHERE = {"method": "GET", "path": "/api/v1/courses/:course_id"}


def raise_at(easel: RunningEasel, error: Exception) -> None:
    """Let /broken and its twin raise this error."""

    def broken() -> str:
        raise error

    easel.app.add_url_rule("/broken", "broken", broken)
    easel.app.add_url_rule("/broken.json", "broken_json", broken)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (errors.AuthenticationError("no", **WHERE), 502, "did not accept your sign-in"),
        (errors.AccessRefused("no", **WHERE), 403, "may be suspended"),
        (errors.MissingScope("no", **WHERE), 403, "CANVAS_SCOPES=auto"),
        (errors.AuthorizationError("no", **WHERE), 403, "does not let you see this"),
        (errors.NotFound("no", **WHERE), 404, "Not found in Canvas"),
        (errors.InvalidRequest("no", canvas_message="too odd", **WHERE), 502, "too odd"),
        (errors.Unavailable("no", **WHERE), 503, "did not answer"),
        (InvalidClient("no", **WHERE), 502, "CANVAS_CLIENT_SECRET"),
        (errors.MalformedAnswer("no", **WHERE), 502, "does not understand"),
        (errors.Throttled("no", retry_after=7.2, **WHERE), 503, "no more requests for a moment"),
        (OperationalError("SELECT", {}, Exception("locked")), 503, "DATABASE_URL"),
        (RuntimeError("access_token=very-secret"), 500, "Easel failed"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_its_page(
    easel: RunningEasel, error: Exception, status: int, words: str
) -> None:
    raise_at(easel, error)

    page = requests.get(f"{easel.url}/broken", timeout=10)
    twin = requests.get(f"{easel.url}/broken.json", timeout=10)

    assert page.status_code == status
    assert words in page.text
    assert page.headers["X-Request-Id"] in page.text
    for trace in ("Traceback", "very-secret", "RuntimeError"):
        assert trace not in page.text
    assert twin.status_code == status
    assert twin.json()["data"] == []
    assert twin.json()["complete"] is False
    assert twin.json()["sources"][0]["status"] == ("denied" if status == 403 else "failed")


def test_throttled_says_when_to_come_back(easel: RunningEasel) -> None:
    raise_at(easel, errors.Throttled("no", retry_after=7.2, **WHERE))

    assert requests.get(f"{easel.url}/broken", timeout=10).headers["Retry-After"] == "7"


def test_access_refused_after_the_shell_was_sent(easel: RunningEasel) -> None:
    """A half-sent page says the same in place, without a link to sign in again."""

    def half() -> Any:
        def load() -> Any:
            raise errors.AccessRefused("no", **WHERE)

        return stream_page("dashboard.html", load)

    easel.app.add_url_rule("/half", "half", half)
    browser = sign_in(easel, "dozen")

    page = browser.get(f"{easel.url}/half", timeout=10).text

    assert "may be suspended" in page
    assert "login?next" not in page
    assert page.rstrip().endswith("</html>")


def test_ended_grant_leads_to_sign_in(easel: RunningEasel) -> None:
    raise_at(easel, errors.SignInRequired("no", **WHERE))
    browser = sign_in(easel, "dozen")

    page = browser.get(f"{easel.url}/broken?a=b", allow_redirects=False, timeout=10)
    twin = browser.get(f"{easel.url}/broken.json", allow_redirects=False, timeout=10)

    assert page.status_code == 302
    assert page.headers["Location"] == "/login?next=/broken%3Fa%3Db"
    assert twin.status_code == 401


def test_unknown_route(easel: RunningEasel) -> None:
    answer = requests.get(f"{easel.url}/nowhere", timeout=10)

    assert answer.status_code == 404
    assert "Page not found" in answer.text


def test_unknown_twin(easel: RunningEasel) -> None:
    answer = requests.get(f"{easel.url}/nowhere.json", timeout=10)

    assert answer.status_code == 404
    assert answer.json()["complete"] is False


def test_wrong_method(easel: RunningEasel) -> None:
    answer = requests.delete(f"{easel.url}/healthz", timeout=10)

    assert answer.status_code in (400, 405)
    assert "Traceback" not in answer.text


def test_other_host_name(easel: RunningEasel) -> None:
    port = easel.url.rpartition(":")[2]

    answer = requests.get(
        f"http://localhost:{port}/login?next=/x", allow_redirects=False, timeout=10
    )

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{easel.url}/login?next=/x"


def test_health(easel: RunningEasel) -> None:
    answer = requests.get(f"{easel.url}/healthz", timeout=10)

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


def test_ready(easel: RunningEasel) -> None:
    answer = requests.get(f"{easel.url}/readyz", timeout=10)

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "database": "ok",
        "writable": True,
        "failed_writes": 0,
        "canvas": "ok",
    }


def test_ready_with_redis(start_easel: StartEasel, valkey_url: str) -> None:
    easel = start_easel(redis_url=valkey_url)

    assert requests.get(f"{easel.url}/readyz", timeout=10).json()["redis"] == "ok"


def test_database_away(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    door = easel.app.extensions["easel"]
    file = door.settings.instance_path / "easel.sqlite"
    door.storage.close()
    file.unlink()
    file.mkdir()

    status = {}
    for path in ("/", "/account", "/courses.json", "/calendar/x.ics", "/readyz", "/healthz"):
        answer = browser.get(f"{easel.url}{path}", timeout=30)
        status[path] = answer.status_code
        assert "Traceback" not in answer.text
    page = browser.get(f"{easel.url}/account", timeout=30)
    twin = browser.get(f"{easel.url}/courses.json", timeout=30).json()
    file.rmdir()

    assert (status.pop("/healthz"), set(status.values())) == (200, {503})
    assert "DATABASE_URL" in page.text
    assert (twin["data"], twin["complete"]) == ([], False)


def test_view_without_its_guard(easel: RunningEasel) -> None:
    easel.app.add_url_rule("/bare", "bare", lambda: str(current_sources()))

    assert requests.get(f"{easel.url}/bare", timeout=10).status_code == 500


def test_metrics_hold_templates_only(easel: RunningEasel) -> None:
    requests.get(f"{easel.url}/login?next=/secret-path", allow_redirects=False, timeout=10)
    requests.get(f"{easel.url}/nowhere/secret-path", timeout=10)

    text = requests.get(f"{easel.url}/metrics", timeout=10).text

    assert 'easel_requests_total{method="GET",route="/login",status="302"}' in text
    assert "secret-path" not in text


def test_metrics_token(start_easel: StartEasel) -> None:
    easel = start_easel(metrics_token="the-metrics-token")

    without = requests.get(f"{easel.url}/metrics", timeout=10)
    with_it = requests.get(
        f"{easel.url}/metrics", headers={"Authorization": "Bearer the-metrics-token"}, timeout=10
    )

    assert without.status_code == 401
    assert with_it.status_code == 200


@pytest.mark.parametrize("trusted_proxies", [0, 1])
@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_metrics_are_this_machines_own(
    start_easel: StartEasel, trusted_proxies: int, name: str
) -> None:
    easel = start_easel(trusted_proxies=trusted_proxies)

    answer = requests.get(f"{easel.url}/metrics", headers={name: "203.0.113.9"}, timeout=10)

    assert answer.status_code == 404


def test_metrics_behind_a_proxy_need_the_token(start_easel: StartEasel) -> None:
    """There every request may come from this machine, whoever sent it."""
    easel = start_easel(trusted_proxies=1)
    guarded = start_easel(trusted_proxies=1, metrics_token="m")

    assert requests.get(f"{easel.url}/metrics", timeout=10).status_code == 404
    given = {"Authorization": "Bearer m"}
    assert requests.get(f"{guarded.url}/metrics", headers=given, timeout=10).ok


def test_start_warns_of_open_connections(
    start_easel: StartEasel, capsys: pytest.CaptureFixture[str]
) -> None:
    start_easel(redis_url="redis://192.0.2.1:6379/0")

    assert "WARNING canvas_app.gateway [-] REDIS_URL is redis://" in capsys.readouterr().err
