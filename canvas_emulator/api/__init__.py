"""The API's endpoints, one module for each section of Canvas's own documentation.

Each module registers its routes when it is imported.
"""

from . import (
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
