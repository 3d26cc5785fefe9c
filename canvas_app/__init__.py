"""Easel: a web application beside Canvas LMS."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    from canvas_app.settings import Settings

TEMPLATES = Path(__file__).resolve().parent / "templates"
if not TEMPLATES.is_dir():  # a checkout; only the wheel has them inside the package
    TEMPLATES = TEMPLATES.parent.parent / "templates"


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Set up the app and check the database's schema.

    Raises SettingsError when the environment's settings are wrong, the database cannot be used, or
    its schema is that of an earlier Easel (``easel upgrade``).
    """
    # Imported here, because canvas_app.canvas is a library for programs without Flask.
    from flask import Flask

    from canvas_app import (
        addresses,
        compression,
        current,
        error_pages,
        gateway,
        logs,
        metrics,
        security,
        sessions,
    )
    from canvas_app.settings import Settings
    from canvas_app.views import blueprints, languages, rendering

    settings = settings or Settings.from_environ(os.environ)
    logs.configure(settings)
    app = Flask(__name__, template_folder=str(TEMPLATES))
    app.secret_key = settings.secret_key
    app.config["ANY_HOST"] = frozenset({"health.healthz", "health.readyz", "health.prometheus"})
    redis = connect(settings.redis_url)

    addresses.init_app(app)
    logs.init_app(app)
    metrics.init_app(app, behind_proxy=settings.trusted_proxies > 0)
    sessions.init_app(app, settings, redis)
    security.init_app(app, settings)
    gateway.init_app(app, settings, redis)
    current.init_app(app)
    error_pages.init_app(app)
    languages.init_app(app)
    rendering.init_app(app)
    compression.init_app(app)
    blueprints.init_app(app, settings)
    return app


def connect(redis_url: str | None) -> Any | None:
    """Return a client of the Redis or Valkey server, if there is one; it connects on first use.

    Its timeouts are short, because every request asks it, and pages work without it.
    """
    if redis_url is None:
        return None
    from canvas_app.redis_client import open_redis

    return open_redis(redis_url)
