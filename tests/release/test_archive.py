"""Reading archives: what is refused, and that no bytes whatever do anything but be read or refused."""

from __future__ import annotations

import hashlib
import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eden.base.problems import Problem
from eden.release.archive import CHUNK, Archive, Limits
from eden.release.archive_names import Names

FILES = {"index.html": b"<p>hello</p>" * 40, "js/app.js": b"console.log(1)\n" * 999, "名/图.txt": "字".encode()}


def zipped(
    files: dict[str, bytes],
    method: int = zipfile.ZIP_DEFLATED,
    prepare: Callable[[zipfile.ZipInfo], None] | None = None,
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            if prepare:
                prepare(info)
            archive.writestr(info, data)
    return out.getvalue()


class Unseekable(io.RawIOBase):
    """Makes zipfile write sizes behind the data, as streaming tools do."""

    def __init__(self) -> None:
        self.written = bytearray()

    def write(self, data: object) -> int:
        self.written += bytes(memoryview(data))  # type: ignore[arg-type]
        return len(memoryview(data))  # type: ignore[arg-type]


def read(data: bytes, limits: Limits | None = None) -> dict[str, bytes]:
    archive = Archive(io.BytesIO(data), limits or Limits())
    return {name: b"".join(archive.chunks(entry)) for name, entry in archive.entries.items()}


def refusal(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(Problem) as caught:
        read(data, limits)
    assert caught.value.code == "unsafe-archive"
    return caught.value.sentence


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_good_archives_are_read(method: int) -> None:
    assert read(zipped(FILES, method)) == FILES
    assert read(zipped({}, method)) == {}


def test_archives_of_streaming_tools_are_read() -> None:
    out = Unseekable()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    assert read(bytes(out.written)) == FILES


def test_folders_and_comments_are_no_obstacle() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.mkdir("js")
        archive.writestr("js/a.js", b"1")
        archive.comment = b"made by hand"
    assert read(out.getvalue()) == {"js/a.js": b"1"}


def test_inventory_and_single_files() -> None:
    archive = Archive(io.BytesIO(zipped(FILES)), Limits())
    assert archive.inventory() == sorted(
        (name, len(content), hashlib.sha256(content).hexdigest()) for name, content in FILES.items()
    )
    assert archive.read("js/app.js", 100_000) == FILES["js/app.js"]
    with pytest.raises(Problem, match=r"js/app\.js is larger than 10 bytes"):
        archive.read("js/app.js", 10)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../up.js", 'a part ".."'),
        ("a/../../b", 'a part ".."'),
        ("a/./b", 'a part "."'),
        ("a//b", 'a part ""'),
        ("/etc/passwd", "an absolute path"),
        ("a\\b", "a backslash"),
        ("C:/windows", "a drive letter"),
        ("c:evil", "a drive letter"),
        ("a\x01b", "a control character"),
        ("a\x85b", "a control character"),
        ("x" * 300, "more than 255 bytes"),
        ("d/" * 600 + "f", "more than 1024 bytes"),
    ],
)
def test_dangerous_names_are_refused(name: str, reason: str) -> None:
    plain = zipped({"x": b"1"})
    # zipfile mends some names; write them raw
    raw = name.encode()
    local = bytearray(plain[:30] + raw + b"1")
    struct.pack_into("<H", local, 26, len(raw))
    position = plain.index(b"PK\1\2")
    central = bytearray(plain[position : position + 46] + raw)
    struct.pack_into("<H", central, 28, len(raw))
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)
    assert reason in refusal(bytes(local + central + end))


def test_nul_in_a_name_is_refused() -> None:
    assert "control character" in refusal(zipped({"aXb": b"1"}).replace(b"aXb", b"a\0b"))


def test_names_that_are_not_utf8_are_refused() -> None:
    assert "not UTF-8" in refusal(zipped({"aXb": b"1"}).replace(b"aXb", b"a\xffb"))


@pytest.mark.parametrize(
    ("first", "second"),
    [("a.js", "A.JS"), ("straße", "STRASSE"), ("\u00e9", "e\u0301"), ("a", "a/b"), ("A/b", "a"), ("x/y", "X/Y")],
)
def test_names_that_collide_are_refused(first: str, second: str) -> None:
    sentence = refusal(zipped({first: b"1", second: b"2"}))
    assert f"{second} collides with {first}" in sentence


def test_deep_names_cost_what_they_are_long() -> None:
    """Five hundred folders in each of many names: nothing is kept for every way that leads to them."""
    names = [f"{number:03}/" + "a/" * 500 + "f" for number in range(300)]
    tracemalloc.start()
    found = Names()
    assert [found.add(name) for name in names] == [None] * 300
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()
    assert found.add("299/" + "A/" * 500 + "F") == names[299]
    assert found.add("000/A") == names[0]
    assert found.add("000/a/") is None


def test_the_same_name_twice_is_refused() -> None:
    data = zipped({"aaa": b"1", "bbb": b"2"})
    assert "collides" in refusal(data.replace(b"bbb", b"aaa"))


@pytest.mark.parametrize(("mode", "what"), [(0o120777, "a link"), (0o020666, "a special file"), (0o010644, "special")])
def test_links_and_special_files_are_refused(mode: int, what: str) -> None:
    def prepare(info: zipfile.ZipInfo) -> None:
        info.external_attr = mode << 16

    assert what in refusal(zipped({"link": b"/etc/passwd"}, prepare=prepare))


def test_encryption_and_other_methods_are_refused() -> None:
    data = bytearray(zipped({"a": b"1"}))
    central = data.index(b"PK\1\2")
    data[6] |= 1
    data[central + 8] |= 1
    assert "a is encrypted" in refusal(bytes(data))
    assert "method" in refusal(zipped({"a": b"1" * 100}, zipfile.ZIP_BZIP2))
    assert "method" in refusal(zipped({"a": b"1" * 100}, zipfile.ZIP_LZMA))


def test_bombs_are_refused() -> None:
    zeros = zipped({"zeros": bytes(8 << 20)})
    assert "200 times" in refusal(zeros)
    assert "unpacks to 8388608 bytes" in refusal(zeros, Limits(entry=1000))
    assert "more than 20000 bytes" in refusal(
        zipped({"a": bytes(15_000), "b": bytes(15_000)}, zipfile.ZIP_STORED), Limits(total=20_000)
    )
    assert "has 30 entries; 20 are allowed" in refusal(
        zipped({f"f{number}": b"" for number in range(30)}), Limits(entries=20)
    )


def test_an_entry_that_says_less_than_it_has_stops_there() -> None:
    data = bytearray(zipped({"zeros": bytes(4 << 20)}))
    central = data.index(b"PK\1\2")
    struct.pack_into("<I", data, 22, 1000)
    struct.pack_into("<I", data, central + 24, 1000)
    tracemalloc.start()
    assert "larger than the 1000 bytes" in refusal(bytes(data))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_entries_that_quote_the_same_bytes_are_refused() -> None:
    """Two directory entries, one kernel: the trick of the best bombs."""
    data = zipped({"aaa": b"x" * 5000})
    position, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    central = data[position:end]
    doubled = data[:position] + central + central.replace(b"aaa", b"bbb")
    record = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 2, 2, 2 * len(central), position, 0)
    assert "bytes of another entry" in refusal(doubled + record)


def test_local_headers_that_disagree_are_refused() -> None:
    data = bytearray(zipped(FILES))
    for place, value in ((14, 1), (18, 1), (22, 1), (8, 0), (30, ord("J"))):
        changed = bytearray(data)
        assert changed[place] != value
        changed[place] = value
        refusal(bytes(changed))


def test_bytes_of_no_entry_are_refused() -> None:
    data = zipped(FILES)
    assert "behind its end" in refusal(data + b"x")
    assert "not where it says" in refusal(b"#!/bin/sh\n" + data)
    position = data.index(b"PK\1\2")
    record = bytearray(data[-22:])
    struct.pack_into("<I", record, 16, position + 4)
    assert "belong to no entry" in refusal(data[:position] + b"gap!" + data[position:-22] + record)


def test_two_end_records_are_refused() -> None:
    data = zipped({"a": b"1"})
    inner = zipped({})
    comment = bytearray(data + inner)
    struct.pack_into("<H", comment, len(data) - 2, len(inner))
    assert "two end records" in refusal(bytes(comment))
    # the second one does not end with the file: readers that look no further take it
    comment += b"!"
    struct.pack_into("<H", comment, len(data) - 2, len(inner) + 1)
    assert "two end records" in refusal(bytes(comment))


def test_zip64_and_second_names_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("a", "w", force_zip64=True) as file:
        file.write(b"1")
    assert "zip64" in refusal(out.getvalue())

    def prepare(info: zipfile.ZipInfo) -> None:
        name = b"evil.js"
        info.extra = struct.pack("<HHBI", 0x7075, 5 + len(name), 1, zlib.crc32(b"a.js")) + name

    assert "second name" in refusal(zipped({"a.js": b"1"}, prepare=prepare))


def test_damaged_data_is_refused() -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = bytearray(zipped({"a": b"hello world, hello world"}, method))
        data[33] ^= 0x10
        assert refusal(bytes(data)).startswith("The archive: a ")


GOOD = [
    zipped(FILES, zipfile.ZIP_STORED),
    zipped(FILES),
    zipped({f"p/{number}": bytes([number]) * 50 for number in range(9)}),
]


@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), max_size=6),
    st.integers(0, 3),
    st.integers(0, 20_000),
    st.binary(max_size=8),
)
@example(GOOD[0], [], 1, 0, b"")
def test_any_bytes_are_read_or_refused(
    data: bytes, changes: list[tuple[int, int]], cut: int, place: int, put: bytes
) -> None:
    changed = bytearray(data)
    for position, value in changes:
        # half of the changes hit headers, which are at the end
        changed[-1 - position % min(400, len(changed)) if position % 2 else position % len(changed)] = value
    place %= len(changed) + 1
    if cut == 1:
        del changed[place:]
    elif cut == 2:
        changed[place:place] = put
    elif cut == 3:
        changed[place : place + len(put)] = put
    limits = Limits(total=1 << 20, entry=1 << 19, entries=100)
    total = 0
    try:
        archive = Archive(io.BytesIO(bytes(changed)), limits)
        for entry in archive.entries.values():
            for chunk in archive.chunks(entry):
                assert len(chunk) <= CHUNK
                total += len(chunk)
    except Problem as problem:
        assert problem.code == "unsafe-archive"
    assert total <= limits.total + CHUNK


@given(st.binary(max_size=400))
def test_noise_is_refused(data: bytes) -> None:
    if data[:2] != b"PK":
        refusal(data)
