"""The configuration as files that Envoy watches: each is written beside its place and then renamed into it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from eden.base.errors import EdenError
from eden.gateway.envoy.render import Rendered

#: what others refer to is there before it is referred to
_ORDER = ("clusters.json", "routes.json", "listeners.json", "bootstrap.json")


def write(folder: Path, rendered: Rendered) -> list[str]:
    """Put the files that changed in place; their names. `envoy -c FOLDER/bootstrap.json` starts with them. Raises
    EdenError when they cannot be written."""
    try:
        return _write(folder, rendered)
    except OSError as error:
        raise EdenError("folder-unwritable", f"{folder} cannot be written to: {error.strerror}.") from error


def _write(folder: Path, rendered: Rendered) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name in _ORDER:
        content = msgspec.json.format(msgspec.json.encode(_placed(rendered.files[name], folder.resolve())))
        place = folder / name
        if place.exists() and place.read_bytes() == content:
            continue
        handle, made = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
        with os.fdopen(handle, "wb") as file:
            # Envoy is often another user, and nothing in it is secret
            os.fchmod(handle, 0o644)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(made, place)
        changed.append(name)
    return changed


def _placed(value: Any, folder: Path) -> Any:
    """The same with whole paths: Envoy's own folder may be another."""
    if isinstance(value, list):
        return [_placed(item, folder) for item in value]
    if not isinstance(value, dict):
        return value
    if "watched_directory" in value:
        return {"path": str(folder / value["path"]), "watched_directory": {"path": str(folder)}}
    return {name: _placed(item, folder) for name, item in value.items()}
