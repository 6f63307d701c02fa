"""A catalogue as it is stored, for whoever serves it: each operation and model is decoded when somebody asks for it.

Of thousands of operations a change concerns few, and a worker serves some. To decode them all takes a tenth of a second
in which no call goes on; to cut the document into their texts takes a few milliseconds. What has the text that it had
in the document before is what it was there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import Raw

from eden.gateway.interfaces import Authorizer, Catalogue, Defaults, Egress, Group, Model, Operation

V = TypeVar("V")


class Unread(Mapping[str, V], Generic[V]):
    """Things by name. `unread[name]` raises ValueError for one that this version of Eden does not know."""

    __slots__ = ("_decoder", "_read", "texts")

    def __init__(
        self, texts: dict[str, Raw], decoder: msgspec.json.Decoder[V], before: Unread[V] | None = None
    ) -> None:
        """`before`: those of the document before; another thread may read them meanwhile."""
        #: as JSON
        self.texts: Final = texts
        self._decoder = decoder
        self._read: dict[str, V] = {}
        if before is not None:
            read, old = before._read.copy(), before.texts
            self._read = {name: one for name, one in read.items() if old[name] == texts.get(name)}

    def __getitem__(self, name: str) -> V:
        found = self._read.get(name)
        if found is None:
            self._read[name] = found = self._decoder.decode(self.texts[name])
        return found

    def __contains__(self, name: object) -> bool:
        return name in self.texts

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __len__(self) -> int:
        return len(self.texts)


class _Cut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `Catalogue` of which the long parts are not decoded."""

    groups: dict[str, Group] = {}
    operations: dict[str, Raw] = {}
    models: dict[str, Raw] = {}
    authorizers: dict[str, Authorizer] = {}
    defaults: Defaults = Catalogue().defaults
    egress: Egress = Catalogue().egress


_CUT: Final = msgspec.json.Decoder(_Cut)
_OPERATION: Final = msgspec.json.Decoder(Operation)
_MODEL: Final = msgspec.json.Decoder(Model)


class Stored:
    """A `Catalogue`, of its JSON; ValueError for one that this version of Eden does not know. `before`: the one that
    was served before."""

    __slots__ = ("authorizers", "defaults", "egress", "groups", "models", "operations")

    def __init__(self, document: bytes, before: Stored | None = None) -> None:
        cut = _CUT.decode(document)
        self.groups = cut.groups
        self.operations: Unread[Operation] = Unread(
            cut.operations, _OPERATION, None if before is None else before.operations
        )
        self.models: Unread[Model] = Unread(cut.models, _MODEL, None if before is None else before.models)
        self.authorizers = cut.authorizers
        self.defaults = cut.defaults
        self.egress = cut.egress
