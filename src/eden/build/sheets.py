"""Style sheets: which ones the program needs, compiled in few calls and remembered by what they were made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from eden.build import styles
from eden.build.diagnostics import Report
from eden.build.interfaces import StyleInput, StyleLanguage, StyleOutput
from eden.build.paths import extension_of
from eden.build.tree import SourceTree

#: digests of the sheet itself and of everything it read; whether the files are there that it names
_Stamp = tuple[str | bool | None, ...]


class StyleStage:
    """Finds and compiles; one per Builder."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[_Stamp, StyleOutput]] = {}
        self._aliases: dict[str, str] = {}

    def run(
        self,
        entries: Iterable[str],
        tree: SourceTree,
        aliases: Mapping[str, str],
        extensions: Sequence[str],
        report: Report,
    ) -> dict[str, StyleOutput]:
        """Outputs by program path of the sheet, for `entries` and all that they import.

        Of several files that differ in their extension, the first of `extensions` is the one that is meant.
        """
        if self._aliases != aliases:
            self._known, self._aliases = {}, dict(aliases)
        done: dict[str, StyleOutput] = {}
        wave = sorted(set(entries))
        while wave:
            todo = [path for path in wave if not self._fresh(path, tree)]
            inputs = [
                StyleInput(path, tree.text(path) or "", cast(StyleLanguage, extension_of(path)[1:])) for path in todo
            ]
            outputs = styles.compile_styles(inputs, source=tree, aliases=aliases, extensions=extensions)
            for path, output in zip(todo, outputs, strict=True):
                self._known[path] = (self._stamp(path, output, tree), output)
            for path in wave:
                done[path] = self._known[path][1]
            wave = sorted({sheet for path in wave for sheet in done[path].sheets if sheet in tree.paths} - done.keys())
        for output in done.values():
            report.extend(output.diagnostics)
        report.extend(styles.import_cycles(done.values()))
        self._known = {path: self._known[path] for path in done}
        return done

    def _fresh(self, path: str, tree: SourceTree) -> bool:
        known = self._known.get(path)
        return known is not None and known[0] == self._stamp(path, known[1], tree)

    def _stamp(self, path: str, output: StyleOutput, tree: SourceTree) -> _Stamp:
        digests = (tree.digest(read) for read in (path, *output.reads))
        return (*digests, *(file in tree.paths for file in (*output.sheets, *output.files)))
