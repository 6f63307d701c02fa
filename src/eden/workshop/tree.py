"""The source tree that this Eden runs from."""

from __future__ import annotations

from pathlib import Path

from eden.base.errors import EdenError


def source_tree() -> Path:
    """The repository's root; EdenError in an installed Eden, which has no tests."""
    root = Path(__file__).resolve().parents[3]
    if (root / "tests").is_dir() and (root / "container/package.json").is_file():
        return root
    raise EdenError("no-source-tree", "This command works in Eden's source tree, not in an installed Eden.")
