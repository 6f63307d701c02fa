from __future__ import annotations

import pytest

from eden.build.npm import split

from .conftest import SMALL, Files, Make, build, codes, config, unpack

PAGE: Files = {**SMALL, "package.json": {"dependencies": {"lib": "1"}}}


@pytest.mark.parametrize(
    ("specifier", "name", "part"),
    [
        ("lib", "lib", ""),
        ("lib/a/b", "lib", "a/b"),
        ("@s/lib", "@s/lib", ""),
        ("@s/lib/a", "@s/lib", "a"),
        ("@s", "", ""),
        ("./a", "", ""),
        ("/a", "", ""),
        ("lib/../x", "", ""),
        ("..", "", ""),
        ("plugin://x", "", ""),
        ("", "", ""),
    ],
)
def test_names_of_packages(specifier: str, name: str, part: str) -> None:
    assert split(specifier) == (name, part)


def test_a_package_made_for_mini_programs_is_used_as_it_is(make: Make) -> None:
    result = build(
        make(
            {
                **PAGE,
                "pages/index/index.json": {"usingComponents": {"x": "lib/button/index"}},
                "pages/index/index.wxml": "<x/>",
                "pages/index/index.js": "require('lib/tool')",
                "app.wxss": "@import 'lib/base.wxss';",
                "node_modules/lib/package.json": {"miniprogram": "dist", "dependencies": {"dep": "1"}},
                "node_modules/lib/dist/button/index.json": {"component": True},
                "node_modules/lib/dist/button/index.js": "Component({})",
                "node_modules/lib/dist/tool.js": "require('dep/x')",
                "node_modules/lib/dist/base.wxss": ".a{color:red}",
                "node_modules/lib/dist/logo.png": b"PNG",
                "node_modules/dep/package.json": {},
                "node_modules/dep/miniprogram_dist/x.js": "",
            }
        )
    )
    assert codes(result) == []
    assert "miniprogram_npm/lib/button/index" in config(result)["components"]
    files = unpack(result)
    assert "files/miniprogram_npm/lib/logo.png" in files
    for module in ("lib/button/index.js", "lib/tool.js", "dep/x.js"):
        assert f'"miniprogram_npm/{module}"'.encode() in files["code/scripts.js"]
    assert b"miniprogram_npm/lib/base" in files["code/styles.json"]


def test_other_packages_are_bundled_into_one_module(make: Make) -> None:
    result = build(
        make(
            {
                **PAGE,
                "pages/index/index.js": "const a = require('lib'); const b = require('lib/part')",
                "node_modules/lib/package.json": {"main": "./src/main.js"},
                "node_modules/lib/src/main.js": "const dep = require('dep'); module.exports = { dep, where: 'main' }",
                "node_modules/lib/part.js": "export const where = 'part'",
                "node_modules/dep/package.json": {"main": "i.js"},
                "node_modules/dep/i.js": "module.exports = process.env.NODE_ENV",
            }
        )
    )
    assert codes(result) == []
    code = unpack(result)["code/scripts.js"].decode()
    assert '"miniprogram_npm/lib/index.js"' in code
    assert '"miniprogram_npm/lib/part.js"' in code
    assert '"miniprogram_npm/dep' not in code, "what it needs is inside"
    assert '"production"' in code


def test_committed_packages_go_first(make: Make) -> None:
    result = build(
        make(
            {
                **PAGE,
                "pages/index/index.js": "require('lib')",
                "miniprogram_npm/lib/index.js": "module.exports = 'committed'",
                "node_modules/lib/package.json": {"main": "index.js"},
                "node_modules/lib/index.js": "module.exports = 'installed'",
            }
        )
    )
    code = unpack(result)["code/scripts.js"]
    assert b"committed" in code
    assert b"installed" not in code


def test_a_package_that_is_not_installed(make: Make) -> None:
    result = build(make({**PAGE, "pages/index/index.js": "\nimport lib from 'lib'\nrequire('./gone')"}))
    assert codes(result) == [
        "pages/index/index.js:2:17 warning missing-npm",
        "pages/index/index.js:3:9 warning missing-module",
    ]


def test_a_package_that_cannot_be_bundled(make: Make) -> None:
    result = build(
        make(
            {
                **PAGE,
                "pages/index/index.js": "require('lib')",
                "node_modules/lib/package.json": {"main": "index.js"},
                "node_modules/lib/index.js": "}",
            }
        )
    )
    assert [problem.code for problem in result.diagnostics] == ["npm-build", "missing-npm"]
    assert result.ok


def test_packages_are_built_where_the_project_wants_them(make: Make) -> None:
    relations = [{"packageJsonPath": "./tools/package.json", "miniprogramNpmDistDir": "./mini/sub/"}]
    folder = make(
        {
            "project.config.json": {
                "miniprogramRoot": "mini",
                "setting": {"packNpmManually": True, "packNpmRelationList": relations},
            },
            **{f"mini/{path}": content for path, content in SMALL.items()},
            "mini/app.json": {"pages": ["pages/index/index"], "subpackages": [{"root": "sub", "pages": ["p"]}]},
            "mini/sub/p.js": "require('lib')",
            "tools/package.json": {"dependencies": {"lib": "1"}},
            "tools/node_modules/lib/package.json": {"main": "index.js"},
            "tools/node_modules/lib/index.js": "",
        }
    )
    result = build(folder)
    assert codes(result) == []
    assert b'"sub/miniprogram_npm/lib/index.js"' in unpack(result, "sub")["code/scripts.js"]


def test_a_package_whose_index_is_elsewhere(make: Make) -> None:
    result = build(
        make(
            {
                **PAGE,
                "pages/index/index.js": "require('lib')",
                "miniprogram_npm/lib/package.json": {"main": "lib/main"},
                "miniprogram_npm/lib/lib/main.js": "exports.a = 1",
            }
        )
    )
    assert codes(result) == []
    assert b'require("./lib/main.js")' in unpack(result)["code/scripts.js"]


def test_weui_as_an_extended_library(make: Make) -> None:
    app = {"pages": ["pages/index/index"], "useExtendedLib": {"weui": True}}
    cell = "weui-miniprogram/cell/cell"
    files: Files = {**SMALL, "app.json": app, "pages/index/index.json": {"usingComponents": {"mp-cell": cell}}}
    result = build(make(files))
    assert [problem for problem in result.diagnostics if problem.file.startswith("pages")] == []
    assert config(result)["components"]["pages/index/index"]["usingComponents"] == {
        "mp-cell": f"miniprogram_npm/{cell}"
    }
    styles = unpack(result)["code/styles.json"].decode()
    assert '"app":{"css":"","imports":["miniprogram_npm/weui-miniprogram/weui-wxss/dist/style/weui"]' in styles
