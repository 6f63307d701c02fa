"""Templates: every WXML file of the program through the template compiler, one group per package.

A group is the expression that the compiler itself would give for all its templates, with two differences
(docs/adr/0003). Each template is evaluated when it is first asked for: starting is faster, and a WXS module that throws
takes down only the templates that use it. Items of a list that have not changed are passed over in updates.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from eden.build import wxs
from eden.build.diagnostics import Report
from eden.build.interfaces import Diagnostic, ScriptInput, Severity
from eden.build.paths import folder_of, key_of, normalize
from eden.build.template_compiler import CompiledTemplate, TemplateCompiler, TemplateTrap
from eden.build.tree import SourceTree

#: what the runtime gives to templates: filter of change: listeners, wrapper of every event handler
EXTRA_RUNTIME = "Q.A=wxs.property;Q.C=wxs.listener;"
_LAZY = (
    "var edenLazy=(path,make)=>{var value,made;Object.defineProperty(G,path,{enumerable:true,configurable:true,"
    "get:()=>{if(!made){value=make();made=true}return value}})}"
)
#: an element in compiled code: its tag and its generics
_STRING = r'"(?:[^"\\]|\\.)*"'
# begins with what Python searches at memory speed; looks back afterwards whether a name ends there
_ELEMENT = re.compile(rf"E\((?<!\wE\()({_STRING}),\{{((?:{_STRING}:{_STRING},?)*)\}}")
#: the function of a list's item: its parameters are the item, its index, what changed of either, and its place
_ITEM = re.compile(r"=\(C,(?:\w+),(?:\w+),(\w+),(\w+),(?:\w+),T,E(?:,\w+)*\)=>\{")
#: the page's data, or what changed of it
_DATA = re.compile(r"D(?!\w)(?<![\w$]D)")
_CHANGES = re.compile(r"U(?!\w)(?<![\w$]U)")
_SCOPED_SLOT = ",V,W)=>"
_GENERIC = re.compile(rf"{_STRING}:({_STRING})")
_SOURCE = re.compile(r"""<(import|include|wxs)\b[^<>]*?\s(src\s*=\s*["']?([^"'>\s]+))""")
#: the source of a medium, if it is written out
_ASSET = re.compile(
    r"""<(?:image|cover-image|audio|video)\s(?:[^<>"']|"[^"]*"|'[^']*')*?\b(src\s*=\s*["']([^"'{}<>]+)["'])"""
)
_ADDRESS = re.compile(r"[A-Za-z][\w+.-]*:|//")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_EMPTY = '(()=>{var H={};H[""]=(R,C,D,U,A)=>({C:(C)=>{},B:{}});return Object.assign((R)=>H[R],{_:H})})()'
#: levels of the compiler's warnings (see TemplateWarning) that are reported; below are matters of style
_REPORTED_LEVEL = 3
_MOST_REPORTED = 20
#: the compiler recurses on nesting; what is deeper than this exhausts its stack
MAX_TEMPLATE_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class Template:
    """One compiled WXML file. `path` is its key, `imports` and `scripts` are as the compiler resolved them."""

    path: str
    file: str
    digest: str
    text: str
    code: str
    tags: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    #: inline WXS: name, source as rewritten, line of its start (from 0)
    inline: tuple[tuple[str, str, int], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    #: files of the program that it names in so many words: path, line, column
    assets: tuple[tuple[str, int, int], ...] = ()
    #: inline modules that are known to be broken
    broken: frozenset[str] = frozenset()


@dataclass(slots=True)
class WxsModule:
    """One WXS file; `source` is rewritten. A missing one has no source."""

    name: str
    file: str
    source: str | None
    #: (name under which it is looked up, specifier, line, column)
    requires: tuple[tuple[str, str, int, int], ...] = ()


@dataclass(slots=True)
class Group:
    """What one package's templates.js holds: names → template or module."""

    templates: dict[str, Template] = field(default_factory=dict)
    modules: dict[str, WxsModule] = field(default_factory=dict)


class Templates:
    """Compiles and remembers; one per Builder."""

    def __init__(self) -> None:
        self._compiler: TemplateCompiler | None = None
        self._runtime = ""
        self._known: dict[str, Template] = {}
        self._modules: dict[str, tuple[str, WxsModule]] = {}

    # ---- collecting

    def collect(self, keys: Iterable[str], tree: SourceTree, report: Report) -> Group:
        """The templates of these units, with all that they import, include and load."""
        group = Group()
        queue = [(key, key, "") for key in keys if f"{key}.wxml" in tree.paths]
        while queue:
            name, key, _ = queue.pop()
            if name in group.templates:
                continue
            template = group.templates[name] = self._template(key, tree)
            report.extend(template.diagnostics)
            for path, line, column in template.assets:
                if path not in tree.paths:
                    report.warning("missing-asset", f"{path} does not exist", template.file, line, column)
            for wanted in template.imports:
                if (found := _find(wanted, ".wxml", tree)) is not None:
                    queue.append((wanted, found, template.file))
                else:
                    place = _place(template, wanted)
                    report.warning("missing-template", f"template {wanted}.wxml does not exist", template.file, *place)
            self._collect_wxs(template, group, tree, report)
        return group

    def _collect_wxs(self, template: Template, group: Group, tree: SourceTree, report: Report) -> None:
        queue = [(name, template.file, *_place(template, name, script=True)) for name in template.scripts]
        for module_name, source, line in template.inline:
            for specifier, offset in wxs.requires(source):
                at_line = line + source.count("\n", 0, offset) + 1
                queue.append((wxs.resolve(specifier, f"{template.path}#{module_name}"), template.file, at_line, 1))
        while queue:
            name, file, line, column = queue.pop()
            if name in group.modules:
                continue
            module = group.modules[name] = self._module(name, tree)
            if module.source is None:
                report.warning("missing-wxs", f"WXS module {name} does not exist", file, line, column)
            queue += [(wanted, module.file, at_line, at) for wanted, _, at_line, at in module.requires]

    # ---- compiling

    def _template(self, key: str, tree: SourceTree) -> Template:
        file = f"{key}.wxml"
        digest = tree.digest(file) or ""
        known = self._known.get(key)
        if known is None or known.digest != digest:
            known = self._known[key] = self._compile(key, file, digest, tree.text(file) or "")
        return known

    def _compile(self, key: str, file: str, digest: str, text: str) -> Template:
        empty = Template(key, file, digest, text, _EMPTY)
        if len(text) > MAX_TEMPLATE_BYTES:
            return replace(empty, diagnostics=(_failed(file, "it is too large"),))
        try:
            compiled = self._ready().compile(key, text, wxs.rewrite)
        except TemplateTrap:
            self._compiler = None  # what a trapped instance holds is not to be trusted
            reason = "the template compiler gave up on it (is it nested very deeply?); the page stays empty"
            return replace(empty, diagnostics=(_failed(file, reason),))
        inline, code = compiled.inline_scripts, compiled.code
        if inline and any(char in key for char in "'\\\n\r"):
            return replace(empty, diagnostics=(_failed(file, "a path with quotes cannot have inline WXS"),))
        return Template(
            key, file, digest, text, _spare_items(code), _tags(code), compiled.templates,
            compiled.scripts, inline, tuple(_problems(compiled, file, text)), tuple(_assets(file, text)),
        )  # fmt: skip

    def _ready(self) -> TemplateCompiler:
        if self._compiler is None:
            self._compiler = TemplateCompiler()
            self._runtime = self._runtime or self._compiler.runtime()
        return self._compiler

    def _module(self, name: str, tree: SourceTree) -> WxsModule:
        key = _find(name.removesuffix(".wxs"), ".wxs", tree)
        if key is None:
            return WxsModule(name, f"{name.removesuffix('.wxs')}.wxs", None)
        file = f"{key}.wxs"
        digest = tree.digest(file) or ""
        if name in self._modules and self._modules[name][0] == digest:
            return self._modules[name][1]
        source = tree.text(file) or ""
        requires = tuple(
            (wxs.resolve(specifier, file), specifier, source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at))
            for specifier, at in wxs.requires(source)
        )
        module = WxsModule(name, file, wxs.rewrite(source), requires)
        self._modules[name] = (digest, module)
        return module

    # ---- syntax of WXS, checked by whoever compiles scripts

    @staticmethod
    def scripts(groups: Iterable[Group]) -> list[ScriptInput]:
        """Every WXS module as a script, to have its syntax checked; paths are those that `refuse` takes."""
        found: dict[str, ScriptInput] = {}
        for group in groups:
            for module in group.modules.values():
                if module.source is not None:
                    found[module.file] = ScriptInput(module.file, module.source, "js")
            for template in group.templates.values():
                for name, source, line in template.inline:
                    path = f"{template.file}#{name}"
                    found[path] = ScriptInput(path, "\n" * line + source, "js")
        return list(found.values())

    def refuse(self, groups: Sequence[Group], broken: Collection[str]) -> None:
        """Empty the modules whose syntax is broken: one of them would take down its whole package."""
        for group in groups:
            for name, module in group.modules.items():
                if module.source is not None and module.file in broken:
                    group.modules[name] = replace(module, source="\n")
            for name, template in group.templates.items():
                bad = frozenset(inline for inline, _, _ in template.inline if f"{template.file}#{inline}" in broken)
                if bad != template.broken:
                    group.templates[name] = self._known[template.path] = self._without(template, bad)

    def _without(self, template: Template, bad: frozenset[str]) -> Template:
        # the compiler's group holds the last template compiled at this path: this one, unless it was made anew
        compiler = self._ready()
        compiler.compile(template.path, template.text, wxs.rewrite)
        sources = [(name, "\n" if name in bad else source) for name, source, _ in template.inline]
        return replace(template, code=_spare_items(compiler.replace_inline(template.path, sources)), broken=bad)

    # ---- output

    def render(self, package: str, group: Group) -> str:
        """templates.js of a package."""
        self._ready()
        statements = ["var G={}", "var R={}", self._runtime + EXTRA_RUNTIME + _LAZY]
        names: dict[str, list[str]] = {}
        for name, module in sorted(group.modules.items()):
            names.setdefault(module.file, []).append(name)
        for file, wanted in names.items():
            source = next(module.source for module in group.modules.values() if module.file == file)
            bare = file.removesuffix(".wxs")
            statements += wxs.definitions(dict.fromkeys([bare, file, *wanted]), source or "")
        for name, template in sorted(group.templates.items()):
            statements.append(f"edenLazy({wxs.quote(name)},()=>{template.code})")
        body = ";\n".join(statements)
        return (
            f"eden.templates({wxs.quote(package)}, function(getRegExp, getDate, wxs) "
            f"{{ return (()=>{{{body};\nreturn G}})() }});\n"
        )


def _spare_items(code: str) -> str:
    """Compiled code in which a list's items return at once while neither they nor their places have changed.

    Only items that read nothing but themselves are told to: not the page's data, not an outer list's item, not the
    values of a slot. Without it, one changed field costs a walk over every item of its list.
    """
    if _SCOPED_SLOT in code:
        return code
    out: list[str] = []
    done = 0
    for match in _ITEM.finditer(code):
        if match.start() < done:
            continue  # an inner list
        item, index = match.groups()
        end = code.find(f";{index}=undefined;{item}=undefined}}", match.end())
        if end < 0:
            continue
        out.append(code[done : match.end()])
        if not _DATA.search(code, match.end(), end) and not _CHANGES.search(code, match.end(), end):
            out.append(f"if(!C&&!K&&{item}===undefined&&{index}===undefined)return;")
        out.append(code[match.end() : end])
        done = end
    return "".join([*out, code[done:]])


def _tags(code: str) -> tuple[str, ...]:
    """Names of elements, and of components given for generics, in order of first use."""
    found: dict[str, None] = {}
    for tag, generics in _ELEMENT.findall(code):
        found[tag[1:-1]] = None
        found |= dict.fromkeys(name[1:-1] for name in _GENERIC.findall(generics))
    return tuple(found)


def _find(name: str, extension: str, tree: SourceTree) -> str | None:
    """Key of the file that a resolved name means."""
    for key in (normalize(name), normalize(name).removesuffix(extension)):
        if key + extension in tree.paths:
            return key
    return None


def _assets(file: str, text: str) -> Iterator[tuple[str, int, int]]:
    clean = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text) if "<!--" in text else text
    for match in _ASSET.finditer(clean):
        written = unquote(match[2].split("?")[0].split("#")[0]).strip()
        if not written or _ADDRESS.match(written):
            continue
        at = match.start(1)
        path = normalize(written if written.startswith("/") else folder_of(file) + written)
        yield path, clean.count("\n", 0, at) + 1, at - clean.rfind("\n", 0, at)


def _failed(file: str, reason: str) -> Diagnostic:
    return Diagnostic(file, 0, 0, Severity.ERROR, "template-failed", f"this template could not be compiled: {reason}")


def _problems(compiled: CompiledTemplate, file: str, text: str) -> Iterable[Diagnostic]:
    lines: list[str] | None = None
    for warning in [warning for warning in compiled.warnings if warning.level >= _REPORTED_LEVEL][:_MOST_REPORTED]:
        lines = text.split("\n") if lines is None else lines
        line = lines[warning.line] if warning.line < len(lines) else ""
        units = line.encode("utf-16-le", "replace")[: warning.column * 2]
        column = len(units.decode("utf-16-le", "replace")) + 1
        yield Diagnostic(file, warning.line + 1, column, Severity.WARNING, "template-syntax", warning.message)


def _place(template: Template, name: str, *, script: bool = False) -> tuple[int, int]:
    """Where a template names the template or WXS module that resolves to `name`."""
    text = template.text
    for match in _SOURCE.finditer(text):
        written = key_of(match[3]) if match[3].endswith((".wxml", ".wxs")) else match[3]
        path = written if written.startswith("/") else folder_of(template.path) + written
        if (match[1] == "wxs") is script and normalize(path) == normalize(name):
            at = match.start(2)
            return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return 1, 1
