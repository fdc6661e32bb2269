"""The expressions of GitHub Actions, `${{ … }}`, as far as our workflows use them.

https://docs.github.com/actions/reference/workflows-and-actions/expressions
"""

import re

HOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(==|!=|&&|\|\||[!(),])|([\w.*-]+))")


def substitute(text, contexts):
    """A text with the value of each expression in it."""
    return HOLE.sub(lambda found: as_text(evaluate(found[1], contexts)), text)


def holes_in(text):
    """The expressions in a text."""
    return [found[1].strip() for found in HOLE.finditer(text)]


def evaluate(expression, contexts):
    """The value of one expression; a name that nobody knows is null, as at GitHub."""
    tokens, at = [], 0
    expression = expression.strip()
    while at < len(expression):
        found = _TOKEN.match(expression, at)
        assert found, f"no expression: {expression!r}"
        tokens.append(found)
        at = found.end()
    value = _either(tokens, contexts)
    assert not tokens, f"more than an expression: {expression!r}"
    return value


def as_text(value):
    """A value as it stands in a text."""
    return {None: "", True: "true", False: "false"}.get(value, str(value))


def _either(tokens, contexts):
    value = _both(tokens, contexts)
    while _take(tokens, "||"):
        other = _both(tokens, contexts)
        value = value or other
    return value


def _both(tokens, contexts):
    value = _compared(tokens, contexts)
    while _take(tokens, "&&"):
        other = _compared(tokens, contexts)
        value = other if value else value
    return value


def _compared(tokens, contexts):
    value = _one(tokens, contexts)
    for sign in ("==", "!="):
        if _take(tokens, sign):
            return (as_text(value) == as_text(_one(tokens, contexts))) == (sign == "==")
    return value


def _one(tokens, contexts):
    if _take(tokens, "!"):
        return not _one(tokens, contexts)
    if _take(tokens, "("):
        value = _either(tokens, contexts)
        assert _take(tokens, ")")
        return value
    token = tokens.pop(0)
    if token[1]:
        return token[1][1:-1].replace("''", "'")
    if _take(tokens, "("):
        assert _take(tokens, ")"), f"{token[3]}: only functions without arguments are known"
        return contexts["functions"][token[3]]()
    return _look_up(token[3], contexts)


def _take(tokens, sign):
    return bool(tokens) and tokens[0][2] == sign and bool(tokens.pop(0))


def _look_up(name, contexts):
    if name in {"true", "false", "null"}:
        return {"true": True, "false": False, "null": None}[name]
    value = contexts
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
