from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.build.tree import SourceTree, decode

from .conftest import Make, write


def tree_of(folder: Path) -> SourceTree:
    tree = SourceTree(folder)
    tree.refresh()
    return tree


@pytest.mark.parametrize(
    "data",
    [
        "\u94f6\u884c".encode(),
        b"\xef\xbb\xbf" + "\u94f6\u884c".encode(),
        "\u94f6\u884c".encode("utf-16"),
        "\u94f6\u884c".encode("gb18030"),
    ],
)
def test_the_usual_encodings_are_read(data: bytes) -> None:
    assert decode(data) == "\u94f6\u884c"


@given(st.binary())
def test_any_bytes_are_text(data: bytes) -> None:
    decode(data).encode("utf-8", "surrogatepass")


def test_what_is_in_the_tree(make: Make) -> None:
    folder = make({"a/b.js": "1", ".git/x": "", "node_modules/x/y.js": "", "a/.hidden": "", "c.wxml": ""})
    assert sorted(tree_of(folder).paths) == ["a/b.js", "c.wxml"]


def test_a_file_is_read_once_until_it_changes(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make({"a.js": "one"})
    tree = tree_of(folder)
    first = tree.bytes("a.js")
    tree.refresh()
    assert tree.bytes("a.js") is first
    (folder / "a.js").write_text("longer")
    tree.refresh()
    assert (tree.text("a.js"), tree.bytes("gone.js"), tree.digest("gone.js")) == ("longer", None, None)


def test_loops_of_links_end(make: Make) -> None:
    folder = make({"a/b.js": ""})
    (folder / "a" / "loop").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    (folder / "gone").symlink_to(folder / "nothing")
    tree = tree_of(folder)
    assert "a/b.js" in tree.paths
    assert len(tree.paths) < 10
    assert "self" in tree.unreadable


def test_what_cannot_be_read_is_told(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modes of files do not bind root, so the refusal is the system calls'."""
    folder = make({"a/b.js": "", "c.js": "", "d.js": "read"})
    scan = os.scandir

    def refused(place: str) -> None:
        if place in (str(folder / "a"), str(folder / "c.js")):
            raise PermissionError(errno.EACCES, "Permission denied", place)

    def listing(place: str) -> object:
        refused(place)
        return scan(place)

    def opened(place: str, mode: str) -> IO[Any]:
        refused(place)
        return open(place, mode)

    monkeypatch.setattr(os, "scandir", listing)
    monkeypatch.setattr("eden.build.tree.open", opened, raising=False)
    tree = tree_of(folder)
    assert tree.bytes("c.js") is None
    assert tree.bytes("d.js") == b"read"
    assert tree.unreadable == {"a": "Permission denied", "c.js": "Permission denied"}


def test_a_file_that_goes_while_it_is_read(make: Make) -> None:
    folder = make({"a.js": "1"})
    tree = tree_of(folder)
    (folder / "a.js").unlink()
    assert tree.text("a.js") is None
    assert tree.digest("a.js") is None
    assert "a.js" in tree.unreadable


def test_mounted_and_made_files_stand_behind_those_on_disk(make: Make, tmp_path: Path) -> None:
    folder = make({"npm/x/index.js": "mine"})
    write(tmp_path / "other", {"index.js": "theirs", "lib/a.js": "a"})
    tree = tree_of(folder)
    tree.mount("npm/x", tmp_path / "other")
    tree.put("npm/x/index.js", b"made")
    tree.put("npm/y.js", b"made")
    assert tree.text("npm/x/index.js") == "mine"
    assert tree.text("npm/x/lib/a.js") == "a"
    assert (tree.text("npm/y.js"), tree.file("npm/y.js")) == ("made", None)
    tree.refresh()
    assert sorted(tree.paths) == ["npm/x/index.js"]


def test_names_that_are_not_utf8(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every file system takes such a name, so the listing has it, as Python spells undecodable bytes."""
    scan = os.scandir

    @contextmanager
    def listing(folder: str) -> Iterator[list[object]]:
        name = os.fsdecode(b"\xff.js")
        with scan(folder) as entries:
            yield [*entries, SimpleNamespace(name=name, path=f"{folder}/{name}")]

    folder = make({"a.js": ""})
    monkeypatch.setattr(os, "scandir", listing)
    tree = tree_of(folder)
    assert sorted(tree.paths) == ["a.js"]
    assert list(tree.unreadable.values()) == ["its name is not UTF-8"]
