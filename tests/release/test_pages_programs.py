"""Pages of programs, versions, trial links, lists and keys over HTTP, through the whole platform."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from sqlalchemy import insert, select
from tuf.api.metadata import Metadata, Root

from eden.base.ids import now
from eden.base.settings import DatabaseSettings, Limits, Settings
from eden.release.models import programs, version_counts
from eden.release.pages import programs as program_pages
from eden.release.service_trust import do_establish
from eden.release.trust import TrustRepository
from eden.release.trust_keys import P256, new_signer, to_bytes
from tests.office import ORIGIN, SECRET_KEY, Office, open_office
from tests.release import samples

HOSTILE = '<script>alert("x")</script>'


class Desk:
    """An office with a root of trust, and people at its console."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.root = new_signer(P256)
        ground = office.ground
        repository = TrustRepository(ground.secret)
        ground.database.write_now(lambda c: do_establish(repository, c, office.here_id, [self.root], 1, now()))
        self.sessions: dict[str, dict[str, str]] = {}

    def _headers(self, who: str) -> dict[str, str]:
        if who not in self.sessions:
            self.sessions[who] = self.office.sign_in(who)
        return self.sessions[who]

    def act(self, release: dict[str, Any], verb: str, **body: Any) -> dict[str, Any]:
        """A verb of a release, by the API."""
        path = f"/workspaces/test/releases/{release['id']}/{verb}"
        answer = self.office.ask("operator", "POST", path, json={"revision": release["revision"], **body})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def see(self, who: str, path: str, status: int = 200, *, language: str = "en") -> str:
        """A page's text."""
        self.office.client.cookies.clear()
        sent = self._headers(who) | {"Accept-Language": language}
        answer = self.office.client.get(f"/console/test/{path}", headers=sent, follow_redirects=False)
        assert answer.status_code == status, answer.text
        return answer.text

    def do(self, who: str, path: str, status: Any = 303, file: Any = None, **fields: Any) -> httpx.Response:
        """Send a form; a good one answers with an address."""
        self.office.client.cookies.clear()
        headers = self._headers(who) | {"Accept-Language": "en"} | fields.pop("headers", {})
        files = {"file": ("package.zip", file, "application/zip")} if file is not None else None
        answer = self.office.client.post(
            f"/console/test/{path}", data=fields, files=files, headers=headers, follow_redirects=False
        )
        assert answer.status_code == status, answer.text
        return answer

    def program(self, key: str = "bank", kind: str = "miniprogram", **more: str) -> None:
        self.do("developer", "programs", key=key, kind=kind, **more)

    def upload(self, version: str, code: int, scripts: bytes = b"page()", key: str = "bank") -> str:
        data = samples.miniprogram(app_id=f"wx{key}", version=version, code=code, scripts=scripts)
        return self.do("developer", f"programs/{key}/versions", file=data, notes="What is new").headers["location"]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def desk(office: Office) -> Desk:
    office.reset()
    return Desk(office)


def words(page: str) -> str:
    """What a person reads."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


# programs


def test_first_program(desk: Desk) -> None:
    page = desk.see("developer", "programs")
    assert "eden publish PATH" in page
    assert "new-program" in page
    assert "new-program" not in desk.see("auditor", "programs")
    desk.see("auditor", "new-program", 403)
    desk.see("developer", "new-program")
    bad = desk.do("developer", "programs", 422, key="Not A Key", kind="h5", name="My shop", description="Sells")
    assert "My shop" in bad.text
    assert "Sells" in bad.text
    assert 'aria-invalid="true"' in bad.text
    assert "small letters" in words(bad.text)
    desk.do("developer", "programs", 422, key="shop", kind="spaceship")
    desk.program("shop", "h5", name=HOSTILE, description=HOSTILE)
    for path in ("programs", "programs/shop", "programs/shop/edit", "programs/shop/versions/new"):
        page = desk.see("developer", path)
        assert "<script>alert" not in page
        assert HOSTILE in unescape(page)
    taken = desk.do("developer", "programs", 422, key="shop", kind="h5")
    assert "There is a program shop already." in words(taken.text)
    # a program may have any key that pages could be called by
    desk.program("new", "native")
    assert "Native shell" in desk.see("auditor", "programs/new")
    assert "shop" not in desk.see("auditor", "programs?q=nEw")
    assert "No program matches" in desk.see("auditor", "programs?q=100%25")
    desk.see("auditor", "programs?q=%00", 400)
    desk.see("auditor", "programs/none", 404)


def test_a_search_goes_on_by_pages(desk: Desk) -> None:
    for number in range(27):
        desk.program(f"shop-{number:02}", "h5")
    desk.program("bank")
    page = desk.see("auditor", "programs?q=shop")
    assert "shop-24" in page
    assert "shop-25" not in page
    link = re.search(r'href="/console/test/(programs\?[^"]+)" rel="next"', page)
    assert link
    second = desk.see("auditor", unescape(link[1]))
    assert "shop-26" in second
    assert "bank" not in words(second)
    # back to the first page of the same search
    assert 'href="/console/test/programs?q=shop"' in second
    # a device's programs go on as well, whatever else is asked for
    page = desk.see("auditor", "devices/one?id=x&view=1&path=2&key=3")
    link = re.search(r'href="/console/test/(devices/one\?[^"]+)" rel="next"', page)
    assert link
    assert "shop-18" in words(desk.see("auditor", unescape(link[1])))


def test_changing_a_program_and_its_host(desk: Desk) -> None:
    desk.program()
    assert "Owners add host apps" in desk.see("developer", "host-apps")
    desk.do("developer", "host-apps", 403, key="super", name="Super")
    desk.do("owner", "host-apps", 422, key="", name="Super")
    desk.do("owner", "host-apps", key="super", name="Super")
    desk.do("owner", "host-apps", 422, key="super", name="Super")
    desk.do("developer", "programs/bank", name="Bank", description="Money", host_app="super")
    page = words(desk.see("auditor", "programs/bank"))
    assert "Money" in page
    assert "super" in page
    empty = desk.do("developer", "programs/bank", 422, name=" ", description="Kept", host_app="super")
    assert "Kept" in empty.text
    desk.do("developer", "programs/bank", 404, name="Bank", description="", host_app="nobody")
    desk.do("developer", "programs/bank", name="Bank", description="", host_app="")
    assert "super" not in words(desk.see("auditor", "programs/bank/", 200)).replace("super app", "")
    desk.do("auditor", "programs/bank", 403, name="No")


def test_which_versions_phones_run(desk: Desk) -> None:
    desk.program()
    desk.upload("1.0.0", 10000)
    assert "No phone has reported" in desk.see("auditor", "programs/bank")
    database, day = desk.office.ground.database, 24 * 3600 * 1_000_000

    def report(connection: Any) -> None:
        program_id = connection.execute(select(programs.c.id)).scalar_one()
        at = now()
        for code, moment, started in ((10000, at, 30), (10000, at - day, 5), (9, at, 10), (8, at - 40 * day, 99)):
            row = dict.fromkeys([column.name for column in version_counts.c if column.name != "program_id"], 0)
            row |= {"code": code, "at": moment, "started": started}
            connection.execute(insert(version_counts).values(program_id=program_id, **row))

    database.write_now(report)
    page = desk.see("auditor", "programs/bank")
    assert "45 starts in 30 days" in words(page)
    plot = json.loads(unescape(re.search(r'data-plot="([^"]*)"', page)[1]))  # type: ignore[index]
    assert [series["name"] for series in plot["series"]] == ["1.0.0", "9"]
    assert [series["values"][-1] for series in plot["series"]] == [0.75, 0.25]
    assert len(plot["x"]) == 30
    # the address that a phone opens, as a code without style of its own
    assert "/app/test/?program=bank" in page
    code = str(program_pages.drawing("https://eden.example/app/test/?program=bank"))
    assert "style" not in code
    assert code in str(program_pages.drawing("https://eden.example/app/test/?program=bank"))


# versions


def test_uploading(desk: Desk) -> None:
    desk.program()
    assert "manifest.json" in desk.see("developer", "programs/bank/versions/new")
    desk.see("reviewer", "programs/bank/versions/new", 403)
    desk.do("reviewer", "programs/bank/versions", 403, file=b"")
    where = desk.upload("1.0.0", 10000)
    assert where == "/console/test/programs/bank/versions/10000"
    page = words(desk.see("auditor", "programs/bank/versions/10000"))
    for said in ("Not reviewed", "What is new", "No phone may have it yet.", "main.zip", "Source maps", "developer@"):
        assert said in page
    # the same again is no other version
    assert desk.upload("1.0.0", 10000) == where
    other = samples.miniprogram(scripts=b"other")
    for file, sentence in (
        (other, "is there already, with other content"),
        (b"PK no zip", "is not a zip file"),
        (samples.h5(), "no manifest.json"),
        (samples.miniprogram(app_id="wxother", version="2.0.0", code=20000), "this program is wxbank"),
    ):
        page = desk.do("developer", "programs/bank/versions", 422, file=file, notes="Not lost").text
        assert sentence in words(page)
        assert "Not lost" in page
    missing = desk.do("developer", "programs/bank/versions", 422, notes="Without a file")
    assert "Choose the package" in words(missing.text)
    # where the form is still on the page, only what is wrong comes back
    part = desk.do("developer", "programs/bank/versions", 422, file=b"PK", headers={"HX-Request": "true"})
    assert part.headers["HX-Retarget"] == "#flashes"
    assert 'href="#file"' in part.text
    assert "<form" not in part.text
    chinese = desk.do("developer", "programs/bank/versions", 422, file=b"PK", headers={"Accept-Language": "zh"})
    assert "这个压缩包被拒绝" in chinese.text


def test_too_much_is_refused(tmp_path: Path) -> None:
    settings = Settings(
        data=str(tmp_path),
        secret_key=SECRET_KEY,
        database=DatabaseSettings(migrate="always"),
        limits=Limits(upload_bytes=2_000, body_bytes=2_000),
    )
    with open_office(tmp_path, settings=settings) as office:
        desk = Desk(office)
        desk.program()
        page = desk.do("developer", "programs/bank/versions", 422, file=samples.stored_zip({"a": b"x" * 5_000}))
        assert "2,000 bytes" in words(page.text)
        desk.do("developer", "programs/bank/versions", 413, file=b"x" * 1_100_000)
        desk.do("owner", "lists", 413, file=b"x" * 1_100_000, name="Testers")


def test_uploading_other_kinds(desk: Desk) -> None:
    desk.program("shop", "h5")
    fields = {"version": "1.2.0", "virtual_host": "Shop", "fallback_url": "ftp://x", "main_url": "index.html"}
    page = desk.do("developer", "programs/shop/versions", 422, file=samples.h5(), **fields).text
    for sentence in ("host name in lower case", "web address", "begins with a slash"):
        assert sentence in words(page)
    assert 'value="ftp://x"' in page
    fields |= {"virtual_host": "shop.h5.example", "fallback_url": "https://shop.example/", "main_url": "/index.html"}
    desk.do("developer", "programs/shop/versions", 422, file=samples.h5(), code="many", **fields)
    made = desk.do("developer", "programs/shop/versions", file=samples.h5(), **fields)
    assert made.headers["location"].endswith("/versions/10200")
    assert "https://shop.example/" in desk.see("auditor", "programs/shop/versions/10200")
    # the next form begins with what the last version said
    assert 'value="shop.h5.example"' in desk.see("developer", "programs/shop/versions/new")

    desk.program("shell", "native")
    notice = {"version": "9.0.0", "level": "forced", "url": "https://s.example/a", "platforms": "ios, android"}
    page = desk.do("developer", "programs/shell/versions", 422, text_zh="正文", **notice).text
    assert "正文" in page
    desk.do("developer", "programs/shell/versions", 422, **notice)
    desk.do("developer", "programs/shell/versions", 422, title_en="New", **(notice | {"level": "loud"}))
    desk.do("developer", "programs/shell/versions", title_en=HOSTILE, title_zh="新版", lowest="8.0", **notice)
    page = desk.see("auditor", "programs/shell/versions/90000")
    assert "<script>alert" not in page
    assert "ios, android" in page

    desk.program("mini", "dimina")
    desk.do("developer", "programs/mini/versions", file=samples.dimina())
    assert "1.0.1" in desk.see("auditor", "programs/mini")


def test_reviewing(desk: Desk) -> None:
    desk.program()
    path = "programs/bank/versions/10000"
    desk.upload("1.0.0", 10000)
    assert "Owners and reviewers review versions." in words(desk.see("developer", path))
    desk.do("developer", f"{path}/reviews", 403, verdict="approved")
    assert 'value="approved"' in desk.see("reviewer", path)
    refused = desk.do("reviewer", f"{path}/reviews", 422, verdict="rejected", comment="")
    assert "Say why" in words(refused.text)
    desk.do("reviewer", f"{path}/reviews", verdict="rejected", comment=HOSTILE)
    desk.do("reviewer", f"{path}/reviews", verdict="approved", comment="Now it is good")
    page = desk.see("auditor", path)
    assert "<script>alert" not in page
    assert words(page).index(HOSTILE) < words(page).index("Now it is good")
    assert "Approved" in words(page)
    # nobody reviews what is their own
    data = samples.miniprogram(version="2.0.0", code=20000)
    desk.do("owner", "programs/bank/versions", file=data)
    own = desk.see("owner", "programs/bank/versions/20000")
    assert "somebody else reviews it" in words(own)
    assert 'value="approved"' not in own
    desk.do("owner", "programs/bank/versions/20000/reviews", 403, verdict="approved")


def test_withdrawing(desk: Desk) -> None:
    desk.program()
    path = "programs/bank/versions/10000"
    desk.upload("1.0.0", 10000)
    assert f"{path}/withdraw" not in desk.see("reviewer", path)
    desk.do("reviewer", f"{path}/withdraw", 403, reason="No")
    assert f"{path}/withdraw" in desk.see("operator", path)
    desk.do("operator", f"{path}/withdraw", reason="It was wrong")
    page = desk.see("reviewer", path)
    assert "Withdrawn" in words(page)
    assert "nothing to review" in words(page)
    assert 'value="approved"' not in page


def test_withdrawing_what_was_just_offered(desk: Desk) -> None:
    desk.program()
    path = "programs/bank/versions/10000"
    desk.upload("1.0.0", 10000)
    assert f"{path}/withdraw" in desk.see("operator", path)
    missing = desk.do("operator", f"{path}/withdraw", 422, reason=" ")
    assert 'href="#reason"' in missing.text
    body = {"program": "bank", "code": 10000, "plan": {"steps": [{"name": "All", "audience": {"share": 500}}]}}
    draft = desk.office.ask("operator", "POST", "/workspaces/test/releases", json=body).json()
    desk.act(draft, "start")
    refused = desk.do("operator", f"{path}/withdraw", 422, reason="It leaks")
    assert "Roll the release back instead." in words(refused.text)
    assert f"releases/{draft['id']}" in refused.text
    assert "It leaks" in words(refused.text)
    chinese = desk.do("operator", f"{path}/withdraw", 422, reason="It leaks", headers={"Accept-Language": "zh"})
    assert "请改为回滚发布" in chinese.text


def test_a_running_release_is_shown(desk: Desk) -> None:
    desk.program()
    desk.upload("1.0.0", 10000)
    plan = {"steps": [{"name": HOSTILE, "audience": {"share": 500}}]}
    draft = desk.office.ask(
        "operator", "POST", "/workspaces/test/releases", json={"program": "bank", "code": 10000, "plan": plan}
    ).json()
    desk.act(draft, "start")
    for path in ("programs", "programs/bank", "programs/bank/versions/10000"):
        page = desk.see("auditor", path)
        assert f"releases/{draft['id']}" in page
        assert "<script>alert" not in page
    assert "roll the release back" in words(desk.see("operator", "programs/bank/versions/10000"))
    assert "disabled" in desk.see("reviewer", "programs/bank/versions/10000")
    refused = desk.do(
        "reviewer", "programs/bank/versions/10000/reviews", 422, verdict="rejected", comment="I would rather not"
    )
    assert "I would rather not" in refused.text


# comparing


def test_comparing(desk: Desk) -> None:
    desk.program()
    desk.upload("1.0.0", 10000, b"let a = 1;\nlet b = 2;\n")
    assert "no other version" in words(desk.see("auditor", "programs/bank/versions/10000/changes"))
    desk.upload("1.1.0", 10100, f"let a = 1;\nlet b = '{HOSTILE}';\n".encode())
    path = "programs/bank/versions/10100/changes"
    page = desk.see("auditor", path)
    assert "code/scripts.js" in page
    assert "From 1.0.0 to 1.1.0" in words(page)
    assert "files/logo.png" not in page
    assert "code/scripts.js" not in desk.see("auditor", f"{path}?q=logo")
    assert "code/scripts.js" not in desk.see("auditor", f"{path}?change=added")
    link = unescape(re.search(rf'href="/console/test/({path}/file\?[^"]*scripts.js)"', page)[1])  # type: ignore[index]
    lines = desk.see("auditor", link)
    assert "<script>alert" not in lines
    assert "let b = 2;" in unescape(lines)
    assert HOSTILE in unescape(lines)
    assert "1 added, 1 removed." in words(lines)
    # the other way round, and with what is no text or not there
    assert "From 1.1.0 to 1.0.0" in words(desk.see("auditor", "programs/bank/versions/10000/changes?since=10100"))
    logo = f"{path}/file?since=10000&package=main.zip&path=files/logo.png"
    assert "The texts are the same" in desk.see("auditor", logo)
    for query in (
        "since=10000&package=main.zip&path=none",
        "since=1&package=main.zip&path=x",
        "since=x&package=&path=",
    ):
        desk.see("auditor", f"{path}/file?{query}", 404)
    desk.see("auditor", f"{path}?since=77", 404)
    desk.see("auditor", "programs/bank/versions/x/changes", 404)


# trial links


def test_trial_links(desk: Desk) -> None:
    desk.program()
    desk.upload("1.0.0", 10000)
    path = "programs/bank/versions/10000/trial"
    desk.see("reviewer", path, 403)
    desk.see("developer", path)
    for fields in ({"name": "", "days": "7"}, {"name": "Ann", "days": "1000"}):
        desk.do("developer", path, 422, **fields)
    desk.program("shell", "native")
    desk.do(
        "developer",
        "programs/shell/versions",
        version="1.0.0",
        level="optional",
        url="https://s.example/a",
        title_en="New",
    )
    refused = desk.do(
        "developer", "programs/shell/versions/10000/trial", 422, name="Ann", days="7", headers={"Accept-Language": "zh"}
    )
    assert "这个版本不能体验" in refused.text
    where = desk.do("developer", path, name=HOSTILE, days="7", track="trial").headers["location"]
    where = where.removeprefix("/console/test/")
    page = desk.see("developer", where)
    assert "<script>alert" not in page
    token = re.search(r"\?program=bank&amp;trial=([\w-]+)", page)
    assert token
    assert "<svg" in page
    hidden = desk.see("reviewer", where)
    assert token[1] not in hidden
    assert "Owners and developers see the link" in words(hidden)
    assert "Works" in words(desk.see("reviewer", "programs/bank/trials"))
    desk.do("reviewer", f"{where}/revoke", 403)
    desk.do("developer", f"{where}/revoke")
    page = desk.see("developer", where)
    assert token[1] not in page
    assert "does not work any more" in words(page)
    desk.see("developer", "trials/none", 404)


# lists


def test_lists(desk: Desk) -> None:
    assert "no list yet" in words(desk.see("auditor", "lists"))
    desk.see("auditor", "lists/new", 403)
    desk.see("operator", "lists/new")
    page = desk.do("operator", "lists", 422, name="Testers", kind="exact", text="ann\nb o\n" + "x" * 300).text
    assert "Line 2" in words(page)
    assert "Line 3" in words(page)
    assert "b o" in page
    page = desk.do("operator", "lists", 422, name="Testers", kind="patterns", text="^a\n(").text
    assert "Line 2" in words(page)
    desk.do("operator", "lists", 422, name="Testers", kind="exact")
    ids = "".join(f"device-{number}\n" for number in range(2_000)).encode()
    where = desk.do("operator", "lists", file=ids, name=HOSTILE, kind="exact").headers["location"]
    where = where.removeprefix("/console/test/")
    taken = desk.do("operator", "lists", 422, name=HOSTILE, kind="exact", text="ann")
    assert "Give this one another name" in words(taken.text)
    for path in ("lists", where):
        page = desk.see("auditor", path)
        assert "<script>alert" not in page
        assert "2,000" in page
        # who may not change it does not see who is in it
        assert "device-1" not in page
    desk.see("auditor", f"{where}/download", 403)
    assert desk.see("operator", f"{where}/download") == ids.decode()
    assert "Owners and operators change lists" in words(desk.see("auditor", where))
    desk.do("operator", f"{where}/entries", add="ann, bo\ncy", remove="device-0")
    assert "2,002" in desk.see("operator", where)
    desk.do("operator", f"{where}/entries", 422, add=" ", remove="")
    many = desk.do("operator", f"{where}/entries", 422, add=",".join(map(str, range(10_001))))
    assert "At most 10,000 entries at once" in words(many.text)
    bad = desk.do("operator", f"{where}/entries", 422, add="a b", remove="device-1")
    assert "a b" in bad.text
    # the other forms of the page are as they were
    assert HOSTILE in [unescape(value) for value in re.findall(r'name="name"[^>]* value="([^"]*)"', bad.text)]
    stale = desk.do("operator", f"{where}/content", 422, file=b"x", revision="1")
    assert "Somebody changed this list meanwhile." in words(stale.text)
    stale = desk.do("operator", f"{where}/content", 422, file=b"x", revision="1", headers={"Accept-Language": "zh"})
    assert "名单刚被他人修改" in stale.text
    desk.do("operator", f"{where}/content", 422, file=b"", revision="2")
    desk.do("operator", f"{where}/content", file=b"one,two", revision="2")
    assert "2 ids" in words(desk.see("auditor", where))
    desk.do("operator", f"{where}/name", 422, name="")
    assert 'value="' + "n" * 81 in desk.do("operator", f"{where}/name", 422, name="n" * 81).text
    desk.do("operator", f"{where}/name", name="Friends")
    desk.do("auditor", f"{where}/name", 403, name="No")
    # in use
    desk.program()
    desk.upload("1.0.0", 10000)
    plan = {"steps": [{"name": "First", "audience": {"lists": [where.removeprefix("lists/")], "share": 0}}]}
    body = {"program": "bank", "code": 10000, "plan": plan}
    draft = desk.office.ask("operator", "POST", "/workspaces/test/releases", json=body).json()
    page = desk.see("operator", where)
    assert f"releases/{draft['id']}" in page
    assert f"{where}/delete" not in page
    refused = desk.do("operator", f"{where}/delete", 422)
    assert "A draft or a running release names the list Friends." in words(refused.text)
    # one that was stopped does not keep it, though the page still names it
    desk.act(desk.act(draft, "start"), "halt", reason="Not now")
    page = desk.see("operator", where)
    assert f"releases/{draft['id']}" in page
    assert f"{where}/delete" in page
    desk.do("operator", f"{where}/delete")
    desk.see("auditor", where, 404)


def test_patterns_are_shown(desk: Desk) -> None:
    made = desk.do("operator", "lists", name="Staff", kind="patterns", text="^staff-\n@example\\.com$")
    page = desk.see("auditor", made.headers["location"].removeprefix("/console/test/"))
    assert "@example\\.com$" in page
    assert "2 patterns" in words(page)


# keys


def test_keys(desk: Desk) -> None:
    for who in ("developer", "reviewer", "operator", "auditor"):
        desk.see(who, "keys", 403)
        desk.do(who, "keys/proposal", 403)
    page = words(desk.see("owner", "keys"))
    assert "1 of 1 must sign" in page
    assert desk.root.public_key.keyid[:16] in page
    assert "eden keys sign root-proposal.json" in page
    for fields in ({"threshold": "5"}, {"threshold": "many"}, {"add": "no JSON", "threshold": "1"}):
        assert desk.do("owner", "keys/proposal", 422, **fields).status_code == 422
    held = new_signer(P256)
    private = to_bytes(held)
    page = desk.do("owner", "keys/proposal", 422, threshold="1", add=private.decode()).text
    assert "nobody but its holder" in words(page)
    assert private.decode().splitlines()[1] not in page
    public = held.public_key.keyval["public"]
    pem = load_pem_private_key(private, None).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    answer = desk.do("owner", "keys/proposal", 200, threshold="2", add=pem.decode())
    assert public in [key["keyval"]["public"] for key in answer.json()["signed"]["keys"].values()]
    answer = desk.do("owner", "keys/proposal", 200, threshold="1", renew="timestamp")
    assert "attachment" in answer.headers["content-disposition"]
    assert "Waits for a root" in words(desk.see("owner", "keys"))
    page = desk.do("owner", "keys/root", 422, file=answer.content).text
    assert "0 of 1 keys" in words(page)
    page = desk.do("owner", "keys/root", 422, file=b"nonsense").text
    # the other form of the page is as it was
    assert re.search(r'id="threshold"[^>]* value="1"', page)
    desk.do("owner", "keys/root", 422)
    root = Metadata[Root].from_bytes(answer.content)
    root.sign(desk.root, append=True)
    desk.do("owner", "keys/root", file=root.to_bytes())
    page = words(desk.see("owner", "keys"))
    assert "Waits for a root" not in page
    assert "Version of the root 2" in page


# everywhere


def test_every_page_in_chinese_and_for_strangers(desk: Desk) -> None:
    desk.program()
    desk.upload("1.0.0", 10000)
    desk.upload("1.1.0", 10100)
    for path in (
        "programs", "new-program", "host-apps", "programs/bank", "programs/bank/edit", "programs/bank/trials",
        "programs/bank/versions/new", "programs/bank/versions/10100", "programs/bank/versions/10100/changes",
        "programs/bank/versions/10100/trial", "lists", "lists/new", "keys",
    ):  # fmt: skip
        page = desk.see("owner", path, language="zh")
        assert 'lang="zh-CN"' in page
        desk.see("stranger", path, 404)


def test_a_form_without_its_token_is_refused(desk: Desk) -> None:
    headers = {name: value for name, value in desk.office.sign_in("owner").items() if name != "X-CSRF-Token"}
    answer = desk.office.client.post("/console/test/programs", data={"key": "a", "kind": "h5"}, headers=headers)
    assert answer.status_code == 403
    csrf = desk.office.sign_in("owner")
    token = csrf.pop("X-CSRF-Token")
    answer = desk.office.client.post(
        "/console/test/programs", data={"key": "a", "kind": "h5", "_csrf": token}, headers=csrf, follow_redirects=False
    )
    assert answer.status_code == 303
    assert csrf["Origin"] == ORIGIN


def test_hundreds_of_versions(desk: Desk) -> None:
    """Pages stay short: what is further is behind links."""
    desk.program()
    for number in range(12):
        desk.upload(f"1.0.{number}", 10_000 + number)
    page = desk.see("auditor", "programs/bank")
    assert "1.0.11" in page
    assert "1.0.1 " not in words(page)
    link = re.search(r'href="/console/test/(programs/bank\?cursor=[^"]+)"', page)
    assert link
    assert "1.0.0" in words(desk.see("auditor", link[1]))
