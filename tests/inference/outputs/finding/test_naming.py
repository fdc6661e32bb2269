from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.errors import UsageError
from vidi.inference.outputs.finding.naming import (
    EXTENSIONS,
    extension_of,
    has_extension,
    is_media_extension,
    name_warning,
    plan_paths,
    with_extension,
)

PLANS = [
    (("x.png", 1), ["x.png"]),
    (("x.png", 3), ["x-1.png", "x-2.png", "x-3.png"]),
    (("a.b/x.png", 2), ["a.b/x-1.png", "a.b/x-2.png"]),
    (("a.b/x", 2), ["a.b/x-1", "a.b/x-2"]),
    (("x-{index}.png", 1), ["x-1.png"]),
    (("{index}/x.png", 2), ["1/x.png", "2/x.png"]),
    (("{index}/{index}.png", 2), ["1/1.png", "2/2.png"]),
    (("x", 1, "webp"), ["x.webp"]),
    (("x", 2, ".webp"), ["x-1.webp", "x-2.webp"]),
    (("x-{index}", 2, "mp4"), ["x-1.mp4", "x-2.mp4"]),
    (("x.png", 1, "webp"), ["x.png"]),
    (("v1.5", 1, "webp"), ["v1.5.webp"]),
    (("v1.5", 2), ["v1.5-1", "v1.5-2"]),
    ((".hidden", 2, "png"), [".hidden-1.png", ".hidden-2.png"]),
    (("año ✓.PNG", 2), ["año ✓-1.PNG", "año ✓-2.PNG"]),
    (("x.png", 0), []),
    (("x", 1, ".Xyz"), ["x.Xyz"]),
    (("x-{index+9:03}.png", 2), ["x-010.png", "x-011.png"]),
    (("x-{index-1}.png", 2), ["x-0.png", "x-1.png"]),
    (("x-{index:02}.png", 1), ["x-01.png"]),
    (("x", 1), ["x"]),
]


@pytest.mark.parametrize(("asked", "paths"), PLANS)
def test_assets_are_named(asked, paths):
    assert plan_paths(*asked) == paths


KEYED = [
    ("x/{key}.mp3", ["vocals", "drums"], ["x/vocals.mp3", "x/drums.mp3"]),
    ("{key}", ["a", "A", "a"], ["a", "A-2", "a-3"]),
    ("{key}-{index}", ["a", "a"], ["a-1", "a-2"]),
    ("{key}.png", ["../../etc", "a/b", "", "..", "a b"], ["etc.png", "a_b.png", "output.png",
                                                          "output-2.png", "a_b-2.png"]),
    ("x.png", ["a", "b"], ["x-1.png", "x-2.png"]),
    ("{key}.png", ["X", "._Xa_."], ["X.png", "Xa.png"]),
]  # fmt: skip


@pytest.mark.parametrize(("output", "keys", "paths"), KEYED)
def test_assets_are_named_by_their_keys(output, keys, paths):
    assert plan_paths(output, len(keys), keys=keys) == paths


@given(st.lists(st.text(), max_size=6))
def test_keys_from_outside_stay_inside_and_never_collide(keys):
    paths = plan_paths("a/{key}.png", len(keys), keys=keys)
    assert len({path.casefold() for path in paths}) == len(keys)
    for path in paths:
        assert PurePosixPath(path).parts[:1] == ("a",)
        assert len(PurePosixPath(path).parts) == 2
        assert "/../" not in path


@pytest.mark.parametrize(
    ("path", "content_type", "beside", "finished"),
    [
        ("x-2.glb", "video/mp4", "model/gltf-binary", "x-2.mp4"),
        ("x-2.glb", "model/ply", "model/gltf-binary", "x-2.ply"),
        ("x-2.glb", "model/gltf-binary", "model/gltf-binary", "x-2.glb"),
        ("x-2.png", "image/webp", "image/webp", "x-2.png"),
        ("x.glb", "video/mp4", "", "x.glb"),
        ("x-2.txt", "application/json", "text/plain", "x-2.json"),
        ("x-2.glb", "application/octet-stream", "model/gltf-binary", "x-2.glb"),
        ("x-2", "video/mp4", "model/gltf-binary", "x-2.mp4"),
        ("x-2.mine", "video/mp4", "model/gltf-binary", "x-2.mine"),
    ],
)
def test_an_output_of_another_type_than_the_first_has_its_own_extension(
    path, content_type, beside, finished
):
    assert with_extension(path, content_type, beside=beside) == finished


@pytest.mark.parametrize("path", ["../x.png", "a/../../x.png", "/x.png", "a/.."])
def test_a_path_out_of_the_folder_is_refused(path):
    with pytest.raises(UsageError) as raised:
        plan_paths(path, 1)
    assert raised.value.message == f"the output leaves its folder: {path}"
    assert raised.value.hint == "Write a path inside output_dir, without a leading / and without .."


@pytest.mark.parametrize("path", ["", ".", "a/", "a\0b"])
def test_a_path_that_names_no_file_is_refused(path):
    with pytest.raises(UsageError) as raised:
        plan_paths(path, 1)
    assert raised.value.message == f"the output names no file: {path!r}"


PARTS = ["a", "B", ".", "..", "/", "-1", "{index}", ".png", ".5", "ñ✓", " ", "\\", "~", "C:"]
PATHS = st.lists(st.sampled_from(PARTS) | st.characters(codec="utf-8"), max_size=8).map("".join)
SUFFIXES = st.none() | st.sampled_from(["png", "mp4", ".glb"])


@given(PATHS, st.integers(0, 12), SUFFIXES)
def test_plans_stay_inside_and_never_collide(output, count, extension):
    try:
        paths = plan_paths(output, count, extension)
    except UsageError:
        return
    folder = Path("/out")
    assert len({path.casefold() for path in paths}) == len(paths) == count
    for path in paths:
        assert ".." not in PurePosixPath(path).parts
        assert (folder / path).is_relative_to(folder)
        assert (folder / path) != folder


@given(PATHS, st.sampled_from(sorted(EXTENSIONS)))
def test_every_finished_name_has_an_extension(path, content_type):
    finished = with_extension(path, content_type)
    assert finished == path or finished == f"{path}.{extension_of(content_type)}"
    assert has_extension(finished) or not path.rpartition("/")[2].strip(".")


FITTING = [(kind, extension) for kind, all_of in EXTENSIONS.items() for extension in all_of]


@pytest.mark.parametrize(("content_type", "extension"), FITTING)
def test_a_fitting_extension_is_fine(content_type, extension):
    assert name_warning(f"a/x.{extension}", content_type) == ""


@pytest.mark.parametrize(
    ("path", "content_type", "warning"),
    [
        ("a/x.png", "image/webp", "x.png holds image/webp: its extension should be .webp"),
        ("x.PNG", "image/png", ""),
        ("x.mp3", "audio/wav", "x.mp3 holds audio/wav: its extension should be .wav"),
        ("x.png", "text/plain", "x.png holds text/plain: its extension should be .txt"),
        ("x.srt", "text/plain", ""),
        ("x.md", "text/plain", ""),
        ("x.json", "text/plain", ""),
        ("x.obj", "text/plain", ""),
        ("x.ply", "text/plain", ""),
        ("x.html", "text/plain", ""),
        ("x.Xpng", "image/webp", ""),
        ("x.dat", "image/png", ""),
        ("x.png", "application/octet-stream", ""),
    ],
)
def test_another_extension_is_a_warning(path, content_type, warning):
    assert name_warning(path, content_type) == warning


@pytest.mark.parametrize(
    ("content_type", "extension"),
    [("image/jpeg", "jpg"), ("audio/mpeg", "mp3"), ("text/plain", "txt"), ("x/y", "bin")],
)
def test_the_usual_extension_is_given(content_type, extension):
    assert extension_of(content_type) == extension


def test_an_extension_of_what_models_make_is_known_in_any_case():
    known = [each for each in (".png", "PNG", ".X", ".Xpng", ".doc") if is_media_extension(each)]
    assert known == [".png", "PNG"]
