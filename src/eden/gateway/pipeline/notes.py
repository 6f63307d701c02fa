"""What the steps keep of a call between its stages. The usual call has none: they are made when there is something to
be kept."""

from __future__ import annotations

from eden.gateway.exchange import Exchange
from eden.gateway.pipeline import egress
from eden.gateway.pipeline.codes import Stop
from eden.gateway.pipeline.encryption import Opener, Seal
from eden.gateway.pipeline.signature import Signer


class Notes:
    __slots__ = ("failed", "fill", "hops", "key", "opener", "place", "question", "seal", "signer", "stop")

    def __init__(self) -> None:
        #: that signs the answer
        self.signer: Signer | None = None
        self.opener: Opener | None = None
        self.seal: Seal | None = None
        #: under what the authorizer's answer is remembered
        self.question = b""
        #: under what the answer is kept, and whether it is this call that others wait for
        self.key = b""
        self.fill = False
        #: whether the service failed; None: it was not asked, or did not get to answer
        self.failed: bool | None = None
        #: of the safe exit
        self.place: egress.Place | None = None
        self.hops = 0
        self.stop: Stop | None = None


def notes_of(exchange: Exchange) -> Notes:
    """The call's notes, made if it has none."""
    notes: Notes | None = exchange.notes
    if notes is None:
        exchange.notes = notes = Notes()
    return notes
