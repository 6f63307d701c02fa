"""What pages and the API read, on both databases: a query may be good on one and refused by the other."""

from __future__ import annotations

from eden.release.interfaces import Verb
from tests.release.house import SECOND, House, shares


def test_programs_and_versions(house: House) -> None:
    async def work() -> None:
        await house.furnish({"review_required": True})
        programs, contents = house.service.programs, house.service.contents
        for key in ("bank", "shop", "yard"):
            await house.program(key)
        app = await programs.create_host_app(house.owner, "w", "super", "Super app")
        assert await programs.host_apps(house.owner, "w") == [app]
        changed = await programs.change(house.owner, "w", "bank", name="The bank", host_app="super")
        assert (changed.name, changed.host_app) == ("The bank", "super")
        first = await programs.page(house.owner, "w", limit=2)
        rest = await programs.page(house.owner, "w", after=first[-1].key, limit=2)
        assert [program.key for program in (*first, *rest)] == ["bank", "shop", "yard"]
        old = await house.upload("1.0.0", scripts=b"let a = 1\n")
        new = await house.upload("1.1.0", scripts=b"let a = 2\n")
        for files in (True, False):
            detail = await contents.version(house.owner, "w", "bank", new.code, files=files)
            assert (detail.own, detail.offered, detail.review_required) == (False, None, True)
            assert detail.base is not None and [other.code for other in detail.others] == [old.code]
        change = await contents.text(house.owner, "w", "bank", old.code, new.code, "main.zip", "code/scripts.js")
        assert change.lines is not None and len(change.lines) == 2
        assert await contents.delta(house.owner, "w", "bank", old.code, new.code) is None
        below = await house.service.versions.page(house.owner, "w", "bank", below=new.code)
        assert [version.code for version in below] == [old.code]
        sizes = await house.service.versions.sizes(house.owner, "w", "bank", new.code)
        assert sizes.largest
        [found] = await house.service.overviews.programs(house.owner, "w", text="THE B", after="a", limit=1)
        assert (found.program.key, found.running, found.starts) == ("bank", None, 0)

    house.run(work())


def test_releases_lists_and_links(house: House) -> None:
    async def work() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        await house.upload("1.1.0", scripts=b"2")
        service = house.service
        made = await service.lists.create(house.owner, "w", "Testers", "exact", b"a")
        rule = {"any": [{"list": made.id}, {"attribute": "city", "operator": "equals", "value": "杭州"}]}
        plan = {
            "steps": [
                {"name": "Testers", "audience": {"lists": [made.id]}},
                {"name": "Some", "audience": {"rule": rule, "share": 100}},
                *shares(1000)["steps"],
            ]
        }
        info = await house.act(await house.draft("1.1.0", plan), Verb.START)
        [use] = await service.lists.uses(house.owner, "w", made.id)
        assert (use.release_id, use.version, use.steps) == (info.release.id, "1.1.0", ("Testers", "Some"))
        assert await service.lists.get(house.owner, "w", made.id) == made
        program, running = await service.overviews.program(house.owner, "w", "bank")
        assert program.release_id == info.release.id
        assert running is not None and (running.steps, running.step) == (("Testers", "Some", "1000"), 0)
        for offered, states in ((True, ["live"]), (False, ["finished"]), (None, ["live", "finished"])):
            page = await service.releases.page(house.owner, "w", program_key="bank", running=offered)
            assert [one.release.state for one in page] == states
        links = []
        for name in ("Ann", "Bo", "Cy"):
            house.at += SECOND
            links.append(await service.trials.create(house.owner, "w", "bank", 10100, name=name))
        newest = await service.trials.page(house.owner, "w", "bank", limit=2)
        older = await service.trials.page(house.owner, "w", "bank", before=(newest[-1].created_at, newest[-1].id))
        assert [link.name for link in (*newest, *older)] == ["Cy", "Bo", "Ann"]
        assert await service.trials.get(house.owner, "w", links[0].id) == links[0]
        ends = await service.trust.ends(house.owner, "w")
        assert list(ends) == ["root", "targets", "snapshot", "timestamp"]

    house.run(work())
