"""Packages of every kind, made by hand, for tests."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any


def stored_zip(files: Mapping[str, bytes]) -> bytes:
    """A zip without compression; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def miniprogram_files(
    app_id: str = "wxbank",
    version: str = "1.0.0",
    code: int = 10000,
    scripts: bytes = b"page()",
    container: int = 1,
) -> dict[str, bytes]:
    """The files of a mini program's package: manifest.json, main.zip, maps.zip."""
    contents = {
        "main": {"code/config.json": b"{}", "code/scripts.js": scripts, "files/logo.png": b"PNG" * 40},
        "maps": {"main/scripts.js.map": b'{"version":3}'},
    }
    archives = {f"{name}.zip": stored_zip(files) for name, files in contents.items()}
    manifest: dict[str, Any] = {
        "format": 1,
        "app_id": app_id,
        "name": "Bank",
        "version": {"name": version, "code": code},
        "platform_version": {"min_code": container},
        "pages": ["pages/index/index"],
        "packages": [
            {
                "name": name,
                "root": "",
                "independent": False,
                "file": f"{name}.zip",
                "size": len(archives[f"{name}.zip"]),
                "sha256": sha256(archives[f"{name}.zip"]),
                "files": [
                    {"path": path, "size": len(data), "sha256": sha256(data)} for path, data in sorted(files.items())
                ],
            }
            for name, files in contents.items()
        ],
    }
    return {"manifest.json": json.dumps(manifest, sort_keys=True).encode() + b"\n", **archives}


def miniprogram(
    app_id: str = "wxbank", version: str = "1.0.0", code: int = 10000, scripts: bytes = b"page()", container: int = 1
) -> bytes:
    """What `eden publish` sends."""
    return stored_zip(miniprogram_files(app_id, version, code, scripts, container))


def h5(text: bytes = b"<h1>Shop</h1>") -> bytes:
    return stored_zip({"index.html": text, "js/app.js": b"1"})


def dimina(code: int | None = 2) -> bytes:
    config = {"appId": "wxd", "name": "D", "path": "example/index", "versionCode": code, "versionName": "1.0.1"}
    files = {"main/app-config.json": b'{"app":{"entryPagePath":"pages/a"}}', "main/logic.js": b"1"}
    return stored_zip(files | ({} if code is None else {"config.json": json.dumps(config).encode()}))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
