"""``easel doctor`` names each fault of a deployment, with its remedy."""

import json
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from canvas_app.cli import easel as command
from canvas_app.settings import Settings
from tests.certificates import OVER, school
from tests.conftest import StandIn, free_port

from .conftest import RunningEasel, StartEasel, running_gunicorn, sign_in

pytestmark = pytest.mark.anyday

Serve = Callable[..., str]
Handle = Callable[[BaseHTTPRequestHandler], None]
REFUSAL = {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}


def deployed(easel: RunningEasel) -> dict[str, str]:
    """The settings of a running Easel, as an operator has them in the environment."""
    settings: Settings = easel.app.extensions["easel"].settings
    scopes = settings.scopes
    return {
        "CANVAS_URL": settings.production.canvas_url,
        "CANVAS_CLIENT_ID": settings.production.client_id,
        "CANVAS_CLIENT_SECRET": settings.production.client_secret,
        "CANVAS_SCOPES": scopes if isinstance(scopes, str) else " ".join(scopes),
        "PUBLIC_URL": settings.public_url,
        "SECRET_KEY": settings.secret_key,
        "TOKEN_KEYS": ",".join(settings.token_keys),
        "INSTANCE_PATH": str(settings.instance_path),
        "TRUSTED_PROXIES": str(settings.trusted_proxies),
    }


def look(environ: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Run the doctor; return its exit status and findings."""
    nothing = dict.fromkeys(["HTTPS_PROXY", "https_proxy", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
    done = CliRunner().invoke(command, ["doctor", "--json"], env=nothing | environ)
    told = json.loads(done.stdout)
    assert told["ok"] is (done.exit_code == 0)
    assert done.exit_code in (0, 1), done.output
    for secret in ("CANVAS_CLIENT_SECRET", "SECRET_KEY", "TOKEN_KEYS"):
        if len(environ.get(secret, "")) > 8:
            assert environ[secret] not in done.output
    for finding in told["findings"]:
        assert (finding["level"] == "ok") is not bool(finding["remedy"]), finding
    return done.exit_code, {each["code"]: each for each in told["findings"]}


def fault_of(environ: dict[str, str]) -> dict[str, Any]:
    """Return the only fault that was found."""
    status, found = look(environ)
    wrong = [each for each in found.values() if each["level"] == "error"]
    assert status == 1
    assert len(wrong) == 1, wrong
    return dict(wrong[0])


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve each request with a function of its handler; a certificate makes it TLS."""
    servers = []

    def start(answer: Handle, certificate: Path | None = None) -> str:
        class Handler(BaseHTTPRequestHandler):
            do_GET = do_POST = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def says(status: int, body: bytes = b"", **headers: str) -> Handle:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_nothing_is_wrong(easel: RunningEasel) -> None:
    status, found = look(deployed(easel))

    assert status == 0
    assert {each["level"] for each in found.values()} == {"ok"}
    assert set(found) >= {
        "settings",
        "canvas_unreachable",
        "not_a_canvas",
        "clock",
        "unknown_client",
        "redirect_uri",
        "scopes",
        "key_off",
        "wrong_secret",
        "includes_dropped",
        "database",
        "database_read_only",
        "redis",
        "public_url",
        "proxy_headers",
    }


def test_findings_are_lines_for_people(easel: RunningEasel) -> None:
    environ = deployed(easel) | {"CANVAS_CLIENT_ID": "5"}
    done = CliRunner().invoke(command, ["doctor"], env=environ)

    assert done.exit_code == 1
    assert "error   unknown_client      Canvas does not know the developer key 5." in done.output
    assert "        → Look in Canvas" in done.output


def test_settings_that_are_wrong(tmp_path: Path) -> None:
    _, found = look({"INSTANCE_PATH": str(tmp_path), "CANVAS_URL": "", "WEB_THREADS": "many"})

    assert set(found) == {"settings"}


def test_path_in_the_url(easel: RunningEasel) -> None:
    environ = deployed(easel)
    found = fault_of(environ | {"CANVAS_URL": f"{environ['CANVAS_URL']}/login"})

    assert found["code"] == "settings"
    assert found["remedy"].startswith("Give scheme and host only")


def test_url_where_nobody_is(easel: RunningEasel) -> None:
    found = fault_of(deployed(easel) | {"CANVAS_URL": f"http://127.0.0.1:{free_port()}"})

    assert found["code"] == "canvas_unreachable"
    assert "CANVAS_URL" in found["remedy"]


@pytest.mark.parametrize(
    "answer",
    [
        says(200, b"<h1>Our school</h1>", Content_Type="text/html"),
        says(404, b"{}", Content_Type="application/json"),
        says(301, Location="https://www.example.edu/"),
    ],
)
def test_url_of_another_web_site(easel: RunningEasel, serve: Serve, answer: Handle) -> None:
    found = fault_of(deployed(easel) | {"CANVAS_URL": serve(answer)})

    assert found["code"] == "not_a_canvas"


@pytest.mark.parametrize("client_id", ["5", "not-a-number", "10000000000006"])
def test_key_that_is_wrong_off_or_deleted(easel: RunningEasel, client_id: str) -> None:
    """The third is the stand-in's inactive key: Canvas says the same of all of them."""
    assert easel.canvas.key("inactive")["client_id"] == "10000000000006"
    found = fault_of(deployed(easel) | {"CANVAS_CLIENT_ID": client_id})

    assert found["code"] == "unknown_client"
    for cause in ("wrong", "off", "deleted"):
        assert cause in found["remedy"]


def test_wrong_secret(easel: RunningEasel) -> None:
    found = fault_of(deployed(easel) | {"CANVAS_CLIENT_SECRET": "not-the-secret"})

    assert found["code"] == "wrong_secret"
    assert "CANVAS_CLIENT_SECRET" in found["remedy"]


def test_public_client_needs_no_secret(start_easel: StartEasel) -> None:
    status, found = look(deployed(start_easel("public")))

    assert status == 0
    assert found["wrong_secret"]["level"] == "ok"


def test_confidential_key_without_a_secret(easel: RunningEasel) -> None:
    found = fault_of(deployed(easel) | {"CANVAS_CLIENT_SECRET": ""})

    assert found["code"] == "wrong_secret"


def test_redirect_uri_that_is_not_registered(easel: RunningEasel) -> None:
    elsewhere = f"http://127.0.0.1:{free_port()}"
    found = fault_of(deployed(easel) | {"PUBLIC_URL": elsewhere})

    assert found["code"] == "redirect_uri"
    assert f"{elsewhere}/oauth/callback" in found["remedy"]


@pytest.mark.parametrize("kind", ["switched_off", "test_cluster"])
def test_key_not_on_for_this_account(start_easel: StartEasel, kind: str) -> None:
    found = fault_of(deployed(start_easel(kind)))

    assert found["code"] == "key_off"
    assert "Developer Keys" in found["remedy"]


def test_scope_the_key_lacks(start_easel: StartEasel) -> None:
    lacking = "url:GET|/api/v1/not/of/this/canvas"
    scopes = ("url:GET|/api/v1/courses", lacking)
    found = fault_of(deployed(start_easel("scoped_includes", scopes=scopes)))

    assert found["code"] == "scopes"
    assert found["remedy"].splitlines()[1:] == [lacking]


def test_scope_missing_and_key_off(start_easel: StartEasel) -> None:
    """Canvas reports the scopes first; asked again without them, it reports the switch too."""
    easel = start_easel("scoped", scopes=("url:GET|/api/v1/courses", "url:GET|/api/v1/not/here"))
    easel.canvas.control(keys_off=["scoped"])
    _, found = look(deployed(easel))

    assert found["scopes"]["level"] == found["key_off"]["level"] == "error"


def test_scopes_enforced_and_none_asked_for(start_easel: StartEasel) -> None:
    found = fault_of(deployed(start_easel("scoped")))

    assert found["code"] == "scopes"
    assert "CANVAS_SCOPES=auto" in found["remedy"]


@pytest.mark.parametrize(("kind", "level"), [("scoped", "warning"), ("scoped_includes", "ok")])
def test_includes_as_last_seen(start_easel: StartEasel, kind: str, level: str) -> None:
    easel = start_easel(kind, scopes="auto")
    _, before = look(deployed(easel))
    sign_in(easel, "dozen").get(f"{easel.url}/courses.json", timeout=30)
    easel.app.extensions["easel"].pool.shutdown()  # the note is written by another thread

    status, after = look(deployed(easel))

    assert "Not known yet" in before["includes_dropped"]["message"]
    assert (status, after["includes_dropped"]["level"]) == (0, level)
    assert "Not known yet" not in after["includes_dropped"]["message"]


@pytest.mark.parametrize(("ahead", "level"), [(40, "warning"), (-4000, "error")])
def test_clock_that_is_off(easel: RunningEasel, ahead: int, level: str) -> None:
    easel.canvas.control(clock={"advance": ahead})
    _, found = look(deployed(easel))

    assert found["clock"]["level"] == level
    assert "NTP" in found["clock"]["remedy"]


def test_redis_that_is_down(easel: RunningEasel) -> None:
    found = fault_of(deployed(easel) | {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"})

    assert found["code"] == "redis"


def test_database_that_is_read_only(easel: RunningEasel) -> None:
    file = f"{deployed(easel)['INSTANCE_PATH']}/easel.sqlite"
    url = f"sqlite:///file:{file}?mode=ro&uri=true"
    found = fault_of(deployed(easel) | {"DATABASE_URL": url})

    assert found["code"] == "database_read_only"


def test_database_that_is_away(easel: RunningEasel) -> None:
    url = f"postgresql://easel:the-password@127.0.0.1:{free_port()}/easel"
    found = fault_of(deployed(easel) | {"DATABASE_URL": url})

    assert found["code"] == "database"
    assert "the-password" not in found["message"]


def test_canvas_without_tls(easel: RunningEasel) -> None:
    """https at the port of a server that speaks plain HTTP."""
    url = deployed(easel)["CANVAS_URL"].replace("http://", "https://")
    found = fault_of(deployed(easel) | {"CANVAS_URL": url})

    assert found["code"] == "tls"
    assert "does not speak TLS" in found["message"]


def test_http_canvas_elsewhere(easel: RunningEasel) -> None:
    _, found = look(deployed(easel) | {"CANVAS_URL": "http://canvas.example.edu"})

    assert {code: each["level"] for code, each in found.items()} == {
        "settings": "error",
        "tls": "error",
    }


def test_private_authority(easel: RunningEasel, serve: Serve, tmp_path: Path) -> None:
    authority, certificate = school(tmp_path)
    url = serve(says(401, b"{}", **REFUSAL), certificate)
    environ = deployed(easel) | {"CANVAS_URL": url}

    found = fault_of(environ)
    _, trusted = look(environ | {"CA_BUNDLE": str(authority)})

    assert found["code"] == "tls"
    assert "CA_BUNDLE" in found["remedy"]
    assert trusted["tls"]["level"] == trusted["not_a_canvas"]["level"] == "ok"


def test_certificate_that_is_over(easel: RunningEasel, serve: Serve, tmp_path: Path) -> None:
    authority, certificate = school(tmp_path, life=OVER)
    url = serve(says(401, b"{}", **REFUSAL), certificate)

    found = fault_of(deployed(easel) | {"CANVAS_URL": url, "CA_BUNDLE": str(authority)})

    assert found["code"] == "tls"
    assert "no longer valid" in found["message"]


def proxy_to(target: Callable[[], str], **headers: str) -> Handle:
    """Run a reverse proxy that hides the client's address; ``headers`` are those it sets."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        sent = {name: value for name, value in handler.headers.items() if name != "Host"}
        for name, value in headers.items():
            before = sent.get(name.replace("_", "-"), "")
            sent[name.replace("_", "-")] = f"{before}, {value}".strip(", ")
        passed = requests.get(
            target() + handler.path, headers=sent, timeout=10, allow_redirects=False
        )
        kept = {
            name: value
            for name, value in passed.headers.items()
            if name in ("X-Easel-Saw", "Location")
        }
        says(passed.status_code, passed.content, **kept)(handler)

    return answer


@pytest.mark.parametrize(
    ("proxies", "headers", "words"),
    [
        (0, {}, "another host"),
        (1, {}, "X-Forwarded-Host"),
        (0, {"X_Forwarded_Host": "PUBLIC", "X_Forwarded_For": "198.51.100.7"}, "another host"),
        (1, {"X_Forwarded_Host": "PUBLIC"}, "TRUSTED_PROXIES is 1"),
    ],
)
def test_proxy_headers_that_are_missing(
    start_easel: StartEasel, serve: Serve, proxies: int, headers: dict[str, str], words: str
) -> None:
    """A proxy in front passes requests on with a host name of its own."""
    behind: list[str] = []
    port: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        told = {name: value.replace("PUBLIC", port[0]) for name, value in headers.items()}
        proxy_to(lambda: behind[0], **told)(handler)

    url = serve(answer)
    port.append(url.removeprefix("http://"))
    easel = start_easel(public_url=url, trusted_proxies=proxies)
    behind.append(easel.url)
    easel.canvas.control(redirect_uris=[f"{url}/oauth/callback"])

    found = fault_of(deployed(easel))

    assert found["code"] == "proxy_headers"
    assert words in found["message"] + found["remedy"]
    assert "TRUSTED_PROXIES" in found["remedy"]


def test_proxy_in_order(start_easel: StartEasel, serve: Serve) -> None:
    behind: list[str] = []
    port: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        told = {"X_Forwarded_Host": port[0], "X_Forwarded_For": "198.51.100.7"}
        proxy_to(lambda: behind[0], X_Forwarded_Proto="http", **told)(handler)

    url = serve(answer)
    port.append(url.removeprefix("http://"))
    easel = start_easel(public_url=url, trusted_proxies=1)
    behind.append(easel.url)
    easel.canvas.control(redirect_uris=[f"{url}/oauth/callback"])

    assert look(deployed(easel))[0] == 0


def test_easel_that_is_not_started(easel: RunningEasel, canvas: StandIn) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    canvas.control(redirect_uris=[f"{url}/oauth/callback"])
    status, found = look(deployed(easel) | {"PUBLIC_URL": url})

    assert (status, found["public_url"]["level"]) == (0, "warning")


def test_another_easel_at_this_address(easel: RunningEasel) -> None:
    found = fault_of(deployed(easel) | {"SECRET_KEY": "f" * 32})

    assert found["code"] == "public_url"
    assert "SECRET_KEY" in found["message"]


def test_each_environment_is_looked_at(easel: RunningEasel) -> None:
    environ = deployed(easel)
    beta = {"CANVAS_BETA_URL": environ["CANVAS_URL"], "CANVAS_BETA_CLIENT_SECRET": "wrong"}
    done = CliRunner().invoke(command, ["doctor"], env=environ | beta)

    assert done.exit_code == 1
    assert "error   wrong_secret        beta: Canvas does not accept" in done.output
    assert "ok      wrong_secret        production: " in done.output


def test_start_warns_of_what_keeps_people_out(canvas: StandIn, tmp_path: Path) -> None:
    """The quick checks run at each start, so the operator need not think of the doctor."""
    log = tmp_path / "log"
    with (
        log.open("w") as stderr,
        running_gunicorn(tmp_path, canvas, stderr=stderr, CANVAS_CLIENT_ID="5"),
    ):
        end = time.monotonic() + 30
        while "does not know the developer key 5" not in log.read_text():
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
    assert log.read_text().count("does not know the developer key 5") == 1


def test_strangers_are_told_nothing(easel: RunningEasel) -> None:
    for sent in ("x", "x.y.z", ""):
        answer = requests.get(f"{easel.url}/healthz", headers={"X-Easel-Asks": sent}, timeout=10)
        assert "X-Easel-Saw" not in answer.headers


def test_environment_is_not_touched(easel: RunningEasel) -> None:
    before = dict(os.environ)
    look(deployed(easel))

    assert dict(os.environ) == before
