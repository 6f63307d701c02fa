"""Stack lines of a program in its author's files: `eden://program/PACKAGE/scripts.js:LINE:COL` by maps.zip."""

from __future__ import annotations

import io
import re
import zipfile

from eden.base.source_map import SourceMap

_LOCATION = re.compile(r"eden://program/([^\s:]+?)/scripts\.js:(\d+):(\d+)")


class StackMapper:
    """Maps are decoded when an error first needs them. Without maps, stacks stay as they are."""

    def __init__(self, archive: bytes | None) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(archive)) if archive else None
        self._maps: dict[str, SourceMap | None] = {}

    def _map(self, package: str) -> SourceMap | None:
        if package not in self._maps:
            name = f"{package}/scripts.js.map"
            known = self._zip is not None and name in self._zip.namelist()
            self._maps[package] = SourceMap(self._zip.read(name)) if known and self._zip else None
        return self._maps[package]

    def map(self, stack: str) -> str:
        """`stack` with every program location replaced by `FILE:LINE:COLUMN`."""

        def replace(match: re.Match[str]) -> str:
            found = self._map(match[1])
            place = found.find(int(match[2]), int(match[3])) if found else None
            return f"{place.file}:{place.line}:{place.column}" if place else match[0]

        return _LOCATION.sub(replace, stack)
