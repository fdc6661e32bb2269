"""The contact sheet: what was changed beside what it was, in one PNG."""

import json

from PIL import Image

from vidi.runs.records.contact_sheet import (
    CAPTION,
    COLUMNS,
    GAP,
    HEAD,
    MOST_THUMBNAILS,
    THUMBNAIL,
)

ROW = THUMBNAIL + CAPTION + GAP

JOB = """\
version: 1
name: job
budget: 5
defaults: {model: fal/fal-ai/flux/dev, params: {image_size: square}, output: "{{ id }}.png"}
inferences:
  - {id: forest, params: {prompt: PROMPT}}
  - {id: "海-غابة-🎉", params: {prompt: sea}}
  - id: "many-{{ number }}"
    matrix: {number: [1, 2, 3, 4, 5]}
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: x, num_outputs: 4}
    output: "{{ id }}.webp"
  - id: clip
    model: replicate/wan-video/wan-2.2-t2v-fast
    params: {prompt: PROMPT}
    output: clip.mp4
"""
PAPER = (0xF3, 0xF3, 0xF0)


def draw(here, *folders):
    answer = here("vidi", "report", "--contact-sheet", "ci/sheet.png", *folders)
    assert (answer.exit_code, answer.stdout) == (0, "ci/sheet.png\n"), answer.stderr
    with Image.open(here.folder / "ci/sheet.png") as sheet:
        assert sheet.format == "PNG"
        return sheet.convert("RGB")


def cell(sheet, column, row):
    """The middle of a thumbnail."""
    left = GAP + column * (THUMBNAIL + GAP)
    top = HEAD + row * ROW
    return sheet.getpixel((left + THUMBNAIL // 2, top + THUMBNAIL // 2))


def middle(path):
    with Image.open(path) as picture:
        return picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))


def alike(one, other):
    return all(abs(a - b) < 12 for a, b in zip(one, other, strict=True))


def count(sheet):
    rows = (sheet.height - HEAD) // ROW
    cells = [cell(sheet, column, row) for row in range(rows) for column in range(COLUMNS)]
    return sum(not alike(each, PAPER) for each in cells)


def test_what_was_changed_comes_first_beside_what_it_was(here):
    for prompt in ("before", "after"):
        here.write("job.yaml", JOB.replace("PROMPT", prompt))
        assert here("vidi-run", "job.yaml", "--sandbox").exit_code == 0
    folder = here.folder / "outputs/sandbox/job"
    sheet = draw(here, "outputs/sandbox")
    (before,) = (folder / ".vidi/replaced").glob("forest*.png")
    assert alike(cell(sheet, 0, 0), middle(before))
    assert alike(cell(sheet, 1, 0), middle(folder / "forest.png"))
    assert not alike(cell(sheet, 0, 0), cell(sheet, 1, 0))
    assert alike(cell(sheet, 4, 0), middle(folder / "海-غابة-🎉.png"))
    assert count(sheet) == MOST_THUMBNAILS < 2 + 1 + 5 * 4 + 2
    (folder / "forest.png").write_bytes(b"\x89PNG no more")
    again = draw(here, folder)
    assert count(again) == MOST_THUMBNAILS, "what cannot be opened has its place"


def test_nothing_outside_of_the_folder_is_shown(here):
    """A manifest may come from a stranger's branch."""
    here.write("job.yaml", JOB)
    options = ("--sandbox", "--select", "forest", "--no-report")
    assert here("vidi-run", "job.yaml", *options).exit_code == 0
    folder = here.folder / "outputs/sandbox/job"
    (folder / "forest.png").rename(here.folder / "secret.png")
    (folder / "link.png").symlink_to(here.folder / "secret.png")
    manifest = (folder / "manifest.json").read_text("utf-8")
    for path in ("../../../secret.png", str(here.folder / "secret.png"), "link.png"):
        text = manifest.replace('"forest.png"', json.dumps(path))
        (folder / "manifest.json").write_text(text, "utf-8")
        assert count(draw(here, folder)) == 0, path


def test_a_folder_without_pictures_has_a_sheet_that_says_so(here):
    voice = "{id: v, model: fal/fal-ai/elevenlabs/tts/eleven-v3, params: {text: hi}, output: v.mp3}"
    here.write("job.yaml", f"version: 1\nname: job\nbudget: 5\ninferences:\n  - {voice}\n")
    assert here("vidi-run", "job.yaml", "--sandbox").exit_code == 0
    assert count(draw(here, "outputs/sandbox/job")) == 0
