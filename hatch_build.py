"""Wheel build hook: puts the container's bundles, esbuild's binary and the demo into the package."""

from __future__ import annotations

import runpy
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ContainerHook(BuildHookInterface):  # type: ignore[misc]
    """Runs container/setup.py; the wheel is tagged for this platform because it carries a binary."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build = runpy.run_path(str(Path(self.root) / "container/setup.py"))["build"]
        if code := build():
            raise SystemExit(f"The container could not be built (exit code {code}); see the lines above.")
        bank = Path(self.root) / "apps/bank"
        if bank.is_dir():
            build_data["force_include"][str(bank)] = "eden/_apps/bank"
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
