"""The secure keyboard in a phone, against a platform: what is typed is opened by the server, and is nowhere else.

The search for what was typed looks into the heaps of the page and of the program's frame, into documents, storage,
traffic, the server's files and its log; of a plain `<input>` it finds it in the same places.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, FrameLocator, Locator, Page, Route, expect
from playwright.sync_api import Error as PlaywrightError
from sqlalchemy import Connection, insert

from eden.base.crypto import HpkePrivateKey
from eden.base.identity import tokens
from eden.base.ids import new_id, now
from eden.base.tables import members, users
from eden.keyboard.interfaces import Kind, Purpose
from eden.keyboard.rules import read_sealed
from eden.keyboard.service import Delivery, Given, KeyboardService, delivery_info
from eden.keyboard.service_admin import KeyboardAdmin
from tests.browser.accessibility import violations
from tests.browser.platform import RunningPlatform
from tests.browser.programs import Files
from tests.browser.server import TestServer

PIN, PASSWORD = "748159260371", "Kestrel19moor"
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>embedding page</title>
<style>html,body{{margin:0;height:100%}}#phone{{width:{width};height:100%}}</style></head><body><div id="phone"></div>
<script type="module">
import {{ EdenHost }} from '/_container/host.mjs'
window.painted = 0
window.host = new EdenHost({{
  container: document.getElementById('phone'), locale: '{locale}', theme: '{theme}', mode: 'develop',
  policy: {{ domains: 'any' }}, runtimeUrl: '/_container/runtime.js', keyboard: {keyboard},
}})
window.host.addEventListener('painted', () => {{ window.painted += 1 }})
</script></body></html>"""
_PROGRAM: Files = {
    "project.config.json": {"appid": "wxtest", "projectname": "Bank"},
    "pages/a/a.wxml": """<input id="safe" class="field" type="safe-password" placeholder="PIN" safe-password-length="12"
          safe-password-user="anna" safe-password-time-stamp="1700000000" safe-password-nonce="abc"
          safe-password-shuffle="{{shuffle}}" bindinput="on" bindblur="on" bindfocus="on"/>
        <input id="plain" class="field" placeholder="plain" bindinput="on"/>""",
    "pages/a/a.wxss": ".field { margin: 120px 20px 20px; border: 1px solid gray; height: 40px }",
    "pages/a/a.js": """Page({
        data: {shuffle: false}, events: [],
        on(e) { this.events.push({type: e.type, detail: e.detail}) },
    })""",
}


class Typing:
    """A phone with a program that asks for a PIN, and the service that may have it."""

    def __init__(self, page: Page, server: TestServer, platform: RunningPlatform, address: str) -> None:
        self.page, self.server, self.platform, self.address = page, server, platform, address
        self.token = platform.run(self._prepare())
        self.pins: list[str] = []

    async def _prepare(self) -> str:
        ground, owner, maker = self.platform.house.ground, self.platform.house.owner, new_id()
        workspace = next(iter(owner.permissions))

        def make(connection: Connection) -> tuple[str, str]:
            person = {"email": "owner@example.com", "name": "Owner", "password_hash": None, "locale": ""}
            connection.execute(insert(users).values(id=maker, created_at=now(), **person))
            connection.execute(
                insert(members).values(workspace_id=workspace, user_id=maker, roles=["owner"], created_at=now())
            )
            return tokens.create(
                connection, workspace, maker, "bank", ["keyboard.verify", "keyboard.open"], now(), None
            )

        token_id, secret = await ground.database.write(make)
        kinds: list[tuple[str, Kind, int]] = [("pay", "pin", 12), ("login", "password", 64)]
        for name, kind, longest in kinds:
            purpose = Purpose(
                name=name, kind=kind, shortest=4, longest=longest, tries=3, lock_seconds=0, verifiers=[token_id],
                openers=[token_id],
            )  # fmt: skip
            await self.admin.set_purpose(owner, workspace, purpose, None)
        self.workspace = workspace
        return secret

    @property
    def service(self) -> KeyboardService:
        found = self.platform.platform.framed.state.services["keyboard"]
        assert isinstance(found, KeyboardService)
        return found

    @property
    def admin(self) -> KeyboardAdmin:
        found = self.platform.platform.framed.state.services["keyboard_admin"]
        assert isinstance(found, KeyboardAdmin)
        return found

    def pin(self) -> str:
        keys = self.platform.run(self.admin.keys(self.platform.house.owner, self.workspace, 100, None))
        return base64.b64encode(next(key.public for key in keys if key.algorithm == "ed25519")).decode()

    def open(
        self, *, locale: str = "en", theme: str = "light", width: str = "375px", origin: str = "", **options: Any
    ) -> Typing:
        keyboard = {"url": f"{self.platform.origin}/keyboard/v1/test/", "pins": [self.pin()], **options}
        text = _PAGE.format(locale=locale, theme=theme, width=width, keyboard=json.dumps(keyboard))
        self.server.answer("/phone.html", text)
        origin = origin or self.server.origin
        self.page.goto(origin + "/phone.html")
        self.page.evaluate("address => host.open(address)", self.address.replace(self.server.origin, origin))
        self.page.wait_for_function("() => painted > 0")
        return self

    @property
    def program(self) -> Any:
        return next(
            frame for frame in self.page.frames if frame.name == "eden-program" and frame.evaluate("!!window.wx")
        )

    @property
    def keyboard(self) -> FrameLocator:
        return self.page.locator("#phone [role=dialog] iframe").content_frame

    def focus(self) -> None:
        self.program.locator("#safe").click()
        self.ready()

    def ready(self) -> None:
        self.keyboard.locator("canvas").wait_for()
        # keys do nothing in the first moment
        self.page.wait_for_timeout(350)

    def tap(self, row: int, column: int, columns: int = 3, rows: int = 4) -> None:
        self.click(self.keyboard.locator("canvas"), (column - 0.5) / columns, (row - 0.5) / rows)

    def click(self, what: Locator, across: float = 0.5, down: float = 0.5) -> None:
        """By the mouse: the frame may have gone before a locator's click is over."""
        box = what.bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])

    def tap_digits(self, digits: str) -> None:
        """On a keyboard that is not shuffled."""
        for digit in digits:
            place = (int(digit) - 1) % 10
            self.tap(*((4, 2) if place == 9 else (place // 3 + 1, place % 3 + 1)))

    def blurred(self) -> dict[str, Any]:
        self.program.wait_for_function("() => getCurrentPages()[0].events.some(e => e.type === 'blur')")
        events = self.program.evaluate("() => getCurrentPages()[0].events")
        found: dict[str, Any] = next(event["detail"] for event in events if event["type"] == "blur")
        return found

    def opened(self, sealed: str, purpose: str = "pay", app: str = "wxtest") -> str:
        """What the service that may have the value gets."""
        own = HpkePrivateKey.generate("hpke-x25519")

        async def deliver() -> Delivery:
            principal = await self.platform.platform.framed.state.services["identity"].token(self.token)
            return await self.service.open(principal, "test", Given(purpose, sealed, app, "anna"), own.public.raw)

        delivery = self.platform.run(deliver())
        return own.open(delivery_info(delivery.envelope), delivery.sealed).decode()


@pytest.fixture
def typing(
    page: Page, server: TestServer, platform: RunningPlatform, mini_program: Callable[[Files], str]
) -> Iterator[Typing]:
    yield Typing(page, server, platform, mini_program(_PROGRAM))


def test_pin_is_typed_by_taps(typing: Typing) -> None:
    typing.open().focus()
    typing.tap_digits(PIN[:11])
    typing.tap_digits("5")
    blurred = typing.blurred()
    assert blurred["encryptError"] == ""
    assert blurred["value"] == "*" * 12
    assert typing.opened(blurred["encryptedValue"]) == PIN[:11] + "5"
    assert read_sealed(blurred["encryptedValue"]).envelope.bound == "1700000000 abc"
    expect(typing.page.locator("#phone [role=dialog]")).to_have_count(0)
    counts = typing.program.evaluate(
        "() => getCurrentPages()[0].events.filter(e => e.type === 'input').map(e => e.detail.value.length)"
    )
    assert counts == list(range(13))


@pytest.mark.parametrize("algorithm", ["hpke-x25519", "hpke-p256", "sm2-sm4"])
def test_every_algorithm(typing: Typing, algorithm: str) -> None:
    typing.open(algorithms=[algorithm])
    sealed = by_page(typing, {"kind": "password", "purpose": "login"}, PASSWORD)
    kid = read_sealed(sealed).envelope.kid
    assert typing.opened(sealed, "login") == PASSWORD
    keys = typing.platform.run(typing.admin.keys(typing.platform.house.owner, typing.workspace, 100, None))
    assert {key.kid: key.algorithm for key in keys}[kid] == algorithm


def by_page(typing: Typing, request: dict[str, Any], typed: str) -> str:
    """Typed on a real keyboard, for the embedding page itself."""
    start = "request => { window.result = host.keyboard.open(request); result.catch(() => 0) }"
    typing.page.evaluate(start, {"app": "wxtest", "program": "Bank", "user": "anna", "title": "", **request})
    typing.ready()
    typing.page.keyboard.type(typed)
    typing.page.keyboard.press("Enter")
    result: str = typing.page.evaluate("async () => (await result).encryptedValue")
    return result


def test_program_calls_it(typing: Typing) -> None:
    typing.open()
    script = """() => { globalThis.result = eden.keyboard.open({kind: 'password', purpose: 'login', user: 'anna',
        title: 'Sign in', hash: "md5('a' + password)"}); result.catch(() => 0) }"""
    typing.program.evaluate(script)
    typing.ready()
    expect(typing.keyboard.get_by_role("heading")).to_have_text("Sign in")
    for row, column, columns in ((1, 1, 10), (4, 6, 10)):
        typing.tap(row, column, columns)
    typing.page.keyboard.type("ab")
    typing.page.keyboard.press("Backspace")
    typing.page.keyboard.type("xyz")
    typing.click(typing.keyboard.get_by_role("button", name="Done"))
    result = typing.program.evaluate("async () => await result")
    assert (result["count"], result["errMsg"]) == (6, "keyboard.open:ok")
    assert typing.opened(result["encryptedValue"], "login") == hashlib.md5(b"aq axyz").hexdigest()


def test_cancel_and_faults(typing: Typing, expect_console: Callable[[str], None]) -> None:
    expect_console(r"404 \(Not Found\)")
    typing.open().focus()
    typing.tap_digits("12")
    typing.page.keyboard.press("Escape")
    assert typing.blurred() == {"value": "", "cursor": 0, "encryptedValue": "", "encryptError": "cancel"}
    failed = typing.program.evaluate("() => eden.keyboard.open({purpose: 'none'}).catch(error => error.errMsg)")
    assert failed.startswith("keyboard.open:fail the server offers no key for this (404)")
    typing.open(pins=[base64.b64encode(bytes(32)).decode()])
    failed = typing.program.evaluate("() => eden.keyboard.open({user: 'anna'}).catch(error => error.errMsg)")
    assert failed == "keyboard.open:fail the server is not the one that was pinned"


def test_an_offer_of_before_is_refused(typing: Typing) -> None:
    """Whoever is on the way cannot hand out an old one again, to whose keys he may have come since."""
    offers: list[tuple[bytes, dict[str, str]]] = []

    def replay(route: Route) -> None:
        if not offers:
            answer = route.fetch()
            offers.append((answer.body(), answer.headers))
        route.fulfill(body=offers[0][0], headers=offers[0][1])

    typing.page.route("**/keyboard/v1/test/session?*", replay)
    typing.open()
    ask = "() => eden.keyboard.open({user: 'anna'}).then(() => '', error => error.errMsg)"
    typing.program.evaluate(f"() => {{ globalThis.first = ({ask})() }}")
    typing.ready()
    typing.page.keyboard.press("Escape")
    assert typing.program.evaluate("() => first") == "keyboard.open:fail cancel"
    refused = typing.program.evaluate(ask)
    assert refused == "keyboard.open:fail the server offers something else than was asked for"


def test_a_page_that_is_not_secure_has_none(typing: Typing) -> None:
    """Over http, but from this machine, browsers have no Web Crypto: programs hear of it before anybody types."""
    page, elsewhere = typing.page, "http://phone.example"

    def here(route: Route) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace(elsewhere, typing.server.origin)))

    page.route(f"{elsewhere}/**", here)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    typing.open(origin=elsewhere)
    assert page.evaluate("[isSecureContext, host.keyboard === undefined]") == [False, True]
    assert typing.program.evaluate("eden.keyboard.isAvailable()")["available"] is False
    failed = typing.program.evaluate("() => eden.keyboard.open({user: 'anna'}).catch(error => error.errMsg)")
    assert failed == "keyboard.open:fail the phone has no secure keyboard"
    typing.program.locator("#safe").click()
    assert typing.blurred()["encryptError"] == "the phone has no secure keyboard"
    assert any("only in pages of https or localhost" in text for text in said)


def test_no_preview(typing: Typing) -> None:
    """The keys look the same while one is down; what changes is one dot."""
    typing.open().focus()
    keys = typing.keyboard.locator("canvas")
    dots = typing.keyboard.locator(".dots .full")
    box = keys.bounding_box()
    assert box is not None
    before = keys.screenshot()
    typing.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.4)
    # right after a picture Chromium may send the mouse past the frame
    while not dots.count():
        typing.page.mouse.up()
        typing.page.mouse.down()
        typing.page.wait_for_timeout(300)
    expect(dots).to_have_count(1)
    assert keys.screenshot() == before
    typing.page.mouse.up()
    assert keys.screenshot() == before
    typing.page.keyboard.press("Escape")


def test_shuffled_keys_change_places(typing: Typing) -> None:
    typing.open()
    typing.program.evaluate("() => getCurrentPages()[0].setData({shuffle: true})")
    seen = set()
    for _ in range(3):
        typing.program.evaluate("() => { getCurrentPages()[0].events = [] }")
        typing.focus()
        typing.tap_digits("123456789012")
        seen.add(typing.opened(typing.blurred()["encryptedValue"]))
    assert len(seen) == 3
    assert all(value[:2] == value[10:] for value in seen)


def test_with_a_screen_reader(typing: Typing) -> None:
    """Counts are told, places are named; what a key is, is in no label, name or text."""
    typing.open()
    # of the phone's own bar
    before = violations(typing.page)
    typing.focus()
    frame = typing.keyboard
    assert [one for one in violations(typing.page) if one not in before] == []
    inside = typing.page.locator("[role=dialog] iframe").element_handle().content_frame()
    assert inside is not None
    assert (violations(inside), inside.title()) == ([], "Enter PIN")
    frame.get_by_role("button", name="Key by key").click()
    for _ in range(3):
        frame.get_by_role("button", name="Row 2, key 1").click()
    expect(frame.get_by_role("status")).to_have_text("3 of 12 entered")
    frame.get_by_role("button", name="Delete").click()
    expect(frame.get_by_role("status")).to_have_text("2 of 12 entered")
    names = frame.locator("body").aria_snapshot()
    assert "Row 4, key 2" in names
    # the voice says what a key is, the document does not
    body = frame.locator("body")
    body.evaluate("() => { window.spoken = []; speechSynthesis.speak = ({text}) => { spoken.push(text) } }")
    frame.get_by_role("button", name="Read keys aloud").click()
    for place in ("Row 1, key 3", "Row 2, key 2"):
        frame.get_by_role("button", name=place).focus()
    assert body.evaluate("() => spoken") == ["3", "5"]
    text = body.evaluate("body => body.outerHTML")
    assert not any(digit in body.inner_text() for digit in "35")
    assert "4" not in "".join(frame.locator(".places button").all_inner_texts())
    attributes = "all => all.flatMap(one => [...one.attributes].map(({name}) => name))"
    assert set(frame.locator(".places button").evaluate_all(attributes)) == {"type", "aria-label", "tabindex", "style"}
    assert "data-" not in text
    typing.page.keyboard.press("Escape")


_KEYS = ["keydown", "keypress", "keyup", "beforeinput", "input", "pointerdown", "mousedown", "click", "message"]
#: everything that comes to a window, before anybody else hears it
_LISTEN = """(names) => {
    window.heard = []
    for (const name of names) {
        window.addEventListener(name, ({type, key, data, clientX, clientY}) => {
            heard.push(JSON.stringify({type, key, data, clientX, clientY}))
        }, true)
    }
}"""


def test_nobody_else_hears_keys(typing: Typing) -> None:
    """Neither typed nor tapped: no event of them comes to the embedding page or to the program."""
    page = typing.page
    typing.open().focus()
    frames = [page.main_frame, *(frame for frame in page.frames if frame.name == "eden-program")]
    for frame in frames:
        frame.evaluate(_LISTEN, _KEYS)
    page.keyboard.type("748159")
    typing.tap_digits("2603")
    expect(typing.keyboard.locator(".dots .full")).to_have_count(10)
    assert [frame.evaluate("() => heard") for frame in frames] == [[]] * len(frames)
    page.keyboard.press("Escape")
    typing.blurred()
    # where they are heard, they are found
    typing.program.locator("#plain input").click()
    page.keyboard.type("7")
    assert any('"keydown","key":"7"' in text for text in typing.program.evaluate("() => heard"))


def heaps(page: Page) -> str:
    """Snapshots of the heaps of all frames, as text; frames that share one give it once."""
    found = [heap(page, page.context.new_cdp_session(page))]
    for frame in page.frames[1:]:
        try:
            session = page.context.new_cdp_session(frame)
        except PlaywrightError:
            # it is in another one's heap
            continue
        found.append(heap(page, session))
    return "".join(found)


def heap(page: Page, session: CDPSession) -> str:
    pieces: list[str] = []
    session.on("HeapProfiler.addHeapSnapshotChunk", lambda event: pieces.append(event["chunk"]))
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    # its strings come last, and after the call's answer
    for _ in range(200):
        if pieces and pieces[-1].rstrip().endswith("]}"):
            return "".join(pieces)
        page.wait_for_timeout(50)
    raise AssertionError("the snapshot has no end")


def everything(typing: Typing, sent: list[str], folder: Path, logged: str) -> dict[str, str]:
    """Where something that was typed could be."""
    page = typing.page
    frames = [frame.evaluate("() => document.documentElement.outerHTML") for frame in page.frames]
    values = """() => [...document.querySelectorAll('*')].flatMap(
        (node) => [...node.shadowRoot?.querySelectorAll('input') ?? []].map((input) => input.value)).join()"""
    stored = page.evaluate(
        """async () => {
            const found = [JSON.stringify({...localStorage}), JSON.stringify({...sessionStorage}), document.cookie]
            for (const {name} of await indexedDB.databases()) {
                const opening = indexedDB.open(name)
                await new Promise((done) => { opening.onsuccess = done })
                const database = opening.result
                for (const store of database.objectStoreNames) {
                    const all = database.transaction(store).objectStore(store).getAll()
                    found.push(JSON.stringify(await new Promise((done) => { all.onsuccess = () => done(all.result) })))
                }
                database.close()
            }
            return found.join()
        }"""
    )
    files = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file()).decode("latin-1")
    return {
        "heap": heaps(page),
        "documents": "".join(frames) + "".join(frame.evaluate(values) for frame in page.frames),
        "storage": stored,
        "traffic": "\n".join(sent),
        "server": files,
        "log": logged,
    }


@pytest.mark.parametrize("plain", [False, True], ids=["safe", "plain"])
def test_what_was_typed_is_nowhere(
    typing: Typing, tmp_path: Path, plain: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[str] = []
    typing.page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    typing.open()
    with caplog.at_level(logging.DEBUG):
        if plain:
            typing.program.locator("#plain input").fill(PIN)
            typing.server.answer("/kept", "kept")
            typing.page.evaluate("async (pin) => { localStorage.kept = pin; await fetch('/kept?' + pin) }", PIN)
        else:
            typing.focus()
            typing.tap_digits(PIN[:11])
            meanwhile = everything(typing, sent, tmp_path, caplog.text)
            assert {where for where, text in meanwhile.items() if PIN[:6] in text} == set()
            typing.tap_digits(PIN[11:])
            blurred = typing.blurred()
            found = everything(typing, sent, tmp_path, caplog.text)
            assert typing.opened(blurred["encryptedValue"]) == PIN
    if plain:
        found = everything(typing, sent, tmp_path, caplog.text)
    assert len(found["heap"]) > 1_000_000
    assert "/keyboard/v1/test/session" in found["traffic"] or plain
    codes = ",".join(str(ord(digit)) for digit in PIN)
    places = {where for where, text in found.items() if PIN in text or codes in text}
    if plain:
        assert places == {"heap", "documents", "storage", "traffic"}
    else:
        assert places == set()


@pytest.mark.parametrize(("width", "theme", "locale"), [("375px", "light", "zh_CN"), ("100%", "dark", "en")])
def test_it_fits(typing: Typing, tmp_path: Path, width: str, theme: str, locale: str) -> None:
    """Everything is inside the frame, and keys are large enough to hit (WCAG 2.5.8)."""
    typing.open(width=width, theme=theme, locale=locale)
    for request in ({"kind": "pin", "purpose": "pay"}, {"kind": "password", "purpose": "login"}):
        typing.page.evaluate(
            "request => { host.keyboard.open(request).catch(() => 0) }",
            {"app": "wxtest", "program": "Bank", "user": "anna", "title": "", **request},
        )
        typing.ready()
        canvas: Locator = typing.keyboard.locator("canvas")
        box = canvas.bounding_box()
        dialog = typing.page.locator("#phone [role=dialog]").bounding_box()
        assert box is not None
        assert dialog is not None
        assert box["width"] / 10 >= 24
        assert box["y"] + box["height"] <= dialog["y"] + dialog["height"] <= 900.5
        assert typing.keyboard.locator("body").evaluate(
            "b => b.scrollWidth <= innerWidth && b.offsetHeight <= innerHeight + 1"
        )
        typing.page.screenshot(path=tmp_path / f"{request['kind']}-{theme}.png")
        # right after a picture Chromium may lose what is typed
        typing.page.wait_for_timeout(300)
        typing.page.keyboard.press("Escape")
        expect(typing.page.locator("#phone [role=dialog]")).to_have_count(0)


REQUESTS = ({"kind": "pin", "purpose": "pay", "length": 6}, {"kind": "password", "purpose": "login"})
#: places of everything that there is to be seen or hit in the keyboard's frame, from left and top to right and bottom
_PLACES = """() => ['h1', '.who', 'header button:first-child', 'header button:last-child', '.dots', 'canvas',
    'footer button:first-child', 'footer button:last-child'].map((what) => {
        const {left, top, right, bottom} = document.querySelector(what).getBoundingClientRect()
        return [left, top, right, bottom]
    })"""


@pytest.mark.parametrize(("width", "height"), [(844, 390), (667, 320), (568, 320), (320, 480)])
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_it_fits_a_phone_that_lies(typing: Typing, width: int, height: int, locale: str) -> None:
    """Nothing is cut off or on top of something else, and keys stay large enough for a thumb; turned, too."""
    page = typing.page
    page.set_viewport_size({"width": width, "height": height})
    typing.open(width="100%", locale=locale)
    for request in REQUESTS:
        asked = {"app": "wxtest", "program": "Eden Bank", "user": "anna", "title": "", **request}
        page.evaluate("request => { host.keyboard.open(request).catch(() => 0) }", asked)
        typing.ready()
        check_places(typing)
        page.set_viewport_size({"width": height, "height": width})
        check_places(typing)
        page.set_viewport_size({"width": width, "height": height})
        check_places(typing)
        if request["kind"] == "pin":
            typing.tap_digits("258013")
            expect(page.locator("#phone [role=dialog]")).to_have_count(0)
        else:
            page.keyboard.press("Escape")


def check_places(typing: Typing) -> None:
    body = typing.keyboard.locator("body")
    seen = typing.page.viewport_size
    assert seen is not None
    # it has heard of its room, and its host of its height
    settled = """async (body, room) => {
        const style = getComputedStyle(document.documentElement)
        while (style.getPropertyValue('--room') !== `${room}px` || Math.abs(body.offsetHeight - innerHeight) > 1) {
            await new Promise((done) => setTimeout(done, 20))
        }
    }"""
    body.evaluate(settled, seen["height"])
    frame = typing.page.locator("#phone [role=dialog] iframe").bounding_box()
    assert frame is not None and frame["y"] >= 0 and frame["y"] + frame["height"] <= seen["height"] + 0.5
    assert body.evaluate("b => b.scrollHeight <= innerHeight && b.scrollWidth <= innerWidth")
    places = body.evaluate(_PLACES)
    for left, top, right, bottom in places:
        assert left >= 0 and top >= 0 and right <= frame["width"] and bottom <= frame["height"] + 0.5
    for number, (left, top, right, bottom) in enumerate(places):
        for other in places[number + 1 :]:
            assert (
                right <= other[0] + 0.5 or other[2] <= left + 0.5 or bottom <= other[1] + 0.5 or other[3] <= top + 0.5
            )
    board = places[5]
    # what a person hits by "Key by key" lies on what a finger hits
    assert typing.keyboard.locator(".places").evaluate(
        "p => p.parentElement.offsetHeight === p.previousElementSibling.offsetHeight"
    )
    assert (board[3] - board[1]) / 4 >= 36 and (board[2] - board[0]) / 10 >= 28


def test_in_a_window_that_is_too_small_everything_can_be_reached(typing: Typing) -> None:
    """320 by 256 px: a window of 1280 by 1024 at 400 % (WCAG 1.4.10)."""
    typing.page.set_viewport_size({"width": 320, "height": 256})
    typing.open(width="100%").focus()
    body = typing.keyboard.locator("body")
    assert body.evaluate("b => b.scrollWidth <= innerWidth")
    typing.keyboard.get_by_role("button", name="Key by key").click()
    typing.keyboard.get_by_role("button", name="Row 4, key 2").click()
    expect(typing.keyboard.get_by_role("status")).to_have_text("1 of 12 entered")
    typing.keyboard.get_by_role("button", name="Cancel").click()
    assert typing.blurred()["encryptError"] == "cancel"
