"""The part of ``POST /_emulator/control`` under ``lti``."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from canvas_emulator.lti.registry import Configuration, Lti, LtiKey, Tampering

if TYPE_CHECKING:
    from canvas_emulator.state import State

Kind = Literal["lti", "lti_off"]


class Installation(Struct, forbid_unknown_fields=True):
    """The configuration that an administrator pastes into a key, to install the tool everywhere."""

    configuration: dict[str, Any]
    kind: Kind = "lti"
    redirect_uris: list[str] = []  # besides the configuration's target_link_uri

    def read(self) -> Configuration:
        """Return the configuration; raises ValueError if Canvas would refuse it."""
        found = msgspec.convert(self.configuration, Configuration)
        found.check()
        return found


class Deploy(Struct, forbid_unknown_fields=True):
    """The installation of a tool by its client id in a course, with custom fields of its own.

    ``course`` None means the root account.
    """

    course: int | None = None
    kind: Kind = "lti"
    custom_fields: dict[str, str] = {}


class LtiChange(Struct, forbid_unknown_fields=True):
    """Changes to this platform, applied in the order of the fields."""

    install: list[Installation] = []
    deploy: list[Deploy] = []
    switched_on: dict[Kind, bool] = {}
    rotate_keys: Annotated[int, Meta(ge=0, le=10)] = 0
    tamper: list[Tampering] | UnsetType = UNSET
    issuer: str | UnsetType = UNSET
    environment: Literal["prod", "beta", "test"] | UnsetType = UNSET
    storage: bool | UnsetType = UNSET
    retry_without_session: bool | UnsetType = UNSET
    session_cookie: Literal["none", "lax"] | UnsetType = UNSET


def check(state: "State", wanted: LtiChange) -> None:
    """Raise ValueError for what the types cannot rule out."""
    for installation in wanted.install:
        try:
            installation.read()
        except msgspec.ValidationError as fault:
            raise ValueError(f"{fault} of `$.lti.install[].configuration`") from None
    for deployed in wanted.deploy:
        if deployed.course is not None and deployed.course not in state.campus.courses:
            raise ValueError(f"No course has the id {deployed.course} - at `$.lti.deploy`")


def apply(lti: Lti, wanted: LtiChange) -> None:
    """Apply a body that ``check`` has accepted."""
    for installation in wanted.install:
        _install(lti, lti.keys[installation.kind], installation)
    for deployed in wanted.deploy:
        lti.deploy(lti.keys[deployed.kind], deployed.course, deployed.custom_fields)
    for kind, on in wanted.switched_on.items():
        lti.keys[kind].active = on
    for _ in range(wanted.rotate_keys):
        lti.ring.rotate()
    if wanted.tamper is not UNSET:
        lti.tamper(wanted.tamper)
    switches = ("issuer", "environment", "storage", "retry_without_session", "session_cookie")
    for name in switches:
        if (value := getattr(wanted, name)) is not UNSET:
            setattr(lti, name, value)


def _install(lti: Lti, key: LtiKey, installation: Installation) -> None:
    """Store the configuration and deploy the tool in the root account, once.

    Its redirect URIs are only the target unless more are entered (tool_configuration.rb).
    """
    key.configuration = installation.read()
    key.redirect_uris = (key.configuration.target_link_uri, *installation.redirect_uris)
    everywhere = (each.key is key and each.course_id is None for each in lti.deployments.values())
    if not any(everywhere):
        lti.deploy(key)


def described(lti: Lti, url: str) -> dict[str, Any]:
    """Return what an administrator sees on Canvas's pages, for ``GET /_emulator/lti``."""
    return {
        "issuer": lti.issuer,
        "authorize": f"{url}/api/lti/authorize_redirect",
        "jwks": f"{url}/api/lti/security/jwks",
        "keys": [
            {
                "kind": key.kind,
                "client_id": key.client_id,
                "on": key.active,
                "installed": key.configuration is not None,
                "redirect_uris": key.redirect_uris,
                "deployments": [
                    {
                        "id": each.id,
                        "course": each.course_id,
                        "custom_fields": each.custom_fields,
                    }
                    for each in lti.deployments.values()
                    if each.key is key
                ],
            }
            for key in lti.keys.values()
        ],
    }
