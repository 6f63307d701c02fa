"""Style sheets within a program: imports, assets, keys, LESS and SCSS."""

from __future__ import annotations

from pathlib import Path

import pytest

from eden.base import tools
from eden.base.errors import EdenError
from eden.build.interfaces import Severity, StyleInput, StyleOutput
from eden.build.styles import compile_styles, import_cycles, style_key, style_language
from tests.build.sources import DictSource


def compile_one(
    path: str, files: dict[str, str], *, aliases: dict[str, str] | None = None, folder: Path | None = None
) -> StyleOutput:
    source = DictSource(files, folder)
    sheet = StyleInput(path, files[path], style_language(path))
    (output,) = compile_styles([sheet], source=source, aliases=aliases or {})
    return output


def warnings(output: StyleOutput) -> list[tuple[str, int, int]]:
    return [(problem.code, problem.line, problem.column) for problem in output.diagnostics]


@pytest.mark.parametrize(
    ("specifier", "found"),
    [
        ("./base.wxss", "pages/a/base.wxss"),
        ("base", "pages/a/base.wxss"),
        ("../../styles/base.wxss", "styles/base.wxss"),
        ("/styles/base", "styles/base.wxss"),
        ("styles/base.wxss", "styles/base.wxss"),
        ("@/base.wxss", "styles/base.wxss"),
        ("kit/button", "miniprogram_npm/kit/button.wxss"),
        ("~kit/button.wxss", "miniprogram_npm/kit/button.wxss"),
        ("/styles/plain.css", "styles/plain.css"),
        ("/styles/made.wxss", "styles/made.less"),
    ],
)
def test_imports_are_found(specifier: str, found: str) -> None:
    files = dict.fromkeys(
        [
            "pages/a/base.wxss",
            "styles/base.wxss",
            "miniprogram_npm/kit/button.wxss",
            "styles/plain.css",
            "styles/made.less",
        ],
        "",
    )
    output = compile_one(
        "pages/a/a.wxss", files | {"pages/a/a.wxss": f"@import '{specifier}';"}, aliases={"@/*": "/styles/*"}
    )
    assert output.sheets == (found,)
    assert output.imports == (found.rsplit(".", 1)[0],)
    assert not output.diagnostics


def test_imports_that_do_not_exist_are_dropped_with_a_warning() -> None:
    output = compile_one("a.wxss", {"a.wxss": "@import './gone';\n @import 'https://example.com/x.css';\n.b{c:d}"})
    assert warnings(output) == [("missing-style", 1, 9), ("missing-style", 2, 10)]
    assert output.imports == ()
    assert output.css == ".\x01b{c:d;}\n"
    assert "gone.wxss" in output.reads


def test_a_sheet_behind_rules_or_conditions_is_taken_in() -> None:
    files = {
        "a.wxss": ".a{b:c}\n@import 'x/late';\n@import 'x/dark' (prefers-color-scheme: dark);",
        "x/late.wxss": "@import './deep'; .late{background:url(i.png)}",
        "x/deep.wxss": "@import '../a'; .deep{a:b}",
        "x/dark.wxss": "@font-face{font-family:f} .dark{a:b}",
        "x/i.png": "",
    }
    output = compile_one("a.wxss", files)
    assert output.imports == ()
    assert output.css.replace("\n", "") == (
        '.\x01a{b:c;}.\x01deep{a:b;}.\x01late{background:url("eden:/x/i.png");}@media \x02dark{.\x01dark{a:b;}}'
    )
    assert set(output.reads) >= {"x/late.wxss", "x/deep.wxss", "x/dark.wxss"}
    assert output.files == ("x/i.png",)
    assert output.fonts == "@font-face{font-family:f;}\n"


def test_assets() -> None:
    text = (
        ".a{a:url(img/a.png?v=1#x);b:url('/b c.png');c:url(//cdn.example.com/d.png);d:url(data:image/png;base64,AA==);"
        "e:url(https://x.y/z);f:url(#clip);g:url(gone.png);h:url(root.png)}"
    )
    output = compile_one("p/a.wxss", {"p/a.wxss": text, "p/img/a.png": "", "b c.png": "", "root.png": ""})
    assert output.css == (
        '.\x01a{a:url("eden:/p/img/a.png");b:url("eden:/b%20c.png");c:url("https://cdn.example.com/d.png");'
        "d:url(data:image/png;base64,AA==);e:url(https://x.y/z);f:url(#clip);"
        'g:url("eden:/p/gone.png");h:url("eden:/root.png");}\n'
    )
    assert output.files == ("p/img/a.png", "b c.png", "root.png")
    assert [code for code, *_ in warnings(output)] == ["missing-asset"]


def test_of_two_files_with_one_key_the_first_extension_has_it() -> None:
    paths = ["a.wxss", "a.less", "b.less"]
    assert [style_key(path, paths) for path in paths] == ["a", "a.less", "b"]
    assert [style_key(path, paths, (".less", ".wxss")) for path in paths] == ["a.wxss", "a", "b"]


def test_cycles_are_named_once() -> None:
    outputs = [
        StyleOutput("a", ("b",), "", ""),
        StyleOutput("b", ("c",), "", ""),
        StyleOutput("c", ("b", "gone"), "", ""),
        StyleOutput("d", ("a",), "", ""),
        StyleOutput("e", ("e",), "", ""),
    ]
    assert [problem.message for problem in import_cycles(outputs)] == [
        "style sheets import each other: b → c → b",
        "style sheets import each other: e → e",
    ]


def test_less(tmp_path: Path) -> None:
    files = {
        "p/a.less": '@import "../theme"; @import "/styles/plain.wxss"; .a { .gap(10rpx); &-b { color: @main; } }',
        "theme.less": '@import "./inner/colour.less"; .gap(@size) { padding: (@size / 2); }',
        "inner/colour.less": '@import "near.wxss"; @main: #07c160;',
        "inner/near.wxss": ".near{a:b}",
        "styles/plain.wxss": ".plain{a:b}",
    }
    output = compile_one("p/a.less", files, folder=tmp_path)
    assert not output.diagnostics
    assert output.key == "p/a"
    assert output.css == ".\x01a{padding: 0.66667vw;}\n.\x01a-b{color: #07c160;}\n"
    assert output.imports == ("inner/near", "styles/plain")
    assert set(output.reads) >= {"theme.less", "inner/colour.less"}


def test_scss(tmp_path: Path) -> None:
    files = {
        "p/a.scss": '@use "sass:math"; @use "../styles/vars" as v; @import "../styles/mix";\n'
        '@import "/styles/plain.wxss";\n'
        ".a { width: math.div(15rpx, 2); .b & { color: v.$main; } @include hidden; }",
        "styles/_vars.scss": "$main: red;",
        "styles/mix.scss": "@mixin hidden { display: none; }",
        "styles/plain.wxss": "",
    }
    output = compile_one("p/a.scss", files, folder=tmp_path)
    assert not output.diagnostics
    assert output.css == ".\x01a{width: 1vw;}\n.\x01b .\x01a{color: red;}\n.\x01a{display: none;}\n"
    assert output.imports == ("styles/plain",)
    assert set(output.reads) >= {"styles/_vars.scss", "styles/mix.scss"}


def test_less_of_an_earlier_version(tmp_path: Path) -> None:
    output = compile_one("a.less", {"a.less": "@a: 20rpx; .a { b: unit(@a / 10, px); c: 1 / 2 }"}, folder=tmp_path)
    assert output.css == ".\x01a{b: 2px;c: 0.5;}\n"


def test_less_runs_no_code_of_the_project(tmp_path: Path) -> None:
    for text in ('@plugin "./evil"; .a { b: c }', ".a { b: `1 + 1` }"):
        output = compile_one("a.less", {"a.less": text, "evil.js": "process.exit()"}, folder=tmp_path)
        assert [problem.code for problem in output.diagnostics] == ["style-preprocessor"]


def test_what_is_missing_from_less_has_a_place(tmp_path: Path) -> None:
    text = '@import "./gone.wxss";\n.a { b: url(img/gone.png) }'
    output = compile_one("p/a.less", {"p/a.less": text}, folder=tmp_path)
    assert sorted(warnings(output)) == [("missing-asset", 2, 17), ("missing-style", 1, 12)]


@pytest.mark.parametrize(
    ("path", "files", "place"),
    [
        ("a.less", {"a.less": ".a {\n  .gone();\n}"}, ("a.less", 2, 3)),
        ("a.less", {"a.less": '@import "b";', "b.less": "\n.b { color: @gone }"}, ("b.less", 2, 13)),
        ("a.less", {"a.less": '.b{c:d}\n@import "gone";'}, ("a.less", 2, 1)),
        ("a.scss", {"a.scss": ".a {\n  width: $gone;\n}"}, ("a.scss", 2, 10)),
        ("a.scss", {"a.scss": '@use "b";', "b.scss": "\n\n.b { width: $gone }"}, ("b.scss", 3, 13)),
        ("a.scss", {"a.scss": "@import 'gone';"}, ("a.scss", 1, 9)),
    ],
)
def test_errors_of_preprocessors_name_the_author_s_line(
    path: str, files: dict[str, str], place: tuple[str, int, int], tmp_path: Path
) -> None:
    (problem,) = compile_one(path, files, folder=tmp_path).diagnostics
    assert (problem.severity, problem.code) == (Severity.WARNING, "style-preprocessor")
    assert (problem.file, problem.line, problem.column) == place


def test_a_preprocessor_that_loops_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("eden.build.preprocess.TIMEOUT", 3.0)
        output = compile_one("a.scss", {"a.scss": "@while true { }"}, folder=tmp_path)
    assert [problem.code for problem in output.diagnostics] == ["style-preprocessor"]
    good = compile_one("b.scss", {"b.scss": ".a { b: c }"}, folder=tmp_path)
    assert good.css == ".\x01a{b: c;}\n"


def test_without_node_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(purpose: str) -> Path:
        raise EdenError("node-missing", f"{purpose} needs Node.js.", "Install it.")

    monkeypatch.setattr("eden.build.preprocess._current", None)
    monkeypatch.setattr(tools, "require_node", absent)
    output = compile_one("a.less", {"a.less": ".a{b:c}"}, folder=tmp_path)
    (problem,) = output.diagnostics
    assert (problem.file, problem.message) == ("", "Compiling LESS and SCSS needs Node.js. Install it")
