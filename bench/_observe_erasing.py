"""Forgetting people in a filled events store, over HTTP: how long it takes until it is answered, after which no
question finds them."""

from __future__ import annotations

import time

import aiohttp

from bench._observe_platform import Asker

#: who did most, and some others
_PEOPLE = (
    "SELECT person FROM events WHERE person != '' GROUP BY person ORDER BY count() DESC LIMIT 1",
    "SELECT person FROM events WHERE person != '' GROUP BY person ORDER BY cityHash64(person) LIMIT 4",
)


async def erased(asker: Asker) -> float:
    """The longest, in seconds. Raises RuntimeError when somebody is still found."""
    spent = []
    async with aiohttp.ClientSession() as session:
        people = [person for sql in _PEOPLE for (person,) in await _rows(asker, session, sql)]
        for person in people:
            began = time.perf_counter()
            await asker.erase(session, person)
            spent.append(time.perf_counter() - began)
            # roll-ups know whom they have seen, too
            one = "(SELECT count() FROM {} WHERE person = {{person:String}})"
            sql = f"SELECT {one.format('events')} + {one.format('seen')}"
            ((left,),) = await _rows(asker, session, sql, person=person)
            if int(left):
                raise RuntimeError(f"{left} rows of {person} are still found")
    return max(spent)


async def _rows(asker: Asker, session: aiohttp.ClientSession, sql: str, **parameters: str) -> list[list[str]]:
    answer = await asker.post(session, "/sql", {"sql": sql, "parameters": parameters})
    rows: list[list[str]] = answer["rows"]
    return rows
