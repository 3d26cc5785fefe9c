"""Errors that end a request with a page: a code, its HTTP status, and facts for its words.

The words are in ``templates/errors/<code>.html``.
"""

STATUS = {
    # of Easel itself
    "sessions_away": 503,
    "database_away": 503,
    "signed_out": 403,
    "staff_only": 403,
    "switched_off": 404,
    "not_your_section": 403,
    "no_such_student": 404,
    "no_such_child": 404,
    "no_such_export": 404,
    "too_many_exports": 429,
    "too_many_pages": 429,
    "form_too_old": 400,
    "consent_too_narrow": 403,
    "internal_error": 500,
    "not_an_administrator": 403,
    "explorer_while_acting": 403,
    "explorer_busy": 429,
    "http_400": 400,
    "http_403": 403,
    "http_404": 404,
    "http_405": 405,
    "http_413": 413,
    "http_other": 500,  # unless told otherwise
    # the authorization response (RFC 6749 section 4.1.2)
    "unknown_environment": 404,
    "state_missing": 400,
    "state_unknown": 400,
    "state_used": 400,
    "state_expired": 400,
    "not_started_here": 400,
    "code_missing": 400,
    # its error codes (section 4.1.2.1), OpenID Connect's and Canvas's own
    "access_denied": 403,
    "invalid_scope": 502,
    "unauthorized_client": 502,
    "invalid_request": 502,
    "client_not_allowed_for_user": 403,
    "login_required": 403,
    "temporarily_unavailable": 503,
    "unknown_authorization_error": 502,
    # the access token request (section 4.1.3) and its error response (section 5.2)
    "invalid_grant": 400,
    "invalid_client": 502,
    "token_endpoint_unavailable": 503,
    "token_answer_malformed": 502,
    # Canvas's API, and renewing a token for it
    "access_refused": 403,
    "token_refused": 502,
    "invalid_client_at_renewal": 502,
    "scope_missing": 403,
    "not_allowed": 403,
    "not_found_in_canvas": 404,
    "throttled": 503,
    "canvas_unavailable": 503,
    "canvas_refused_request": 502,
    "canvas_answer_malformed": 502,
    # a launch from inside Canvas: the login initiation, Canvas's answer, the person (LTI 1.3)
    "lti_unknown_platform": 400,
    "lti_cookies": 400,
    "lti_state": 400,
    "lti_replayed": 400,
    "lti_too_old": 400,
    "lti_clock": 400,
    "lti_login_required": 403,
    "lti_unauthorized_client": 502,
    "lti_invalid_request_object": 502,
    "lti_platform_error": 502,
    "lti_malformed": 400,
    "lti_algorithm": 400,
    "lti_foreign_key": 400,
    "lti_unknown_key": 400,
    "lti_keys_away": 503,
    "lti_signature": 400,
    "lti_issuer": 400,
    "lti_audience": 400,
    "lti_authorized_party": 400,
    "lti_nonce": 400,
    "lti_deployment": 403,
    "lti_version": 400,
    "lti_message_type": 400,
    "lti_nobody": 403,
    "lti_student_view": 403,
    "lti_variables_missing": 502,
    "lti_course": 502,
    "lti_wrong_account": 403,
}


class Trouble(Exception):
    """An error that ends the request with the page of a code in ``STATUS``.

    ``facts`` are values that the page's words use; nothing in them is secret. ``status`` replaces
    the HTTP status of the code.
    """

    def __init__(self, code: str, status: int | None = None, /, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.status = status or STATUS[code]
        self.facts = facts


class ScopesMissing(Exception):
    """The person must consent again, because their grant lacks scopes that the pages need."""

    def __init__(self, scopes: tuple[str, ...]) -> None:
        super().__init__("the pages need further scopes")
        self.scopes = scopes
