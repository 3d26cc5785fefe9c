"""The support report that an error page offers to copy."""

from datetime import UTC, datetime

from flask import g, request

from canvas_app.canvas.errors import CanvasError
from canvas_app.current import current_gateway
from canvas_app.logs import route_template
from canvas_app.storage.storage import SignIn
from canvas_app.support_report import SupportReport


def offered_reports(fault: BaseException | None, status: int) -> list[tuple[str, str]]:
    """Return the forms of a support report about this request: for whom (a code), and its text.

    ``fault`` is the error of the page. If a call to Canvas failed, there is one form for Canvas's
    community and one for its support desk; otherwise one for the people who run Easel.
    """
    # Not read from the database, because that may be what failed.
    sign_in: SignIn | None = g.get("sign_in")
    settings = current_gateway().settings
    name = sign_in.identity.environment if sign_in else settings.production.name
    environment = settings.environment(name) or settings.production
    called = fault if isinstance(fault, CanvasError) and fault.method else None
    report = SupportReport(
        tried=f"{request.method} {route_template()} in Easel, a web application beside Canvas",
        environment=environment.name,
        canvas_url=environment.canvas_url,
        method=called.method if called else "",
        path=called.path if called else "",
        at=called.at if called else datetime.now(UTC),
        status=called.status if called else status,
        answer=(called.canvas_message or called.message) if called else "",
        canvas_request_id=(called.request_id or "") if called else "",
        easel_request_id=g.get("request_id", ""),
        user_id=str(sign_in.identity.user_id) if sign_in else "",
    )
    if called is None:
        return [("operator", report.for_operator())]
    return [("community", report.for_community()), ("support", report.for_support())]
