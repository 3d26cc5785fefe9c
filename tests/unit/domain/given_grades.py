"""Canvas's objects of a course's grades, for tests."""

from datetime import UTC, datetime, timedelta

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    CourseEnrollment,
    GradingPeriod,
    Submission,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HALVES = [
    GradingPeriod(
        id="901", title="First", start_date=NOW - timedelta(60), end_date=NOW - timedelta(30)
    ),
    GradingPeriod(id="902", title="Last", start_date=NOW - timedelta(30), end_date=NOW, weight=60),
]


def assignment(id_="1", score=None, posted=True, points=10.0, **more):
    own = Submission(
        id=f"9{id_}",
        score=score,
        posted_at=NOW - timedelta(1) if posted else None,
        **more.pop("submission", {}),
    )
    return Assignment(id=id_, name=f"Work {id_}", points_possible=points, submission=own, **more)


def group(*assignments, **more):
    return AssignmentGroup(id="5", name="Work", assignments=list(assignments), **more)


def student(**more):
    return CourseEnrollment(type="student", enrollment_state="active", user_id="3", **more)
