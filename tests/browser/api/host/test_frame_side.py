"""What the frame shows and runs itself: picture preview, workers, the cloud that is not there."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.api.host.conftest import MakePhone

PNG = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='8' height='4'><rect width='8' height='4'/></svg>"
)


def test_pictures_are_previewed(phone: MakePhone) -> None:
    program = phone()
    urls = [PNG, f"{PNG}#2", f"{PNG}#3"]
    assert program.call("previewImage", {"urls": urls, "current": urls[1]}) == {"errMsg": "previewImage:ok"}
    view = program.program.locator(".eden-preview")
    count = program.program.locator(".eden-preview-count")
    expect(count).to_have_text("2/3")
    expect(view).to_be_focused()
    view.press("ArrowRight")
    expect(count).to_have_text("3/3")
    # two taps zoom, one closes
    program.program.locator(".eden-preview-slide img").nth(2).dblclick()
    assert "scale(2)" in (program.program.locator(".eden-preview-slide img").nth(2).get_attribute("style") or "")
    program.program.locator(".eden-preview-slide img").nth(2).click()
    expect(view).to_have_count(0)


def test_the_back_button_closes_the_preview_only(phone: MakePhone) -> None:
    program = phone()
    program.call("previewImage", {"urls": [PNG]})
    program.page.evaluate("host.back()")
    expect(program.program.locator(".eden-preview")).to_have_count(0)
    assert program.run("getCurrentPages().length") == 1
    assert program.page.evaluate("host.current !== undefined")


def test_a_long_press_saves(phone: MakePhone) -> None:
    program = phone()
    program.call("previewImage", {"urls": [PNG]})
    box = program.program.locator(".eden-preview-slide img").bounding_box()
    assert box
    mouse = program.page.mouse
    mouse.move(box["x"] + 50, box["y"] + box["height"] / 2)
    mouse.down()
    item = program.program.locator(".eden-sheet-item").first
    expect(item).to_have_text("保存图片")
    mouse.up()
    with program.page.expect_download():
        item.click()


def test_workers_run(phone: MakePhone, expect_console: Any) -> None:
    program = phone(
        {
            "app.json": {"pages": ["pages/a/a"], "workers": "workers"},
            "workers/index.js": """
            const { double } = require('./lib/math')
            worker.onMessage(({ n }) => {
              if (n === 0) throw new Error('nothing')
              worker.postMessage({ n: double(n), page: typeof document, wx: typeof wx })
            })""",
            "workers/lib/math.js": "exports.double = (n) => n * 2",
        }
    )
    script = """() => new Promise((done) => {
        const worker = wx.createWorker('workers/index.js')
        worker.onMessage((answer) => { worker.terminate(); done(answer) })
        worker.postMessage({n: 21})
    })"""
    answer = {"n": 42, "page": "undefined", "wx": "undefined"}
    assert program.run(script) == answer
    assert program.run(script) == answer
    missing = program.run("(() => { try { wx.createWorker('none.js') } catch (error) { return error.message } })()")
    assert missing == "createWorker:fail file not found: none.js"


def test_the_cloud_fails_and_says_why(phone: MakePhone) -> None:
    program = phone({"app.js": "wx.cloud.init({env: 'e'}); const db = wx.cloud.database(); App({db})"})
    failure = program.run("() => wx.cloud.callFunction({name: 'f'}).catch((error) => error)")
    assert failure["errMsg"].startswith("cloud.callFunction:fail -501000")
    failure = program.run("() => getApp().db.collection('c').get().catch((error) => error)")
    assert failure["errCode"] == -501000


def test_feature_tests(phone: MakePhone) -> None:
    program = phone()
    names = ["request", "getFileSystemManager", "chooseMedia", "login", "scanCode", "cloud", "openBluetoothAdapter"]
    assert program.run("names => names.filter((name) => !wx.canIUse(name))", names) == []
    assert program.run("wx.canIUse('request.object.enableHttp2')") is False
