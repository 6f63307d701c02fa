"""What a program keeps: storage, its files, what the person allowed. All of it is there after a restart."""

from __future__ import annotations

from tests.browser.api.host.conftest import MakePhone, Phone


def restart(program: Phone) -> None:
    """A new embedding page in the same browser profile."""
    # writes are behind; they are done when the host has answered a later call
    program.call("getSetting")
    program.page.reload()
    program.page.wait_for_function("window.host")
    program.open()


def test_storage(phone: MakePhone) -> None:
    program = phone()
    program.run("""() => {
        wx.setStorageSync('object', {a: [1, '二']})
        wx.setStorageSync('gone', 1)
        wx.removeStorageSync('gone')
    }""")
    assert program.call("getStorage", {"key": "object"})["data"]["a"] == {"0": 1, "1": "二"}
    restart(program)
    assert program.run("wx.getStorageSync('object')") == {"a": [1, "二"]}
    assert program.run("wx.getStorageInfoSync().keys") == ["object"]
    assert program.call("getStorage", {"key": "gone"}) == {"errMsg": "getStorage:fail data not found"}


def test_files(phone: MakePhone) -> None:
    program = phone({"data/seed.txt": "种子"})
    saved = program.run("""() => {
        const fs = wx.getFileSystemManager()
        const root = wx.env.USER_DATA_PATH
        fs.mkdirSync(`${root}/notes/empty`, true)
        fs.copyFileSync('data/seed.txt', `${root}/notes/seed.txt`)
        fs.appendFileSync(`${root}/notes/seed.txt`, '!')
        return fs.saveFileSync(wx.env.USER_DATA_PATH + '/notes/seed.txt')
    }""")
    restart(program)
    script = """saved => {
        const fs = wx.getFileSystemManager()
        const root = wx.env.USER_DATA_PATH
        const folder = fs.statSync(`${root}/notes/empty`).isDirectory()
        return [fs.readdirSync(`${root}/notes`), fs.readFileSync(saved, 'utf8'), folder]
    }"""
    assert program.run(script, saved) == [["empty"], "种子!", True]


def test_an_image_shows_a_file_of_the_program(phone: MakePhone) -> None:
    program = phone(
        {
            "pages/a/a.wxml": '<image id="i" src="{{src}}" bindload="loaded"/>',
            "pages/a/a.js": "Page({data: {src: ''}, loaded(e) { this.size = e.detail }})",
        }
    )
    program.run("""() => {
        const canvas = document.createElement('canvas')
        canvas.width = 40
        canvas.height = 30
        const base64 = canvas.toDataURL().split(',')[1]
        const path = wx.env.USER_DATA_PATH + '/p.png'
        wx.getFileSystemManager().writeFileSync(path, base64, 'base64')
        getCurrentPages()[0].setData({src: path})
    }""")
    program.program.wait_for_function("getCurrentPages()[0].size")
    size = program.run("getCurrentPages()[0].size")
    assert (size["width"], size["height"]) == (40, 30)
    info = program.call("getImageInfo", {"src": "wxfile://usr/p.png"})
    assert (info["width"], info["height"], info["type"]) == (40, 30, "png")
    smaller = program.call("compressImage", {"src": "wxfile://usr/p.png", "compressedWidth": 20})
    assert program.call("getImageInfo", {"src": smaller["tempFilePath"]})["height"] == 15


def test_what_was_allowed_is_asked_once_and_can_be_withdrawn(phone: MakePhone) -> None:
    program = phone(prompts="ask")
    number = program.begin("authorize", {"scope": "scope.writePhotosAlbum"})
    program.sheet().get_by_role("button", name="允许").click()
    assert program.ended(number) == {"errMsg": "authorize:ok"}
    assert program.call("authorize", {"scope": "scope.writePhotosAlbum"}) == {"errMsg": "authorize:ok"}
    restart(program)
    assert program.call("getSetting")["authSetting"] == {"scope.writePhotosAlbum": True}

    number = program.begin("openSetting")
    program.sheet().get_by_role("switch").click()
    program.sheet().get_by_role("button", name="关闭").click()
    assert program.ended(number)["authSetting"] == {"scope.writePhotosAlbum": False}
    refused = {"errMsg": "authorize:fail auth deny", "errno": 103}
    assert program.call("authorize", {"scope": "scope.writePhotosAlbum"}) == refused


def test_login_is_refused(phone: MakePhone) -> None:
    program = phone(prompts="ask")
    number = program.begin("login")
    program.sheet().get_by_role("button", name="拒绝").click()
    assert program.ended(number) == {"errMsg": "login:fail auth deny", "errno": 103}
    assert program.call("checkSession")["errMsg"].startswith("checkSession:fail")
