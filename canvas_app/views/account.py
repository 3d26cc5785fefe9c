"""The account page: the connected account, what is stored about it, and how to end it."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from canvas_app import audit
from canvas_app.current import (
    any_sign_in_required,
    current_gateway,
    forget_answers,
    required_sign_in,
    token_endpoint,
)
from canvas_app.views.auth import signed_out
from canvas_app.views.feed import feeds_of_page
from canvas_app.views.languages import gettext

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("")
@any_sign_in_required
def account() -> ResponseReturnValue:
    """Show what Easel stores about the person; no call to Canvas."""
    gateway = current_gateway()
    settings, sign_in = gateway.settings, required_sign_in()
    environment = gateway.environment(sign_in.identity.environment)
    return render_template(
        "account.html",
        sign_in=sign_in,
        identity=sign_in.identity,
        environment=environment,
        canvas_url=environment.canvas_url,
        stored=gateway.storage.describe(sign_in.grant_id),
        scopes=sign_in.scopes.split(),
        public_client=not environment.client_secret,
        keep_hours=int(settings.keep_seconds // 3600) if settings.cache_seconds else 0,
        **feeds_of_page(),
    )


@bp.post("/sign-out-everywhere")
@any_sign_in_required
def sign_out_everywhere() -> ResponseReturnValue:
    """End the person's sign-ins in all browsers, and Easel's access unless a feed needs it."""
    gateway = current_gateway()
    audit.note("sign-out-everywhere", gateway.settings, required_sign_in().identity)
    revoked = gateway.storage.sign_out_everywhere(required_sign_in().grant_id, token_endpoint)
    forget_answers()  # last, because a page in another tab may have cached answers meanwhile
    return signed_out(gettext("You are signed out of Easel in every browser."), revoked)


@bp.post("/disconnect")
@any_sign_in_required
def disconnect() -> ResponseReturnValue:
    """End Easel's access to Canvas: revoke the tokens and end every sign-in."""
    gateway = current_gateway()
    audit.note("disconnect", gateway.settings, required_sign_in().identity)
    revoked = gateway.storage.disconnect(required_sign_in().grant_id, token_endpoint)
    forget_answers()  # last, because a page in another tab may have cached answers meanwhile
    return signed_out(
        gettext("Easel is disconnected from Canvas and signed out in every browser."), revoked
    )


@bp.post("/delete")
@any_sign_in_required
def delete_everything() -> ResponseReturnValue:
    """Disconnect the person and delete everything Easel stores about them."""
    gateway = current_gateway()
    audit.note("delete-everything", gateway.settings, required_sign_in().identity)
    grant_id = required_sign_in().grant_id
    grants = gateway.storage.grants_of_person(grant_id)
    revoked = gateway.storage.delete_everything(grant_id, token_endpoint)
    owners = (
        (grant.environment, grant.user_id, grant.real_user_id or "", grant.generation, grant.id)
        for grant in grants
    )
    forget_answers(*owners)  # last, because a page in another tab may have cached answers meanwhile
    return signed_out(
        gettext("Easel is disconnected, and everything it had stored about you is deleted."),
        revoked,
    )
