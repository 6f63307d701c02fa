"""The official template compiler (glass-easel-template-compiler, wasm) called through its C exports.

The C exports are those of `cbinding.rs` in the compiler's source. A `TmplGroup` there is a struct of one pointer;
functions that return a struct write it to an address passed first; strings are (pointer, length) pairs.

The module is compiled to machine code once per machine (seconds) and kept in the user's cache folder; loading the
kept code takes a millisecond.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import struct
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import wasmtime
from wasmtime import _ffi as ffi
from wasmtime._func import enter_wasm

from eden.base.tools import vendored

#: a text that is no template at all gives one per character
MAX_WARNINGS = 1000


class TemplateTrap(Exception):
    """The compiler itself failed on this input; its instance must not be used again."""


@dataclass(frozen=True, slots=True)
class TemplateWarning:
    """`level`: 1 note, 2 warning, 3 error, 4 fatal. `line` and `column` count from 0, the latter in UTF-16 units."""

    message: str
    level: int
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """`code` is an expression that gives the template's generator object.

    It names the group's variables: `G` (templates by path), `R` (WXS modules by path), `D` and the runtime's.
    `templates` and `scripts` are the paths it imports, as the compiler resolved them (without extension);
    `inline_scripts` has name, rewritten source and first line (from 0) of each WXS module inside it.
    """

    code: str
    templates: tuple[str, ...]
    scripts: tuple[str, ...]
    inline_scripts: tuple[tuple[str, str, int], ...]
    warnings: tuple[TemplateWarning, ...]


class TemplateCompiler:
    """One wasm instance with one group. Not thread-safe."""

    def __init__(self) -> None:
        engine, module = _module()
        self._store = wasmtime.Store(engine)
        stubs = [_stub(self._store, imported) for imported in module.imports]
        self._exports: Any = wasmtime.Instance(self._store, module, stubs).exports(self._store)
        self._memory: Any = self._exports["memory"]
        self._functions: dict[str, _Function] = {}
        self._arguments, self._room = 0, 0
        #: where functions write the struct of two words that they return
        self._result = self._call("__wbindgen_malloc", 8, 4)
        self._group = self._call("__wbindgen_malloc", 4, 4)
        self._write(self._group, struct.pack("<I", self._call("tmpl_group_new") & 0xFFFFFFFF))

    def compile(self, path: str, text: str, rewrite: Callable[[str], str]) -> CompiledTemplate:
        """Compile one template; `path` has no extension, `rewrite` is applied to the source of inline WXS.

        Raises TemplateTrap when the compiler fails.
        """
        try:
            warnings = self._add(path, text)
            has_wxs = "<wxs" in text
            inline = self._inline(path) if has_wxs else []
            rewritten = [(name, rewrite(source)) for name, source in inline]
            return CompiledTemplate(
                self.replace_inline(path, [pair for pair in rewritten if pair not in inline]),
                self._imports(path) if "<import" in text or "<include" in text else (),
                self._scripts(path) if has_wxs else (),
                tuple(
                    (name, new, text.count("\n", 0, max(text.find(source), 0)))
                    for (name, source), (_, new) in zip(inline, rewritten, strict=True)
                ),
                warnings,
            )
        except (wasmtime.Trap, wasmtime.WasmtimeError, UnicodeDecodeError) as error:
            raise TemplateTrap(str(error).splitlines()[0]) from None

    def replace_inline(self, path: str, scripts: Sequence[tuple[str, str]]) -> str:
        """Give inline WXS modules (name, new source) of the template last compiled at `path`; returns its new code."""
        for name, source in scripts:
            self._call("tmpl_group_set_inline_script", self._group, *self._put(path, name, source))
        return self._string("tmpl_group_get_tmpl_gen_object", path)

    def runtime(self) -> str:
        """Declarations of the variables that templates and WXS modules use."""
        self._call("tmpl_group_add_script", self._group, *self._put("x", ""))
        return self._string("tmpl_group_get_runtime_string")

    # ---- calls

    def _imports(self, path: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._strings("tmpl_group_get_direct_dependencies", path)))

    def _scripts(self, path: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._strings("tmpl_group_get_script_dependencies", path)))

    def _add(self, path: str, text: str) -> tuple[TemplateWarning, ...]:
        buffer, count = self._returned("tmpl_group_add_tmpl", path, text)
        found = tuple(self._warning(buffer + 28 * index) for index in range(min(count, MAX_WARNINGS)))
        if count:
            self._call("tmpl_parse_warning_array_free", self._result)
        return found

    def _warning(self, at: int) -> TemplateWarning:
        # struct {StrRef message; u8 level; u32 start_line, start_col, end_line, end_col}
        message, length, level, line, column = struct.unpack("<IIBxxxII", self._read(at, 20))
        return TemplateWarning(self._read(message, length).decode(), level, line, column)

    def _inline(self, path: str) -> list[tuple[str, str]]:
        names = self._strings("tmpl_group_get_inline_script_module_names", path)
        return [(name, self._string("tmpl_group_get_inline_script", path, name)) for name in names]

    def _string(self, function: str, *arguments: str) -> str:
        buffer, length = self._returned(function, *arguments)
        value = self._read(buffer, length).decode()
        if length:
            self._call("__wbindgen_free", buffer, length, 1)
        return value

    def _strings(self, function: str, *arguments: str) -> list[str]:
        buffer, count = self._returned(function, *arguments)
        pairs = [struct.unpack("<II", self._read(buffer + 8 * index, 8)) for index in range(count)]
        found = [self._read(at, length).decode() for at, length in pairs]
        if count:
            self._call("str_ref_array_free", self._result)
        return found

    def _returned(self, function: str, *arguments: str) -> tuple[int, int]:
        """Call a function of the group that returns a struct of two words."""
        self._call(function, self._result, self._group, *self._put(*arguments))
        first, second = struct.unpack("<II", self._read(self._result, 8))
        return first, second

    def _put(self, *texts: str) -> list[int]:
        """Put strings into the module's memory until the next call of this; pointers and lengths, alternating."""
        data = [text.encode("utf-8", "replace") for text in texts]
        size = sum(map(len, data)) or 1
        if size > self._room:
            if self._room:
                self._call("__wbindgen_free", self._arguments, self._room, 1)
            self._room = max(size * 2, 1 << 16)
            self._arguments = self._call("__wbindgen_malloc", self._room, 1)
        self._write(self._arguments, b"".join(data))
        places: list[int] = []
        at = self._arguments
        for part in data:
            places += (at, len(part))
            at += len(part)
        return places

    def _call(self, function: str, *arguments: int) -> int:
        if (known := self._functions.get(function)) is None:
            known = self._functions[function] = _Function(self._store, self._exports[function])
        return known(*arguments)

    def _read(self, at: int, length: int) -> bytes:
        return ctypes.string_at(self._address(at, length), length)

    def _write(self, at: int, data: bytes) -> None:
        ctypes.memmove(self._address(at, len(data)), data, len(data))

    def _address(self, at: int, length: int) -> int:
        """Where a piece of the module's memory is now; its own read() and write() are several times slower."""
        if at < 0 or at + length > self._memory.data_len(self._store):
            raise wasmtime.WasmtimeError("the template compiler's answer is outside its memory")
        return ctypes.addressof(self._memory.data_ptr(self._store).contents) + at


class _Function:
    """An export over numbers of 32 bits. The library's own call looks at types anew each time, ten times as slow."""

    def __init__(self, store: wasmtime.Store, function: wasmtime.Func) -> None:
        kind = function.type(store)
        self._store, self._function = store, function
        self._arguments = (ffi.wasmtime_val_t * len(kind.params))()
        self._results = (ffi.wasmtime_val_t * len(kind.results))()
        for argument in self._arguments:
            argument.kind = ffi.WASMTIME_I32

    def __call__(self, *arguments: int) -> int:
        """The first result, 0 if there is none. Raises Trap or WasmtimeError."""
        for place, value in zip(self._arguments, arguments, strict=True):
            place.of.i32 = value
        count = len(self._results)
        with enter_wasm(self._store) as trap:
            error = ffi.wasmtime_func_call(
                self._store._context(), self._function._func, self._arguments, len(arguments),
                self._results, count, trap,
            )  # fmt: skip
            if error:
                raise wasmtime.WasmtimeError._from_ptr(error)
        return int(self._results[0].of.i32) if count else 0


def _stub(store: wasmtime.Store, imported: wasmtime.ImportType) -> wasmtime.Func:
    """The imports serve the JavaScript binding and panics; the C exports need none of them."""
    kind = imported.type
    assert isinstance(kind, wasmtime.FuncType)
    if imported.name == "__wbindgen_throw":

        def throw(*_: int) -> None:
            raise wasmtime.WasmtimeError("the template compiler panicked")

        return wasmtime.Func(store, kind, throw)
    answer = 0 if kind.results else None
    return wasmtime.Func(store, kind, lambda *_: answer)


# ---- the compiled module ---------------------------------------------------------------------------------------


@cache
def _module() -> tuple[wasmtime.Engine, wasmtime.Module]:
    wasm = vendored("template_compiler.wasm").read_bytes()
    engine = wasmtime.Engine()
    kept = cache_folder() / f"template-compiler-{hashlib.sha256(wasm).hexdigest()[:32]}.bin"
    # code of another version of wasmtime is refused
    with suppress(OSError, wasmtime.WasmtimeError):
        if code := _kept(kept):
            return engine, wasmtime.Module.deserialize(engine, code)
    module = wasmtime.Module(engine, wasm)
    with suppress(OSError):
        _keep(kept, bytes(module.serialize()))
    return engine, module


def cache_folder() -> Path:
    """`EDEN_CACHE`, else `eden` in the user's cache folder."""
    if own := os.environ.get("EDEN_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "eden"


def _kept(path: Path) -> bytes | None:
    """Machine code kept earlier; None if it is damaged or others could have written it (loading it is trusting it)."""
    if hasattr(os, "getuid"):
        state = path.parent.stat()
        if state.st_uid != os.getuid() or state.st_mode & 0o022:
            return None
    data = path.read_bytes()
    digest, code = data[:32], data[32:]
    return code if hashlib.sha256(code).digest() == digest else None


def _keep(path: Path, code: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise
