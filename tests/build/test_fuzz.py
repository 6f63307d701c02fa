"""No project, however broken, gives a traceback."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eden.build.interfaces import BuildResult
from eden.build.service import Builder

from .conftest import SMALL, Files, Make, build, write

SEED: dict[str, bytes] = {
    "project.config.json": b'{"miniprogramRoot": "./", "setting": {"useCompilerPlugins": ["typescript"]}}',
    "app.json": b'{"pages": ["pages/a", "pages/b"], "subpackages": [{"root": "sub", "pages": ["c"]}],'
    b' "usingComponents": {"x-card": "/card"}, "tabBar": {"list": [{"pagePath": "pages/a", "text": "A"}]},'
    b' "preloadRule": {"pages/a": {"packages": ["sub"]}}, "resolveAlias": {"@/*": "/*"},'
    b' "themeLocation": "theme.json"}',
    "theme.json": b'{"light": {"a": "#fff"}, "dark": {"a": "#000"}}',
    "app.js": b"import a from './a'; App({ f: () => require('lib') })",
    "a.ts": b"export default class A<T> { x?: number = 1 } enum E { a }",
    "app.wxss": b"@import 'base.wxss'; .a > view:not(.b) { width: 1rpx; background: url(a.png) }"
    b"@media (x) { .c { d: e } }",
    "base.wxss": b"@font-face { src: url('data:,') } page { color: red }",
    "pages/a.wxml": b'<import src="../t"/><wxs module="m">exports.f = function (a) { return a.constructor }</wxs>'
    b'<view wx:for="{{list}}" wx:key="*this" class="a {{b ? \'c\' : d}}" bindtap="tap">{{m.f(item)}}</view>',
    "pages/a.json": b'{"usingComponents": {"y": "../card", "z": "lib/z"}, "componentPlaceholder": {"y": "view"}}',
    "pages/a.js": b"Page({ data: { list: [1] } })",
    "pages/b.wxml": b'<x-card generic:g="view"/><wxs src="/m.wxs" module="m"/><include src="/t.wxml"/>',
    "m.wxs": b"var n = require('./n.wxs'); exports.f = n",
    "t.wxml": b'<template name="t"><block wx:if="{{a}}"/></template>',
    "card.json": b'{"component": true, "componentGenerics": {"g": {"default": "/card"}}}',
    "card.js": b"Component({ properties: { a: String } })",
    "card.less": b".a { .b { color: red } }",
    "sub/c.js": b"Page({}); require.async('../app.js')",
    "package.json": b'{"dependencies": {"lib": "1"}}',
    "node_modules/lib/package.json": b'{"main": "i.js", "miniprogram": "dist"}',
    "node_modules/lib/i.js": b"exports.a = 1",
    "eden.json": b'{"domains": {"request": ["https://a"]}, "version": "1.2"}',
}
TOKENS = [
    b"{", b"}", b"[", b"]", b'"', b"'", b"<", b">", b"</", b"/>", b"{{", b"}}", b"/*", b"*/", b"//", b"<!--", b"\\",
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b"..", b"../../..", b"/", b",", b":", b";", b"null", b"3",
    b"1e999", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"@import", b"url(", b"require(", b"import", b"__proto__",
    b"constructor", b"`${",
]  # fmt: skip
edits = st.tuples(
    st.sampled_from(sorted(SEED)),
    st.floats(0, 1),
    st.integers(0, 30),
    st.binary(max_size=12) | st.sampled_from(TOKENS) | st.lists(st.sampled_from(TOKENS), max_size=6).map(b"".join),
)


def check(folder: Path) -> BuildResult:
    builder = Builder(folder)
    result = builder.build()
    for problem in result.diagnostics:
        assert problem.message
        problem.message.encode()
    assert builder.build().files() == result.files()
    return result


@given(st.lists(edits, min_size=1, max_size=6))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_mutated_projects(changes: list[tuple[str, float, int, bytes]]) -> None:
    files = dict(SEED)
    for path, place, cut, inserted in changes:
        at = int(len(files[path]) * place)
        files[path] = files[path][:at] + inserted + files[path][at + cut :]
    folder = Path(tempfile.mkdtemp())
    try:
        write(folder, files)
        check(folder)
    finally:
        shutil.rmtree(folder)


@given(st.dictionaries(st.sampled_from(sorted(SEED)), st.binary(max_size=300), min_size=3))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_bytes(files: dict[str, bytes]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        write(folder, {**SEED, **files})
        check(folder)
    finally:
        shutil.rmtree(folder)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["pages/a", "/", "..", "card"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
APP_KEYS = (
    "pages subpackages subPackages tabBar window usingComponents entryPagePath themeLocation resolveAlias preloadRule "
    "permission plugins workers networkTimeout useExtendedLib requiredPrivateInfos appBar style"
).split()
CONFIG_KEYS = "miniprogramRoot setting packOptions appid projectname cloudfunctionRoot description".split()
UNIT_KEYS = "usingComponents componentGenerics componentPlaceholder component styleIsolation".split()


@given(
    st.dictionaries(st.sampled_from(APP_KEYS), json_values),
    st.dictionaries(st.sampled_from(CONFIG_KEYS), json_values),
    st.dictionaries(st.sampled_from(UNIT_KEYS), json_values),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_configuration_of_any_shape(
    app: dict[str, object], project: dict[str, object], unit: dict[str, object]
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        files: Files = {
            **SMALL,
            "app.json": {"pages": ["pages/index/index"], **app},
            "project.config.json": project,
            "pages/index/index.json": unit,
        }
        write(folder, files)
        check(folder)
    finally:
        shutil.rmtree(folder)


DEEP = 100_000


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("app.json", '{"pages": ["pages/index/index"], "x": ' + "[" * DEEP + "]" * DEEP + "}"),
        ("pages/index/index.json", '{"a":' * DEEP + "1" + "}" * DEEP),
        ("pages/index/index.wxml", "<view>" * DEEP),
        ("pages/index/index.wxml", "<view>" * DEEP + "</view>" * DEEP),
        ("pages/index/index.wxml", "{{" + "(" * DEEP),
        ("pages/index/index.wxml", "{{" + "a." * DEEP + "a}}"),
        ("pages/index/index.wxml", "<view class='" + "a " * DEEP + "'/>"),
        ("pages/index/index.js", "(" * 20_000),
        ("pages/index/index.js", "[" * 20_000 + "]" * 20_000),
        ("pages/index/index.js", "require('./a');" * 20_000),
        ("pages/index/index.wxss", "a{" * 20_000),
        ("pages/index/index.wxss", ":not(" * 20_000),
        ("pages/index/index.wxss", "(" * 20_000),
        ("app.wxss", "@import 'app.wxss';" * 2_000),
        ("project.config.json", "[" * DEEP),
        ("app.json", "/*" * DEEP),
        ("app.json", "[1," + "/" * DEEP),
        ("app.json", "[" + ",//" * DEEP),
        ("app.json", '"' + '\\"' * DEEP),
        ("pages/index/index.wxml", "<!--" * DEEP),
        ("pages/index/index.wxml", "<image " * DEEP),
        ("pages/index/index.wxml", "<image '\"" * DEEP),
        ("pages/index/index.wxml", '<wxs module="m">exports.class = "' + '\\"' * DEEP + "</wxs>"),
        ("pages/index/index.wxml", '<wxs module="m">exports.class = ' + "/*" * DEEP + "</wxs>"),
        ("a" * 200 + "/" + "b" * 200 + ".png", "x"),
    ],
    ids=lambda value: value[:12],
)
def test_deep_and_long(make: Make, path: str, content: str) -> None:
    check(make({**SMALL, path: content}))


def test_folders_where_files_should_be(make: Make) -> None:
    for path in ("pages/index/index.wxml", "app.js", "app.wxss", "theme.json", "project.config.json", "eden.json"):
        files: Files = {name: content for name, content in SMALL.items() if name != path}
        folder = make({**files, f"{path}/inner.txt": ""})
        check(folder)
        shutil.rmtree(folder)


def test_app_json_is_a_folder(make: Make) -> None:
    result = check(make({"app.json/x": "", "pages/a.wxml": ""}))
    assert [problem.code for problem in result.diagnostics] == ["no-program"]


def test_links_that_lead_nowhere_or_around(make: Make) -> None:
    folder = make(SMALL)
    (folder / "app.wxss").symlink_to("app.wxss")
    (folder / "pages" / "more").symlink_to(folder)
    (folder / "pages" / "index" / "index.json").symlink_to(folder / "nothing.json")
    (folder / "up").symlink_to("/")
    result = check(folder)
    assert result.ok


@pytest.mark.parametrize(
    "name", ["a'b", 'a"b', "a\\b", "a b", "a\nb", "\u94f6\u884c", "a#b", "$a", "__proto__", "a\u2028b"]
)
def test_strange_names(make: Make, name: str) -> None:
    wxml = '<wxs module="m">exports.a = 1</wxs><wxs src="./m.wxs" module="n"/>{{m.a}}'
    files: Files = {
        "app.json": {"pages": ["pages/index/index", f"p/{name}"]},
        "app.js": "",
        **{
            f"p/{name}{extension}": text
            for extension, text in ((".wxml", wxml), (".js", "Page({})"), (".wxss", ".a{}"))
        },
        f"p/{name}.png": b"",
        "p/m.wxs": "exports.b = 1",
        "pages/index/index.js": "",
    }
    result = check(make(files))
    assert f"p/{name}".replace("\\", "/") in result.manifest["pages"]


def test_the_program_may_be_gone_between_two_builds(make: Make) -> None:
    folder = make(SMALL)
    builder = Builder(folder)
    assert builder.build().ok
    shutil.rmtree(folder)
    assert [problem.code for problem in builder.build().diagnostics] == ["no-program"]
    write(folder, SMALL)
    assert builder.build().files() == build(folder).files()
