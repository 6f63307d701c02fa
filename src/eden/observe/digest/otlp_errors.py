"""Exceptions that OpenTelemetry records, as events of spans or with log records, into errors.

Source: OpenTelemetry semantic conventions, "Exceptions": `exception.type`, `exception.message`,
`exception.stacktrace` (the text as the language writes it), `exception.escaped`.
"""

from __future__ import annotations

from typing import Any

from eden.observe.crashes.document import ErrorDocument, Mechanism
from eden.observe.crashes.finish import Finishing, finished
from eden.observe.crashes.stacks import parse
from eden.observe.digest.foreign import text
from eden.observe.interfaces import ErrorRow, Row

TYPE, MESSAGE, STACK, ESCAPED = (
    "exception.type",
    "exception.message",
    "exception.stacktrace",
    "exception.escaped",
)
#: language of the client → whose stacks these are
_PLATFORMS = {"webjs": "javascript", "nodejs": "node", "": "other"}
_FATAL = 21
_LONGEST = 65_536


def has_exception(found: dict[str, Any]) -> bool:
    return bool(found.get(TYPE) or found.get(MESSAGE))


def exception(
    found: dict[str, Any],
    row: Row,
    name: str,
    trace: str,
    span: str,
    language: str,
    about: Finishing,
    level: int,
) -> ErrorRow:
    """The error in attributes; its stack is taken out of them, since the error has it. `row`: of its span or log
    record, whose time may be another; `name`: the error's id."""
    kind, message = text(found.get(TYPE), 512), text(found.get(MESSAGE), 8192)
    stack = text(found.pop(STACK, ""), _LONGEST)
    exceptions = parse(stack, kind, message)
    escaped = found.get(ESCAPED)
    exceptions[0].mechanism = Mechanism(
        type="opentelemetry", handled=not escaped if isinstance(escaped, bool) else None
    )
    document = ErrorDocument(
        id=name,
        at=row.at,
        platform=_PLATFORMS.get(language, language),
        level="fatal" if level >= _FATAL else "error",
        fatal=level >= _FATAL,
        handled=escaped is not True and level < _FATAL,
        exceptions=exceptions,
        transaction=row.page,
        environment=row.channel,
        contexts={"trace": {"trace_id": trace, "span_id": span}} if trace else {},
    )
    return finished(document, row, about)
