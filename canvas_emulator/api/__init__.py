"""The API's endpoints, one module for each section of Canvas's own documentation.

Each module registers its routes when it is imported.
"""

from . import (
    accounts,
    assignments,
    calendar,
    courses,
    enrollments,
    groups,
    planner,
    stream,
    submissions,
    todo,
    users,
)

__all__ = [
    "accounts",
    "assignments",
    "calendar",
    "courses",
    "enrollments",
    "groups",
    "planner",
    "stream",
    "submissions",
    "todo",
    "users",
]
