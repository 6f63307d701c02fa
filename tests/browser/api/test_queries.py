"""Selector queries and observers."""

from __future__ import annotations

from typing import Any

from tests.browser.api.conftest import MakeStand, Stand

BOXES = """
<view id="a" class="box" data-n="{{1}}" style="width:100px;height:50px;margin:10px;color:#ff0000">a</view>
<scroll-view id="s" class="box" scroll-y style="height:80px"><view style="height:300px"></view></scroll-view>
<canvas type="2d" id="c"></canvas>
<part id="p" />
"""
PART = {
    "pages/a/part.json": {"component": True},
    "pages/a/part.wxml": '<view class="inner" id="i" style="width:30px;height:20px"></view>',
    "pages/a/part.js": "Component({methods: {measure(done) {"
    " this.createSelectorQuery().select('#i').boundingClientRect(done).exec() }}})",
}


def query(stand: Stand, script: str) -> Any:
    """Results of the query that `script` builds on `q`."""
    return stand.frame.evaluate(
        f"() => new Promise((done) => {{ const q = wx.createSelectorQuery(); {script}.exec(done) }})"
    )


def boxes(stand: MakeStand) -> Stand:
    return stand(BOXES, files=PART, json={"usingComponents": {"part": "part"}})


def test_rectangles_count_from_below_the_navigation_bar(stand: MakeStand) -> None:
    page = boxes(stand)
    first, viewport = query(page, "q.select('#a').boundingClientRect().selectViewport().boundingClientRect()")
    assert (first["left"], first["top"], first["width"], first["height"]) == (10, 10, 100, 50)
    assert first["right"] == 110 and first["bottom"] == 60
    assert first["id"] == "a" and first["dataset"] == {"n": 1}
    assert (viewport["top"], viewport["width"]) == (0, 375)
    assert viewport["height"] == page.frame.evaluate("wx.getSystemInfoSync().windowHeight")


def test_queries_chain_and_answer_in_order(stand: MakeStand) -> None:
    page = boxes(stand)
    script = """() => new Promise((done) => {
        const seen = []
        wx.createSelectorQuery()
          .selectAll('.box').fields({id: true, size: true}, (r) => seen.push(r.length))
          .select('#none').boundingClientRect((r) => seen.push(r))
          .select('#s').scrollOffset((r) => seen.push(r.scrollHeight))
          .exec((all) => done([seen, all.map((one) => one === null)]))
    })"""
    assert page.frame.evaluate(script) == [[2, None, 300], [False, True, False]]


def test_fields(stand: MakeStand) -> None:
    page = boxes(stand)
    [fields] = query(
        page,
        "q.select('#s').fields({properties: ['scrollY', 'scroll-x'], computedStyle: ['color', 'height'], mark: true})",
    )
    assert fields == {"scrollY": True, "scroll-x": False, "color": "rgb(0, 0, 0)", "height": "80px", "mark": {}}
    script = """() => new Promise((done) => wx.createSelectorQuery().select('#c').fields({node: true, size: true})
        .exec(([r]) => done([typeof r.node.getContext, r.width, r.height])))"""
    assert page.frame.evaluate(script) == ["function", 300, 150]


def test_scope_is_the_component(stand: MakeStand) -> None:
    page = boxes(stand)
    assert query(page, "q.select('.inner').boundingClientRect()") == [None]
    assert query(page, "q.select('#p >>> .inner').boundingClientRect()")[0]["width"] == 30
    script = "() => new Promise((done) => getCurrentPages()[0].selectComponent('#p').measure(done))"
    assert page.frame.evaluate(script)["height"] == 20
    inside = """() => new Promise((done) => wx.createSelectorQuery().in(getCurrentPages()[0].selectComponent('#p'))
        .select('.inner').boundingClientRect().exec(([r]) => done(r.width)))"""
    assert page.frame.evaluate(inside) == 30


def test_intersections(stand: MakeStand) -> None:
    page = stand(
        '<view style="height:2000px"></view><view id="x" style="height:100px">x</view>'
        '<view style="height:900px"></view>'
    )
    page.frame.evaluate(
        """() => { globalThis.seen = []
        wx.createIntersectionObserver().relativeToViewport({bottom: 50})
          .observe('#x', (r) => seen.push([r.id, r.intersectionRatio > 0, r.boundingClientRect.height])) }"""
    )
    page.page.wait_for_timeout(100)
    assert page.frame.evaluate("seen") == []
    page.frame.evaluate("document.querySelector('.eden-scroller').scrollTop = 1500")
    page.frame.wait_for_function("seen.length === 1")
    page.frame.evaluate("document.querySelector('.eden-scroller').scrollTop = 0")
    page.frame.wait_for_function("seen.length === 2")
    assert page.frame.evaluate("seen") == [["x", True, 100], ["x", False, 100]]


def test_an_element_in_sight_is_reported_at_once(stand: MakeStand) -> None:
    page = stand('<view id="x" style="height:100px">x</view>')
    script = """() => new Promise((done) => {
        const observer = getCurrentPages()[0].createIntersectionObserver({thresholds: [0, 1]})
        observer.relativeToViewport().observe('#x', (r) => { observer.disconnect(); done(r) })
    })"""
    result = page.frame.evaluate(script)
    assert result["intersectionRatio"] == 1
    assert result["boundingClientRect"]["top"] == 0
    assert result["relativeRect"]["width"] == 375


def test_media_queries(stand: MakeStand) -> None:
    page = stand("<view>x</view>")
    script = "(query) => new Promise((done) => wx.createMediaQueryObserver().observe(query, (r) => done(r.matches)))"
    assert page.frame.evaluate(script, {"maxWidth": 400, "orientation": "portrait"}) is True
    assert page.frame.evaluate(script, {"minWidth": 400}) is False


def test_intersections_with_an_ancestor(stand: MakeStand) -> None:
    page = stand(
        '<scroll-view id="s" scroll-y style="height:100px"><view style="height:300px"></view>'
        '<view class="x" style="height:50px"></view><view class="x" style="height:50px"></view></scroll-view>'
    )
    page.frame.evaluate(
        """() => { globalThis.seen = 0
        wx.createIntersectionObserver(undefined, {observeAll: true, thresholds: [0.5]}).relativeTo('#s')
          .observe('.x', (r) => { if (r.intersectionRatio >= 0.5) seen++ }) }"""
    )
    page.page.wait_for_timeout(100)
    assert page.frame.evaluate("seen") == 0
    script = """() => new Promise((done) => wx.createSelectorQuery().select('#s').node()
        .exec(([r]) => { r.node.scrollTo({top: 300, animated: false}); done() }))"""
    page.frame.evaluate(script)
    page.frame.wait_for_function("seen === 2")
