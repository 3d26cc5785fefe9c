"""The features that an institution has switched off, for everybody or for people of one role."""

from collections.abc import Collection
from dataclasses import dataclass

#: The role of ``FEATURES_OFF`` as which each role of a course counts.
COUNTS_AS = {
    "student": "student",
    "teacher": "teacher",
    "ta": "teacher",
    "designer": "teacher",
    "observer": "observer",
}
#: Scopes that pages of this feature alone need.
SCOPES_OF = {
    "teaching": frozenset(
        {
            "url:GET|/api/v1/courses/:course_id/assignments/:assignment_id/submission_summary",
            "url:GET|/api/v1/courses/:course_id/sections",
        }
    ),
}
CLASS_STAFF = ("teacher",)  # the role of people who open a page of a class


@dataclass(frozen=True)
class Features:
    """The features that are ``off``, each as its name, or as ``name:role`` for one role only."""

    off: frozenset[str] = frozenset()

    def offered(self, feature: str, roles: Collection[str]) -> bool:
        """Return whether one of these roles has the feature.

        People without a role, or with unknown roles, have it only if it is off for no role at all.
        """
        if feature in self.off:
            return False
        known = {COUNTS_AS[role] for role in roles if role in COUNTS_AS}
        if known:
            return any(f"{feature}:{role}" not in self.off for role in known)
        return not self.limited(feature)

    def limited(self, feature: str) -> bool:
        """Return whether the feature is off for anybody."""
        return any(each.partition(":")[0] == feature for each in self.off)

    def needed(self, scopes: Collection[str]) -> tuple[str, ...]:
        """Return these scopes without those that only pages which are off would use."""
        off = [SCOPES_OF[each] for each in SCOPES_OF if not self.offered(each, CLASS_STAFF)]
        return tuple(scope for scope in scopes if not any(scope in unused for unused in off))


ALL_FEATURES = Features()
