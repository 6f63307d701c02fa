"""canvas, media, map, page-meta, portals and the boxes of Skyline."""

from __future__ import annotations

from urllib.parse import unquote

from tests.browser.components.conftest import MakeStand, Stand
from tests.browser.components.gestures import TOUCH, drag_mouse, swipe
from tests.browser.components.test_content_basics import PICTURE


def _wait(stand: Stand, condition: str) -> None:
    """Until `condition` about `events` of the page holds."""
    stand.frame.wait_for_function(f"(events => {condition})(getCurrentPages().at(-1).events)")


def test_canvas_node_and_touches(stand: MakeStand) -> None:
    s = stand(
        '<view style="height:30px"/><canvas id="c" type="2d" style="width:200px;height:100px;margin-left:20px"'
        ' bindtouchstart="touch"/><canvas canvas-id="old" id="o"/>',
        files={
            "pages/a/a.js": """Page({
              onReady() {
                wx.createSelectorQuery().select('#c').fields({node: true, size: true}).exec(([found]) => {
                  const {node, width, height} = found
                  const context = node.getContext('2d')
                  node.width = width * 2
                  node.height = height * 2
                  context.fillStyle = '#010203'
                  context.fillRect(0, 0, 10, 10)
                  const image = node.createImage()
                  image.onload = () => {
                    context.drawImage(image, 20, 20)
                    this.pixels = [...context.getImageData(5, 5, 1, 1).data, ...context.getImageData(30, 30, 1, 1).data]
                    this.address = node.toDataURL().slice(0, 22)
                  }
                  image.src = PICTURE
                  node.requestAnimationFrame(() => { this.framed = true })
                  this.size = [width, height]
                })
              },
              touch(e) { this.at = [e.touches[0].x, e.touches[0].y] },
            })""".replace("PICTURE", repr(PICTURE)),
        },
    )
    s.frame.wait_for_function("getCurrentPages()[0].pixels && getCurrentPages()[0].framed")
    assert s.frame.evaluate("getCurrentPages()[0].size") == [200, 100]
    assert s.frame.evaluate("getCurrentPages()[0].pixels") == [1, 2, 3, 255, 0, 128, 128, 255]
    assert s.frame.evaluate("getCurrentPages()[0].address") == "data:image/png;base64,"
    box = s.box("#o")
    assert (box["width"], box["height"]) == (300, 150)
    swipe(s, "#c canvas", (15, 25), (15, 25))
    assert s.frame.evaluate("getCurrentPages()[0].at") == [15, 25]


def test_video_controls_and_context(stand: MakeStand) -> None:
    s = stand(
        '<video id="v" src="/none.mp4" poster="{{p}}" binderror="on" bindfullscreenchange="on"/>'
        '<audio id="a" controls name="song" author="someone"/>',
        {"p": PICTURE},
    )
    box = s.box("#v")
    assert (box["width"], box["height"]) == (300, 225)
    button = s.box("#v .eden-video-center button")
    assert button["width"] == button["height"] == 64
    _wait(s, "events.length")
    assert s.details("error") == [{"errMsg": "MEDIA_ERR_SRC_NOT_SUPPORTED"}]
    s.frame.evaluate("wx.createVideoContext('v').requestFullScreen({direction: 0})")
    assert s.details("fullscreenchange") == [{"fullScreen": True, "direction": "vertical"}]
    assert s.style("#v", "position") == "fixed"
    s.frame.evaluate("wx.createVideoContext('v').exitFullScreen()")
    assert s.box("#v") == box
    assert s.locator("#a").inner_text().split("\n")[:2] == ["song", "someone"]


def test_camera_asks_the_host(stand: MakeStand) -> None:
    s = stand('<camera id="c" binderror="on"/><live-player id="l" src="rtmp://x" autoplay bindstatechange="on"/>')
    _wait(s, "events.length === 2")
    assert {event["type"]: event["detail"] for event in s.events()} == {
        "error": {"errMsg": "insertCamera:fail no camera in this environment"},
        "statechange": {"code": -2301, "message": "live stream not supported"},
    }
    assert s.box("#c")["width"] == 375


def test_what_the_host_does(stand: MakeStand) -> None:
    s = stand(
        '<image id="i" src="/img/a.svg" show-menu-by-longpress/>'
        '<web-view src="https://example.com/a?b=1" bindload="on" binderror="on"/>',
        files={"img/a.svg": unquote(PICTURE.partition(",")[2])},
    )
    button = s.locator("wx-web-view button")
    button.click()
    _wait(s, "events.length")
    (error,) = s.details("error")
    assert error["errMsg"] == "not supported"
    s.answer("openLink", {})
    button.click()
    _wait(s, "events.length")
    assert s.calls("openLink")[-1]["url"] == "https://example.com/a?b=1"
    assert s.details("load") == [{"src": "https://example.com/a?b=1"}]
    # above the image lies the page of the web-view
    s.locator("#i").evaluate(TOUCH, [[[[5, 5]], [[5, 5]]], 450])
    s.answer("saveImageToPhotosAlbum", {})
    s.frame.get_by_text("保存图片").click()
    s.page.wait_for_function("calls.some(c => c.name === 'saveImageToPhotosAlbum')")
    assert s.calls("saveImageToPhotosAlbum")[0]["name"] == "a.svg"


def test_map(stand: MakeStand) -> None:
    s = stand(
        '<map id="m" latitude="{{lat}}" longitude="{{116}}" scale="12" markers="{{markers}}"'
        ' include-points="{{points}}" bindmarkertap="on" bindcallouttap="on" bindtap="on"'
        ' bindregionchange="on" bindupdated="on"/>',
        {
            "lat": 40,
            "markers": [{"id": 7, "latitude": 40, "longitude": 116, "width": 20, "height": 30, "title": "here"}],
            "points": [],
        },
    )
    _wait(s, "events.some(e => e.type === 'updated')")
    map_box = s.box("#m")
    pin = s.locator("#m .eden-map-marker")
    box = s.box("#m .eden-map-marker")
    # its foot is on the place
    assert abs(box["x"] + 10 - map_box["x"] - 150) < 1
    assert abs(box["y"] + 30 - map_box["y"] - 112.5) < 1
    s.events()
    pin.click()
    assert [(e["type"], e["detail"]) for e in s.events()] == [("markertap", {"markerId": 7})]
    s.locator(".eden-map-callout").click()
    assert s.details("callouttap") == [{"markerId": 7}]
    s.page.mouse.click(map_box["x"] + 250, map_box["y"] + 112.5)
    (tap,) = s.details("tap")
    assert abs(tap["latitude"] - 40) < 1e-3
    assert 116.03 < tap["longitude"] < 116.04
    drag_mouse(s, "#m", 0, 60)
    # on WeChat the event's own type says which it is
    begin, end = s.events("begin", "end")
    assert begin["detail"]["causedBy"] == "gesture"
    assert end["detail"]["causedBy"] == "drag"
    assert end["detail"]["centerLocation"]["latitude"] > 40
    center = s.frame.evaluate(
        """new Promise((success) => {
            const map = wx.createMapContext('m')
            map.moveToLocation({latitude: 10, longitude: 20, complete: () => map.getCenterLocation({success})})
        })"""
    )
    assert center == {"latitude": 10, "longitude": 20, "errMsg": "getCenterLocation:ok"}
    s.set_data(points=[{"latitude": 10, "longitude": 10}, {"latitude": 12, "longitude": 14}])
    scale = s.frame.evaluate("new Promise((success) => wx.createMapContext('m').getScale({success}))")
    assert 6 < scale["scale"] < 7.5


def test_page_meta(stand: MakeStand) -> None:
    s = stand(
        """<page-meta page-style="{{style}}" root-font-size="{{root}}" page-font-size="20px" scroll-top="{{top}}"
             scroll-duration="{{0}}" bindscroll="on"><navigation-bar title="{{title}}"/></page-meta>
           <view id="v" style="height:2000px;width:2rem">text</view>""",
        {"style": "color: rgb(1, 2, 3)", "root": "30px", "top": "0", "title": "From the template"},
    )
    assert s.style("#v", "color") == "rgb(1, 2, 3)"
    assert s.style("#v", "fontSize") == "20px"
    assert s.box("#v")["width"] == 60
    assert s.locator(".eden-bar").inner_text() == "From the template"
    s.set_data(top="300", style="overflow: hidden")
    _wait(s, "events.length")
    assert s.frame.evaluate("getCurrentPages().length && document.querySelector('.eden-scroller').scrollTop") == 300
    assert s.style("#v", "color") != "rgb(1, 2, 3)"


def test_portals(stand: MakeStand) -> None:
    s = stand(
        """<view class="clip" bindtap="on" id="clip"><root-portal enable="{{on}}"><view id="p" class="pop">portal
             <text id="t">{{text}}</text></view></root-portal></view>
           <page-container show="{{show}}" duration="{{20}}" round bindbeforeenter="on" bindafterenter="on"
             bindafterleave="on" bindclickoverlay="on"><view id="c" style="height:200px" bindtap="on">content</view>
           </page-container>""",
        {"on": True, "show": False, "text": "one"},
        wxss=".clip{height:20px;overflow:hidden;transform:scale(1)}"
        ".pop{position:fixed;top:100px;left:50px;color:var(--c)}page{--c:rgb(1, 2, 3)}",
    )
    top = s.frame.evaluate("document.querySelector('.eden-scroller').getBoundingClientRect().top")
    assert s.box("#p")["x"] == 50
    assert s.box("#p")["y"] == s.box("#clip")["y"] + 100 == top + 100
    assert s.style("#p", "color") == "rgb(1, 2, 3)"
    s.locator("#p").click()
    assert [event["id"] for event in s.events("tap")] == ["clip"]
    s.set_data(text="two", on=False)
    assert s.locator("#clip #t").inner_text() == "two"

    assert not s.locator("#c").is_visible()
    s.set_data(show=True)
    _wait(s, "events.some(e => e.type === 'afterenter')")
    assert s.box("#c")["height"] == 200
    s.locator("#c").click()
    assert [event["id"] for event in s.events("tap")] == ["c"]
    s.locator(".eden-popup-mask").click(position={"x": 100, "y": 20})
    _wait(s, "events.some(e => e.type === 'afterleave')")
    assert [event["type"] for event in s.events()] == ["clickoverlay", "afterleave"]
    assert not s.locator("#c").is_visible()


def test_boxes_of_skyline(stand: MakeStand) -> None:
    s = stand(
        """<match-media min-width="300"><view id="yes">x</view></match-media>
           <match-media min-width="600"><view id="no">x</view></match-media>
           <scroll-view scroll-y style="height:100px" id="s" type="custom">
             <sticky-section><sticky-header id="h" bindstickontopchange="on"><view>head</view></sticky-header>
               <list-view><view wx:for="{{20}}" style="height:30px">{{item}}</view></list-view></sticky-section>
           </scroll-view>
           <grid-view id="g" cross-axis-count="3" cross-axis-gap="15" main-axis-gap="5">
             <view wx:for="{{4}}" id="g{{item}}" style="height:20px">x</view></grid-view>
           <grid-view id="m" type="masonry" main-axis-gap="5"><view wx:for="{{[30, 10, 10, 10]}}" id="m{{index}}"
             style="height:{{item}}px">x</view></grid-view>""",
    )
    assert s.locator("#yes").is_visible()
    assert not s.locator("#no").is_visible()
    s.locator("#s .eden-scroll").evaluate("m => { m.scrollTop = 100 }")
    _wait(s, "events.length")
    assert s.details("stickontopchange") == [{"isStickOnTop": True}]
    assert s.box("#h")["y"] == s.box("#s")["y"]
    first, second, fourth = s.box("#g0"), s.box("#g1"), s.box("#g3")
    assert first["width"] == 115
    assert second["x"] == 130
    assert fourth["y"] - first["y"] == 25
    # into the shortest column, in order
    top = s.box("#m")["y"]
    places = [(s.box(f"#m{i}")["x"], s.box(f"#m{i}")["y"] - top) for i in range(4)]
    assert places == [(0, 0), (187.5, 0), (187.5, 15), (187.5, 30)]


def test_gesture_handlers_run_worklets(stand: MakeStand) -> None:
    s = stand(
        """<pan-gesture-handler worklet:ongesture="pan"><view id="p" class="p">drag</view></pan-gesture-handler>
           <tap-gesture-handler worklet:ongesture="tapped"><view id="t">tap</view></tap-gesture-handler>""",
        files={
            "pages/a/a.wxss": ".p{height:100px}",
            "pages/a/a.js": """Page({
              seen: [],
              pan({state, translationX}) { 'worklet'; this.seen.push([state, translationX]) },
              tapped({state}) { 'worklet'; this.seen.push(['tap', state]) },
            })""",
        },
    )
    swipe(s, "#p", (10, 10), (20, 10), (60, 12))
    swipe(s, "#t", (5, 5))
    seen = s.frame.evaluate("getCurrentPages()[0].seen")
    assert seen[0] == [1, 0]
    assert [2, 40] in seen
    assert seen[-2][0] == 3
    assert seen[-1] == ["tap", 3]
