"""Contract of the compiler's rooms: what they read, what they report, what they hand on.

A *program path* names a file of the program: relative to the program's root, "/" as separator, no leading
slash (`pages/index/index.wxml`). A *key* is a program path without its extension. Lines and columns count
from 1; columns count code points.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

JsonObject = dict[str, Any]


class Severity(StrEnum):
    """An error stops the build's output; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, order=True, slots=True)
class Diagnostic:
    """One problem. `line` and `column` are 0 when the problem concerns the file, or no file (`file` ""), as a whole.

    `code` is a key of `diagnostics.CODES` and a heading of docs/diagnostics.md.
    """

    file: str
    line: int
    column: int
    severity: Severity
    code: str
    message: str


class BuildError(Exception):
    """The source cannot even be read as a project; carries every problem found so far."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("; ".join(problem.message for problem in diagnostics))
        self.diagnostics = tuple(diagnostics)


class Source(Protocol):
    """The program's file tree, each file read at most once per build. Missing files are None, never an exception."""

    @property
    def paths(self) -> Collection[str]:
        """Program paths of all files; membership is the fast way to ask whether a file exists."""

    def file(self, path: str) -> Path | None:
        """Where the file is on disk; None when absent or made in memory."""

    def bytes(self, path: str) -> bytes | None: ...

    def text(self, path: str) -> str | None:
        """Decoded leniently: BOM dropped, UTF-8, else UTF-16 by BOM, else GB18030; line ends are kept."""

    def digest(self, path: str) -> str | None:
        """SHA-256 of the content, lower-case hex."""


# ---- styles ----------------------------------------------------------------------------------------------------

StyleLanguage = Literal["wxss", "css", "less", "scss", "sass"]


@dataclass(frozen=True, slots=True)
class StyleInput:
    """A style file to compile. `path` keeps its extension; the output's key is the path without it."""

    path: str
    text: str
    language: StyleLanguage


@dataclass(frozen=True, slots=True)
class StyleOutput:
    """One sheet of styles.json (docs/package-format.md says what `css` and `fonts` look like)."""

    key: str
    imports: tuple[str, ...]
    css: str
    fonts: str
    #: program paths of style files named by `imports` (with extension): they must be compiled too
    sheets: tuple[str, ...] = ()
    #: program paths of static files named by url(): they must be in the package
    files: tuple[str, ...] = ()
    #: every program path whose content or absence went into this output, apart from its own (preprocessor imports,
    #: probed imports): the output is reused until one of them changes
    reads: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


# ---- scripts ---------------------------------------------------------------------------------------------------

ScriptLanguage = Literal["js", "ts"]


@dataclass(frozen=True, slots=True)
class ScriptInput:
    """A module to compile."""

    path: str
    text: str
    language: ScriptLanguage


@dataclass(frozen=True, slots=True)
class Require:
    """A module named by a literal: `require("x")`, `import … from "x"`, `import("x")`, `require.async("x")`."""

    specifier: str
    line: int
    column: int
    asynchronous: bool = False


@dataclass(frozen=True, slots=True)
class ApiUse:
    """A property read on the global `wx`: `wx.request`."""

    name: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class ScriptOutput:
    """A CommonJS body, to be wrapped by `scripts.write_modules`; that of a broken module throws a SyntaxError."""

    path: str
    body: str
    #: source map v3 of `body` in UTF-8; its one source is `path`; None when the body is the text itself
    map: bytes | None
    requires: tuple[Require, ...] = ()
    apis: tuple[ApiUse, ...] = ()
    #: a require() whose argument is not a literal: any module may be meant
    dynamic: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()


# ---- result ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PackageArchive:
    """One archive of the package. `entries` maps entry name → content; `data` is the stored ZIP of them."""

    name: str
    root: str
    independent: bool
    file: str
    data: bytes
    sha256: str
    entries: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build gives. `manifest` and `archives` are empty when there is an error."""

    diagnostics: tuple[Diagnostic, ...]
    manifest: JsonObject = field(default_factory=dict)
    archives: tuple[PackageArchive, ...] = ()

    @property
    def ok(self) -> bool:
        return not any(problem.severity is Severity.ERROR for problem in self.diagnostics)

    def files(self) -> dict[str, bytes]:
        """Every file of the package folder: `manifest.json` and the archives."""
        from eden.build.package import manifest_bytes

        return {"manifest.json": manifest_bytes(self.manifest)} | {
            archive.file: archive.data for archive in self.archives
        }

    def write(self, out: Path) -> None:
        """Make `out` hold exactly this package, replacing an earlier one file by file (each write is atomic).

        Raises OSError when the folder cannot be written, ValueError when the build has errors.
        """
        from eden.build.package import write_package

        if not self.ok:
            raise ValueError("a build with errors is not written")
        write_package(out, self.files())
