"""What a runner reads: commands in a log, and files of outputs.

As github.com/actions/runner has it: ActionCommand.cs and FileCommandManager.cs.
"""

import re
from dataclasses import dataclass, field

KNOWN = frozenset(
    ("error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "add-matcher")
) | {"echo", "remove-matcher", "save-state", "set-output", "stop-commands"}


@dataclass(frozen=True)
class Command:
    """One command, with its properties and its message."""

    name: str
    message: str
    properties: dict[str, str] = field(default_factory=dict)


def read_commands(log):
    """Every command in a log that the runner would carry out, of both of its grammars."""
    found = (_read_line(line) for line in re.split(r"\r\n|\r|\n", log))
    return [command for command in found if command is not None]


def read_outputs(text):
    """The outputs in a file of $GITHUB_OUTPUT; what is malformed fails."""
    found, lines = {}, re.findall(r"[^\n]*\n", text)
    while lines:
        line = lines.pop(0).rstrip("\n")
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, _, value = line.partition("=")
            found[name] = value
            continue
        assert heredoc >= 0, f"neither name=value nor name<<mark: {line!r}"
        name, _, mark = line.partition("<<")
        value = []
        while (each := lines.pop(0)).rstrip("\n") != mark:
            value.append(each)
        found[name] = "".join(value)[:-1]
    return found


def _read_line(line):
    line = line.lstrip()
    if line.startswith("::"):
        head, end, message = line[2:].partition("::")
        name, _, rest = head.partition(" ")
        if end and name.lower() in KNOWN:
            pairs = (pair.partition("=") for pair in rest.split(",") if "=" in pair)
            properties = {key.strip(): _read_property(value) for key, _, value in pairs}
            return Command(name.lower(), _read_message(message), properties)
    if (begin := line.find("##[")) >= 0 and (end := line.find("]", begin)) >= 0:
        name = re.split(r"[ ;]", line[begin + 3 : end])[0]
        if name.lower() in KNOWN:
            return Command(name.lower(), line[end + 1 :])
    return None


def _read_message(text):
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def _read_property(text):
    text = text.replace("%0D", "\r").replace("%0A", "\n")
    return text.replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
