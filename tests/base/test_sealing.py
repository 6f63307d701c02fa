"""Small secrets: sealed for one row, under one server's key."""

from __future__ import annotations

import pytest

from eden.base.errors import EdenError
from eden.base.sealing import Seal


def test_what_is_sealed_is_opened() -> None:
    seal = Seal(b"of the server", "alerts")
    sealed = seal.close("密码".encode(), "alert", "1")
    assert seal.open(sealed, "alert", "1").decode() == "密码"
    assert "密码".encode() not in sealed
    # twice the same looks like two
    assert seal.close(b"x") != seal.close(b"x")


@pytest.mark.parametrize(
    ("secret", "purpose", "context"),
    [
        (b"of another server", "alerts", ("alert", "1")),
        (b"of the server", "other", ("alert", "1")),
        (b"of the server", "alerts", ("alert", "2")),
        (b"of the server", "alerts", ("alert1", "")),
        (b"of the server", "alerts", ()),
    ],
)
def test_it_is_opened_nowhere_else(secret: bytes, purpose: str, context: tuple[str, ...]) -> None:
    sealed = Seal(b"of the server", "alerts").close(b"x", "alert", "1")
    with pytest.raises(EdenError, match="secret key of before"):
        Seal(secret, purpose).open(sealed, *context)


@pytest.mark.parametrize("place", [0, 12, -1])
def test_what_was_changed_is_not_opened(place: int) -> None:
    seal = Seal(b"of the server", "alerts")
    sealed = bytearray(seal.close(b"x"))
    sealed[place] ^= 1
    with pytest.raises(EdenError):
        seal.open(bytes(sealed))
    with pytest.raises(EdenError):
        seal.open(b"")
