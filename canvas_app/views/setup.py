"""What an operator is told of this deployment: how requests reach it."""

from flask import Blueprint, Response, request

from canvas_app.checks.public_url import ASKS, SAW, asked_by_easel, seen_by
from canvas_app.current import current_gateway

bp = Blueprint("setup", __name__)


@bp.after_app_request
def say_what_was_seen(response: Response) -> Response:
    """Tell ``easel doctor``, which signs its question, how its request came in."""
    sent = request.headers.get(ASKS)
    if sent and asked_by_easel(current_gateway().settings.secret_key, sent):
        response.headers[SAW] = seen_by(
            request.host,
            request.scheme,
            request.remote_addr or "",
            request.headers.get("X-Forwarded-For", ""),
        )
    return response
