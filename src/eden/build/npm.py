"""npm packages: what a project has not built itself is built here, by the rules of WeChat's "build npm"."""

from __future__ import annotations

from eden.base.tools import vendored
from eden.build.appconfig import App
from eden.build.diagnostics import Report
from eden.build.project import Project
from eden.build.tree import SourceTree

WEUI = "miniprogram_npm/weui-miniprogram"
WEUI_STYLE = f"{WEUI}/weui-wxss/dist/style/weui.wxss"


class Npm:
    """Puts packages into the tree that the program needs and does not have; one per Builder."""

    def __init__(self) -> None:
        self._weui = False

    def prepare(self, project: Project, tree: SourceTree, app: App, report: Report) -> None:
        extended = app.raw.get("useExtendedLib")
        self._weui = isinstance(extended, dict) and bool(extended.get("weui"))
        if self._weui:
            tree.mount(WEUI, vendored("weui-miniprogram"))

    def provide(self, name: str, tree: SourceTree, report: Report) -> bool:
        """Put the npm package `name` into the tree; False if it cannot be had."""
        return False

    def global_styles(self, tree: SourceTree) -> list[str]:
        """Sheets that extended libraries add to the app's."""
        return [WEUI_STYLE] if self._weui and WEUI_STYLE in tree.paths else []
