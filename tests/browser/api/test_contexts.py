"""Remote controls of components, logs, reports, updates, performance."""

from __future__ import annotations

from tests.browser.api.conftest import MakeStand

COMPONENTS = {
    "pages/a/box.json": {"component": True},
    "pages/a/box.wxml": '<video id="inner" src="none.mp4"></video>',
    "pages/a/box.js": "Component({})",
}


def test_contexts_find_their_component_when_they_are_used(stand: MakeStand) -> None:
    page = stand(
        '<video id="v" src="none.mp4" wx:if="{{shown}}" /><box id="box" />',
        {"shown": False},
        files=COMPONENTS,
        json={"usingComponents": {"box": "box"}},
    )
    script = """async () => {
        const page = getCurrentPages()[0], seen = []
        const video = wx.createVideoContext('v')
        const inner = wx.createVideoContext('inner', page.selectComponent('#box'))
        await new Promise((done) => page.setData({shown: true}, done))
        const root = document.querySelector('.eden-body').shadowRoot
        const media = (id) => root.querySelector(`#${id} video`)
        video.playbackRate(1.5); inner.playbackRate(2)
        return [media('v').playbackRate, media('inner').playbackRate]
    }"""
    assert page.frame.evaluate(script) == [1.5, 2]


def test_contexts_without_a_component_fail_through_their_callbacks(stand: MakeStand) -> None:
    page = stand("<view>x</view>")
    script = "() => new Promise((done) => wx.createMapContext('none').getCenterLocation({fail: done}))"
    assert page.frame.evaluate(script) == {"errMsg": "getCenterLocation:fail map component is not found"}
    script = "() => new Promise((done) => wx.createCameraContext().takePhoto({complete: done}))"
    assert page.frame.evaluate(script)["errMsg"] == "takePhoto:fail camera component is not found"


def test_streams_fail_where_browsers_have_none(stand: MakeStand) -> None:
    page = stand('<live-player id="p" src="rtmp://example.invalid/a" />')
    script = "() => new Promise((done) => wx.createLivePlayerContext('p').play({fail: done}))"
    assert page.frame.evaluate(script)["errMsg"].startswith("play:fail")


def test_updates(stand: MakeStand) -> None:
    page = stand("<view>x</view>")
    page.frame.evaluate(
        """() => { globalThis.seen = []; const manager = wx.getUpdateManager()
        manager.onCheckForUpdate(({hasUpdate}) => seen.push(hasUpdate))
        manager.onUpdateReady(() => { seen.push('ready'); manager.applyUpdate() }) }"""
    )
    page.frame.wait_for_function("seen.length === 1")
    page.answer("applyUpdate", {})
    page.page.evaluate("port.postMessage({kind: 'event', name: 'updateReady', detail: {}})")
    page.frame.wait_for_function("seen.length === 3")
    assert page.frame.evaluate("seen") == [False, True, "ready"]
    page.page.wait_for_function("calls.some((call) => call.name === 'applyUpdate')")


def test_performance_entries(stand: MakeStand) -> None:
    page = stand("<view>x</view>")
    page.frame.evaluate(
        """() => { globalThis.seen = []; wx.getPerformance()
        .createObserver((list) => seen.push(...list.getEntries().map((e) => [e.name, e.path])))
        .observe({entryTypes: ['navigation', 'render']}) ; wx.navigateTo({url: '/pages/b/b'}) }"""
    )
    page.frame.wait_for_function("seen.some(([name]) => name === 'route')")
    assert ["route", "pages/b/b"] in page.frame.evaluate("seen")
    launch = page.frame.evaluate("wx.getPerformance().getEntriesByName('appLaunch')[0]")
    assert launch["path"] == "pages/a/a" and launch["duration"] > 0


def test_events_of_the_program(stand: MakeStand) -> None:
    page = stand("<view>x</view>", app={"darkmode": True})
    page.frame.evaluate(
        """() => { globalThis.seen = []
        wx.onThemeChange(({theme}) => seen.push(theme)); wx.onAppHide(() => seen.push('hide'))
        wx.onAppShow(({path}) => seen.push(path)); wx.onPageNotFound(({path}) => seen.push(path))
        wx.onWindowResize(({size}) => seen.push(size.windowWidth)) }"""
    )
    for event, detail in [("theme", {"theme": "dark"}), ("hide", {}), ("show", {"scene": 1001})]:
        page.page.evaluate("([name, detail]) => port.postMessage({kind: 'event', name, detail})", [event, detail])
    page.frame.wait_for_function("seen.length === 3")
    page.frame.evaluate("wx.navigateTo({url: '/pages/none', fail() {}})")
    page.frame.wait_for_function("seen.length === 4")
    assert page.frame.evaluate("seen") == ["dark", "hide", "pages/a/a", "pages/none"]
