"""Headers of `wx.request` when a server sends it, and addresses that everybody may be sent to."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from eden.base.addresses import is_public
from eden.base.outbound import forwarded, returned


def test_what_the_program_sends() -> None:
    headers = [
        (b"Accept", b"*/*"),
        (b"cookie", b"of=the-page"),
        (b"x-eden-header-cookie", b"a=1"),
        (b"x-eden-header-user-agent", b"mini"),
        (b"user-agent", b"browser"),
        (b"origin", b"https://page.example"),
        (b"sec-fetch-mode", b"cors"),
        (b"sec-ch-ua", b"x"),
        (b"host", b"page.example"),
        (b"content-length", b"5"),
    ]
    assert forwarded(headers) == {"accept": "*/*", "cookie": "a=1", "user-agent": "mini"}


@pytest.mark.parametrize(
    "name", ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "expect"]
)
def test_nobody_but_the_server_speaks_of_the_hop(name: str) -> None:
    assert forwarded([(name.encode(), b"x"), (f"x-eden-header-{name}".encode(), b"x")]) == {}


def test_what_the_page_gets() -> None:
    headers = [
        ("Set-Cookie", "a=1"),
        ("X-Eden-Trace", "1"),
        ("ETag", "x"),
        ("Content-Length", "1"),
        ("set-cookie", "b"),
    ]
    assert returned(headers) == [(b"etag", b"x"), (b"x-eden-set-cookie", b'["a=1","b"]')]
    assert returned([]) == []


@pytest.mark.parametrize("address", ["1.1.1.1", "172.32.0.1", "2606:4700::1111"])
def test_public(address: str) -> None:
    assert is_public(address) and ip_address(address).is_global


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "::ffff:1.1.1.1", "2002:101:101::", "64:ff9b::1.1.1.1", "fe80::1%eth0", "host"]
)
def test_not_public(address: str) -> None:
    assert not is_public(address)
