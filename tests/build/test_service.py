"""Whole packages: what is in them, that they are the same everywhere, and that a rebuild is a build."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eden.build import scripts, styles
from eden.build.interfaces import BuildResult, ScriptInput, ScriptOutput
from eden.build.service import Builder, Options, build_command
from eden.build.template_compiler import CompiledTemplate, TemplateCompiler
from eden.cli import main

from .conftest import SMALL, Files, Make, build, codes, config, unpack, write

#: a bit of everything
LARGE: Files = {
    "project.config.json": {"appid": "wx42", "projectname": "shop", "miniprogramRoot": "mini/"},
    "package.json": {"version": "2.3.4"},
    "eden.json": {
        "domains": {"request": ["https://api.example.com"], "other": 1},
        "operations": ["eden.shop.*"],
        "description": "A shop",
    },
    "cloud/index.js": "syntax error (",
    "mini/app.json": {
        "pages": ["pages/index/index", "pages/me"],
        "subPackages": [{"root": "packages/goods", "name": "goods", "pages": ["list"], "independent": True}],
        "window": {"navigationBarTitleText": "Shop"},
        "darkmode": True,
        "permission": {"scope.userLocation": {"desc": "for delivery"}},
        "usingComponents": {"x-price": "/components/price"},
    },
    "mini/app.ts": "App<{}>({ onLaunch(): void { require('./data.json') } })",
    "mini/app.wxss": "@import './style/base';\n.page{width:750rpx}",
    "mini/style/base.wxss": "view{color:red}",
    "mini/data.json": '{"a": [1, 2,],}',
    "mini/pages/index/index.js": "import { f } from '../../utils/f'; Page({ f })",
    "mini/pages/index/index.wxml": '<import src="/t"/><template is="t"/><x-price/>',
    "mini/pages/index/index.wxss": ".a{background:url(../../images/logo.png)}",
    "mini/pages/me.wxml": "<text>me</text>",
    "mini/utils/f.js": "export const f = () => 1",
    "mini/utils/unused.js": "also a syntax error (",
    "mini/t.wxml": '<template name="t">t</template>',
    "mini/components/price.json": {"component": True},
    "mini/components/price.js": "Component({})",
    "mini/components/price.wxml": "<slot/>",
    "mini/packages/goods/list.wxml": '<import src="/t"/><x-price/>',
    "mini/packages/goods/list.js": "Page({})",
    "mini/packages/goods/photo.jpg": b"JPG",
    "mini/images/logo.png": b"PNG",
    "mini/README.md": "# not in the package",
}


def test_what_is_in_which_package(make: Make) -> None:
    result = build(make(LARGE))
    assert codes(result) == []
    assert [(part.name, part.root, part.independent, part.file) for part in result.archives] == [
        ("main", "", False, "main.zip"),
        ("goods", "packages/goods", True, "packages-goods.zip"),
        ("maps", "", True, "maps.zip"),
    ]
    code = ["code/config.json", "code/scripts.js", "code/styles.json", "code/templates.js"]
    assert list(unpack(result)) == [*code, "files/images/logo.png"]
    assert list(unpack(result, "goods")) == [*code, "files/packages/goods/photo.jpg"]
    assert list(unpack(result, "maps")) == ["goods/scripts.js.map", "main/scripts.js.map"]


def test_the_manifest(make: Make) -> None:
    manifest = dict(build(make(LARGE)).manifest)
    packages = manifest.pop("packages")
    assert manifest == {
        "format": 1,
        "app_id": "wx42",
        "name": "shop",
        "description": "A shop",
        "version": {"name": "2.3.4", "code": 20304},
        "platform_version": {"min_code": 1},
        "pages": ["pages/index/index", "pages/me", "packages/goods/list"],
        "window": {"navigationBarTitleText": "Shop"},
        "color_scheme": "auto",
        "req_permissions": [{"name": "scope.userLocation", "reason": "for delivery"}],
        "domains": {"request": ["https://api.example.com"]},
        "operations": ["eden.shop.*"],
    }
    assert [part["name"] for part in packages] == ["main", "goods", "maps"]


@pytest.mark.parametrize("wrong", ["eden.shop.*", [1], [""]])
def test_operations_that_are_no_list_are_named(make: Make, wrong: Any) -> None:
    result = build(make({**LARGE, "eden.json": {"operations": wrong}}))
    assert "operations" not in result.manifest
    assert "operations must be a list of names; it is ignored" in [found.message for found in result.diagnostics]


def test_the_code_of_the_packages(make: Make) -> None:
    result = build(make(LARGE))
    text = unpack(result)["code/scripts.js"].decode()
    modules = ["app.js", "components/price.js", "data.json", "pages/index/index.js", "utils/f.js"]
    places = [text.index(f'"{module}"') for module in modules]
    assert places == sorted(places)
    assert "unused" not in text
    sources = json.loads(unpack(result, "maps")["main/scripts.js.map"])
    assert [name for section in sources["sections"] for name in section["map"]["sources"]] == [
        "app.ts", "components/price.js", "pages/index/index.js", "utils/f.js",
    ]  # fmt: skip
    sheets = json.loads(unpack(result)["code/styles.json"])
    assert sorted(sheets) == ["app", "pages/index/index", "style/base"]
    assert sheets["app"]["imports"] == ["style/base"]
    assert 'url("eden:/images/logo.png")' in sheets["pages/index/index"]["css"]
    assert sorted(config(result)["components"]) == ["components/price", "pages/index/index", "pages/me"]
    # an independent package has the application's configuration as well: it may start alone
    components = {"packages/goods/list": {"usingComponents": {"x-price": "components/price"}}}
    assert config(result, "goods") == config(result) | {"components": components}


def test_the_same_input_gives_the_same_bytes(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(make(LARGE)).files()
    other = tmp_path / "elsewhere" / "project"
    shuffled = list(LARGE.items())
    random.Random(1).shuffle(shuffled)
    write(other, dict(shuffled))
    for place in other.rglob("*"):
        os.utime(place, (1, 1))
    monkeypatch.chdir(other)
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    assert Builder(Path()).build().files() == first


def test_the_order_of_sets_does_not_matter(make: Make, tmp_path: Path) -> None:
    folder = make(LARGE)
    written = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        command = [sys.executable, "-m", "eden", "build", str(folder), "-o", str(out)]
        subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": seed}, check=True, capture_output=True)
        written.append({path.name: path.read_bytes() for path in out.iterdir()})
    assert written[0] == written[1] == build(folder).files()


def test_a_folder_that_cannot_be_written(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["build", str(make(SMALL)), "-o", str(tmp_path / "file" / "out")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of everything that is compiled from now on."""
    compiled: list[str] = []
    compile_scripts, compile_styles, compile_template = (
        scripts.compile_scripts,
        styles.compile_styles,
        TemplateCompiler.compile,
    )

    def counted_scripts(modules: list[ScriptInput], **options: str) -> list[ScriptOutput]:
        compiled.extend(module.path for module in modules)
        return compile_scripts(modules, **options)

    def counted_styles(sheets, **options):  # type: ignore[no-untyped-def]
        compiled.extend(sheet.path for sheet in sheets)
        return compile_styles(sheets, **options)

    def counted_template(
        self: TemplateCompiler, path: str, text: str, rewrite: Callable[[str], str]
    ) -> CompiledTemplate:
        compiled.append(f"{path}.wxml")
        return compile_template(self, path, text, rewrite)

    monkeypatch.setattr(scripts, "compile_scripts", counted_scripts)
    monkeypatch.setattr(styles, "compile_styles", counted_styles)
    monkeypatch.setattr(TemplateCompiler, "compile", counted_template)
    return compiled


EDITS: list[tuple[Files, list[str]]] = [
    ({}, []),
    ({"mini/pages/index/index.wxml": '<wxs module="m">exports.a = 1</wxs><view>{{m.a}}</view>'},
     ["pages/index/index.wxml", "pages/index/index.wxml#m"]),
    ({"mini/pages/index/index.js": "require('../../utils/f'); Page({ edited: 1 })"}, ["pages/index/index.js"]),
    ({"mini/utils/f.js": "exports.f = 2; require('./new')", "mini/utils/new.js": "exports.n = 1"},
     ["utils/f.js", "utils/new.js"]),
    ({"mini/style/base.wxss": "text{color:blue}"}, ["style/base.wxss"]),
    ({"mini/images/logo.png": b"ANOTHER"}, []),
    ({"mini/pages/me.json": {"usingComponents": {"x": "/components/price"}}}, []),
    ({"mini/components/price.wxml": "<view class='x'/>"}, ["components/price.wxml"]),
    ({"mini/tsconfig.json": {"compilerOptions": {"target": "ES2018"}}},
     ["app.ts", "components/price.js", "packages/goods/list.js", "pages/index/index.js", "utils/f.js"]),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "expected"), EDITS)
def test_a_rebuild_compiles_only_what_changed(
    make: Make, monkeypatch: pytest.MonkeyPatch, edit: Files, expected: list[str]
) -> None:
    folder = make(LARGE)
    builder = Builder(folder)
    assert builder.build().ok
    compiled = counting(monkeypatch)
    write(folder, edit)
    again = builder.build()
    assert sorted(compiled) == expected
    assert again.files() == build(folder).files(), "a rebuild gives what a first build gives"


def test_files_that_come_and_go(make: Make) -> None:
    folder = make(LARGE)
    builder = Builder(folder)
    first = builder.build()
    for path in ("mini/components/price.json", "mini/components/price.js", "mini/components/price.wxml"):
        (folder / path).unlink()
    (folder / "mini/style/base.wxss").unlink()
    gone = builder.build()
    assert codes(gone) == codes(build(folder))
    assert {"missing-component", "missing-style"} <= {problem.code for problem in gone.diagnostics}
    assert gone.files() == build(folder).files()
    write(folder, LARGE)
    assert builder.build().files() == first.files()


def test_a_broken_wxs_module_is_mended(make: Make) -> None:
    folder = make({**SMALL, "pages/index/index.wxml": '<wxs module="m">exports.a = (</wxs>{{m.a}}'})
    builder = Builder(folder)
    assert not builder.build().ok
    assert not builder.build().ok
    write(folder, {"pages/index/index.wxml": '<wxs module="m">exports.a = 1</wxs>{{m.a}}'})
    assert builder.build().files() == build(folder).files()
    assert builder.build().ok


def test_an_error_in_one_module_leaves_the_others_usable(make: Make, tmp_path: Path) -> None:
    result = build(make({**SMALL, "pages/index/index.js": "Page({\n  a: ,\n})"}))
    assert codes(result) == ["pages/index/index.js:2:6 error script-syntax"]
    assert [part.name for part in result.archives] == ["main", "maps"]
    with pytest.raises(ValueError, match="errors"):
        result.write(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_computed_require_brings_every_script(make: Make) -> None:
    files: Files = {
        **SMALL,
        "app.js": "App({ load: (name) => require('./lang/' + name) })",
        "lang/zh.js": "exports.a = 1",
    }
    assert b'"lang/zh.js"' in unpack(build(make(files)))["code/scripts.js"]


@pytest.mark.parametrize("plugins", [[], ["typescript"]])
def test_of_two_sources_of_a_module_one_counts(make: Make, plugins: list[str]) -> None:
    files: Files = {
        **SMALL,
        "project.config.json": {"setting": {"useCompilerPlugins": plugins}},
        "app.js": "App({ load: (name) => require(name), a: require('./a') })",
        "a.js": "exports.from = 'JAVASCRIPT'",
        "a.ts": "export const from: string = 'TYPESCRIPT'",
        "a.d.ts": "export declare const from: string",
    }
    code = unpack(build(make(files)))["code/scripts.js"]
    assert (b"TYPESCRIPT" in code, b"JAVASCRIPT" in code) == (bool(plugins), not plugins)


def test_workers_are_scripts_of_the_program(make: Make) -> None:
    app = {"pages": ["pages/index/index"], "workers": "workers"}
    result = build(make({**SMALL, "app.json": app, "workers/sum.js": "require('./inner')", "workers/inner.js": ""}))
    assert b'"workers/sum.js"' in unpack(result)["code/scripts.js"]


def test_packing_options_leave_files_out(make: Make) -> None:
    ignore = [
        {"type": "folder", "value": "docs"},
        {"type": "suffix", "value": ".raw.png"},
        {"type": "prefix", "value": "tmp_"},
        {"type": "file", "value": "images/secret.png"},
        {"type": "regexp", "value": r"\.bak\.png$"},
        {"type": "glob", "value": "extra/*.png"},
        {"type": "regexp", "value": "("},
    ]
    names = [
        "docs/a.png",
        "a.raw.png",
        "images/tmp_a.png",
        "images/secret.png",
        "a.bak.png",
        "extra/a.png",
        "images/a.png",
    ]
    files: Files = {**SMALL, "project.config.json": {"packOptions": {"ignore": ignore}}, **dict.fromkeys(names, b"x")}
    assert [name for name in unpack(build(make(files))) if name.startswith("files/")] == ["files/images/a.png"]


def test_size_limits_are_warnings(make: Make) -> None:
    folder = make({**SMALL, "big.png": bytes(3000)})
    result = Builder(folder, Options(package_limit=2000, total_limit=1000)).build()
    assert codes(result) == [":0:0 warning package-size"] * 2
    assert result.ok


def test_the_command_writes_a_package(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["build", str(make(SMALL)), "-o", str(out)]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("project: 1 page, main ")
    assert shown.err == ""
    assert sorted(path.name for path in out.iterdir()) == ["main.zip", "manifest.json", "maps.zip"]


def test_the_command_reports_everything_and_writes_nothing(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken: Files = {
        **SMALL,
        "app.js": "App({ a: ) })",
        "app.wxss": "@import 'gone.wxss';",
        "pages/index/index.json": '{"usingComponents": {"a": "./a"}}',
        "pages/index/index.js": "require('./b')",
        "pages/index/index.wxml": "<view>{{a ? }}</view>",
    }
    out = tmp_path / "out"
    assert main(["build", str(make(broken)), "-o", str(out)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    for expected in (
        "app.js:1:10: error script-syntax",
        "app.wxss:1:9: warning missing-style",
        "pages/index/index.json:1:22: warning missing-component",
        "pages/index/index.js:1:9: warning missing-module",
        "pages/index/index.wxml:1:13: warning template-syntax",
        ">    1 | App({ a: ) })",
        "no package was written: 1 error",
    ):
        assert expected in shown.err
    assert not out.exists()


def test_a_project_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_command(tmp_path / "nothing", tmp_path / "out", Options()) == 1
    assert "error no-program" in capsys.readouterr().err


def test_the_package_can_be_built_over_itself(make: Make) -> None:
    folder = make(SMALL)
    first = build(folder).files()
    build(folder).write(folder / "dist")
    assert build(folder).files() == first


def test_the_result_of_no_build_is_empty(tmp_path: Path) -> None:
    result = build(tmp_path)
    assert isinstance(result, BuildResult)
    assert (result.ok, result.manifest, result.archives) == (False, {}, ())
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize(
    ("given", "version"),
    [
        ("1.2", {"name": "1.2", "code": 10200}),
        ({"name": "1.2.3-beta", "code": 7}, {"name": "1.2.3-beta", "code": 7}),
        ({"name": "1.2.3"}, {"name": "1.2.3", "code": 10203}),
        ({"name": "1.2.3", "code": -1}, {"name": "1.2.3", "code": 10203}),
        ({"code": 7}, {"name": "2.3.4", "code": 20304}),
        (["1.2"], {"name": "2.3.4", "code": 20304}),
    ],
)
def test_the_version_is_a_name_or_name_and_code(make: Make, given: object, version: object) -> None:
    files: dict[str, Any] = {**LARGE, "eden.json": {"version": given}}
    assert build(make(files)).manifest["version"] == version
