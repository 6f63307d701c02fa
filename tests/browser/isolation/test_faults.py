"""Programs that hang, crash or cannot be had: a page names the fault, and the phone goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.isolation.conftest import Phone

HANGS = {
    "at once": "for (;;) {}",
    "later": "setTimeout(() => { for (;;) {} }, 300)",
    "in promises": "(function loop() { Promise.resolve().then(loop) })()",
    "with messages": "setTimeout(() => { for (;;) { const t = Date.now(); while (Date.now() - t < 20); "
    "eden.post({ kind: 'pong', seq: 999 }) } })",
}


@pytest.mark.parametrize("kind", HANGS)
def test_an_endless_loop_is_ended(
    phone: Callable[..., Phone], packages: Callable[..., str], harmless: str, kind: str
) -> None:
    one = phone(hangLimit=2000)
    one.open(packages(HANGS[kind], name="Loop"))
    assert one.wait_for("crash")["fault"] == "hung"
    expect(one.page.get_by_role("alert")).to_have_text("Not responding")
    expect(one.page.get_by_text("“Loop” did not respond")).to_be_visible()
    one.is_usable(harmless)


def test_restart_after_a_hang(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    one = phone(hangLimit=2000)
    one.open(packages("eden.show('first page'); setTimeout(() => { for (;;) {} }, 1000)"))
    one.wait_for("crash")
    one.page.get_by_role("button", name="Restart").click()
    one.wait_for("painted", 2)
    one.wait_for("crash", 2)
    one.page.get_by_role("button", name="Close", exact=True).last.click()
    expect(one.page.get_by_text("No mini program is open")).to_be_visible()


def test_a_busy_program_is_left_alone(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    script = """
      setInterval(() => { const t = Date.now(); while (Date.now() - t < 400); }, 450)
      setTimeout(() => eden.post({ kind: 'log', level: 'log', args: ['alive'] }), 5000)
    """
    one = phone(hangLimit=2000)
    one.open(packages(script))
    one.wait_for("log")
    assert one.seen("crash") == []


def test_a_crash_at_start(phone: Callable[..., Phone], packages: Callable[..., str], harmless: str) -> None:
    """The tiny runtime tells its route before the script runs, so this script also takes the route back."""
    script = "eden.post({ kind: 'route', stack: [] }); throw new TypeError('no such thing')"
    one = phone()
    one.open(packages(script, name="Broken"))
    crash = one.wait_for("crash")
    assert crash["fault"] == "start"
    assert "no such thing" in crash["message"]
    expect(one.page.get_by_role("alert")).to_have_text("Did not start")
    expect(one.page.get_by_text("TypeError: no such thing")).to_be_visible()
    one.is_usable(harmless)


def test_a_runtime_that_cannot_be_loaded(
    phone: Callable[..., Phone], packages: Callable[..., str], expect_console: Callable[[str], None]
) -> None:
    expect_console("404")
    one = phone(runtimeUrl="/_runtime/missing.js")
    one.open(packages(""))
    assert one.wait_for("crash")["fault"] == "start"
    expect(one.page.get_by_role("button", name="Try again")).to_be_visible()


def test_a_missing_package_and_retry(
    phone: Callable[..., Phone],
    packages: Callable[..., str],
    expect_console: Callable[[str], None],
    tmp_path: Path,
) -> None:
    expect_console("404")
    address = packages("eden.show('there')")
    manifest = tmp_path / "1" / "manifest.json"
    text = manifest.read_text()
    manifest.unlink()
    one = phone()
    one.open(address)
    assert one.wait_for("crash")["fault"] == "download"
    expect(one.page.get_by_text("manifest.json: the server answered 404")).to_be_visible()
    manifest.write_text(text)
    one.page.get_by_role("button", name="Try again").click()
    one.wait_for("painted")
    assert one.frame.inner_text("body") == "there"


def _with_manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        change(manifest)
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return apply


def _patch(file: str, old: bytes, new: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_bytes((folder / file).read_bytes().replace(old, new))


DAMAGE: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "one byte": (_patch("main.zip", b"harmful", b"harmfuL"), "hash", "main.zip: is not what the manifest names"),
    "cut off": (
        lambda folder: (folder / "main.zip").write_bytes((folder / "main.zip").read_bytes()[:-1]),
        "hash",
        "main.zip: has ",
    ),
    "longer": (
        lambda folder: (folder / "main.zip").write_bytes((folder / "main.zip").read_bytes() + b"x"),
        "hash",
        "main.zip: has more than",
    ),
    "a file's hash": (
        _with_manifest(lambda m: m["packages"][0]["files"][0].update(sha256="0" * 64)),
        "hash",
        "main.zip/code/config.json: is not what the manifest names",
    ),
    "a file too many": (
        _with_manifest(lambda m: m["packages"][0]["files"].pop()),
        "archive",
        "main.zip: code/styles.json is not in the manifest",
    ),
    "not JSON": (
        lambda folder: (folder / "manifest.json").write_text("<html>"),
        "manifest",
        "manifest.json: is not JSON",
    ),
    "newer format": (_with_manifest(lambda m: m.update(format=2)), "version", "has format 2"),
    "newer container": (
        _with_manifest(lambda m: m.update(platform_version={"min_code": 99})),
        "version",
        "needs platform version 99",
    ),
    "a path out": (
        _with_manifest(lambda m: m["packages"][0].update(file="../other.zip")),
        "manifest",
        "packages[0].file must be a file name",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_packages_do_not_run(
    phone: Callable[..., Phone], packages: Callable[..., str], harmless: str, tmp_path: Path, damage: str
) -> None:
    break_it, fault, message = DAMAGE[damage]
    address = packages("eden.show('harmful')")
    break_it(tmp_path / "2")
    one = phone()
    one.open(address)
    crash = one.wait_for("crash")
    assert crash["fault"] == fault
    assert message in crash["message"]
    expect(one.page.get_by_text(message)).to_be_visible()
    one.is_usable(harmless)


def test_a_package_of_another_program_is_refused(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    one = phone()
    one.open(packages("", app_id="thief"), appId="bank")
    assert "is of thief, not of bank" in one.wait_for("crash")["message"]
