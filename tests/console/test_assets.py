from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest

from eden.base.errors import EdenError
from eden.console.assets import BUILT, Assets


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets()


def name(assets: Assets, plain: str) -> str:
    return assets.url(plain).rpartition("/")[2]


def test_names_have_a_hash(assets: Assets) -> None:
    for plain in ("console.js", "console.css", "icon.svg"):
        stem, suffix = plain.split(".")
        assert re.fullmatch(rf"/console/assets/{stem}-[0-9A-Za-z]{{8}}\.{suffix}", assets.url(plain))


def test_every_form_is_the_same_file(assets: Assets) -> None:
    file = name(assets, "console.js")
    plain, small, zipped = (assets.find(file, encoding) for encoding in ("", "br, gzip", "gzip;q=0.5, br;q=0"))
    assert plain and small and zipped
    assert [found.encoding for found in (plain, small, zipped)] == [None, "br", "gzip"]
    assert brotli.decompress(small.content) == gzip.decompress(zipped.content) == plain.content
    assert len(small.content) < len(plain.content) / 2


@pytest.mark.parametrize("file", ["console.js", "index.json", ".stamp", "../index.json", "", "x.js"])
def test_only_hashed_files_are_given(assets: Assets, file: str) -> None:
    assert assets.find(file, "br") is None


def test_a_compressed_form_is_no_file_of_its_own(assets: Assets) -> None:
    assert assets.find(f"{name(assets, 'console.js')}.br", "br") is None


def test_plots_are_fetched_when_there_is_one() -> None:
    """ECharts is most of the code; a page without a plot does not load it."""
    index = json.loads((BUILT / "index.json").read_text())
    first = (BUILT / index["console.js"]).read_text()
    assert len(first) < 120_000
    assert re.search(r'import\("\./plot-\w+\.js"\)', first)


def test_all_scripts_together_are_small() -> None:
    scripts = list(BUILT.glob("*.js.gz"))
    assert len(scripts) >= 2
    assert sum(path.stat().st_size for path in scripts) <= 250_000


def test_no_script_needs_eval() -> None:
    for path in BUILT.glob("plot-*.js"):
        assert not re.search(r"\beval\(|new Function\(", path.read_text())


def test_what_was_not_built_is_said(tmp_path: Path) -> None:
    with pytest.raises(EdenError, match="scripts are missing"):
        Assets(tmp_path)
