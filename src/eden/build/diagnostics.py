"""Problems of a project: the catalogue of codes and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from eden.build.interfaces import Diagnostic, Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING

#: code → (gravest severity, what it says). An error means that the program cannot run, or that WeChat's own tools
#: would refuse the module; what merely dangles in apps that otherwise work is a warning. docs/diagnostics.md has a
#: heading for each code.
CODES: dict[str, tuple[Severity, str]] = {
    # project
    "no-program": (ERROR, "no app.json was found"),
    "ambiguous-program": (ERROR, "several folders hold an app.json"),
    "unreadable-file": (WARNING, "a file cannot be read"),
    "bad-json": (ERROR, "a JSON file cannot be parsed (an error for app.json only)"),
    "bad-config": (WARNING, "a configuration value cannot be used"),
    "no-pages": (ERROR, "the program has no page that could be opened"),
    "missing-page": (ERROR, "a page has neither script nor template (an error for the entry page only)"),
    "missing-file": (WARNING, "a file that the configuration names does not exist"),
    "duplicate-page": (WARNING, "a page is registered twice"),
    "missing-component": (WARNING, "a component in usingComponents does not exist"),
    "plugin": (WARNING, "a plugin is used; plugins run in WeChat only"),
    "package-size": (WARNING, "a package is larger than the limit"),
    "missing-npm": (WARNING, "an npm package is not there"),
    "npm-build": (WARNING, "an npm package could not be bundled"),
    # templates
    "template-syntax": (WARNING, "the template compiler had to guess"),
    "template-failed": (ERROR, "a template could not be compiled"),
    "missing-template": (WARNING, "an imported or included template does not exist"),
    "missing-wxs": (WARNING, "a WXS module does not exist"),
    "wxs-syntax": (ERROR, "a WXS module cannot be parsed"),
    "unknown-component": (WARNING, "a tag is neither built in nor registered"),
    "unsupported-component": (WARNING, "a built-in component that Eden does not have"),
    # scripts
    "script-syntax": (ERROR, "a script cannot be parsed"),
    "missing-module": (WARNING, "a required module does not exist"),
    "unsupported-api": (WARNING, "an API that Eden does not have"),
    # styles and files
    "style-syntax": (WARNING, "a style sheet cannot be parsed"),
    "style-preprocessor": (WARNING, "LESS or SCSS could not be compiled"),
    "style-import-cycle": (WARNING, "style sheets import each other"),
    "missing-style": (WARNING, "an imported style sheet does not exist"),
    "missing-asset": (WARNING, "a file named by a style sheet or a template does not exist"),
}


class Report:
    """Collects the problems of one build, each once, none graver than its code allows."""

    def __init__(self) -> None:
        self._problems: dict[Diagnostic, None] = {}

    def add(self, problem: Diagnostic) -> None:
        if CODES[problem.code][0] is WARNING and problem.severity is ERROR:
            problem = replace(problem, severity=WARNING)
        self._problems[problem] = None

    def extend(self, problems: Iterable[Diagnostic]) -> None:
        for problem in problems:
            self.add(problem)

    def error(self, code: str, message: str, file: str = "", line: int = 0, column: int = 0) -> None:
        self.add(Diagnostic(file, line, column, ERROR, code, message))

    def warning(self, code: str, message: str, file: str = "", line: int = 0, column: int = 0) -> None:
        self.add(Diagnostic(file, line, column, WARNING, code, message))

    @property
    def failed(self) -> bool:
        return any(problem.severity is ERROR for problem in self._problems)

    def sorted(self) -> tuple[Diagnostic, ...]:
        return tuple(sorted(self._problems))


def headline(problem: Diagnostic) -> str:
    """`file:line:column: error CODE: sentence`; what is unknown is left out."""
    place = [problem.file or "project"]
    if problem.line:
        place += [str(problem.line), str(max(problem.column, 1))]
    return f"{':'.join(place)}: {problem.severity.value} {problem.code}: {problem.message}"


def code_frame(text: str, line: int, column: int, context: int = 1, width: int = 110) -> list[str]:
    """The source around a place, with a caret below it; long lines are cut around the place. Empty if there is none."""
    lines = text.splitlines()
    if not 1 <= line <= len(lines):
        return []
    offset = max(0, column - width // 2) if len(lines[line - 1]) > width else 0
    frame = []
    for number in range(max(1, line - context), min(len(lines), line + context) + 1):
        shown = lines[number - 1][offset : offset + width].replace("\t", " ")
        frame.append(f"{'>' if number == line else ' '} {number:>4} | {_printable(shown)}".rstrip())
        if number == line and column > 0:
            frame.append(f"       | {' ' * (min(column, len(lines[line - 1]) + 1) - 1 - offset)}^")
    return frame


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def render(problems: Iterable[Diagnostic], text_of: Callable[[str], str | None]) -> Iterator[str]:
    """Lines to print: each problem's headline and code frame. `text_of` gives a file's text."""
    for problem in problems:
        yield headline(problem)
        if problem.line and (text := text_of(problem.file)) is not None:
            for frame_line in code_frame(text, problem.line, problem.column):
                yield f"  {frame_line}"
