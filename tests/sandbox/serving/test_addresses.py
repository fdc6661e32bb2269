"""Both forms of address, and the settings that lead to a served sandbox."""

from starlette.requests import Request

from vidi.inference.settings import PROVIDER_URLS, Settings
from vidi.sandbox.serving.addresses import CDN, SERVICES, Addresses, sandbox_environment


def _request(url_host, scheme="https"):
    host, _, port = url_host.partition(":")
    server = (host, int(port or 443))
    headers = [(b"host", url_host.encode())]
    return Request({"type": "http", "method": "GET", "scheme": scheme, "server": server,
                    "path": "/", "query_string": b"", "headers": headers})  # fmt: skip


def test_every_setting_has_a_service_on_the_real_host():
    hosts = {each.setting: f"https://{each.host}" for each in SERVICES if each.setting}
    assert hosts == PROVIDER_URLS


def test_answers_name_hosts_when_asked_by_host():
    urls = Addresses.of(_request("queue.fal.run"))
    assert urls.url(CDN, "/files/1/a.png") == "https://v3.fal.media/files/1/a.png"


def test_answers_name_prefixes_when_asked_by_port():
    urls = Addresses.of(_request("127.0.0.1:8000", "http"))
    assert urls.url(CDN, "/files/1/a.png") == "http://127.0.0.1:8000/fal-cdn/files/1/a.png"


def test_sandbox_environment_is_what_settings_read():
    environ = sandbox_environment("http://127.0.0.1:8000/")
    assert environ["VIDI_REPLICATE_URL"] == "http://127.0.0.1:8000/replicate"
    assert environ["VIDI_FAL_QUEUE_URL"] == "http://127.0.0.1:8000/fal-queue"
    settings = Settings.from_environment(environ)
    assert settings.loopback_allowed
    assert set(settings.keys) == {"replicate", "fal"}
