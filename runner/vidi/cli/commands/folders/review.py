"""`vidi review`: the page to work in, served to this machine's own browser."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "where",
    nargs=-1,
    required=True,
    metavar="JOB_FILE|DIR...",
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--open", "browse", is_flag=True, help="Open it in the browser.")
def review(where: tuple[Path, ...], port: int, *, browse: bool) -> int:
    """Serve the page of output folders on 127.0.0.1, where what was made is marked by a click.

    Approve, reject with a note, favourite, or have it bought again with another seed. The marks are
    in reviews.yaml beside the job file as soon as they are made; `vidi-run --rejected` buys again
    what was rejected. Ctrl-C stops it. The address holds a token: nobody else gets in.
    """
    from vidi.cli.commands.folders.serve_review import serve_review

    return serve_review(where, port, browse=browse)
