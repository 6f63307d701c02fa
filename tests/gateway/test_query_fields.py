"""Headers of ours in the query: taken out, as they were meant, and nothing else is touched."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.gateway.query_fields import NAMES, lift


def test_what_is_ours_is_taken_out() -> None:
    signature = quote("hmac-sha256 s1 AB+/=", safe="")
    target = f"?topic=7&x-eden-app=shop&q=it%27s&x-eden-signature={signature}&&empty=&x-eden-time=5"
    rest, found = lift(target.encode(), {})
    # the rest as it was, to the byte: it is signed
    assert rest == b"?topic=7&q=it%27s&&empty="
    assert found == {b"x-eden-app": b"shop", b"x-eden-signature": b"hmac-sha256 s1 AB+/=", b"x-eden-time": b"5"}
    assert lift(b"?x-eden-app=shop", {}) == (b"", {b"x-eden-app": b"shop"})


def test_headers_count_more() -> None:
    rest, found = lift(b"?x-eden-app=other&x-eden-time=5", {b"x-eden-app": b"shop"})
    assert (rest, found) == (b"", {b"x-eden-time": b"5"})


@pytest.mark.parametrize(
    "target", [b"", b"?a=1", b"?x-edena=1", b"?x-eden-principal=admin", b"?X-Eden-App=a", b"?a=x-eden-app"]
)
def test_what_is_not_ours_stays(target: bytes) -> None:
    """Whom a service believes (x-eden-principal) is none of it."""
    assert lift(target, {}) == (target, {})


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (b"?x-eden-app=a&x-eden-app=b", "twice"),
        (b"?x-eden-app=a%0d%0ax-evil:1", "no header's value"),
        (b"?x-eden-nonce=%00", "no header's value"),
        (b"?x-eden-device=%C3%A4", "no header's value"),
    ],
)
def test_what_no_header_could_be(target: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        lift(target, {})


PAIRS = st.lists(st.sampled_from(["a=1", "b", "c=%26", "", *(f"{name.decode()}=v" for name in sorted(NAMES))]))


@given(PAIRS)
def test_order_and_bytes_of_the_rest_are_kept(pairs: list[str]) -> None:
    names = [pair.split("=")[0] for pair in pairs if pair.startswith("x-eden-")]
    target = ("?" + "&".join(pairs)).encode() if pairs else b""
    if len(set(names)) < len(names):
        with pytest.raises(ValueError, match="twice"):
            lift(target, {})
        return
    rest, found = lift(target, {})
    assert sorted(found) == sorted(name.encode() for name in names)
    left = "&".join(pair for pair in pairs if not pair.startswith("x-eden-"))
    assert rest == (("?" + left).encode() if left else b"" if names or not pairs else target)
