"""Style stage of the compiler: WXSS, CSS, LESS and SCSS files → sheets of styles.json (docs/package-format.md)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from eden.build.interfaces import Diagnostic, Severity, Source, StyleInput, StyleLanguage, StyleOutput
from eden.build.paths import candidates, extension_of, folder_of, key_of
from eden.build.preprocess import Preprocessed, preprocess_styles
from eden.build.styles_rewriter import Import, rewrite_sheet
from eden.build.styles_values import package_path, package_url

#: file extensions of style sheets; of several files with one key the first is meant when none is named
EXTENSIONS: tuple[str, ...] = (".wxss", ".css", ".less", ".scss", ".sass")
_PREPROCESSED = ("less", "scss", "sass")


def style_key(path: str, paths: Collection[str], extensions: Sequence[str] = EXTENSIONS) -> str:
    """The key of a style file in styles.json: its path without extension, or with it beside a file that goes first."""
    key, extension = key_of(path), extension_of(path)
    for earlier in extensions:
        if earlier == extension:
            return key
        if key + earlier in paths:
            return path
    return key


def style_language(path: str) -> StyleLanguage:
    extension = extension_of(path)
    return extension[1:] if extension in EXTENSIONS else "css"  # type: ignore[return-value]


def compile_styles(
    sheets: Sequence[StyleInput],
    *,
    source: Source,
    aliases: Mapping[str, str],
    extensions: Sequence[str] = EXTENSIONS,
) -> list[StyleOutput]:
    """One output per input, in the same order. Never raises for any content.

    LESS and SCSS of all inputs are compiled in one call. `extensions` says which of several files with one key the
    program means. Never raises for any content.
    """
    to_preprocess = [sheet for sheet in sheets if sheet.language in _PREPROCESSED]
    preprocessed = preprocess_styles(to_preprocess, source, aliases) if to_preprocess else {}
    return [_Compilation(sheet, source, aliases, extensions, preprocessed).run() for sheet in sheets]


def import_cycles(outputs: Iterable[StyleOutput]) -> list[Diagnostic]:
    """A warning for each group of sheets that import each other, at the first of them."""
    imports = {output.key: output.imports for output in outputs}
    done: set[str] = set()
    problems: list[Diagnostic] = []
    for root in sorted(imports):
        path: list[str] = []
        work: list[tuple[str, Iterator[str]]] = [] if root in done else [(root, iter(imports[root]))]
        path += [root] * bool(work)
        while work:
            key, rest = work[-1]
            following = next(rest, None)
            if following is None:
                done.add(key)
                path.pop()
                work.pop()
            elif following in path:
                cycle = path[path.index(following) :]
                sentence = f"style sheets import each other: {' → '.join([*cycle, following])}"
                problems.append(Diagnostic("", 0, 0, Severity.WARNING, "style-import-cycle", sentence))
            elif following not in done and following in imports:
                path.append(following)
                work.append((following, iter(imports[following])))
    return problems


@dataclass(slots=True)
class _Compilation:
    """One sheet on its way to a StyleOutput."""

    sheet: StyleInput
    source: Source
    aliases: Mapping[str, str]
    extensions: Sequence[str]
    preprocessed: Mapping[str, Preprocessed]
    sheets: list[str] = field(default_factory=list)
    files: dict[str, None] = field(default_factory=dict)
    reads: dict[str, None] = field(default_factory=dict)
    #: (folder, reference) of each url() that names no file
    absent: set[tuple[str, str]] = field(default_factory=set)
    fonts: list[str] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)

    def run(self) -> StyleOutput:
        sheet, paths = self.sheet, self.source.paths
        css = self.rewrite(sheet.path, self.plain_text(sheet), (sheet.path,))
        imports = dict.fromkeys(style_key(path, paths, self.extensions) for path in self.sheets)
        return StyleOutput(
            key=style_key(sheet.path, paths, self.extensions),
            imports=tuple(imports),
            css=css,
            fonts="".join(self.fonts),
            sheets=tuple(dict.fromkeys(self.sheets)),
            files=tuple(self.files),
            reads=tuple(path for path in self.reads if path != sheet.path),
            diagnostics=tuple(self.problems),
        )

    def plain_text(self, sheet: StyleInput) -> str:
        """The sheet as CSS."""
        if sheet.language not in _PREPROCESSED:
            return sheet.text
        result = self.preprocessed[sheet.path]
        self.problems += result.diagnostics
        self.reads.update(dict.fromkeys(result.reads))
        return result.css

    def rewrite(self, path: str, text: str, inside: tuple[str, ...]) -> str:
        """Rewritten text of a sheet; imports that cannot stand at its top are taken in where they stand.

        `inside` are the paths of the sheets that are being rewritten, outermost first.
        """
        base = folder_of(path)
        rewritten = rewrite_sheet(text, lambda reference: self.address(reference, base))
        is_source = not path.endswith(tuple(f".{language}" for language in _PREPROCESSED))

        def report(offset: int, code: str, sentence: str, name: str = "") -> None:
            line, column = rewritten.place(offset) if is_source else self.place_of(path, name)
            self.problems.append(Diagnostic(path, line, column, Severity.WARNING, code, sentence))

        for offset, sentence in rewritten.problems:
            report(offset, "style-syntax", sentence)
        for offset, reference in rewritten.urls:
            if (base, reference) in self.absent:
                report(offset, "missing-asset", f"{reference} does not exist", reference)
        for statement in rewritten.imports:
            found = self.resolve(statement, path, report)
            if found is None:
                continue
            if len(inside) == 1:
                self.sheets.append(found)
            elif found not in inside:
                rewritten.css.insert(0, self.taken_in(found, (), inside))
        self.fonts += rewritten.fonts
        out = []
        for part in rewritten.css:
            if isinstance(part, str):
                out.append(part)
            elif (found := self.resolve(part, path, report)) is not None and found not in inside:
                out.append(self.taken_in(found, part.conditions, inside))
        return "".join(out)

    def place_of(self, path: str, name: str) -> tuple[int, int]:
        """Where the author of a LESS or SCSS file wrote the last part of a file's name; (0, 0) if nowhere."""
        text = self.source.text(path) or ""
        at = text.find(name.rpartition("/")[2]) if name else -1
        return (0, 0) if at < 0 else (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))

    def taken_in(self, path: str, conditions: tuple[str, ...], inside: tuple[str, ...]) -> str:
        """Text of an imported sheet, inside its conditions. Its problems are reported where it is compiled alone."""
        self.reads[path] = None
        text = self.source.text(path) or ""
        language = style_language(path)
        if language in _PREPROCESSED:
            text = self.plain_text_of_import(StyleInput(path, text, language))
        problems = len(self.problems)
        css = self.rewrite(path, text, (*inside, path))
        del self.problems[problems:]
        return f"{''.join(f'{head}{{' for head in conditions)}{css}{'}' * len(conditions)}\n"

    def plain_text_of_import(self, sheet: StyleInput) -> str:
        result = self.preprocessed.get(sheet.path) or preprocess_styles([sheet], self.source, self.aliases)[sheet.path]
        self.reads.update(dict.fromkeys(result.reads))
        return result.css

    def address(self, reference: str, base: str) -> str:
        """What to write for the reference of a url()."""
        if reference.startswith("//"):
            return f"https:{reference}"
        path = package_path(reference, base)
        if path is None:
            return reference
        for candidate in (path, package_path(f"/{reference}", "") or path):
            if candidate in self.source.paths:
                self.files[candidate] = None
                return package_url(candidate)
            self.reads[candidate] = None
        self.absent.add((base, reference))
        return package_url(path)

    def resolve(self, statement: Import, path: str, report: Callable[..., None]) -> str | None:
        """Program path of an imported sheet; None with a warning when there is none."""
        specifier = statement.specifier
        if specifier.startswith(("http:", "https:", "//", "data:")):
            report(statement.offset, "missing-style", f"{specifier} is remote and cannot be imported")
            return None
        for candidate in style_candidates(specifier, path, self.aliases, self.extensions):
            if candidate in self.source.paths:
                return candidate
            self.reads[candidate] = None
        report(statement.offset, "missing-style", f"{specifier} does not exist", specifier)
        return None


def style_candidates(
    specifier: str, owner: str, aliases: Mapping[str, str], extensions: Sequence[str] = EXTENSIONS
) -> Iterator[str]:
    """Program paths that an @import in `owner` may mean, best first."""
    name = specifier.removeprefix("~") if not specifier.startswith("~/") else specifier
    for base in candidates(name, owner, aliases):
        extension = extension_of(base)
        if extension in EXTENSIONS:
            yield base
            if extension == ".wxss":
                yield from (key_of(base) + ending for ending in extensions if ending != extension)
        else:
            yield from (base + ending for ending in extensions)
