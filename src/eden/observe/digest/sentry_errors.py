"""Sentry's error events into error documents.

Sentry writes the oldest call first and the first cause first (develop.sentry.dev, "Exception Interface", "Stack Trace
Interface"); a document begins with what was thrown last, and with the innermost call.
"""

from __future__ import annotations

from typing import Any

from eden.observe.crashes.document import (
    Breadcrumb,
    ErrorDocument,
    Frame,
    Mechanism,
    Sdk,
    Thrown,
)
from eden.observe.crashes.finish import finished
from eden.observe.digest.foreign import items, made_id, mapping, seconds_of, text, whole
from eden.observe.digest.sentry_common import Sent, event_fields, tags
from eden.observe.interfaces import ErrorRow, Row

#: languages whose programs end with an exception that nothing handled
_ENDING = frozenset({"native", "cocoa", "java", "csharp", "objc", "other"})
#: mechanisms by which a client learns that a program ended: of native code, of phones
_ENDINGS = frozenset(
    {"minidump", "signalhandler", "mach", "nsexception", "cppexception", "appexitinfo", "anr", "applicationexitinfo",
     "uncaughtexceptionhandler", "unhandledexceptionhandler", "watchdog_termination"}
)  # fmt: skip
_KNOWN = frozenset(
    {"event_id", "timestamp", "platform", "level", "logger", "transaction", "server_name", "release", "dist", "tags",
     "environment", "modules", "extra", "fingerprint", "exception", "message", "logentry", "breadcrumbs", "contexts",
     "request", "user", "sdk", "threads", "stacktrace", "type", "received"}
)  # fmt: skip


def error(sent: Sent, event: dict[str, Any]) -> ErrorRow:
    """The row of an event. Raises nothing of its own."""
    document = _document(sent, event)
    document.attachments = sent.files
    if sent.minidump:
        document.fatal, document.handled = True, False
    base = Row(**sent.fields(**event_fields(event)), at=document.at)
    return finished(document, base, sent.about)


def _document(sent: Sent, event: dict[str, Any]) -> ErrorDocument:
    platform = text(event.get("platform")) or "other"
    exceptions = _exceptions(event)
    level = text(event.get("level")).lower() or "error"
    mechanisms = [each.mechanism for each in exceptions if each.mechanism]
    unhandled = any(mechanism.handled is False for mechanism in mechanisms)
    message, pattern = _message(event)
    return ErrorDocument(
        id=sent.event_id(event) or made_id(sent.batch, str(event.get("timestamp"))),
        at=sent.clock.at(event.get("timestamp")),
        platform=platform,
        level=level,
        fatal=level == "fatal" or (unhandled and _ends(platform, mechanisms)),
        handled=not unhandled and level != "fatal",
        exceptions=exceptions,
        message=message,
        pattern=pattern,
        logger=text(event.get("logger")),
        transaction=text(event.get("transaction"), 500),
        environment=text(event.get("environment")),
        server=text(event.get("server_name")),
        fingerprint=[text(part) or str(part) for part in items(event.get("fingerprint"))],
        breadcrumbs=_breadcrumbs(sent, event.get("breadcrumbs")),
        contexts=_contexts(event.get("contexts")),
        tags=tags(event.get("tags")),
        extra=mapping(event.get("extra")),
        request=_request(event.get("request")),
        user=_user(event.get("user")),
        sdk=_sdk(event.get("sdk")) or _sdk(sent.envelope.headers.get("sdk")),
        more={name: value for name, value in event.items() if name not in _KNOWN and value is not None},
    )


def _ends(platform: str, mechanisms: list[Mechanism]) -> bool:
    return platform in _ENDING or any(mechanism.type.lower() in _ENDINGS for mechanism in mechanisms)


def _exceptions(event: dict[str, Any]) -> list[Thrown]:
    held = event.get("exception")
    # {"values": […]}, or, from old clients, a list or one exception
    found = items(mapping(held).get("values")) or items(held) or ([held] if mapping(held).get("type") else [])
    thrown = [_thrown(each) for each in reversed(found) if isinstance(each, dict)]
    if thrown and not any(each.frames for each in thrown) and (stack := _thread_stack(event, crashed=True)):
        thrown[0].frames = stack
    if not thrown and (stack := _thread_stack(event, crashed=False)):
        message, _ = _message(event)
        return [Thrown(value=message, frames=stack)]
    return thrown


def _thread_stack(event: dict[str, Any], *, crashed: bool) -> list[Frame]:
    """Native clients put the stack at the thread, and messages may have one."""
    threads = event.get("threads")
    for thread in items(mapping(threads).get("values")) or items(threads):
        thread = mapping(thread)
        if (thread.get("crashed") or thread.get("current") or not crashed) and (
            frames := _frames(thread.get("stacktrace"))
        ):
            return frames
    return _frames(event.get("stacktrace"))


def _thrown(value: dict[str, Any]) -> Thrown:
    mechanism = mapping(value.get("mechanism"))
    handled = mechanism.get("handled")
    return Thrown(
        type=text(value.get("type"), 1000),
        value=_words(value.get("value")),
        module=text(value.get("module"), 1000),
        frames=_frames(value.get("stacktrace")) or _frames(value.get("raw_stacktrace")),
        mechanism=Mechanism(
            type=text(mechanism.get("type")),
            handled=handled if isinstance(handled, bool) else None,
            data=mapping(mechanism.get("data")) | ({"meta": meta} if (meta := mechanism.get("meta")) else {}),
        )
        if mechanism
        else None,
    )


def _frames(stack: object) -> list[Frame]:
    found = items(mapping(stack).get("frames"))
    return [_frame(frame) for frame in reversed(found) if isinstance(frame, dict)]


def _frame(value: dict[str, Any]) -> Frame:
    in_app = value.get("in_app")
    function = text(value.get("function"), 1000) or text(value.get("instruction_addr"))
    return Frame(
        function=function,
        file=text(value.get("filename"), 8192) or text(value.get("abs_path"), 8192) or text(value.get("package"), 8192),
        line=whole(value.get("lineno")),
        column=whole(value.get("colno")),
        in_app=in_app if isinstance(in_app, bool) else None,
        module=text(value.get("module"), 1000),
        before=_lines(value.get("pre_context")),
        source=text(value.get("context_line"), 400),
        after=_lines(value.get("post_context")),
    )


def _lines(value: object) -> list[str]:
    return [text(line, 400) for line in items(value)]


def _words(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)


def _message(event: dict[str, Any]) -> tuple[str, str]:
    """The text, and what it was before its parameters were put in."""
    entry = event.get("logentry") or event.get("message")
    if isinstance(entry, dict):
        pattern = _words(entry.get("message"))
        return _words(entry.get("formatted")) or pattern, pattern
    return _words(entry), ""


def _breadcrumbs(sent: Sent, value: object) -> list[Breadcrumb]:
    found = items(mapping(value).get("values")) or items(value)
    return [
        Breadcrumb(
            at=0.0 if (seconds := seconds_of(crumb.get("timestamp"))) is None else sent.clock.ours(seconds),
            category=text(crumb.get("category")),
            kind=text(crumb.get("type")),
            message=text(crumb.get("message"), 2000),
            level=text(crumb.get("level")),
            data=mapping(crumb.get("data")),
        )
        for crumb in found
        if isinstance(crumb, dict)
    ]


def _contexts(value: object) -> dict[str, Any]:
    return {name: held for name, held in mapping(value).items() if held}


def _request(value: object) -> dict[str, Any]:
    """Without cookies and what proves who somebody is: no personal data by default."""
    request = {name: held for name, held in mapping(value).items() if name != "cookies" and held is not None}
    headers = request.get("headers")
    pairs = headers.items() if isinstance(headers, dict) else (pair for pair in items(headers) if len(items(pair)) == 2)
    if headers:
        request["headers"] = {
            text(name): held for name, held in pairs if text(name).lower() not in ("cookie", "authorization")
        }
    return request


def _user(value: object) -> dict[str, Any]:
    """Without the network address: no personal data by default."""
    return {name: held for name, held in mapping(value).items() if held is not None and name != "ip_address"}


def _sdk(value: object) -> Sdk | None:
    sdk = mapping(value)
    name = text(sdk.get("name"))
    return Sdk(name=name, version=text(sdk.get("version"))) if name else None
