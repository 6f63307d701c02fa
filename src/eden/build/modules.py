"""Scripts: which modules the program needs, compiled in one call and remembered by content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from eden.build import jsonfile, scripts
from eden.build.diagnostics import Report
from eden.build.interfaces import Diagnostic, Require, ScriptInput, ScriptLanguage, ScriptOutput
from eden.build.npm import split
from eden.build.paths import candidates, extension_of, folder_of, key_of, normalize
from eden.build.scripts_api import unsupported_apis
from eden.build.tree import SourceTree

#: asks for what an npm specifier means and the tree lacks; True when it has been put there
Provide = Callable[[str], bool]


@dataclass(slots=True)
class Modules:
    """Modules by path in the package (`.ts` is `.js` there); a str is the text of a JSON module."""

    outputs: dict[str, ScriptOutput | str] = field(default_factory=dict)
    #: files of the tree that became modules
    files: set[str] = field(default_factory=set)


def module_path(file: str) -> str:
    """Path in the package of a script or JSON file."""
    return f"{key_of(file)}.js" if file.endswith(".ts") else file


class Resolver:
    """Where a specifier leads: the file in the tree, by the rules of the runtime's loader."""

    def __init__(self, tree: SourceTree, aliases: Mapping[str, str], extensions: tuple[str, ...]) -> None:
        self.tree, self.aliases, self.extensions = tree, aliases, extensions
        #: what was found, by specifier and folder
        self._found: dict[tuple[str, str], str] = tree.answers("modules", dict(aliases), extensions)

    def find(self, specifier: str, owner: str) -> str | None:
        asked = (specifier, folder_of(owner))
        # what was put into the tree for the last build need not be there yet
        if (known := self._found.get(asked)) is not None and known in self.tree.paths:
            return known
        if not specifier or "\0" in specifier or "://" in specifier:
            return None
        for candidate in candidates(specifier, owner, self.aliases):
            if (file := self._file(candidate)) is not None:
                self._found[asked] = file
                return file
        return None

    def _file(self, path: str) -> str | None:
        paths = self.tree.paths
        for name in (path, f"{path}/index"):
            if name == path and path in paths and extension_of(path) in (".js", ".ts", ".json"):
                return path
            stems = [name, key_of(name)] if name.endswith((".js", ".ts")) else [name]
            for stem in stems:
                for extension in self.extensions:
                    if stem + extension in paths:
                        return stem + extension
        if f"{path}.json" in paths:
            return f"{path}.json"
        return self._main(path)

    def _main(self, folder: str) -> str | None:
        """An npm package without index.js: an index that leads to its main file is put into the tree."""
        text = self.tree.text(f"{folder}/package.json") if folder else None
        if text is None:
            return None
        try:
            about = jsonfile.parse(text)
        except jsonfile.JsonProblem:
            return None
        main = about.get("main") if isinstance(about, dict) else None
        if not isinstance(main, str) or normalize(main) in ("", "index", "index.js"):
            return None
        target = self._file(normalize(f"{folder}/{main}"))
        if target is None:
            return None
        inner = module_path(target)[len(folder) + 1 :]
        self.tree.put(f"{folder}/index.js", f"module.exports = require({jsonfile.dump(f'./{inner}')})\n".encode())
        return f"{folder}/index.js"


@dataclass(frozen=True, slots=True)
class Compilation:
    """Modules being compiled while the rest of the build goes on."""

    resolver: Resolver
    files: set[str]
    inputs: Sequence[ScriptInput]
    outputs: Future[list[ScriptOutput]]


class ModuleStage:
    """Finds and compiles; remembers every output by the content of its module."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, "scripts")
        self._outputs: dict[str, tuple[str, ScriptOutput]] = {}
        self._old: Mapping[str, tuple[str, ScriptOutput]] = {}
        self._tsconfig = ""
        self._scans: dict[str, tuple[str, scripts.Scan]] = {}

    def start(
        self,
        entries: Iterable[str],
        everything: Callable[[], Iterable[str]],
        resolver: Resolver,
        provide: Provide,
        tsconfig: str,
    ) -> Compilation:
        """Begin to compile `entries` and all they require.

        `everything` gives all scripts of the program: they are needed as soon as one module computes what it
        requires. `tsconfig` is the text of a tsconfig.json.
        """
        if tsconfig != self._tsconfig:
            self._outputs, self._tsconfig = {}, tsconfig
        tree = resolver.tree
        files = self._reach(entries, everything, resolver, provide)
        inputs = [self._input(file, tree) for file in sorted(files) if not file.endswith(".json")]
        self._old, self._outputs = self._outputs, {}
        return Compilation(
            resolver, files, inputs, self._submit([(item, tree.digest(item.path) or "") for item in inputs])
        )

    def start_syntax(self, scripts: Iterable[ScriptInput]) -> Future[list[ScriptOutput]]:
        """Begin to look whether these WXS modules are JavaScript."""
        return self._submit([(item, _digest(item.text)) for item in scripts])

    def finish_syntax(self, work: Future[list[ScriptOutput]], report: Report) -> set[str]:
        """Paths of the modules that are broken, which is reported."""
        outputs = work.result()
        for output in outputs:
            report.extend(_of_wxs(problem) for problem in output.diagnostics)
        return {output.path for output in outputs if output.diagnostics}

    def finish(self, work: Compilation, report: Report) -> Modules:
        """Wait for the modules and check what they require."""
        modules = Modules(files=work.files)
        for file in sorted(work.files):
            if file.endswith(".json"):
                modules.outputs[file] = self._json(file, work.resolver.tree, report)
        for item, output in zip(work.inputs, work.outputs.result(), strict=True):
            report.extend(output.diagnostics)
            report.extend(unsupported_apis(output))
            modules.outputs[module_path(item.path)] = output
            self._check_requires(item.path, output.requires, work.resolver, report)
        return modules

    def _reach(
        self, entries: Iterable[str], everything: Callable[[], Iterable[str]], resolver: Resolver, provide: Provide
    ) -> set[str]:
        files: set[str] = set()
        queue = list(entries)
        asked: set[str] = set()
        dynamic = False
        while queue:
            file = queue.pop()
            if file in files:
                continue
            files.add(file)
            if file.endswith(".json"):
                continue
            scan = self._scan(file, resolver.tree)
            for specifier in scan.specifiers:
                found = resolver.find(specifier, file)
                if found is None and specifier not in asked:
                    asked.add(specifier)
                    if provide(specifier.removeprefix("npm:")):
                        found = resolver.find(specifier, file)
                if found is not None:
                    queue.append(found)
            if scan.dynamic and not dynamic and "miniprogram_npm/" not in file:
                dynamic = True
                queue += everything()
        return files

    def _scan(self, file: str, tree: SourceTree) -> scripts.Scan:
        digest = tree.digest(file) or ""
        known = self._scans.get(file)
        if known is None or known[0] != digest:
            known = self._scans[file] = (digest, scripts.scan_requires(tree.text(file) or ""))
        return known[1]

    def _input(self, file: str, tree: SourceTree) -> ScriptInput:
        language: ScriptLanguage = "ts" if file.endswith(".ts") else "js"
        return ScriptInput(file, tree.text(file) or "", language)

    def _submit(self, items: Sequence[tuple[ScriptInput, str]]) -> Future[list[ScriptOutput]]:
        """Compile what is new, in the background; each input comes with the digest of its text."""
        known = [self._old.get(item.path, ("", None)) for item, _ in items]
        todo = [item for (item, digest), (old, _) in zip(items, known, strict=True) if old != digest]

        def compile_new() -> list[ScriptOutput]:
            compiled = scripts.compile_scripts(todo, tsconfig=self._tsconfig) if todo else []
            fresh = {output.path: output for output in compiled}
            outputs = []
            for (item, digest), (_, old) in zip(items, known, strict=True):
                output = fresh.get(item.path, old)
                assert output is not None
                self._outputs[item.path] = (digest, output)
                outputs.append(output)
            return outputs

        return self._worker.submit(compile_new)

    def _json(self, file: str, tree: SourceTree, report: Report) -> str:
        try:
            return jsonfile.dump(jsonfile.parse(tree.text(file) or ""))
        except jsonfile.JsonProblem as bad:
            report.warning("bad-json", f"this is not JSON: {bad.message}", file, bad.line, bad.column)
            return "{}"
        except RecursionError:
            report.warning("bad-json", "this is not JSON: it is nested too deeply", file, 1, 1)
            return "{}"

    def _check_requires(self, file: str, requires: Iterable[Require], resolver: Resolver, report: Report) -> None:
        for wanted in requires:
            if resolver.find(wanted.specifier, file) is not None:
                continue
            if wanted.specifier.startswith("plugin:"):
                continue
            npm = bool(split(wanted.specifier.removeprefix("npm:"))[0])
            then = "the promise rejects" if wanted.asynchronous else "requiring it throws"
            report.warning(
                "missing-npm" if npm else "missing-module",
                f"npm package {wanted.specifier} does not exist (does it need `npm install`?); {then}"
                if npm else f"module {wanted.specifier} does not exist; {then}",
                file, wanted.line, wanted.column,
            )  # fmt: skip


def _of_wxs(problem: Diagnostic) -> Diagnostic:
    """A script's problem as one of WXS; the path of an inline module is `FILE#NAME`."""
    return replace(problem, file=problem.file.split("#")[0], code="wxs-syntax")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
