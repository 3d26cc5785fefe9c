"""The emulator's own routes under ``/_emulator``: people, keys, statistics and switches."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from flask import Blueprint, Response, current_app, request
from msgspec import UNSET, Meta, Struct, UnsetType

from canvas_emulator.campus.coursework import Submission
from canvas_emulator.faults import Drift, Fault
from canvas_emulator.lti import control as platform
from canvas_emulator.resource import router
from canvas_emulator.state import Costs, State, TokenRow, personal_token

blueprint = Blueprint("emulator", __name__, url_prefix="/_emulator")

Amount = Annotated[float, Meta(ge=0, le=1e9)]
"""Seconds or units of cost, as the field says."""
Seconds = Annotated[float, Meta(ge=-3.2e9, le=3.2e9)]
"""Seconds that the clock moves: at most about a century each way, which dates can hold."""
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2900, 1, 1, tzinfo=UTC)


class Throttle(Struct, forbid_unknown_fields=True):
    """Changes to the throttle's numbers."""

    status: Literal[403, 429] | UnsetType = UNSET
    hwm: Amount | UnsetType = UNSET
    maximum: Amount | UnsetType = UNSET
    outflow: Amount | UnsetType = UNSET
    up_front: Amount | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    token_endpoint_surcharge: Amount | UnsetType = UNSET


class Switches(Struct, forbid_unknown_fields=True):
    """Changes to the switches in which versions and hosts of Canvas differ (``state.Settings``)."""

    permission_status: Literal[401, 403] | UnsetType = UNSET
    require_user_agent: bool | UnsetType = UNSET
    lowercase_headers: bool | UnsetType = UNSET
    token_errors_redirect: bool | UnsetType = UNSET
    invalid_grant_wording: Literal["new", "old"] | UnsetType = UNSET
    api_max_per_page: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    check_test_cluster: bool | UnsetType = UNSET
    redirect_matching: Literal["lenient", "exact"] | UnsetType = UNSET
    require_navigation: bool | UnsetType = UNSET
    oauth2_deny_post: bool | UnsetType = UNSET
    pkce: Literal["on", "lenient", "off"] | UnsetType = UNSET
    rejection_wording: Literal["new", "old"] | UnsetType = UNSET
    totals_lag: Amount | UnsetType = UNSET
    allow_includes: bool | UnsetType = UNSET
    undated_discussions_planned: bool | UnsetType = UNSET
    staff_read_sis: bool | UnsetType = UNSET
    scopes_off: tuple[str, ...] | UnsetType = UNSET
    unknown_route: Literal[404, 501] | UnsetType = UNSET


Profile = Literal["hosted", "open_source"]
"""Switches set together for Instructure's cloud or for the published open source code."""


class Movement(Struct, forbid_unknown_fields=True):
    """A change of the clock: by seconds, to a time, or both (first to the time)."""

    advance: Seconds | UnsetType = UNSET
    set: datetime | UnsetType = UNSET


class Size(Struct, forbid_unknown_fields=True):
    """The number of rows of the load-test lists."""

    bulk_rows: Annotated[int, Meta(ge=0, le=5_000_000)]


class CourseChange(Struct, forbid_unknown_fields=True):
    """Changes to a course's settings."""

    workflow_state: Literal["unpublished", "available", "completed"] | UnsetType = UNSET
    restrict_quantitative_data: bool | UnsetType = UNSET
    hide_final_grades: bool | UnsetType = UNSET
    is_public: bool | UnsetType = UNSET
    grading_standard: bool | UnsetType = UNSET
    grading_scheme: tuple[tuple[str, float], ...] | UnsetType = UNSET
    scaling_factor: float | UnsetType | None = UNSET
    override_scores: dict[int, float] | UnsetType = UNSET
    start_at: datetime | UnsetType | None = UNSET
    end_at: datetime | UnsetType | None = UNSET
    restrict_enrollments_to_course_dates: bool | UnsetType = UNSET


class AssignmentChange(Struct, forbid_unknown_fields=True):
    """Changes to an assignment's settings."""

    published: bool | UnsetType = UNSET
    post_manually: bool | UnsetType = UNSET
    anonymous_grading: bool | UnsetType = UNSET
    moderated_grading: bool | UnsetType = UNSET
    grades_published: bool | UnsetType = UNSET
    omit_from_final_grade: bool | UnsetType = UNSET
    due_at: datetime | UnsetType | None = UNSET
    only_for: frozenset[int] | UnsetType | None = UNSET


class SubmissionChange(Struct, forbid_unknown_fields=True):
    """Changes to a student's submission, such as a teacher makes on Canvas's own pages."""

    assignment_id: int
    user_id: int
    workflow_state: Literal["unsubmitted", "submitted", "pending_review", "graded"] | UnsetType = (
        UNSET
    )
    grade_matches: bool | UnsetType = UNSET
    excused: bool | UnsetType = UNSET
    custom_grade_status_id: int | UnsetType | None = UNSET
    redo_request: bool | UnsetType = UNSET
    posted_at: datetime | UnsetType | None = UNSET


class Control(Struct, forbid_unknown_fields=True):
    """The body of ``POST /_emulator/control``; its keys can be combined freely."""

    reset: bool = False
    profile: Profile | UnsetType = UNSET
    latency: Amount | dict[str, Amount] | UnsetType = UNSET
    costs: Amount | dict[str, Amount] | UnsetType = UNSET
    throttle: Throttle | UnsetType = UNSET
    faults: list[Fault] | UnsetType = UNSET
    expire_tokens: Literal["all"] | list[int] | UnsetType = UNSET
    revoke_tokens: Literal["all"] | list[int] | UnsetType = UNSET
    token_ends: dict[int, datetime | None] | UnsetType = UNSET
    suspended: list[int] | UnsetType = UNSET  # replaces the list from before
    site_admin_staff: list[int] | UnsetType = UNSET  # people without site_admin_self_token_create
    redirect_uris: list[str] | UnsetType = UNSET  # registered with every key, besides its own
    app_name: str | UnsetType = UNSET  # of every key, for the consent page; "" names the kind
    keys_off: list[str] | UnsetType = UNSET  # kinds of keys; switches all others on
    clock: Movement | UnsetType = UNSET
    settings: Switches | UnsetType = UNSET
    drift: Drift | UnsetType = UNSET
    campus: Size | UnsetType = UNSET
    courses: dict[int, CourseChange] | UnsetType = UNSET
    more_work: dict[int, Annotated[int, Meta(ge=0, le=1_000)]] | UnsetType = UNSET
    """By course id, how many copies of its published assignments are added to them."""
    assignments: dict[int, AssignmentChange] | UnsetType = UNSET
    submissions: list[SubmissionChange] | UnsetType = UNSET
    links_ended: dict[int, list[int]] | UnsetType = UNSET  # students by parent
    lti: platform.LtiChange | UnsetType = UNSET


def _state() -> State:
    state: State = current_app.extensions["emulator"]
    return state


def _json(body: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, content_type="application/json")


@blueprint.get("/people")
def people() -> Response:
    """List the people who can sign in, with login, password, roles and personal token."""
    return _json(
        [
            {
                "id": person.id,
                "key": person.key,
                "name": person.name,
                "login": person.login,
                "password": person.password,
                "roles": sorted(person.roles),
                "token": personal_token(person),
            }
            for person in _state().campus.people.values()
            if person.key
        ]
    )


@blueprint.get("/keys")
def keys() -> Response:
    """List the developer keys with their secrets and redirect URIs."""
    return _json(
        [
            {
                "client_id": key.client_id,
                "client_secret": key.client_secret,
                "kind": key.kind,
                "name": key.name,
                "redirect_uri": key.legacy_uri or None,
                "redirect_uris": (*key.redirect_uris, *_state().registered),
            }
            for key in _state().keys.values()
        ]
    )


@blueprint.get("/lti")
def lti() -> Response:
    """Describe this Canvas as an LTI platform: issuer, addresses, LTI keys and deployments."""
    return _json(platform.described(_state().lti, request.host_url.rstrip("/")))


@blueprint.get("/routes")
def routes() -> Response:
    """List the routes this Canvas answers, each with method and path; ``:name`` is a parameter."""
    pages = [
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r":\1", rule.rule))
        for rule in current_app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if rule.endpoint != "static"
    ]
    found = sorted({*pages, *router.routes}, key=lambda row: (row[1], row[0]))
    return _json([{"method": method, "path": path} for method, path in found])


@blueprint.get("/stats")
def stats() -> Response:
    return _json(_state().stats.report())


@blueprint.post("/control")
def control() -> Response:
    """Apply a ``Control`` body; a 400 names the fault and means that nothing was changed."""
    try:
        wanted = msgspec.json.decode(request.get_data(), type=Control, strict=False)
    except msgspec.MsgspecError as error:
        return _json({"error": str(error)}, 400)
    try:
        _check(_state(), wanted)
    except ValueError as error:
        return _json({"error": str(error)}, 400)
    apply(_state(), wanted)
    return _json({})


def _check(state: State, wanted: Control) -> None:
    """Raise ValueError for what the types cannot rule out: an unknown id, a time out of range."""
    if wanted.clock is not UNSET:
        to = _aware(wanted.clock.set) if wanted.clock.set is not UNSET else state.clock.now()
        more = wanted.clock.advance if wanted.clock.advance is not UNSET else 0.0
        if not FIRST.timestamp() <= to.timestamp() + more <= LAST.timestamp():
            raise ValueError(f"The clock goes from {FIRST.year} to {LAST.year} - at `$.clock`")
    named = ("token_ends", "suspended", "site_admin_staff")
    for name, people in ((name, getattr(wanted, name)) for name in named):
        for person_id in () if people is UNSET else people:
            if person_id not in state.campus.people:
                raise ValueError(f"Nobody has the id {person_id} - at `$.{name}`")
    if wanted.keys_off is not UNSET:
        for kind in {*wanted.keys_off} - {key.kind for key in state.keys.values()}:
            raise ValueError(f"No key is of the kind {kind} - at `$.keys_off`")
    for name in ("courses", "more_work"):
        changed = getattr(wanted, name)
        for course_id in () if changed is UNSET else changed:
            if course_id not in state.campus.courses:
                raise ValueError(f"No course has the id {course_id} - at `$.{name}`")
    _check_work(state, wanted)
    if wanted.lti is not UNSET:
        platform.check(state, wanted.lti)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def apply(state: State, wanted: Control) -> None:
    """Do what a control body asks: first ``reset``, then ``profile``, then the others."""
    if wanted.reset:
        state.reset()
    with state.lock:
        if wanted.profile is not UNSET:
            _profile(state, hosted=wanted.profile == "hosted")
        if wanted.campus is not UNSET:
            state.resize(wanted.campus.bulk_rows)
        _change_costs(state, wanted)
        _change(state.settings, wanted.settings)
        _change_faults(state, wanted)
        if wanted.courses is not UNSET:
            state.campus_touched = True
            for course_id, change in wanted.courses.items():
                _change(state.campus.courses[course_id], change)
        if wanted.more_work is not UNSET:
            state.campus_touched = True
            for course_id, copies in wanted.more_work.items():
                state.campus.copy_work(course_id, copies)
        _change_work(state, wanted)
        if wanted.links_ended is not UNSET:
            state.campus_touched = True
            for parent_id, students in wanted.links_ended.items():
                for student_id in students:
                    state.campus.end_link(parent_id, student_id)
        if wanted.clock is not UNSET:
            _move(state, wanted.clock)
        if wanted.lti is not UNSET:
            platform.apply(state.lti, wanted.lti)
        _change_rights(state, wanted)
        _change_tokens(state, wanted)


def _change_costs(state: State, wanted: Control) -> None:
    """Change what calls take (seconds and units) and the limits of the throttle."""
    if wanted.latency is not UNSET:
        state.latency = _costs(wanted.latency, state.latency)
        state.wake()
    if wanted.costs is not UNSET:
        state.costs = _costs(wanted.costs, state.costs)
    _change(state.quotas.limits, wanted.throttle)


def _change_faults(state: State, wanted: Control) -> None:
    if wanted.faults is not UNSET:
        state.faults.arm(wanted.faults)
        if not wanted.faults:
            state.wake()
    if wanted.drift is not UNSET:
        state.faults.drift(wanted.drift)


def _change_rights(state: State, wanted: Control) -> None:
    """Change who may sign in and with which developer keys."""
    if wanted.suspended is not UNSET:
        state.suspend(wanted.suspended)
    if wanted.site_admin_staff is not UNSET:
        state.site_admin_staff = frozenset(wanted.site_admin_staff)
    if wanted.redirect_uris is not UNSET:
        state.registered += tuple(wanted.redirect_uris)
    if wanted.app_name is not UNSET:
        state.keys = {id_: replace(key, app=wanted.app_name) for id_, key in state.keys.items()}
    if wanted.keys_off is not UNSET:
        state.keys_off = frozenset(wanted.keys_off)


def _change_tokens(state: State, wanted: Control) -> None:
    for row in _chosen(state, wanted.expire_tokens):
        row.expires_at = state.clock.seconds() - 1
    for row in _chosen(state, wanted.revoke_tokens):
        row.revoked = True
    if wanted.token_ends is not UNSET:
        for person_id, end in wanted.token_ends.items():
            own = state.tokens.of(personal_token(state.campus.people[person_id]))
            if own is not None:
                own.fixed_end = _aware(end).timestamp() if end is not None else None


def _profile(state: State, *, hosted: bool) -> None:
    """Set the switches of a profile.

    Of the hosted Canvas's throttle only the high-water mark and the status are public; its maximum
    is not.
    """
    state.quotas.limits.hwm = 700 if hosted else 600
    state.quotas.limits.status = 429 if hosted else 403
    state.settings.lowercase_headers = hosted
    state.settings.require_user_agent = hosted


def _costs(change: float | dict[str, float], before: Costs) -> Costs:
    if not isinstance(change, dict):
        return Costs(float(change))
    routes = dict(change)
    return Costs(routes.pop("default", before.default), before.routes | routes)


def _change(target: object, change: Struct | UnsetType) -> None:
    if change is not UNSET:
        for name, value in msgspec.structs.asdict(change).items():
            if value is not UNSET:
                setattr(target, name, value)


def _check_work(state: State, wanted: Control) -> None:
    for assignment_id in () if wanted.assignments is UNSET else wanted.assignments:
        if assignment_id not in state.campus.assignments:
            raise ValueError(f"No assignment has the id {assignment_id} - at `$.assignments`")
    for row in () if wanted.submissions is UNSET else wanted.submissions:
        if not _row_of(state, row):
            gap = f"{row.user_id} has no row for {row.assignment_id}"
            raise ValueError(f"{gap} - at `$.submissions`")


def _change_work(state: State, wanted: Control) -> None:
    if wanted.assignments is not UNSET:
        state.campus_touched = True
        for assignment_id, change in wanted.assignments.items():
            _change(state.campus.assignments[assignment_id], change)
    if wanted.submissions is not UNSET:
        state.campus_touched = True
        for row in wanted.submissions:
            _change(_row_of(state, row), row)


def _row_of(state: State, row: SubmissionChange) -> Submission | None:
    work = state.campus.assignments.get(row.assignment_id)
    return state.campus.submissions_of(work).get(row.user_id) if work else None


def _move(state: State, movement: Movement) -> None:
    if movement.set is not UNSET:
        state.clock.set(_aware(movement.set))
    if movement.advance is not UNSET:
        state.clock.advance(movement.advance)


def _chosen(state: State, people: Literal["all"] | list[int] | UnsetType) -> list[TokenRow]:
    if people is UNSET:
        return []
    rows = state.tokens.grants()
    return rows if people == "all" else [row for row in rows if row.person_id in people]
