"""Projects as maps from path to content."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from eden.build.interfaces import BuildResult
from eden.build.service import Builder

Files = Mapping[str, str | bytes | dict[str, Any]]
Make = Callable[[Files], Path]

#: the smallest program that runs
SMALL: Files = {
    "app.json": {"pages": ["pages/index/index"]},
    "app.js": "App({})",
    "pages/index/index.js": "Page({})",
    "pages/index/index.wxml": "<view>hello</view>",
}


def write(folder: Path, files: Files) -> None:
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write files into a fresh folder and return it."""

    def make_project(files: Files) -> Path:
        write(tmp_path / "project", files)
        return tmp_path / "project"

    return make_project


def build(folder: Path) -> BuildResult:
    return Builder(folder).build()


def codes(result: BuildResult) -> list[str]:
    """`file:line:column severity code` of every problem."""
    return [
        f"{problem.file}:{problem.line}:{problem.column} {problem.severity} {problem.code}"
        for problem in result.diagnostics
    ]


def unpack(result: BuildResult, package: str = "main") -> dict[str, bytes]:
    """What is in one archive, read by Python's own ZIP reader."""
    data = next(part.data for part in result.archives if part.name == package)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def config(result: BuildResult, package: str = "main") -> dict[str, Any]:
    value: dict[str, Any] = json.loads(unpack(result, package)["code/config.json"])
    return value
