"""LTI developer keys with their configurations and deployments, and pending launches."""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec

from canvas_emulator.lti.jwt import KeyRing
from canvas_emulator.resource import SHARD

HOSTED_ISSUER = "https://canvas.instructure.com"
"""The issuer of hosted Canvas, and of self-hosted ones that did not change ``lti_iss``."""
LAUNCH_SECONDS = 300.0
"""Lifetime of a message hint and of the launch it names (``redis_message_client.rb``)."""
NAVIGATION = ("course_navigation", "global_navigation", "user_navigation", "account_navigation")

Privacy = Literal["anonymous", "name_only", "email_only", "public"]


class Placement(msgspec.Struct):
    """A place where a tool appears; unknown members are ignored, as Canvas does."""

    placement: str
    message_type: str = "LtiResourceLinkRequest"
    target_link_uri: str | None = None
    text: str | None = None
    enabled: bool = True
    visibility: str | None = None
    default: str | None = None
    display_type: str | None = None
    windowTarget: str | None = None
    custom_fields: dict[str, str] = {}


class PlacementSettings(msgspec.Struct):
    placements: list[Placement] = []
    text: str | None = None


class Extension(msgspec.Struct):
    settings: PlacementSettings
    platform: str = "canvas.instructure.com"
    domain: str | None = None
    tool_id: str | None = None
    privacy_level: Privacy = "anonymous"


class Configuration(msgspec.Struct):
    """The JSON that an administrator pastes into an LTI key (``tool_configuration.rb``)."""

    title: str
    description: str
    oidc_initiation_url: str
    target_link_uri: str
    extensions: Annotated[list[Extension], msgspec.Meta(min_length=1)]
    public_jwk: dict[str, Any] | None = None
    public_jwk_url: str | None = None
    scopes: list[str] = []
    custom_fields: dict[str, str] = {}

    def check(self) -> None:
        """Raise ValueError in Canvas's words for what the types cannot rule out."""
        if self.public_jwk is None and self.public_jwk_url is None:
            raise ValueError("tool configuration must have public jwk or public jwk url")
        if self.public_jwk is not None and not {"alg", "use"} <= set(self.public_jwk):
            raise ValueError("tool configuration public jwk must have alg and use")

    @property
    def privacy_level(self) -> Privacy:
        return self.extensions[0].privacy_level

    def placement(self, name: str) -> Placement | None:
        """Return the placement with this name, or None if it is missing or disabled."""
        for each in self.extensions[0].settings.placements:
            if each.placement == name and each.enabled:
                return each
        return None

    def label(self, placement: Placement) -> str:
        return placement.text or self.extensions[0].settings.text or self.title


@dataclass
class LtiKey:
    """An LTI developer key; ``active`` is its state in the root account."""

    kind: str
    client_id: str
    active: bool
    configuration: Configuration | None = None
    redirect_uris: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deployment:
    """A tool installed in the root account (``course_id`` None) or in one course.

    ``custom_fields`` take precedence over the configuration's. Whoever may edit the app there can
    set them.
    """

    number: int
    id: str
    key: LtiKey
    course_id: int | None
    custom_fields: dict[str, str] = field(default_factory=dict)


class Tampering(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A fault of a launch.

    ``header`` and ``claims`` are merged into the token's as RFC 7396 says (null removes a member);
    ``payload`` replaces the claims by a text. ``key`` is the signing key: the ``present`` one, a
    ``foreign`` one under its ``kid``, a ``retired`` one, the present public key's PEM as an HMAC
    secret, or none. ``error`` is posted in place of a token. ``lost_session`` means that the
    browser did not send Canvas's cookie in the authentication request. It strikes ``times``
    launches (null: until it is cleared).
    """

    header: dict[str, Any] = {}
    claims: dict[str, Any] = {}
    payload: str | None = None
    key: Literal["present", "foreign", "retired", "public_as_secret", "none"] = "present"
    error: str | None = None
    lost_session: bool = False
    times: Annotated[int, msgspec.Meta(ge=1)] | None = 1


@dataclass(frozen=True)
class Launch:
    """What Canvas stores between the first and the third step: all claims except the nonce."""

    claims: dict[str, Any]
    key: LtiKey
    person_id: int | None
    real_person_id: int | None
    login_hint: str
    storage: bool
    ends: float


class Lti:
    """The platform's state and switches; a ``reset`` makes a new one."""

    def __init__(self, keys: KeyRing) -> None:
        self.ring = keys
        self.issuer = HOSTED_ISSUER
        self.environment = "prod"
        self.storage = False
        self.retry_without_session = True
        self.session_cookie: Literal["none", "lax"] = "none"
        self.hint_secret = secrets.token_bytes(32)
        self.keys = {
            kind: LtiKey(kind, str(SHARD + number), active)
            for kind, number, active in (("lti", 101, True), ("lti_off", 102, False))
        }
        self.deployments: dict[int, Deployment] = {}
        self.launches: dict[str, Launch] = {}
        self._tampering: list[tuple[Tampering, int | None]] = []

    def deploy(
        self, key: LtiKey, course_id: int | None = None, custom_fields: dict[str, str] | None = None
    ) -> Deployment:
        """Install a tool; its id has Canvas's form: the tool's number and 40 hexadecimal digits."""
        number = len(self.deployments) + 1
        digest = hashlib.sha1(f"{key.client_id} {course_id}".encode(), usedforsecurity=False)
        deployment = Deployment(
            number, f"{number}:{digest.hexdigest()}", key, course_id, custom_fields or {}
        )
        self.deployments[number] = deployment
        return deployment

    def shown(
        self, placement: str, course_id: int | None = None
    ) -> Iterator[tuple[Deployment, Configuration, Placement]]:
        """Return the tools in a menu: those of the root account, and those of the course."""
        for deployment in self.deployments.values():
            configuration = deployment.key.configuration
            found = configuration.placement(placement) if configuration else None
            here = deployment.course_id is None or deployment.course_id == course_id
            if configuration and found and here:
                yield deployment, configuration, found

    def tamper(self, wanted: list[Tampering]) -> None:
        """Add faults for the next launches; an empty list clears all of them."""
        self._tampering = self._tampering + [(each, each.times) for each in wanted]
        if not wanted:
            self._tampering = []

    def next_tampering(self, *, losing: bool = False) -> Tampering:
        """Return the next fault and count it down; ``losing`` selects those that lose a session."""
        for place, (each, left) in enumerate(self._tampering):
            if each.lost_session is not losing:
                continue
            if left is not None:
                self._tampering[place : place + 1] = [(each, left - 1)] if left > 1 else []
            return each
        return Tampering()

    def key_of(self, client_id: str) -> LtiKey | None:
        return next((key for key in self.keys.values() if key.client_id == client_id), None)
