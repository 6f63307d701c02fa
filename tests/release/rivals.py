"""One of several processes that work on the same store: `python -m tests.release.rivals` reads an order as JSON, says
that it is ready, waits for a line, does everything at once and prints what became of each thing."""

from __future__ import annotations

import asyncio
import sys

import msgspec

from eden.base.ground import open_ground
from eden.base.problems import Problem
from eden.base.settings import Settings
from eden.release.interfaces import Verb
from tests.release.house import House, everyone


class Try(msgspec.Struct, frozen=True):
    """A verb on a release as it was at `revision`; without a release, a draft of a version, and its start."""

    verb: Verb
    release: str = ""
    revision: int = 0
    program: str = ""
    version: str = ""


class Order(msgspec.Struct, frozen=True):
    settings: Settings
    tries: tuple[Try, ...]


async def _attempt(house: House, one: Try) -> str:
    """ "won", or the problem's code."""
    release, revision = one.release, one.revision
    try:
        if not release:
            draft = await house.draft(one.version, everyone(), one.program)
            release, revision = draft.release.id, draft.release.revision
        await house.service.releases.act(
            house.people["operator"], "w", release, one.verb, revision=revision, reason="because"
        )
    except Problem as problem:
        return problem.code
    return "won"


async def _all(house: House, tries: tuple[Try, ...]) -> list[str]:
    return list(await asyncio.gather(*(_attempt(house, one) for one in tries)))


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    ground = open_ground(order.settings)
    try:
        house = House(ground)
        print("ready", flush=True)
        sys.stdin.buffer.readline()
        print(msgspec.json.encode(asyncio.run(_all(house, order.tries))).decode(), flush=True)
    finally:
        ground.close()


if __name__ == "__main__":
    main()
