"""The API's endpoints, one module for each section of Canvas's own documentation.

Each module registers its routes when it is imported.
"""

from . import assignments, courses, enrollments, submissions, users

__all__ = ["assignments", "courses", "enrollments", "submissions", "users"]
