"""What the demo has released began when its made-up people got it."""

from __future__ import annotations

from pathlib import Path

from eden.demo.past import do_put_back
from eden.release.catalogue import ReleaseCatalogue
from eden.release.interfaces import Verb
from tests.release.house import DAY, House, open_house, shares


def test_releases_are_put_back(tmp_path: Path) -> None:
    with open_house(tmp_path, "sqlite") as house:
        house.run(put_back(house))


async def put_back(house: House) -> None:
    await house.furnish()
    await house.program()
    first = await house.stable("1.0.0")
    await house.upload("1.1.0")
    second = await house.act(await house.draft("1.1.0", shares(5000, 10_000)), Verb.START)
    begun = {first.release.id: house.at - 40 * DAY, second.release.id: house.at - 4 * DAY}
    signed = await house.signed()
    database, catalogue = house.ground.database, ReleaseCatalogue()
    await database.write(lambda connection: do_put_back(connection, begun))

    found = await database.read(lambda connection: catalogue.releases(connection, "w", "bank"))
    assert {one.id: one.started_at for one in found} == begun
    versions = await database.read(lambda connection: catalogue.versions(connection, "w", "bank"))
    assert [(one.name, house.at - one.created_at) for one in versions] == [("1.1.0", 4 * DAY), ("1.0.0", 40 * DAY)]
    # the newest first, in lists and in what happened to each
    page = await house.service.releases.page(house.owner, "w")
    assert [info.release.id for info in page] == [second.release.id, first.release.id]
    told = await house.service.releases.events(house.owner, "w", second.release.id)
    assert {event.at for event in told} == {begun[second.release.id]}
    # phones see no difference, and the release goes on
    assert await house.signed() == signed
    on = await house.act(page[0], Verb.ADVANCE)
    assert on.release.step == 1
