"""Source maps of versions become known: when they are uploaded, and later."""

from __future__ import annotations

import asyncio
import io
import zipfile
from functools import partial

import msgspec

from eden.base.catalogue import VersionInfo
from eden.base.changes import Change, append
from eden.observe.crashes.document import ErrorDocument
from eden.observe.crashes.prepare import UPLOADED, Preparation
from eden.observe.crashes.stacks import parse
from eden.observe.crashes.symbols import Symbols
from tests.observe.stage import Stage

MAP = {"version": 3, "sources": ["pages/a.ts"], "names": [], "mappings": "AAAA", "sourcesContent": ["tap()"]}


def archive() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("main/scripts.js.map", msgspec.json.encode(MAP))
    return data.getvalue()


def place(stage: Stage, app: int, code: int) -> str:
    document = ErrorDocument(id="0", at=1.0, exceptions=parse("E: x\n    at t (eden://program/main/scripts.js:1:1)"))
    return Symbols.of(stage.ground).apply(app, code, document).exceptions[0].frames[0].file


def test_versions_that_were_there_before(stage: Stage) -> None:
    preparation = Preparation(stage.ground, lambda: stage.at)
    digest = stage.run(stage.ground.blobs.put_content(archive()))
    stage.shelf.maps = {("bank", 13): digest, ("shop", 12): digest}
    assert place(stage, 1, 13) == "eden://program/main/scripts.js"
    stage.run(preparation.all())
    assert (place(stage, 1, 13), place(stage, 2, 12)) == ("pages/a.ts", "pages/a.ts")
    # versions without maps are looked for again
    assert place(stage, 1, 12) == "eden://program/main/scripts.js"
    stage.shelf.maps["bank", 12] = digest
    assert stage.run(preparation.prepare(1)) == 1
    assert stage.run(preparation.prepare(1)) == 0
    assert stage.run(preparation.prepare(99)) == 0
    assert place(stage, 1, 12) == "pages/a.ts"


def test_a_version_that_is_uploaded(stage: Stage) -> None:
    async def upload() -> None:
        ground = stage.ground
        Preparation(ground, lambda: stage.at).start()
        await ground.feed.start()
        digest = await ground.blobs.put_content(archive())
        stage.shelf.all_versions = [VersionInfo(20, "2.0", 0)]
        stage.shelf.maps = {("bank", 20): digest}
        heard = asyncio.Event()

        async def hear(_: Change) -> None:
            heard.set()

        ground.feed.listen("test.end", hear)
        for kind, key in ((UPLOADED, "nothing"), (UPLOADED, "bank"), ("test.end", "")):
            await ground.database.write(partial(append, kind=kind, workspace_id="w", payload={"program": key}))
        await heard.wait()
        await ground.feed.stop()

    stage.run(upload())
    assert place(stage, 1, 20) == "pages/a.ts"
