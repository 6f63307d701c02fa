"""Source maps on the server: those of the bank's real package under a real error, and all that may be missing."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eden.base.tools import node
from eden.build.service import Builder
from eden.observe.crashes.document import ErrorDocument
from eden.observe.crashes.stacks import parse
from eden.observe.crashes.symbols import Symbols

BANK = Path(__file__).parents[3] / "apps/bank/miniprogram"

#: Runs the package's script as the container's runtime does (an indirect eval under the script's name) and prints the
#: stacks of two errors: one thrown behind a request, one by a module that is given a wrong value.
RUN = """
const modules = {}, loaded = {}
globalThis.eden = { define: (path, body) => { modules[path] = body } }
globalThis.wx = new Proxy({ request: (options) => options.fail({}), getStorageSync: () => '' },
  { get: (target, name) => target[name] ?? (() => ({ language: 'en' })) })
let text = ''
process.stdin.on('data', (piece) => { text += piece }).on('end', () => {
  (0, eval)(`${text}\\n//# sourceURL=eden://program/main/scripts.js`)
  const load = (path) => {
    if (loaded[path]) return loaded[path].exports
    const module = loaded[path] = { exports: {} }
    const near = (name) => load(new URL(name.endsWith('.js') ? name : `${name}.js`, `file:///${path}`).pathname.slice(1))
    modules[path](near, module, module.exports)
    return module.exports
  }
  load('utils/api.js').call('account.overview.get').catch((offline) => {
    let wrong
    try { load('utils/money.js').format(Symbol('1')) } catch (error) { wrong = error }
    console.log(JSON.stringify([offline.stack, wrong.stack]))
  })
})
"""


@pytest.fixture(scope="module")
def bank() -> dict[str, bytes]:
    return Builder(BANK).build().files()


@pytest.fixture(scope="module")
def stacks(bank: dict[str, bytes]) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(bank["main.zip"])) as archive:
        scripts = archive.read("code/scripts.js")
    ran = subprocess.run([str(node()), "-e", RUN], input=scripts, capture_output=True, check=True)
    return list(json.loads(ran.stdout))


def document(stack: str) -> ErrorDocument:
    return ErrorDocument(id="1" * 32, at=1.0, platform="javascript", exceptions=parse(stack))


def symbols(archive: bytes | None, **more: Any) -> Symbols:
    return Symbols(lambda app, code: "a" * 64 if (app, code) == (1, 7) else None, lambda sha256: archive, **more)


def test_the_banks_error_is_shown_in_its_source(bank: dict[str, bytes], stacks: list[str]) -> None:
    offline = symbols(bank["maps.zip"]).apply(1, 7, document(stacks[0]))
    source = (BANK / "utils/api.js").read_text().splitlines()
    frame = offline.exceptions[0].frames[0]
    assert (frame.file, frame.function, frame.in_app) == ("utils/api.js", "Object.call", True)
    assert source[frame.line - 1] == frame.source == "  if (!statusCode) throw new ApiError('offline', t('offline'))"
    assert source[frame.line - 1][frame.column - 1 :].startswith("new ApiError")
    assert frame.before == source[frame.line - 6 : frame.line - 1]
    assert frame.after == source[frame.line : frame.line + 5]
    assert frame.ran.startswith("main/scripts.js:")
    assert offline.notes == []
    wrong = symbols(bank["maps.zip"]).apply(1, 7, document(stacks[1])).exceptions[0]
    assert wrong.type == "TypeError"
    inner = wrong.frames[0]
    assert inner.file == "utils/money.js"
    assert (BANK / "utils/money.js").read_text().splitlines()[inner.line - 1] == inner.source


PLAIN: dict[str, Any] = {"version": 3, "sources": ["pages/a.ts"], "names": ["tapped"], "mappings": "AAAA,UAAAA;AACA"}


def archive(**maps: Any) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name, content in maps.items():
            text = content if isinstance(content, bytes) else msgspec.json.encode(content)
            file.writestr(f"{name}/scripts.js.map", text)
    return data.getvalue()


def test_a_minified_name_is_the_callers_name_for_it() -> None:
    stack = "E: x\n    at t (eden://program/main/scripts.js:2:1)\n    at longer (eden://program/main/scripts.js:1:11)"
    frames = symbols(archive(main=PLAIN)).apply(1, 7, document(stack)).exceptions[0].frames
    assert [frame.function for frame in frames] == ["tapped", "longer"]


def test_a_library_is_not_the_program() -> None:
    stack = "E: x\n    at t (eden://program/main/scripts.js:1:1)"
    map_ = PLAIN | {"sources": ["miniprogram_npm/dayjs/index.js"]}
    assert symbols(archive(main=map_)).apply(1, 7, document(stack)).exceptions[0].frames[0].in_app is False


def damaged(place: int, value: int) -> bytes:
    """A packed archive with another byte at `place` of its map's content (or, below 0, encrypted by its flags)."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("main/scripts.js.map", json.dumps(PLAIN))
    content = bytearray(data.getvalue())
    if place < 0:
        content[6] |= 1
        content[content.index(b"PK\x01\x02") + 8] |= 1
    else:
        content[30 + len("main/scripts.js.map") + place] = value
    return bytes(content)


@pytest.mark.parametrize(
    ("app", "code", "given", "note"),
    [
        (1, 0, b"", "The version was not said, so no source map could be applied."),
        (1, 8, b"", "There is no source map of version 8."),
        (2, 7, b"", "There is no source map of version 7."),
        (1, 7, None, "There is no usable source map of the package main of version 7."),
        (1, 7, b"PK no archive", "There is no usable source map of the package main of version 7."),
        (1, 7, archive(other=PLAIN), "There is no usable source map of the package main of version 7."),
        (1, 7, damaged(0, 0xFF), "There is no usable source map of the package main of version 7."),
        (1, 7, damaged(-1, 0), "There is no usable source map of the package main of version 7."),
        (1, 7, archive(main=b"{"), "There is no usable source map of the package main of version 7."),
        (
            1,
            7,
            archive(main=PLAIN | {"mappings": "!"}),
            "There is no usable source map of the package main of version 7.",
        ),
    ],
)
def test_missing_maps_are_said(app: int, code: int, given: bytes | None, note: str) -> None:
    stack = "E: x\n    at t (eden://program/main/scripts.js:1:1)\n    at u (eden://program/main/scripts.js:1:2)"
    found = symbols(given).apply(app, code, document(stack))
    assert found.notes == [note]
    assert found.exceptions[0].frames[0].file == "eden://program/main/scripts.js"


def test_stacks_without_the_programs_scripts_need_no_maps() -> None:
    found = symbols(None).apply(1, 8, document("E: x\n    at t (https://example.com/a.js:1:1)"))
    assert found.notes == []


def test_a_place_that_nobody_wrote_stays() -> None:
    found = symbols(archive(main=PLAIN)).apply(1, 7, document("E: x\n    at t (eden://program/main/scripts.js:9:1)"))
    assert (found.exceptions[0].frames[0].file, found.notes) == ("eden://program/main/scripts.js", [])


def test_maps_that_come_later_are_found_after_a_while() -> None:
    now, archives = [0.0], dict[int, str]()
    found = Symbols(lambda _, code: archives.get(code), lambda _: archive(main=PLAIN), clock=lambda: now[0])
    stack = "E: x\n    at t (eden://program/main/scripts.js:1:1)"
    assert found.apply(1, 7, document(stack)).notes
    archives[7] = "a" * 64
    now[0] = 9.0
    assert found.apply(1, 7, document(stack)).notes
    now[0] = 10.0
    assert found.apply(1, 7, document(stack)).exceptions[0].frames[0].file == "pages/a.ts"


def test_what_is_held_is_bounded() -> None:
    loads: list[str] = []

    def load(sha256: str) -> bytes:
        loads.append(sha256)
        return archive(main=PLAIN)

    size = len(msgspec.json.encode(PLAIN)) * 2
    found = Symbols(lambda _, code: str(code), load, held_bytes=size * 2)

    def ask(code: int, column: int) -> None:
        place = f"E: x\n    at t (eden://program/main/scripts.js:1:{column})"
        assert found.apply(1, code, document(place)).exceptions[0].frames[0].file == "pages/a.ts"

    for code, column in [(1, 1), (2, 1), (1, 2), (3, 1), (1, 3)]:
        ask(code, column)
    # two fit; the one that was used last stays
    assert loads == ["1", "2", "3"]
    ask(2, 2)
    assert loads == ["1", "2", "3", "2"]
