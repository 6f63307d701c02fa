"""The host's decoder makes the same bytes of this server's deltas: TypeScript bundled and run under Node."""

from __future__ import annotations

import random
from pathlib import Path

from bench import _phone
from eden.release.deltas import encode_delta
from tests.release import samples


def _edited(generator: random.Random, data: bytes) -> bytes:
    """With pieces taken out, put in, moved and repeated."""
    for _ in range(generator.randrange(1, 12)):
        start = generator.randrange(len(data))
        piece = data[start : start + generator.randrange(1, 3000)]
        place = generator.randrange(len(data))
        added = generator.choice([b"", piece, piece * 40, generator.randbytes(generator.randrange(500))])
        data = data[:place] + added + data[place + generator.randrange(2000) :]
        if not data:
            return b"."
    return data


def test_host_and_server_agree(tmp_path: Path) -> None:
    generator = random.Random(20261125)
    archive = samples.stored_zip(
        {f"files/{number}.wxml": b"<view>%d</view>\n" % number * generator.randrange(1, 4000) for number in range(30)}
        | {"files/photo.png": generator.randbytes(150_000)}
    )
    pairs = [(archive, archive), (b"", archive), (archive, b""), (archive, bytes(9 << 20))]
    for _ in range(20):
        pairs.append((archive, _edited(generator, archive)))
    answer = _phone.apply([(base, encode_delta(base, target), target) for base, target in pairs], tmp_path)
    assert answer.wrong == 0
