"""An error as it is kept: one document for all wires, stored as JSON in `errors.raw`.

Order: `exceptions` begins with the one that ended up uncaught or was reported, its causes follow. `frames` begin with
the innermost call, as stack texts of browsers do. Whoever fills a document turns other orders around.

A document is bounded (`bounded`): what is left out is said in `cut`, so that nobody takes a part for the whole.
"""

from __future__ import annotations

from typing import Any

import msgspec

from eden.observe.interfaces import ErrorRow, Row

#: bytes of a document's JSON; more is seldom read and always paid for
LARGEST = 256_000
#: of an exception; a recursion that never ended has thousands
MOST_FRAMES = 200
MOST_EXCEPTIONS = 10
#: newest ones
MOST_BREADCRUMBS = 100
#: characters
LONGEST_VALUE = 8_192
LONGEST_NAME = 512
LONGEST_LINE = 400
LONGEST_CRUMB = 1_024
#: bytes of the JSON of a breadcrumb's data, of one context
MOST_DATA = 2_048
MOST_CONTEXT = 8_192
MOST_TAGS = 100
#: of a document that is still too large: frames kept at both ends, and characters of a name
_ENDS = 10
_SHORT_NAME = 200
#: characters of `ErrorRow.message`, `type` and `culprit`
_LONGEST_MESSAGE = 500
_LONGEST_TYPE = 200


class Frame(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One call. `line` and `column` from 1, 0: not known. `in_app`: the program's own code; None: whoever sent it does
    not know. `before`, `source` and `after` are the lines of the source around it."""

    function: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    in_app: bool | None = None
    module: str = ""
    before: list[str] = []
    source: str = ""
    after: list[str] = []
    #: "FILE:LINE:COLUMN" in the script that ran, where a source map has led to the place above
    ran: str = ""


class Mechanism(msgspec.Struct, omit_defaults=True, kw_only=True):
    """How it was caught: "onerror", "onunhandledrejection", "hung", …"""

    type: str = ""
    handled: bool | None = None
    data: dict[str, Any] = {}


class Thrown(msgspec.Struct, omit_defaults=True, kw_only=True):
    """An exception. `stack`: its text, when no frame could be read from it."""

    type: str = ""
    value: str = ""
    module: str = ""
    frames: list[Frame] = []
    stack: str = ""
    mechanism: Mechanism | None = None


class Breadcrumb(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What happened before; `at` seconds since 1970, 0: not known."""

    at: float = 0.0
    category: str = ""
    kind: str = ""
    message: str = ""
    level: str = ""
    data: dict[str, Any] = {}


class Sdk(msgspec.Struct, omit_defaults=True, kw_only=True):
    name: str = ""
    version: str = ""


class Grouping(msgspec.Struct, frozen=True, omit_defaults=True):
    """Into which group it belongs, and by which rule of which algorithm. `hash`: 64 hexadecimal digits."""

    hash: str
    algorithm: int
    title: str
    culprit: str
    #: "fingerprint", "frames", "exception", "message" or "nothing"
    rule: str = ""

    @property
    def short(self) -> str:
        """The first 64 bits, 16 digits."""
        return self.hash[:16]

    @property
    def group(self) -> int:
        """What the events store calls the group."""
        return int(self.short, 16)


class ErrorDocument(msgspec.Struct, omit_defaults=True, kw_only=True):
    """`platform`: whose stacks these are: "javascript", "node", "python", "java", "cocoa", … `fatal`: the program
    ended. `handled`: the program caught it itself. `transaction`: the page or the route where it happened."""

    id: str
    #: seconds since 1970
    at: float
    platform: str = ""
    #: of Sentry: "fatal", "error", "warning", "info", "debug"
    level: str = "error"
    fatal: bool = False
    handled: bool = False
    exceptions: list[Thrown] = []
    #: of what is no exception: the text, and the text before its parameters were put in
    message: str = ""
    pattern: str = ""
    logger: str = ""
    transaction: str = ""
    environment: str = ""
    server: str = ""
    #: as a client sets it; "{{ default }}" stands for what the rules say
    fingerprint: list[str] = []
    breadcrumbs: list[Breadcrumb] = []
    contexts: dict[str, Any] = {}
    tags: dict[str, str] = {}
    extra: dict[str, Any] = {}
    request: dict[str, Any] = {}
    user: dict[str, Any] = {}
    sdk: Sdk | None = None
    #: what else the wire had under names of its own
    more: dict[str, Any] = {}
    #: names of files that came along, kept as documents
    attachments: list[str] = []
    grouping: Grouping | None = None
    #: what was left out to keep the document small, and what could not be done with it, as sentences
    cut: list[str] = []
    notes: list[str] = []


def error_row(document: ErrorDocument, base: Row) -> ErrorRow:
    """The row of an error whose document is bounded and grouped: `base` has what all rows have."""
    grouping = document.grouping
    assert grouping is not None
    first = document.exceptions[0] if document.exceptions else None
    message = (first.value if first is not None else "") or document.message
    return ErrorRow(
        **{name: getattr(base, name) for name in Row.__struct_fields__},
        id=document.id,
        group=grouping.group,
        algorithm=grouping.algorithm,
        type=(first.type if first is not None else "")[:_LONGEST_TYPE],
        message=message[:_LONGEST_MESSAGE],
        culprit=grouping.culprit,
        fatal=document.fatal,
        handled=document.handled,
        raw=_fitted(document).decode(),
    )


def encode(document: ErrorDocument) -> bytes:
    """JSON of at most `LARGEST` bytes; what had to go is added to `cut`."""
    bounded(document)
    return _fitted(document)


def _fitted(document: ErrorDocument) -> bytes:
    data = msgspec.json.encode(document)
    for remove in _STEPS:
        if len(data) <= LARGEST:
            return data
        remove(document)
        data = msgspec.json.encode(document)
    return data


def decode(raw: str | bytes) -> ErrorDocument:
    """Raises msgspec.DecodeError."""
    return _DECODER.decode(raw)


_DECODER = msgspec.json.Decoder(ErrorDocument)


def bounded(document: ErrorDocument) -> None:
    """Shorten every part to its limit, in place. A second time changes nothing."""
    cut = document.cut
    if len(document.exceptions) > MOST_EXCEPTIONS:
        cut.append(f"{len(document.exceptions) - MOST_EXCEPTIONS} causes further down the chain")
        del document.exceptions[MOST_EXCEPTIONS:]
    bound_frames(document)
    document.message = _short(document.message, LONGEST_VALUE, "the message", cut)
    document.pattern = document.pattern[:LONGEST_VALUE]
    for name in ("transaction", "logger", "environment", "server", "platform", "level"):
        setattr(document, name, getattr(document, name)[:LONGEST_NAME])
    del document.fingerprint[20:]
    document.fingerprint = [part[:LONGEST_NAME] for part in document.fingerprint]
    if len(document.breadcrumbs) > MOST_BREADCRUMBS:
        cut.append(f"{len(document.breadcrumbs) - MOST_BREADCRUMBS} older breadcrumbs")
        del document.breadcrumbs[:-MOST_BREADCRUMBS]
    for crumb in document.breadcrumbs:
        crumb.message = crumb.message[:LONGEST_CRUMB]
        crumb.category, crumb.kind = crumb.category[:LONGEST_NAME], crumb.kind[:LONGEST_NAME]
        crumb.level = crumb.level[:LONGEST_NAME]
        if crumb.data and len(msgspec.json.encode(crumb.data)) > MOST_DATA:
            crumb.data = {}
            _once(cut, "data of long breadcrumbs")
    _bound_maps(document, cut)
    if document.sdk is not None:
        document.sdk = Sdk(name=document.sdk.name[:LONGEST_NAME], version=document.sdk.version[:LONGEST_NAME])
    document.attachments = [name[:LONGEST_NAME] for name in document.attachments[:20]]
    del cut[50:]


def bound_frames(document: ErrorDocument) -> None:
    """`bounded`, of what a source map may change."""
    for thrown in document.exceptions:
        _bound_thrown(thrown, document.cut)
    del document.notes[20:]


def _bound_thrown(thrown: Thrown, cut: list[str]) -> None:
    what = thrown.type[:LONGEST_NAME] or "the exception"
    thrown.type = thrown.type[:LONGEST_NAME]
    thrown.module = thrown.module[:LONGEST_NAME]
    thrown.value = _short(thrown.value, LONGEST_VALUE, f"the text of {what}", cut)
    thrown.stack = _short(thrown.stack, LONGEST_VALUE, f"the stack of {what}", cut)
    mechanism = thrown.mechanism
    if mechanism is not None:
        mechanism.type = mechanism.type[:LONGEST_NAME]
        if mechanism.data and len(msgspec.json.encode(mechanism.data)) > MOST_DATA:
            mechanism.data = {}
            cut.append(f"how {what} was caught")
    over = len(thrown.frames) - MOST_FRAMES
    if over > 0:
        # both ends say more than the middle: where it failed, and where it began
        half = MOST_FRAMES // 2
        cut.append(f"{over} frames in the middle of {what}")
        del thrown.frames[half : len(thrown.frames) - half]
    for frame in thrown.frames:
        frame.function = frame.function[:LONGEST_NAME]
        frame.file = frame.file[:LONGEST_CRUMB]
        frame.module = frame.module[:LONGEST_NAME]
        frame.source = frame.source[:LONGEST_LINE]
        frame.before = [line[:LONGEST_LINE] for line in frame.before[-5:]]
        frame.after = [line[:LONGEST_LINE] for line in frame.after[:5]]


def _bound_maps(document: ErrorDocument, cut: list[str]) -> None:
    for name in ("contexts", "extra", "more", "request", "user"):
        values: dict[str, Any] = getattr(document, name)
        for key, value in list(values.items()):
            if len(msgspec.json.encode(value)) > MOST_CONTEXT:
                del values[key]
                cut.append(f"{name}: {key[:80]}")
    if len(document.tags) > MOST_TAGS:
        cut.append(f"{len(document.tags) - MOST_TAGS} tags")
        document.tags = dict(list(document.tags.items())[:MOST_TAGS])
    document.tags = {key[:200]: value[:LONGEST_NAME] for key, value in document.tags.items()}


def _short(text: str, longest: int, what: str, cut: list[str]) -> str:
    if len(text) <= longest:
        return text
    cut.append(f"{len(text) - longest} characters of {what}")
    return text[:longest]


def _once(cut: list[str], sentence: str) -> None:
    if sentence not in cut:
        cut.append(sentence)


def _drop(name: str, empty: dict[str, Any] | list[Any], sentence: str) -> Any:
    def remove(document: ErrorDocument) -> None:
        if getattr(document, name):
            setattr(document, name, type(empty)())
            _once(document.cut, sentence)

    return remove


def _drop_data(document: ErrorDocument) -> None:
    for crumb in document.breadcrumbs:
        crumb.data = {}
    _once(document.cut, "data of breadcrumbs")


def _drop_lines(document: ErrorDocument) -> None:
    for thrown in document.exceptions:
        for frame in thrown.frames:
            frame.before, frame.source, frame.after = [], "", []
            frame.file = frame.file[:LONGEST_NAME]
    _once(document.cut, "source lines around frames")


def _drop_causes(document: ErrorDocument) -> None:
    if len(document.exceptions) > 1:
        del document.exceptions[1:]
        _once(document.cut, "causes")


def _only_ends(document: ErrorDocument) -> None:
    """What is left is small whatever it is made of: a character may take six bytes of JSON."""
    for thrown in document.exceptions:
        if len(thrown.frames) > 2 * _ENDS:
            del thrown.frames[_ENDS:-_ENDS]
        for frame in thrown.frames:
            frame.function, frame.file = frame.function[:_SHORT_NAME], frame.file[:_SHORT_NAME]
            frame.module, frame.ran = frame.module[:_SHORT_NAME], frame.ran[:_SHORT_NAME]
        thrown.stack = thrown.stack[:LONGEST_CRUMB]
    document.message, document.pattern = document.message[:LONGEST_CRUMB], document.pattern[:LONGEST_CRUMB]
    del document.fingerprint[5:]
    document.user, document.attachments = {}, []
    del document.cut[20:]
    _once(document.cut, "most frames, long names, the user")


#: what goes first when a document is too large: what is missed least
_STEPS = (
    _drop("more", {}, "fields under names of the client's own"),
    _drop("extra", {}, "extra data"),
    _drop_data,
    _drop_lines,
    _drop("contexts", {}, "contexts"),
    _drop("request", {}, "the request"),
    _drop("breadcrumbs", [], "breadcrumbs"),
    _drop("tags", {}, "tags"),
    _drop_causes,
    _only_ends,
)
