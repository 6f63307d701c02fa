"""Grouping, version 1. Frozen: the same document gives the same hash for ever. A change of mind is `grouping_v2`.

The order is Sentry's (docs.sentry.io, "Issue Grouping"), the rules are our own:

1. **fingerprint**: the client says which errors are one. "{{ default }}" in it stands for what the rules below give.
2. **frames**: type and normalised frames of every exception in the chain. Frames of the program itself when any
   exception has some, else all. A frame is where (module or file) and what (function; without a name, the source line).
   Line numbers move with every version and never count. If no frame says what, the exception's text counts as well.
3. **exception**: type and parametrised text of every exception, when there are no frames.
4. **message**: the message before its parameters were put in, or else parametrised.

The vectors in tests/observe/crashes/grouping_v1.json hold it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence

from eden.observe.crashes.document import ErrorDocument, Frame, Grouping, Thrown

ALGORITHM = 1
#: exceptions of a chain that count
_CHAIN = 10
#: frames of an exception that count, after recursion was collapsed; the innermost
_FRAMES = 50
#: V8 keeps ten calls, others more than a hundred: one error has one group in all of them
_SCRIPT_FRAMES = 10
#: of a repeated pattern of calls (a calls b calls a …)
_CYCLE = 8
_LONGEST = 300
_LONGEST_TITLE = 200

_JAVASCRIPT = frozenset({"", "javascript", "node", "miniprogram", "h5"})

_VARIABLE = re.compile(r"\{\{\s*([a-z_.]+(?:\.[^}\s]+)?)\s*\}\}", re.IGNORECASE)

# --- texts -----------------------------------------------------------------------------------------------------------

_PARAMETER = re.compile(
    r"""
      (?P<url>\b[a-z][a-z0-9+.-]{1,20}://[^\s"'<>`]+)
    | (?P<email>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+)
    | (?P<uuid>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)
    | (?P<time>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b
        | \b\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\b)
    | (?P<address>\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d{1,5})?)
    | (?P<string>"(?:[^"\\\n]|\\.)*"|(?<!\w)'(?:[^'\\\n]|\\.)*'(?!\w)|`[^`\n]*`|“[^”\n]*”|‘[^’\n]*’|「[^」\n]*」)
    | (?P<hex>\b0x[0-9a-f]+\b|\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b)
    | (?P<id>\b[a-z]+_\d+\b|\b(?=[\w-]*[a-z])(?=(?:[\w-]*\d){2})[a-z0-9][\w-]{6,}[a-z0-9]\b)
    | (?P<number>[-+]?\b\d+(?:[.,]\d+)*(?:e[+-]?\d+)?(?:%|[a-z]{1,2}\b|\b))
    """,
    re.IGNORECASE | re.VERBOSE,
)


def parametrised(text: str) -> str:
    """The text with what differs from one occurrence to the next replaced by what it is: <number>, <url>, …; only the
    first two lines that are not empty."""
    lines = [line.strip() for line in text[:4000].splitlines() if line.strip()][:2]
    shortened = " ".join(" ".join(lines).split())[: _LONGEST * 4]
    return _PARAMETER.sub(lambda match: f"<{match.lastgroup}>", shortened)[:_LONGEST]


# --- frames ----------------------------------------------------------------------------------------------------------

_HASH = r"(?=[0-9a-f]*\d)[0-9a-f]{8,64}|(?=[A-Za-z]*\d)(?=[0-9a-z]*[A-Z])[0-9A-Za-z]{8}"
_ORIGIN = re.compile(r"^[a-z][a-z0-9+.-]*:(?://[^/]*)?/*", re.IGNORECASE)
_HASHED_NAME = re.compile(rf"[.~_-](?:{_HASH})(?=\.[a-z]{{1,5}}(?:\.[a-z]{{1,5}})?$)")
_HASH_FOLDER = re.compile(r"(?<=/)(?=[0-9a-f]*\d)[0-9a-f]{8,64}(?=/)")
_VERSION_FOLDER = re.compile(r"(?<=/)v?\d+(?:\.\d+)+(?:[-+][\w.]+)?(?=/)")
_VERSION_SUFFIX = re.compile(
    r"(?:@v?\d+(?:\.\d+)*|[-_.]v?\d+\.\d+(?:\.\d+)*)(?:[-+][\w.]+?)?(?=/|(?:\.[a-z]+){1,2}$|$)"
)
_MINIFIED = re.compile(r"[.-]min\.[a-z]+$")
_SCRIPT = re.compile(r"\.[cm]?js(?:$|[?#])")
_ALIAS = re.compile(r" \[as [^\]]*\]$")
_ACCESSOR = re.compile(r"^(?:get|set|static) ")
_NUMBERED = re.compile(r"\$\d+$")
_NATIVE = frozenset({"", "<anonymous>", "[native code]", "native", "[native]"})
#: what waits, not what was called
_WAITS = re.compile(
    r"^(?:Promise\.\w+|(?:process\.)?(?:processTicksAndRejections|_tickCallback)|new Promise|"
    r"regenerator\w*|asyncGeneratorStep|_next|_throw|__awaiter|fulfilled|rejected|asyncFunction\w*)$"
)
_NAMELESS = frozenset(
    {"", "?", "<anonymous>", "anonymous", "(anonymous)", "<lambda>", "<unknown>", "eval", "global code", "module code",
     "eval code", "<module>", "<top-level>"}
)  # fmt: skip
_LAMBDA = re.compile(r"^(?:lambda\$\w*|\$\$Lambda\S*|<locals>|anonymous fn|closure #\d+.*|__lambda\w*)$")


def _file(path: str) -> str:
    """A path that stays the same over versions, hosts and builds."""
    path = path.partition("?")[0].partition("#")[0].replace("\\", "/").strip()
    path = path.removeprefix("eden://program/").removeprefix("blob:")
    if "://" in path or path.startswith("file:"):
        path = _ORIGIN.sub("", path)
    path = _HASHED_NAME.sub("", path)
    path = _HASH_FOLDER.sub("-", path)
    path = _VERSION_FOLDER.sub("-", path)
    path = _VERSION_SUFFIX.sub("", path)
    return path.lstrip("./")[-_LONGEST:]


def _function(frame: Frame, platform: str) -> str:
    """A function's name as all engines would say it; "" when it has none, or one that a minifier made."""
    name = frame.function.strip()
    for prefix in ("async ", "new ", "async*"):
        name = name.removeprefix(prefix)
    name = _ALIAS.sub("", name)
    if platform in _JAVASCRIPT:
        # Firefox calls what is nameless in "outer" "outer/<", and "inner" in it "outer/inner"; V8 puts the receiver
        # before the name
        if name.endswith("<"):
            return ""
        name = name.rpartition("/")[2].rpartition(".")[2]
        name = _ACCESSOR.sub("", name).lstrip("#")
        if len(name) <= 2 and not frame.ran and _is_script(frame.file):
            # one or two letters in a script without a source map: a minifier's, new with every build
            return ""
    else:
        name = re.sub(r"0x[0-9a-f]+", "", name)
    if name in _NAMELESS or _LAMBDA.match(name):
        return ""
    # helpers that compilers number
    return _NUMBERED.sub("", name)[:_LONGEST]


def _is_script(file: str) -> bool:
    return bool(_SCRIPT.search(file)) or bool(_MINIFIED.search(file))


def _is_counted(frame: Frame, platform: str) -> bool:
    """Not what the engine itself called, nor a wait between two calls."""
    if frame.module == "" and frame.file in _NATIVE:
        return False
    return not (platform in _JAVASCRIPT and _WAITS.match(frame.function.strip().removeprefix("async ")))


def _what(frame: Frame, platform: str) -> str:
    named = _function(frame, platform)
    if named:
        return named
    line = " ".join(frame.source.split())
    # the only line of a minified script says nothing
    return f"line:{line[:120]}" if line and len(line) <= 120 else ""


def _frames(thrown: Thrown, platform: str, only_app: bool) -> list[tuple[str, str]]:
    named = [
        (frame.module.strip() or _file(frame.file), _what(frame, platform))
        for frame in thrown.frames
        if (frame.in_app or not only_app) and _is_counted(frame, platform)
    ]
    return _collapsed(named)[: _SCRIPT_FRAMES if platform in _JAVASCRIPT else _FRAMES]


def _collapsed(frames: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without recursion: what repeats itself stands once, also when several calls repeat in turn."""
    kept: list[tuple[str, str]] = []
    for frame in frames:
        kept.append(frame)
        for length in range(1, _CYCLE + 1):
            if len(kept) >= 2 * length and kept[-length:] == kept[-2 * length : -length]:
                del kept[-length:]
                break
    return kept


# --- the rules -------------------------------------------------------------------------------------------------------


def fingerprint(document: ErrorDocument) -> Grouping:
    """The group of an error. The document's frames are mapped and say `in_app` (`stacks`, `symbols`)."""
    rule, parts = _default(document)
    own = [part for part in document.fingerprint if part.strip()]
    if own and not (len(own) == 1 and _variable(own[0]) == "default"):
        default = _hash([rule, *parts])
        rule, parts = "fingerprint", [_filled(part, document, default) for part in own]
    return Grouping(_hash([rule, *parts]), ALGORITHM, title(document), culprit(document), rule)


def _default(document: ErrorDocument) -> tuple[str, list[str]]:
    platform = document.platform.lower()
    chain = [thrown for thrown in document.exceptions[:_CHAIN] if thrown.type or thrown.value or thrown.frames]
    only_app = any(frame.in_app and _is_counted(frame, platform) for thrown in chain for frame in thrown.frames)
    found = [_frames(thrown, platform, only_app) for thrown in chain]
    if any(found):
        said = any(what for frames in found for _, what in frames)
        parts = []
        for thrown, frames in zip(chain, found, strict=True):
            parts.append(f"type:{thrown.type.strip()}")
            parts.extend(f"frame:{where}|{what}" for where, what in frames)
            if not frames or not said:
                parts.append(f"value:{parametrised(thrown.value)}")
        return "frames", parts
    if chain:
        return "exception", [
            part for each in chain for part in (f"type:{each.type.strip()}", f"value:{parametrised(each.value)}")
        ]
    text = document.pattern.strip()[:_LONGEST] or parametrised(document.message)
    if text:
        return "message", [text]
    return "nothing", [document.platform, document.level]


def _variable(part: str) -> str:
    found = _VARIABLE.fullmatch(part.strip())
    return found[1].lower() if found else ""


def _filled(part: str, document: ErrorDocument, default: str) -> str:
    """A part of a client's fingerprint with its variables filled, as Sentry names them."""
    first = document.exceptions[0] if document.exceptions else Thrown()
    inner = next((frame for frame in first.frames if frame.in_app), first.frames[0] if first.frames else Frame())

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        lower = name.lower()
        if lower.startswith("tags."):
            return document.tags.get(name[5:], "")
        values = {
            "default": default,
            "type": first.type,
            "error.type": first.type,
            "value": first.value,
            "error.value": first.value,
            "message": document.message or first.value,
            "function": inner.function,
            "stack.function": inner.function,
            "module": inner.module,
            "stack.module": inner.module,
            "transaction": document.transaction,
            "level": document.level,
            "logger": document.logger,
        }
        return values.get(lower, match[0])

    return _VARIABLE.sub(fill, part)[:1000]


def _hash(parts: Iterable[str]) -> str:
    # a JSON array in ASCII: no two lists of parts have the same bytes
    return hashlib.sha256(json.dumps([ALGORITHM, *parts]).encode()).hexdigest()


def title(document: ErrorDocument) -> str:
    """One line for people; no part of the hash."""
    if document.exceptions:
        first = document.exceptions[0]
        text = ": ".join(part for part in (first.type.strip(), _line(first.value)) if part)
    else:
        text = _line(document.message) or document.pattern
    return (text or "Error without a text")[:_LONGEST_TITLE]


def culprit(document: ErrorDocument) -> str:
    """Where: function and file of the innermost frame of the program, or the page."""
    for thrown in document.exceptions:
        for frame in thrown.frames:
            if frame.in_app:
                where = frame.module or _file(frame.file)
                return (f"{frame.function} · {where}" if frame.function else where)[:_LONGEST_TITLE]
    return document.transaction[:_LONGEST_TITLE]


def _line(text: str) -> str:
    return next((line.strip() for line in text[:2000].splitlines() if line.strip()), "")
