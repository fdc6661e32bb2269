"""`vidi init`: the first hour begins with a file that runs."""

import pytest
from openpyxl import Workbook

from support.terminal import at_a_terminal

CSV = """\
Art-Nr;Product name;Text;Seed;Price
A 1;Lamp;"a lamp; brass";7;12,50
A 2;Cup;a cup of stoneware;;3
A 3;Board;a cutting board made of oak;9;
A 4;Jug;a jug;10;1
"""


@pytest.mark.parametrize("kind", ["image", "video", "speech", "music"])
def test_each_kind_runs_as_it_is_written(here, kind):
    answer = here("vidi", "init", "--kind", kind)
    assert answer.exit_code == 0
    assert "wrote jobs/first.yaml, .gitignore, .env.example" in answer.stdout
    assert "1 inference, $0.0" in answer.stdout
    assert here("vidi-run", "jobs/first.yaml", "--sandbox", "-q").exit_code == 0
    assert not here.manifest("outputs/sandbox/first")["inferences"][0]["error"]


def test_a_job_for_a_table(here):
    here.write("data/products.csv", CSV)
    answer = here("vidi", "init", "--from", "data/products.csv")
    assert answer.exit_code == 0
    assert answer.stdout.splitlines() == [
        "wrote jobs/products.yaml, .gitignore, .env.example, jobs/products.schema.json",
        "  a-1: a lamp; brass → outputs/products/a-1.webp",
        "  a-2: a cup of stoneware → outputs/products/a-2.webp",
        "  a-3: a cutting board made of oak → outputs/products/a-3.webp",
        "  … and 1 more",
        "4 inferences, $0.012",
    ]
    text = (here.folder / "jobs/products.yaml").read_text()
    assert 'seed: "{{ item.Seed }}"' in text
    assert "item['Art-Nr'] | slug" in text
    assert "not used: Product name, Price" in text
    assert here("vidi-run", "jobs/products.yaml", "--sandbox", "-q").exit_code == 0
    made = here.manifest("outputs/sandbox/products")["inferences"]
    assert [each["params"].get("seed") for each in made] == [7, None, 9, 10]


def test_a_job_for_a_workbook_and_for_lines(here):
    book = Workbook()
    for row in (["prompt"], ["a tree"], ["a tree"]):
        book.active.append(row)
    book.save(here.folder / "d.xlsx")
    here.write("p.txt", "a\nb\n")
    for table in ("d.xlsx", "p.txt"):
        assert here("vidi", "init", "--from", table, "--budget", "5").exit_code == 0
    assert "{{ row }}" in (here.folder / "jobs/d.yaml").read_text()
    assert 'prompt: "{{ item }}"' in (here.folder / "jobs/p.yaml").read_text()
    for job in ("d", "p"):
        assert here("vidi-run", f"jobs/{job}.yaml", "--estimate").exit_code == 0


def test_the_budget_is_what_it_costs(here):
    here.write("p.csv", "prompt\n" + "".join(f"p{n}\n" for n in range(100)))
    assert here("vidi", "init", "--from", "p.csv").exit_code == 0
    assert "budget: 0.30 " in (here.folder / "jobs/p.yaml").read_text()
    assert here("vidi-run", "jobs/p.yaml", "--estimate").exit_code == 0


def test_never_over_a_file(here):
    here.write("jobs/first.yaml", "mine")
    here.write(".gitignore", "*.pyc\n")
    here.write(".env.example", "X=1\n")
    refused = here("vidi", "init")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "jobs/first.yaml is there already\n  hint: Name another file.\n",
    )
    other = here("vidi", "init", "jobs/other.yaml")
    assert other.stdout.startswith("wrote jobs/other.yaml, jobs/other.schema.json\n")
    assert "add .env to .gitignore\nadd outputs/ to .gitignore\n" in other.stderr
    assert (here.folder / "jobs/first.yaml").read_text() == "mine"
    assert (here.folder / ".gitignore").read_text() == "*.pyc\n"
    assert (here.folder / ".env.example").read_text() == "X=1\n"


def test_a_table_with_mistakes_names_its_cells(here):
    here.write("d.csv", "prompt,seed\nx,1\ny,abc\n")
    answer = here("vidi", "init", "--from", "d.csv")
    assert answer.exit_code == 2
    assert "d.csv:3:2 → jobs/d.yaml:" in answer.stderr
    here.write("e.csv", "a,b\n1\n")
    assert "e.csv:2:1: 1 value in this row" in here("vidi", "init", "--from", "e.csv").stderr
    assert here("vidi", "init", "--from", "no.csv").exit_code == 2


def test_four_questions_at_a_terminal(tmp_path):
    (tmp_path / "d.csv").write_text("id,prompt\na,x\nb,y\n")
    told = at_a_terminal("vidi", "init", cwd=tmp_path, typed="image\nd.csv\n0.50\n\n")
    assert told.exit_code == 0
    for question in ("What do you want to make?", "From which table", "How many USD", "Which job"):
        assert question in told.text
    assert "budget: 0.50" in (tmp_path / "jobs/d.yaml").read_text()
