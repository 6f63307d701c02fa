"""The device side over ASGI, on both databases: what phones ask, what every process answers, what is written."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, func, insert, select, update
from tuf.api.metadata import Metadata, Root

from eden.base.changes import Change, append, last_number
from eden.base.http import Application, Message, Scope
from eden.base.parts import Founding
from eden.base.tables import workspaces
from eden.base.targeting import bucket, in_share, verify
from eden.base.targeting.merkle_list_v1 import Proof
from eden.release.deltas import Deltas, decode_delta
from eden.release.device_log import DeviceLog
from eden.release.device_views import Workspaces, new_stream
from eden.release.devices import Devices
from eden.release.founding import found
from eden.release.h5_hosts import h5_hosts
from eden.release.interfaces import ProgramKind, Verb
from eden.release.models import devices, report_batches, version_counts
from eden.release.packages import H5Fields, UploadFields
from eden.release.trust_root import RootChange
from tests.release import samples
from tests.release.house import DAY, House, code_of, everyone, pieces, shares


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Side:
    """The device side of one server process."""

    house: House
    devices: Application
    workspaces: Workspaces
    log: DeviceLog
    deltas: Deltas

    async def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, query: str = ""
    ) -> Answer:
        sent: list[Message] = []
        data = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": f"/device/v1/{path}",
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        }

        async def receive() -> Message:
            return {"type": "http.request", "body": data}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.devices(scope, receive, send)
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]))

    async def check(self, device: str = "d1", have: int | None = None, **more: Any) -> Any:
        """The answer about the program "bank"; None when there is nothing to do."""
        context = more.pop("context", {})
        program = {"key": "bank", **({} if have is None else {"have": have}), **more}
        answer = await self.ask("POST", "test/check", {"device": device, "context": context, "programs": [program]})
        assert answer.status == 200, answer.body
        programs = answer.json.get("programs", [])
        return programs[0] if programs else None


@asynccontextmanager
async def opened(house: House) -> AsyncIterator[Side]:
    core = house.service.core
    workspaces = Workspaces(core, house.service.lists)
    device_log = DeviceLog(core)
    deltas = Deltas(core.blobs.get_content, core.blobs)
    await house.ground.feed.start()
    for kind in ("release.", "workspace."):
        house.ground.feed.listen(kind, workspaces.hear)
    device_log.start()
    try:
        side = Devices(core, workspaces, device_log, deltas, h5_hosts(house.ground.settings))
        yield Side(house, side, workspaces, device_log, deltas)
    finally:
        await device_log.stop()
        await deltas.close()
        await house.ground.feed.stop()


async def seen(house: House) -> None:
    """Until this process has read the feed to its end."""
    last = await house.ground.database.read(last_number)
    while house.ground.feed.seen < last:  # noqa: ASYNC110 - the feed has no event for tests
        await asyncio.sleep(0.01)


def test_release_reaches_devices_by_share_and_is_taken_back(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        async with opened(house) as side:
            assert await side.check() is None
            await house.stable("1.0.0")
            await seen(house)
            assert (await side.check())["code"] == 10000
            assert await side.check(have=10000) is None

            await house.upload("1.1.0", scripts=b"new")
            info = await house.act(await house.draft("1.1.0", shares(1000, 10_000)), Verb.START)
            await seen(house)
            ids = [f"device-{n}" for n in range(400)]
            offered = [device for device in ids if await side.check(device, 10000)]
            assert offered == [device for device in ids if in_share(bucket(info.release.salt, device), 1000)]
            answer = await side.check(offered[0], 10000)
            assert answer == {
                "key": "bank", "code": 10100, "version": "1.1.0", "action": "install", "release": info.release.id,
            }  # fmt: skip
            assert await side.check(offered[0], 10000, bad=[10100]) is None

            info = await house.act(info, Verb.ADVANCE)
            await seen(house)
            assert all([await side.check(device, 10000) for device in ids])

            info = await house.act(info, Verb.HALT)
            await seen(house)
            assert not any([await side.check(device, 10000) for device in ids])
            assert await side.check(ids[0], 10100) is None

            await house.act(info, Verb.ROLL_BACK)
            await seen(house)
            answer = await side.check(ids[0], 10100)
            assert (answer["action"], answer["code"]) == ("rollback", 10000)

    house.run(run())


def test_listed_device_gets_a_proof_that_the_signed_metadata_confirms(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        ids = "\n".join(f"user-{n}" for n in range(1000)).encode()
        listed = await house.service.lists.create(house.people["operator"], "w", "friends", "exact", ids)
        await house.upload("1.1.0", scripts=b"new")
        plan = {"steps": [{"name": "Friends", "audience": {"lists": [listed.id]}}]}
        await house.act(await house.draft("1.1.0", plan), Verb.START)
        async with opened(house) as side:
            assert await side.check("d1", 10000) is None
            assert await side.check("d1", 10000, context={"user_id": "user-x"}) is None
            answer = await side.check("d1", 10000, context={"user_id": "user-7"})
            (proof,) = answer["proofs"]
            signed = (await house.signed())[10100]["release"]["lists"][0]
            assert signed["id"] == proof["list"] == listed.id
            path = Proof(proof["index"], tuple(proof["path"]))
            assert verify(signed["root"], signed["size"], signed["salt"], "user-7", path)
            assert not verify(signed["root"], signed["size"], signed["salt"], "user-8", path)

    house.run(run())


def test_checks_of_nothing_and_of_everything_odd(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        async with opened(house) as side:
            empty = await side.ask("POST", "test/check", {"device": "d"})
            assert empty.json["programs"] == []
            assert empty.json["interval"] == 1800
            assert empty.headers["access-control-allow-origin"] == "*"
            unknown = await side.ask("POST", "test/check", {"device": "d", "programs": [{"key": "nothing"}]})
            assert unknown.json["programs"] == []
            for body, status, code in [
                (b"{", 400, "bad-request"),
                (b'{"device":"\xff"}', 400, "bad-request"),
                (b"[]", 400, "invalid"),
                ({"device": ""}, 400, "invalid"),
                (b'{"device":"d\\u0000"}', 400, "invalid"),
                ({"device": "d", "programs": [{"key": "bank", "have": -1}]}, 400, "invalid"),
                (b" " * 300_000, 413, "too-large"),
                (b'{"device":"d","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "bad-request"),
            ]:
                answer = await side.ask("POST", "test/check", body)
                assert (answer.status, answer.json["code"]) == (status, code)
                assert answer.headers["content-type"] == "application/problem+json"
            assert (await side.ask("POST", "other/check", {"device": "d"})).json["code"] == "not-found"
            assert (await side.ask("GET", "test/check")).headers["allow"] == "POST"
            assert (await side.ask("POST", "test/programs")).headers["allow"] == "GET, HEAD"
            assert (await side.ask("GET", "test/what")).status == 404
            assert (await side.ask("GET", "te\0st/programs")).status == 404
            assert (await side.ask("PUT", "test/programs")).headers["allow"] == "GET, HEAD"
            preflight = await side.ask("OPTIONS", "test/check")
            assert preflight.status == 204
            assert "POST" in preflight.headers["access-control-allow-methods"]
            assert "content-length" not in preflight.headers
            programs = [await side.ask(method, "test/programs") for method in ("GET", "HEAD")]
            assert programs[0].headers == programs[1].headers
            assert (programs[0].json["name"], programs[1].body) == ("Test", b"")

    house.run(run())


def test_known_devices_are_written_once(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        async with opened(house) as side:
            for _ in range(3):
                await side.check("d1", 10000, context={"city": "杭州", "user_id": "u1"})
            other = [{"key": "bank"}, {"key": "not-there", "have": 7}]
            await side.ask("POST", "test/check", {"device": "d2", "programs": other})
        rows = await house.ground.database.read(lambda c: c.execute(select(devices).order_by("device_id")).all())
        assert [(row.device_id, row.user_id, row.installed) for row in rows] == [
            ("d1", "u1", {"bank": 10000}),
            ("d2", None, {}),
        ]
        assert rows[0].context["city"] == "杭州"
        async with opened(house) as side:
            await side.check("d1", 10000, context={"city": "上海"})
        row = await house.ground.database.read(
            lambda c: c.execute(select(devices).where(devices.c.device_id == "d1")).one()
        )
        assert row.context["city"] == "上海"
        assert row.first_seen_at == rows[0].first_seen_at

    house.run(run())


def test_reports_count_once(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        report = {"program": "bank", "code": 10000, "kind": "started", "at": 1}
        batch = {"device": "d1", "batch": "one-batch", "reports": [report, {**report, "kind": "crash", "count": 2}]}
        async with opened(house) as side:
            answers = await asyncio.gather(*(side.ask("POST", "test/reports", batch) for _ in range(5)))
            assert [answer.status for answer in answers] == [204] * 5
            other = await side.ask("POST", "test/reports", {**batch, "device": "d2"})
            assert other.status == 204
            bad = await side.ask("POST", "test/reports", {**batch, "reports": [{**report, "kind": "explode"}]})
            assert bad.status == 400
        sums = await house.ground.database.read(
            lambda c: c.execute(select(func.sum(version_counts.c.started), func.sum(version_counts.c.crash))).one()
        )
        assert tuple(map(int, sums)) == (2, 4)
        count = await house.ground.database.read(
            lambda c: c.execute(select(func.count()).select_from(report_batches)).scalar_one()
        )
        assert count == 2

    house.run(run())


def test_too_many_reports_wait_at_the_device(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        await house.furnish()
        monkeypatch.setattr("eden.release.device_log._MOST_BATCHES", 1)
        async with opened(house) as side:
            view = await side.workspaces.get("test")
            assert view is not None
            batch: dict[str, Any] = {"device": "d1", "batch": "one-batch", "reports": []}
            answers = await asyncio.gather(
                *(side.ask("POST", "test/reports", {**batch, "batch": f"batch-no-{n}"}) for n in range(3))
            )
            assert sorted(answer.status for answer in answers) == [204, 429, 429]
            assert max(answers, key=lambda one: one.status).headers["Retry-After".lower()] == "10"
            # few batches, but full ones
            monkeypatch.setattr("eden.release.device_log._MOST_BATCHES", 10)
            monkeypatch.setattr("eden.release.device_log._MOST_REPORTS", 5)
            batch["reports"] = [{"program": "bank", "code": 1, "kind": "started", "at": 1}] * 3
            answers = await asyncio.gather(
                *(side.ask("POST", "test/reports", {**batch, "batch": f"full-no-{n}"}) for n in range(2))
            )
            assert sorted(answer.status for answer in answers) == [204, 429]
            assert (await side.ask("POST", "test/reports", {**batch, "batch": "later-one"})).status == 204

    house.run(run())


def test_files_are_served_in_the_best_form_and_to_their_own_workspace(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        await house.upload("1.1.0", scripts=b"new " * 5000)
        await house.act(await house.draft("1.1.0", everyone()), Verb.START)
        old, new = (
            samples.miniprogram_files(version=version, code=code_of(version), scripts=scripts)["main.zip"]
            for version, scripts in (("1.0.0", b"1.0.0"), ("1.1.0", b"new " * 5000))
        )
        base, target = (hashlib.sha256(data).hexdigest() for data in (old, new))
        async with opened(house) as side:
            path = f"test/targets/apps/bank/10100/{target}.main.zip"
            plain = await side.ask("GET", path)
            assert plain.body == new
            assert plain.headers["use-as-dictionary"] == 'match="/device/v1/test/targets/apps/bank/*/*.main.zip"'
            assert "immutable" in plain.headers["cache-control"]
            head = await side.ask("HEAD", path)
            assert (head.body, head.headers["content-length"]) == (b"", str(len(new)))
            packed = await side.ask("GET", path, headers={"Accept-Encoding": "br"})
            assert packed.headers["content-encoding"] == "br"
            assert len(packed.body) < len(new) / 10
            delta = await side.ask("GET", f"test/deltas/{base}/{target}")
            if delta.status == 200:
                assert decode_delta(old, delta.body) == new
            else:
                assert delta.json["code"] == "not-found"
            # source maps stay here, and nobody guesses blobs
            maps = samples.miniprogram_files(version="1.1.0", code=10100)["maps.zip"]
            for name in (hashlib.sha256(maps).hexdigest(), "0" * 64):
                assert (await side.ask("GET", f"test/targets/apps/bank/10100/{name}.maps.zip")).status == 404
            assert (await side.ask("GET", f"test/targets/apps/shop/10100/{target}.main.zip")).status == 404
            # what is asked for stands in a header
            for odd in ('x".zip', "x\r\nset-cookie: a.zip", "包.zip", "a/b.zip", ".zip"):
                assert (await side.ask("GET", f"test/targets/apps/bank/10100/{target}.{odd}")).status == 404
            assert (await side.ask("GET", f"test/deltas/{base}/{'0' * 64}")).status == 404

    house.run(run())


def test_metadata_is_what_was_signed(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        async with opened(house) as side:
            timestamp = await side.ask("GET", "test/metadata/timestamp.json")
            version = timestamp.json["signed"]["version"]
            assert timestamp.headers["cache-control"] == "no-cache"
            snapshot = timestamp.json["signed"]["meta"]["snapshot.json"]
            name = f"{snapshot['version']}.snapshot.json"
            again = [await side.ask("GET", f"test/metadata/{name}") for _ in range(2)]
            assert hashlib.sha256(again[0].body).hexdigest() == snapshot["hashes"]["sha256"]
            assert again[0].body == again[1].body
            assert "immutable" in again[0].headers["cache-control"]
            assert (await side.ask("GET", "test/metadata/1.root.json")).status == 200
            for missing in ("2.root.json", "snapshot.json", "x", "1.apps.shop.json", "../x.json"):
                assert (await side.ask("GET", f"test/metadata/{missing}")).status == 404
            await house.stable("1.1.0")
            await seen(house)
            newer = await side.ask("GET", "test/metadata/timestamp.json")
            assert newer.json["signed"]["version"] > version
            checked = await side.ask("POST", "test/check", {"device": "d"})
            assert checked.json["timestamp"] == newer.json["signed"]["version"]

    house.run(run())


async def rotate(house: House, change: RootChange) -> None:
    """The next root, as its holders make it."""
    metadata = Metadata[Root].from_bytes(await house.service.trust.propose(house.owner, "w", change))
    for signer in house.roots:
        metadata.sign(signer, append=True)
    await house.service.trust.install(house.owner, "w", metadata.to_bytes())


def test_a_rotated_root_reaches_devices_of_a_running_server(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        async with opened(house) as side:

            async def statuses() -> list[int]:
                return [(await side.ask("GET", f"test/metadata/{number}.root.json")).status for number in (1, 2, 3)]

            assert await statuses() == [200, 404, 404]
            await rotate(house, RootChange(renew=("timestamp",)))
            await seen(house)
            assert await statuses() == [200, 200, 404]
            served = await side.ask("GET", "test/metadata/2.root.json")
            assert served.body == await house.service.trust.root(house.owner, "w")
            # with it comes what its new keys signed
            signed = Metadata[Root].from_bytes(served.body).signed
            timestamp = await side.ask("GET", "test/metadata/timestamp.json")
            assert {one["keyid"] for one in timestamp.json["signatures"]} == set(signed.roles["timestamp"].keyids)
            await house.service.trust.leap(house.owner, "w", 100)
            await rotate(house, RootChange())
            await seen(house)
            assert await statuses() == [200, 200, 200]
            assert (await side.ask("GET", "test/metadata/4.root.json", query="absent=204")).status == 204

    house.run(run())


def test_a_root_made_while_the_server_runs_reaches_devices(house: House, tmp_path: Path) -> None:
    async def run() -> None:
        workspace = {"id": "w", "slug": "test", "name": "Test", "settings": {}, "created_at": house.at}
        await house.ground.database.write(lambda c: c.execute(insert(workspaces).values(workspace)))
        async with opened(house) as side:
            assert (await side.check()) is None
            assert (await side.ask("GET", "test/metadata/1.root.json")).status == 404
            told = await found(house.service, Founding(house.owner, {"test": "w"}, tmp_path / "keys"))
            assert "root keys" in told[0]
            await seen(house)
            assert (await side.ask("GET", "test/metadata/1.root.json")).status == 200
            assert (await side.ask("GET", "test/metadata/timestamp.json")).status == 200

    house.run(run())


def test_a_change_while_a_workspace_is_loaded_is_not_missed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        await house.upload("1.1.0", scripts=b"new")
        info = await house.act(await house.draft("1.1.0", everyone()), Verb.START)
        loading, heard, load = asyncio.Event(), asyncio.Event(), house.service.lists.load

        async def slow(*arguments: Any) -> Any:
            # the tables have been read, what was read is not taken yet
            if not loading.is_set():
                loading.set()
                await heard.wait()
            return await load(*arguments)

        async def listen(change: Change) -> None:
            if loading.is_set():
                heard.set()

        monkeypatch.setattr(house.service.lists, "load", slow)
        # heard just before the device side hears it
        house.ground.feed.listen("release.", listen)
        async with opened(house) as side:
            first = asyncio.ensure_future(side.check("d1", 10000))
            await loading.wait()
            await house.act(info, Verb.HALT)
            await first
            await seen(house)
            assert await side.check("d1", 10000) is None

    house.run(run())


def test_a_workspace_that_could_not_be_read_is_read_by_the_next_who_asks(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        await house.upload("1.1.0", scripts=b"new")
        info = await house.act(await house.draft("1.1.0", everyone()), Verb.START)
        async with opened(house) as side:
            assert (await side.check("d1", 10000))["code"] == 10100
            view = await side.workspaces.get("test")
            assert view is not None
            stream = new_stream()
            view.streams.add(stream)
            with monkeypatch.context() as patch:

                def fail(*arguments: Any) -> Any:
                    raise OSError("the database is away")

                patch.setattr("eden.release.device_views.load_programs", fail)
                await house.act(info, Verb.HALT)
                await seen(house)
                with pytest.raises(OSError, match="away"):
                    await side.check("d1", 10000)
            # open phones were told to check, and are not offered what was halted
            assert b"event: release" in stream.get_nowait()
            assert await side.check("d1", 10000) is None
            assert await side.workspaces.get("test") is view

    house.run(run())


def test_open_streams_stay_when_a_workspace_gets_another_name(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        async with opened(house) as side:
            view = await side.workspaces.get("test")
            assert view is not None
            stream = asyncio.Queue[bytes]()
            view.streams.add(stream)

            def rename(connection: Connection) -> None:
                connection.execute(update(workspaces).values(name="Other"))
                append(connection, "workspace.changed", "w", {})

            await house.ground.database.write(rename)
            await seen(house)
            assert (await side.ask("GET", "test/programs")).json["name"] == "Other"
            assert stream.qsize() == 1
            await house.stable("1.0.0")
            await seen(house)
            told, timestamp = stream.qsize(), view.timestamp
            assert told > 1
            # what is only renewed is fetched when phones ask anyway
            house.at += DAY * 3 // 4
            assert await house.service.trust.refresh() == 1
            await seen(house)
            assert (stream.qsize(), view.timestamp) == (told, timestamp + 1)

    house.run(run())


def test_programs_that_people_can_open(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        async with opened(house) as side:
            assert (await side.ask("GET", "test/programs")).json == {
                "name": "Test", "programs": [], "h5": "http://{key}.eden.localhost",
            }  # fmt: skip
            await house.stable("1.0.0")
            await seen(house)
            found = await side.ask("GET", "test/programs")
            assert found.json["programs"] == [{"key": "bank", "name": "bank", "kind": "miniprogram"}]
            tag = {"If-None-Match": found.headers["etag"]}
            assert (await side.ask("GET", "test/programs", headers=tag)).status == 304

    house.run(run())


def test_h5_programs_are_listed_with_the_way_to_their_addresses(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program("shop", ProgramKind.H5)
        fields = UploadFields(
            version="1.0.0", h5=H5Fields(virtual_host="shop.h5.example", fallback_url="https://shop.example/")
        )
        people, service = house.people, house.service
        await service.versions.upload(people["developer"], "w", "shop", pieces(samples.h5()), fields)
        await house.act(await house.act(await house.draft("1.0.0", everyone(), "shop"), Verb.START), Verb.FINISH)
        async with opened(house) as side:
            found = (await side.ask("GET", "test/programs", headers={"Host": "localhost:9000"})).json
            # the port by which the phone's page reaches this machine
            assert found["h5"] == "http://{key}.eden.localhost:9000"
            assert found["programs"] == [{"key": "shop", "name": "shop", "kind": "h5"}]

    house.run(run())


def test_event_streams_tell_of_every_change_and_end_with_the_server(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        async with opened(house) as side:
            sent: asyncio.Queue[Message] = asyncio.Queue()
            gone = asyncio.Event()

            async def receive() -> Message:
                await gone.wait()
                return {"type": "http.disconnect"}

            scope = {
                "type": "http",
                "method": "GET",
                "path": "/device/v1/test/events",
                "query_string": b"",
                "headers": [],
            }
            first = asyncio.ensure_future(side.devices(scope, receive, sent.put))
            assert (await sent.get())["status"] == 200
            assert (await sent.get())["body"].startswith(b"retry:")
            await house.upload("1.1.0", scripts=b"new")
            await house.act(await house.draft("1.1.0", everyone()), Verb.START)
            # a comment comes first when this took long
            while (body := (await asyncio.wait_for(sent.get(), 60))["body"].decode()).startswith(":"):
                pass
            event, data = body.strip().split("\n")
            assert event == "event: release"
            assert json.loads(data.removeprefix("data: "))["program"] == "bank"
            view = await side.workspaces.get("test")
            assert view is not None
            assert len(view.streams) == 1
            gone.set()
            await asyncio.wait_for(first, 60)
            assert not view.streams

            gone.clear()
            second = asyncio.ensure_future(side.devices(scope, receive, sent.put))
            while not view.streams:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            house.ground.stopping.set()
            await asyncio.wait_for(second, 60)
            assert not view.streams

    house.run(run())


def test_dimina_numbers_only_grow(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program("native", ProgramKind.DIMINA)

        async def bring(code: int, name: str) -> Any:
            fields = UploadFields(version=name, code=code)
            await house.service.versions.upload(
                house.people["developer"], "w", "native", pieces(samples.dimina(None)), fields
            )
            operator = house.people["operator"]
            info = await house.service.releases.create(operator, "w", "native", code, everyone())
            return await house.act(info, Verb.START)

        async with opened(house) as side:

            async def served() -> tuple[int, str]:
                await seen(house)
                answer = await side.ask("GET", "test/dimina/native", query="device=d1&city=x")
                assert answer.status == 200, answer.body
                body = answer.json
                assert body["appId"] and body["path"] == "pages/a"
                package = await side.ask("GET", body["packageUrl"].split("/device/v1/")[1])
                assert hashlib.sha256(package.body).hexdigest() == body["sha256"]
                return body["versionCode"], body["versionName"]

            assert (await side.ask("GET", "test/dimina/native")).status == 404
            await house.act(await bring(2, "1.0.0"), Verb.FINISH)
            numbers = [await served()]
            info = await bring(3, "1.1.0")
            numbers.append(await served())
            info = await house.act(info, Verb.ROLL_BACK)
            numbers.append(await served())
            info = await house.act(info, Verb.ROLL_FORWARD)
            numbers.append(await served())
            await house.act(info, Verb.ROLL_BACK)
            numbers.append(await served())
            # the same version again, by another release
            info = await bring(3, "1.1.0")
            numbers.append(await served())
            await house.act(info, Verb.ROLL_BACK)
            numbers.append(await served())
            assert [name for _, name in numbers] == ["1.0.0", *["1.1.0", "1.0.0"] * 3]
            assert [code for code, _ in numbers] == sorted({code for code, _ in numbers})
            await house.program()
            assert (await side.ask("GET", "test/dimina/bank")).status == 404

    house.run(run())


def test_problem_of_an_unknown_workspace_is_not_remembered(house: House) -> None:
    async def run() -> None:
        async with opened(house) as side:
            assert (await side.ask("POST", "test/check", {"device": "d"})).status == 404
            await house.furnish()
            assert (await side.ask("POST", "test/check", {"device": "d"})).status == 200

    house.run(run())
