"""Problems of a project: the catalogue of codes and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from eden.build.interfaces import Diagnostic, Severity

#: code → one line for the table in docs/diagnostics.md (each code has a heading there)
CODES: dict[str, str] = {
    # project
    "no-program": "no app.json was found",
    "ambiguous-program": "several folders hold an app.json",
    "unreadable-file": "a file cannot be read",
    "bad-json": "a JSON file cannot be parsed",
    "bad-config": "a configuration value has the wrong type",
    "no-pages": "app.json names no page",
    "missing-page": "a page has neither script nor template",
    "missing-file": "a file that the configuration names does not exist",
    "duplicate-page": "a page is registered twice",
    "missing-component": "a component in usingComponents does not exist",
    "plugin": "a plugin is used; Eden cannot run plugins",
    "package-size": "a package is larger than the limit",
    "missing-npm": "an npm package is not there",
    "npm-build": "an npm package could not be built",
    # templates
    "template-syntax": "the template compiler reports a problem",
    "template-failed": "a template could not be compiled",
    "missing-template": "an imported template does not exist",
    "missing-wxs": "a WXS module does not exist",
    "wxs-syntax": "a WXS module cannot be parsed",
    "unknown-component": "a tag is neither built in nor registered",
    "unsupported-component": "a built-in component that Eden does not have",
    # scripts
    "script-syntax": "a script cannot be parsed",
    "missing-module": "a required module does not exist",
    "unsupported-api": "an API that Eden does not have",
    # styles
    "style-syntax": "a style sheet cannot be parsed",
    "missing-style": "an imported style sheet does not exist",
    "missing-asset": "a file named by url() does not exist",
    "style-preprocessor": "LESS or SCSS could not be compiled",
    "style-import-cycle": "style sheets import each other",
}


class Report:
    """Collects the problems of one build, each once."""

    def __init__(self) -> None:
        self._problems: dict[Diagnostic, None] = {}

    def add(self, problem: Diagnostic) -> None:
        self._problems[problem] = None

    def extend(self, problems: Iterable[Diagnostic]) -> None:
        for problem in problems:
            self.add(problem)

    def error(self, code: str, message: str, file: str = "", line: int = 0, column: int = 0) -> None:
        self.add(Diagnostic(file, line, column, Severity.ERROR, code, message))

    def warning(self, code: str, message: str, file: str = "", line: int = 0, column: int = 0) -> None:
        self.add(Diagnostic(file, line, column, Severity.WARNING, code, message))

    @property
    def failed(self) -> bool:
        return any(problem.severity is Severity.ERROR for problem in self._problems)

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
