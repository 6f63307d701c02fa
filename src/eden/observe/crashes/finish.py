"""The last step of every digest that has errors: from a document to the row that is stored."""

from __future__ import annotations

from typing import Protocol

import msgspec

from eden.observe.crashes import grouping_v1
from eden.observe.crashes.document import ErrorDocument, bound_frames, bounded, error_row
from eden.observe.crashes.stacks import settle
from eden.observe.interfaces import ErrorRow, Row
from eden.observe.privacy import Masks


class Mapper(Protocol):
    """Source maps (`eden.observe.crashes.symbols.Symbols`)."""

    def apply(self, app: int, code: int, document: ErrorDocument) -> ErrorDocument:
        """The document with its frames in the author's files; the same document, changed."""
        ...


class Finishing(Protocol):
    """What an app has for its errors (`eden.observe.digest.digest.About`)."""

    symbols: Mapper | None
    masks: Masks


def finished(document: ErrorDocument, base: Row, about: Finishing | None = None) -> ErrorRow:
    """Bound, map, group, mask and encode; `base` has what all rows have, its `code` the version whose maps count.

    Grouped before it is masked: what a mask finds must not make two groups of one."""
    bounded(document)
    if about is not None and about.symbols is not None:
        document = about.symbols.apply(base.app, base.code, document)
        bound_frames(document)
    settle(document)
    document.grouping = grouping_v1.fingerprint(document)
    if about is not None:
        mask(document, about.masks)
    return error_row(document, base)


def mask(document: ErrorDocument, masks: Masks) -> None:
    """Mask all texts of a document but its frames, which are code, and take out what names a person or a session."""
    text = masks.text
    for thrown in document.exceptions:
        thrown.type, thrown.module = text(thrown.type), text(thrown.module)
        thrown.value, thrown.stack = text(thrown.value), text(thrown.stack)
        if thrown.mechanism is not None:
            masks.document(thrown.mechanism.data)
    for name in ("message", "pattern", "logger", "transaction", "environment", "server"):
        setattr(document, name, text(getattr(document, name)))
    for crumb in document.breadcrumbs:
        crumb.message, crumb.category = text(crumb.message), text(crumb.category)
        masks.document(crumb.data)
    for held in (document.contexts, document.tags, document.extra, document.request, document.user, document.more):
        masks.document(held)
    for texts in (document.fingerprint, document.attachments, document.cut, document.notes):
        masks.document(texts)
    grouping = document.grouping
    if grouping is not None:
        title, culprit = text(grouping.title), text(grouping.culprit)
        if title != grouping.title or culprit != grouping.culprit:
            document.grouping = msgspec.structs.replace(grouping, title=title, culprit=culprit)
