from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.build.package import Fingerprints, archive, file_names, manifest, manifest_bytes, stored_zip, write_package

entry_names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\\/"), min_size=1, max_size=20)
entry_maps = st.dictionaries(entry_names, st.binary(max_size=200), max_size=8)


@given(entry_maps)
def test_any_reader_can_read_the_archive(entries: dict[str, bytes]) -> None:
    data = stored_zip(entries, Fingerprints())
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        assert {info.orig_filename: read.read(info) for info in read.infolist()} == entries
        assert [info.orig_filename.encode() for info in read.infolist()] == sorted(name.encode() for name in entries)
        for info in read.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.extra == b""


@given(entry_maps)
def test_the_order_of_entries_does_not_matter(entries: dict[str, bytes]) -> None:
    backwards = dict(reversed(entries.items()))
    assert stored_zip(entries, Fingerprints()) == stored_zip(backwards, Fingerprints())


def test_the_manifest_has_every_hash() -> None:
    prints = Fingerprints()
    part = archive("a", "sub/a", True, "sub-a.zip", {"files/b": b"B", "code/c": b"C"}, prints)
    packages = manifest({"name": "x"}, [part], prints)["packages"]
    assert packages == [
        {
            "name": "a",
            "root": "sub/a",
            "independent": True,
            "file": "sub-a.zip",
            "size": len(part.data),
            "sha256": hashlib.sha256(part.data).hexdigest(),
            "files": [
                {"path": "code/c", "size": 1, "sha256": hashlib.sha256(b"C").hexdigest()},
                {"path": "files/b", "size": 1, "sha256": hashlib.sha256(b"B").hexdigest()},
            ],
        }
    ]


def test_file_names_of_archives_differ() -> None:
    files = file_names((root or "main", root) for root in ["", "a/b", "a-b", "A/b", "main", "maps"])
    assert files == ["main.zip", "a-b.zip", "a-b-2.zip", "A-b-3.zip", "main-2.zip", "maps.zip"]
    assert len({file.lower() for file in files}) == len(files)


def test_the_manifest_is_canonical_json() -> None:
    data = manifest_bytes({"b": "é", "a": [1]})
    assert data == '{"a":[1],"b":"é"}\n'.encode()
    assert json.loads(data) == {"a": [1], "b": "é"}


def test_writing_replaces_an_earlier_package(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    write_package(out, {"manifest.json": b"1", "main.zip": b"m", "old.zip": b"o"})
    (out / "notes.txt").write_text("mine")
    before = (out / "main.zip").stat().st_ino
    write_package(out, {"manifest.json": b"2", "main.zip": b"m", "new.zip": b"n"})
    assert sorted(path.name for path in out.iterdir()) == ["main.zip", "manifest.json", "new.zip", "notes.txt"]
    assert (out / "manifest.json").read_bytes() == b"2"
    assert (out / "main.zip").stat().st_ino == before, "what did not change is left alone"


def test_too_many_entries_are_refused() -> None:
    with pytest.raises(ValueError, match="65,535"):
        stored_zip({str(number): b"" for number in range(65_536)}, Fingerprints())
