"""The last step of every digest that has errors: from a document to the row that is stored."""

from __future__ import annotations

from typing import Protocol

from eden.observe.crashes import grouping_v1
from eden.observe.crashes.document import ErrorDocument, bounded, error_row
from eden.observe.crashes.stacks import settle
from eden.observe.interfaces import ErrorRow, Row


class Mapper(Protocol):
    """Source maps (`eden.observe.crashes.symbols.Symbols`)."""

    def apply(self, app: int, code: int, document: ErrorDocument) -> ErrorDocument:
        """The document with its frames in the author's files; the same document, changed."""
        ...


def finished(document: ErrorDocument, base: Row, mapper: Mapper | None = None) -> ErrorRow:
    """Bound, map, group and encode; `base` has what all rows have, its `code` the version whose maps count."""
    bounded(document)
    if mapper is not None:
        document = mapper.apply(base.app, base.code, document)
    settle(document)
    return error_row(document, base, grouping_v1.fingerprint(document))
