"""Two inferences never share a file, and nothing stands where an asset is to go."""

import json
from itertools import takewhile

import pytest

from support.journals import rewrite

HEAD = "version: 1\nname: job\nbudget: 1\ninferences:\n"
ONE = "  - {{id: {}, model: replicate/black-forest-labs/flux-schnell, params: {}, output: {}}}\n"


def entry(name: str, output: str, count: int = 1) -> str:
    return ONE.format(name, f"{{prompt: x, num_outputs: {count}}}", output)


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        (("x.webp", 3), ("x-2.webp", 1), "x-2.webp"),
        (("x", 1), ("x.webp", 1), "x.webp"),
        (("x.webp", 1), ("x", 1), "x"),
        (("x", 2), ("x-1.png", 1), "x-1.png"),
        (("X-1.webp", 1), ("x.webp", 2), "x-1.webp"),
        (("v1.2/x.webp", 1), ("v1.2/x", 1), "v1.2/x"),
    ],
)
def test_what_two_inferences_would_both_write_is_a_mistake(here, first, second, shared):
    here.write("job.yaml", HEAD + entry("a", *first) + entry("b", *second))
    answer = here("vidi-run", "job.yaml", "--sandbox", "--json")
    assert answer.exit_code == 2
    (error,) = answer.json["errors"]
    assert (error["code"], error["id"]) == ("same-output", "b")
    assert error["message"] == f"'{shared}' is an asset of inference 'a' too"
    assert error["hint"] == 'Give each inference a path of its own, such as "{{ id }}.png".'


def test_of_several_that_stand_there_the_first_is_named_whenever_a_bare_name_comes(here):
    outputs = ("x.png", "y", "x.webp", "z.webp", "z", "x", "y.mp4")
    here.write("job.yaml", HEAD + "".join(entry(f"e{n}", each) for n, each in enumerate(outputs)))
    errors = here("vidi-run", "job.yaml", "--estimate", "--json").json["errors"]
    assert [(error["id"], error["message"]) for error in errors] == [
        ("e4", "'z' is an asset of inference 'e3' too"),
        ("e5", "'x' is an asset of inference 'e0' too"),
        ("e6", "'y.mp4' is an asset of inference 'e1' too"),
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [(("x.webp", 3), ("x-4.webp", 1)), (("x", 1), ("y.webp", 1)), (("x.png", 1), ("x.webp", 1))],
)
def test_what_two_inferences_do_not_share_is_none(here, first, second):
    here.write("job.yaml", HEAD + entry("a", *first) + entry("b", *second))
    assert here("vidi-run", "job.yaml", "--estimate").exit_code == 0


def stand_in_the_way(folder, what):
    match what:
        case "a folder on the way":
            (folder / "sub").write_text("a file")
        case "a link that leads out":
            (folder / "sub").symlink_to(folder.parent)
        case "a dangling link":
            (folder / "sub").mkdir()
            (folder / "sub/x-2.webp").symlink_to(folder / "nowhere")
        case "a folder":
            (folder / "sub/x-2.webp").mkdir(parents=True)
        case "a file":
            (folder / "sub").mkdir()
            (folder / "sub/x-2.webp").write_text("mine")


@pytest.mark.parametrize(
    ("what", "overwritable"),
    [
        ("a folder on the way", False),
        ("a link that leads out", False),
        ("a dangling link", True),
        ("a folder", False),
        ("a file", True),
    ],
)
def test_what_stands_in_the_way_is_told_before_anything_is_sent(here, what, overwritable):
    here.write("job.yaml", HEAD + entry("a", "sub/x.webp", 3))
    folder = here.folder / "outputs/sandbox/job"
    folder.mkdir(parents=True)
    stand_in_the_way(folder, what)
    answer = here("vidi-run", "job.yaml", "--sandbox", "--json")
    assert (answer.exit_code, answer.json["errors"][0]["code"]) == (2, "output-exists")
    assert not (folder / "log.jsonl").exists()
    (error,) = answer.json["errors"]
    assert error["hint"]
    if overwritable:
        assert error["message"].endswith("/sub/x-2.webp exists already and vidi did not make it")
        assert error["hint"] == "Move it, choose another output, or allow it with --overwrite."
    again = here("vidi-run", "job.yaml", "--sandbox", "--overwrite")
    assert again.exit_code == (0 if overwritable else 2)


def test_a_name_without_an_extension_finds_every_type_in_the_way(here):
    here.write("job.yaml", HEAD + entry("a", "x"))
    here.write("outputs/sandbox/job/x.png", "mine")
    assert here("vidi-run", "job.yaml", "--sandbox").exit_code == 2
    here.write("outputs/sandbox/job/x.png.bak", "mine")
    (here.folder / "outputs/sandbox/job/x.png").unlink()
    assert here("vidi-run", "job.yaml", "--sandbox").exit_code == 0


def test_of_a_model_that_counts_nothing_one_output_is_expected(here):
    """Its answer is a list, and none of its params says how long."""
    one = ONE.replace("replicate/black-forest-labs/flux-schnell", "fal/fal-ai/luma-photon/flash")
    lines = one.format("a", "{prompt: a tree}", "x.jpg") + one.format(
        "b", "{prompt: a tree}", "x-1.jpg"
    )
    here.write("job.yaml", HEAD + lines)
    assert here("vidi-run", "job.yaml", "--estimate").exit_code == 0


def test_what_vidi_put_there_is_in_nobodys_way(here):
    """A file that was edited since, and one of which the journal has no record yet."""
    here.write("job.yaml", HEAD + entry("a", "x.webp") + entry("b", "y.webp"))
    assert here("vidi-run", "job.yaml", "--sandbox").exit_code == 0
    folder = here.folder / "outputs/sandbox/job"
    (folder / "x.webp").write_bytes(b"edited")
    log = folder / "log.jsonl"
    rewrite(log, lambda text: "".join(takewhile(is_begun, text.splitlines(keepends=True))))
    changed = entry("a", "x.webp").replace("prompt: x", "prompt: z")
    here.write("job.yaml", HEAD + changed + entry("b", "y.webp"))
    planned = here("vidi-run", "job.yaml", "--sandbox", "--estimate", "--json").json
    actions = [each["action"] for each in planned["jobs"][0]["inferences"]]
    assert (planned["errors"], actions) == ([], ["run", "fetch"])


def is_begun(line):
    """Whether an event comes before the first file of b, the second of the run."""
    event = json.loads(line)
    return (event.get("id"), event["event"]) != ("b", "asset")
