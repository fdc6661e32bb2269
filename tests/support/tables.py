"""Tables as the programs of this world save them."""

import csv
import io
from dataclasses import dataclass

HEADER = ("name", "prompt", "seed", "steps", "quality")


def rows(count: int = 20) -> list[tuple[str, ...]]:
    """A table of text: accents, quotes, delimiters and line ends inside cells, empty cells."""
    return [
        (
            f"n{number:02}",
            f'a "café", {number}; crème\tbrûlée' + ("\nat dusk" if number % 5 == 0 else ""),
            str(number * 7) if number % 3 else "",
            str(10 + number),
            "true" if number % 2 else "FALSE",
        )
        for number in range(1, count + 1)
    ]


@dataclass(frozen=True)
class Saved:
    """One way to save a table."""

    delimiter: str
    encoding: str
    quoting: int = csv.QUOTE_MINIMAL
    line_end: str = "\r\n"
    blank: str = "none"
    """`none`, `lines` (between rows), `cells` (rows of empty cells), `comments` (before)."""
    sep: bool = False

    @property
    def name(self) -> str:
        delimiter = {",": "comma", ";": "semicolon", "\t": "tab"}[self.delimiter]
        parts = (delimiter, self.encoding, str(self.quoting), repr(self.line_end)[1:-1], self.blank)
        return "-".join((*parts, "sep" if self.sep else ""))

    def write(self, header, table) -> bytes:
        text = io.StringIO(newline="")
        if self.sep:
            text.write(f"sep={self.delimiter}{self.line_end}")
        if self.blank == "comments":
            text.write(f"# exported{self.line_end}{self.line_end}# by hand{self.line_end}")
        writer = csv.writer(
            text, delimiter=self.delimiter, quoting=self.quoting, lineterminator=self.line_end
        )
        writer.writerow(header)
        for number, row in enumerate(table):
            if self.blank == "lines" and number % 4 == 0:
                text.write(self.line_end)
            if self.blank == "cells" and number % 4 == 0:
                writer.writerow([""] * len(header))
            writer.writerow(row)
        if self.blank == "cells":
            writer.writerow([""] * len(header))
        return text.getvalue().encode(self.encoding)


DELIMITERS = (",", ";", "\t")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")
QUOTINGS = (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
BLANKS = ("none", "lines", "cells", "comments")
EVERY = [
    Saved(delimiter, encoding, quoting, line_end, blank, sep=blank == "lines")
    for delimiter in DELIMITERS
    for encoding in ENCODINGS
    for quoting, line_end in zip((*QUOTINGS, csv.QUOTE_MINIMAL), ("\r\n", "\n", "\r"), strict=True)
    for blank in BLANKS
]
