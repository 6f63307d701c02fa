"""The compiler: a project folder in, a package out; a second build does only what has changed."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from eden.base.errors import EdenError
from eden.build import about, assets, tags
from eden.build.appconfig import App, read_app
from eden.build.assemble import Assembler, Part
from eden.build.diagnostics import Report, render
from eden.build.interfaces import BuildError, BuildResult, PackageArchive, StyleOutput
from eden.build.library import Library
from eden.build.modules import Compilation, Modules, ModuleStage, Provide, Resolver
from eden.build.npm import Npm
from eden.build.paths import key_of, package_of
from eden.build.program import SCRIPT_EXTENSIONS, STYLE_EXTENSIONS, Program, first_of, read_program
from eden.build.project import Project, find, typescript_options
from eden.build.sheets import StyleStage
from eden.build.templates import Group, Templates
from eden.build.tree import SourceTree


@dataclass(frozen=True, slots=True)
class Options:
    """Limits in bytes; passing one is a warning. WeChat's own are the defaults."""

    package_limit: int = 2 * 1024 * 1024
    total_limit: int = 20 * 1024 * 1024


class Builder:
    """Builds one project as often as asked; not thread-safe.

    `build` never raises for anything that a project contains. Its result has archives unless the program cannot
    run at all: an error in one module leaves the others usable, which is what a simulator wants; `BuildResult.write`
    refuses as long as there is an error.
    """

    def __init__(self, source: Path, options: Options | None = None) -> None:
        self.source = source
        self.options = options or Options()
        self._tree: SourceTree | None = None
        self._npm = Npm()
        self._templates = Templates()
        self._modules = ModuleStage()
        self._styles = StyleStage()
        self._assembler = Assembler(self._templates.render)

    def build(self) -> BuildResult:
        with _no_collector():
            return self._build()

    def _build(self) -> BuildResult:
        report = Report()
        try:
            project = find(self.source, report)
        except BuildError as error:
            return BuildResult(error.diagnostics)
        if self._tree is None or self._tree.root != project.root:
            self._tree = SourceTree(project.root)
        tree = self._tree
        tree.refresh()
        app = read_app(tree, report)
        if app is None:
            return BuildResult(report.sorted())
        self._npm.prepare(project, tree, app, report)

        def provide(specifier: str) -> bool:
            return self._npm.provide(specifier, tree, report) or library.provide(specifier, tree)

        library = Library(project)

        program = read_program(app, tree, provide, report)
        return _Build(self, project, tree, app, program, provide, report).run()

    def text(self, path: str) -> str | None:
        """Text of a source file of the last build, for code frames."""
        return self._tree.text(path) if self._tree is not None and path else None


class _Build:
    """One run over a program that can be built."""

    def __init__(
        self,
        builder: Builder,
        project: Project,
        tree: SourceTree,
        app: App,
        program: Program,
        provide: Provide,
        report: Report,
    ) -> None:
        self.builder, self.project, self.tree, self.provide = builder, project, tree, provide
        self.app, self.program, self.report = app, program, report
        self.parts = [Part("main", "", False), *(Part(s.name, s.root, s.independent) for s in app.subpackages)]
        roots = sorted(((part.root, part.name) for part in self.parts[1:]), key=lambda entry: -len(entry[0]))
        self.roots = dict(roots)
        self._parts: dict[str, str] = {}
        prefer_ts = project.prefers("typescript")
        self.script_extensions = SCRIPT_EXTENSIONS[::-1] if prefer_ts else SCRIPT_EXTENSIONS
        preprocessed = tuple(
            extension
            for extension, plugin in ((".less", "less"), (".scss", "sass"), (".sass", "sass"))
            if project.prefers(plugin)
        )
        self.style_extensions = tuple(dict.fromkeys((*preprocessed, *STYLE_EXTENSIONS)))

    def part(self, path: str) -> str:
        """Name of the package that holds a path; asked for every path several times."""
        name = self._parts.get(path)
        if name is None:
            name = self._parts[path] = package_of(path, self.roots)
        return name

    def run(self) -> BuildResult:
        if not any(self._runs(page) for page in self.app.pages):
            self.report.error("no-pages", "none of the pages has a script or a template", *self.app.place("pages"))
            return BuildResult(self.report.sorted())
        scripts_at_work = self._start_scripts()
        groups = self._collect_templates()
        syntax_at_work = self.builder._modules.start_syntax(Templates.scripts(groups.values()))
        sheets = self._compile_styles()
        broken = self.builder._modules.finish_syntax(syntax_at_work, self.report)
        self.builder._templates.refuse(list(groups.values()), broken)
        modules = self.builder._modules.finish(scripts_at_work, self.report)
        tags.check(self.program, groups, {key: self.part(key) for key in self.program.units}, self.report)
        files = self._static_files(modules, sheets)
        self._fill(groups, modules, sheets, files)
        archives = self.builder._assembler.assemble(self.parts)
        self._check_sizes(archives)
        for path, reason in sorted(self.tree.unreadable.items()):
            self.report.warning("unreadable-file", f"it cannot be read: {reason}", path)
        described = about.describe(self.project, self.app, self.report)
        manifest = self.builder._assembler.manifest(described, archives)
        return BuildResult(self.report.sorted(), manifest, tuple(archives))

    def _runs(self, page: str) -> bool:
        return first_of(self.tree, page, (".wxml", *SCRIPT_EXTENSIONS)) is not None

    # ---- stages

    def _collect_templates(self) -> dict[str, Group]:
        keys: dict[str, list[str]] = {part.name: [] for part in self.parts}
        for key in self.program.units:
            keys[self.part(key)].append(key)
        return {name: self.builder._templates.collect(units, self.tree, self.report) for name, units in keys.items()}

    def _start_scripts(self) -> Compilation:
        """Scripts are compiled by another process: it works while templates and styles are compiled here."""
        entries = [script for key in ("app", *self.program.units) if (script := self._script(key))]
        if self._script("app") is None:
            self.report.warning("missing-file", "there is no app.js", "app.js")
        if self.app.workers:
            entries += [path for path in self._all_scripts() if path.startswith(f"{self.app.workers}/")]
        resolver = Resolver(self.tree, self.app.aliases, self.script_extensions)
        tsconfig = typescript_options(self.project)
        return self.builder._modules.start(entries, self._all_scripts, resolver, self.provide, tsconfig)

    def _script(self, key: str) -> str | None:
        return first_of(self.tree, key, self.script_extensions)

    def _all_scripts(self) -> list[str]:
        """Every script that a computed require() may mean: the program's own, without packages and their tests."""
        return [
            path
            for path in self.tree.paths
            if path.endswith(SCRIPT_EXTENSIONS)
            and not path.endswith(".d.ts")
            and self._script(key_of(path)) == path
            and "miniprogram_npm/" not in path
            and assets.belongs(path, self.project)
        ]

    def _compile_styles(self) -> dict[str, StyleOutput]:
        entries = [
            style for key in ("app", *self.program.units) if (style := first_of(self.tree, key, self.style_extensions))
        ]
        extended = self.builder._npm.global_styles(self.tree)
        sheets = self.builder._styles.run(
            [*entries, *extended], self.tree, self.app.aliases, self.style_extensions, self.report
        )
        return _with_global(sheets, [sheets[path].key for path in extended])

    def _static_files(self, modules: Modules, sheets: Mapping[str, StyleOutput]) -> list[str]:
        taken = {f"{key}.json" for key in self.program.units} | modules.files
        files = assets.static_files(self.tree, self.project, taken)
        named = {file for sheet in sheets.values() for file in sheet.files if file in self.tree.paths}
        return sorted({*files, *named})

    # ---- output

    def _fill(
        self,
        groups: Mapping[str, Group],
        modules: Modules,
        sheets: Mapping[str, StyleOutput],
        files: Iterable[str],
    ) -> None:
        """Give every part what lies below its root."""
        parts = {part.name: part for part in self.parts}
        for name, group in groups.items():
            parts[name].group = group
            # what may start alone needs the application's configuration
            alone = name == "main" or parts[name].independent
            parts[name].config = (self.app.config if alone else {}) | {"components": {}}
        for key, unit in self.program.units.items():
            name = self.part(key)
            config = dict(unit.config)
            shared = tags.shared_used(unit, groups[name], self.program)
            if registered := shared | config.get("usingComponents", {}):
                config["usingComponents"] = registered
            parts[name].config["components"][key] = config
        for path in sorted(modules.outputs):
            parts[self.part(path)].modules.append((path, modules.outputs[path]))
        for sheet in sheets.values():
            parts[self.part(sheet.key)].sheets.append(sheet)
        for path in files:
            data = self.tree.bytes(path)
            if data is not None:
                parts[self.part(path)].files[f"files/{path}"] = data

    def _check_sizes(self, archives: Iterable[PackageArchive]) -> None:
        options = self.builder.options
        total = 0
        for part in archives:
            if part.name == "maps":
                continue
            total += len(part.data)
            if len(part.data) > options.package_limit:
                self.report.warning(
                    "package-size",
                    f"package {part.name} has {_megabytes(len(part.data))}; the limit is "
                    f"{_megabytes(options.package_limit)}",
                )
        if total > options.total_limit:
            self.report.warning(
                "package-size",
                f"all packages have {_megabytes(total)}; the limit is {_megabytes(options.total_limit)}",
            )


@contextmanager
def _no_collector() -> Iterator[None]:
    """A build makes many objects and hardly a cycle: looking for cycles while it runs costs time and finds nothing."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _with_global(sheets: dict[str, StyleOutput], keys: list[str]) -> dict[str, StyleOutput]:
    """The app's sheet imports the sheets of extended libraries first."""
    if not keys:
        return sheets
    path = next((path for path, sheet in sheets.items() if sheet.key == "app"), "app.wxss")
    app = sheets.get(path) or StyleOutput("app", (), "", "")
    return sheets | {path: replace(app, imports=tuple(dict.fromkeys((*keys, *app.imports))))}


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB"


def build_command(source: Path, output: Path, options: Options) -> int:
    """`eden build`: 0 and a written package, or 1 and none; problems go to standard error."""
    started = time.perf_counter()
    builder = Builder(source, options)
    result = builder.build()
    for line in render(result.diagnostics, builder.text):
        print(line, file=sys.stderr)
    if result.ok:
        try:
            result.write(output)
        except OSError as error:
            raise EdenError("output", f"{output} cannot be written: {error.strerror or error}.") from error
    print(summary(result, time.perf_counter() - started), file=sys.stderr if not result.ok else sys.stdout)
    return 0 if result.ok else 1


def summary(result: BuildResult, seconds: float) -> str:
    """One line: packages with sizes, problems, time."""
    errors = sum(problem.severity == "error" for problem in result.diagnostics)
    counts = f"{_count(errors, 'error')}, {_count(len(result.diagnostics) - errors, 'warning')}"
    if not result.ok:
        return f"no package was written: {counts}"
    parts = [part for part in result.archives if part.name != "maps"]
    sizes = ", ".join(f"{part.name} {len(part.data) / 1024:.0f} kB" for part in parts[:6])
    more = f", {len(parts) - 6} more" if len(parts) > 6 else ""
    total = sum(len(part.data) for part in parts)
    return (
        f"{result.manifest['name']}: {_count(len(result.manifest['pages']), 'page')}, {sizes}{more}; "
        f"{_megabytes(total)} in all; {counts}; {seconds:.2f} s"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
