"""Apps, their settings and keys, over HTTP and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eden.base.identity.principal import Principal
from eden.base.identity.roles import permissions_of
from eden.base.problems import Problem
from eden.observe.app_settings import RETENTION, AppSettings, Sample
from eden.observe.apps import Apps
from tests.observe.ingest import OWNER, Ingest, open_ingest
from tests.office import Office, open_office

AUDITOR = Principal("user", "a", "user:a", "a", permissions={"w": permissions_of(["auditor"])})
STRANGER = Principal("user", "s", "user:s", "s", permissions={"v": permissions_of(["owner"])})


@pytest.fixture(params=["sqlite", "postgresql"])
def ingest(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ingest]:
    with open_ingest(tmp_path, request.param) as made:
        yield made


def test_an_app_is_made_when_it_is_first_needed(ingest: Ingest) -> None:
    run = asyncio.run
    bank = run(ingest.apps.get(OWNER, "w", "bank"))
    assert (bank.key, bank.workspace_id, bank.revision, bank.settings) == ("bank", "w", 1, AppSettings())
    assert run(ingest.apps.get(AUDITOR, "w", "bank")) == bank
    ingest.shelf.keys.append("shop")
    assert [app.key for app in run(ingest.apps.page(OWNER, "w"))] == ["bank", "shop"]
    assert run(ingest.apps.get(OWNER, "w", "shop")).number != bank.number
    with pytest.raises(Problem, match="nothing does not exist"):
        run(ingest.apps.get(OWNER, "w", "nothing"))
    with pytest.raises(Problem, match="does not exist"):
        run(ingest.apps.get(STRANGER, "w", "bank"))


def test_a_key_that_was_made_elsewhere_works_at_once(ingest: Ingest) -> None:
    run, here = asyncio.run, Apps(ingest.ground)
    (key,) = run(ingest.apps.keys(OWNER, "w", "bank"))
    assert here.by_key(key.key) is None
    found = run(here.find_key(key.key))
    assert found is not None and found.key == "bank"
    assert here.by_key(key.key) == found
    assert run(here.find_key("0" * 32)) is None
    assert run(here.find_key("short")) is None


def test_every_process_hears_of_changes(ingest: Ingest) -> None:
    async def work() -> None:
        here, elsewhere = Apps(ingest.ground), ingest.apps
        number = (await elsewhere.get(OWNER, "w", "bank")).number
        (key,) = await elsewhere.keys(OWNER, "w", "bank")
        told: asyncio.Queue[str] = asyncio.Queue()
        here.on_change.append(told.put_nowait)
        await ingest.ground.feed.start()
        await here.start()
        assert here.by_key(key.key) == here.by_number(number) is not None
        await elsewhere.create_key(OWNER, "w", "bank", "second")
        await elsewhere.disable_key(OWNER, "w", "bank", key.key)
        async with asyncio.timeout(20):
            while here.by_key(key.key) is not None:
                assert await told.get() == "w"
        await ingest.ground.feed.stop()
        app = here.by_number(number)
        assert app is not None and app.revision == 3

    asyncio.run(work())


def test_settings_are_changed_by_those_who_may(ingest: Ingest) -> None:
    run = asyncio.run
    settings = AppSettings(kinds={"tap": Sample(on=False)}, retention={"logs": 3}, quota=5)
    changed = run(ingest.apps.set(OWNER, "w", "bank", settings, revision=1))
    assert (changed.revision, changed.settings) == (2, settings)
    assert changed.settings.sample("tap").on is False and changed.settings.sample("page").on
    assert (changed.settings.days("logs"), changed.settings.days("events")) == (3, RETENTION["events"])
    with pytest.raises(Problem, match="meanwhile"):
        run(ingest.apps.set(OWNER, "w", "bank", AppSettings(), revision=1))
    with pytest.raises(Problem, match=r"observe\.write"):
        run(ingest.apps.set(AUDITOR, "w", "bank", AppSettings()))
    with pytest.raises(Problem, match="masks") as told:
        run(ingest.apps.set(OWNER, "w", "bank", AppSettings(masks=("ok-[0-9]", "(a+)+"))))
    assert told.value.errors[0][0] == "masks[1]"
    # as another process reads it
    assert run(Apps(ingest.ground).get(OWNER, "w", "bank")) == changed


def test_keys_are_made_and_disabled(ingest: Ingest) -> None:
    run = asyncio.run
    (first,) = run(ingest.apps.keys(AUDITOR, "w", "bank"))
    second = run(ingest.apps.create_key(OWNER, "w", "bank", " server "))
    assert second.label == "server" and ingest.apps.by_key(second.key) is not None
    disabled = run(ingest.apps.disable_key(OWNER, "w", "bank", first.key))
    assert disabled.disabled_at is not None
    assert ingest.apps.by_key(first.key) is None
    assert run(ingest.apps.disable_key(OWNER, "w", "bank", first.key)) == disabled
    for who, what in ((AUDITOR, "observe.write"), (STRANGER, "does not exist")):
        with pytest.raises(Problem, match=what):
            run(ingest.apps.create_key(who, "w", "bank", "x"))
    with pytest.raises(Problem, match="label"):
        run(ingest.apps.create_key(OWNER, "w", "bank", "  "))
    with pytest.raises(Problem, match="does not exist"):
        run(ingest.apps.disable_key(OWNER, "w", "bank", "0" * 32))


# over HTTP


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(Path(tmp_path_factory.mktemp("office"))) as made:
        answer = made.ask(
            "owner", "POST", "/workspaces/test/programs", json={"key": "bank", "kind": "miniprogram", "name": "Bank"}
        )
        assert answer.status_code == 201, answer.text
        yield made


APP = "/workspaces/test/observe/apps/bank"


def test_the_api(office: Office) -> None:
    (app,) = office.get("auditor", "/workspaces/test/observe/apps")
    assert app["key"] == "bank" and app["settings"] == {}
    given: dict[str, Any] = {"kinds": {"tap": {"on": True, "per_mille": 50}}, "retention": {"logs": 7}}
    answer = office.ask("developer", "PUT", f"{APP}/settings", json={"settings": given, "revision": app["revision"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["settings"] == given
    assert office.get("auditor", APP)["settings"] == given
    wrong = office.ask("developer", "PUT", f"{APP}/settings", json={"settings": {"masks": ["(a+)+"]}})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "masks[0]")
    unknown = office.ask("developer", "PUT", f"{APP}/settings", json={"settings": {"kinds": {"smell": {}}}})
    assert unknown.status_code == 400
    made = office.ask("developer", "POST", f"{APP}/keys", json={"label": "server"})
    assert made.status_code == 201
    disabled = office.ask("developer", "POST", f"{APP}/keys/{made.json()['key']}/disable")
    assert disabled.status_code == 200 and disabled.json()["disabled_at"].endswith("Z")
    assert [key["label"] for key in office.get("auditor", f"{APP}/keys")] == ["first", "server"]
    assert office.get("auditor", f"{APP}/usage") == []
    assert office.get("owner", "/workspaces/test/observe/erasures") == {"items": [], "next_cursor": None}
