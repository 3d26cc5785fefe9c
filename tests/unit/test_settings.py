"""Settings: read once, every fault named at once, keys made for a Canvas on loopback."""

import stat
from collections.abc import Callable
from pathlib import Path

import certifi
import pytest
from cryptography.fernet import Fernet

from canvas_app import create_app
from canvas_app.gateway import upgrade_database
from canvas_app.settings import Settings, SettingsError, kept_secret

FERNET = Fernet.generate_key().decode()


def full(folder: Path, **changed: str) -> dict[str, str]:
    """Return a deployment's environment; keywords change it, an empty text removes a variable."""
    given = {
        "CANVAS_URL": "https://canvas.example.edu",
        "CANVAS_CLIENT_ID": "10000000000001",
        "CANVAS_CLIENT_SECRET": "the-client-secret",
        "PUBLIC_URL": "https://easel.example.edu",
        "SECRET_KEY": "s" * 40,
        "TOKEN_KEYS": FERNET,
        "INSTANCE_PATH": str(folder),
    } | changed
    return {name: value for name, value in given.items() if value}


def local(folder: Path, **changed: str) -> dict[str, str]:
    return {
        "CANVAS_URL": "http://127.0.0.1:8001",
        "CANVAS_CLIENT_ID": "1",
        "CANVAS_CLIENT_SECRET": "",
        "INSTANCE_PATH": str(folder),
    } | changed


def test_defaults_are_the_documented_ones(tmp_path: Path) -> None:
    settings = Settings.from_environ(full(tmp_path))

    assert settings.scopes == "none"
    assert settings.pkce is True
    assert settings.page_deadline == 8
    assert settings.cache_seconds == 60
    assert settings.trusted_proxies == 0
    assert settings.max_parallel == 10
    assert settings.web_threads == 40
    assert settings.port == 8000
    assert settings.log_level == "INFO"
    assert settings.log_format == "text"
    assert settings.metrics_token is None
    assert settings.redis_url is None
    assert settings.database_url == f"sqlite:///{tmp_path}/easel.sqlite"
    assert settings.redirect_uri() == "https://easel.example.edu/oauth/callback"
    assert [each.name for each in settings.environments] == ["production"]


def test_everything_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ({})

    message = str(caught.value)
    named = ("CANVAS_URL", "CANVAS_CLIENT_ID", "CANVAS_CLIENT_SECRET")
    named += ("PUBLIC_URL", "SECRET_KEY", "TOKEN_KEYS")
    for name in named:
        assert f"{name} is missing: " in message
    assert len(caught.value.faults) == len(named)


def test_a_real_canvas_needs_every_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ(full(tmp_path, PUBLIC_URL="", SECRET_KEY="", TOKEN_KEYS=""))

    assert [fault.split()[0] for fault in caught.value.faults] == [
        "PUBLIC_URL",
        "SECRET_KEY",
        "TOKEN_KEYS",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CANVAS_URL", "canvas.example.edu"),
        ("CANVAS_URL", "http://canvas.example.edu"),
        ("CANVAS_URL", "HTTP://canvas.example.edu"),
        ("CANVAS_URL", "https://canvas.example.edu/api/v1"),
        ("CANVAS_URL", "https://me:secret@canvas.example.edu"),
        ("CANVAS_URL", "https://canvas.example.edu:port"),
        ("CANVAS_URL", "https://canvas.example.edu?x=1"),
        ("CANVAS_BETA_URL", "ftp://canvas.beta.example.edu"),
        ("CANVAS_SCOPES", "read write"),
        ("CANVAS_PKCE", "perhaps"),
        ("PUBLIC_URL", "http://easel.example.edu"),
        ("PUBLIC_URL", "easel"),
        ("PUBLIC_URL", "HTTP://easel.example.edu"),
        ("PUBLIC_URL", "https://easel.example.edu//other.example"),
        ("SECRET_KEY", "short"),
        ("TOKEN_KEYS", "not-a-fernet-key"),
        ("TOKEN_KEYS", ", ,"),
        ("DATABASE_URL", "mysql://localhost/easel"),
        ("DATABASE_URL", "no address"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://localhost:port/0"),
        ("REDIS_URL", "redis://localhost/0?socket_timeout=soon"),
        ("INSTANCE_PATH", "/dev/null/instance"),
        ("PAGE_DEADLINE", "soon"),
        ("CACHE_SECONDS", "-1"),
        ("TRUSTED_PROXIES", "one"),
        ("MAX_PARALLEL", "0"),
        ("WEB_CONCURRENCY", "1.5"),
        ("WEB_THREADS", "100000"),
        ("CA_BUNDLE", "/no/such/file"),
        ("CA_BUNDLE", "/dev/null"),
        ("HTTPS_PROXY", "proxy.example.edu:3128"),
        ("HTTPS_PROXY", "socks5://proxy.example.edu"),
        ("HTTPS_PROXY", "http://proxy:port"),
        ("PORT", "99999"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("LOG_CANVAS", "loud"),
        ("AUDIT_LOG", "/dev/null/audit.log"),
        ("DATABASE_POOL", "1"),
        ("CACHE_BYTES", "1 GB"),
        ("KEEP_HOURS", "0"),
        ("MAX_FORM", "100"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ(full(tmp_path, **{name: value}))

    (fault,) = caught.value.faults
    assert fault.startswith(name)
    assert ": " in fault, "each fault says what to do"


def test_clients_that_are_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("canvas_app.settings.find_spec", lambda _: None)

    with pytest.raises(SettingsError) as caught:
        Settings.from_environ(
            full(tmp_path, DATABASE_URL="postgres://db/easel", REDIS_URL="redis://cache")
        )

    assert [fault.split()[0] for fault in caught.value.faults] == ["REDIS_URL", "DATABASE_URL"]
    assert all("pip install" in fault for fault in caught.value.faults)


def test_secret_of_one_canvas_is_never_sent_to_another(tmp_path: Path) -> None:
    """A further environment needs its own secret, or an empty one."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ(full(tmp_path, CANVAS_BETA_URL="https://beta.example.edu"))

    assert [fault.split()[0] for fault in caught.value.faults] == ["CANVAS_BETA_CLIENT_SECRET"]


def test_given_values_are_read(tmp_path: Path) -> None:
    settings = Settings.from_environ(
        full(
            tmp_path,
            CANVAS_BETA_URL="https://canvas.beta.example.edu/",
            CANVAS_TEST_URL="https://canvas.test.example.edu",
            CANVAS_BETA_CLIENT_SECRET="beta's own",
            CANVAS_TEST_CLIENT_ID="99",
            CANVAS_TEST_CLIENT_SECRET=" ",
            CANVAS_SCOPES="url:GET|/api/v1/courses, url:GET|/api/v1/users/:id",
            CANVAS_PKCE="OFF",
            PUBLIC_URL="https://school.example.edu/easel/",
            DATABASE_URL="postgres://me:pw@db/easel",
            REDIS_URL="redis://cache:6379/0",
            WEB_CONCURRENCY="4",
            CACHE_SECONDS="0",
            LOG_LEVEL="debug",
            LOG_FORMAT="json",
            METRICS_TOKEN="m",
            TOKEN_KEYS=f"{FERNET}, {FERNET}",
        )
    )

    beta, test = settings.environment("beta"), settings.environment("test")
    assert beta is not None
    assert test is not None
    assert (beta.client_secret, test.client_secret) == ("beta's own", "")
    assert (beta.canvas_url, beta.client_id) == (
        "https://canvas.beta.example.edu",
        "10000000000001",
    )
    assert test is not None
    assert test.client_id == "99"
    assert settings.environment("moon") is None
    assert settings.scopes == ("url:GET|/api/v1/courses", "url:GET|/api/v1/users/:id")
    assert settings.pkce is False
    assert settings.path_prefix == "/easel"
    assert settings.https
    assert settings.database_url == "postgresql+psycopg://me:pw@db/easel"
    assert settings.processes == 4
    assert settings.cache_seconds == 0
    assert settings.log_level == "DEBUG"
    assert len(settings.token_keys) == 2


def test_one_process_without_redis(tmp_path: Path) -> None:
    settings = Settings.from_environ(full(tmp_path, WEB_CONCURRENCY="4"))

    assert settings.processes == 1


def test_loopback_needs_no_keys(tmp_path: Path) -> None:
    settings = Settings.from_environ(local(tmp_path, PORT="8123"))

    assert settings.public_url == "http://127.0.0.1:8123"
    assert not settings.https
    for name in ("secret_key", "token_keys"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    again = Settings.from_environ(local(tmp_path))
    assert (again.secret_key, again.token_keys) == (settings.secret_key, settings.token_keys)


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(SettingsError) as caught:
        Settings.from_environ(local(tmp_path / "file" / "instance"))

    assert all("INSTANCE_PATH" in fault for fault in caught.value.faults)
    assert len(caught.value.faults) == 3


def test_folder_is_the_owners_own(tmp_path: Path) -> None:
    Settings.from_environ(local(tmp_path / "instance"))

    assert stat.S_IMODE((tmp_path / "instance").stat().st_mode) == 0o700


def test_folder_nobody_needs_is_not_made(tmp_path: Path) -> None:
    elsewhere = {"DATABASE_URL": "postgresql://db/easel", "REDIS_URL": "redis://cache"}

    Settings.from_environ(full(tmp_path / "instance", **elsewhere))

    assert not (tmp_path / "instance").exists()


def test_scheme_in_capitals(tmp_path: Path) -> None:
    settings = Settings.from_environ(full(tmp_path, PUBLIC_URL="HTTPS://easel.example.edu"))

    assert settings.https


def test_first_secret_kept_wins(tmp_path: Path) -> None:
    path = tmp_path / "key"

    def slower() -> str:
        path.write_text("the quicker one's")
        return "the slower one's"

    assert kept_secret(path, slower) == "the quicker one's"
    assert list(tmp_path.iterdir()) == [path], "no draft stays behind"


@pytest.mark.parametrize("name", ["CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_an_authority_has_three_names(tmp_path: Path, name: str) -> None:
    assert Settings.from_environ(full(tmp_path)).ca_bundle is None

    settings = Settings.from_environ(full(tmp_path, **{name: certifi.where()}))

    assert settings.ca_bundle == certifi.where()


def test_own_authority_comes_first(tmp_path: Path) -> None:
    named = full(tmp_path, CA_BUNDLE=certifi.where(), SSL_CERT_FILE="/no/such/file")

    assert Settings.from_environ(named).ca_bundle == certifi.where()


@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_an_outbound_proxy(tmp_path: Path, case: Callable[[str], str]) -> None:
    given = {case("https_proxy"): "http://proxy:3128", case("no_proxy"): ".example.org"}

    settings = Settings.from_environ(full(tmp_path, **given))

    assert (settings.https_proxy, settings.no_proxy) == ("http://proxy:3128", ".example.org")


def test_every_call_takes_the_proxy_of_the_settings(tmp_path: Path) -> None:
    given = full(tmp_path, HTTPS_PROXY="http://proxy:3128", CA_BUNDLE=certifi.where())
    settings = Settings.from_environ(given)
    upgrade_database(settings)
    app = create_app(settings)
    gateway = app.extensions["easel"]

    transport = gateway.transport_for("production")

    assert transport._proxies == {"https": "http://proxy:3128"}
    assert transport._verify == certifi.where()
    assert gateway.endpoint_for("production")._transport is transport
    gateway.storage.close()
    gateway.pool.shutdown()


def test_no_secret_in_repr(tmp_path: Path) -> None:
    settings = Settings.from_environ(
        full(
            tmp_path,
            REDIS_URL="redis://:redis-password@cache",
            DATABASE_URL="postgresql://me:database-password@db/easel",
            METRICS_TOKEN="the-metrics-token",
            HTTPS_PROXY="http://me:proxy-password@proxy",
        )
    )

    shown = repr(settings)
    for secret in (
        "the-client-secret",
        "s" * 40,
        FERNET,
        "redis-password",
        "database-password",
        "the-metrics-token",
        "proxy-password",
    ):
        assert secret not in shown


def test_no_value_in_a_fault(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ(
            full(tmp_path, SECRET_KEY="topsecret", TOKEN_KEYS="private", REDIS_URL="pw@cache")
        )

    for value in ("topsecret", "private", "pw@cache"):
        assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"REDIS_URL": "redis://cache.example.edu:6379/0"}, ["REDIS_URL"]),
        ({"REDIS_URL": "redis://127.0.0.1:6379/0"}, []),
        ({"REDIS_URL": "rediss://cache.example.edu:6379/0"}, []),
        ({"DATABASE_URL": "postgres://me:pw@db.example.edu/easel"}, ["DATABASE_URL"]),
        ({"DATABASE_URL": "postgres://me:pw@db/easel?sslmode=prefer"}, ["DATABASE_URL"]),
        ({"DATABASE_URL": "postgres://me:pw@db/easel?sslmode=verify-full"}, []),
        ({"DATABASE_URL": "postgres://me:pw@localhost/easel"}, []),
        ({"DATABASE_URL": "postgresql:///easel?host=/run/postgresql"}, []),
        ({}, []),
    ],
    ids=str,
)
def test_open_connections_are_warned_of(
    tmp_path: Path, changed: dict[str, str], named: list[str]
) -> None:
    """For servers on other machines; the warning names the setting and not the password."""
    warnings = Settings.from_environ(full(tmp_path, **changed)).warnings()

    assert [warning.split()[0] for warning in warnings] == named
    assert "pw" not in "".join(warnings)


def test_features_off_are_named(tmp_path: Path) -> None:
    given = full(tmp_path, FEATURES_OFF="explorer, What_If:student")

    assert Settings.from_environ(given).features_off == {"explorer", "what_if:student"}


@pytest.mark.parametrize("text", ["grades", "explorer:nobody", "explorer student"])
def test_features_that_are_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="FEATURES_OFF has an entry that is not a feature"):
        Settings.from_environ(full(tmp_path, FEATURES_OFF=text))
