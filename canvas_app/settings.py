"""The deployment's settings, read once from the environment and checked at start."""

import os
import re
import secrets
import ssl
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from canvas_app.institution import Institution, read_institution
from canvas_app.lti.settings import LtiSettings, read_lti

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
FEATURES = (
    "class_statistics",
    "what_if",
    "teaching",
    "exports",
    "feeds",
    "student_search",
    "explorer",
)
FEATURE_ROLES = ("student", "teacher", "observer")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
#: Canvas's scopes: ``url:<VERB>|<route path>`` (Canvas: API token scopes), or ``/auth/userinfo``.
SCOPE = re.compile(r"url:(GET|POST|PUT|PATCH|DELETE)\|/[\x21-\x7e]+|/auth/userinfo")


class SettingsError(Exception):
    """Settings are missing or wrong; the message names every fault and its remedy."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        lines = "\n".join(f"  - {fault}" for fault in faults)
        super().__init__(
            "Easel did not start. Correct these settings (environment variables) and start it "
            f"again:\n{lines}\n.env.example describes every setting."
        )


@dataclass(frozen=True)
class Environment:
    """A Canvas to sign in with (production, beta or test) and the developer key for it."""

    name: str
    canvas_url: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """The deployment's settings. Times are in seconds; ``public_url`` has no final slash."""

    environments: tuple[Environment, ...]
    public_url: str
    secret_key: str = field(repr=False)
    token_keys: tuple[str, ...] = field(repr=False)
    instance_path: Path
    database_url: str = field(repr=False)
    redis_url: str | None = field(default=None, repr=False)
    scopes: str | tuple[str, ...] = "none"
    pkce: bool = True
    page_deadline: float = 8.0
    cache_seconds: float = 60.0
    trusted_proxies: int = 0
    max_parallel: int = 10
    web_concurrency: int = 1
    web_threads: int = 40
    port: int = 8000
    log_level: str = "INFO"
    log_format: str = "text"
    metrics_token: str | None = field(default=None, repr=False)
    features_off: frozenset[str] = frozenset()
    ca_bundle: str | None = None
    https_proxy: str = field(default="", repr=False)
    no_proxy: str = ""
    database_pool: int = 20
    cache_bytes: int = 32 * 2**20
    keep_seconds: float = 6 * 3600.0
    max_form: int = 2**20
    retention_days: int = 180
    log_canvas: str = "debug"
    audit_address: bool = False
    lti: LtiSettings | None = None
    audit_log: Path | None = None
    institution: Institution = field(default_factory=Institution)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings; raise SettingsError that names every fault at once.

        Keys that may be generated (for a ``CANVAS_URL`` on loopback) are stored in
        ``INSTANCE_PATH``, readable by the owner only.
        """
        return _Reader(environ).settings()

    @property
    def production(self) -> Environment:
        return self.environments[0]

    def environment(self, name: str) -> Environment | None:
        """Return the environment of this name, or None when the deployment does not offer it."""
        return next((each for each in self.environments if each.name == name), None)

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def path_prefix(self) -> str:
        """Return the path in PUBLIC_URL, such as ``/easel``; empty if Easel has its own host."""
        return urlsplit(self.public_url).path

    def redirect_uri(self, environment: str = "production") -> str:
        """Return the redirect URI that a developer key must list, character for character.

        Each environment has its own. With a shared one, a hostile Canvas could have another
        Canvas's code sent to itself, with verifier and secret (RFC 9700 section 4.4).
        """
        own = "" if environment == "production" else f"/{environment}"
        return f"{self.public_url}/oauth/callback{own}"

    def warnings(self) -> list[str]:
        """Return warnings about connections whose content others on the network can read."""
        found = []
        if (self.redis_url or "").startswith("redis://") and not is_loopback(self.redis_url or ""):
            found.append(
                "REDIS_URL is redis://, so what Easel keeps there travels in the clear: "
                "use rediss:// for a server on another machine."
            )
        url = make_url(self.database_url)
        elsewhere = url.host and url.host not in LOOPBACK_HOSTS and not url.host.startswith("/")
        if elsewhere and url.query.get("sslmode") not in ("require", "verify-ca", "verify-full"):
            found.append(
                "DATABASE_URL does not ask for TLS, so people's names and sealed tokens may "
                "travel in the clear: add ?sslmode=verify-full for a server on another machine."
            )
        return found

    @property
    def processes(self) -> int:
        """Return the number of worker processes. Several need Redis, for the data they share."""
        return self.web_concurrency if self.redis_url else 1


class _Reader:
    """Reads one environment's variables and collects the faults."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[str] = []

    def settings(self) -> Settings:
        canvas_url = self.canvas_url("CANVAS_URL", required=True)
        local = is_loopback(canvas_url)
        port = self.number("PORT", 8000, low=1, high=65535)
        instance_path = self.folder(local)
        environments = self.environments(canvas_url)
        values = {
            "environments": environments,
            "lti": read_lti(self, {each.name: each.canvas_url for each in environments}),
            "public_url": self.public_url(f"http://127.0.0.1:{port}" if local else ""),
            "instance_path": instance_path,
            "port": port,
            **self.plain_values(),
            "database_url": self.database_url(instance_path),
            "secret_key": self.secret_key(instance_path, local),
            "token_keys": self.token_keys(
                self.key("TOKEN_KEYS", instance_path, local, lambda: Fernet.generate_key().decode())
            ),
        }
        if self.faults:
            raise SettingsError(self.faults)
        return Settings(**values)

    def plain_values(self) -> dict[str, Any]:
        """Return the settings that do not depend on other ones, by the names of their fields."""
        return {
            "redis_url": self.redis_url(),
            "scopes": self.scopes(),
            "pkce": self.choice("CANVAS_PKCE", "on", ("on", "off")) == "on",
            "page_deadline": self.seconds("PAGE_DEADLINE", 8.0, low=0.5, high=120.0),
            "cache_seconds": self.seconds("CACHE_SECONDS", 60.0, low=0.0, high=86400.0),
            "trusted_proxies": self.number("TRUSTED_PROXIES", 0, low=0, high=10),
            "max_parallel": self.number("MAX_PARALLEL", 10, low=1, high=40),
            "web_concurrency": self.number("WEB_CONCURRENCY", 1, low=1, high=64),
            "web_threads": self.number("WEB_THREADS", 40, low=1, high=256),
            "log_level": self.choice("LOG_LEVEL", "INFO", LOG_LEVELS),
            "log_format": self.choice("LOG_FORMAT", "text", ("text", "json")),
            "metrics_token": self.text("METRICS_TOKEN") or None,
            "features_off": self.features_off(),
            "ca_bundle": self.ca_bundle(),
            "https_proxy": self.https_proxy(),
            "no_proxy": self.text("NO_PROXY") or self.text("no_proxy"),
            "database_pool": self.number("DATABASE_POOL", 20, low=2, high=200),
            "cache_bytes": self.number("CACHE_BYTES", 32 * 2**20, low=2**20, high=2**36),
            "keep_seconds": 3600 * self.number("KEEP_HOURS", 6, low=1, high=168),
            "max_form": self.number("MAX_FORM", 2**20, low=2**14, high=2**24),
            "retention_days": self.number("RETENTION_DAYS", 180, low=1, high=3650),
            "log_canvas": self.choice("LOG_CANVAS", "debug", ("on", "debug", "off")),
            "audit_log": self.audit_log(),
            "institution": read_institution(self),
            "audit_address": self.choice("AUDIT_ADDRESS", "off", ("on", "off")) == "on",
        }

    def secret_key(self, instance_path: Path, local: bool) -> str:
        """Return SECRET_KEY, which must be long enough for signing."""
        key = self.key("SECRET_KEY", instance_path, local, lambda: secrets.token_hex(32))
        if key and len(key) < 32:
            self.fault("SECRET_KEY is shorter than 32 characters", f"set it to {NEW_SIGNING_KEY}")
        return key

    def folder(self, local: bool) -> Path:
        """Return INSTANCE_PATH; if something is to be stored there, make it, for its owner only."""
        path = Path(self.text("INSTANCE_PATH") or "instance").resolve()
        kept = local and not (self.text("SECRET_KEY") and self.text("TOKEN_KEYS"))
        if kept or not (self.text("DATABASE_URL") and self.text("REDIS_URL")):
            try:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=path).close()
            except OSError as fault:
                self.fault(
                    f"INSTANCE_PATH cannot be written ({fault.strerror})",
                    "set it to a folder Easel may write to",
                )
        return path

    def fault(self, what: str, remedy: str) -> None:
        self.faults.append(f"{what}: {remedy}.")

    def text(self, name: str) -> str:
        return self.environ.get(name, "").strip()

    def address(self, name: str) -> str:
        """Return a URL with its scheme in lower case and no final slash."""
        given = self.text(name).rstrip("/")
        scheme, colon, rest = given.partition(":")
        return f"{scheme.lower()}{colon}{rest}" if colon else given

    def number(self, name: str, default: int, *, low: int, high: int) -> int:
        given = self.text(name)
        if not given:
            return default
        if given.isascii() and given.isdigit() and low <= int(given) <= high:
            return int(given)
        self.fault(
            f"{name} is not a whole number from {low} to {high}", f"leave it out for {default}"
        )
        return default

    def seconds(self, name: str, default: float, *, low: float, high: float) -> float:
        given = self.text(name)
        if not given:
            return default
        try:
            value = float(given)
        except ValueError:
            value = -1.0
        if low <= value <= high:
            return value
        self.fault(
            f"{name} is not a number of seconds from {low:g} to {high:g}",
            f"leave it out for {default:g}",
        )
        return default

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        given = self.text(name) or default
        for each in allowed:
            if given.lower() == each.lower():
                return each
        self.fault(f"{name} is none of {', '.join(allowed)}", f"leave it out for {default}")
        return default

    def canvas_url(self, name: str, *, required: bool = False) -> str:
        given = self.address(name)
        if not given:
            if required:
                self.fault(
                    f"{name} is missing",
                    "set it to your Canvas's root URL, such as https://canvas.example.edu",
                )
            return ""
        if not is_web_url(given) or urlsplit(given).path:
            self.fault(
                f"{name} is not the root URL of a Canvas",
                "give scheme and host only, such as https://canvas.example.edu",
            )
            return ""
        if given.startswith("http://") and not is_loopback(given):
            self.fault(
                f"{name} is http, and tokens would travel in the clear",
                "use https (http is taken on loopback only)",
            )
            return ""
        return given

    def environments(self, canvas_url: str) -> tuple[Environment, ...]:
        client_id = self.text("CANVAS_CLIENT_ID")
        if not client_id:
            self.fault(
                "CANVAS_CLIENT_ID is missing",
                "set it to the ID of the developer key (Canvas: Admin, Developer Keys)",
            )
        if "CANVAS_CLIENT_SECRET" not in self.environ:
            self.fault(
                "CANVAS_CLIENT_SECRET is missing",
                "set it to the developer key's secret, or to nothing for a public client",
            )
        secret = self.text("CANVAS_CLIENT_SECRET")
        found = [Environment("production", canvas_url, client_id, secret)]
        for name in ("beta", "test"):
            prefix = f"CANVAS_{name.upper()}"
            if url := self.canvas_url(f"{prefix}_URL"):
                if f"{prefix}_CLIENT_SECRET" not in self.environ:
                    self.fault(
                        f"{prefix}_CLIENT_SECRET is missing (another Canvas's is never sent there)",
                        "set it to the secret of that Canvas's developer key, or to nothing for a "
                        "public client",
                    )
                found.append(
                    Environment(
                        name,
                        url,
                        self.text(f"{prefix}_CLIENT_ID") or client_id,
                        self.text(f"{prefix}_CLIENT_SECRET"),
                    )
                )
        return tuple(found)

    def public_url(self, default: str) -> str:
        given = self.address("PUBLIC_URL") or default
        if not given:
            self.fault(
                "PUBLIC_URL is missing",
                "set it to the URL people open Easel at, such as https://easel.example.edu",
            )
            return ""
        if not is_web_url(given) or "//" in urlsplit(given).path:
            self.fault(
                "PUBLIC_URL is not a web address without query and user name",
                "set it to the URL people open Easel at, such as https://easel.example.edu",
            )
        elif given.startswith("http://") and not is_loopback(given):
            self.fault(
                "PUBLIC_URL is http, and sign-ins would travel in the clear",
                "serve Easel by https (http is taken on loopback only)",
            )
        return given

    def scopes(self) -> str | tuple[str, ...]:
        given = self.text("CANVAS_SCOPES") or "none"
        if given.lower() in ("none", "auto"):
            return given.lower()
        wanted = tuple(dict.fromkeys(re.split(r"[\s,]+", given)))
        wrong = [each for each in wanted if not SCOPE.fullmatch(each)]
        if wrong:
            self.fault(
                f"CANVAS_SCOPES has an entry that is not a scope ({', '.join(wrong[:3])})",
                "use auto, none, or scopes such as url:GET|/api/v1/courses, separated by spaces",
            )
        return wanted

    def database_url(self, instance_path: Path) -> str:
        given = self.text("DATABASE_URL")
        if not given:
            return f"sqlite:///{instance_path / 'easel.sqlite'}"
        for old in ("postgres://", "postgresql://"):
            if given.startswith(old):
                given = "postgresql+psycopg://" + given.removeprefix(old)
        try:
            url = make_url(given)
            known = url.drivername == "postgresql+psycopg" or (
                # In memory, every connection would have a database of its own.
                url.drivername == "sqlite" and url.database not in (None, "", ":memory:")
            )
        except ArgumentError:
            known = False
        if known and url.drivername != "sqlite" and find_spec("psycopg") is None:
            self.fault(
                "DATABASE_URL names PostgreSQL, but Easel was installed without its driver",
                "pip install --require-hashes -r requirements.txt",
            )
        if not known:
            self.fault(
                "DATABASE_URL is neither a SQLite file nor PostgreSQL",
                "use sqlite:////path/to/easel.sqlite or postgresql+psycopg://user@host/easel, "
                "or leave it out for a SQLite file in INSTANCE_PATH",
            )
        return given

    def features_off(self) -> frozenset[str]:
        """Return the features that are off, for everybody or for a role: ``what_if:student``."""
        given = frozenset(filter(None, re.split(r"[\s,]+", self.text("FEATURES_OFF").lower())))
        roles = ("", *(f":{role}" for role in FEATURE_ROLES))
        allowed = {f"{feature}{role}" for feature in FEATURES for role in roles}
        if wrong := sorted(given - allowed):
            self.fault(
                f"FEATURES_OFF has an entry that is not a feature ({', '.join(wrong[:3])})",
                f"use {', '.join(FEATURES)}, each alone or with {', '.join(roles[1:])}",
            )
        return given

    def redis_url(self) -> str | None:
        given = self.text("REDIS_URL")
        if given and find_spec("redis") is None:
            self.fault(
                "REDIS_URL is set, but Easel was installed without its Redis client",
                "pip install --require-hashes -r requirements.txt",
            )
        elif given and not is_redis_url(given):
            self.fault(
                "REDIS_URL is not the address of a Redis or Valkey server",
                "use redis://host:6379/0 or rediss://..., or leave it out for one process",
            )
        return given or None

    def ca_bundle(self) -> str | None:
        """Return the file of certificate authorities to trust, from the first variable set."""
        names = ("CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
        name = next((name for name in names if self.text(name)), None)
        if name is None:
            return None
        given = self.text(name)
        try:
            ssl.create_default_context(cafile=given)
        except (OSError, ValueError):  # an SSLError, for a file without certificates, is an OSError
            self.fault(
                f"{name} names no readable file of certificates",
                "set it to a PEM file of the authorities to trust, or leave it out",
            )
        return given

    def audit_log(self) -> Path | None:
        """Return AUDIT_LOG, a file that can be written. It is made for its owner only."""
        given = self.text("AUDIT_LOG")
        if not given:
            return None
        path = Path(given).resolve()
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
        except OSError as fault:
            self.fault(
                f"AUDIT_LOG cannot be written ({fault.strerror})",
                "set it to a file in a folder Easel may write to, or leave it out",
            )
        return path

    def https_proxy(self) -> str:
        given = self.text("HTTPS_PROXY") or self.text("https_proxy")
        try:
            parts = urlsplit(given)
            right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            right = False
        if given and not right:
            self.fault(
                "HTTPS_PROXY is not the URL of a proxy",
                "use http://proxy.example.edu:3128, or leave it out",
            )
        return given

    def key(self, name: str, folder: Path, local: bool, make: Callable[[], str]) -> str:
        """Return the key set; for a Canvas on loopback, the one in the folder, made if missing."""
        if given := self.text(name):
            return given
        if not local:
            hint = NEW_SIGNING_KEY if name == "SECRET_KEY" else NEW_FERNET_KEYS
            self.fault(f"{name} is missing", f"set it to {hint}")
            return ""
        try:
            return kept_secret(folder / name.lower(), make)
        except OSError as fault:
            self.fault(
                f"{name} is missing and none could be kept in INSTANCE_PATH ({fault.strerror})",
                f"set {name}, or correct INSTANCE_PATH",
            )
            return ""

    def token_keys(self, given: str) -> tuple[str, ...]:
        keys = tuple(part.strip() for part in given.split(",") if part.strip())
        if given and not keys:
            self.fault("TOKEN_KEYS holds no key", f"use {NEW_FERNET_KEYS}")
        for place, each in enumerate(keys, start=1):
            try:
                Fernet(each)
            except ValueError:
                self.fault(
                    f"TOKEN_KEYS: key {place} of {len(keys)} is not a Fernet key",
                    f"use {NEW_FERNET_KEYS}",
                )
        return keys


NEW_SIGNING_KEY = (
    'a long random text; python3 -c "import secrets; print(secrets.token_hex(32))" makes one'
)
NEW_FERNET_KEYS = (
    "Fernet keys, newest first, separated by commas; "
    'python3 -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())" '
    "makes one"
)


def is_web_url(text: str) -> bool:
    """Return whether this is an http(s) URL with only scheme, host, port and path."""
    try:
        parts = urlsplit(text)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = text.isascii() and text.isprintable() and not set(text) & set(" \\\"'<>")
    extra = parts.query or parts.fragment or parts.username is not None or "?" in text
    return (
        plain
        and port_is_right
        and parts.scheme in ("http", "https")
        and bool(parts.hostname and not extra)
    )


def is_redis_url(text: str) -> bool:
    """Return whether redis-py can connect to an address of this form."""
    from redis import ConnectionPool  # imported here, because most deployments never need it

    try:
        ConnectionPool.from_url(text)
    except ValueError:
        return False
    return True


def is_loopback(url: str) -> bool:
    """Return whether the URL's host is this machine."""
    return urlsplit(url).hostname in LOOPBACK_HOSTS if url else False


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the secret in a file that only its owner may read; make it if there is none.

    If two programs start at once, both get the same secret, because the file appears atomically.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        handle, name = tempfile.mkstemp(dir=path.parent)  # created with mode 0600
        draft = Path(name)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another program was faster, and its secret is used
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
