"""Modules: what esbuild makes of them, how they run in Node, where their lines lead."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.base import tools
from eden.build import scripts_esbuild
from eden.build.interfaces import ScriptInput, ScriptOutput, Severity
from eden.build.scripts import HIDDEN_GLOBALS, compile_scripts, scan_requires, write_modules
from eden.build.scripts_api import unsupported_apis

LOADER = """
const defined = {}, cache = {}
globalThis.eden = { define: (path, body) => { defined[path] = body } }
globalThis.window = globalThis
globalThis.Page = globalThis.App = () => {}
const logged = []
globalThis.log = (...values) => { logged.push(values) }
function load(path) {
  path = path.replace(/^\\.?\\//, '')
  if (!(path in defined)) path += '.js'
  if (!(path in defined)) throw new Error('no ' + path)
  if (typeof defined[path] !== 'function') return defined[path]
  if (!cache[path]) {
    const module = cache[path] = { exports: {} }
    const require = (name) => load(name)
    require.async = async (name) => load(name)
    defined[path].call(module.exports, require, module, module.exports)
  }
  return cache[path].exports
}
"""


def compile_all(files: dict[str, str], **options: Any) -> dict[str, ScriptOutput]:
    inputs = [ScriptInput(path, text, "ts" if path.endswith(".ts") else "js") for path, text in files.items()]
    return {output.path: output for output in compile_scripts(inputs, **options)}


def written(modules: Sequence[tuple[str, ScriptOutput | str]]) -> tuple[str, str]:
    code, source_map = write_modules(modules)
    return code.decode(), source_map.decode()


def modules_of(files: dict[str, str], **options: Any) -> list[tuple[str, ScriptOutput | str]]:
    outputs = compile_all({path: text for path, text in files.items() if not path.endswith(".json")}, **options)
    named: dict[str, ScriptOutput | str] = {path.replace(".ts", ".js"): output for path, output in outputs.items()}
    return sorted((named | {path: text for path, text in files.items() if path.endswith(".json")}).items())


def run(tmp_path: Path, files: dict[str, str], **options: Any) -> list[Any]:
    """Values that the program logged after `main.js` was required."""
    node = tools.node()
    assert node is not None, "eden test brings a Node"
    code, _ = written(modules_of(files, **options))
    script = tmp_path / "program.js"
    script.write_text(f"{LOADER}\n{code}\nload('main.js')\nsetTimeout(() => console.log(JSON.stringify(logged)), 5)")
    done = subprocess.run([node, script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [values[0] if len(values) == 1 else values for values in json.loads(done.stdout)]


# ---- running


def test_es_modules_and_commonjs_work_together(tmp_path: Path) -> None:
    files = {
        "main.js": """
            import def, { named, count, add } from './es'
            import * as cjs from './cjs'
            import whole from './cjs'
            import data from './data.json'
            const es = require('./es')
            add(); add()
            log(def, named, count, es.count, es.default)
            log(cjs.one, whole.one, Object.keys(cjs), data.a)
            es.named = 'replaced'
            log(es.named)
            const both = require('./both')
            log(both.default, both.extra, typeof both.replaced)
            log(require('./all').named, require('./all').ns.one)
        """,
        "es.js": "export default 'D'; export const named = 'N'; "
        "export let count = 0; export function add() { count++ }",
        "cjs.js": "exports.one = 1; exports.two = 2",
        "both.js": "import { one } from './cjs'; export default one; exports.extra = 'E'",
        "all.js": "export * from './es'; export * as ns from './cjs'",
        "data.json": '{"a": [1]}',
    }
    assert run(tmp_path, files) == [
        ["D", "N", 2, 2, "D"],
        [1, 1, ["default", "one", "two"], [1]],
        "replaced",
        [1, "E", "undefined"],
        ["replaced", 1],
    ]


def test_module_exports_beside_imports(tmp_path: Path) -> None:
    files = {
        "main.js": "log(require('./a').b)",
        "a.js": "import x from './x'; module.exports = { b: x + 1 }",
        "x.js": "export default 1",
    }
    assert run(tmp_path, files) == [2]


def test_cycles_see_what_is_exported_later(tmp_path: Path) -> None:
    files = {
        "main.js": "const a = require('./a'); log(a.fromB())",
        "a.js": "import { late } from './b'; import { early } from './c'; export const fromB = () => late() + early()",
        "b.js": "import * as a from './a'; export const late = () => typeof a.fromB",
        "c.js": "require('./d'); exports.early = () => 'e'",
        "d.js": "import { early } from './c'; exports.x = () => early()",
    }
    assert run(tmp_path, files) == ["functione"]


def test_a_cycle_through_commonjs_is_live(tmp_path: Path) -> None:
    files = {
        "main.js": "log(require('./a').call())",
        "a.js": "const b = require('./b'); exports.name = 'A'; exports.call = () => b.call()",
        "b.js": "import { name } from './a'; export const call = () => name",
    }
    assert run(tmp_path, files) == ["A"]


def test_browser_globals_are_hidden(tmp_path: Path) -> None:
    kinds = ", ".join(f"typeof {name}" for name in HIDDEN_GLOBALS)
    files = {
        "main.js": f"const kinds = [{kinds}]; log(kinds.every((kind) => kind === 'undefined'))\n"
        "log(typeof global, globalThis === global, Object.keys(eden))"
    }
    assert run(tmp_path, files) == [True, ["object", True, ["rpc", "keyboard"]]]


@pytest.mark.parametrize(
    "body",
    [
        "let Page = 1, window = 2; const location = 3; class document {}",
        "var App = 1; function Page() {} var f; function f() {} function f() { return 1 }",
        "let require = 1, exports = 2; const module = 3",
        "'use strict'; const self = this; function a() { return a }",
        "#!/usr/bin/env node\nvar navigator = navigator || {}",
        "<!-- an old comment\nlet wx",
        "function first() { return second() } first(); function second() {}",
        "return\nlog('not reached')",
        "var __defProp = 1, __export = 2, __define = 3",
        "with ({ a: 1 }) { log }",
        "// ends in a comment",
    ],
)
def test_bodies_may_declare_anything(tmp_path: Path, body: str) -> None:
    assert run(tmp_path, {"main.js": "require('./odd'); log('ok')", "odd.js": body}) == ["ok"]


def test_strict_directives_count(tmp_path: Path) -> None:
    files = {
        "main.js": "require('./strict'); require('./sloppy')",
        "strict.js": "'use strict'; log((function () { return this === undefined })())",
        "sloppy.js": "log((function () { return this === undefined })())",
    }
    assert run(tmp_path, files) == [True, False]


def test_parameters_can_be_declared_again(tmp_path: Path) -> None:
    body = (
        "var module = module || {}, exports = exports || {}; exports.a = typeof module.exports; log(this === exports)"
    )
    assert run(tmp_path, {"main.js": "log(require('./again').a)", "again.js": body}) == [True, "object"]


def test_import_calls_are_deferred(tmp_path: Path) -> None:
    files = {
        "main.js": "import('./es').then((es) => log(es.default)); "
        "import('./cjs').then((cjs) => log(cjs.default.a, cjs.a)); log('first')",
        "es.js": "export default 'E'",
        "cjs.js": "exports.a = 1",
    }
    assert run(tmp_path, files) == ["first", "E", [1, 1]]
    (output,) = compile_all({"main.js": "import('./es')"}).values()
    assert "require.async" in output.body


def test_typescript(tmp_path: Path) -> None:
    files = {
        "main.ts": """
            import type { Shape } from './types'
            import { Other } from './types'
            import fs = require('./cjs')
            enum Color { Red = 1, Green }
            namespace Inner { export const x = 5 }
            abstract class Base<T> { constructor(protected value: T, public other?: Other) {} }
            class Real extends Base<number> { get() { return this.value! satisfies number } }
            declare const log: (...values: unknown[]) => void
            log(Color.Green, Color[1], Inner.x, new Real(3).get(), fs.a as number)
        """,
        "cjs.js": "exports.a = 1",
    }
    assert run(tmp_path, files) == [[2, "Red", 5, 3, 1]]
    assert [wanted.specifier for wanted in compile_all(files)["main.ts"].requires] == ["./cjs"]


def test_decorators_as_tsconfig_says(tmp_path: Path) -> None:
    source = """
        function mark(target: any, name: string) { target.marked = name }
        class A { @mark method() {} }
        declare const log: any
        log((A.prototype as any).marked)
    """
    tsconfig = '{ "compilerOptions": { /* legacy */ "experimentalDecorators": true, }, "include": ["."] }'
    assert run(tmp_path, {"main.ts": source}, tsconfig=tsconfig) == ["method"]


# ---- errors


def test_a_broken_module_costs_only_itself(tmp_path: Path) -> None:
    files = {
        "bad.js": "const 好 = 1;\n好 = = 2",
        "main.js": "try { require('./bad') } catch (e) { log(e.name, e.message) }",
    }
    outputs = compile_all(files)
    (problem,) = outputs["bad.js"].diagnostics
    assert (problem.file, problem.line, problem.column) == ("bad.js", 2, 5)
    assert (problem.severity, problem.code) == (Severity.ERROR, "script-syntax")
    assert not outputs["main.js"].diagnostics
    assert run(tmp_path, files) == [["SyntaxError", f"bad.js:2:5: {problem.message}"]]


def test_a_tool_that_cannot_start_is_a_diagnostic(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "esbuild"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(tools, "esbuild", lambda: broken)
    (output,) = compile_all({"a.js": "1"}).values()
    assert [problem.code for problem in output.diagnostics] == ["script-syntax"]


def test_the_service_starts_again_after_it_died() -> None:
    compile_all({"a.js": "1"})
    service = scripts_esbuild._current
    assert service is not None
    assert service.process is not None
    service.process.kill()
    service.process.wait()
    (output,) = compile_all({"a.js": "2"}).values()
    assert output.body == "2;\n"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2**31 - 1) | st.text().filter(lambda s: s.isprintable()) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5).filter(str.isprintable), inner, max_size=4)
    ),
)


@given(VALUES)
def test_protocol_round_trip(value: Any) -> None:
    encoded = scripts_esbuild.encode(value)
    assert scripts_esbuild.decode(encoded) == (value, len(encoded))


# ---- what a module names


def test_requires_with_places() -> None:
    source = """import a from './a'
import './bare'; export * from "./star"
const b = require('../b'), c = require(`./c`)
// require('./comment')
/* import x from './block' */
const lazy = () => require.async('./lazy')
import('./dynamic')
obj.require('./method'); requirePlugin('plug')
"""
    (output,) = compile_all({"m.js": source}).values()
    assert [(r.specifier, r.line, r.column, r.asynchronous) for r in output.requires] == [
        ("./a", 1, 15, False),
        ("./bare", 2, 8, False),
        ("./star", 2, 32, False),
        ("../b", 3, 19, False),
        ("./c", 3, 40, False),
        ("./lazy", 6, 34, True),
        ("./dynamic", 7, 8, True),
    ]
    assert not output.dynamic


@pytest.mark.parametrize(
    ("source", "dynamic"),
    [
        ("require(name)", True),
        ("require('./' + x)", True),
        ("require('a')", False),
        ("// require(x)", False),
        ("x.require(y)", False),
    ],
)
def test_computed_requires(source: str, dynamic: bool) -> None:
    assert scan_requires(source).dynamic is dynamic
    assert compile_all({"a.js": source})["a.js"].dynamic is dynamic


def test_uses_of_wx() -> None:
    source = "wx.request({})\n// wx.comment()\nif (wx?.login) wx . login()\nmy.wx.other; wx.request; wx.cloud.init()"
    (output,) = compile_all({"a.js": source}).values()
    assert [(use.name, use.line, use.column) for use in output.apis] == [
        ("request", 1, 1),
        ("login", 3, 5),
        ("cloud", 4, 26),
    ]


def test_types_only_imports_are_not_requires() -> None:
    source = (
        "import type { A } from './a'\nexport type { B } from './b'\nimport { C } from './c'\nexport const x: C = 1"
    )
    assert scan_requires(source).specifiers == ("./c",)
    assert compile_all({"a.ts": source})["a.ts"].requires == ()


# ---- source maps


def decode_mappings(mappings: str) -> dict[tuple[int, int], tuple[int, int]]:
    """(line, column) in the output → (line, column) in the source, all from 0."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    places: dict[tuple[int, int], tuple[int, int]] = {}
    line = column = 0
    for number, row in enumerate(mappings.split(";")):
        out = 0
        for segment in filter(None, row.split(",")):
            fields, value, shift = [], 0, 0
            for char in segment:
                digit = digits.index(char)
                value |= (digit & 31) << shift
                shift += 5
                if digit < 32:
                    fields.append(-(value >> 1) if value & 1 else value >> 1)
                    value = shift = 0
            out += fields[0]
            if len(fields) > 3:
                line += fields[2]
                column += fields[3]
                places[number, out] = (line, column)
    return places


def test_maps_lead_to_the_author_s_lines() -> None:
    files = {
        "a.js": "import b from './b'\n\n\nfunction x() {\n  throw new Error('marker-a')\n}\nexport { x }",
        "b.ts": "interface I { a: string }\nexport default class {\n  run(i: I) {\n    return 'marker-b'\n  }\n}",
        "c.js": "const bad = = 1",
        "d.json": '{\n"marker": 1}',
        "e.js": "exports.e = 'marker-e'",
    }
    code, text = written(modules_of(files))
    index = json.loads(text)
    assert index["version"] == 3
    lines = code.split("\n")
    for marker, source, line in (("marker-a", "a.js", 5), ("marker-b", "b.ts", 4), ("marker-e", "e.js", 1)):
        number = next(number for number, content in enumerate(lines) if marker in content)
        section = [part for part in index["sections"] if part["offset"]["line"] <= number][-1]
        assert section["offset"]["column"] == 0
        assert section["map"]["sources"] == [source]
        assert section["map"]["sourcesContent"] == [files[source]]
        places = decode_mappings(section["map"]["mappings"])
        column = lines[number].index(marker)
        before = [place for place in places if place[0] == number - section["offset"]["line"] and place[1] <= column]
        assert places[max(before)][0] + 1 == line


def test_helpers_stand_in_the_file_once() -> None:
    files = {f"{name}.js": f"import x from './{name}x'; export default x; export const {name} = 1" for name in "abc"}
    code, _ = written(modules_of(files))
    assert code.count("__getOwnPropDesc =") == 1
    assert code.count("var __toESM =") == 1


def test_a_file_that_was_bundled_before_keeps_its_helpers(tmp_path: Path) -> None:
    bundled = """var __defProp = Object.defineProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var out = {};
__export(out, { a: () => 'A' });
exports.out = out;
"""
    files = {"main.js": "log(require('./lib').out.a)", "lib.js": bundled}
    assert run(tmp_path, files) == ["A"]
    assert "var __export" in compile_all(files)["lib.js"].body


@given(
    st.lists(
        st.sampled_from(
            [
                "import a from 'b'",
                "export {x}",
                "require('",
                "`${",
                "/*",
                "//",
                "}",
                "{",
                "wx.a",
                "\n",
                "'",
                "let module",
            ]
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_no_text_raises(parts: list[str]) -> None:
    text = "".join(parts)
    scan_requires(text)
    (output,) = compile_all({"a.js": text}).values()
    code, source_map = written([("a.js", output)])
    json.loads(source_map)
    (whole,) = compile_all({"whole.js": code}).values()
    assert not whole.diagnostics, "one module broke the file of all modules"


def test_functions_that_the_container_lacks_are_warnings() -> None:
    source = "wx.request()\nwx.addCard(); wx.addCard()\nwx.somethingNew()"
    outputs = compile_all({"a.js": source, "miniprogram_npm/x/index.js": source})
    (problem,) = [problem for output in outputs.values() for problem in unsupported_apis(output)]
    assert (problem.file, problem.line, problem.column, problem.code) == ("a.js", 2, 1, "unsupported-api")
    assert problem.severity is Severity.WARNING
