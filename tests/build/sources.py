"""A Source made of a dict, on disk where a preprocessor must read it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path


class DictSource:
    """Implements `interfaces.Source`; with a folder, `write` puts the files there."""

    def __init__(self, files: Mapping[str, str], folder: Path | None = None) -> None:
        self.files = dict(files)
        self.folder = folder
        if folder:
            for path, text in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text, encoding="utf-8")

    @property
    def paths(self) -> Collection[str]:
        return self.files.keys()

    def file(self, path: str) -> Path | None:
        return self.folder / path if self.folder and path in self.files else None

    def bytes(self, path: str) -> bytes | None:
        text = self.files.get(path)
        return None if text is None else text.encode()

    def text(self, path: str) -> str | None:
        return self.files.get(path)

    def digest(self, path: str) -> str | None:
        text = self.files.get(path)
        return None if text is None else hashlib.sha256(text.encode()).hexdigest()
