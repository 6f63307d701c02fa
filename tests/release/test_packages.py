"""What is a version of a program, by kind, and what is refused."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eden.base.problems import Problem
from eden.release.archive import Limits
from eden.release.inspection import inspect
from eden.release.interfaces import ProgramKind
from eden.release.packages import H5Fields, NativeRange, NativeRecord, NativeText, Package, UploadFields
from eden.release.uploads import STALE_SECONDS, Uploads
from tests.release import samples


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., Package]:
    def look(kind: ProgramKind, data: bytes | None, fields: UploadFields | None = None) -> Package:
        path = None
        if data is not None:
            path = tmp_path / "body"
            path.write_bytes(data)
        return inspect(kind, path, fields or UploadFields(), Limits())

    return look


Look = Callable[..., Package]


def test_a_mini_program_is_what_its_manifest_says(look: Look) -> None:
    files = samples.miniprogram_files(version="1.2.3", code=10203, container=4)
    package = look(ProgramKind.MINIPROGRAM, samples.stored_zip(files))
    assert (package.app_id, package.name, package.code, package.container) == ("wxbank", "1.2.3", 10203, 4)
    assert [(stored.name, stored.served) for stored in package.files] == [
        ("manifest.json", True),
        ("main.zip", True),
        ("maps.zip", False),
    ]
    for stored in package.files:
        assert stored.path.read_bytes() == files[stored.name]
        assert (stored.size, stored.sha256) == (len(files[stored.name]), samples.sha256(files[stored.name]))
    assert [path for path, _, _ in package.files[1].entries] == [
        "code/config.json",
        "code/scripts.js",
        "files/logo.png",
    ]
    assert package.size == len(files["manifest.json"]) + len(files["main.zip"])
    assert "files" not in package.manifest["packages"][0]


def test_the_digest_is_that_of_the_content(look: Look) -> None:
    first = look(ProgramKind.MINIPROGRAM, samples.miniprogram()).digest
    assert look(ProgramKind.MINIPROGRAM, samples.miniprogram()).digest == first
    assert look(ProgramKind.MINIPROGRAM, samples.miniprogram(scripts=b"other")).digest != first


def broken(change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> bytes:
    files = samples.miniprogram_files()
    manifest = json.loads(files["manifest.json"])
    change(manifest, files)
    if "manifest.json" in files:
        files["manifest.json"] = json.dumps(manifest).encode()
    return samples.stored_zip(files)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda manifest, files: files.pop("manifest.json"), "no manifest.json"),
        (lambda manifest, files: files.pop("main.zip"), "names main.zip, which is not there"),
        (lambda manifest, files: files.update({"extra.js": b"1"}), "holds extra.js, which its manifest does not name"),
        (lambda manifest, files: manifest.update(format=2), "format is 2"),
        (lambda manifest, files: manifest.update(app_id="a\0b"), "app id is no text"),
        (lambda manifest, files: manifest.update(pages=["p" * 100] * 6_000), "more than 500,000 bytes"),
        (lambda manifest, files: manifest.pop("version"), "manifest.json cannot be used"),
        (lambda manifest, files: manifest["version"].update(name="latest"), "version is 'latest'"),
        (lambda manifest, files: manifest["packages"][0].update(sha256="0" * 64), "main.zip is not what"),
        (lambda manifest, files: manifest["packages"][0].update(size=1), "main.zip is not what"),
        (lambda manifest, files: manifest["packages"][0]["files"].pop(), "main.zip does not hold the files"),
        (lambda manifest, files: manifest["packages"][0].update(file="../main.zip"), "names a file '../main.zip'"),
        (lambda manifest, files: manifest["packages"].append(manifest["packages"][0] | {"name": "x"}), "just once"),
        (lambda manifest, files: manifest["packages"][0].update(name="other"), "begin with the package main"),
        (lambda manifest, files: manifest["packages"].reverse(), "begin with the package main"),
        (lambda manifest, files: manifest["packages"][1].update(name="main"), "two packages of one name"),
    ],
)
def test_packages_that_contradict_themselves_are_refused(look: Look, change: Any, sentence: str) -> None:
    with pytest.raises(Problem) as caught:
        look(ProgramKind.MINIPROGRAM, broken(change))
    assert caught.value.code == "bad-package"
    assert sentence in caught.value.sentence


def test_a_manifest_without_an_end_of_brackets_is_refused(look: Look) -> None:
    files = samples.miniprogram_files()
    manifest = files["manifest.json"].rstrip().removesuffix(b"}")
    files["manifest.json"] = manifest + b',"more":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(Problem) as caught:
        look(ProgramKind.MINIPROGRAM, samples.stored_zip(files))
    assert caught.value.code == "bad-package"


def test_an_unsafe_archive_inside_is_refused(look: Look) -> None:
    def change(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        files["main.zip"] = samples.stored_zip({"../up": b"1"})
        part = manifest["packages"][0]
        part.update(size=len(files["main.zip"]), sha256=samples.sha256(files["main.zip"]), files=[])

    with pytest.raises(Problem, match=r"main\.zip: \.\./up has a part") as caught:
        look(ProgramKind.MINIPROGRAM, broken(change))
    assert caught.value.code == "unsafe-archive"


def test_compressed_archives_inside_are_refused(look: Look) -> None:
    """No phone reads them; and many small bombs would be one large bomb."""

    def change(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("code/scripts.js", bytes(12_000))
        files["main.zip"] = packed.getvalue()
        inside = {"path": "code/scripts.js", "size": 12_000, "sha256": samples.sha256(bytes(12_000))}
        part = manifest["packages"][0]
        part.update(size=len(files["main.zip"]), sha256=samples.sha256(files["main.zip"]), files=[inside])

    with pytest.raises(Problem, match=r"main\.zip is compressed") as caught:
        look(ProgramKind.MINIPROGRAM, broken(change))
    assert caught.value.code == "bad-package"


def test_archives_inside_share_one_limit(tmp_path: Path) -> None:
    """Three files in main.zip and one in maps.zip."""
    body = tmp_path / "body"
    body.write_bytes(samples.miniprogram())
    assert inspect(ProgramKind.MINIPROGRAM, body, UploadFields(), Limits(entries=4)).code == 10000
    with pytest.raises(Problem, match=r"maps\.zip has 1 entries; 0 are allowed") as caught:
        inspect(ProgramKind.MINIPROGRAM, body, UploadFields(), Limits(entries=3))
    assert caught.value.code == "unsafe-archive"


def test_fields_must_not_contradict_the_manifest(look: Look) -> None:
    assert look(ProgramKind.MINIPROGRAM, samples.miniprogram(), UploadFields(version="1.0.0")).name == "1.0.0"
    with pytest.raises(Problem, match=r"manifest says 1\.0\.0, the upload says 2\.0\.0"):
        look(ProgramKind.MINIPROGRAM, samples.miniprogram(), UploadFields(version="2.0.0"))


H5 = H5Fields(virtual_host="shop.h5.example", fallback_url="https://shop.example/app/")


def test_a_web_application(look: Look) -> None:
    taken = samples.stored_zip({"index.html": b"x", ".eden/worker.js": b"evil()"})
    with pytest.raises(Problem, match=r"It holds \.eden/worker\.js"):
        look(ProgramKind.H5, taken, UploadFields(version="2.1.3", h5=H5))
    package = look(ProgramKind.H5, samples.h5(), UploadFields(version="2.1.3", h5=H5))
    assert (package.name, package.code, [stored.name for stored in package.files]) == ("2.1.3", 20103, ["package.zip"])
    assert package.manifest == {"h5": {"virtual_host": "shop.h5.example", "fallback_url": "https://shop.example/app/"}}
    assert package.files[0].sha256 == samples.sha256(samples.h5())
    assert [path for path, _, _ in package.files[0].entries] == ["index.html", "js/app.js"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (UploadFields(version="1.0.0"), "h5"),
        (UploadFields(h5=H5), "version"),
        (UploadFields(version="1.0.0.1", h5=H5), "code"),
        (UploadFields(version="1.100.0", h5=H5), "code"),
        (UploadFields(version="1", h5=H5Fields(virtual_host="Shop", fallback_url="https://a.b/")), "h5.virtual_host"),
        (UploadFields(version="1", h5=H5Fields(virtual_host="a.b", fallback_url="ftp://a")), "h5.fallback_url"),
        (
            UploadFields(version="1", h5=H5Fields(virtual_host="a.b", fallback_url="https://a/", main_url="//evil/")),
            "h5.main_url",
        ),
        (
            UploadFields(version="1", h5=H5Fields(virtual_host="a.b", fallback_url="https://a/", main_url="//[")),
            "h5.main_url",
        ),
        (UploadFields(version="1", h5=H5Fields(virtual_host="a.b", fallback_url="https://[/")), "h5.fallback_url"),
        (UploadFields(version="1", h5=H5Fields(virtual_host="a.b", fallback_url="https://a/\nb/")), "h5.fallback_url"),
    ],
)
def test_fields_of_a_web_application_are_checked(look: Look, fields: UploadFields, field: str) -> None:
    with pytest.raises(Problem) as caught:
        look(ProgramKind.H5, samples.h5(), fields)
    assert caught.value.code == "invalid"
    assert field in [name for name, _ in caught.value.errors]


def test_a_web_application_without_its_first_page_is_refused(look: Look) -> None:
    with pytest.raises(Problem, match=r"no index\.html"):
        look(ProgramKind.H5, samples.stored_zip({"dist/index.html": b""}), UploadFields(version="1", h5=H5))


def test_a_dimina_package(look: Look) -> None:
    package = look(ProgramKind.DIMINA, samples.dimina())
    assert (package.app_id, package.name, package.code) == ("wxd", "1.0.1", 2)
    assert package.manifest == {"dimina": {"path": "example/index", "name": "D"}}
    plain = look(ProgramKind.DIMINA, samples.dimina(None), UploadFields(version="1.2", code=7))
    assert (plain.code, plain.manifest["dimina"]["path"]) == (7, "pages/a")
    config = {"main/app-config.json": b'{"app":{"pages":["' + b"p" * 3_000 + b'"]}}', "main/logic.js": b"1"}
    with pytest.raises(Problem, match="which page it opens"):
        look(ProgramKind.DIMINA, samples.stored_zip(config), UploadFields(version="1.2"))
    with pytest.raises(Problem, match="versionCode is 20,251,125"):
        look(ProgramKind.DIMINA, samples.dimina(20_251_125))
    with pytest.raises(Problem, match=r"no main/logic\.js"):
        look(ProgramKind.DIMINA, samples.stored_zip({"main/app-config.json": b"{}"}))


def test_an_upgrade_of_the_shell(look: Look) -> None:
    record = NativeRecord(texts={"en": NativeText(title="New")}, url="https://store.example/app", platforms=("ios",))
    package = look(ProgramKind.NATIVE, None, UploadFields(version="9.1.0", native=record))
    assert (package.code, package.files, package.size) == (90100, (), 0)
    assert package.manifest["native"]["texts"] == {"en": {"title": "New", "text": ""}}
    for wrong, field in (
        (msgspec.structs.replace(record, texts={"fr": NativeText(title="N")}), "native.texts"),
        (msgspec.structs.replace(record, url="javascript:alert(1)"), "native.url"),
        (msgspec.structs.replace(record, app_versions=NativeRange(lowest="two")), "native.app_versions.lowest"),
        (
            msgspec.structs.replace(record, app_versions=NativeRange(lowest="2.10", highest="2.9")),
            "native.app_versions.highest",
        ),
    ):
        with pytest.raises(Problem) as caught:
            look(ProgramKind.NATIVE, None, UploadFields(version="9.1.0", native=wrong))
        assert [name for name, _ in caught.value.errors] == [field]


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def test_uploads_are_received_and_leave_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        uploads = Uploads(tmp_path / "uploads")
        async with uploads.receive(_pieces(b"abc", b"d" * 3_000_000, b""), 4_000_000) as path:
            assert path.read_bytes() == b"abc" + b"d" * 3_000_000
        assert list((tmp_path / "uploads").iterdir()) == []
        with pytest.raises(Problem) as caught:
            async with uploads.receive(_pieces(b"abc", b"de"), 4):
                raise AssertionError
        assert caught.value.code == "too-large"
        assert list((tmp_path / "uploads").iterdir()) == []

    asyncio.run(run())


def test_what_a_killed_process_left_is_removed_later(tmp_path: Path) -> None:
    left = tmp_path / "upload-x"
    left.mkdir()
    (left / "body").write_bytes(b"1")
    written = (left / "body").stat().st_mtime
    uploads = Uploads(tmp_path)
    assert uploads.sweep(written + STALE_SECONDS - 1) == 0
    assert uploads.sweep(written + STALE_SECONDS + 60) == 1
    assert not left.exists()
