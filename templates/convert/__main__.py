"""Write one template for each model of a fact catalogue: `python templates/convert CATALOGUE`.

The catalogue is a folder with `replicate/*.json` and `fal/*.json`: the params, the prices
and their sources as they were read. The templates keep the file names, and running it again
writes the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from facts import read_facts
from template import template_of
from write import write_json


def main() -> None:
    """Convert every model of the catalogue that the command line names."""
    parser = argparse.ArgumentParser(prog="convert", description=__doc__)
    parser.add_argument("catalogue", type=Path, help="the folder with the facts")
    parser.add_argument(
        "into",
        type=Path,
        nargs="?",
        default=Path(__file__).parents[1],
        help="where the templates go (default: this checkout's templates/)",
    )
    arguments = parser.parse_args()
    count = 0
    for fact in read_facts(arguments.catalogue):
        write_json(arguments.into / fact.provider / fact.file_name, template_of(fact))
        count += 1
    print(f"{count} templates in {arguments.into}")


if __name__ == "__main__":
    main()
