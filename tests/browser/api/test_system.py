"""What a program learns about the phone; names that do not work; worklets; sound; fonts."""

from __future__ import annotations

from tests.browser.api.calls import call
from tests.browser.api.conftest import MakeStand


def test_sizes_of_the_window(stand: MakeStand) -> None:
    page = stand("<view>x</view>")
    info = page.frame.evaluate("wx.getSystemInfoSync()")
    assert (info["windowWidth"], info["screenHeight"], info["statusBarHeight"]) == (375, 812, 44)
    assert info["windowHeight"] == 812 - 44 - 40 == page.frame.evaluate("wx.getWindowInfo().windowHeight")
    assert info["safeArea"]["bottom"] == 778
    assert page.frame.evaluate("wx.getMenuButtonBoundingClientRect().right") == 368
    assert call(page, "getSystemInfo")["windowHeight"] == info["windowHeight"]
    # its callbacks run before it returns
    at_once = "(() => { let height; wx.getSystemInfo({success: (e) => { height = e.windowHeight }}); return height })()"
    assert page.frame.evaluate(at_once) == info["windowHeight"]


def test_custom_navigation_gives_the_whole_screen(stand: MakeStand) -> None:
    page = stand("<view>x</view>", json={"navigationStyle": "custom"})
    assert page.frame.evaluate("wx.getWindowInfo().windowHeight") == 812
    assert page.locator(".eden-bar").count() == 0


def test_theme_is_told_to_programs_with_dark_mode_only(stand: MakeStand) -> None:
    page = stand("<view>x</view>", theme="dark")
    assert page.frame.evaluate("wx.getAppBaseInfo().theme ?? null") is None
    page = stand("<view>x</view>", theme="dark", app={"darkmode": True})
    assert page.frame.evaluate("wx.getAppBaseInfo().theme") == "dark"


def test_names_that_do_not_work(stand: MakeStand) -> None:
    page = stand("<view>x</view>")
    assert call(page, "requestVirtualPayment") == {"errMsg": "requestVirtualPayment:fail not supported"}
    assert (
        page.frame.evaluate("wx.requestVirtualPayment().catch((e) => e.errMsg)")
        == "requestVirtualPayment:fail not supported"
    )
    assert page.frame.evaluate("typeof wx.thereIsNoSuchThing") == "undefined"
    assert page.frame.evaluate("Object.keys(wx).includes('showToast') && !Object.isFrozen(wx)")
    assert page.frame.evaluate("wx.onVoIPChatInterrupted(() => {}) === undefined")
    answers = {
        "showToast": True,
        "showToast.object.image": True,
        "requestVirtualPayment": False,
        "getSystemInfoSync.return.safeArea": True,
        "navigateTo.object.routeType": False,
        "button": True,
        "button.open-type.contact": True,
        "nothing": False,
        "view.nothing": False,
    }
    for schema, answer in answers.items():
        assert page.frame.evaluate("(schema) => wx.canIUse(schema)", schema) is answer, schema


def test_bytes(stand: MakeStand) -> None:
    page = stand("<view>x</view>")
    script = "() => wx.arrayBufferToBase64(new Uint8Array([0, 255, 16]).buffer)"
    assert page.frame.evaluate(script) == "AP8Q"
    assert page.frame.evaluate("[...new Uint8Array(wx.base64ToArrayBuffer('AP8Q'))]") == [0, 255, 16]
    script = "() => wx.getRandomValues({length: 100000}).then((r) => [r.randomValues.byteLength, r.errMsg])"
    assert page.frame.evaluate(script) == [100000, "getRandomValues:ok"]
    assert call(page, "getRandomValues", {"length": 0})["errMsg"] == "getRandomValues:fail invalid length"


def test_worklets_move_shared_values(stand: MakeStand) -> None:
    page = stand("<view>x</view>")
    script = """() => new Promise((done) => {
        const { shared, derived, timing, sequence, spring, runOnJS, Easing } = wx.worklet
        const x = shared(0), double = derived(() => x.value * 2), seen = []
        derived(() => { seen.push(x.value) })
        const there = timing(10, {duration: 30, easing: Easing.linear})
        x.value = sequence(there, spring(20, {overshootClamping: true}, (whole) => {
          setTimeout(() => runOnJS(done)([whole, x.value, double.value, seen.length > 2, Math.max(...seen)]), 50)
        }))
    })"""
    assert page.frame.evaluate(script) == [True, 20, 40, True, 20]


def test_cancelled_movement(stand: MakeStand) -> None:
    page = stand("<view>x</view>")
    script = """() => new Promise((done) => { const x = wx.worklet.shared(0)
        x.value = wx.worklet.timing(100, {duration: 10000}, done)
        setTimeout(() => wx.worklet.cancelAnimation(x), 30) })"""
    assert page.frame.evaluate(script) is False


#: 0.1 s of silence, 8 kHz, 8 bit
SILENCE = """(() => {
  const n = 800, bytes = new Uint8Array(44 + n).fill(128), view = new DataView(bytes.buffer)
  const text = (at, word) => [...word].forEach((c, i) => { bytes[at + i] = c.charCodeAt(0) })
  text(0, 'RIFF'); text(8, 'WAVEfmt '); text(36, 'data')
  for (const [at, value] of [[4, 36 + n], [16, 16], [24, 8000], [28, 8000], [40, n]]) view.setUint32(at, value, true)
  for (const [at, value] of [[20, 1], [22, 1], [32, 1], [34, 8]]) view.setUint16(at, value, true)
  return wx.createBufferURL(bytes.buffer) })()"""


def test_sound_plays_to_its_end(stand: MakeStand) -> None:
    page = stand('<button id="b" bindtap="on">b</button>')
    page.locator("#b").click()  # browsers want a touch before they make a sound
    script = f"""() => new Promise((done) => {{
        const audio = wx.createInnerAudioContext(), seen = []
        audio.onCanplay(() => seen.push('canplay')); audio.onPlay(() => seen.push('play'))
        audio.onEnded(() => done([seen.includes('play'), seen.includes('canplay'), Math.round(audio.duration * 10)]))
        audio.onError((e) => done(e))
        audio.src = {SILENCE}
        audio.play()
    }})"""
    assert page.frame.evaluate(script) == [True, True, 1]


def test_sound_that_is_none(stand: MakeStand) -> None:
    page = stand("<view>x</view>")
    script = """() => new Promise((done) => { const audio = wx.createInnerAudioContext()
        audio.onError(({errCode}) => done(errCode)); audio.src = 'data:audio/mpeg;base64,AAAA' })"""
    assert page.frame.evaluate(script) == 10004


def test_font_that_is_none(stand: MakeStand) -> None:
    page = stand("<view>x</view>")
    result = call(page, "loadFontFace", {"family": "f", "source": 'url("data:font/ttf;base64,AAAA")'})
    assert result == {"errMsg": "loadFontFace:fail A network error occurred."}


def test_create_animation_moves_an_element(stand: MakeStand) -> None:
    page = stand('<view id="v" animation="{{animation}}" style="width:50px;height:50px">v</view>')
    page.frame.evaluate(
        """() => { const a = wx.createAnimation({duration: 20, timingFunction: 'ease'})
        a.translateX(100).opacity(0.5).step(); getCurrentPages()[0].setData({animation: a.export()}) }"""
    )
    page.frame.wait_for_function(
        """wx.createSelectorQuery().select('#v').boundingClientRect((r) => { globalThis.left = r.left }).exec()
        && globalThis.left === 100"""
    )
    assert page.style("#v", "opacity") == "0.5"


def test_styles_follow_shared_values(stand: MakeStand) -> None:
    page = stand('<view id="v" style="width:50px;height:50px">v</view>')
    page.frame.evaluate(
        """() => { globalThis.x = wx.worklet.shared(0)
        getCurrentPages()[0].applyAnimatedStyle('#v', () => ({transform: `translateX(${x.value}px)`})) }"""
    )
    assert page.style("#v", "transform") == "matrix(1, 0, 0, 1, 0, 0)"
    page.frame.evaluate("x.value = 30")
    assert page.style("#v", "transform") == "matrix(1, 0, 0, 1, 30, 0)"
    page.frame.evaluate("getCurrentPages()[0].clearAnimatedStyle('#v')")
    assert page.style("#v", "transform") == "none"
