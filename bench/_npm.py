"""Published versions of npm packages, as archives of the form that phones fetch.

They come through npm as this machine has it set up, and stay in a folder beside the system's temporary files.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from eden.build.package import Fingerprints, stored_zip

CACHE = Path(tempfile.gettempdir(), "eden-bench-npm")
#: declarations, source maps, manuals: not part of a mini program
_LEFT_OUT = (".d.ts", ".d.mts", ".d.cts", ".map", ".md", ".markdown", ".flow")
_AT_ONCE = 8


def fetch(specs: Iterable[str]) -> None:
    """Have these (`NAME@VERSION`) in the cache."""
    missing = [spec for spec in dict.fromkeys(specs) if not _file(spec).is_file()]
    if not missing:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("This benchmark fetches published packages with npm, which is not installed.")
    CACHE.mkdir(exist_ok=True)
    for start in range(0, len(missing), _AT_ONCE):
        command = [npm, "pack", "--silent", "--pack-destination", str(CACHE), *missing[start : start + _AT_ONCE]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def archive(spec: str) -> bytes:
    """The stored zip of a package's files: those of its mini-program folder, if it has one."""
    files: dict[str, bytes] = {}
    with tarfile.open(_file(spec)) as tar:
        for member in tar:
            if member.isfile() and (file := tar.extractfile(member)):
                files[member.name.partition("/")[2]] = file.read()
    about = json.loads(files["package.json"])
    named = about.get("miniprogram")
    folder = f"{named.strip('./')}/" if isinstance(named, str) else "miniprogram_dist/"
    inside = {name.removeprefix(folder): data for name, data in files.items() if name.startswith(folder)}
    kept = {name: data for name, data in (inside or files).items() if not name.lower().endswith(_LEFT_OUT)}
    return stored_zip(kept, Fingerprints())


def _file(spec: str) -> Path:
    name, _, version = spec.rpartition("@")
    return CACHE / f"{name.lstrip('@').replace('/', '-')}-{version}.tgz"
