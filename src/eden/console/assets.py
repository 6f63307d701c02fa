"""Scripts, sheet and icon of the console, as `container/build.mjs` writes them into `src/eden/_console`.

Every name contains a hash of the content, so a browser may keep a file for ever; `index.json` has the plain names.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from eden.base.errors import EdenError
from eden.base.tools import PACKAGE
from eden.console.view import ROOT

BUILT = PACKAGE / "_console"

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}
#: what the build made beside each file, best first
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_OWN = frozenset({"index.json", ".stamp"})
_REFUSED = re.compile(r"q=0(\.0*)?")


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    media_type: str
    #: of `content`; None when it is the plain file
    encoding: str | None


class Assets:
    """The files of one folder, read into memory at start (about a megabyte)."""

    def __init__(self, folder: Path = BUILT) -> None:
        """EdenError when the folder was not built."""
        try:
            self._hashed: dict[str, str] = json.loads((folder / "index.json").read_text("utf-8"))
            self._files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in _OWN}
        except FileNotFoundError:
            raise EdenError(
                "not-built", "The console's scripts are missing.", "In a source tree, start Eden with ./eden."
            ) from None

    def url(self, name: str) -> str:
        """The address of "console.js"; KeyError for a name that was not built."""
        return f"{ROOT}/assets/{self._hashed[name]}"

    def find(self, name: str, accept_encoding: str) -> Asset | None:
        """The file with a hashed name, in the best encoding of the client's; None when there is none."""
        media_type = _TYPES.get(Path(name).suffix)
        if media_type is None or name not in self._files:
            return None
        accepted = _accepted(accept_encoding)
        for encoding, suffix in _ENCODINGS:
            if encoding in accepted and (content := self._files.get(f"{name}{suffix}")):
                return Asset(content, media_type, encoding)
        return Asset(self._files[name], media_type, None)


def _accepted(header: str) -> set[str]:
    """The names in Accept-Encoding (RFC 9110, section 12.5.3) that are not refused with q=0."""
    names = set()
    for part in header.lower().split(","):
        name, _, parameters = part.partition(";")
        if not _REFUSED.fullmatch(parameters.strip()):
            names.add(name.strip())
    return names
