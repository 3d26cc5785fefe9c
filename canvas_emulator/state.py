"""The emulator's whole memory: keys, tokens, codes, web sessions, switches and the campus."""

import hashlib
import secrets
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Event, RLock
from typing import Any

from canvas_emulator.campus import Campus, Person, build_campus
from canvas_emulator.clock import Clock
from canvas_emulator.faults import Faults
from canvas_emulator.lti.jwt import KeyRing
from canvas_emulator.lti.registry import Lti
from canvas_emulator.quota import Limits, Quotas
from canvas_emulator.resource import SHARD, permitted, router
from canvas_emulator.stats import Stats

ACCESS_TOKEN_SECONDS = 3600
CODE_SECONDS = 600
PUBLIC_GRANT_SECONDS = 120 * 60
"""Lifetime of a public client's grant, which each refresh extends (``public_client_token_ttl``)."""
REDIRECT_URIS = (
    "http://127.0.0.1:8000/oauth/callback",
    "http://localhost:8000/oauth/callback",
)
BULK_ROWS = 5000

_ALPHABET = string.ascii_letters + string.digits


def slug(length: int = 64) -> str:
    """Return random letters and digits in the form of Canvas's tokens (``CanvasSlug``)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


@dataclass(frozen=True)
class DeveloperKey:
    """A registered application (``app/models/developer_key.rb``).

    ``redirect_uris`` must match exactly. ``legacy_uri`` is the older single field, the only one
    for which a subdomain and another path are accepted too.
    """

    kind: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    legacy_uri: str = ""
    active: bool = True
    trusted: bool = False
    public: bool = False
    require_scopes: bool = False
    allow_includes: bool = False
    test_cluster_only: bool = False
    switched_on: bool = True
    auto_expire_tokens: bool = True
    force_token_reuse: bool = False
    replace_tokens: bool = False
    app: str = ""

    @property
    def name(self) -> str:
        """The application's name, which the consent page shows."""
        return self.app or f"Demo app ({self.kind})"

    def grants(self, scope: str) -> bool:
        """Return whether the key may grant a scope: any route of this Canvas, and the userinfo."""
        if scope == "/auth/userinfo":
            return True
        return scope.startswith("url:") and any(
            permitted([scope], method, template) for method, template in router.routes
        )


def developer_keys(redirect_uris: Sequence[str]) -> dict[str, DeveloperKey]:
    """Return one key of every kind by client id; ids and secrets are the same at every start."""
    kinds: list[tuple[str, dict[str, bool]]] = [
        ("confidential", {}),
        ("trusted", {"trusted": True}),
        ("scoped", {"require_scopes": True}),
        ("scoped_includes", {"require_scopes": True, "allow_includes": True}),
        ("public", {"public": True}),
        ("inactive", {"active": False}),
        ("test_cluster", {"test_cluster_only": True}),
        ("switched_off", {"switched_on": False}),
        ("replacing", {"replace_tokens": True}),
        ("reuse", {"force_token_reuse": True, "auto_expire_tokens": False}),
        ("legacy", {}),
    ]
    keys = [
        DeveloperKey(
            kind,
            client_id=str(SHARD + number),
            client_secret=_stable(f"secret of the {kind} key"),
            redirect_uris=(*(() if kind == "legacy" else REDIRECT_URIS), *redirect_uris),
            legacy_uri=REDIRECT_URIS[1] if kind == "legacy" else "",
            app="",
            **flags,
        )
        for number, (kind, flags) in enumerate(kinds, start=1)
    ]
    return {key.client_id: key for key in keys}


def _stable(text: str) -> str:
    return hashlib.sha256(f"easel emulator: {text}".encode()).hexdigest()


@dataclass(eq=False)
class TokenRow:
    """One row of access tokens, which a refresh rewrites in place (``access_token.rb``).

    Times are in the clock's seconds. ``expires_at`` ends the access token, ``grant_ends_at`` a
    public client's refresh token, ``fixed_end`` a personal token. ``key`` is None for a personal
    token.
    """

    id: int
    person_id: int
    key: DeveloperKey | None
    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    real_person_id: int | None = None
    scopes: tuple[str, ...] = ()
    purpose: str = ""
    expires_at: float | None = None
    grant_ends_at: float | None = None
    fixed_end: float | None = None
    revoked: bool = False


class Tokens:
    """All token rows, found by access token or by refresh token."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._by_access: dict[str, TokenRow] = {}
        self._by_refresh: dict[str, TokenRow] = {}
        self._last_id = 0

    def of(self, access: str) -> TokenRow | None:
        return self._by_access.get(access)

    def of_refresh(self, refresh: str) -> TokenRow | None:
        return self._by_refresh.get(refresh)

    def add(self, person_id: int, key: DeveloperKey | None, access: str, **more: Any) -> TokenRow:
        with self._lock:
            self._last_id += 1
            row = TokenRow(self._last_id, person_id, key, access, **more)
            self._by_access[access] = row
            if row.refresh is not None:
                self._by_refresh[row.refresh] = row
            return row

    def rewrite(self, row: TokenRow, *, rotate: bool) -> None:
        """Give a row a new access token; the old one stops working at once.

        With ``rotate`` its refresh token is replaced too.
        """
        with self._lock:
            self._by_access.pop(row.access, None)
            row.access = slug()
            self._by_access[row.access] = row
            if rotate and row.refresh is not None:
                self._by_refresh.pop(row.refresh, None)
                row.refresh = slug()
                self._by_refresh[row.refresh] = row

    def grants(self) -> list[TokenRow]:
        """Return the rows made through OAuth2, which are all except personal tokens."""
        with self._lock:
            return [row for row in self._by_access.values() if row.key is not None]


@dataclass(frozen=True)
class Authorization:
    """What an authorization code grants, to whom, and until when."""

    person_id: int
    real_person_id: int | None
    client_id: str
    scopes: tuple[str, ...]
    purpose: str
    expires_at: float
    remember: bool = False
    resource: str | None = None


@dataclass
class Pending:
    """An authorization request that waits in the web session for log-in and consent."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    purpose: str
    state: str | None
    challenge: str | None = None
    resource: str | None = None


@dataclass
class WebSession:
    """A browser's session at this Canvas."""

    id: str = field(repr=False)
    person_id: int | None = None
    real_person_id: int | None = None
    pending: Pending | None = None
    csrf_token: str = field(default="", repr=False)


@dataclass
class Settings:
    """The switches in which versions and hosts of Canvas differ."""

    permission_status: int = 403
    require_user_agent: bool = False
    lowercase_headers: bool = True
    token_errors_redirect: bool = False
    invalid_grant_wording: str = "new"
    api_max_per_page: int = 100
    check_test_cluster: bool = True
    redirect_matching: str = "lenient"
    require_navigation: bool = True
    oauth2_deny_post: bool = False
    pkce: str = "on"
    rejection_wording: str = "new"
    totals_lag: float = 0.0
    allow_includes: bool = False  # include[] works for all keys that enforce scopes
    undated_discussions_planned: bool = True
    staff_read_sis: bool = True  # teachers see logins and SIS ids of their students (unverified)
    scopes_off: tuple[str, ...] = ()  # scopes that no key which enforces scopes grants
    unknown_route: int = 501  # 404: as Canvas answers an unknown route


@dataclass
class Costs:
    """Latency (seconds) or cost (units) of each route, and a default for the others."""

    default: float
    routes: dict[str, float] = field(default_factory=dict)

    def of(self, label: str) -> float:
        return self.routes.get(label, self.default)


class State:
    """One emulator's state; all of it lives in memory, and ``reset`` starts it over."""

    def __init__(
        self,
        clock: Clock,
        redirect_uris: Sequence[str] = (),
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.clock = clock
        self._awake = Event()
        self.sleep = sleep or self._wait
        self.keys = developer_keys(redirect_uris)
        self.lock = RLock()
        self.quotas = Quotas(clock.seconds)
        self._bulk_rows = BULK_ROWS
        self._build()
        self._clear()

    def _build(self) -> None:
        self.campus: Campus = build_campus(self.clock.start, bulk_rows=self._bulk_rows)
        self.campus_touched = False

    def _clear(self) -> None:
        self.tokens = Tokens()
        for person in self.campus.people.values():
            self.tokens.add(person.id, None, personal_token(person))
        self.codes: dict[str, Authorization] = {}
        self.challenges: dict[str, tuple[str, float]] = {}
        self.sessions: dict[str, WebSession] = {}
        self.session_tokens: dict[str, TokenRow] = {}
        self.suspended: frozenset[int] = frozenset()
        self.keys_off: frozenset[str] = frozenset()
        self.registered: tuple[str, ...] = ()
        self.site_admin_staff: frozenset[int] = frozenset()
        self.remembered: set[tuple[int, str]] = set()
        self.upcoming: dict[int, tuple[float, Any]] = {}
        self.settings = Settings()
        self.latency = Costs(0.0)
        self.costs = Costs(0.05)
        self.quotas.limits = Limits()
        self.quotas.clear()
        self.faults = Faults()
        self.stats = Stats()
        self.lti = Lti(KeyRing(self.clock.start))

    def _wait(self, seconds: float) -> None:
        self._awake.wait(seconds)

    def wake(self) -> None:
        """End the wait of every request that is held up by a latency or a fault."""
        self._awake, awake = Event(), self._awake
        awake.set()

    def reset(self) -> None:
        """Start over. A campus that nobody wrote to is kept, because building one takes long."""
        with self.lock:
            self.clock.reset()
            if self.campus_touched or self._bulk_rows != BULK_ROWS:
                self._bulk_rows = BULK_ROWS
                self._build()
            self._clear()
            self.wake()

    def resize(self, bulk_rows: int) -> None:
        """Build the campus again with load-test lists of ``bulk_rows`` rows."""
        with self.lock:
            self._bulk_rows = bulk_rows
            self._build()

    def usable(self, row: TokenRow) -> bool:
        """Return whether a call may use the token row now (``authentication_methods.rb``)."""
        now = self.clock.seconds()
        ends = [end for end in (row.expires_at, row.fixed_end) if end is not None]
        if row.revoked or any(end <= now for end in ends) or row.person_id in self.suspended:
            return False
        return row.key is None or (row.key.active and not self.barred(row.key))

    def suspend(self, people: Iterable[int]) -> None:
        """Suspend these people and nobody else; Canvas no longer lets them log in either.

        Their sessions end here; what Canvas does with a browser that is already logged in is
        unverified.
        """
        self.suspended = frozenset(people)
        self.sessions = {
            id_: session
            for id_, session in self.sessions.items()
            if session.person_id not in self.suspended
        }

    def barred(self, key: DeveloperKey) -> bool:
        """Return whether a key is switched off for this account or only for test clusters."""
        return self.elsewhere(key) or not key.switched_on or key.kind in self.keys_off

    def elsewhere(self, key: DeveloperKey) -> bool:
        """Return whether a key is only for test clusters, which this Canvas is not."""
        return key.test_cluster_only and self.settings.check_test_cluster

    def person_named(self, name: str) -> Person | None:
        """Return whom an id, a global id, ``sis_login_id:`` or ``sis_user_id:`` names, or None."""
        if name.lower().startswith("sis_login_id:"):
            return self.person_with_login(name.partition(":")[2])
        if name.lower().startswith("sis_user_id:"):
            return self.person_with_sis_id(name.partition(":")[2])
        if not name.isascii() or not name.isdigit():
            return None
        number = int(name)
        return self.campus.people.get(number - SHARD if SHARD < number < 2 * SHARD else number)

    def person_with_sis_id(self, sis_id: str) -> Person | None:
        return next((p for p in self.campus.people.values() if p.sis_id == sis_id), None)

    def person_with_login(self, login: str) -> Person | None:
        wanted = login.strip().lower()
        return next((p for p in self.campus.people.values() if p.login.lower() == wanted), None)

    def new_code(self, session: WebSession, pending: Pending, *, remember: bool = False) -> str:
        """Return a new authorization code: 128 hexadecimal characters, valid for 600 seconds.

        Raises ValueError if nobody is logged in in the session.
        """
        if session.person_id is None:
            raise ValueError("nobody is signed in in this session, so no code was made")
        code = secrets.token_hex(64)
        ends = self.clock.seconds() + CODE_SECONDS
        self.codes[code] = Authorization(
            session.person_id,
            session.real_person_id,
            pending.client_id,
            pending.scopes,
            pending.purpose,
            ends,
            remember,
            pending.resource,
        )
        if pending.challenge is not None:
            self.challenges[code] = (pending.challenge, ends)
        return code

    def code(self, code: str) -> Authorization | None:
        found = self.codes.get(code)
        return found if found is not None and found.expires_at > self.clock.seconds() else None


def personal_token(person: Person) -> str:
    """Return a person's own token: permanent, and the same at every start."""
    return _stable(f"personal token of {person.login}")
