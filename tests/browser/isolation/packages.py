"""Packages written by hand after docs/package-format.md, so that the host is tested without the compiler."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: entry name → content
Entries = Mapping[str, str | bytes]

_EPOCH = (1980, 1, 1, 0, 0, 0)


def archive(entries: Entries) -> bytes:
    """A stored ZIP: entries sorted, no extra fields, timestamps 1980-01-01."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as out:
        for name in sorted(entries, key=str.encode):
            content = entries[name]
            out.writestr(zipfile.ZipInfo(name, _EPOCH), content.encode() if isinstance(content, str) else content)
    return buffer.getvalue()


def part(name: str, entries: Entries, *, root: str = "", independent: bool = False) -> tuple[dict[str, Any], bytes]:
    """One entry of the manifest's `packages`, and its archive."""
    data = archive(entries)
    files = []
    for path in sorted(entries):
        content = entries[path]
        raw = content.encode() if isinstance(content, str) else content
        files.append({"path": path, "size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()})
    entry = {
        "name": name,
        "root": root,
        "independent": independent,
        "file": f"{name}.zip",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "files": files,
    }
    return entry, data


def write_package(
    folder: Path,
    script: str,
    *,
    app_id: str = "test",
    name: str = "Test",
    domains: Mapping[str, list[str]] | None = None,
    parts: Mapping[str, tuple[str, bool, Entries]] | None = None,
    version: str = "1.0.0",
) -> Path:
    """A program whose main package holds `script` as code/scripts.js. `parts`: name → (root, independent, entries)."""
    config = {"entry": "pages/index/index", "pages": ["pages/index/index"], "window": {}, "components": {}}
    main = {"code/config.json": json.dumps(config), "code/scripts.js": script, "code/styles.json": "{}"}
    packages = [part("main", main)]
    for part_name, (root, independent, entries) in (parts or {}).items():
        packages.append(part(part_name, entries, root=root, independent=independent))
    manifest = {
        "format": 1,
        "app_id": app_id,
        "name": name,
        "description": "",
        "version": {"name": version, "code": 1},
        "platform_version": {"min_code": 1},
        "pages": ["pages/index/index"],
        "window": {},
        "color_scheme": "light",
        "req_permissions": [{"name": "scope.userLocation", "reason": "to test"}],
        "domains": domains,
        "packages": [entry for entry, _ in packages],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for entry, data in packages:
        (folder / entry["file"]).write_bytes(data)
    text = json.dumps(manifest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    (folder / "manifest.json").write_text(text + "\n", "utf-8")
    return folder
