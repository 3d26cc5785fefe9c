"""Gunicorn's settings in a checkout, where it looks for this file by itself."""

from canvas_app.gunicorn_conf import *  # noqa: F403
