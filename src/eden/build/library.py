"""The example program of a component library, which names folders that only the library's own build puts into it."""

from __future__ import annotations

from pathlib import Path

from eden.build.paths import normalize
from eden.build.project import Project
from eden.build.tree import SKIPPED_FOLDERS, SourceTree


class Library:
    """Shows a folder beside the program under the program's root: `examples` asks for `/dist`, `dist` is beside it."""

    def __init__(self, project: Project) -> None:
        inside = project.root != project.folder or (project.root.parent / "package.json").is_file()
        self._folder: Path | None = project.root.parent if inside else None
        self._shown: set[str] = set()

    def provide(self, path: str, tree: SourceTree) -> bool:
        """Make a folder named by a dangling path available; False if there is none, or it has been tried."""
        if self._folder is None or not path.startswith((".", "/")):
            return False
        first = normalize(path).split("/")[0]
        if not first or first in SKIPPED_FOLDERS or first in self._shown:
            return False
        self._shown.add(first)
        beside = self._folder / first
        if beside == tree.root or not beside.is_dir() or any(name.startswith(f"{first}/") for name in tree.paths):
            return False
        tree.mount(first, beside)
        return True
