"""A deployment's settings for launches from inside Canvas."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from canvas_app.lti.launch import Registration

#: Hosted Canvas: all schools share issuer and keys (``lti_launch_overview.md``).
HOSTED_CANVAS = {
    "production": ("https://canvas.instructure.com", "https://sso.canvaslms.com"),
    "beta": ("https://canvas.beta.instructure.com", "https://sso.beta.canvaslms.com"),
    "test": ("https://canvas.test.instructure.com", "https://sso.test.canvaslms.com"),
}
#: The names of the environments in a login initiation.
SAID = {"prod": "production", "production": "production", "beta": "beta", "test": "test"}
AUTHORIZE_PATH = "/api/lti/authorize_redirect"
KEYS_PATH = "/api/lti/security/jwks"
_CLIENT_ID = re.compile(r"[0-9]{1,20}")
_DEPLOYMENT = re.compile(r"[\x21-\x7e]{1,255}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_OTHERS = (
    "LTI_DEPLOYMENT_IDS",
    "LTI_ISSUER",
    "LTI_FRAME",
    "CANVAS_BETA_LTI_CLIENT_ID",
    "CANVAS_TEST_LTI_CLIENT_ID",
)


class SettingsReader(Protocol):
    """The methods needed of what reads settings and collects their errors."""

    def text(self, name: str) -> str: ...

    def address(self, name: str) -> str: ...

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str: ...

    def fault(self, what: str, remedy: str) -> None: ...


@dataclass(frozen=True)
class LtiSettings:
    """Registrations by environment; ``hosts`` are the origins whose pages may frame Easel."""

    registrations: tuple[Registration, ...]
    hosts: tuple[str, ...]
    frame: bool = True

    def named(self, issuer: str, client_id: str, environment: str) -> Registration | None:
        """Return the registration that a login initiation names; None when there is no such one.

        ``environment`` is what the initiation claims. It only chooses between registrations with
        the same issuer and client id, so a false claim does no harm.
        """
        found = [
            each
            for each in self.registrations
            if (each.issuer, each.client_id) == (issuer, client_id)
        ]
        said = [each for each in found if each.environment == SAID.get(environment)]
        return next(iter([*said, *found]), None)

    def of(self, environment: str) -> Registration | None:
        return next((each for each in self.registrations if each.environment == environment), None)


def read_lti(reader: SettingsReader, canvas_urls: Mapping[str, str]) -> LtiSettings | None:
    """Return the settings of launches; None when ``LTI_CLIENT_ID`` is absent."""
    client_id = reader.text("LTI_CLIENT_ID")
    if not client_id:
        for name in _OTHERS:
            if reader.text(name):
                reader.fault(
                    f"{name} is set, but LTI_CLIENT_ID is missing",
                    "set it to the client ID of the LTI key (Canvas: Admin, Developer Keys), "
                    f"or leave {name} out",
                )
        return None
    issuer = _issuer(reader)
    deployments = _deployments(reader)
    registrations = []
    for name, canvas_url in canvas_urls.items():
        hosted_issuer, sso = HOSTED_CANVAS[name]
        at = canvas_url if issuer else sso
        registrations.append(
            Registration(
                environment=name,
                issuer=issuer or hosted_issuer,
                client_id=_client_id(reader, name, client_id),
                authorize_url=at + AUTHORIZE_PATH,
                keys_url=at + KEYS_PATH,
                deployment_ids=deployments,
            )
        )
    return LtiSettings(
        registrations=tuple(registrations),
        hosts=(*canvas_urls.values(), *_hosts(reader)),
        frame=reader.choice("LTI_FRAME", "on", ("on", "off")) == "on",
    )


def _client_id(reader: SettingsReader, environment: str, default: str) -> str:
    own = "LTI_CLIENT_ID"
    if environment != "production":
        own = f"CANVAS_{environment.upper()}_LTI_CLIENT_ID"
    client_id = reader.text(own) or default
    if not _CLIENT_ID.fullmatch(client_id) and (environment == "production" or reader.text(own)):
        reader.fault(
            f"{own} is not the client ID of an LTI key",
            "use the number that Canvas shows beside the key, such as 10000000000042",
        )
    return client_id


def _issuer(reader: SettingsReader) -> str:
    """Return ``LTI_ISSUER``, the issuer in tokens; empty for hosted Canvas."""
    given = reader.text("LTI_ISSUER")
    try:
        parts = urlsplit(given)
        right = parts.scheme in ("https", "http") and bool(parts.hostname) and given.isprintable()
    except ValueError:
        right = False
    if given and (not right or " " in given):
        reader.fault(
            "LTI_ISSUER is not the issuer of a Canvas",
            "use lti_iss of its config/security.yml, such as https://canvas.instructure.com, or "
            "leave it out for hosted Canvas",
        )
    return given


def _deployments(reader: SettingsReader) -> frozenset[str]:
    given = [each for each in re.split(r"[\s,]+", reader.text("LTI_DEPLOYMENT_IDS")) if each]
    for each in given:
        if not _DEPLOYMENT.fullmatch(each) or ":" not in each:
            reader.fault(
                f"LTI_DEPLOYMENT_IDS has an entry that is not a deployment id ({each[:60]})",
                "use ids such as 1:8865aa05b4b79b64a91a86042e43af5ea8ae79eb, separated by commas; "
                "a launch that is refused for it shows its id",
            )
    return frozenset(given)


def _hosts(reader: SettingsReader) -> tuple[str, ...]:
    """Return ``CANVAS_HOSTS`` as origins."""
    given = [each for each in re.split(r"[\s,]+", reader.text("CANVAS_HOSTS")) if each]
    found = []
    for each in given:
        host = each.removeprefix("https://").rstrip("/")
        if not _HOST.fullmatch(host):
            reader.fault(
                f"CANVAS_HOSTS has an entry that is not a host ({each[:60]})",
                "use hosts such as canvas.example.edu, separated by commas",
            )
        found.append(f"https://{host.lower()}")
    return tuple(found)
