"""Templates and WXS as the frame would evaluate them: groups are run by Node."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from eden.base import tools
from eden.build import template_compiler
from eden.build.interfaces import BuildResult
from eden.build.template_compiler import TemplateCompiler, TemplateTrap

from .conftest import SMALL, Files, Make, build, codes, unpack

# Evaluates groups as the runtime's loader does, and renders the elements and texts of one template.
RUNNER = """
const templates = Object.create(null)
const eden = { templates(name, factory) {
  const group = factory((p, f) => new RegExp(p, f), () => new Date(0), { property: (f) => f, listener: () => {} })
  Object.defineProperties(templates, Object.getOwnPropertyDescriptors(group))
} }
Object.defineProperty(Object.prototype, '$wxsConstructor', {
  get() { return Object.prototype.toString.call(this).slice(8, -1) },
})
function run(path, data) {
  const out = []
  const R = {
    setFnFilter() {}, setEventListenerWrapper() {}, c(n, v) { out.push('class=' + v) }, m() {},
    r(n, name, v) { out.push(name + '=' + JSON.stringify(v)) }, d(n, name, v) { out.push('data-' + name + '=' + v) },
    y(n, v) { out.push('style=' + v) }, i(n, v) { out.push('id=' + v) }, p() {},
    v(n, name, v) { out.push('on' + name + '=' + v) },
    wl() {}, l() {}, s() {}, devArgs() { return {} },
  }
  const C = true
  const T = (text) => out.push(text)
  const E = (tag, generics, props, children) => {
    out.push('<' + tag + '>'); props(R, C); children && children(C, T, E, B, F, S, J)
  }
  const B = (key, children) => children(C, T, E, B, F, S, J)
  const F = (list, key, lvalue, path, children) => {
    list = list || []
    Object.keys(list).forEach((k) => children(C, list[k], k, null, null, null, T, E, B, F, S, J))
  }
  const S = (name) => out.push('<slot ' + name + '>')
  const J = (children) => children(C, T, E, B, F, S, J)
  templates[path]('')(R, C, data, true).C(C, T, E, B, F, S, J)
  return out
}
const [files, calls] = JSON.parse(require('fs').readFileSync(0, 'utf8'))
for (const text of files) eval(text)
const results = calls.map(([path, data]) => { try { return run(path, data) } catch (e) { return String(e) } })
console.log(JSON.stringify([Object.keys(templates).sort(), results]))
"""


def run(result: BuildResult, *calls: tuple[str, dict[str, Any]], packages: tuple[str, ...] = ("main",)) -> Any:
    """[paths of all templates, [output of each call]]."""
    node = tools.node()
    assert node is not None, "the tests need the Node that builds the container"
    files = [unpack(result, package)["code/templates.js"].decode() for package in packages]
    done = subprocess.run(
        [node, "-e", RUNNER], input=json.dumps([files, calls]), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def page(wxml: str, **files: str) -> Files:
    return {**SMALL, "pages/index/index.wxml": wxml, **{name.replace("__", "/"): text for name, text in files.items()}}


@pytest.mark.parametrize(
    ("wxml", "data", "output"),
    [
        ("<view>{{class.in}}{{for}}</view>", {"class": {"in": 1}, "for": 2}, ["<view>", "12"]),
        ('<view id=\'{{a ? "x" : "y"}}\' data-a=\'"q"\'/>', {"a": 1}, ["<view>", 'data-a="q"', "id=x"]),
        ("<text>{{a < b ? 'less' : 'more'}}</text>", {"a": 1, "b": 2}, ["<text>", "less"]),
        ("<view class='a' class='b'>x</view>", {}, None),
        ("<view>x</view></view></text>", {}, ["<view>", "x"]),
        ('<view\n  class="a"\n>\n</view>', {}, None),
        ("<view hidden>x</view>", {}, ["<view>", "hidden=true", "x"]),
        (
            "<view wx:for='{{list}}' wx:if='{{item}}'>{{item}}</view>",
            {"list": [1, 0, 2]},
            ["<view>", "1", "<view>", "2"],
        ),
        ("&lt;&nbsp;&amp;", {}, ["<\u00a0&"]),
        ('<image src="a>b<c"/>', {}, ["<image>", 'src="a>b<c"']),
    ],
)
def test_templates_as_people_write_them(make: Make, wxml: str, data: dict[str, Any], output: list[str] | None) -> None:
    result = build(make(page(wxml)))
    assert result.ok
    _, [rendered] = run(result, ("pages/index/index", data))
    assert isinstance(rendered, list), rendered
    if output is not None:
        assert rendered == output


def test_imports_includes_and_wxs(make: Make) -> None:
    files = page(
        '<import src="../../t/items.wxml"/><wxs src="./tools.wxs" module="tools"/>'
        '<wxs module="own">exports.twice = function (n) { return 2 * n } // end</wxs>'
        '<template is="item" data="{{text: tools.upper(name)}}"/><include src="/t/foot"/>{{own.twice(n)}}',
        t__items_wxml="",
    )
    result = build(
        make(
            {
                **files,
                "t/items.wxml": '<import src="deep/x"/>'
                '<template name="item"><template is="x" data="{{text}}"/></template>',
                "t/deep/x.wxml": '<template name="x"><text>{{text}}</text></template>',
                "t/foot.wxml": "<view>foot {{name}}</view>",
                "pages/index/tools.wxs": "var r = require('../r.wxs'); module.exports = { upper: r.upper }",
                "pages/r.wxs": "exports.upper = function (s) { return s.constructor + s.toUpperCase() }",
            }
        )
    )
    assert codes(result) == []
    paths, [output] = run(result, ("pages/index/index", {"name": "ab", "n": 4}))
    assert paths == ["pages/index/index", "t/deep/x", "t/foot", "t/items"]
    assert output == ["<text>", "StringAB", "<view>", "foot ab", "8"]


def test_a_subpackage_loads_alone(make: Make) -> None:
    result = build(
        make(
            {
                **SMALL,
                "app.json": {"pages": ["pages/index/index"], "subpackages": [{"root": "sub", "pages": ["p"]}]},
                "sub/p.wxml": '<import src="/t.wxml"/><wxs src="/m.wxs" module="m"/><template is="t"/>{{m.x}}',
                "sub/p.js": "Page({})",
                "t.wxml": '<template name="t">shared</template>',
                "m.wxs": "exports.x = 'wxs'",
            }
        )
    )
    assert codes(result) == []
    assert run(result, ("sub/p", {}), packages=("sub",)) == [["sub/p", "t"], [["shared", "wxs"]]]
    assert run(result)[0] == ["pages/index/index"]


def test_one_broken_wxs_module_does_not_take_down_the_others(make: Make) -> None:
    result = build(
        make(
            {
                **SMALL,
                "app.json": {"pages": ["pages/index/index", "a", "b", "c"]},
                "a.wxml": '<wxs src="./syntax.wxs" module="m"/>{{m.f(1)}}a',
                "b.wxml": '\n<wxs module="m">\nexports.f = ;</wxs>{{m.f(1)}}b',
                "c.wxml": '<wxs src="./throws.wxs" module="m"/>{{m.f(1)}}c',
                "syntax.wxs": "exports.f = function( {",
                "throws.wxs": "exports.f = nothing.at.all",
            }
        )
    )
    assert [line for line in codes(result) if "wxs" in line] == [
        "b.wxml:3:13 error wxs-syntax",
        "syntax.wxs:1:24 error wxs-syntax",
    ]
    _, outputs = run(result, *((path, {}) for path in ("pages/index/index", "a", "b", "c")))
    assert outputs[:3] == [["<view>", "hello"], ["a"], ["b"]]
    assert outputs[3].startswith("ReferenceError")


def test_what_a_template_names_and_is_not_there(make: Make) -> None:
    result = build(
        make(
            page('<import src="./gone.wxml"/>\n<include src="/gone"/>\n <wxs src="./gone.wxs" module="m"/>{{m.x}}here')
        )
    )
    assert codes(result) == [
        "pages/index/index.wxml:1:9 warning missing-template",
        "pages/index/index.wxml:2:10 warning missing-template",
        "pages/index/index.wxml:3:7 warning missing-wxs",
    ]
    assert run(result, ("pages/index/index", {}))[1] == [["here"]]


def test_files_that_a_template_names(make: Make) -> None:
    wxml = (
        '<image src="/img/a.png"/><image src="../img/b.png?x"/>\n<image mode="aspectFit" src="gone.png"/>'
        '<image src="{{c}}.png"/><image src="https://a/b.png"/><!-- <image src="d.png"/> --><image src=""/>'
        '<video src="/gone.mp4"/><view src="not-a-file"/><image src="/img/%E9%93%B6.png"/>'
    )
    images = {"img/a.png": b"", "pages/img/b.png": b"", "img/\u94f6.png": b""}
    assert codes(build(make({**page(wxml), **images}))) == [
        "pages/index/index.wxml:2:25 warning missing-asset",
        "pages/index/index.wxml:2:146 warning missing-asset",
    ]


def test_problems_of_templates_have_places_in_characters(make: Make) -> None:
    result = build(make(page("<view>\n\U0001f600{{ a ? b }}</view>")))
    assert codes(result)[0] == "pages/index/index.wxml:2:11 warning template-syntax"


def test_the_compiler_survives_what_it_cannot_take(make: Make) -> None:
    deep = "<view>" * 200_000
    files: Files = {**SMALL, "app.json": {"pages": ["pages/index/index", "deep"]}, "deep.wxml": deep}
    result = build(make(files))
    assert "deep.wxml:0:0 error template-failed" in codes(result)
    paths, outputs = run(result, ("pages/index/index", {}), ("deep", {}))
    assert paths == ["deep", "pages/index/index"]
    assert outputs == [["<view>", "hello"], []]


def test_a_trap_is_told_as_such() -> None:
    compiler = TemplateCompiler()
    with pytest.raises(TemplateTrap):
        compiler.compile("deep", "<view>" * 200_000, str)


def test_results_do_not_depend_on_what_was_compiled_before() -> None:
    text = '<import src="a"/><wxs src="b.wxs" module="b"/><wxs module="c">exports.x=1</wxs><view>{{b.x}}</view>'
    fresh = TemplateCompiler().compile("p/q", text, str.upper)
    used = TemplateCompiler()
    for number in range(50):
        used.compile(f"other/{number}", "<view wx:for='{{x}}'>{{item}}</view>" * number, str)
    assert used.compile("p/q", text, str.upper) == fresh
    assert (fresh.templates, fresh.scripts, fresh.inline_scripts) == (("p/a",), ("p/b",), (("c", "EXPORTS.X=1", 0),))


@pytest.mark.parametrize("damage", ["flipped", "folder open to others"])
def test_a_damaged_cache_is_made_anew(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = next(template_compiler.cache_folder().glob("template-compiler-*.bin"), None)
    if kept is None:
        TemplateCompiler()
        kept = next(template_compiler.cache_folder().glob("template-compiler-*.bin"))
    good = kept.read_bytes()
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    bad = good[:-9] + bytes([good[-9] ^ 1]) + good[-8:] if damage == "flipped" else good
    (folder / kept.name).write_bytes(bad)
    if damage == "folder open to others":
        folder.chmod(0o777)
    monkeypatch.setenv("EDEN_CACHE", str(folder))
    template_compiler._module.cache_clear()
    assert TemplateCompiler().compile("a", "<view/>", str).warnings == ()
    assert (folder / kept.name).read_bytes()[32:36] == b"\x7fELF" or os.name == "nt"
    template_compiler._module.cache_clear()


def test_items_that_read_only_themselves_are_told_apart(make: Make) -> None:
    def spared(wxml: str) -> int:
        return unpack(build(make(page(wxml))))["code/templates.js"].count(b"if(!C&&!K&&")

    assert spared('<view wx:for="{{l}}" class="toUser {{item.on}}">{{index}} {{item.title}}</view>') == 1
    assert spared('<view wx:for="{{l}}"><view wx:for="{{item}}" wx:for-item="x">{{x}}</view></view>') == 1
    assert spared('<view wx:for="{{l}}">{{item}} {{active}}</view>') == 0
    assert spared('<view wx:for="{{l}}" wx:if="{{wide}}">{{item}}</view>') == 0
    assert spared('<view wx:for="{{l}}"><view wx:for="{{k}}" wx:for-item="x">{{x}}</view></view>') == 0
    assert spared('<view slot:v><view wx:for="{{l}}">{{v}}</view></view>') == 0
