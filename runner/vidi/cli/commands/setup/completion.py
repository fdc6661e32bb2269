"""`vidi completion`: what a shell needs to complete both commands."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    r"""Print a script that completes commands, options, model ids, entry ids and tags.

    \b
    bash: echo 'eval "$(vidi completion bash)"' >> ~/.bashrc
    zsh:  echo 'eval "$(vidi completion zsh)"' >> ~/.zshrc
    fish: vidi completion fish > ~/.config/fish/completions/vidi.fish
    """
    from click.shell_completion import get_completion_class

    from vidi.cli.commands.jobs.run import run
    from vidi.cli.display.console import Console
    from vidi.cli.toolbox import toolbox

    scripts = get_completion_class(shell)
    if scripts is None:
        raise click.UsageError(f"there is no completion for {shell}")
    console = Console()
    for program, command in (("vidi", toolbox), ("vidi-run", run)):
        variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
        script = scripts(command, {}, program, variable)
        console.print_data(script.source_template % script.source_vars())
    return 0
