"""The group `vidi`: each command is a row in a table, and is imported when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from vidi.cli.version import version_option

COMMANDS = {
    "run": "vidi.cli.commands.jobs.run:run",
    "validate": "vidi.cli.commands.jobs.validate:validate",
    "diff": "vidi.cli.commands.jobs.diff:diff",
    "models": "vidi.cli.models:models",
    "schema": "vidi.cli.commands.setup.schema:schema",
    "init": "vidi.cli.commands.setup.init:init",
    "costs": "vidi.cli.commands.money.costs:costs",
    "history": "vidi.cli.commands.money.history:history",
    "status": "vidi.cli.commands.folders.status:status",
    "reconcile": "vidi.cli.commands.folders.reconcile:reconcile",
    "verify": "vidi.cli.commands.folders.verify:verify",
    "store": "vidi.cli.commands.store:store",
    "report": "vidi.cli.commands.folders.report:report",
    "work": "vidi.cli.commands.fleet.work:work",
    "stop": "vidi.cli.commands.fleet.stop:stop",
    "export": "vidi.cli.commands.fleet.export:export",
    "merge": "vidi.cli.commands.fleet.merge:merge",
    "find": "vidi.cli.commands.folders.find:find",
    "review": "vidi.cli.commands.folders.review:review",
    "mark": "vidi.cli.commands.folders.mark:mark",
    "lock": "vidi.cli.commands.setup.lock:lock",
    "open": "vidi.cli.commands.folders.open:open_report",
    "sandbox": "vidi.cli.commands.setup.sandbox:sandbox",
    "doctor": "vidi.cli.commands.setup.doctor:doctor",
    "completion": "vidi.cli.commands.setup.completion:completion",
}


class LazyGroup(click.Group):
    """A group that imports a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name; None where there is none."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@version_option("vidi")
def toolbox() -> None:
    """Batch runs of paid generative-media models: checked, priced, never paid twice."""
