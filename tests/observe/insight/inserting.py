"""Inserts numbered batches until it is killed: `python -m tests.observe.insight.inserting FOLDER FIRST`.

Each batch has ten events with the batch's number as their code, and a token of its own; it is told on standard output
when it was stored.
"""

from __future__ import annotations

import sys
from pathlib import Path

from eden.observe.insight.embedded import Embedded
from eden.observe.insight.steps import upgrade


def main(folder: Path, first: int) -> None:
    engine = Embedded(folder)
    upgrade(engine)
    number = first
    while True:
        rows = b"\n".join(
            b'{"app":1,"at":%d,"arrived":1790000000,"name":"e","person":"p%d","code":%d,"props":{"a":{"b":%d}}}'
            # both months: a part of each
            % (1790000000 + 86_400 * 9 * (line % 2), line, number, line)
            for line in range(10)
        )
        engine.insert("events", rows, token=f"batch-{number}")
        print(number, flush=True)
        number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
