"""The WSGI entry point: servers load ``canvas_app.wsgi:app``."""

import sys

from canvas_app import create_app
from canvas_app.settings import SettingsError

try:
    app = create_app()
except SettingsError as fault:
    sys.exit(str(fault))
