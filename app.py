"""The WSGI door in a checkout: servers ask for ``app:app``."""

from canvas_app.wsgi import app

__all__ = ["app"]
