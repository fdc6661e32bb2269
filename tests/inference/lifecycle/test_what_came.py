"""What an answer holds is kept: nothing, half of it, things of several kinds, each by its name."""

import io
import json
from pathlib import PurePosixPath

import pytest
from PIL import Image

from support.servers.altered_sandbox import serve_altered

TEXTS = {
    "replicate-text": ("replicate/meta/meta-llama-3-8b-instruct", "output"),
    "fal-text": ("fal/fal-ai/video-prompt-generator", "prompt"),
    "fal-any": ("fal/fal-ai/any-llm", "output"),
}
TRELLIS = "replicate/firtoz/trellis"
EMPTIES = ("", [], {})


def write_job(here, model, output, params="prompt: a tree", more=""):
    here.write(
        "job.yaml",
        "version: 1\nname: job\nbudget: 5\ninferences:\n"
        f'  - {{id: a, model: {model}, params: {{{params}}}, output: "{output}"{more}, '
        "assume_cost: 0.10, max_cost: 1}\n",
    )


def run(here, *options):
    return here("vidi-run", "job.yaml", "--no-report", *options)


def assets_of(here):
    (row,) = here.manifest("outputs/job")["inferences"]
    return row["assets"]


@pytest.mark.parametrize("empty", EMPTIES, ids=json.dumps)
@pytest.mark.parametrize("case", TEXTS)
def test_an_answer_that_is_rightly_empty_is_a_result(here, case, empty):
    model, field = TEXTS[case]

    def alter(exchange):
        return exchange.with_fields(**{field: empty}) if exchange.is_result else exchange

    params = "input_concept: a tree" if "video-prompt" in model else "prompt: a tree"
    write_job(here, model, "a.txt", params)
    with serve_altered(here, alter) as served:
        for _ in range(2):
            answer = run(here)
            (row,) = here.manifest("outputs/job")["inferences"]
            assert (answer.exit_code, row["status"], served.submits) == (0, "succeeded", 1)
    assert (here.folder / "outputs/job/a.txt").read_bytes() == b""


def test_an_answer_without_its_field_is_no_empty_text(here):
    def alter(exchange):
        return exchange.saying({"odd": 1}) if exchange.is_result else exchange

    write_job(here, "fal/fal-ai/any-llm", "a.txt")
    with serve_altered(here, alter):
        assert run(here).exit_code == 1


@pytest.mark.parametrize("ended", ["failed", "canceled"])
def test_what_a_failed_prediction_had_put_out_is_kept(here, ended):
    def alter(exchange):
        if not exchange.is_result:
            return exchange
        return exchange.with_fields(status=ended, error="it broke off")

    write_job(here, "replicate/black-forest-labs/flux-schnell", "a.webp")
    with serve_altered(here, alter) as served:
        answer = run(here)
        (row,) = here.manifest("outputs/job")["inferences"]
        assert (answer.exit_code, row["status"], served.submits) == (1, "failed", 1)
        assert (here.folder / "outputs/job/a.webp").is_file()
        assert [asset["path"] for asset in row["assets"]] == ["a.webp"]


@pytest.mark.parametrize(
    ("output", "names"),
    [
        ("song/{{ key }}.webp", ["song/images.webp", "song/stems.webp", "song/stems-2.webp"]),
        ("{{ key }}-{{ index }}", ["images-1.webp", "stems-2.webp", "stems-3.webp"]),
    ],
)
def test_outputs_of_an_object_are_named_by_their_keys(here, output, names):
    def alter(exchange):
        if not exchange.is_result:
            return exchange
        urls = json.loads(exchange.body)["output"]
        return exchange.with_fields(output={"images": urls[0], "../stems": urls[1:]})

    write_job(
        here,
        "replicate/black-forest-labs/flux-schnell",
        output,
        "prompt: a tree, num_outputs: 3",
    )
    with serve_altered(here, alter) as served:
        assert run(here).exit_code == 0
        assets = assets_of(here)
        assert [asset["path"] for asset in assets] == names
        assert [asset["key"] for asset in assets] == ["images", "../stems", "../stems"]
        assert all((here.folder / "outputs/job" / name).is_file() for name in names)
        assert run(here).exit_code == 0
        assert served.submits == 1, "they are found again by their names"


def test_a_job_may_have_a_key_of_its_own(here):
    write_job(
        here,
        "replicate/black-forest-labs/flux-schnell",
        "{{ key }}.webp",
        more=", vars: {key: mine}",
    )
    with serve_altered(here, lambda exchange: exchange):
        assert run(here).exit_code == 0
    assert [asset["path"] for asset in assets_of(here)] == ["mine.webp"]


def test_an_output_of_another_kind_has_its_own_extension(here):
    """Trellis: a model, videos and pictures out of one request, all under `x.glb`."""
    write_job(
        here,
        TRELLIS,
        "x.glb",
        "images: [in.png], generate_color: true, generate_model: true, save_gaussian_ply: true",
    )
    from PIL import Image

    Image.new("RGB", (64, 64)).save(here.folder / "in.png")
    with serve_altered(here, lambda exchange: exchange) as served:
        answer = run(here)
        assert answer.exit_code == 0, answer.stderr
        kinds = {
            PurePosixPath(asset["path"]).suffix: asset["content_type"] for asset in assets_of(here)
        }
        assert kinds[".glb"] == "model/gltf-binary"
        assert kinds[".mp4"] == "video/mp4"
        assert not any("its extension should be" in str(a.get("warning")) for a in assets_of(here))
        assert run(here).exit_code == 0
        assert served.submits == 1


def test_what_an_answer_says_beside_its_files_is_in_the_manifest(here):
    def alter(exchange):
        if not exchange.is_result:
            return exchange
        said = {"seed": 2062765390712234200, "score": 0.5, "voice_id": "v1", "flag": False}
        long = {
            "story": "x" * 500,
            "link": "https://example.com",
            "none": None,
            "timings": {"a": 1},
        }
        return exchange.with_fields(**said, **long)

    write_job(here, "fal/fal-ai/flux/dev", "a.jpg")
    with serve_altered(here, alter):
        for _ in range(2):
            assert run(here).exit_code == 0
            (row,) = here.manifest("outputs/job")["inferences"]
            assert row["seed"] == 2062765390712234200
            assert row["answer"] == {"score": 0.5, "voice_id": "v1", "flag": False}
            assert "key" in row["assets"][0]


@pytest.mark.parametrize(
    ("retry", "error", "submits", "status"),
    [
        ("{attempts: 2}", "tensor size mismatch", 1, "failed"),
        ("{attempts: 2, on: failed}", "tensor size mismatch", 2, "failed"),
        ("{on: failed}", "tensor size mismatch", 3, "failed"),
        ("{attempts: 2, on: transient}", "Prediction interrupted (code: PA)", 2, "failed"),
        ("{attempts: 3, on: failed}", "NSFW content detected", 1, "moderated"),
    ],
)
def test_a_failure_is_bought_again_where_retry_says_so(here, retry, error, submits, status):
    def alter(exchange):
        if not exchange.is_result:
            return exchange
        return exchange.with_fields(status="failed", output=None, error=error)

    write_job(here, "replicate/black-forest-labs/flux-schnell", "a.webp", more=f", retry: {retry}")
    with serve_altered(here, alter) as served:
        assert run(here).exit_code == 1
        assert served.submits == submits
    (row,) = here.manifest("outputs/job")["inferences"]
    assert (row["status"], row["attempts"]) == (status, submits)


@pytest.mark.parametrize(
    ("model", "more", "sent"),
    [
        ("replicate/black-forest-labs/flux-schnell", "", None),
        ("replicate/black-forest-labs/flux-schnell", ", timeout: 90", "90s"),
        ("replicate/black-forest-labs/flux-schnell", ", timeout: 1", "5s"),
        ("replicate/ai-forever/kandinsky-2.2", "", "300s"),
    ],
)
def test_replicate_cancels_only_at_a_deadline_that_is_not_ours_alone(here, model, more, sent):
    """It is the user's own, or what bounds a price by computing time."""
    asked = []

    def alter(exchange):
        if exchange.is_receipt:
            asked.append(exchange.asked.get("cancel-after"))
        return exchange

    write_job(here, model, "a", more=more)
    with serve_altered(here, alter):
        assert run(here).exit_code == 0
    assert asked == [sent]


STRUCTURE = "too large to be decoded: only its structure is checked"
LARGE = {"checked in pieces": (1800, ""), "by its structure": (4000, STRUCTURE)}


@pytest.mark.parametrize("case", LARGE)
def test_a_picture_of_any_size_is_kept_and_what_was_not_checked_of_it_is_told(here, case):
    side, told = LARGE[case]
    picture = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((side, side)).save(picture, "WEBP", method=0)

    def alter(exchange):
        return exchange.saying(picture.getvalue()) if exchange.is_download else exchange

    write_job(here, "replicate/black-forest-labs/flux-schnell", "a.webp")
    with serve_altered(here, alter) as served:
        answer = here("vidi-run", "job.yaml")
        (asset,) = assets_of(here)
        assert (answer.exit_code, served.submits) == (0, 1)
    assert (asset["width"], asset["height"], asset.get("warning") or "") == (side, side, told)
    said = f"job.yaml: warning: {told}\n      hits: a\n"
    assert (said in answer.stderr) == bool(told)
    small = here.folder / f"outputs/job/.vidi/thumbs/{asset['sha256']}.webp"
    assert small.is_file() == (not told)
