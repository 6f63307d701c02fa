"""Pages of releases and devices over HTTP: what they show, what they refuse, and that nothing typed is lost."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64decode
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from sqlalchemy import Connection, insert, select, update

from eden.base.identity.principal import Principal
from eden.base.identity.roles import permissions_of
from eden.base.ids import now
from eden.base.problems import Problem
from eden.base.tables import changes
from eden.console.frame import Room
from eden.release.interfaces import ProgramKind, Verb
from eden.release.models import devices, programs, releases
from eden.release.packages import UploadFields
from eden.release.pages.preview import Preview, Previews
from eden.release.service import ReleaseService
from eden.release.service_release_rows import ReleaseInfo
from eden.release.service_trust import do_establish
from eden.release.trust_keys import P256, new_signer
from tests.console.rules import room_problems
from tests.office import Office, open_office
from tests.release import history, samples
from tests.release.house import code_of, pieces, shares

T = TypeVar("T")
EVIL = '<img src=x onerror="alert(1)">'
CITIES = {"attribute": "city", "operator": "one_of", "values": ["杭州", "上海"]}
BETA = {"attribute": "tags", "operator": "has_any", "values": ["beta"]}
RULE = {"all": [{"any": [CITIES, BETA]}, {"attribute": "app_version", "operator": ">=", "value": "2.3.0"}]}


class Fields(HTMLParser):
    """What a browser would send of a page's forms, buttons left out."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}
        self._text: str | None = None
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "input" and name and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self.values.setdefault(name, []).append(given.get("value", ""))
        elif tag == "textarea":
            self._text = name
            self.values[name] = [""]
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.values):
            self.values[self._select] = [given.get("value", "")]

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self.values[self._text][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            self.values[self._text][0] = self.values[self._text][0].removeprefix("\n")
            self._text = None
        elif tag == "select":
            self._select = ""


@dataclass
class Pages:
    """The console in browsers of several people; `owner` acts without one."""

    office: Office
    service: ReleaseService
    owner: Principal

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(work)

    def get(self, path: str, who: str = "operator", **headers: str) -> httpx.Response:
        return self.office.client.get(
            f"/console/test/{path}", headers=self.office.sign_in(who) | headers, follow_redirects=False
        )

    def post(self, path: str, who: str = "operator", part: bool = False, **values: Any) -> httpx.Response:
        headers = self.office.sign_in(who) | ({"HX-Request": "true"} if part else {})
        return self.office.client.post(f"/console/test/{path}", headers=headers, data=values, follow_redirects=False)

    def form(self, path: str, who: str = "operator") -> dict[str, Any]:
        answer = self.get(path, who)
        assert answer.status_code == 200, answer.text
        return Fields(answer.text).values

    def draft(self, plan: Any = None, version: str = "1.1.0") -> ReleaseInfo:
        return self.run(
            self.service.releases.create(
                self.owner, self.office.here_id, "bank", code_of(version), plan or shares(100, 10_000)
            )
        )

    def act(self, info: ReleaseInfo, verb: Verb) -> ReleaseInfo:
        release = info.release
        return self.run(
            self.service.releases.act(
                self.owner, self.office.here_id, release.id, verb, revision=release.revision, reason="because"
            )
        )

    def live(self, plan: Any = None) -> ReleaseInfo:
        return self.act(self.draft(plan), Verb.START)

    def now(self, info: ReleaseInfo) -> ReleaseInfo:
        return self.run(self.service.releases.get(self.owner, self.office.here_id, info.release.id))

    def write(self, work: Any) -> Any:
        return self.office.ground.database.write_now(work)


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with open_office(tmp_path) as office:
        service = ReleaseService(office.ground)
        here, user = office.here_id, office.people["owner"]
        owner = Principal("user", user, "user:owner@example.com", user, permissions={here: permissions_of(["owner"])})
        found = Pages(office, service, owner)
        found.write(lambda c: do_establish(service.core.trust, c, here, [new_signer(P256)], 1, now()))
        found.run(service.programs.create(owner, here, key="bank", kind=ProgramKind.MINIPROGRAM))
        for version in ("1.0.0", "1.1.0"):
            data = samples.miniprogram(version=version, code=code_of(version))
            found.run(service.versions.upload(owner, here, "bank", pieces(data), UploadFields()))
        yield found


def test_catalogues_and_templates() -> None:
    assert room_problems(Room("release", Path("src/eden/release"))) == []


# the list


def test_no_release_yet_says_what_to_do(pages: Pages) -> None:
    page = pages.get("releases").text
    assert "There is no release yet" in page and "/console/test/releases/new" in page
    assert "/console/test/releases/new" not in pages.get("releases", "auditor").text


def test_running_releases_come_first(pages: Pages) -> None:
    live = pages.live()
    draft = pages.draft()
    page = pages.get("releases").text
    assert page.index(live.release.id) < page.index("Drafts and earlier ones") < page.index(draft.release.id)
    assert "1 of 2: 100" in page
    other = pages.get("releases?program=bank")
    assert live.release.id in other.text
    assert pages.get("releases?program=nothing").status_code == 404


def test_list_goes_on_by_pages(pages: Pages) -> None:
    ids = [pages.draft().release.id for _ in range(3)]
    first = pages.get("releases?limit=2").text
    following = re.search(r'href="(/console/test/(releases\?cursor=[^"]+))" rel="next"', first)
    assert following is not None
    second = pages.get(following[2].replace("&amp;", "&")).text
    assert [each in first for each in ids] == [False, True, True]
    assert [each in second for each in ids] == [True, False, False]


# the editor


def test_editor_begins_with_the_standard_plan(pages: Pages) -> None:
    form = pages.form("releases/new?program=bank")
    assert form["steps"] == ["4"] and form["code"] == ["10100"]
    assert [form[f"step-{index}-share"] for index in range(4)] == [["1"], ["10"], ["50"], ["100"]]
    pages.run(pages.service.lists.create(pages.owner, pages.office.here_id, "Testers", "exact", b"a\nb\n"))
    form = pages.form("releases/new?program=bank")
    assert form["steps"] == ["5"] and form["step-0-share"] == [""]
    assert pages.form("releases/new?program=bank&plan=empty")["steps"] == ["0"]


def test_release_is_made_as_it_was_written(pages: Pages) -> None:
    made = pages.run(pages.service.lists.create(pages.owner, pages.office.here_id, "Testers", "exact", b"a\nb\n"))
    form = pages.form("releases/new?program=bank&code=10100") | {
        "step-0-lists": [made.id],
        "step-0-patterns": "^staff-\n^test-",
        "step-1-share": "0,01",
        "step-1-cap": "5 000",
        "step-1-minimum": "2",
        "step-1-minimum-unit": "hours",
        "step-1-advance": "auto",
        "step-1-opens": "2027-05-01T08:00",
        "step-2-ramp": "yes",
        "step-2-factor": "2",
        "step-2-every": "2",
        "step-2-alpha": "2.5",
        "step-3-rule": "json",
        "step-3-json": json.dumps({"list": made.id}),
        "notes": "for you",
    }
    answer = pages.post("releases", **form)
    assert answer.status_code == 303, re.findall(r'class="error".*?</p>', answer.text)
    info = pages.run(
        pages.service.releases.get(pages.owner, pages.office.here_id, answer.headers["location"].rsplit("/")[-1])
    )
    steps = info.release.plan.steps
    assert steps[0].audience.lists == (made.id,) and steps[0].audience.patterns == ("^staff-", "^test-")
    assert (steps[1].audience.share, steps[1].cap, steps[1].minimum_seconds, steps[1].advance) == (
        1,
        5_000,
        7_200,
        "auto",
    )
    assert steps[1].window is not None and steps[1].window.closes_at is None
    assert steps[2].ramp is not None and (steps[2].ramp.factor, steps[2].ramp.every) == (200, 7_200)
    assert steps[2].guardrails.alpha == 250
    assert steps[3].audience.rule == {"list": made.id}
    # its form says the same again
    again = pages.form(f"releases/{info.release.id}/plan")
    saved = pages.post(f"releases/{info.release.id}/plan", **again)
    assert saved.status_code == 303
    assert pages.now(info).release.plan == info.release.plan


def test_mistakes_are_told_at_their_fields_and_nothing_is_lost(pages: Pages) -> None:
    form = pages.form("releases/new?program=bank") | {
        "step-0-name": "",
        "step-0-share": "many",
        "step-1-patterns": "(((",
        "step-2-rule": "json",
        "step-2-json": "{not json",
        "step-3-cap": "-3",
        "notes": EVIL,
    }
    answer = pages.post("releases", **form)
    assert answer.status_code == 422
    for name in ("step-0-name", "step-0-share", "step-1-patterns", "step-2-json", "step-3-cap"):
        assert f'id="{name}-error"' in answer.text, name
    back = Fields(answer.text).values
    assert back["step-0-share"] == ["many"] and back["step-2-json"] == ["{not json"] and back["step-3-cap"] == ["-3"]
    assert EVIL not in answer.text and back["notes"] == [EVIL]
    chinese = pages.office.sign_in("operator")
    chinese["Cookie"] += "; eden_locale=zh"
    told = pages.office.client.post("/console/test/releases", headers=chinese, data=form, follow_redirects=False).text
    assert "请填写 1 到 60 个字符的步骤名称。" in told


def test_mistake_in_a_row_of_a_rule_is_told_there(pages: Pages) -> None:
    form = pages.form("releases/new?program=bank") | {
        "step-1-rule": "rows", "step-1-match": "all", "step-1-groups": "2",
        "step-1-group-0-match": "any", "step-1-group-0-rows": "1",
        "step-1-group-0-row-0-attribute": "city", "step-1-group-0-row-0-operator": "one_of",
        "step-1-group-0-row-0-values": "杭州",
        "step-1-group-1-match": "all", "step-1-group-1-rows": "1",
        "step-1-group-1-row-0-attribute": "app_version", "step-1-group-1-row-0-operator": "in_range",
        "step-1-group-1-row-0-low": "1.0", "step-1-group-1-row-0-high": "not a version",
    }  # fmt: skip
    answer = pages.post("releases", **form)
    assert answer.status_code == 422
    assert re.findall(r'id="(step-1-[^"]*)-error"', answer.text) == ["step-1-group-1-row-0-high"]


def test_rule_goes_from_json_to_rows_and_back(pages: Pages) -> None:
    form: dict[str, Any] = pages.form("releases/new?program=bank") | {
        "step-1-rule": "json",
        "step-1-json": json.dumps(RULE),
    }
    rows = Fields(pages.post("releases/edit", part=True, **form, do="rows:1").text).values
    assert rows["step-1-rule"] == ["rows"] and rows["step-1-groups"] == ["2"]
    assert rows["step-1-group-0-row-0-values"] == ["杭州\n上海"]
    back = Fields(pages.post("releases/edit", part=True, **(form | rows), do="json:1").text).values
    assert json.loads(back["step-1-json"][0]) == RULE
    # what does not fit into rows stays JSON and says so
    deep = form | {"step-1-json": json.dumps({"not": RULE})}
    answer = pages.post("releases/edit", part=True, **deep, do="rows:1")
    assert "does not fit into a form" in answer.text
    assert json.loads(Fields(answer.text).values["step-1-json"][0]) == {"not": RULE}


def test_steps_are_added_moved_and_removed(pages: Pages) -> None:
    form: dict[str, Any] = pages.form("releases/new?program=bank")

    def press(button: str) -> list[str]:
        answer = pages.post("releases/edit", part=True, **form, do=button)
        assert answer.status_code == 200 and answer.headers["hx-trigger-after-settle"] == "plan-changed"
        form.update(Fields(answer.text).values)
        return [form[f"step-{index}-name"][0] for index in range(int(form["steps"][0]))]

    assert press("down:0") == ["10 %", "1 %", "50 %", "Everyone"]
    assert press("up:2") == ["10 %", "50 %", "1 %", "Everyone"]
    assert press("remove-step:1") == ["10 %", "1 %", "Everyone"]
    assert press("add-step") == ["10 %", "1 %", "Everyone", ""]
    for nothing in ("up:0", "down:3", "remove-step:9", "up:x", "dance", "remove-row:0:0:0"):
        assert press(nothing) == ["10 %", "1 %", "Everyone", ""]


def test_begun_steps_stay_and_later_ones_change(pages: Pages) -> None:
    info = pages.live(shares(100, 1_000, 10_000))
    path = f"releases/{info.release.id}/plan"
    form: dict[str, Any] = pages.form(path)
    assert form["first"] == ["1"] and "step-0-name" not in form
    form["step-1-share"] = "20"
    # meanwhile somebody goes on
    pages.act(info, Verb.ADVANCE)
    answer = pages.post(path, **(form | {"reason": "more"}))
    assert answer.status_code == 409 and "changed this release meanwhile" in answer.text
    back: dict[str, Any] = Fields(answer.text).values
    assert back["reason"] == ["more"] and back["first"] == ["2"] and back["step-2-share"] == ["100"]
    assert pages.post(path, **(back | {"step-2-name": "All"})).status_code == 303
    plan = pages.now(info).release.plan
    assert [step.name for step in plan.steps] == ["100", "1000", "All"]
    assert [step.audience.share for step in plan.steps] == [100, 1_000, 10_000]


def test_preview_counts_and_explains(pages: Pages) -> None:
    pages.write(lambda c: history.known_devices(c, pages.office.here_id, 300, now(), {"bank": 10_000}))
    form: dict[str, Any] = pages.form("releases/new?program=bank&plan=empty") | {
        "steps": "3",
        "step-0-name": "Named", "step-0-patterns": "^device-00000[0-4]$",
        "step-1-name": "Beta", "step-1-share": "50", "step-1-rule": "json",
        "step-1-json": '{"attribute": "tags", "operator": "has_any", "values": ["beta"]}',
        "step-2-name": "Half written", "step-2-share": "abc",
    }  # fmt: skip
    answer = pages.post("releases/preview", part=True, **form)
    assert answer.status_code == 200 and "<html" not in answer.text
    assert "Tried on all 300 known devices." in answer.text
    assert "about 5 devices" in answer.text and "device-000000" in answer.text
    # of 30 devices that have the tag, one is named anyway; half of the others come to the five
    assert "about 20 devices" in answer.text
    assert "tagged beta" in answer.text
    assert "Not complete yet." in answer.text


def test_preview_is_for_those_who_may_see_devices(pages: Pages) -> None:
    pages.write(lambda c: history.known_devices(c, pages.office.here_id, 3, now(), {"bank": 10_000}))
    previews, step = Previews(pages.service), {"name": "All", "audience": {"share": 10_000}}

    def look(principal: Principal) -> Preview:
        here = pages.office.here_id
        return pages.run(previews.look(principal, here, (), [step], {}, None, lambda key, **_: key, "en"))

    assert look(pages.owner).known == 3
    # what was read for somebody else is not shown to those who could not have read it
    with pytest.raises(Problem) as refused:
        look(Principal("user", "u", "user:u", "u", permissions={pages.office.here_id: frozenset({"release.operate"})}))
    assert refused.value.code == "forbidden"


def test_a_form_cannot_ask_for_more_rows_than_it_has(pages: Pages) -> None:
    form = pages.form("releases/new?program=bank") | {"step-0-rule": "rows", "step-0-groups": "40"}
    form |= {f"step-0-group-{group}-rows": "40" for group in range(40)}
    answer = pages.post("releases/edit", part=True, **form, do="settle")
    assert answer.status_code == 200 and 'class="condition"' not in answer.text
    # a button that the page does not have
    unread = form | {"step-0-rule": "json", "step-0-json": "{not json"}
    answer = pages.post("releases/edit", part=True, **unread, do="json:0")
    assert answer.status_code == 200 and Fields(answer.text).values["step-0-json"] == ["{not json"]


# one release


def test_buttons_are_those_of_the_state_and_of_the_role(pages: Pages) -> None:
    info = pages.live(shares(100, 10_000, minimum_seconds=3_600))
    path = f"releases/{info.release.id}"
    page = pages.get(path).text
    assert re.search(r'id="do-halt" class="[^"]*" data-dialog="ask-halt"', page)
    assert re.search(r'id="do-advance" class="[^"]*" disabled aria-describedby="why-advance"', page)
    assert "the step lasts 1 h at least" in page
    developer = pages.get(path, "developer").text
    assert 'data-dialog="ask-halt"' in developer and 'data-dialog="ask-resume"' not in developer
    auditor = pages.get(path, "auditor").text
    assert "data-dialog" not in auditor.partition('id="release"')[2].partition('id="blocked"')[0]
    assert "Your role does not allow this; owners, operators and developers may." in auditor
    assert pages.post(f"{path}/stop/halt", "auditor", revision="1", reason="x").status_code == 403
    assert pages.post(f"{path}/go/advance", "developer", revision="1").status_code == 403


def test_verbs_through_the_page(pages: Pages) -> None:
    info = pages.draft()
    path = f"releases/{info.release.id}"
    for place, verb, state in (
        ("go", "start", "live"), ("go", "advance", "live"), ("stop", "pause", "paused"), ("go", "resume", "live"),
        ("stop", "halt", "halted"), ("go", "roll-forward", "live"), ("stop", "roll-back", "rolled_back"),
    ):  # fmt: skip
        before = pages.now(info).release
        answer = pages.post(f"{path}/{place}/{verb}", revision=str(before.revision), reason="tested by hand")
        assert answer.status_code == 303, answer.text
        assert pages.now(info).release.state == state
    page = pages.get(path).text
    assert page.count("tested by hand") >= 7 and "operator@example.com" in page
    assert pages.post(f"{path}/go/halt", revision="9", reason="x").status_code == 404
    assert pages.get(f"{path}/events").status_code == 200
    assert "finished" not in pages.get(f"{path}/plan").text


def test_conflict_shows_the_new_state_and_keeps_the_reason(pages: Pages) -> None:
    info = pages.live()
    path = f"releases/{info.release.id}"
    pages.act(info, Verb.PAUSE)
    answer = pages.post(f"{path}/stop/halt", revision=str(info.release.revision), reason="It burns & " + EVIL)
    assert answer.status_code == 409
    assert "Somebody else was faster" in answer.text and "its state is now: Paused" in answer.text
    assert EVIL not in answer.text
    again = answer.text.partition('id="retry"')[2].partition("</form>")[0]
    assert "Halt after all" in again
    kept = Fields(again).values
    assert kept["reason"] == ["It burns & " + EVIL]
    assert pages.post(f"{path}/stop/halt", **kept).status_code == 303
    assert pages.now(info).release.state == "halted"
    # a verb that the new state does not have is not offered again, but the words are still there
    answer = pages.post(f"{path}/stop/pause", revision="0", reason="kept words")
    assert answer.status_code == 409 and "Pause after all" not in answer.text and "kept words" in answer.text


def test_reason_is_asked_for(pages: Pages) -> None:
    info = pages.live()
    answer = pages.post(f"releases/{info.release.id}/stop/halt", revision="1", reason=" ")
    assert answer.status_code == 422 and "A reason is missing" in answer.text
    assert pages.now(info).release.state == "live"


def test_other_release_stands_in_the_way(pages: Pages) -> None:
    pages.live()
    draft = pages.draft()
    answer = pages.post(f"releases/{draft.release.id}/go/start", revision="0")
    assert answer.status_code == 409 and "Not done: Start" in answer.text and "Another release" in answer.text


def test_draft_is_discarded(pages: Pages) -> None:
    draft = pages.draft()
    path = f"releases/{draft.release.id}"
    stale = pages.post(f"{path}/discard", revision="7")
    assert stale.status_code == 303 and stale.headers["location"].endswith(path)
    chinese = pages.office.sign_in("operator")
    chinese["Cookie"] += "; eden_locale=zh"
    answer = pages.office.client.post(
        f"/console/test/{path}/discard", headers=chinese, data={"revision": "7"}, follow_redirects=False
    )
    assert "发布刚被他人修改" in json.loads(b64decode(answer.cookies["eden_flash"], altchars=b"-_"))[0][1]
    assert pages.post(f"{path}/discard", revision="0").headers["location"].endswith("/releases")
    assert pages.get(path).status_code == 404


def test_figures_plots_and_verdict(pages: Pages) -> None:
    info = pages.live(shares(100, 1_000, 5_000, 10_000))
    pages.write(lambda c: history.ramp_of_days(c, info.release.id, now()))
    page = pages.get(f"releases/{info.release.id}").text
    assert all(f'id="plot-{name}"' in page for name in ("devices", "crashes", "share"))
    assert "times as often as the control (between" in page and "Healthy" in page
    assert "Payment service has an incident" in page
    part = pages.get(f"releases/{info.release.id}", **{"HX-Request": "true", "X-Eden-Live": "true"}).text
    assert part.lstrip().startswith('<div id="release" data-live="release:') and "<html" not in part


def test_without_reports_nothing_is_compared(pages: Pages) -> None:
    info = pages.live()
    pages.run(pages.service.ticks.run())
    page = pages.get(f"releases/{info.release.id}").text
    assert "No reports yet" in page and "No device has started it yet" in page
    assert "Without comparison" not in page and "no control group" not in page.lower()
    pages.write(lambda c: history.long_history(c, info.release.id, now(), 1))
    pages.run(pages.service.ticks.run())
    page = pages.get(f"releases/{info.release.id}").text
    assert "No reports yet" not in page


def test_open_pages_hear_of_drafts_and_devices_do_not(pages: Pages) -> None:
    info = pages.draft()
    rows = pages.office.ground.database.read_now(lambda c: c.execute(select(changes.c.kind, changes.c.payload)).all())
    told = [row.kind for row in rows if row.payload.get("release") == info.release.id]
    assert told == ["draft.changed"]


def test_hostile_names(pages: Pages) -> None:
    plan = {"steps": [{"name": EVIL, "audience": {"patterns": ["<b>"], "share": 100}}]}
    info = pages.draft(plan)

    def spoil(connection: Connection) -> None:
        connection.execute(update(programs).values(name=EVIL))
        connection.execute(update(releases).values(created_by=f"user:{EVIL}", notes=EVIL))
        connection.execute(
            insert(devices).values(
                workspace_id=pages.office.here_id, device_id=EVIL, user_id=EVIL, installed={},
                context={"city": EVIL, "tags": [EVIL], "user_id": EVIL}, first_seen_at=1, seen_at=now(),
            )
        )  # fmt: skip

    pages.write(spoil)
    pages.act(info, Verb.START)
    for path in (
        "releases", f"releases/{info.release.id}", f"releases/{info.release.id}/plan", "releases/new?program=bank",
        f"releases/{info.release.id}/events", "devices", "devices?q=%3Cimg%3E", "releases/new",
        "devices/one?id=%3Cimg%20src%3Dx%20onerror%3D%22alert(1)%22%3E",
    ):  # fmt: skip
        answer = pages.get(path)
        assert answer.status_code == 200, path
        assert "<img" not in answer.text and "<b>" not in answer.text, path


# devices


def test_devices_are_listed_searched_and_paged(pages: Pages) -> None:
    assert "No device has asked yet" in pages.get("devices").text
    pages.write(lambda c: history.known_devices(c, pages.office.here_id, 5, now(), {"bank": 10_000}))
    seen, path = [], "devices?limit=2"
    while path:
        page = pages.get(path).text
        seen += re.findall(r">(device-\d+)<", page)
        following = re.search(r'href="/console/test/(devices\?cursor=[^"]+)" rel="next"', page)
        path = following[1] + "&limit=2" if following else ""
    assert seen == [f"device-{number:06}" for number in range(5)]
    assert re.findall(r">(device-\d+)<", pages.get("devices?q=device-000002").text) == ["device-000002"]
    assert re.findall(r">(device-\d+)<", pages.get("devices?q=user-3").text) == ["device-000003"]
    nobody = pages.get("devices?q=stranger").text
    assert "No such device" in nobody and "/console/test/devices/one?id=stranger" in nobody


def test_device_is_explained_step_by_step(pages: Pages) -> None:
    made = pages.run(pages.service.lists.create(pages.owner, pages.office.here_id, "Testers", "exact", b"tester-1\n"))
    rule = {"attribute": "city", "operator": "one_of", "values": ["杭州"]}
    pages.live({"steps": [{"name": "1", "audience": {"lists": [made.id], "rule": rule, "share": 10_000}}]})
    unseen = pages.get("devices/one?id=nobody").text
    assert "Never seen" in unseen and "It does not satisfy the rule." in unseen and "city is not known" in unseen
    assert "Gets 1.1.0" in pages.get("devices/one?id=nobody&what=if&city=杭州").text
    listed = pages.get("devices/one?id=tester-1").text
    assert "It is on the list “Testers”." in listed and "Gets 1.1.0" in listed
    pages.write(lambda c: history.known_devices(c, pages.office.here_id, 1, now(), {"bank": 10_100}))
    assert "No change" in pages.get("devices/one?id=device-000000").text
    supposed = pages.get("devices/one?id=device-000000&what=if&city=杭州&fresh=yes").text
    assert "This is a supposition." in supposed and "Gets 1.1.0" in supposed
    assert pages.get("devices/one?id=x%2Fy%3Fz").status_code == 200
    assert pages.get("devices/one").status_code == 200


def test_a_year_of_history_is_a_page_of_points(pages: Pages) -> None:
    info = pages.live()
    pages.write(lambda c: history.long_history(c, info.release.id, now(), 365))
    figures = pages.run(pages.service.figures.of_release(pages.owner, pages.office.here_id, info.release.id))
    assert figures.spans is not None and len(figures.spans.at) <= 96
    assert figures.spans.offered[-1] == 365 * 24 * 50 * 2  # the new and the listed arm
    page = pages.get(f"releases/{info.release.id}")
    assert page.status_code == 200 and len(page.content) < 150_000
