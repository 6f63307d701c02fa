"""Which devices are in a share of a release, version 1. Frozen: a new way would be a new file beside this one.

A device's bucket is the first four bytes, big-endian, of SHA-256 over the UTF-8 of `salt + ":" + device_id`: a number
of 32 bits. It is in a share of n basis points (0.01 %) when `bucket < n * 2**32 / 10000`, compared as integers. So

- the same device gets the same answer for ever, on the server and on the phone, without a table;
- whoever is in a share is in every larger one;
- two salts give independent draws: a device in the first 10 % of one release is in the first 10 % of the next with
  a probability of 0.10.

Salts are random and hold no colon. Where a text is not well-formed Unicode, every lone surrogate counts as U+FFFD, as
`TextEncoder` has it. `container/host/targeting/bucketing-v1.ts` is the same for the phone.
"""

from __future__ import annotations

from hashlib import sha256

#: a share is counted in basis points: 10,000 is everyone
EVERYONE = 10_000
#: buckets are numbers below this
BUCKETS = 2**32


def bucket(salt: str, device_id: str) -> int:
    """The device's place in 0..2**32-1 under this salt."""
    return int.from_bytes(sha256(utf8(f"{salt}:{device_id}")).digest()[:4], "big")


def in_share(bucket: int, share: int) -> bool:
    """Whether the bucket is among the first `share` basis points; ValueError unless the share is in 0..10000."""
    if not 0 <= share <= EVERYONE:
        raise ValueError(f"A share is between 0 and {EVERYONE} basis points, not {share}.")
    return bucket * EVERYONE < share * BUCKETS


def in_range(bucket: int, low_share: int, high_share: int) -> bool:
    """Whether the bucket is in the second share but not in the first: a control group beside those who have it.

    ValueError unless 0 <= low <= high <= 10000.
    """
    if not 0 <= low_share <= high_share <= EVERYONE:
        raise ValueError(
            f"A range of shares rises within 0 and {EVERYONE} basis points, not {low_share}..{high_share}."
        )
    return low_share * BUCKETS <= bucket * EVERYONE < high_share * BUCKETS


def utf8(text: str) -> bytes:
    """UTF-8, with U+FFFD for what is not Unicode (WHATWG Encoding, `TextEncoder`)."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
