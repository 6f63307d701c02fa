"""Which form of an archive a phone gets, for what it says it understands."""

from __future__ import annotations

import asyncio
import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.release.deltas import Deltas, brotli_full, decode_delta
from eden.release.downloads import (
    DictionaryOffer,
    RequestHeaders,
    Response,
    accepted_codings,
    available_dictionary,
    is_readable,
    represent,
    represent_delta,
)

OLD = b"".join(b"<view>%d</view>\n" % number for number in range(2000))
NEW = OLD.replace(b"<view>77<", b"<view>seventy-seven<")
ARCHIVES = {hashlib.sha256(data).hexdigest(): data for data in (OLD, NEW)}
BASE, TARGET = ARCHIVES
FIELD = f":{base64.b64encode(bytes.fromhex(BASE)).decode()}:"
UNKNOWN = f":{base64.b64encode(bytes(32)).decode()}:"
OFFER = DictionaryOffer("/device/v1/acme/targets/*", "bank")
FULL = brotli_full(NEW)

ACCEPTS = ("Accept-Encoding", "gzip, deflate, br, zstd, dcb, dcz")
HAS = ("Available-Dictionary", FIELD)


class Kept:
    def __init__(self, **files: bytes) -> None:
        self.files = files

    async def get(self, name: str) -> bytes | None:
        return self.files.get(name)

    async def put(self, name: str, data: bytes) -> None:
        self.files[name] = data


async def load(name: str) -> bytes | None:
    return ARCHIVES.get(name)


def ask(*headers: tuple[str, str], target: str = TARGET, origin: str | None = None, patience: float = 60.0) -> Response:
    async def main() -> Response:
        deltas = Deltas(load, Kept(), workers=1)
        try:
            return await represent(headers, target, deltas, load, offer=OFFER, allowed_origin=origin, patience=patience)
        finally:
            await deltas.close()

    answer = asyncio.run(main())
    if answer.status == 200:
        assert answer.header("content-length") == str(len(answer.body))
    if answer.status in (200, 206, 304):
        assert answer.header("vary") == "accept-encoding, available-dictionary"
        assert answer.header("cache-control") == "public, max-age=31536000, immutable"
        assert answer.header("etag")
    return answer


def test_a_phone_with_the_dictionary_gets_the_delta() -> None:
    answer = ask(ACCEPTS, HAS, ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors"))
    assert answer.status == 200
    assert answer.header("content-encoding") == "dcz"
    assert answer.header("content-type") == "application/zip"
    assert answer.header("use-as-dictionary") == 'match="/device/v1/acme/targets/*", id="bank"'
    assert answer.header("accept-ranges") is None
    assert decode_delta(OLD, answer.body) == NEW


@pytest.mark.parametrize(
    "headers",
    [
        [("ACCEPT-ENCODING", "BR, DCZ"), ("AVAILABLE-DICTIONARY", FIELD)],
        [("accept-encoding", "br"), ("accept-encoding", "dcz"), HAS],
        [("accept-encoding", "br;q=0.5,dcz;q=0.5"), HAS],
        [("accept-encoding", "br; q=0.8 , dcz ;q=1.000"), HAS],
        [("accept-encoding", "dcz"), ("available-dictionary", f"  {FIELD} ")],
        [ACCEPTS, ("available-dictionary", f"{FIELD};a=1")],
        [ACCEPTS, ("available-dictionary", FIELD.replace("=", ""))],
        [ACCEPTS, HAS, ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site")],
    ],
)
def test_ways_to_ask_for_a_delta(headers: list[tuple[str, str]]) -> None:
    assert ask(*headers).header("content-encoding") == "dcz"


@pytest.mark.parametrize(
    "headers",
    [
        [ACCEPTS],
        [ACCEPTS, ("available-dictionary", UNKNOWN)],
        [("accept-encoding", "br"), HAS],
        [("accept-encoding", "*"), HAS],
        [("accept-encoding", "br, dcz;q=0"), HAS],
        [("accept-encoding", "br, dcz;q=0.9"), HAS],
        [("accept-encoding", "br, dcz;q=2"), HAS],
        [("accept-encoding", "br, dcz;q=0.5;x=1"), HAS],
        [ACCEPTS, ("available-dictionary", FIELD.strip(":"))],
        [ACCEPTS, ("available-dictionary", FIELD[:20] + ":")],
        [ACCEPTS, ("available-dictionary", ":" + "!" * 44 + ":")],
        [ACCEPTS, ("available-dictionary", '"text"')],
        [ACCEPTS, HAS, HAS],
        [ACCEPTS, HAS, ("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "cross-site")],
        [ACCEPTS, HAS, ("sec-fetch-mode", "cors"), ("sec-fetch-site", "cross-site"), ("origin", "https://a.example")],
    ],
)
def test_otherwise_the_full_download_is_brotli(headers: list[tuple[str, str]]) -> None:
    answer = ask(*headers)
    assert answer.header("content-encoding") == "br"
    assert answer.body == FULL


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("accept-encoding", "")],
        [("accept-encoding", "gzip, deflate")],
        [("accept-encoding", "identity")],
        [("accept-encoding", "br;q=0")],
        [("accept-encoding", "br;q=0.2, identity;q=0.9")],
        [("accept-encoding", ";;,=,\x00,q=1")],
        [("accept-encoding", "*;q=0"), HAS],
        [("accept-encoding", "gzip;q=1, identity;q=0")],
    ],
)
def test_whoever_understands_nothing_gets_the_bytes(headers: list[tuple[str, str]]) -> None:
    answer = ask(*headers)
    assert (answer.status, answer.body) == (200, NEW)
    assert answer.header("content-encoding") is None
    assert answer.header("accept-ranges") == "bytes"


def test_an_archive_of_others_is_no_dictionary() -> None:
    asked: list[str] = []

    async def main(answer: bool, accepts: str) -> str | None:
        async def may_use(base: str) -> bool:
            asked.append(base)
            return answer

        deltas = Deltas(load, Kept(), workers=1)
        response = await represent(
            [("accept-encoding", accepts), HAS], TARGET, deltas, load, may_use=may_use, patience=60
        )
        await deltas.close()
        return response.header("content-encoding")

    assert asyncio.run(main(True, "br, dcz")) == "dcz"
    assert asyncio.run(main(False, "br, dcz")) == "br"
    assert asked == [BASE, BASE]
    # Whoever takes no delta is not asked about.
    assert asyncio.run(main(False, "br")) == "br"
    assert asked == [BASE, BASE]


def test_impatience_gives_the_next_larger_form() -> None:
    answer = ask(ACCEPTS, HAS, patience=0.0)
    assert (answer.status, answer.header("content-encoding"), answer.body) == (200, None, NEW)


def test_nothing_is_offered_as_dictionary_to_those_who_may_not_read_it() -> None:
    cross = [("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "cross-site")]
    assert ask(ACCEPTS, *cross).header("use-as-dictionary") is None
    assert ask(ACCEPTS).header("use-as-dictionary") is not None


def test_another_origin_gets_a_delta_if_it_may_read_it() -> None:
    headers = [ACCEPTS, HAS, ("sec-fetch-mode", "cors"), ("sec-fetch-site", "cross-site")]
    origin = ("origin", "https://a.example")
    assert ask(*headers, origin, origin="*").header("content-encoding") == "dcz"
    assert ask(*headers, origin, origin="https://a.example").header("content-encoding") == "dcz"
    assert ask(*headers, origin, origin="https://b.example").header("content-encoding") == "br"
    assert ask(*headers, origin="*").header("content-encoding") == "br"


@pytest.mark.parametrize(
    ("mode", "site", "readable"),
    [
        (None, None, True),
        ("no-cors", "same-origin", True),
        ("same-origin", "none", True),
        ("websocket", "cross-site", False),
        ("no-cors", "same-site", False),
    ],
)
def test_readability(mode: str | None, site: str | None, readable: bool) -> None:
    pairs = [(name, value) for name, value in (("Sec-Fetch-Mode", mode), ("Sec-Fetch-Site", site)) if value]
    assert is_readable(RequestHeaders(pairs), None) is readable


def test_every_form_has_a_tag_of_its_own() -> None:
    tags = [ask(*headers).header("etag") for headers in ([], [ACCEPTS], [ACCEPTS, HAS])]
    assert tags == [f'"{TARGET}"', f'"{TARGET}.br"', f'"{TARGET}.dcz.{BASE[:16]}"']


@pytest.mark.parametrize("form", ["", ".br", f".dcz.{BASE[:16]}"])
@pytest.mark.parametrize("around", ["{}", "W/{}", '"other", {}', '{} , "other"'])
def test_a_form_that_the_phone_has_is_not_sent_again(form: str, around: str) -> None:
    tag = f'"{TARGET}{form}"'
    answer = ask(ACCEPTS, HAS, ("If-None-Match", around.format(tag)))
    assert (answer.status, answer.body, answer.header("etag")) == (304, b"", tag)
    assert answer.header("content-length") is None


@pytest.mark.parametrize("field", [f'"{BASE}"', TARGET, f'"{TARGET}.gz"', '"', "", f'"x{TARGET}"'])
def test_other_tags_do_not_match(field: str) -> None:
    assert ask(("If-None-Match", field)).status == 200


def test_any_tag_matches_what_is_there() -> None:
    assert ask(("If-None-Match", "*")).status == 304
    assert ask(("If-None-Match", "*"), target="0" * 64).status == 404


@pytest.mark.parametrize("target", ["0" * 64, "", "../x", "A" * 64])
def test_what_is_not_there_is_not_found(target: str) -> None:
    for headers in ([], [ACCEPTS, HAS], [("range", "bytes=0-1")]):
        answer = ask(*headers, target=target)
        assert (answer.status, answer.body, answer.header("cache-control")) == (404, b"", "no-store")


@pytest.mark.parametrize(
    ("field", "first", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, len(NEW)),
        ("bytes=-10", len(NEW) - 10, len(NEW)),
        ("bytes=-999999999", 0, len(NEW)),
        ("bytes=10-999999999", 10, len(NEW)),
        ("Bytes = 5-5", 5, 6),
    ],
)
def test_parts(field: str, first: int, end: int) -> None:
    answer = ask(ACCEPTS, HAS, ("Range", field))
    assert (answer.status, answer.body) == (206, NEW[first:end])
    assert answer.header("content-range") == f"bytes {first}-{end - 1}/{len(NEW)}"
    assert answer.header("content-length") == str(end - first)
    assert answer.header("content-encoding") is None
    assert answer.header("use-as-dictionary") is None
    assert answer.header("etag") == f'"{TARGET}"'


@pytest.mark.parametrize("field", [f"bytes={len(NEW)}-", f"bytes={10**17}-", "bytes=-0"])
def test_parts_that_are_not_there(field: str) -> None:
    answer = ask(("range", field))
    assert (answer.status, answer.body) == (416, b"")
    assert answer.header("content-range") == f"bytes */{len(NEW)}"


@pytest.mark.parametrize(
    "field", ["bytes=5-4", "bytes=a-b", "lines=1-2", "bytes=-", "bytes=0-1,4-5", "", f"bytes={'9' * 40}-"]
)
def test_ranges_that_are_ignored(field: str) -> None:
    answer = ask(("range", field))
    assert (answer.status, answer.body) == (200, NEW)


def test_a_part_of_another_form_is_not_mixed_in() -> None:
    part = ("range", "bytes=10-19")
    assert ask(part, ("if-range", f'"{TARGET}"')).body == NEW[10:20]
    for field in (f'"{TARGET}.br"', f'W/"{TARGET}"', "Wed, 25 Nov 2026 18:00:00 GMT"):
        assert ask(part, ("if-range", field)).body == NEW


def test_the_delta_as_a_file_of_its_own() -> None:
    async def main() -> None:
        deltas = Deltas(load, Kept(), workers=1)
        answer = await represent_delta([], BASE, TARGET, deltas, patience=60)
        assert answer.status == 200
        assert answer.header("content-type") == "application/octet-stream"
        assert answer.header("content-encoding") is None
        assert answer.header("content-length") == str(len(answer.body))
        assert decode_delta(OLD, answer.body) == NEW
        tag = answer.header("etag")
        assert tag is not None
        again = await represent_delta([(b"if-none-match", tag.encode())], BASE, TARGET, deltas)
        assert (again.status, again.body) == (304, b"")
        for base in ("0" * 64, "..", ""):
            absent = await represent_delta([], base, TARGET, deltas)
            assert (absent.status, absent.header("cache-control")) == (404, "no-store")
        await deltas.close()

    asyncio.run(main())


@pytest.mark.parametrize(("match", "identity"), [("", ""), ("/ü*", ""), ("/*", "x" * 1025), ("/*\n", "")])
def test_offers_that_no_header_can_say(match: str, identity: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        DictionaryOffer(match, identity)


def test_strings_of_an_offer_are_quoted() -> None:
    assert DictionaryOffer('/a"b\\c*').field() == 'match="/a\\"b\\\\c*"'


@given(st.text(max_size=60))
def test_no_header_makes_parsing_fail(field: str) -> None:
    assert all(0 <= weight <= 1 for weight in accepted_codings(field).values())
    assert available_dictionary(field) is None


@given(st.lists(st.tuples(st.binary(max_size=12), st.binary(max_size=40)), max_size=5))
def test_no_header_bytes_make_an_answer_fail(headers: list[tuple[bytes, bytes]]) -> None:
    names = [b"accept-encoding", b"available-dictionary", b"range", b"if-none-match", b"if-range"]
    pairs = [(names[len(name) % len(names)], value) for name, value in headers]

    async def main() -> None:
        deltas = Deltas(load, Kept(**{f"full/{TARGET}.br": FULL}), workers=1)
        answer = await represent(pairs, TARGET, deltas, load)
        assert answer.status in (200, 206, 304, 416)
        await deltas.close()

    asyncio.run(main())


@given(st.binary(min_size=32, max_size=32))
def test_dictionaries_are_read_as_they_are_written(digest: bytes) -> None:
    assert available_dictionary(f":{base64.b64encode(digest).decode()}:") == digest.hex()
