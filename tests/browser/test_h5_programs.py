"""H5 programs in the super app: each on an origin of its own, from verified bytes, also without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Frame, Page, expect

from eden.release.interfaces import Verb
from tests.browser.accessibility import violations
from tests.browser.platform import RunningPlatform
from tests.browser.server import TestServer

#: one pixel
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63f8cfc0f01f0005"
    "000201a5f645400000000049454e44ae426082"
)
PAGE = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>商店 {version}</title>
<link rel="stylesheet" href="css/shop.css"></head><body><main><h1>version {version}</h1>
<img id="picture" src="images/图标 1.png" alt="icon"><p id="said"></p><a id="next" href="docs/">docs</a></main>
<script src="js/app.js"></script></body></html>"""
SCRIPT = """
import('/js/part.mjs').then(({ part }) => { document.getElementById('said').textContent = part })
"""


def shop(version: str, **more: bytes) -> dict[str, bytes]:
    """The files of a small web application; names in `more` have __ for / and _dot_ for a dot."""
    files = {
        "index.html": PAGE.replace("{version}", version).encode(),
        "css/shop.css": b"h1 { color: rgb(1, 2, 3); background: url(../images/pixel.png) }",
        "js/app.js": SCRIPT.encode(),
        "js/part.mjs": f"export const part = 'part of {version}'".encode(),
        "images/图标 1.png": PNG,
        "images/pixel.png": PNG,
        "docs/index.html": "<!doctype html><meta charset=utf-8><title>说明</title><h1>文档</h1>".encode(),
        "gbk.html": "<!doctype html><meta charset=gbk><title>旧</title><h1>旧页面</h1>".encode("gbk"),
        "data.json": b'{"rows": [1, 2, 3]}',
        "sound.mp3": bytes(range(100)),
    }
    return files | {name.replace("__", "/").replace("_dot_", "."): data for name, data in more.items()}


@pytest.fixture
def app(page: Page, platform: RunningPlatform) -> Page:
    """The super app of a workspace with one H5 program."""
    platform.publish_h5("1.0.0", shop("1.0.0"))
    platform.release("1.0.0", key="shop", finish=True)
    page.goto(f"{site(platform)}/app/test/")
    return page


def inside(page: Page) -> Frame:
    """The program's frame: in the shell's, on its own origin."""
    page.wait_for_function("document.querySelector('#web:not([hidden]) .cover')?.hidden")
    shells = [frame for frame in page.frames if frame.url.endswith("/.eden/shell.html")]
    assert len(shells) == 1
    return shells[0].child_frames[0]


def site(platform: RunningPlatform) -> str:
    """The platform's address of the same site as its programs': tests run as in a private window, where frames of
    another site have no storage."""
    return f"http://eden.localhost:{platform.port}"


def opens(page: Page, text: str = "version 1.0.0") -> Frame:
    page.get_by_role("button", name="Shop").click()
    shows(page, text)
    return inside(page)


def shows(page: Page, text: str) -> None:
    frames = page.frame_locator("#web iframe").frame_locator("iframe")
    expect(frames.get_by_role("heading", level=1)).to_have_text(text, timeout=30_000)
    expect(page.locator("#web .cover")).to_be_hidden()


def counts(platform: RunningPlatform, release_id: str) -> dict[str, int]:
    rows = platform.run(platform.house.service.reports.of_release(platform.house.owner, "w", release_id))
    kinds = ("downloaded", "installed", "started", "first_page", "failed", "bad")
    return {kind: sum(getattr(row.counts, kind) for row in rows) for kind in kinds}


def test_opens_with_everything_that_is_in_it(app: Page, platform: RunningPlatform) -> None:
    frame = opens(app)
    assert re.fullmatch(rf"http://shop-[0-9a-f]{{20}}\.eden\.localhost:{platform.port}/index\.html", frame.url)
    expect(app.locator("#web strong")).to_have_text("商店 1.0.0")
    expect(frame.locator("#said")).to_have_text("part of 1.0.0")
    assert frame.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(1, 2, 3)"
    assert frame.evaluate("document.getElementById('picture').naturalWidth") == 1
    # nothing of it was asked of the server but the package
    assert [path for path in platform.requests if path.endswith(("shop.css", "app.js", "图标 1.png"))] == [
        "/app/test/app.js"
    ] * len([path for path in platform.requests if path == "/app/test/app.js"])
    app.get_by_role("button", name="关闭").click()
    expect(app.get_by_role("button", name="Shop")).to_be_visible()
    assert not [frame for frame in app.frames if "shop-" in frame.url]


def test_files_are_served_as_a_web_server_would(app: Page, expect_console: Callable[[str], None]) -> None:
    expect_console("416")
    frame = opens(app)
    asked = frame.evaluate("""async () => {
      const found = {}
      for (const [name, address, options] of [
        ['query', '/data.json?v=2'], ['encoded', '/images/%E5%9B%BE%E6%A0%87%201.png'],
        ['range', '/sound.mp3', 'bytes=10-19'], ['late', '/sound.mp3', 'bytes=200-'],
        ['host', 'https://shop.h5.example/data.json'], ['head', '/data.json', 'HEAD'],
      ]) {
        const init = options === 'HEAD' ? { method: 'HEAD' } : options ? { headers: { range: options } } : {}
        const answer = await fetch(address, init)
        found[name] = [answer.status, answer.headers.get('content-type'), (await answer.arrayBuffer()).byteLength]
      }
      return found
    }""")
    assert asked == {
        "query": [200, "application/json", 19],
        "encoded": [200, "image/png", len(PNG)],
        "range": [206, "audio/mpeg", 10],
        "late": [416, None, 0],
        "host": [200, "application/json", 19],
        "head": [200, "application/json", 0],
    }
    # a folder's page, with and without the slash; its title is the bar's
    frame.click("#next")
    shows(app, "文档")
    expect(app.locator("#web strong")).to_have_text("说明")
    app.get_by_role("button", name="返回").click()
    shows(app, "version 1.0.0")
    expect(app.get_by_role("button", name="返回")).to_be_hidden()
    frame = inside(app)
    # a link that wants a window of its own gets the only one that there is, also by the virtual host name
    frame.evaluate(
        "Object.assign(document.getElementById('next'), { target: '_blank', href: '//shop.h5.example/docs/' })"
    )
    frame.click("#next")
    shows(app, "文档")
    frame = inside(app)
    frame.goto(frame.url.replace("/docs/", "/docs"))
    assert frame.url.endswith("/docs/")
    # an old page keeps the encoding that it names
    frame.goto(frame.url.replace("/docs/", "/gbk.html"))
    shows(app, "旧页面")
    frame.goto(frame.url.replace("/gbk.html", "/"))
    shows(app, "version 1.0.0")


def test_update_waits_for_the_next_start(app: Page, platform: RunningPlatform) -> None:
    frame = opens(app)
    frame.evaluate("localStorage.setItem('kept', 'yes')")
    platform.publish_h5("1.1.0", shop("1.1.0"))
    info = platform.release("1.1.0", key="shop")
    app.get_by_role("button", name="重新启动").wait_for(timeout=30_000)
    shows(app, "version 1.0.0")
    # what is loaded late is of the version that runs
    assert (
        frame.evaluate("fetch('/js/part.mjs').then((answer) => answer.text())") == "export const part = 'part of 1.0.0'"
    )
    app.get_by_role("button", name="重新启动").click()
    shows(app, "version 1.1.0")
    frame = inside(app)
    expect(frame.locator("#said")).to_have_text("part of 1.1.0")
    assert frame.evaluate("localStorage.getItem('kept')") == "yes"
    app.wait_for_timeout(3000)
    assert counts(platform, info.release.id) == {
        "downloaded": 1, "installed": 1, "started": 1, "first_page": 1, "failed": 0, "bad": 0,
    }  # fmt: skip

    platform.act(platform.act(info, Verb.HALT), Verb.ROLL_BACK)
    app.get_by_role("button", name="重新启动").click(timeout=30_000)
    shows(app, "version 1.0.0")


def test_starts_without_a_network(app: Page, expect_console: Callable[[str], None]) -> None:
    expect_console("ERR_|Failed to load|500")
    opens(app)
    app.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    app.wait_for_function("caches.open('eden-app-1').then((cache) => cache.match('runtime.js')).then(Boolean)")
    app.context.set_offline(True)
    app.reload()
    frame = opens(app)
    expect(frame.locator("#said")).to_have_text("part of 1.0.0")
    # a place of a single-page application is its first page; a file that is missing is told
    frame.goto(frame.url.replace("/index.html", "/orders/17"))
    shows(app, "version 1.0.0")
    frame = inside(app)
    frame.goto(frame.url.replace("/orders/17", "/news.html"))
    shows(app, "需要网络")
    assert frame.evaluate("fetch('/missing.json').then(() => 'answered', () => 'failed')") == "failed"
    app.context.set_offline(False)


def test_what_is_not_in_the_package_comes_from_where_it_is_online(
    page: Page, platform: RunningPlatform, server: TestServer
) -> None:
    server.shared = True
    server.answer("/web/news.html", "<!doctype html><meta charset=utf-8><title>新闻</title><h1>online</h1>")
    server.answer("/web/extra.json", '{"online": true}', "application/json")
    server.answer("/web/js/late.mjs", "import { part } from './part.mjs'; export const late = part", "text/javascript")
    server.answer("/web/pixel.png", PNG, "image/png")
    platform.publish_h5("1.0.0", shop("1.0.0"), fallback_url=f"{server.origin}/web/")
    platform.release("1.0.0", key="shop", finish=True)
    page.goto(f"{site(platform)}/app/test/")
    frame = opens(page)
    assert frame.evaluate("fetch('/extra.json?x=1').then((answer) => answer.json())") == {"online": True}
    # a module from there finds its neighbours in the package
    assert frame.evaluate("import('/js/late.mjs').then(({ late }) => late)") == "part of 1.0.0"
    server.shared = False
    # pictures need nobody's leave
    assert (
        frame.evaluate("""new Promise((resolve) => {
      const image = new Image()
      image.onload = () => resolve(image.naturalWidth)
      image.onerror = () => resolve('no')
      image.src = '/pixel.png'
    })""")
        == 1
    )
    server.shared = True
    frame.goto(frame.url.replace("/index.html", "/news.html"))
    shows(page, "online")
    expect(page.locator("#web strong")).to_have_text("新闻")
    page.goto("about:blank")


def test_version_that_does_not_start_twice_goes_back(
    app: Page, platform: RunningPlatform, expect_console: Callable[[str], None]
) -> None:
    expect_console("broken on purpose")
    opens(app)
    broken = b"<!doctype html><title>x</title><body><script>throw new Error('broken on purpose')</script></body>"
    platform.publish_h5("1.1.0", shop("1.1.0", index_dot_html=broken))
    info = platform.release("1.1.0", key="shop")
    app.get_by_role("button", name="重新启动").click(timeout=30_000)
    expect(app.get_by_role("alert")).to_have_text("启动失败", timeout=30_000)
    expect(app.locator("#web code")).to_contain_text("broken on purpose")
    app.get_by_role("button", name="重试").click()
    # nobody does anything
    shows(app, "version 1.0.0")
    app.wait_for_timeout(3000)
    found = counts(platform, info.release.id)
    assert (found["started"], found["failed"], found["bad"], found["first_page"]) == (2, 2, 1, 0)


@pytest.mark.parametrize("packed", [True, False])
def test_other_bytes_than_signed_are_refused(
    app: Page, platform: RunningPlatform, packed: bool, expect_console: Callable[[str], None]
) -> None:
    # of so small a package no delta is worth while
    expect_console("404")
    opens(app)
    platform.publish_h5("1.1.0", shop("1.1.0"), packed=packed)
    platform.change(r"/deltas/|\.package\.zip$", lambda body: body[:-30] + bytes([body[-30] ^ 1]) + body[-29:])
    platform.release("1.1.0", key="shop")
    expect(app.locator("#toasts")).to_contain_text("更新没有安装", timeout=30_000)
    shows(app, "version 1.0.0")
    platform.be_honest()
    app.evaluate("dispatchEvent(new Event('online'))")
    app.get_by_role("button", name="重新启动").click(timeout=30_000)
    shows(app, "version 1.1.0")


def test_malicious_program_reaches_nothing_but_its_own_origin(
    page: Page, platform: RunningPlatform, expect_console: Callable[[str], None]
) -> None:
    expect_console("frame|Frame|SecurityError|CORS|ERR_|404|Content Security Policy|405|403")
    for key in ("shop", "other"):
        platform.publish_h5("1.0.0", shop("1.0.0"), key=key)
        platform.release("1.0.0", key=key, finish=True)
    page.context.add_cookies([{"name": "eden", "value": "session", "url": site(platform), "sameSite": "Lax"}])
    page.goto(f"{site(platform)}/app/test/")
    page.get_by_role("button", name="Other").click()
    shows(page, "version 1.0.0")
    other = inside(page)
    other.evaluate("localStorage.setItem('secret', 'of other')")
    elsewhere = other.evaluate("location.origin")
    page.get_by_role("button", name="关闭").click()
    frame = opens(page)
    assert frame.evaluate("location.origin") != elsewhere
    assert frame.evaluate("localStorage.getItem('secret')") is None
    assert frame.evaluate("document.cookie") == ""

    def attempt(script: str, *arguments: str) -> str:
        return str(frame.evaluate(
            f"async (given) => {{ try {{ return String(await ({script})) }} catch (error) {{ return error.name }} }}",
            list(arguments),
        ))  # fmt: skip

    # the platform's page, its frames and its address
    assert attempt("top.document.title") == "SecurityError"
    assert attempt("parent.parent.localStorage.length") == "SecurityError"
    assert attempt("top.location.assign('https://evil.example/')") == "SecurityError"
    # its API and console: nothing of them can be read, with or without the session
    for path in ("/api/v1/workspaces", "/console/", "/app/test/"):
        assert (
            attempt("fetch(given[0], { credentials: 'include' }).then(({ status }) => status)", site(platform) + path)
            == "TypeError"
        )
        assert attempt("fetch(given[0]).then(({ status }) => status)", path) in ("TypeError", "404")
    # what anybody may read it may read, too, without a cookie
    assert attempt("fetch(given[0]).then(({ status }) => status)", f"{site(platform)}/device/v1/test/programs") == "200"
    # neither page of the platform, nor the other program, can be framed
    for address in (
        f"{site(platform)}/console/sign-in",
        f"{site(platform)}/app/test/",
        f"{elsewhere}/index.html",
        f"{elsewhere}/.eden/shell.html",
    ):
        frame.evaluate(
            """(address) => new Promise((resolve) => {
          const frame = document.createElement('iframe')
          frame.name = 'caught'
          frame.onload = resolve
          frame.src = address
          document.body.append(frame)
        })""",
            address,
        )
        caught = frame.child_frames[0]
        page.wait_for_timeout(200)
        assert caught.url.startswith(("chrome-error:", "about:blank")), f"{address} was framed"
        frame.evaluate("document.querySelector('iframe[name=caught]').remove()")
    # it cannot put a worker of its own in the place of ours
    assert attempt("navigator.serviceWorker.register('/js/app.js', { scope: '/' }).then(() => 'registered')") in (
        "TypeError",
        "SecurityError",
    )
    # capabilities of the device are the platform's to give
    assert attempt("navigator.permissions.query({ name: 'camera' }).then(({ state }) => state)") == "denied"
    assert page.url == f"{site(platform)}/app/test/"
    page.goto("about:blank")


def test_testers_link(app: Page, platform: RunningPlatform) -> None:
    platform.publish_h5("1.1.0", shop("1.1.0"))
    token = platform.trial("1.1.0", key="shop")
    app.goto(f"{site(platform)}/app/test/?program=shop&trial={token}")
    shows(app, "version 1.1.0")
    assert token not in app.url
    app.get_by_role("button", name="关闭").click()
    app.get_by_role("button", name="Shop").first.click()
    shows(app, "version 1.0.0")


def test_server_without_an_address_for_them_says_so(app: Page, platform: RunningPlatform) -> None:
    listed = {"name": "Test", "programs": [{"key": "shop", "name": "Shop", "kind": "h5"}], "h5": None}
    platform.change("/programs$", lambda body: json.dumps(listed).encode())
    app.reload()
    expect(app.locator("#programs")).to_contain_text("1 个 H5 程序无法在这里打开")
    assert app.get_by_role("button", name="Shop").count() == 0
    app.goto(f"{site(platform)}/app/test/?program=shop")
    expect(app.get_by_role("alert")).to_have_text("无法打开", timeout=30_000)
    expect(app.locator("#web code")).to_contain_text("h5_url")


def test_page_of_another_site_goes_to_where_programs_have_storage(app: Page, platform: RunningPlatform) -> None:
    app.goto(f"{platform.origin}/app/test/?program=shop")
    shows(app, "version 1.0.0")
    assert app.url == f"{site(platform)}/app/test/"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_can_be_used_by_everybody(app: Page, scheme: str) -> None:
    app.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    app.set_viewport_size({"width": 320, "height": 640})
    expect(app.get_by_role("button", name="Shop")).to_be_visible()
    app.keyboard.press("Tab")
    app.keyboard.press("Enter")
    shows(app, "version 1.0.0")
    assert violations(app) == []
    assert app.evaluate("document.documentElement.scrollWidth") <= 320
