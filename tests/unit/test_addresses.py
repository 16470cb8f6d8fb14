"""Which addresses a webhook may have (notificaties.md §4), without a network."""

import pytest
from yarl import URL

from services.notificaties.addresses import host_of, origin_of, parsed


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://Afnemer.Example./x", "afnemer.example"),
        ("http://LOCALHOST./", "localhost"),
        ("http://x.localhost/", "localhost"),
        ("http://127.8.8.8/", "localhost"),
        ("http://[::1]/", "localhost"),
        ("http://[::ffff:7f00:1]/", "localhost"),
        ("http://[::ffff:10.1.2.3]/", "10.1.2.3"),
        ("http://10.1.2.3:8000/", "10.1.2.3"),
        ("http://mylocalhost/", "mylocalhost"),
    ],
)
def test_a_host_has_one_spelling(url: str, host: str) -> None:
    assert host_of(URL(url)) == host


@pytest.mark.parametrize("url", ["", "/pad", "http://", "http://x:99999999/", "mailto:a@example.org"])
def test_what_cannot_be_called_has_no_address(url: str) -> None:
    assert parsed(url) is None
    assert origin_of(url) == ("", url, None)


def test_a_subscriber_is_a_scheme_a_host_and_a_port() -> None:
    origin = origin_of("https://afnemer.example/haak?a=1")
    assert origin == ("https", "afnemer.example", 443)
    assert origin_of("https://afnemer.example.:443/elders") == origin
    others = ("http://afnemer.example/haak", "https://afnemer.example:8443/haak", "https://www.afnemer.example/haak")
    assert origin not in {origin_of(other) for other in others}
