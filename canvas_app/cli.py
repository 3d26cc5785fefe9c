"""The command line, ``easel`` or ``python -m canvas_app``: what operators do by hand."""

from importlib import import_module
from pkgutil import iter_modules

import click

from canvas_app import commands


class Commands(click.Group):
    """The commands in ``canvas_app/commands``, each loaded when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in iter_modules(commands.__path__))
        return sorted(name for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f"canvas_app.commands.{cmd_name}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command


@click.command(cls=Commands)
def easel() -> None:
    """What operators of Easel do by hand. Settings are read from the environment."""
