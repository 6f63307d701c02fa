"""The safe exit: every way to have the gateway ask its neighbours is refused; what is listed is reached."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.base.addresses import is_public
from eden.gateway.exchange import Answer, Exchange
from eden.gateway.interfaces import Catalogue
from eden.gateway.pipeline.codes import Stop
from eden.gateway.pipeline.egress import parse
from tests.gateway.pipeline.house import House, catalogue, document, header

PUBLIC = "93.184.215.14"
DOMAINS = [
    {"host": "api.example.com", "methods": ["GET", "POST"]},
    {"host": "*.cdn.example.com", "ports": [443, 8443]},
    {"host": "xn--fsqu00a.xn--0zwm56d"},
]


def listed(**egress: Any) -> Catalogue:
    return catalogue(egress={"domains": DOMAINS, **egress})


def house(**egress: Any) -> House:
    made = House(listed(**egress))
    made.addresses = {"api.example.com": [PUBLIC], "a.cdn.example.com": [PUBLIC], "xn--fsqu00a.xn--0zwm56d": [PUBLIC]}
    return made


def go(
    made: House, url: str, *, method: bytes = b"GET", body: bytes = b"", **rest: Any
) -> tuple[Exchange, Answer | None]:
    """As far as the connection: an answer if there is to be none."""
    target = f"?url={quote(url, safe='')}".encode()
    exchange = made.exchange(body, operation="egress", wire="egress", method=method, target=target, **rest)
    answer = made.pipeline.before(exchange)
    if answer is None:
        answer = asyncio.run(made.pipeline.locate(exchange))
    return exchange, answer


def reaches(exchange: Exchange) -> tuple[str, int, str]:
    assert exchange.address is not None
    return exchange.address.host, exchange.address.port, exchange.address.name


@pytest.mark.parametrize(
    ("url", "place", "path"),
    [
        ("https://api.example.com/v1/rates?day=1#part", ("api.example.com", 443), b"/v1/rates?day=1"),
        ("https://api.example.com", ("api.example.com", 443), b"/"),
        ("HTTPS://API.Example.COM/", ("api.example.com", 443), b"/"),
        ("https://api.example.com:443/", ("api.example.com", 443), b"/"),
        ("https://api.example.com?day=1", ("api.example.com", 443), b"/?day=1"),
        ("https://a.cdn.example.com:8443/x", ("a.cdn.example.com", 8443), b"/x"),
        ("https://xn--fsqu00a.xn--0zwm56d/", ("xn--fsqu00a.xn--0zwm56d", 443), b"/"),
        (
            "https://api.example.com/%2e%2e/@user:1/http://127.0.0.1/",
            ("api.example.com", 443),
            b"/%2e%2e/@user:1/http://127.0.0.1/",
        ),
    ],
)
def test_what_is_listed_is_reached(url: str, place: tuple[str, int], path: bytes) -> None:
    made = house()
    exchange, answer = go(made, url)
    assert answer is None, answer and answer.reason
    assert reaches(exchange) == (PUBLIC, place[1], place[0])
    assert (exchange.send_path, exchange.whole_answer, made.asked) == (path, True, [place[0]])


#: hosts that mean this machine or its neighbours, in every spelling that some reader takes for an address
NUMBERS = """127.0.0.1 127.1 127.0.1 127.000.000.001 0177.0.0.1 0177.0.0.01 0x7f.0.0.1 0x7f.0x0.0x0.0x1
0x7f000001 2130706433
017700000001 00000000177.0.0.1 127.0.0.1. 127.0.0.1.. 0 0.0.0.0 0x0 localhost localhost. LOCALHOST 1 1.1
10.0.0.1 10.1 167772161 0x0a000001 012.0.0.1 172.16.0.1 192.168.1.1 192.168.257 3232235777 0xc0a80101
169.254.169.254 169.254.43518 2852039166 0xa9fea9fe 025177524776 0251.0376.0251.0376 100.100.100.200 1684301000
198.18.0.1 224.0.0.1 255.255.255.255 4294967295 0xffffffff 240.0.0.1 192.0.0.192 168.63.129.16 256.1.1.1
1.2.3.4.5 93.184.215.14 1e3 127.0.0.0x1 127.0.0.1:443 [::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1]
[::ffff:7f00:1] [::ffff:0:127.0.0.1] [::127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::a00:1]
[2002:7f00:1::] [2002:a9fe:a9fe::] [2001:0:7f00:1::] [fe80::1] [fe80::1%25eth0] [fec0::1] [fc00::1]
[fd00:ec2::254] [ff02::1] [::1 [::1]] [2606:4700::1111] ::1 [127.0.0.1]""".split()

#: names that are not listed, or that some reader takes for another
NAMES = """evil.example example.com www.example.com xapi.example.com api.example.com.evil.example api-example.com
cdn.example.com .cdn.example.com a..cdn.example.com -a.cdn.example.com a-.cdn.example.com a_b.cdn.example.com
api.example.com. api.example.com.. api..example.com .api.example.com api.example.com%2eevil.example
api%2eexample%2ecom %61pi.example.com api.example.com%00.evil.example api.example.com%0a api.example.com%20
api.example.com%23.evil.example user@api.example.com user:word@api.example.com api.example.com@127.0.0.1
api.example.com:443@127.0.0.1 api.example.com%40127.0.0.1 127.0.0.1%2f@api.example.com api.example.com:
api.example.com:0 api.example.com:80 api.example.com:0443 api.example.com:443:443 api.example.com:+443
api.example.com:65979 api.example.com:99999 api.example.com:4x3 api.example.com:22 a.cdn.example.com:444
metadata.google.internal metadata instance-data kubernetes.default.svc localtest.me 127.0.0.1.nip.io
xn--a.cdn.example.com.evil.example intranet ip6-localhost localhost.localdomain""".split()

OTHER_SCRIPTS = [
    "１２７.0.0.1", "①②⑦.⓪.⓪.①", "127。0。0。1", "127．0．0．1", "ａｐｉ.example.com", "api.example。com",
    "api．example.com", "аpi.example.com", "api.examp\u200ble.com", "api.example.com\u2044@evil.example",
    "⑯⑨。②⑤④。⑯⑨｡②⑤④", "ℓocalhost", "lo\u00adcalhost", "例子.测试", "api.example.com\u3002",
    "api.exampleſ.com", "api.example.com／..", "api.example.com＠127.0.0.1", "api.example.com＃.evil.example",
    "api.example.com：80",
]  # fmt: skip

#: whole addresses
ADDRESSES = [
    "http://api.example.com/", "http:/api.example.com/", "ftp://api.example.com/", "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_", "dict://127.0.0.1:11211/", "ldap://127.0.0.1/",
    "jar:https://api.example.com!/", "data:text/plain,x", "javascript:alert(1)", "//api.example.com/",
    "/etc/passwd", "api.example.com", "", " ", "https", "https:", "https:/", "https://", "https:///",
    "https:api.example.com", "https:/api.example.com/", "https:\\\\api.example.com\\",
    "https://api.example.com\\@127.0.0.1/", "https://127.0.0.1\\@api.example.com/",
    "https://api.example.com\\.evil.example/", "https:/\\api.example.com/", "https://api.example.com/\\evil",
    " https://api.example.com/", "https://api.example.com/ ", "https://api.example.com/a b",
    "https://api.example.com/\r\nHost: 127.0.0.1", "https://api.example.com/\n", "https://api.example.com\t/",
    "ht\ntps://api.example.com/", "https://api.example.com/\x00", "https://api.example.com/\x7f",
    "https://api.example.com/é", "https://?@api.example.com/", "https://#@api.example.com/",
    "https://evil.example#@api.example.com/", "https://evil.example?@api.example.com/",
    "https://evil.example/@api.example.com", "view-source:https://api.example.com/",
    "https://https://api.example.com/", "https://api.example.com,evil.example/",
    "https://api.example.com;evil.example/", "https://(api.example.com)/", "https://{api,evil}.example.com/",
    "https://*.cdn.example.com/", "https://a%2Fcdn.example.com/", "url:https://api.example.com/",
    "https://api.example.com/" + "a" * 4100, "httpſ://api.example.com/",
]  # fmt: skip

ATTEMPTS = [*(f"https://{host}/" for host in [*NUMBERS, *NAMES, *OTHER_SCRIPTS]), *ADDRESSES]


def test_there_are_enough_attempts() -> None:
    assert len(set(ATTEMPTS)) >= 150


@pytest.mark.parametrize("url", ATTEMPTS)
def test_attempts_are_refused_before_a_name_is_looked_up(url: str) -> None:
    made = house()
    exchange, answer = go(made, url)
    assert answer is not None
    assert (answer.code, exchange.address, made.asked) == (1001, None, [])
    assert (header(answer, "result-status"), document(answer)["trace"]) == ("1001", exchange.trace)


@pytest.mark.parametrize(
    "target",
    [
        b"",
        b"?",
        b"?url=",
        b"?url",
        b"?uri=https://api.example.com/",
        b"?url=https://api.example.com/&url=https://127.0.0.1/",
        b"?url=https://127.0.0.1/&url=https://api.example.com/",
        b"?a=1&url=https://api.example.com/",
        b"/https://api.example.com/",
        b"?url=https%3A%2F%2Fapi.example.com%2F%FF",
        b"?url=https%3A%2F%2F%EF%BC%91.example.com",
    ],
)
def test_there_is_one_address_in_the_query(target: bytes) -> None:
    made = house()
    exchange = made.exchange(operation="egress", wire="egress", method=b"GET", target=target)
    answer = made.pipeline.before(exchange)
    assert answer is not None and answer.code in (1001, 3002) and made.asked == []


PRIVATE = """0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1
127.255.255.254
168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192
192.0.2.1 192.52.193.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1
203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8
::ffff:0:127.0.0.1 ::127.0.0.1 ::8.8.8.8 64:ff9b::127.0.0.1 64:ff9b::8.8.8.8 64:ff9b:1::a00:1 100::1 2001::1
2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::1 2002:808:808::1 3fff::1
4000::1 5f00::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 febf::1 fec0::1 ff02::1 2600::5efe:10.0.0.1
2600::200:5efe:7f00:1 fe80::1%eth0 2606:4700::1%eth0 nonsense 127.1 1.2.3 0x7f000001 2130706433 010.0.0.1
1.2.3.4/8 1.2.3.4:80""".split()


@pytest.mark.parametrize("address", PRIVATE)
def test_names_that_lead_inside_are_refused(address: str) -> None:
    made = house()
    for found in ([address], [PUBLIC, address], [address, PUBLIC]):
        made.addresses["api.example.com"] = found
        exchange, answer = go(made, "https://api.example.com/")
        assert answer is not None and (answer.code, exchange.address) == (1001, None)


@pytest.mark.parametrize(
    "address", "1.1.1.1 8.8.8.8 93.184.215.14 172.32.0.1 100.128.0.1 169.253.1.1 2606:4700::1111 2a00::1".split()
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)
    made = house()
    made.addresses["api.example.com"] = [address]
    assert reaches(go(made, "https://api.example.com/")[0])[0] == address


@settings(max_examples=300, deadline=None)
@given(st.ip_addresses())
def test_public_is_never_more_than_python_thinks(address: Any) -> None:
    if is_public(str(address)):
        assert address.is_global or str(address).startswith("192.")
        assert not (address.is_private or address.is_loopback or address.is_link_local or address.is_multicast)


def test_a_name_is_looked_up_once() -> None:
    """DNS rebinding: what the name leads to a moment later is of no interest to anybody."""
    made = house()
    exchange, _ = go(made, "https://api.example.com/")
    made.addresses["api.example.com"] = ["127.0.0.1"]
    assert reaches(exchange) == (PUBLIC, 443, "api.example.com")
    assert made.asked == ["api.example.com"]
    # another call asks again, and is refused
    assert go(made, "https://api.example.com/")[1] is not None


def test_a_name_without_an_address() -> None:
    made = house()
    made.addresses = {}
    _, answer = go(made, "https://api.example.com/")
    assert answer is not None and (answer.code, answer.status) == (4003, 502)


@pytest.mark.parametrize("method", [b"PUT", b"DELETE", b"PATCH", b"HEAD", b"CONNECT", b"TRACE", b"OPTIONS", b"get"])
def test_methods_are_listed(method: bytes) -> None:
    made = house()
    assert go(made, "https://api.example.com/", method=b"POST")[1] is None
    assert go(made, "https://a.cdn.example.com/", method=b"POST")[1] is not None
    exchange, answer = go(made, "https://api.example.com/", method=method)
    assert answer is not None and exchange.address is None


def hop(made: House, exchange: Exchange, status: int, location: str) -> Answer | None:
    said = Answer(status, [(b"location", location.encode())], b"")
    assert made.pipeline.redirected(exchange, said)
    return asyncio.run(made.pipeline.locate(exchange))


LEGAL_HOPS = [
    ("/v2/rates", ("api.example.com", 443, b"/v2/rates")),
    ("rates?x=1", ("api.example.com", 443, b"/v1/rates?x=1")),
    ("?x=1", ("api.example.com", 443, b"/v1/start?x=1")),
    ("//a.cdn.example.com/x", ("a.cdn.example.com", 443, b"/x")),
    ("https://a.cdn.example.com:8443/x#y", ("a.cdn.example.com", 8443, b"/x")),
]


@pytest.mark.parametrize(("location", "expected"), LEGAL_HOPS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_to_what_is_listed_are_followed(location: str, expected: tuple[str, int, bytes], status: int) -> None:
    made = house()
    exchange, _ = go(made, "https://api.example.com/v1/start")
    assert hop(made, exchange, status, location) is None
    assert (*reversed(reaches(exchange)[1:]), exchange.send_path) == expected


@pytest.mark.parametrize(
    "location", [url for url in ATTEMPTS if url.isascii() and "\n" not in url and url.strip() and "://" in url]
)
def test_redirects_are_checked_like_the_first_address(location: str) -> None:
    made = house()
    exchange, _ = go(made, "https://api.example.com/")
    exchange.address = None
    answer = hop(made, exchange, 302, location)
    assert answer is not None and (answer.code, exchange.address, made.asked) == (1001, None, ["api.example.com"])


@pytest.mark.parametrize(
    "location", ["//127.0.0.1/", "//evil.example", "\\\\127.0.0.1\\", "/\\127.0.0.1", "http:/x", "///127.0.0.1/"]
)
def test_relative_redirects_lead_nowhere_else(location: str) -> None:
    made = house()
    exchange, _ = go(made, "https://api.example.com/")
    answer = hop(made, exchange, 302, location)
    if answer is None:
        assert exchange.address is not None and exchange.address.name == "api.example.com"
    else:
        assert answer.code == 1001


def test_a_redirect_to_a_name_that_leads_inside() -> None:
    made = house()
    exchange, _ = go(made, "https://api.example.com/")
    made.addresses["a.cdn.example.com"] = ["169.254.169.254"]
    answer = hop(made, exchange, 302, "https://a.cdn.example.com/latest/meta-data")
    assert answer is not None and (answer.code, exchange.address) == (1001, None)


def test_redirects_are_bounded() -> None:
    made = house(redirects=2)
    exchange, _ = go(made, "https://api.example.com/")
    assert hop(made, exchange, 302, "/1") is None
    assert hop(made, exchange, 302, "/2") is None
    answer = hop(made, exchange, 302, "/3")
    assert answer is not None and (answer.code, answer.status) == (4002, 502)


def test_several_locations_are_none() -> None:
    made = house()
    exchange, _ = go(made, "https://api.example.com/")
    said = Answer(302, [(b"location", b"/a"), (b"location", b"https://127.0.0.1/")], b"")
    assert made.pipeline.redirected(exchange, said)
    assert asyncio.run(made.pipeline.locate(exchange)) is not None


@pytest.mark.parametrize(
    ("status", "headers"), [(302, []), (200, [(b"location", b"/x")]), (304, [(b"location", b"/x")])]
)
def test_what_is_no_redirect(status: int, headers: list[tuple[bytes, bytes]]) -> None:
    made = house()
    exchange, _ = go(made, "https://api.example.com/")
    assert not made.pipeline.redirected(exchange, Answer(status, headers, b""))


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, b"POST", b"GET"),
        (302, b"POST", b"GET"),
        (303, b"POST", b"GET"),
        (307, b"POST", b"POST"),
        (308, b"POST", b"POST"),
    ],
)
def test_methods_and_bodies_of_redirects(status: int, method: bytes, then: bytes) -> None:
    made = house()
    exchange, _ = go(made, "https://api.example.com/", method=method, body=b"{}")
    assert hop(made, exchange, status, "/x") is None
    assert (exchange.send_method, exchange.send_body) == (then, b"" if then == b"GET" else b"{}")
    assert header(exchange, "content-type") == (None if then == b"GET" else "application/json")


def test_secrets_are_told_to_the_first_host_only() -> None:
    made = house()
    headers = {"authorization": "Bearer x", "x-eden-header-cookie": "a=1"}
    exchange, _ = go(made, "https://api.example.com/", headers=headers)
    assert (header(exchange, "authorization"), header(exchange, "cookie")) == ("Bearer x", "a=1")
    assert hop(made, exchange, 302, "/same") is None
    assert header(exchange, "authorization") == "Bearer x"
    assert hop(made, exchange, 302, "https://a.cdn.example.com/") is None
    assert (header(exchange, "authorization"), header(exchange, "cookie")) == (None, None)


def test_nothing_of_the_gateway_or_the_hop_goes_out() -> None:
    made = house()
    headers = {
        "x-eden-header-host": "127.0.0.1",
        "x-eden-header-transfer-encoding": "chunked",
        "x-eden-header-content-length": "0",
        "x-eden-header-x-eden-principal": "admin",
        "x-eden-header-x-forwarded-for": "127.0.0.1",
        "x-eden-header-connection": "upgrade",
        "x-eden-header-referer": "https://servicewechat.com/",
        "x-eden-header-": "nothing",
        "cookie": "session=of-the-gateway",
        "origin": "https://shop.example",
        "x_eden_principal": "admin",
        "did": "phone",
        "accept": "application/json",
    }
    exchange, answer = go(made, "https://api.example.com/", headers=headers)
    assert answer is None
    assert sorted(name for name, _ in exchange.send_headers) == [b"accept", b"content-type", b"referer"]


def test_answers_of_third_parties() -> None:
    made = house(bytes=10)
    exchange, _ = go(made, "https://api.example.com/")
    headers = [(b"content-type", b"text/plain"), (b"set-cookie", b"a=1; Path=/"), (b"set-cookie", b"b=2")]
    answer = made.pipeline.after(
        exchange, Answer(418, [*headers, (b"x-eden-trace", b"false"), (b"result-status", b"7")], b"0123456789")
    )
    assert (answer.status, answer.code, answer.body) == (418, 1000, b"0123456789")
    assert header(answer, "set-cookie") is None
    assert header(answer, "x-eden-set-cookie") == '["a=1; Path=/","b=2"]'
    assert (header(answer, "x-eden-trace"), header(answer, "result-status")) == (exchange.trace, "1000")
    too_large = made.pipeline.after(exchange, Answer(200, [], b"0123456789a"))
    assert (too_large.code, too_large.status) == (4002, 502)


def test_a_third_party_that_cannot_be_had() -> None:
    made = house()
    exchange, _ = go(made, "https://api.example.com/")
    answer = made.pipeline.failed(exchange, "connect")
    assert (answer.code, answer.status, header(answer, "x-eden-unreachable")) == (4002, 502, "1")


def test_the_exit_is_signed_and_limited() -> None:
    assert go(house(), "https://api.example.com/", signed=None)[1] is not None
    made = House(catalogue(egress={"domains": DOMAINS}, defaults={"app_limits": {"rate": 1}}))
    made.addresses["api.example.com"] = [PUBLIC]
    assert go(made, "https://api.example.com/")[1] is None
    limited = go(made, "https://api.example.com/")[1]
    assert limited is not None and limited.code == 1002


def test_without_a_list_there_is_no_exit() -> None:
    made = House(catalogue())
    assert made.table.egress is None
    _, answer = go(made, "https://api.example.com/")
    assert answer is not None and answer.code == 3000


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["https://", "https://api.example.com", "https://api.example.com/", ""]))
def test_whatever_is_read_is_read_as_one_thing(text: str, start: str) -> None:
    try:
        place = parse(start + text)
    except Stop:
        return
    assert place.url.startswith("https://") and "@" not in place.host and place.host.isascii()
    # reading what was read changes nothing
    assert parse(place.url) == place
