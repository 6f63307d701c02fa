"""Script stage of the compiler: JavaScript and TypeScript files → modules of scripts.js (docs/package-format.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache

from eden.base.errors import EdenError
from eden.build.interfaces import Diagnostic, ScriptInput, ScriptOutput, Severity
from eden.build.scripts_esbuild import Message, Transformed, transform
from eden.build.scripts_scan import Scan, scan_requires

__all__ = ["HIDDEN_GLOBALS", "Scan", "compile_scripts", "scan_requires", "write_modules"]

_HIDDEN = """
    window self document frames parent top opener frameElement location navigator history screen origin
    localStorage sessionStorage indexedDB caches cookieStore name status length event external chrome
    alert confirm prompt print open close stop focus blur find scroll scrollTo scrollBy postMessage
    addEventListener removeEventListener dispatchEvent getComputedStyle matchMedia getSelection
    fetch Headers Request Response XMLHttpRequest WebSocket EventSource
    Worker SharedWorker ServiceWorker BroadcastChannel MessageChannel MessagePort importScripts
    URL URLSearchParams Blob File FileReader FormData Image Audio Option DOMParser XMLSerializer
    Event CustomEvent EventTarget MessageEvent Node Element HTMLElement Document Window ShadowRoot
    MutationObserver ResizeObserver IntersectionObserver customElements Notification RTCPeerConnection
"""
#: The browser's globals that modules must not see, so that libraries do not take the frame for a web page. What is
#: harmless and missing on some phones (TextEncoder, atob, crypto, performance, requestAnimationFrame) stays.
HIDDEN_GLOBALS: tuple[str, ...] = tuple(_HIDDEN.split())

_FLAGS = (
    "--log-level=silent",
    "--log-limit=0",
    "--format=cjs",
    # what every browser has that also has constructed style sheets and container units
    "--target=es2022",
    "--supported:dynamic-import=false",
    "--charset=utf8",
    "--sourcemap=external",
    "--sources-content=false",
    "--define:globalThis=global",
)

#: What esbuild puts before the body of every converted ES module, once for all modules of a part. Other than esbuild's
#: own, exports can be assigned from outside (as on WeChat, where they are plain properties), and what a CommonJS
#: module exports later, in a cycle, is seen.
_HELPERS = """\
var __create = Object.create, __defProp = Object.defineProperty, __getOwnPropDesc = Object.getOwnPropertyDescriptor, \
__getOwnPropNames = Object.getOwnPropertyNames, __getProtoOf = Object.getPrototypeOf, \
__hasOwnProp = Object.prototype.hasOwnProperty;
var __getter = (target, name, get, enumerable) => __defProp(target, name, { get, enumerable, configurable: true, \
set: (value) => __defProp(target, name, { value, enumerable, configurable: true, writable: true }) });
var __export = (target, all) => { for (var name in all) __getter(target, name, all[name], true); };
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function")
    for (let key of __getOwnPropNames(from)) if (!__hasOwnProp.call(to, key) && key !== except)
      __getter(to, key, () => from[key], !(desc = __getOwnPropDesc(from, key)) || desc.enumerable);
  return to;
};
var __reExport = (target, mod, second) => \
(__copyProps(target, mod, "default"), second && __copyProps(second, mod, "default"));
var __toESM = (mod) => mod && mod.__esModule ? mod : \
__copyProps(__defProp(__create(Object(mod) === mod ? mod : null), "default", { value: mod, enumerable: true }), mod);
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var __toExports = (exports, mod) => __copyProps(__defProp(exports, "__esModule", { value: true }), mod);
"""

_HELPER_NAMES = (
    "create|defProp|getOwnPropDesc|getOwnPropNames|getProtoOf|hasOwnProp|export|copyProps|reExport|toESM|toCommonJS"
)
_PRELUDE = re.compile(rf"(?:var __(?:{_HELPER_NAMES}) = [^\n]*\n(?:[ }})][^\n]*\n)*)+")
_WHOLE_EXPORTS = re.compile(r"^module\.exports = __toCommonJS\((\w+)\);$", re.MULTILINE)
_LAZY = re.compile(r'Promise\.resolve\(\)\.then\(\(\) => __toESM\(require\(("(?:[^"\\]|\\.)*")\)\)\)')
_HASHBANG = re.compile(r"\A#![^\n]*")
_PARAMETERS = "require|module|exports"
_REDECLARED = re.compile(rf"^var (?:[^;\n]*, )?(?:{_PARAMETERS})(?= =|,|;)", re.MULTILINE)
_CLASHING = re.compile(rf"\b(?:let|const|class)\b[^=;]*\b(?:{_PARAMETERS})\b")


def compile_scripts(modules: Sequence[ScriptInput], *, tsconfig: str = "") -> list[ScriptOutput]:
    """One output per input, in the same order, each depending on its own input only. Never raises for any content.

    `tsconfig` is the text of the project's tsconfig.json, whose compilerOptions count for TypeScript modules.
    """
    jobs = []
    for module in modules:
        flags = [*_FLAGS, f"--sourcefile={module.path}", f"--loader={module.language}"]
        if module.language == "ts" and tsconfig:
            flags.append(f"--tsconfig-raw={tsconfig}")
        jobs.append((module.text, flags))
    try:
        results = transform(jobs)
    except EdenError as error:
        failed = Transformed("", "", (Message(str(error), 0, 0, ""),), ())
        results = [failed] * len(jobs)
    return [_output(module, result) for module, result in zip(modules, results, strict=True)]


def _output(module: ScriptInput, result: Transformed) -> ScriptOutput:
    if result.errors:
        return _broken(module, result.errors)
    body, source_map = _without_prelude(result.code, result.map)
    body = _HASHBANG.sub("", body)
    scan = scan_requires(module.text).in_body(body)
    return ScriptOutput(
        path=module.path,
        body=body,
        map=_with_content(source_map, module),
        requires=scan.requires,
        apis=scan.apis,
        dynamic=scan.dynamic,
    )


def _broken(module: ScriptInput, errors: Sequence[Message]) -> ScriptOutput:
    """A module that throws what is wrong with it as soon as it is required."""
    problems = []
    for error in errors:
        column = len(error.line_text.encode()[: error.column].decode("utf-8", "replace")) + 1 if error.line else 0
        problems.append(Diagnostic(module.path, error.line, column, Severity.ERROR, "script-syntax", error.text))
    first = problems[0]
    place = f"{first.file}:{first.line}:{first.column}: " if first.line else f"{first.file}: "
    body = f"throw new SyntaxError({json.dumps(place + first.message, ensure_ascii=False)});\n"
    return ScriptOutput(path=module.path, body=body, map=None, diagnostics=tuple(problems))


def _without_prelude(code: str, source_map: str) -> tuple[str, str]:
    """Code and map without esbuild's helpers, which stand in scripts.js once; import() as require.async().

    Helpers that the author's own file holds, because it was bundled before, stay: their lines are mapped.
    """
    code = _LAZY.sub(r"require.async(\1).then((m) => __toESM(m))", code)
    start = source_map.find('"mappings":') + len('"mappings":')
    start = source_map.find('"', start) + 1
    unmapped = len(source_map) - start - len(source_map[start:].lstrip(";"))
    match = _PRELUDE.match(code)
    if match:
        lines = match[0].count("\n")
        if lines <= unmapped:
            code = code[match.end() :]
            source_map = source_map[:start] + source_map[start + lines :]
    code = _WHOLE_EXPORTS.sub(r"__toExports(exports, \1);", code, count=1)
    return code, source_map


def _with_content(source_map: str, module: ScriptInput) -> bytes:
    content = json.dumps([module.text], ensure_ascii=False)
    text = f'{source_map.rstrip().removesuffix("}").rstrip()},"sourcesContent":{content}}}'
    return text.encode("utf-8", "replace")


def write_modules(modules: Sequence[tuple[str, ScriptOutput | str]]) -> tuple[bytes, bytes]:
    """Text of scripts.js and of its source map (version 3, in sections); a str is the JSON text of a JSON module.

    All modules stand in one function whose parameters are the hidden globals. Each body is a function of its own, so
    that it may declare any of these names, and `App`, `Page` and so on, for itself.
    """
    parts = [f"(function(eden, {', '.join(HIDDEN_GLOBALS)}) {{\nvar __define = this.define;\n{_HELPERS}".encode()]
    line = parts[0].count(b"\n")
    sections: list[bytes] = []
    for path, module in modules:
        if isinstance(module, str):
            value = module.strip().replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
            text = f"__define({_quoted(path)}, {value});\n".encode("utf-8", "replace")
            lines = text.count(b"\n")
        else:
            text, lines = _wrapped(path, module.body)
            if module.map:
                sections.append(b'{"offset":{"line":%d,"column":0},"map":%b}' % (line + 1, module.map))
        parts.append(text)
        line += lines
    # of the frame's own object programs see what is for them; it is there when they run, not yet when they are defined
    parts.append(b"}).call(eden, { get rpc() { return eden.rpc }, get keyboard() { return eden.keyboard } });\n")
    return b"".join(parts), b'{"version":3,"sections":[%b]}\n' % b",".join(sections)


# A rebuild writes all modules of a part again, most of which are the same.
@lru_cache(maxsize=4096)
def _wrapped(path: str, body: str) -> tuple[bytes, int]:
    """The call that defines a module, and how many lines it has."""
    body = body.rstrip("\n")
    # `var module = module || {}` keeps the parameter's value only where it is one
    again = bool(_REDECLARED.search(body)) and not _CLASHING.search(body)
    names = ", ".join(_PARAMETERS.split("|"))
    text = (
        f"__define({_quoted(path)}, function({names}) {{(function({names if again else ''}) {{\n{body}\n"
        f"}}).call({f'this, {names}' if again else 'this'})}});\n"
    ).encode("utf-8", "replace")
    return text, text.count(b"\n")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
