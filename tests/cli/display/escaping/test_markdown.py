"""Text in Markdown shows itself and does nothing: read back by a parser of its own."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from support.turns import examples
from vidi.cli.display.escaping.markdown import LONGEST_CELL, escape_text, render_table
from vidi.cli.display.visible import make_visible

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
NASTY = st.text(st.sampled_from("\\`*_[](){}<>&|~@#$!:/.-+=1 \n\raé木\u202e\x1b"), max_size=40)
NO_WIDTH = "\u200b"


def shown(text):
    return re.sub(r"\s+", " ", make_visible(text.replace("\r", "\n"))).strip(" ")


def read_table(markdown):
    """The rows of the one table that a document is; whatever else is in it fails."""
    rows, inside = [], 0
    for token in PARSER.parse(markdown):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            assert {each.type for each in token.children} <= {"text", "text_special"}, (
                token.children
            )
            rows[-1].append("".join(each.content for each in token.children))
        inside += token.type == "table_open"
    assert inside == 1
    return rows


@settings(max_examples=examples(40))
@given(st.lists(st.tuples(NASTY, NASTY), max_size=3))
def test_a_table_has_the_cells_that_it_was_given(rows):
    table = render_table(("a", "b:"), [[escape_text(each) for each in row] for row in rows])
    assert [[cell.replace(NO_WIDTH, "") for cell in row] for row in read_table(table)] == [
        ["a", "b"],
        *([shown(cell) for cell in row] for row in rows),
    ]


@given(NASTY)
def test_a_paragraph_is_nothing_but_that_text(text):
    tokens = PARSER.parse(escape_text(text))
    assert [each.type for each in tokens] in (
        [],
        ["paragraph_open", "inline", "paragraph_close"],
    )
    said = "".join(child.content for each in tokens for child in each.children or ())
    assert said.replace(NO_WIDTH, "") == shown(text)


@pytest.mark.parametrize("text", ["@octocat", "#12", "https://evil.example", "WWW.evil.example"])
def test_nobody_is_called_and_nothing_is_linked(text):
    said = "".join(each.content for each in PARSER.parse(escape_text(text))[1].children)
    assert not re.search(r"@\w|#\d", said)
    assert not re.search(r"\w://|www\.", escape_text(text), re.IGNORECASE)


def test_a_long_text_is_cut():
    assert len(escape_text("x" * 999)) == LONGEST_CELL
