"""All views, for ``create_app`` to register."""

from flask import Flask

from canvas_app.settings import Settings
from canvas_app.views import (
    account,
    account_courses,
    assignment,
    auth,
    class_student,
    courses,
    dashboard,
    explorer,
    exports,
    feed,
    gradebook,
    grades,
    health,
    help,
    institution,
    lti,
    planner,
    roster,
    search,
    setup,
    submissions,
    switches,
    teaching,
    upcoming,
)

BLUEPRINTS = (
    auth.bp,
    account.bp,
    feed.bp,
    health.bp,
    help.bp,
    institution.bp,
    setup.bp,
    account_courses.bp,
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
    gradebook.bp,
    roster.bp,
    class_student.bp,
    exports.bp,
)


def init_app(app: Flask, settings: Settings) -> None:
    """Register all views, and the LTI routes where the deployment is registered as a tool."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    switches.init_app(app)
    lti.init_app(app, settings)
