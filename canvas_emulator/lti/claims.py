"""The claims of Canvas's id_token (``lti_advantage_adapter.rb``, ``variable_expander.rb``)."""

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from canvas_emulator.campus import Person
from canvas_emulator.campus.courses import STAFF_TYPES, Course, Enrollment
from canvas_emulator.lti.registry import Configuration, Deployment, Placement
from canvas_emulator.state import State

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
PLACEMENT = "https://www.instructure.com/placement"
TOKEN_SECONDS = 3600

_MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
_INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
_SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
_TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
_COURSE_ROLES = {
    "StudentEnrollment": (f"{_MEMBERSHIP}#Learner",),
    "StudentViewEnrollment": (f"{_MEMBERSHIP}#Learner",),
    "TeacherEnrollment": (f"{_MEMBERSHIP}#Instructor",),
    "TaEnrollment": (
        f"{_MEMBERSHIP}#Instructor",
        f"{_MEMBERSHIP}/Instructor#TeachingAssistant",
    ),
    "DesignerEnrollment": (f"{_MEMBERSHIP}#ContentDeveloper",),
    "ObserverEnrollment": (f"{_MEMBERSHIP}#Mentor",),
}
#: Nested claims also carry these members, as two tools recorded from a real Canvas.
_STRAY: dict[str, Any] = {"validation_context": None, "errors": {"errors": {}}}
#: People merged with another account, whose ``lti_id`` they keep in this course.
MERGED = {("dozen", 4103): "11111111-2222-4333-8444-555555555555"}
NOBODY = hashlib.sha1(b"public user", usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Click:
    """One launch of a tool: by whom, where, and under which host they use this Canvas."""

    deployment: Deployment
    configuration: Configuration
    placement: Placement
    person: Person | None
    real_person: Person | None
    course: Course | None
    host_url: str

    @property
    def target_link_uri(self) -> str:
        return self.placement.target_link_uri or self.configuration.target_link_uri


def lti_id(person: Person, course: Course | None) -> str:
    """Return ``sub``: one UUID for each person, or an older one where they were merged."""
    merged = MERGED.get((person.key, course.id if course else 0))
    return merged or str(uuid.uuid5(uuid.NAMESPACE_OID, f"easel emulator: lti {person.id}"))


def lti11_id(person: Person | None, course: Course | None) -> str:
    """Return the LTI 1.1 user id: 40 hexadecimal digits for each person and context.

    It is also the login hint.
    """
    if person is None:
        return NOBODY
    text = f"lti 1.1 {person.id} {course.id if course else 'account'}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def claims_of(state: State, click: Click) -> dict[str, Any]:
    """Return all claims except the nonce, as Canvas computes them when the tool is opened."""
    now = int(state.clock.seconds())
    client_id = click.deployment.key.client_id
    person, configuration = click.person, click.configuration
    body: dict[str, Any] = {
        "iss": state.lti.issuer,
        "aud": client_id,
        "azp": client_id,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "locale": (person.locale if person else None) or "en",
        PLACEMENT: click.placement.placement,
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}message_type": click.placement.message_type,
        f"{CLAIM}deployment_id": click.deployment.id,
        f"{CLAIM}target_link_uri": click.target_link_uri,
        f"{CLAIM}roles": roles(state, person, click.course),
        f"{CLAIM}custom": custom(state, click),
        "errors": {"errors": {}},
    }
    body |= _context(click) | _surroundings(click)
    if person is not None:
        body["sub"] = lti_id(person, click.course)
        body[f"{CLAIM}lti11_legacy_user_id"] = lti11_id(person, click.course)
        old = lti11_id(person, click.course)
        body[f"{CLAIM}lti1p1"] = {"user_id": old} | _STRAY
        body |= _personal(state, click, person, configuration.privacy_level)
    return body


def _surroundings(click: Click) -> dict[str, Any]:
    """Return the claims about the presentation and the platform.

    The presentation is always an iframe, even for a new tab.
    """
    presentation = {
        "document_target": "iframe",
        "return_url": f"{_context_url(click)}/external_content/success/external_tool_redirect",
        "locale": (click.person.locale if click.person else None) or "en",
        "height": None,
        "width": None,
    }
    platform = {
        "guid": "demo0123456789:canvas-lms",
        "name": "Demo Canvas",
        "version": "cloud",
        "product_family_code": "canvas",
    }
    return {
        f"{CLAIM}launch_presentation": presentation | _STRAY,
        f"{CLAIM}tool_platform": platform | _STRAY,
    }


def _context(click: Click) -> dict[str, Any]:
    """Return the claims about the context, a course or the account, whose id is not a Canvas id.

    For a launch from a menu the resource link is the context.
    """
    course = click.course
    name = course.name if course else "Demo Canvas"
    text = f"context {course.id if course else 'account'}"
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    kind = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering" if course else "Account"
    context = {"id": digest, "label": course.code if course else "", "title": name, "type": [kind]}
    link = {"id": digest, "title": name, "description": None}
    return {f"{CLAIM}context": context | _STRAY, f"{CLAIM}resource_link": link | _STRAY}


def _context_url(click: Click) -> str:
    return f"{click.host_url}/{f'courses/{click.course.id}' if click.course else 'accounts/1'}"


def _personal(state: State, click: Click, person: Person, level: str) -> dict[str, Any]:
    """Return the claims that the privacy level allows."""
    added: dict[str, Any] = {}
    if level in ("name_only", "public"):
        added |= {
            "name": person.name,
            "given_name": person.first_name,
            "family_name": person.name.rpartition(" ")[2],
            f"{CLAIM}lis": {
                "person_sourcedid": None,
                "course_offering_sourcedid": click.course.code if click.course else None,
            }
            | _STRAY,
        }
    if level in ("email_only", "public"):
        added["email"] = f"{person.login}@example.edu"
    if level == "public":
        added["picture"] = f"{click.host_url}/images/thumbnails/{person.id}/avatar-50.png"
        people = state.campus.people
        if click.course and (watched := _watched(state, person, click.course)):
            mentored = [lti_id(people[each], click.course) for each in sorted(watched)]
            added[f"{CLAIM}role_scope_mentor"] = mentored
    return added


def _watched(state: State, person: Person, course: Course) -> set[int]:
    rows = state.campus.between(person.id, course.id)
    return {row.associated_user_id for row in rows if row.associated_user_id is not None}


def roles(state: State, person: Person | None, course: Course | None) -> list[str]:
    """Return all of a person's roles, sorted; enrollments elsewhere give institution roles too."""
    if person is None:
        return [f"{_SYSTEM}None"]
    found = {f"{_SYSTEM}User"}
    if person.fake:
        found.add(_TEST_USER)
    for row in _enrolled(state, person):
        staff = row.type in STAFF_TYPES
        found.add(f"{_INSTITUTION}{'Instructor' if staff else 'Student'}")
        if course is not None and row.course_id == course.id:
            found.update(_COURSE_ROLES[row.type])
    if person.is_admin:
        found.add(f"{_INSTITUTION}Administrator")
    return sorted(found)


def _enrolled(state: State, person: Person) -> list[Enrollment]:
    return [row for row in state.campus.enrollments_of(person.id) if row.state == "active"]


def custom(state: State, click: Click) -> dict[str, str]:
    """Return the custom fields, all of them texts.

    A field of the deployment takes precedence over one of the placement, and that over one of the
    configuration. A variable that has no value here stays as its name.
    """
    wanted = (
        click.configuration.custom_fields
        | click.placement.custom_fields
        | click.deployment.custom_fields
    )
    filled = _variables(state, click)
    return {name: filled.get(value, value) for name, value in wanted.items()}


def _variables(state: State, click: Click) -> dict[str, str]:
    person, course, real = click.person, click.course, click.real_person
    found = {
        "$Canvas.account.id": "1",
        "$Canvas.root_account.global_id": str(10_000_000_000_001),
        "$Canvas.api.domain": click.host_url.partition("://")[2],
        "$Canvas.api.baseUrl": click.host_url,
    }
    if course is not None:
        found["$Canvas.course.id"] = str(course.id)
        names = {row.type for row in _enrolled(state, person)} if person else set()
        found["$Canvas.membership.roles"] = ",".join(sorted(names))
    if person is not None:
        found |= {
            "$Canvas.user.id": str(person.id),
            "$Canvas.user.globalId": str(person.global_id),
            "$com.instructure.User.student_view": str(person.fake).lower(),
            "$Person.address.timezone": person.time_zone,
            "$Message.locale": person.locale or "en",
            "$Canvas.user.prefersHighContrast": "false",
        }
    if real is not None:
        found["$Canvas.masqueradingUser.id"] = str(real.id)
    return found
