"""Releases: every verb with all that follows, plans, two operators at once, lists, trial links."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from eden.base.audit import entries
from eden.base.problems import Problem
from eden.base.tables import changes
from eden.base.targeting import Proof, verify
from eden.release import service_releases
from eden.release.interfaces import ReleaseState, Verb
from eden.release.rules_machine import ReleaseProblem
from eden.release.rules_reasons import say
from eden.release.rules_signed import PhoneView, permitted
from eden.release.rules_views import ListView
from eden.release.service_core import CHANGED
from eden.release.trust import TrustRepository, read_heads
from tests.release.house import DAY, SECOND, House, everyone, shares

REASONS = {
    Verb.START: ("operator", "release.operate"),
    Verb.PAUSE: ("developer", "release.emergency"),
    Verb.RESUME: ("operator", "release.operate"),
    Verb.HALT: ("developer", "release.emergency"),
    Verb.ROLL_FORWARD: ("operator", "release.operate"),
    Verb.ROLL_BACK: ("developer", "release.emergency"),
}


def test_a_release_from_draft_to_everyone(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        await house.upload("1.1.0", scripts=b"2")
        info = await house.draft("1.1.0", shares(100, 1000, 10_000))
        assert info.release.state is ReleaseState.DRAFT
        assert await house.states() == {10000: "stable"}
        info = await house.act(info, Verb.START)
        assert (info.release.step, info.release.share, info.release.previous_code) == (0, 100, 10000)
        signed = (await house.signed())[10100]
        assert signed["release"] == {
            "id": info.release.id, "salt": info.release.salt, "share": 100, "rule": {"everyone": True},
            "patterns": [], "lists": [], "rule_lists": [],
        }  # fmt: skip
        info = await house.act(info, Verb.ADVANCE)
        assert (await house.signed())[10100]["release"]["share"] == 1000
        info = await house.act(info, Verb.ADVANCE, step=2)
        info = await house.act(info, Verb.FINISH)
        assert await house.states() == {10000: "kept", 10100: "stable"}
        assert info.refused[Verb.ADVANCE] is not None
        kinds = [event.kind for event in await house.service.releases.events(house.owner, "w", info.release.id)]
        assert kinds == ["finish", "advance", "advance", "start", "create"]
        log = await house.ground.database.read(lambda c: entries(c, "w"))
        assert [entry.action for entry in log[:5]] == [
            "release.finish", "release.advance", "release.advance", "release.start", "release.create",
        ]  # fmt: skip
        assert log[0].detail["reason"] == "because"
        told = await house.ground.database.read(
            lambda c: c.execute(
                select(changes.c.payload).where(changes.c.kind == CHANGED).order_by(changes.c.seq)
            ).all()
        )
        heads = await house.ground.database.read(lambda c: read_heads(c, "w"))
        assert told[-1].payload == {
            "program": "bank", "timestamp": heads["timestamp"].version, "release": info.release.id,
            "state": "finished", "kind": "finish",
        }  # fmt: skip

    house.run(run())


def test_stopping_and_going_back(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        await house.upload("1.1.0", scripts=b"2")
        info = await house.act(await house.draft("1.1.0", shares(1000, 10_000)), Verb.START)
        expected = [
            (Verb.PAUSE, "release"), (Verb.RESUME, "release"), (Verb.HALT, "kept"), (Verb.ROLL_FORWARD, "release"),
            (Verb.ROLL_BACK, "revoked"), (Verb.ROLL_FORWARD, "release"),
        ]  # fmt: skip
        for verb, state in expected:
            who, _ = REASONS[verb]
            if verb is not Verb.RESUME:
                with pytest.raises(Problem) as caught:
                    await house.act(info, verb, who=who, reason=" ")
                assert caught.value.errors[0][0] == "reason"
            info = await house.act(info, verb, who=who)
            assert (await house.states())[10100] == state, verb
            assert (await house.states())[10000] == "stable"
        assert info.release.run == 3
        with pytest.raises(Problem) as caught:
            await house.act(info, Verb.FINISH)
        assert caught.value.code == "release-state"

    house.run(run())


@pytest.mark.parametrize("role", ["owner", "developer", "reviewer", "operator", "auditor"])
def test_who_may_do_what(house: House, role: str) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        info = await house.draft("1.0.0", shares(100))
        for verb in Verb:
            permission = REASONS.get(verb, ("", "release.operate"))[1]
            allowed = house.people[role].may("w", permission)
            # somebody else's revision: whoever may act hears of that
            with pytest.raises(Problem) as caught:
                await house.act(info, verb, who=role, revision=7)
            assert caught.value.code == ("release-changed" if allowed else "forbidden"), verb

    house.run(run())


def test_two_operators_at_once(house: House) -> None:
    """One wins, the others hear that the release changed; the store has one event and one signature of it."""

    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        info = await house.act(await house.draft("1.0.0", shares(100, 200, 300)), Verb.START)
        before = await house.ground.database.read(lambda c: read_heads(c, "w"))
        verbs = [Verb.ADVANCE, Verb.PAUSE, Verb.HALT, Verb.ADVANCE, Verb.ROLL_BACK, Verb.PAUSE]
        results: list[Any] = await asyncio.gather(*(house.act(info, verb) for verb in verbs), return_exceptions=True)
        lost = [result for result in results if isinstance(result, Exception)]
        assert len(lost) == len(verbs) - 1
        assert {problem.code for problem in lost if isinstance(problem, Problem)} == {"release-changed"}
        after = await house.ground.database.read(lambda c: read_heads(c, "w"))
        assert after["timestamp"].version == before["timestamp"].version + 1
        events = await house.service.releases.events(house.owner, "w", info.release.id)
        assert [event.revision for event in events] == [2, 1, 0]

    house.run(run())


def test_one_release_of_a_program_offers_at_a_time(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        await house.upload("1.1.0", scripts=b"2")
        drafts = [await house.draft(version, shares(100, 10_000)) for version in ("1.0.0", "1.1.0")]
        results: list[Any] = await asyncio.gather(
            *(house.act(draft, Verb.START) for draft in drafts), return_exceptions=True
        )
        lost = [result for result in results if isinstance(result, Problem)]
        won = next(result for result in results if not isinstance(result, Exception))
        assert [problem.code for problem in lost] == ["release-conflict"]
        # a halted release does not stand in the way of its repair, but then may not come back beside it
        halted = await house.act(won, Verb.HALT)
        other = next(draft for draft in drafts if draft.release.id != won.release.id)
        await house.act(other, Verb.START)
        with pytest.raises(Problem) as caught:
            await house.act(halted, Verb.ROLL_FORWARD)
        assert caught.value.code == "release-conflict"
        page = await house.service.releases.page(house.owner, "w", running=True)
        assert [info.release.id for info in page] == [other.release.id]

    house.run(run())


def test_a_halted_release_touches_nothing_that_a_later_one_brought(house: House) -> None:
    """Two releases of one version: what the second made of it is not the first one's to change."""

    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        await house.upload("1.1.0", scripts=b"2")
        first = await house.act(await house.draft("1.1.0", shares(1000, 10_000)), Verb.START)
        first = await house.act(first, Verb.HALT)
        second = await house.act(await house.draft("1.1.0", everyone()), Verb.START)
        for state in ("release", "stable"):
            assert (await house.states())[10100] == state
            with pytest.raises(ReleaseProblem, match="later release has brought") as caught:
                await house.act(first, Verb.ROLL_BACK)
            assert caught.value.code == "version-state"
            assert say(caught.value.message, "zh").startswith("之后的另一个发布已把版本 1.1.0")
            operator, release = house.people["operator"], first.release
            first = await house.service.releases.change_plan(
                operator, "w", release.id, shares(1000, 5000), revision=release.revision
            )
            assert (await house.states())[10100] == state
            if state == "release":
                second = await house.act(second, Verb.FINISH)
        assert second.release.state is ReleaseState.FINISHED

    house.run(run())


def test_a_review_is_asked_for_where_everyone_is_reached(house: House) -> None:
    async def run() -> None:
        await house.furnish({"review_required": True})
        await house.program()
        await house.upload("1.0.0")
        beta = {"attribute": "tags", "operator": "has_any", "values": ["beta"]}
        plan = {"steps": [{"name": "Beta", "audience": {"rule": beta, "share": 10_000}}, *everyone()["steps"]]}
        info = await house.act(await house.draft("1.0.0", plan), Verb.START)
        with pytest.raises(Problem, match="no review yet") as caught:
            await house.act(info, Verb.ADVANCE)
        assert caught.value.code == "version-state"
        await house.service.versions.review(house.people["reviewer"], "w", "bank", 10000, "approved")
        await house.act(info, Verb.ADVANCE)

    house.run(run())


def test_phones_go_forward_only(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.1.0")
        await house.upload("1.0.0", scripts=b"older")
        with pytest.raises(Problem, match="not newer than the stable one"):
            await house.act(await house.draft("1.0.0", everyone()), Verb.START)

    house.run(run())


def test_plans_are_checked_and_changed(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        service, operator = house.service.releases, house.people["operator"]
        with pytest.raises(Problem) as caught:
            await house.draft("1.0.0", {"steps": [{"name": "", "audience": {"share": 20_000, "lists": ["nobody"]}}]})
        assert {path for path, _ in caught.value.errors} == {
            "steps[0].name", "steps[0].audience.share", "steps[0].audience.lists[0]",
        }  # fmt: skip
        info = await house.draft("1.0.0")
        assert [step.audience.share for step in info.release.plan.steps] == [100, 1000, 5000, 10_000]
        info = await service.change_plan(operator, "w", info.release.id, shares(1, 100, 1000), revision=0)
        info = await house.act(info, Verb.START)
        with pytest.raises(Problem, match="have begun and stay") as caught:
            await service.change_plan(operator, "w", info.release.id, shares(2, 100), revision=info.release.revision)
        changed = await service.change_plan(
            operator, "w", info.release.id, shares(1, 500), revision=info.release.revision, reason="faster"
        )
        assert changed.release.plan.steps[1].audience.share == 500
        with pytest.raises(Problem) as caught:
            await service.change_plan(operator, "w", info.release.id, shares(1), revision=info.release.revision)
        assert caught.value.code == "release-changed"
        with pytest.raises(Problem, match="Only a draft"):
            await service.discard(operator, "w", info.release.id, revision=changed.release.revision)
        draft = await house.draft("1.0.0")
        await service.discard(operator, "w", draft.release.id, revision=0)
        with pytest.raises(Problem) as caught:
            await service.get(operator, "w", draft.release.id)
        assert caught.value.code == "not-found"

    house.run(run())


def test_releases_by_pages(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        made = []
        for number in range(5):
            house.at += number % 2
            made.append((await house.draft("1.0.0")).release.id)
        seen: list[str] = []
        before = None
        while page := await house.service.releases.page(house.owner, "w", program_key="bank", before=before, limit=2):
            seen += [info.release.id for info in page]
            before = (page[-1].created_at, page[-1].release.id)
        assert sorted(seen) == sorted(made)
        assert len(seen) == 5

    house.run(run())


def test_what_fails_in_a_write_undoes_all_of_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever step of a verb dies, the row, the signed metadata, the log and the feed agree."""

    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        info = await house.draft("1.0.0", shares(100))

        async def everything() -> list[Any]:
            def work(connection: Any) -> list[Any]:
                return [
                    read_heads(connection, "w"), entries(connection, "w"),
                    connection.execute(select(changes.c.seq)).all(),
                ]  # fmt: skip

            found = await house.ground.database.read(work)
            shown = await house.service.releases.get(house.owner, "w", info.release.id)
            return [*found, shown.release, await house.states()]

        before = await everything()
        for owner, name in (
            (TrustRepository, "_publish"),
            (TrustRepository, "apply"),
            (type(house.ground.audit), "append"),
            (service_releases, "check_move"),
        ):
            with monkeypatch.context() as patch:

                def fail(*arguments: Any, **more: Any) -> None:
                    raise OSError("the disk is full")

                patch.setattr(owner, name, fail)
                with pytest.raises(OSError, match="disk"):
                    await house.act(info, Verb.START)
            assert await everything() == before
        await house.act(info, Verb.START)

    house.run(run())


def test_lists_reach_their_people_and_change(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        service, operator = house.service.lists, house.people["operator"]
        made = await service.create(operator, "w", "Testers", "exact", b"alice, bob\nbob\n")
        assert (made.size, made.revision) == (2, 1)
        staff = await service.create(operator, "w", "Staff", "patterns", b"^staff-")
        assert staff.patterns == ("^staff-",)
        plan = {"steps": [{"name": "Whitelist", "audience": {"lists": ["Testers", staff.id]}}]}
        info = await house.act(await house.draft("1.0.0", plan), Verb.START)
        assert info.release.plan.steps[0].audience.lists == (made.id, staff.id)

        async def may(device: str) -> bool:
            views = await service.load([made.id, staff.id], {})
            signed = (await house.signed())[10000]
            proof = _proof(views[made.id], device)
            return permitted({"eden": signed}, PhoneView(device, proofs={} if proof is None else {made.id: proof}))

        assert [await may(device) for device in ("alice", "bob", "carol", "staff-7", "x-staff-")] == [
            True, True, False, True, False,
        ]  # fmt: skip
        changed = await service.edit(operator, "w", made.id, add=["carol", "dave"], remove=["bob"])
        assert (changed.size, changed.revision) == (3, 2)
        # signed in the same write: phones hear of it
        assert [await may(device) for device in ("alice", "bob", "carol")] == [True, False, True]
        assert await service.download(operator, "w", made.id) == b"alice\ncarol\ndave\n"
        await service.replace(operator, "w", staff.id, b"^chief-", revision=1)
        assert [await may(device) for device in ("staff-7", "chief-1")] == [False, True]
        with pytest.raises(Problem, match="changed this list"):
            await service.replace(operator, "w", staff.id, b"^x", revision=1)
        with pytest.raises(Problem, match="A release names the list"):
            await service.delete(operator, "w", made.id)
        with pytest.raises(Problem) as caught:
            await service.create(operator, "w", "Testers", "exact", b"x")
        assert caught.value.code == "conflict"
        with pytest.raises(Problem) as caught:
            await service.create(operator, "w", "Bad", "patterns", b"ok\n(((\n")
        assert [field for field, _ in caught.value.errors] == ["line 2"]
        with pytest.raises(Problem) as caught:
            await service.download(house.people["auditor"], "w", made.id)
        assert caught.value.code == "forbidden"
        other = await service.create(operator, "w", "Other", "exact", b"x")
        with pytest.raises(Problem, match="There is a list Staff already"):
            await service.edit(operator, "w", other.id, add=["y"], name="Staff")
        assert (await service.get(operator, "w", other.id)).size == 1
        renamed = await service.edit(operator, "w", other.id, add=["y"], name="Others")
        assert (renamed.name, renamed.size, renamed.revision) == ("Others", 2, 2)
        renamed = await service.rename(operator, "w", other.id, "Others")
        assert [one.name for one in await service.page(operator, "w")] == ["Others", "Staff", "Testers"]
        assert [one.name for one in await service.page(operator, "w", after="Others")] == ["Staff", "Testers"]
        await service.delete(operator, "w", renamed.id)
        assert len(await service.page(operator, "w")) == 2

    house.run(run())


def test_a_stopped_release_does_not_hold_its_lists(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        made = await house.service.lists.create(house.owner, "w", "Testers", "exact", b"a")
        plan = {"steps": [{"name": "Whitelist", "audience": {"lists": [made.id]}}]}
        info = await house.act(await house.draft("1.0.0", plan), Verb.START)
        info = await house.act(info, Verb.HALT)
        await house.service.lists.delete(house.owner, "w", made.id)
        with pytest.raises(Problem, match="list that the plan names was removed"):
            await house.act(info, Verb.ROLL_FORWARD)
        await house.act(info, Verb.ROLL_BACK)
        assert await house.states() == {10000: "revoked"}

    house.run(run())


def _proof(view: ListView, device: str) -> Proof | None:
    assert view.ids is not None
    proof = view.ids.proof(device)
    assert proof is None or verify(view.root, view.size, view.salt, device, proof)
    return proof


def test_two_people_change_a_list_at_once(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        service = house.service.lists
        made = await service.create(house.owner, "w", "Testers", "exact", b"a")
        results: list[Any] = await asyncio.gather(
            *(service.edit(house.owner, "w", made.id, add=[f"n{number}"]) for number in range(4)),
            return_exceptions=True,
        )
        won = [result for result in results if not isinstance(result, Exception)]
        lost = [result for result in results if isinstance(result, Exception)]
        assert won and all(isinstance(problem, Problem) and problem.code == "conflict" for problem in lost)
        found = await service.get(house.owner, "w", made.id)
        # nobody's change is lost without a word
        assert found.size == 1 + len(won)
        assert found.revision == 1 + len(won)

    house.run(run())


def test_trial_links(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        service, developer = house.service.trials, house.people["developer"]
        link = await service.create(developer, "w", "bank", 10000, name="Ann's phone", seconds=3600)
        other = await service.create(developer, "w", "bank", 10000, name="Bo's phone")
        assert link.token is not None
        signed = (await house.signed())[10000]
        assert signed["state"] == "trial"
        assert len(signed["trial"]) == 2
        assert permitted({"eden": signed}, PhoneView("d", trial=link.token))
        assert not permitted({"eden": signed}, PhoneView("d", trial="guessed"))
        assert not permitted({"eden": signed}, PhoneView("d"))
        page = await service.page(developer, "w", "bank")
        assert {one.token for one in page} == {link.token, other.token}
        hidden = await service.page(house.people["auditor"], "w", "bank")
        assert {one.token for one in hidden} == {None}
        house.at += 3601 * SECOND
        assert await house.ground.database.write(lambda c: service.do_expire(c, house.at)) == 1
        assert await house.ground.database.write(lambda c: service.do_expire(c, house.at)) == 0
        assert not permitted({"eden": (await house.signed())[10000]}, PhoneView("d", trial=link.token))
        ended = await service.revoke(developer, "w", other.id)
        assert ended.revoked_at == house.at
        assert await house.signed() == {}
        # a version that is released keeps its state when its links end
        await house.act(await house.draft("1.0.0", shares(100)), Verb.START)
        last = await service.create(developer, "w", "bank", 10000, name="Again")
        assert (await house.signed())[10000]["state"] == "release"
        await service.revoke(developer, "w", last.id)
        assert (await house.states())[10000] == "release"
        with pytest.raises(Problem):
            await service.create(developer, "w", "bank", 10000, name="Long", seconds=10**9)

    house.run(run())


def test_a_closed_release_reaches_nobody_new(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        await house.upload("1.1.0", scripts=b"2")
        until = (house.at + DAY) // SECOND * SECOND
        plan = {
            "steps": [
                {"name": "A day", "audience": {"share": 5000}, "window": {"from": None, "until": until}},
                {"name": "Rest", "audience": {"share": 10_000}},
            ]
        }
        info = await house.act(await house.draft("1.1.0", plan), Verb.START)
        assert (await house.states())[10100] == "release"
        house.at = until + 1
        assert await house.service.ticks.run() == 1
        signed = (await house.signed())[10100]
        assert signed["state"] == "kept"
        assert "release" not in signed
        info = await house.service.releases.get(house.owner, "w", info.release.id)
        await house.act(info, Verb.ADVANCE)
        assert (await house.states())[10100] == "release"

    house.run(run())
