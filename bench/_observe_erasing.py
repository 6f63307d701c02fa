"""Forgetting people in a filled events store, over HTTP: how long it takes until no question finds them."""

from __future__ import annotations

import time

import aiohttp

from bench._observe_platform import Asker

#: of the people in made-up months: some did much, some little
_PEOPLE = (17, 170, 1_700, 17_000, 170_000)


async def erased(asker: Asker) -> float:
    """The longest, in seconds, of those who were there. Raises RuntimeError when somebody is there afterwards."""
    spent = []
    async with aiohttp.ClientSession() as session:
        for number in _PEOPLE:
            person = f"u{number:07d}"
            before = await _rows(asker, session, person)
            began = time.perf_counter()
            await asker.erase(session, person)
            left = await _rows(asker, session, person)
            if left:
                raise RuntimeError(f"{left} of {before} rows of {person} are still found")
            if before:
                spent.append(time.perf_counter() - began)
    if not spent:
        raise RuntimeError("nobody was there to be forgotten")
    return max(spent)


async def _rows(asker: Asker, session: aiohttp.ClientSession, person: str) -> int:
    sql = "SELECT count() FROM events WHERE person = {person:String}"
    answer = await asker.post(session, "/sql", {"sql": sql, "parameters": {"person": person}})
    return int(answer["rows"][0][0])
