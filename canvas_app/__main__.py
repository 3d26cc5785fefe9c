"""``python -m canvas_app``: see cli.py."""

from canvas_app.cli import easel

easel(prog_name="python -m canvas_app")
