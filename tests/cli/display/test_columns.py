from vidi.cli.display.columns import align, render_csv


def test_columns_are_as_wide_as_their_widest_cell():
    rows = [("name", "usd"), ("tree", "0.5"), ("a", "10.25")]
    assert align(rows, right=frozenset({1})) == ["name    usd", "tree    0.5", "a     10.25"]


def test_csv_quotes_what_has_commas():
    assert render_csv([("a", "b"), ("1,5", 'say "x"')]) == 'a,b\n"1,5","say ""x"""'
