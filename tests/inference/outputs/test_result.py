import asyncio
import json
import re
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest

from inference.outputs.conftest import QUICK
from support.assets import sample
from support.servers.asset_server import gives
from vidi.errors import DownloadError
from vidi.inference.outputs.fetching.download import Fetcher
from vidi.inference.outputs.finding.find import InlineJson, InlineText, RemoteFile
from vidi.inference.outputs.result import InferenceResult, OutputType


@pytest.fixture
def made(server, settings):
    """A result whose assets the local server has."""

    def make(*names, output_type=OutputType.IMAGE, **more):
        urls = tuple(
            server.on(f"/{name}", gives(sample(re.split("[./-]", name)[-1]))) for name in names
        )
        return InferenceResult(
            urls=urls,
            output_type=output_type,
            open_fetcher=lambda: Fetcher(settings, limits=QUICK),
            **more,
        )

    return make


def test_a_result_can_be_made_from_a_url_alone():
    result = InferenceResult(url="https://x.test/a.png")
    assert result.urls == ("https://x.test/a.png",)
    assert result.outputs == (RemoteFile("https://x.test/a.png", "a.png"),)


def test_url_urls_and_text_follow_from_the_outputs():
    outputs = (RemoteFile("https://x.test/a"), RemoteFile("https://x.test/b"), InlineText("Hola"))
    result = InferenceResult(outputs=outputs)
    assert result.url == "https://x.test/a"
    assert result.urls == ("https://x.test/a", "https://x.test/b")
    assert result.text == "Hola"


def test_a_text_is_an_output():
    result = InferenceResult(text="Hola", output_type=OutputType.TEXT)
    assert (result.url, result.urls, result.outputs) == (None, (), (InlineText("Hola"),))


def test_download_saves_the_first_asset(made, tmp_path):
    saved = made("a.png", "b.png").download(tmp_path / "new/x.png")
    assert saved == tmp_path / "new/x.png"
    assert [path.name for path in saved.parent.iterdir()] == ["x.png"]


def test_download_gives_a_bare_name_the_real_extension(made, tmp_path):
    assert made("a.webp").download(str(tmp_path / "x")) == tmp_path / "x.webp"


def test_download_into_a_folder_keeps_the_providers_name(made, tmp_path):
    assert made("a.png").download(tmp_path) == tmp_path / "a.png"


def test_download_takes_a_relative_path(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert made("a.png").download("./x.png") == Path("x.png")


async def test_download_works_inside_a_running_loop(made, tmp_path):
    assert made("a.png").download(tmp_path / "x.png").read_bytes() == sample("png")
    await asyncio.sleep(0)


def test_download_does_not_write_over_a_file_unless_told(made, tmp_path):
    target = tmp_path / "x.png"
    target.write_bytes(b"mine")
    with pytest.raises(
        DownloadError, match=r"(?m)^a file that vidi did not make is in the way: x.png$"
    ):
        made("a.png").download(target)
    made("a.png").download(target, overwrite=True)
    assert target.read_bytes() == sample("png")


def test_save_to_saves_every_asset(made, tmp_path):
    saved = made("1/a.png", "2/a.png", "3/A.png", "b.jpg", "plain-gif").save_to(tmp_path / "new")
    names = ["a.png", "a-2.png", "A-3.png", "b.jpg", "output-5.gif"]
    assert saved == [tmp_path / "new" / name for name in names]


def test_text_and_json_are_saved(tmp_path):
    outputs = (InlineText("Hola"), InlineJson([1]))
    result = InferenceResult(outputs=outputs, output_type=OutputType.TEXT)
    assert [path.name for path in result.save_to(tmp_path)] == ["output-1.txt", "output-2.json"]


def test_nothing_made_is_said(tmp_path):
    with pytest.raises(DownloadError, match=r"(?m)^fal/acme/maker made nothing to download$"):
        InferenceResult(model="fal/acme/maker").download(tmp_path / "x")


@pytest.mark.parametrize("save", ["download", "save_to"])
def test_a_local_file_is_no_download(tmp_path, save):
    result = InferenceResult(url="FILE:///etc/passwd")
    with pytest.raises(DownloadError) as raised:
        getattr(result, save)(tmp_path)
    assert raised.value.message == "the output is a local file, not a download: FILE:///etc/passwd"
    assert raised.value.hint == "Open it where it is; only http, https and data URLs are fetched."


def test_the_default_settings_refuse_this_machine(server, tmp_path):
    with pytest.raises(DownloadError, match=r"^the output's URL leads to this machine: 127"):
        InferenceResult(url=server.on("/a", gives(b""))).download(tmp_path / "x")


@pytest.mark.parametrize(
    ("result", "extension"),
    [
        (InferenceResult(url="https://x.test/a.PNG?b=c.jpg"), ".png"),
        (InferenceResult(outputs=(RemoteFile("u", "a.png", "image/webp"),)), ".webp"),
        (InferenceResult(outputs=(RemoteFile("u", "a.png", "application/x"),)), ".png"),
        (InferenceResult(text="Hola"), ".txt"),
        (InferenceResult(outputs=(InlineJson(1),)), ".json"),
        *(
            (InferenceResult(url="https://x.test/a", output_type=kind), extension)
            for kind, extension in zip(
                OutputType, [".png", ".mp4", ".mp3", ".txt", ".glb", ".json", ".bin"], strict=True
            )
        ),
    ],
)
def test_the_extension_is_told_without_a_download(result, extension):
    assert result.get_extension() == extension


def test_to_dict_is_ready_for_json():
    result = InferenceResult(
        url="https://x.test/a.png",
        cost=Decimal("0.003"),
        metadata=MappingProxyType({"seed": 5, "units": Decimal("1.5"), "at": (Path("a"), None)}),
        model="fal/acme/maker",
        request_id="r1",
    )
    assert json.loads(json.dumps(result.to_dict())) == {
        "model": "fal/acme/maker",
        "output_type": "image",
        "url": "https://x.test/a.png",
        "urls": ["https://x.test/a.png"],
        "text": None,
        "json": None,
        "cost": 0.003,
        "metadata": {"seed": 5, "units": 1.5, "at": ["a", None]},
        "request_id": "r1",
    }


@pytest.mark.parametrize(("values", "shown"), [((), None), ((5,), 5), ((5, [6]), [5, [6]])])
def test_to_dict_holds_json_values(values, shown):
    outputs = tuple(InlineJson(value) for value in values)
    assert InferenceResult(outputs=outputs).to_dict()["json"] == shown


def test_means_and_outputs_do_not_show_in_a_repr():
    assert "fetcher" not in repr(InferenceResult(url="https://x.test/a.png"))
