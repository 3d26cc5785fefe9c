"""The setup page: how requests reach this deployment, and what is wrong with it."""

import time
from dataclasses import replace

from flask import Blueprint, Response, render_template, request, session
from flask.typing import ResponseReturnValue
from msgspec import UNSET

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import AuthorizationError, CanvasError
from canvas_app.canvas.models import Account
from canvas_app.checks.developer_key import judge_includes
from canvas_app.checks.examination import asked_scopes, examine_settings
from canvas_app.checks.finding import Finding, fine
from canvas_app.checks.public_url import ASKS, SAW, asked_by_easel, seen_by
from canvas_app.current import current_api, current_gateway, login_required, required_sign_in
from canvas_app.logs import redact
from canvas_app.troubles import Trouble

bp = Blueprint("setup", __name__)

ADMINISTERS = "administers"  # session key: whether Home links to this page
ACCOUNTS = "accounts"  # session key: names of the accounts that the person administers
NAMED = 3  # of them
HINT_SECONDS = 1.5  # seconds for which a sign-in waits for that answer
TELLTALE = "lti_guid"


@bp.after_app_request
def say_what_was_seen(response: Response) -> Response:
    """Tell ``easel doctor``, which signs its request, how the request reached this process."""
    sent = request.headers.get(ASKS)
    if sent and asked_by_easel(current_gateway().settings.secret_key, sent):
        response.headers[SAW] = seen_by(
            request.host,
            request.scheme,
            request.remote_addr or "",
            request.headers.get("X-Forwarded-For", ""),
        )
    return response


@bp.app_template_global()
def administers() -> bool:
    """Return whether this browser's person was a Canvas administrator when they signed in."""
    return bool(session.get(ADMINISTERS))


@bp.app_template_global()
def administered() -> list[str]:
    """Return the accounts, a few by name, that this browser's person administered at sign-in."""
    return list(session.get(ACCOUNTS, ()))


def note_administrator(api: CanvasAPI) -> None:
    """Remember, for Home, which accounts of this Canvas the person who signed in administers.

    The answer only decides what Home offers; the pages themselves ask Canvas each time.
    """
    try:
        brief = CanvasAPI(api.client.with_deadline(time.monotonic() + HINT_SECONDS))
        accounts = list(brief.accounts())
    except CanvasError:
        accounts = []
    session[ADMINISTERS] = any(is_root(account) for account in accounts)
    if accounts:
        session[ACCOUNTS] = [account.name or "" for account in accounts[:NAMED]]


def is_root(account: Account) -> bool:
    return account.parent_account_id is None and account.root_account_id is None


@bp.get("/admin/setup")
@login_required
def setup_page() -> ResponseReturnValue:
    """Check this deployment, for administrators of Canvas's root account."""
    accounts = accounts_of_root_administrator(current_api())
    read = any(account.lti_guid is not UNSET for account in accounts)
    identity = required_sign_in().identity
    current_gateway().watch_for(identity.environment)((TELLTALE,), read)
    settings = current_gateway().settings
    findings = [
        seen_now(each, read) if belongs(each, identity.environment) else each
        for each in examine_settings(settings)
    ]
    return render_template(
        "setup.html",
        findings=[
            replace(each, message=redact(each.message), remedy=each.remedy) for each in findings
        ],
        scopes=asked_scopes(settings),
        environments=settings.environments,
    )


def accounts_of_root_administrator(api: CanvasAPI) -> list[Account]:
    """Return the person's accounts if they include a root account; else raise Trouble."""
    try:
        accounts = list(api.accounts(include=[TELLTALE]))
    except AuthorizationError as refusal:  # also when a scope is missing
        raise Trouble("not_an_administrator") from refusal
    if not any(is_root(account) for account in accounts):
        raise Trouble("not_an_administrator")
    return accounts


def belongs(finding: Finding, environment: str) -> bool:
    """Return whether this finding is about the includes of the Canvas the person uses."""
    if finding.code != "includes_dropped":
        return False
    named = len(current_gateway().settings.environments) > 1
    return not named or finding.message.startswith(f"{environment}: ")


def seen_now(finding: Finding, read: bool) -> Finding:
    """Return the finding about includes, replaced by what this page's own call has just shown."""
    if read:
        return fine("includes_dropped", "Canvas reads include parameters; it did just now.")
    if finding.level == "warning" and "Not known" not in finding.message:
        return finding
    fresh = judge_includes(("any",), None, None)
    return replace(
        fresh, message="Canvas just dropped include parameters, so pages lack what they ask for."
    )
