"""All views, for ``create_app`` to register."""

from canvas_app.views import (
    account,
    assignment,
    auth,
    courses,
    dashboard,
    explorer,
    feed,
    grades,
    health,
    help,
    planner,
    search,
    setup,
    submissions,
    teaching,
    upcoming,
)

BLUEPRINTS = (
    auth.bp,
    account.bp,
    feed.bp,
    health.bp,
    help.bp,
    setup.bp,
    explorer.bp,
    dashboard.bp,
    courses.bp,
    planner.bp,
    upcoming.bp,
    search.bp,
    submissions.bp,
    assignment.bp,
    grades.bp,
    teaching.bp,
)
