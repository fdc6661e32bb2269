"""Where requests go, which may carry a key, and which could cost money."""

from __future__ import annotations

import pytest

from inference.providers.conftest import settings_at
from vidi.inference.providers.transport.routes import SERVICES, Routes
from vidi.inference.settings import PROVIDER_URLS, Settings

HOSTS = [(each, host) for each in SERVICES for host in each.hosts if each.setting]


@pytest.mark.parametrize(("service", "host"), HOSTS, ids=[host for _, host in HOSTS])
def test_every_host_moves_to_its_setting_with_its_prefix(service, host):
    settings = settings_at("https://other.example", **{service.setting: "http://here:81/a/b"})
    target = Routes(service.provider, settings).resolve("GET", f"https://{host}/x/y?q=1&r=%2F")
    assert target.url == "http://here:81/a/b/x/y?q=1&r=%2F"
    assert target.trusted


@pytest.mark.parametrize(("service", "host"), HOSTS, ids=[host for _, host in HOSTS])
def test_every_host_stays_by_default(service, host):
    target = Routes(service.provider, Settings()).resolve("GET", f"https://{host}/x")
    assert target.url == f"{PROVIDER_URLS[service.setting]}/x"
    assert target.trusted


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/v1/predictions/abc",
        "https://api.replicate.com.evil.example/",
        "https://api.replicate.com:8443/",
        "https://queue.fal.run/",
        "http://here:82/a",
        "https://here:81/a",
        "http://there:81/a",
        "https://v3b.fal.media/x",
    ],
)
def test_replicates_key_goes_nowhere_else(url):
    routes = Routes("replicate", settings_at("http://here:81/a"))
    target = routes.resolve("GET", url)
    assert (target.url, target.trusted) == (url, False)


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://v3b.fal.media/files/x", True),
        ("http://v3b.fal.media/files/x", False),
        ("https://v3b.fal.media:99/files/x", False),
        ("https://fal.media.evil.example/files/x", False),
        ("https://evilfal.media/files/x", False),
        ("https://api.replicate.com/v1", False),
        ("http://here:81/elsewhere", True),
        ("https://fal.run/fal-ai/flux", False),
    ],
)
def test_fals_key_goes_to_fals_hosts_and_settings(url, trusted):
    target = Routes("fal", settings_at("http://here:81/a")).resolve("GET", url)
    assert (target.url, target.trusted) == (url, trusted)


def test_an_alias_of_the_sdk_moves_too():
    routes = Routes("fal", settings_at("http://here"), {"queue.mine": "VIDI_FAL_QUEUE_URL"})
    target = routes.resolve("POST", "https://queue.mine/fal-ai/flux")
    assert (target.url, target.trusted, target.paid) == ("http://here/fal-ai/flux", True, True)


FREE = [
    ("replicate", "POST", "https://api.replicate.com/v1/files"),
    ("replicate", "DELETE", "https://api.replicate.com/v1/files/f"),
    ("replicate", "POST", "https://api.replicate.com/v1/predictions/p/cancel"),
    ("replicate", "POST", "http://here/api/v1/predictions/p/cancel"),
    ("replicate", "QUERY", "https://api.replicate.com/v1/models"),
    ("fal", "PUT", "https://queue.fal.run/fal-ai/flux/requests/r/cancel"),
    ("fal", "PUT", "http://here/api/fal-ai/flux/requests/r/cancel"),
    ("fal", "POST", "https://rest.fal.ai/storage/auth/token?storage_type=fal-cdn-v3"),
    ("fal", "POST", "https://rest.fal.ai/storage/upload/initiate"),
    ("fal", "POST", "https://v3.fal.media/files/upload"),
    ("fal", "POST", "https://v3.fal.media/files/upload/multipart"),
    ("fal", "PUT", "https://v3b.fal.media/files/b/x/multipart/u/7"),
    ("fal", "POST", "https://v3b.fal.media/files/b/x/multipart/u/complete"),
    ("fal", "POST", "https://api.fal.ai/v1/models/pricing/estimate"),
]
PAID = [
    ("replicate", "POST", "https://api.replicate.com/v1/predictions"),
    ("replicate", "post", "https://api.replicate.com/v1/predictions"),
    ("replicate", "POST", "https://api.replicate.com/v1/models/a/b/predictions"),
    ("replicate", "POST", "https://api.replicate.com/v1/deployments/a/b/predictions"),
    ("replicate", "POST", "https://api.replicate.com/v1/trainings"),
    ("replicate", "POST", "https://api.replicate.com/v1/anything/new"),
    ("replicate", "POST", "https://api.replicate.com:8443/v1/files"),
    ("replicate", "POST", "http://here/api/v1/predictions"),
    ("replicate", "PUT", "https://api.replicate.com/v1/predictions/p"),
    ("replicate", "POST", "https://unknown.example/v1/files"),
    ("fal", "POST", "https://queue.fal.run/fal-ai/flux"),
    ("fal", "POST", "https://queue.falrun.com/fal-ai/flux"),
    ("fal", "POST", "https://fal.run/fal-ai/flux"),
    ("fal", "POST", "https://falrun.com/fal-ai/flux"),
    ("fal", "POST", "http://here/api/fal-ai/flux"),
    ("fal", "PUT", "https://queue.fal.run/fal-ai/flux/requests/r"),
    ("fal", "PATCH", "https://rest.fal.ai/storage/auth/token"),
    ("fal", "POST", "https://v3b.fal.media/anything"),
]


@pytest.mark.parametrize(("provider", "method", "url"), FREE)
def test_what_is_known_to_be_free_is_free(provider, method, url):
    assert not Routes(provider, settings_at("http://here/api")).resolve(method, url).paid


@pytest.mark.parametrize(("provider", "method", "url"), PAID)
def test_every_other_change_counts_as_paid(provider, method, url):
    assert Routes(provider, settings_at("http://here/api")).resolve(method, url).paid


def test_services_on_one_origin_are_told_apart_by_their_prefix():
    settings = settings_at("http://here/q", VIDI_FAL_CDN_URL="http://here/q/cdn")
    routes = Routes("fal", settings)
    assert routes.resolve("POST", "http://here/q/files/x").paid
    assert not routes.resolve("POST", "http://here/q/cdn/files/upload").paid
