"""Frames from stack texts: of V8 (Chromium, Node), SpiderMonkey (Firefox), JavaScriptCore (Safari), of WeChat's base
library, and of Python.

Texts come from whatever ran the program, so nothing in them is trusted: each line is matched alone, by patterns that
cannot run away, and a line that is none of a stack's is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from eden.observe.crashes.document import ErrorDocument, Frame, Thrown

#: what a program's scripts are called in stacks (`//# sourceURL` of the runtime)
PROGRAM = "eden://program/"
#: characters and lines that are looked at, and characters of a line; a text has more only by mistake or malice
_LONGEST_TEXT = 100_000
_MOST_LINES = 1_000
_LONGEST_LINE = 2_000

_PLACE = re.compile(r"^(?P<file>.*?)(?::(?P<line>\d{1,9}))?(?::(?P<column>\d{1,9}))?$")
_V8 = re.compile(r"^\s*at (?P<rest>.+)$")
_AS = re.compile(r" \[as [^\]]*\]$")
#: React Native on Android leaves the blank out
_TIGHT = re.compile(r"^(?P<name>[^\s()]{1,200})\((?P<place>[^()]*:\d{1,9}:\d{1,9})\)$")
_EVAL_V8 = re.compile(r"^eval at .*\((?P<place>[^()]*)\)+(?:, .*)?$")
_EVAL_GECKO = re.compile(r"^(?P<file>.*?) line (?P<line>\d+) > (?:eval|Function)\b.*$")
#: markers of Firefox between what waited and what went on: "async*", "promise callback*", "setTimeout handler*"
_ASYNC_GECKO = re.compile(r"^(?:(?:async|promise callback|[A-Za-z.]+ handler)\*)+")
_PYTHON = re.compile(r'^\s+File "(?P<file>[^"]*)", line (?P<line>\d+)(?:, in (?P<function>.*))?$')
_PYTHON_END = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(?:: (?P<value>.*))?$")
_TRACEBACK = "Traceback (most recent call last):"
_CHAINED = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_HEADER = re.compile(r"^(?:Uncaught )?(?P<type>[A-Za-z_$][\w$.]{0,100})(?:: (?P<value>.*))?$")
#: what a base library says before the text of what was thrown
_WRAPPERS = frozenset({"MiniProgramError", "thirdScriptError", "appServiceSDKScriptError", "webviewScriptError"})
#: a place without a name, by address or by the name of a script
_BARE = re.compile(r"^(?:(?:[a-z][a-z0-9+.-]*://|/|about:|blob:)\S*|[\w.@$/-]+\.(?:[cm]?jsx?|tsx?|bundle)):\d+:\d+$")
#: base libraries of WeChat
_BASE = r"^\[publib\]|(?:^|/)WA(?:Service|SubContext|Webview)\w*\.js|/__dev__/"

#: paths that are libraries, not the program
_LIBRARY = re.compile(
    rf"{_BASE}|(?:^|/)(?:node_modules|miniprogram_npm|site-packages|dist-packages)/|/lib/python\d|^<frozen |^node:"
    r"|^internal/|^(?:about:|blob:|chrome-extension:|moz-extension:|safari-web-extension:|wasm:)|/_container/"
    r"|^\[native code\]$|^<anonymous>$|^native$"
)

#: the container, the browser itself
_ENGINE = re.compile(
    rf"{_BASE}|^(?:about:|chrome-extension:|moz-extension:)|/_container/|^\[native code\]$|^<anonymous>$"
)


def settle(document: ErrorDocument) -> None:
    """Say of every frame whether it is the program's own. What is known not to be stays so whatever a client says:
    browser clients call every frame the program's."""
    for thrown in document.exceptions:
        for frame in thrown.frames:
            looks = looks_in_app(frame.file.replace("\\", "/"))
            if frame.in_app is None:
                frame.in_app = looks if frame.file else bool(frame.function or frame.module)
            elif frame.in_app and not looks and _ENGINE.search(frame.file):
                frame.in_app = False


def looks_in_app(file: str) -> bool:
    """By the path alone: not a library, the container or the engine itself."""
    return bool(file) and _LIBRARY.search(file) is None


def parse(text: str, kind: str = "", value: str = "") -> list[Thrown]:
    """The exceptions of a text, the last raised first. `kind` and `value` are what is known apart from the text: its
    first line says them again. At least one is returned."""
    text = text[:_LONGEST_TEXT]
    if _TRACEBACK in text:
        found = list(_python(text))
        if found:
            found.reverse()
            found[0].type = kind or found[0].type
            found[0].value = value or found[0].value
            return found
    frames = parse_frames(text)
    if not kind and not value:
        kind, value = _said(text)
    return [Thrown(type=kind, value=value, frames=frames, stack="" if frames else text.strip())]


def _said(text: str) -> tuple[str, str]:
    """Type and text that stand above the frames; "" where nothing does, as in Safari and Firefox."""
    lines = [line[:_LONGEST_LINE].strip() for line in text.split("\n", 6)[:6]]
    if lines[0] not in _WRAPPERS:
        return _header(lines[0])
    above = list(takewhile(lambda line: _frame(line) is None, lines[1:]))
    headers = [_header(line) for line in above]
    # what was thrown is said once without its type, and once with it
    return next((one for one in reversed(headers) if all(one)), (lines[0], above[0] if above else ""))


def _header(line: str) -> tuple[str, str]:
    found = _HEADER.match(line)
    if found is None or _frame(line) is not None:
        return "", ""
    # a word alone may be a function's name as well, which begins small
    if found["value"] is None and not (line[:1].isupper() or "." in line):
        return "", ""
    return found["type"], found["value"] or ""


def parse_frames(text: str) -> list[Frame]:
    """Frames of a JavaScript stack, the innermost call first; of any engine."""
    frames = []
    for line in text[:_LONGEST_TEXT].split("\n", _MOST_LINES)[:_MOST_LINES]:
        frame = _frame(line[:_LONGEST_LINE].rstrip("\r"))
        if frame is not None:
            frames.append(frame)
    return frames


def _frame(line: str) -> Frame | None:
    v8 = _V8.match(line)
    if v8 is not None:
        return _v8(v8["rest"].strip())
    if "@" in line:
        return _gecko(line.strip())
    return _bare(line.strip())


def _v8(rest: str) -> Frame | None:
    rest = rest.removeprefix("async ")
    if rest.endswith(")"):
        # "NAME (PLACE)"; NAME may have parentheses of its own, PLACE of an eval has, too
        if rest.startswith("eval at "):
            return _placed("eval", rest)
        name, separator, place = rest.partition(" (")
        if not separator:
            tight = _TIGHT.match(rest)
            return None if tight is None else _placed(tight["name"], tight["place"])
        return _placed(_AS.sub("", name).removeprefix("new "), place[:-1])
    found = _placed("", rest)
    return found if found is not None and (found.line or found.file in ("native", "<anonymous>")) else None


def _placed(function: str, place: str) -> Frame | None:
    evaluated = _EVAL_V8.match(place)
    if evaluated is not None:
        place = evaluated["place"]
    if place.startswith("index ") and function.startswith("Promise."):
        # "async Promise.all (index 0)": a wait, no place
        return Frame(function=function, file="<anonymous>", in_app=False)
    found = _PLACE.match(place)
    assert found is not None
    return _made(function, found["file"], found["line"], found["column"])


def _gecko(line: str) -> Frame | None:
    name, _, place = _ASYNC_GECKO.sub("", line).rpartition("@")
    # addresses with "@" in them, as of scoped packages: the first one that is followed by a scheme or path counts
    at = re.search(r"@(?=[a-z][a-z0-9+.-]*:|/|\[native code\])", _ASYNC_GECKO.sub("", line))
    if at is not None:
        whole = _ASYNC_GECKO.sub("", line)
        name, place = whole[: at.start()], whole[at.end() :]
    evaluated = _EVAL_GECKO.match(place)
    if evaluated is not None:
        return _made(name, evaluated["file"], evaluated["line"], None)
    found = _PLACE.match(place)
    if found is None or (found["line"] is None and found["file"] != "[native code]"):
        return None
    if " " in name and name not in ("global code", "module code", "eval code", "async function"):
        return None
    return _made(name, found["file"], found["line"], found["column"])


def _bare(line: str) -> Frame | None:
    """Safari leaves name and "@" out for functions without a name."""
    if _BARE.match(line) is None:
        return None
    found = _PLACE.match(line)
    assert found is not None
    return _made("", found["file"], found["line"], found["column"])


def _made(function: str, file: str, line: str | None, column: str | None) -> Frame:
    # of WeChat's tools: a file with a source map
    file = file.removesuffix("? [sm]").rstrip()
    return Frame(
        function="" if function in ("<anonymous>", "anonymous", "?") else function,
        file=file,
        line=int(line or 0),
        column=int(column or 0),
        in_app=looks_in_app(file),
    )


def _python(text: str) -> Iterator[Thrown]:
    """Exceptions of tracebacks, in the order of the text: the first one is the cause of the next."""
    frames: list[Frame] = []
    inside = False
    ending: list[str] = []
    for line in [*text.split("\n", _MOST_LINES)[:_MOST_LINES], _CHAINED[0]]:
        line = line[:_LONGEST_LINE].rstrip("\r")
        if line.strip() in (*_CHAINED, _TRACEBACK):
            if ending:
                yield _raised(frames, ending)
            frames, ending, inside = [], [], line.strip() == _TRACEBACK
        elif ending:
            ending.append(line)
        elif inside and (place := _PYTHON.match(line)) is not None:
            frames.append(
                Frame(
                    function=place["function"] or "",
                    file=place["file"],
                    line=int(place["line"][:9]),
                    in_app=looks_in_app(place["file"].replace("\\", "/")),
                )
            )
        elif inside and line.startswith(" "):
            text_line = line.strip()
            # lines of carets and tildes mark a part of the source line above
            if frames and not frames[-1].source and text_line.strip("^~ "):
                frames[-1].source = text_line
        elif inside and line:
            ending.append(line)


def _raised(frames: list[Frame], ending: list[str]) -> Thrown:
    found = _PYTHON_END.match(ending[0])
    rest = "\n".join(ending[1:]).strip()
    kind, value = (found["type"], found["value"] or "") if found is not None else ("", ending[0])
    module, _, name = kind.rpartition(".")
    return Thrown(type=name, module=module, value=f"{value}\n{rest}".strip(), frames=frames[::-1])
