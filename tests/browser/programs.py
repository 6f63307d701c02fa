"""Mini programs that tests write on the spot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eden.build.service import Builder

#: program path → content; what is neither text nor bytes is written as JSON
Files = Mapping[str, Any]


def write_program(folder: Path, files: Files) -> Path:
    """Write a project; a missing app.json lists every page `pages/NAME/NAME` that there is."""
    pages = sorted({path.rsplit(".", 1)[0] for path in files if path.startswith("pages/") and path.endswith(".wxml")})
    for path, content in ({"app.json": {"pages": pages}, "app.js": "App({})"} | dict(files)).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, (str, bytes)):
            content = json.dumps(content, ensure_ascii=False)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def build_program(source: Path, out: Path) -> Path:
    """Compile a project into the folder `out`; its errors fail the test."""
    result = Builder(source).build()
    assert result.ok, "\n".join(f"{d.file}:{d.line}: {d.severity} {d.code}: {d.message}" for d in result.diagnostics)
    result.write(out)
    return out
