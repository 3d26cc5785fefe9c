"""The JSON that registers Easel as a tool (Canvas: ``lti_dev_key_config.md``)."""

from typing import Any
from urllib.parse import urlsplit

from canvas_app.lti.launch import CUSTOM_FIELDS

DESCRIPTION = "All courses, upcoming work and submissions, complete or marked as not."
PLACEMENTS = ("course_navigation", "user_navigation", "global_navigation", "account_navigation")


def configuration(public_url: str, *, frame: bool) -> dict[str, Any]:
    """Return the JSON that an administrator pastes into an LTI key.

    It asks for no service and no personal data; the custom fields identify the person by id alone.
    Only the course menu opens Easel in a frame, and only if ``frame`` is true.
    """
    target = f"{public_url}/lti/launch"
    placements = []
    for name in PLACEMENTS:
        placement = {
            "placement": name,
            "message_type": "LtiResourceLinkRequest",
            "target_link_uri": target,
            "text": "Easel",
        }
        if name == "global_navigation":
            placement["visibility"] = "members"
        if name != "course_navigation" or not frame:
            placement["windowTarget"] = "_blank"
        placements.append(placement)
    return {
        "title": "Easel",
        "description": DESCRIPTION,
        "oidc_initiation_url": f"{public_url}/lti/login",
        "target_link_uri": target,
        "public_jwk_url": f"{public_url}/lti/jwks.json",
        "scopes": [],
        "custom_fields": dict(CUSTOM_FIELDS),
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": urlsplit(public_url).netloc,
                "tool_id": "easel",
                "privacy_level": "anonymous",
                "settings": {"text": "Easel", "placements": placements},
            }
        ],
    }
