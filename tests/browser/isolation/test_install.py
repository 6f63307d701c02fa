"""Packages are kept: offline starts, updates, damaged stores, subpackages on demand."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.isolation.conftest import Phone
from tests.browser.isolation.packages import write_package
from tests.browser.server import TestServer

SUBPACKAGE = {
    "code/config.json": '{"components":{}}',
    "code/scripts.js": "eden.show('independent')",
    "files/sub/a.txt": "text",
}


@pytest.mark.parametrize("storage", ["cache", "indexeddb"])
def test_a_second_start_works_offline(
    phone: Callable[..., Phone],
    server: TestServer,
    tmp_path: Path,
    expect_console: Callable[[str], None],
    storage: str,
) -> None:
    expect_console("404|ERR_")
    folder = write_package(tmp_path / "kept", "eden.show('kept')")
    address = server.folder("/kept/", folder)
    one = phone(storage=storage)
    one.open(address)
    one.wait_for("painted")
    # The embedding page comes again; the package's and the container's servers are gone.
    shutil.rmtree(folder)
    server.answer("/_runtime/runtime.js", "gone", status=404)
    again = phone(storage=storage)
    again.open(address)
    again.wait_for("painted")
    assert again.frame.inner_text("body") == "kept"
    assert again.seen("crash") == []


def test_memory_keeps_nothing(
    phone: Callable[..., Phone], server: TestServer, tmp_path: Path, expect_console: Callable[[str], None]
) -> None:
    expect_console("404")
    folder = write_package(tmp_path / "gone", "eden.call('storageWrite', {set: {a: '1'}, remove: []})")
    address = server.folder("/gone/", folder)
    one = phone(storage="memory")
    one.open(address)
    one.wait_for("painted")
    shutil.rmtree(folder)
    again = phone(storage="memory")
    again.open(address)
    assert again.wait_for("crash")["fault"] == "download"
    assert again.page.evaluate("caches.keys()") == []
    assert again.page.evaluate("indexedDB.databases()") == []


def test_a_damaged_store_is_fetched_again(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    address = packages("eden.show('whole')")
    one = phone(storage="cache")
    one.open(address)
    one.wait_for("painted")
    one.page.evaluate("""async () => {
      const cache = await caches.open('eden-packages-1')
      for (const key of await cache.keys()) {
        if (decodeURIComponent(key.url).includes('sha256:')) await cache.put(key, new Response('damaged'))
      }
    }""")
    again = phone(storage="cache")
    again.open(address)
    again.wait_for("painted")
    assert again.frame.inner_text("body") == "whole"


def test_an_update_is_installed_while_the_old_version_runs(
    phone: Callable[..., Phone], server: TestServer, tmp_path: Path
) -> None:
    folder = write_package(tmp_path / "app", "eden.show('version 1')", version="1.0.0")
    address = server.folder("/app/", folder)
    one = phone(storage="cache")
    one.open(address)
    one.wait_for("painted")
    script = """
      eden.show('version ' + eden.boot.manifest.version.name)
      addEventListener('click', () => eden.call('applyUpdate'))
    """
    write_package(folder, script, version="2.0.0")

    again = phone(storage="cache")
    again.open(address)
    again.wait_for("painted")
    assert again.frame.inner_text("body") == "version 1"
    assert again.wait_for("update")["version"] == "2.0.0"
    again.open(address, fresh=True)
    again.wait_for("painted", 2)
    assert again.frame.inner_text("body") == "version 2.0.0"

    write_package(folder, script, version="3.0.0")
    third = phone(storage="cache")
    third.open(address)
    third.wait_for("update")
    assert third.frame.inner_text("body") == "version 2.0.0"
    third.frame.click("body")
    third.wait_for("painted", 2)
    assert third.frame.inner_text("body") == "version 3.0.0"


def test_a_damaged_update_is_not_installed(phone: Callable[..., Phone], server: TestServer, tmp_path: Path) -> None:
    folder = write_package(tmp_path / "app", "eden.show('good')")
    address = server.folder("/app/", folder)
    one = phone(storage="cache")
    one.open(address)
    one.wait_for("painted")
    write_package(folder, "eden.show('evil')", version="2.0.0")
    archive = folder / "main.zip"
    archive.write_bytes(archive.read_bytes().replace(b"evil", b"EVIL"))

    again = phone(storage="cache")
    again.open(address)
    again.wait_for("painted")
    again.page.wait_for_function("host.current.frame")
    again.frame.wait_for_function("true")
    again.page.wait_for_timeout(500)
    assert again.seen("update") == []
    third = phone(storage="cache")
    third.open(address)
    third.wait_for("painted")
    assert third.frame.inner_text("body") == "good"


def test_subpackages_on_demand(phone: Callable[..., Phone], packages: Callable[..., str], server: TestServer) -> None:
    script = """
      const names = ['sub', 'sub', 'maps', 'nothing', 'main', '__proto__']
      Promise.all(names.map((name) => eden.call('loadPackage', { name }).then(
        ({ files }) => name + ': ' + Object.keys(files).join(' '), ({ reason }) => name + ': ' + reason,
      ))).then((lines) => eden.post({ kind: 'log', level: 'log', args: [lines] }))
    """
    one = phone()
    one.open(
        packages(script, parts={"sub": ("sub", False, SUBPACKAGE), "maps": ("", False, {"main/scripts.js.map": "{}"})})
    )
    one.wait_for("log")
    assert one.logged() == [
        [
            "sub: code/config.json code/scripts.js files/sub/a.txt",
            "sub: code/config.json code/scripts.js files/sub/a.txt",
            "maps: package maps not found",
            "nothing: package nothing not found",
            "main: code/config.json code/scripts.js code/styles.json",
            "__proto__: package __proto__ not found",
        ]
    ]
    assert [path for path in server.requests if path.endswith("maps.zip")] == []


def test_an_independent_subpackage_starts_alone(
    phone: Callable[..., Phone], packages: Callable[..., str], server: TestServer
) -> None:
    one = phone()
    one.open(packages("eden.show('main')", parts={"own": ("own", True, SUBPACKAGE)}), path="own/page?x=1")
    one.wait_for("painted")
    assert one.frame.inner_text("body") == "independent"
    assert [path.rsplit("/", 1)[1] for path in server.requests if path.endswith(".zip")] == ["own.zip"]


def test_chunks_of_the_container(
    phone: Callable[..., Phone],
    packages: Callable[..., str],
    server: TestServer,
    expect_console: Callable[[str], None],
) -> None:
    expect_console("404")
    server.answer("/_runtime/chunks/editor.js", "the editor", "text/javascript")
    script = """
      const names = ['editor', 'missing', '../runtime', 'https://example.com/x', 5, '']
      const load = (name) => eden.call('loadChunk', { name }).then(({ text }) => text, ({ reason }) => reason)
      Promise.all(names.map(load))
        .then((lines) => eden.post({ kind: 'log', level: 'log', args: [lines] }))
    """
    one = phone()
    one.open(packages(script))
    one.wait_for("log")
    missing = "chunk missing could not be loaded"
    assert one.logged() == [["the editor", missing, "no such chunk", "no such chunk", "no such chunk", "no such chunk"]]


def test_storage_lasts_and_is_each_programs_own(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    script = """
      eden.show(JSON.stringify(eden.boot.storage))
      eden.call('storageWrite', { set: { key: '"' + eden.boot.appId + '"' }, remove: ['old'] })
        .then(() => eden.post({ kind: 'log', level: 'log', args: ['written'] }))
    """
    first, second = packages(script, app_id="first"), packages(script, app_id="second")
    one = phone(storage="indexeddb")
    one.open(first)
    one.wait_for("log")
    one.open(second)
    one.wait_for("log", 2)
    assert one.frame.inner_text("body") == "{}"
    again = phone(storage="indexeddb")
    again.open(first)
    again.wait_for("painted")
    expect(again.page.frame_locator("iframe[title=Test]").frame_locator("iframe").locator("body")).to_have_text(
        '{"key":"\\"first\\""}'
    )
