"""All checks, in the order in which an operator fixes the faults."""

import logging
from collections.abc import Iterator, Mapping, Sequence

from canvas_app.canvas.api import SCOPES
from canvas_app.checks import connection, developer_key, public_url, stores
from canvas_app.checks.finding import Finding, doubt, fault, fine
from canvas_app.domain.features import Features
from canvas_app.security import host
from canvas_app.settings import Environment, Settings, SettingsError
from canvas_app.storage.notes import INCLUDES_DROPPED, INCLUDES_READ

log = logging.getLogger(__name__)


def examine(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Check a whole deployment with these settings; yield findings as they are made."""
    try:
        settings = Settings.from_environ(environ)
    except SettingsError as wrong:
        yield from judge_settings(wrong.faults)
        return
    yield from examine_settings(settings)


def examine_settings(settings: Settings) -> Iterator[Finding]:
    """Check a deployment whose settings can be read."""
    yield fine("settings", "Every setting can be read.")
    yield from (without_tls(each) for each in settings.warnings())
    for environment in settings.environments:
        yield from examine_canvas(settings, environment)
    yield from stores.check_stores(settings)
    yield from public_url.judge_visit(
        settings, host(settings.public_url), public_url.visit(settings)
    )


def judge_settings(faults: Sequence[str]) -> Iterator[Finding]:
    """Return one finding for each fault, and a further one if TLS is what is missing."""
    for each in faults:
        what, _, remedy = each.partition(": ")
        yield fault("settings", f"{what}.", f"{remedy[:1].upper()}{remedy[1:]}")
        if " is http, and " in what:
            name = what.partition(" ")[0]
            yield fault(
                "tls",
                f"{name} goes without TLS, so everybody on the way can read it.",
                f"Let {name} begin with https://.",
            )


def went_well(found: Sequence[Finding], code: str) -> bool:
    """Return whether this check was made and found nothing wrong."""
    return any(each.code == code and each.level == "ok" for each in found)


def without_tls(warning: str) -> Finding:
    what, _, remedy = warning.partition(": ")
    return doubt("settings", f"{what}.", f"{remedy[:1].upper()}{remedy[1:]}")


def examine_canvas(settings: Settings, environment: Environment) -> Iterator[Finding]:
    """Check one Canvas: connect to it, then ask both OAuth2 endpoints."""
    found = list(_of_canvas(settings, environment))
    if len(settings.environments) > 1:
        found = [each.about(environment.name) for each in found]
    yield from found


def _of_canvas(settings: Settings, environment: Environment) -> Iterator[Finding]:
    found = examine_access(settings, environment)
    yield from found
    if went_well(found, "unknown_client"):
        transport = connection.open_transport(settings, environment.canvas_url)
        yield from developer_key.check_secret(environment, transport)
        transport.close()
        if asked_scopes(settings) or went_well(found, "scopes"):
            yield developer_key.judge_includes(
                asked_scopes(settings),
                stores.noted(settings, environment.name, INCLUDES_DROPPED),
                stores.noted(settings, environment.name, INCLUDES_READ),
            )


def examine_access(settings: Settings, environment: Environment) -> list[Finding]:
    """Make the quick checks of connection and developer key, which every start makes too."""
    transport = connection.open_transport(settings, environment.canvas_url)
    try:
        found = connection.check_connection(settings, environment.canvas_url, transport)
        if went_well(found, "not_a_canvas"):
            found += developer_key.check_key(
                environment,
                settings.redirect_uri(environment.name),
                asked_scopes(settings),
                transport,
            )
        return found
    finally:
        transport.close()


def warn_of_access(settings: Settings) -> None:
    """Log what the quick checks and those of the stores find; nothing waits for this."""
    try:
        for each in stores.check_stores(settings):
            if each.level == "warning":
                log.warning("%s %s", each.message, each.remedy)
        for environment in settings.environments:
            found = examine_access(settings, environment)
            for each in found:
                if each.level != "ok":
                    log.warning("%s: %s %s", environment.name, each.message, each.remedy)
            note_scopes_of(settings, environment, found)
    except Exception:  # these are only warnings, so Easel serves without them
        log.exception("Canvas could not be looked at")


def note_scopes_of(settings: Settings, environment: Environment, found: Sequence[Finding]) -> None:
    """Note for ``/readyz`` which scopes the key lacks, if Canvas answered that."""
    for each in found:
        if each.code == "scopes":
            missing = None if each.level == "ok" else developer_key.refused_scopes(each.remedy)
            stores.note_scopes(settings, environment.name, missing)


def asked_scopes(settings: Settings) -> tuple[str, ...]:
    """Return the scopes that a sign-in asks for."""
    if isinstance(settings.scopes, tuple):
        return settings.scopes
    return Features(settings.features_off).needed(SCOPES) if settings.scopes == "auto" else ()
