"""Releasing over HTTP, through the whole platform: from an empty workspace to everyone and back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Root

from eden.base.changes import last_number
from eden.base.ids import now
from eden.base.settings import DatabaseSettings, Limits, Settings
from eden.release.service_trust import do_establish
from eden.release.trust import TrustRepository
from eden.release.trust_keys import P256, key_to, new_signer
from tests.office import SECRET_KEY, Office, open_office
from tests.release import samples

ZIP = {"Content-Type": "application/zip"}
TEXT = {"Content-Type": "text/plain; charset=utf-8"}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as office:
        yield office


@pytest.fixture
def rooted(office: Office) -> Office:
    """With a root of trust and a program."""
    ground = office.ground
    repository = TrustRepository(ground.secret)
    ground.database.write_now(lambda c: do_establish(repository, c, office.here_id, [new_signer(P256)], 1, now()))
    post(office, "developer", "/programs", {"key": "bank", "kind": "miniprogram"})
    return office


def post(office: Office, who: str, path: str, body: Any, status: int = 201, **options: Any) -> Any:
    answer = office.ask(who, "POST", f"/workspaces/test{path}", json=body, **options)
    assert answer.status_code == status, answer.text
    return answer.json()


def upload(office: Office, version: str = "1.0.0", code: int = 10000, **more: Any) -> Any:
    data = samples.miniprogram(version=version, code=code, scripts=version.encode())
    headers = ZIP | more.pop("headers", {})
    path = "/workspaces/test/programs/bank/versions"
    answer = office.ask("developer", "POST", path, content=data, headers=headers, **more)
    assert answer.status_code in (200, 201), answer.text
    return answer


def problem(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_a_version_on_its_way(rooted: Office) -> None:
    made = upload(rooted, params={"notes": "The first"}).json()
    assert (made["code"], made["notes"], made["state"], made["signed_state"]) == (10000, "The first", "uploaded", None)
    assert made["created_at"].endswith("Z")
    plan = {"steps": [{"name": "Some", "audience": {"share": 500}}, {"name": "All", "audience": {"share": 10_000}}]}
    draft = post(rooted, "operator", "/releases", {"program": "bank", "code": 10000, "plan": plan})
    assert (draft["state"], draft["revision"], draft["plan"]["steps"][0]["name"]) == ("draft", 0, "Some")
    path = f"/releases/{draft['id']}"
    live = post(rooted, "operator", f"{path}/start", {"revision": 0}, 200)
    assert (live["state"], live["share"], live["refused"]["pause"]) == ("live", 500, None)
    assert "cannot be told to resume" in live["refused"]["resume"]["text"]
    stale = rooted.ask("operator", "POST", f"/workspaces/test{path}/advance", json={"revision": 0})
    assert problem(stale) == (409, "release-changed")
    paused = post(rooted, "developer", f"{path}/pause", {"revision": 1, "reason": "Lunch"}, 200)
    live = post(rooted, "operator", f"{path}/resume", {"revision": paused["revision"]}, 200)
    live = post(rooted, "operator", f"{path}/advance", {"revision": live["revision"], "step": 1}, 200)
    done = post(rooted, "operator", f"{path}/finish", {"revision": live["revision"]}, 200)
    assert done["state"] == "finished"
    version = rooted.get("auditor", "/workspaces/test/programs/bank/versions/10000")
    assert version["signed_state"] == "stable"
    assert [file["name"] for file in version["files"]] == ["manifest.json", "main.zip", "maps.zip"]
    events = rooted.get("reviewer", f"/workspaces/test{path}/events")["items"]
    assert [event["kind"] for event in events] == ["finish", "advance", "resume", "pause", "start", "create"]
    assert events[3]["reason"] == "Lunch"
    assert rooted.get("operator", f"/workspaces/test{path}/counts") == {"items": []}
    # what a phone gets
    check = rooted.client.post(
        "/device/v1/test/check", json={"device": "d", "context": {}, "programs": [{"key": "bank"}], "timestamp": 0}
    )
    assert [(one["key"], one["code"], one["action"]) for one in check.json()["programs"]] == [
        ("bank", 10000, "install")
    ]
    role = json.loads(
        rooted.client.get(f"/device/v1/test/metadata/{_version(rooted, 'apps.bank')}.apps.bank.json").content
    )
    target = role["signed"]["targets"]["apps/bank/10000/manifest.json"]
    assert target["custom"]["eden"]["state"] == "stable"


def _version(office: Office, name: str) -> int:
    timestamp = office.client.get("/device/v1/test/metadata/timestamp.json").json()
    snapshot = office.client.get(
        f"/device/v1/test/metadata/{timestamp['signed']['meta']['snapshot.json']['version']}.snapshot.json"
    ).json()
    return int(snapshot["signed"]["meta"][f"{name}.json"]["version"])


def test_uploads_and_what_is_refused(rooted: Office) -> None:
    first = upload(rooted)
    assert first.status_code == 201
    again = upload(rooted)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    path = "/workspaces/test/programs/bank/versions"
    other = samples.miniprogram(scripts=b"other")
    cases: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"content": other, "headers": ZIP}, (409, "version-exists")),
        ({"content": b"PK no", "headers": ZIP}, (422, "unsafe-archive")),
        ({"content": samples.h5(), "headers": ZIP}, (422, "bad-package")),
        ({"content": b"", "headers": ZIP}, (422, "unsafe-archive")),
        ({"content": other, "headers": {"Content-Type": "image/png"}}, (415, "media-type")),
        ({"content": other, "headers": ZIP, "params": {"code": "0"}}, (400, "invalid")),
        ({"content": other, "headers": ZIP, "params": {"version": "2.0.0"}}, (422, "bad-package")),
    ]
    for options, expected in cases:
        assert problem(rooted.ask("developer", "POST", path, **options)) == expected
    assert problem(rooted.ask("auditor", "POST", path, content=other, headers=ZIP)) == (403, "forbidden")
    absent = rooted.ask("developer", "POST", "/workspaces/test/programs/no/versions", content=other, headers=ZIP)
    assert problem(absent) == (404, "not-found")
    for code in ("0", "99999999999999999999", "-1", "x", "1.5"):
        assert problem(rooted.ask("owner", "GET", f"{path}/{code}")) == (404, "not-found")


def test_an_upload_with_a_key_may_be_sent_again(rooted: Office) -> None:
    key = {"Idempotency-Key": "publish-1"}
    first = upload(rooted, headers=key)
    again = upload(rooted, headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    answer = rooted.ask(
        "developer", "POST", "/workspaces/test/programs/bank/versions",
        content=samples.miniprogram(scripts=b"other"), headers=ZIP | key,
    )  # fmt: skip
    assert problem(answer) == (422, "idempotency-mismatch")


def test_an_upload_that_is_too_large_is_refused_while_it_comes(tmp_path: Path) -> None:
    settings = Settings(
        data=str(tmp_path),
        secret_key=SECRET_KEY,
        database=DatabaseSettings(migrate="always"),
        limits=Limits(upload_bytes=1000),
    )
    with open_office(tmp_path, settings=settings) as office:
        post(office, "developer", "/programs", {"key": "bank", "kind": "miniprogram"})
        answer = office.ask(
            "developer", "POST", "/workspaces/test/programs/bank/versions", content=b"x" * 5000, headers=ZIP
        )
        assert problem(answer) == (413, "too-large")
        assert list((tmp_path / "uploads").iterdir()) == []


def test_pages_of_programs_and_releases(rooted: Office) -> None:
    for number in range(4):
        post(rooted, "owner", "/programs", {"key": f"p{number}", "kind": "h5"})
    upload(rooted)
    ids = [post(rooted, "owner", "/releases", {"program": "bank", "code": 10000})["id"] for _ in range(3)]

    def every(path: str) -> list[Any]:
        found, cursor = [], None
        while True:
            page = rooted.get("owner", path, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
            found += page["items"]
            if (cursor := page["next_cursor"]) is None:
                return found

    assert [one["key"] for one in every("/workspaces/test/programs")] == ["bank", "p0", "p1", "p2", "p3"]
    assert sorted(one["id"] for one in every("/workspaces/test/releases")) == sorted(ids)
    assert [one["code"] for one in every("/workspaces/test/programs/bank/versions")] == [10000]
    assert rooted.get("owner", "/workspaces/test/releases", params={"running": "true"})["items"] == []
    bad = rooted.ask("owner", "GET", "/workspaces/test/releases", params={"cursor": "nonsense"})
    assert problem(bad) == (400, "invalid")


def test_web_applications_and_shells(rooted: Office) -> None:
    post(rooted, "owner", "/programs", {"key": "shop", "kind": "h5"})
    answer = rooted.ask(
        "owner", "POST", "/workspaces/test/programs/shop/versions", content=samples.h5(), headers=ZIP,
        params={"version": "1.0.0", "virtual_host": "shop.h5.example", "fallback_url": "https://shop.example/"},
    )  # fmt: skip
    assert answer.status_code == 201
    assert answer.json()["manifest"]["h5"]["virtual_host"] == "shop.h5.example"
    post(rooted, "owner", "/host-apps", {"key": "super", "name": "Super"})
    assert [one["key"] for one in rooted.get("auditor", "/workspaces/test/host-apps")] == ["super"]
    post(rooted, "owner", "/programs", {"key": "shell", "kind": "native", "host_app": "super"})
    upgrade = {
        "version": "9.0.0",
        "native": {"level": "forced", "texts": {"en": {"title": "New"}}, "url": "https://s.example/a"},
    }
    made = post(rooted, "developer", "/programs/shell/upgrades", upgrade)
    assert made["code"] == 90000
    post(rooted, "developer", "/programs/shell/upgrades", upgrade, 200)
    release = post(rooted, "operator", "/releases", {"program": "shell", "code": 90000, "plan": None})
    post(rooted, "operator", f"/releases/{release['id']}/start", {"revision": 0}, 200)


def test_reviews_and_withdrawal(rooted: Office) -> None:
    upload(rooted)
    path = "/programs/bank/versions/10000"
    own = rooted.ask("owner", "POST", f"/workspaces/test{path}/reviews", json={"verdict": "approved"})
    assert own.status_code == 201
    assert own.json()["reviews"][0]["reviewer"] == "token:of-owner"
    post(rooted, "reviewer", f"{path}/reviews", {"verdict": "rejected", "comment": "No"})
    gone = post(rooted, "operator", f"{path}/withdraw", {"reason": "It was wrong"}, 200)
    assert gone["state"] == "withdrawn"
    late = rooted.ask("operator", "POST", "/workspaces/test/releases", json={"program": "bank", "code": 10000})
    assert problem(late) == (409, "version-state")


def test_comparison(rooted: Office) -> None:
    upload(rooted)
    upload(rooted, "1.1.0-beta", 10100)
    path = "/workspaces/test/programs/bank/versions/10100"
    found = rooted.get("auditor", f"{path}/changes", params={"since": 10000})
    assert [(one["path"], one["change"]) for one in found["files"]] == [("code/scripts.js", "changed")]
    assert rooted.get("auditor", f"{path}/sizes")["largest"][0] == {
        "package": "manifest.json",
        "path": "manifest.json",
        "size": found["packages"][1]["after"],
    }


def test_lists(rooted: Office) -> None:
    base = "/workspaces/test/lists"
    made = rooted.ask("operator", "POST", base, content="ann\nbo\n", headers=TEXT, params={"name": "Testers"})
    assert made.status_code == 201
    path = f"{base}/{made.json()['id']}"
    assert rooted.ask("operator", "GET", f"{path}/content").text == "ann\nbo\n"
    assert problem(rooted.ask("auditor", "GET", f"{path}/content")) == (403, "forbidden")
    changed = rooted.ask("operator", "PATCH", path, json={"add": ["cy"], "remove": ["ann"], "name": "Friends"})
    assert (changed.json()["size"], changed.json()["name"]) == (2, "Friends")
    put = rooted.ask("operator", "PUT", f"{path}/content", content="x", headers=TEXT, params={"revision": 1})
    assert problem(put) == (409, "conflict")
    put = rooted.ask("operator", "PUT", f"{path}/content", content="x,y,z", headers=TEXT)
    assert put.json()["size"] == 3
    assert [one["name"] for one in rooted.get("auditor", base)["items"]] == ["Friends"]
    bad = rooted.ask("operator", "POST", base, content=b"a b c\n\xff", headers=TEXT, params={"name": "Bad"})
    assert problem(bad) == (400, "invalid")
    assert rooted.ask("operator", "DELETE", path).status_code == 204
    assert problem(rooted.ask("operator", "GET", path)) == (404, "not-found")


def test_links_for_testers(rooted: Office) -> None:
    upload(rooted)
    made = post(rooted, "developer", "/programs/bank/trials", {"code": 10000, "name": "Ann"})
    assert made["link"].startswith("http://testserver.local/app/test/?trial=")
    token = made["link"].partition("trial=")[2].partition("&")[0]
    shown = rooted.get("auditor", "/workspaces/test/programs/bank/trials")["items"]
    assert [(one["name"], one["link"]) for one in shown] == [("Ann", None)]

    def check(trial: str) -> list[int]:
        program = {"key": "bank", "trial": trial}
        answer = rooted.client.post("/device/v1/test/check", json={"device": "d", "programs": [program]})
        return [one["code"] for one in answer.json().get("programs", [])]

    _settle(rooted)
    assert check(token) == [10000]
    assert check("guessed") == []
    assert rooted.ask("developer", "DELETE", f"/workspaces/test/trials/{made['id']}").status_code == 204
    _settle(rooted)
    assert check(token) == []


def _settle(office: Office) -> None:
    """Until this process has read the feed to its end."""
    last = office.ground.database.read_now(last_number)

    async def wait() -> None:
        while office.ground.feed.seen < last:  # noqa: ASYNC110 - the feed has no event for tests
            await asyncio.sleep(0.01)

    assert office.client.blocking_portal is not None
    office.client.blocking_portal.call(wait)


def test_the_root_over_http(office: Office) -> None:
    base = "/workspaces/test/trust"
    assert office.get("owner", base)["version"] == 0
    assert problem(office.ask("owner", "GET", f"{base}/root")) == (404, "not-found")
    assert problem(office.ask("developer", "GET", base)) == (403, "forbidden")
    signers = [new_signer(P256) for _ in range(2)]
    change = {"add": [key_to(signer.public_key) for signer in signers], "threshold": 2}
    proposal = office.ask("owner", "POST", f"{base}/proposals", json=change)
    assert proposal.status_code == 200

    def put(*by: int) -> Any:
        metadata = Metadata[Root].from_bytes(proposal.content)
        for number in by:
            metadata.sign(signers[number], append=True)
        headers = {"Content-Type": "application/json"}
        return office.ask("owner", "PUT", f"{base}/root", content=metadata.to_bytes(), headers=headers)

    assert problem(put(0)) == (400, "invalid")
    installed = put(0, 1)
    assert installed.status_code == 200, installed.text
    assert (installed.json()["version"], installed.json()["threshold"]) == (1, 2)
    assert {key["state"] for key in installed.json()["online_keys"]} == {"active"}
    served = office.client.get("/device/v1/test/metadata/1.root.json")
    assert served.content == office.ask("auditor", "GET", f"{base}/root").content
    bad = office.ask("owner", "POST", f"{base}/proposals", json={"threshold": 3})
    assert problem(bad) == (400, "invalid")
    for content, code in ((b"{}", "invalid"), (b"x" * 600_000, "too-large")):
        answer = office.ask("owner", "PUT", f"{base}/root", content=content)
        assert problem(answer)[1] == code


def test_releasing_without_a_root_says_what_to_do(office: Office) -> None:
    post(office, "developer", "/programs", {"key": "bank", "kind": "miniprogram"})
    upload(office)
    draft = post(office, "operator", "/releases", {"program": "bank", "code": 10000})
    answer = office.ask("operator", "POST", f"/workspaces/test/releases/{draft['id']}/start", json={"revision": 0})
    assert problem(answer) == (409, "conflict")
    assert "eden keys init" in answer.json()["hint"]
    discarded = office.ask("operator", "DELETE", f"/workspaces/test/releases/{draft['id']}", params={"revision": 0})
    assert discarded.status_code == 204
