"""The old canvas, pixel by pixel."""

from __future__ import annotations

from typing import Any

from tests.browser.api.conftest import MakeStand, Stand

CANVAS = '<canvas canvas-id="c" style="width:100px;height:80px"></canvas>'
#: 2 x 1 px: red, blue
DOTS = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjd"
    "AAAADklEQVR4nGP4z8DAwPAfAAcCAf8SPLWdAAAAAElFTkSuQmCC"
)


def draw(stand: Stand, script: str, reserve: bool = False) -> None:
    """Run drawing code on a fresh context `c` and wait until it is on the canvas."""
    code = """([script, reserve]) => new Promise((done) => {
        const c = wx.createCanvasContext('c'); Function('c', script)(c); c.draw(reserve, done) })"""
    stand.frame.evaluate(code, [script, reserve])


def pixel(stand: Stand, x: int, y: int) -> list[int]:
    code = """([x, y]) => new Promise((success, fail) => wx.canvasGetImageData(
        {canvasId: 'c', x, y, width: 1, height: 1, success: (r) => success([...r.data]), fail}))"""
    colour: list[int] = stand.frame.evaluate(code, [x, y])
    return colour


def run(stand: Stand, name: str, options: dict[str, Any]) -> dict[str, Any]:
    code = "([name, options]) => new Promise((done) => wx[name]({...options, complete: done}))"
    result: dict[str, Any] = stand.frame.evaluate(code, [name, options])
    return result


def test_coordinates_are_css_pixels(stand: MakeStand) -> None:
    page = stand(CANVAS)
    draw(page, "c.setFillStyle('#ff0000'); c.fillRect(10, 10, 20, 20)")
    assert pixel(page, 20, 20) == [255, 0, 0, 255]
    assert pixel(page, 5, 20) == [0, 0, 0, 0]
    # the screen of the stand has two pixels per CSS px
    assert (
        page.frame.evaluate(
            "[...document.querySelectorAll('.eden-body')].map(b => b.shadowRoot.querySelector('canvas').width)[0]"
        )
        == 200
    )


def test_draw_clears_unless_it_reserves(stand: MakeStand) -> None:
    page = stand(CANVAS)
    draw(page, "c.fillStyle = 'rgb(0,255,0)'; c.fillRect(0, 0, 50, 50)")
    draw(page, "c.fillStyle = 'rgb(0,0,255)'; c.fillRect(50, 0, 50, 50)", True)
    assert pixel(page, 10, 10) == [0, 255, 0, 255] and pixel(page, 60, 10) == [0, 0, 255, 255]
    draw(page, "c.fillRect(90, 70, 5, 5)")
    assert pixel(page, 10, 10) == [0, 0, 0, 0] and pixel(page, 92, 72) == [0, 0, 0, 255]


def test_gradients_paths_and_transforms(stand: MakeStand) -> None:
    page = stand(CANVAS)
    draw(
        page,
        """
        const g = c.createLinearGradient(0, 0, 100, 0); g.addColorStop(0, '#ffffff'); g.addColorStop(1, '#000000')
        c.setFillStyle(g); c.fillRect(0, 0, 100, 20)
        c.save(); c.translate(50, 50); c.rotate(Math.PI / 4); c.setFillStyle('#ff0000')
        c.fillRect(-10, -10, 20, 20); c.restore()
        c.beginPath(); c.arc(10, 70, 5, 0, 2 * Math.PI); c.setFillStyle('#00ff00'); c.fill()
        """,
    )
    assert pixel(page, 1, 10)[0] > 240 and pixel(page, 98, 10)[0] < 15
    assert pixel(page, 50, 38) == [255, 0, 0, 255] and pixel(page, 41, 41)[3] == 0
    assert pixel(page, 10, 70) == [0, 255, 0, 255]


def test_text_is_measured_and_drawn(stand: MakeStand) -> None:
    page = stand(CANVAS)
    small, large = page.frame.evaluate(
        """() => { const c = wx.createCanvasContext('c'); const a = c.measureText('Eden').width
        c.setFontSize(20); return [a, c.measureText('Eden').width] }"""
    )
    assert 1.9 < large / small < 2.1
    draw(page, "c.setFontSize(60); c.setTextBaseline('top'); c.fillText('█', 0, 0)")
    assert pixel(page, 15, 30)[3] == 255


def test_images_are_there_when_draw_calls_back(stand: MakeStand) -> None:
    page = stand(CANVAS)
    draw(page, f"c.drawImage('{DOTS}', 0, 0, 100, 80)")
    assert pixel(page, 5, 40)[0] > 200 and pixel(page, 95, 40)[2] > 200


def test_picture_of_an_area(stand: MakeStand) -> None:
    page = stand(CANVAS)
    draw(page, "c.setFillStyle('#ff0000'); c.fillRect(0, 0, 50, 80)")
    whole = run(page, "canvasToTempFilePath", {"canvasId": "c"})
    assert whole["errMsg"] == "canvasToTempFilePath:ok"
    size = "(src) => new Promise((done) => wx.getImageInfo({src, complete: (r) => done([r.width, r.height, r.type])}))"
    assert page.frame.evaluate(size, whole["tempFilePath"]) == [200, 160, "png"]
    options = {
        "canvasId": "c",
        "x": 50,
        "width": 50,
        "height": 80,
        "destWidth": 25,
        "destHeight": 40,
        "fileType": "jpg",
    }
    part = run(page, "canvasToTempFilePath", options)
    assert page.frame.evaluate(size, part["tempFilePath"]) == [25, 40, "jpeg"]


def test_pixels_in_and_out(stand: MakeStand) -> None:
    page = stand(CANVAS)
    script = """() => new Promise((success, fail) => wx.canvasPutImageData({
        canvasId: 'c', x: 4, y: 4, width: 2, height: 2,
        data: new Uint8ClampedArray([255,0,0,255, 0,255,0,255, 0,0,255,255, 9,9,9,255]), success, fail}))"""
    assert page.frame.evaluate(script) == {"errMsg": "canvasPutImageData:ok"}
    assert pixel(page, 4, 4) == [255, 0, 0, 255] and pixel(page, 5, 4) == [0, 255, 0, 255]
    assert pixel(page, 4, 5) == [0, 0, 255, 255] and pixel(page, 6, 6) == [0, 0, 0, 0]


def test_absent_canvas(stand: MakeStand) -> None:
    page = stand("<view>no canvas</view>")
    assert run(page, "canvasToTempFilePath", {"canvasId": "c"})["errMsg"] == "canvasToTempFilePath:fail canvas is empty"


def test_old_action_lists(stand: MakeStand) -> None:
    page = stand(CANVAS)
    script = """() => { const c = wx.createContext(); c.setFillStyle('#00ff00'); c.rect(0, 0, 100, 80); c.fill()
        wx.drawCanvas({canvasId: 'c', actions: c.getActions()}) }"""
    page.frame.evaluate(script)
    page.page.wait_for_timeout(100)
    assert pixel(page, 50, 40) == [0, 255, 0, 255]


def test_off_screen_canvas(stand: MakeStand) -> None:
    page = stand("<view>x</view>")
    script = """() => {
        const canvas = wx.createOffscreenCanvas({type: '2d', width: 4, height: 4}); const c = canvas.getContext('2d')
        c.fillStyle = '#0000ff'; c.fillRect(0, 0, 4, 4)
        return [canvas.width, [...c.getImageData(1, 1, 1, 1).data]] }"""
    assert page.frame.evaluate(script) == [4, [0, 0, 255, 255]]
