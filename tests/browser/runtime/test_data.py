# ruff: noqa: E501 -- templates of the test programs stand as an author writes them
"""setData, templates, WXS, components' tools."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.runtime.conftest import Phone

Make = Callable[..., Phone]

COMPONENT = {"component": True}


def test_set_data_paths_and_callback(phone: Make) -> None:
    program = {
        "pages/a/a.wxml": '<view id="out">{{a.b[1].c}} {{list[0]}} {{list.length}} {{undefined_}}</view>',
        "pages/a/a.js": "Page({ data: { a: { b: [{ c: 1 }, { c: 2 }] }, list: [] } })",
    }
    opened = phone(program).open()
    text = opened.run(
        """() => new Promise((done) => {
          const page = getCurrentPages()[0]
          page.setData({ 'a.b[1].c': 'x', ['list[' + 0 + ']']: 'first', undefined_: undefined }, function () {
            done([this === page, page.data.a.b[1].c, page.data.list[0], page.data.a.b[0].c])
          })
          page.setData(null); page.setData()
        })"""
    )
    assert text == [True, "x", "first", 1]
    assert opened.locator("#out").inner_text().split() == ["x", "first", "1"]


def test_two_pages_do_not_share_data_or_fields(phone: Make) -> None:
    program = {
        "pages/a/a.wxml": "<view>{{list.length}}</view>",
        "pages/a/a.js": "Page({ data: { list: [] }, kept: { list: [] }, add() { this.data.list.push(1); this.kept.list.push(1) } })",
    }
    opened = phone(program).open()
    lengths = opened.run(
        """() => wx.navigateTo({ url: '/pages/a/a' }).then(() => {
          const [one, two] = getCurrentPages(); one.add()
          return [one, two].map((page) => [page.data.list.length, page.kept.list.length])
        })"""
    )
    assert lengths == [[1, 1], [0, 0]]


def test_reserved_words_quirks_and_wxs(phone: Make) -> None:
    program = {
        "pages/a/a.wxml": """
          <wxs module="m" src="../../tools.wxs"/>
          <wxs module="inline">module.exports = { twice: function (x) { return x * 2 } }</wxs>
          <view id='words' class="{{class}}" data-a-b="1" data-camelCase="2">{{class}} {{in}} {{switch}} {{ a < b ? 'less' : 'more' }}</view>
          <view id="wxs">{{m.kind(list)}} {{m.kind(1)}} {{m.digits('a1b2')}} {{inline.twice(21)}} {{m.year(0)}}</view>
          <block wx:for="{{list}}" wx:key="*this" wx:if="{{item > 1}}"><text class="item">{{index}}:{{item}}</text></block>
          <template name="t"><text id="t">{{x}}{{y}}{{z}}</text></template><template is="{{'t'}}" data="{{x: 1, ...rest, z}}"/>
        """,
        "pages/a/a.js": "Page({ data: { class: 'k', in: 'i', switch: 's', a: 1, b: 2, list: [1, 2, 3], rest: { y: 'y' }, z: 'z' } })",
        "tools.wxs": """
          var part = require('./part.wxs')
          module.exports = { kind: part.kind, digits: function (s) { return s.replace(getRegExp('[a-z]', 'g'), '') },
            year: function (t) { return getDate(t).getFullYear() } }
        """,
        "part.wxs": "module.exports = { kind: function (x) { return x.constructor } }",
    }
    opened = phone(program).open()
    assert opened.locator("#words").inner_text() == "k i s less"
    assert opened.locator("#wxs").inner_text() == "Array Number 12 42 1970"
    assert opened.locator(".item").all_inner_texts() == ["1:2", "2:3"]
    assert opened.locator("#t").inner_text() == "1yz"


def test_wxs_event_handlers_and_change_listeners(phone: Make) -> None:
    program = {
        "pages/a/a.wxml": """
          <wxs module="m">module.exports = {
            tap: function (event, owner) {
              event.instance.setStyle({ 'width': '100rpx' }); owner.selectComponent('#other').addClass('on')
              owner.callMethod('fromWxs', { id: event.currentTarget.id, n: event.currentTarget.dataset.n })
            },
            changed: function (now, before, owner, instance) { instance.setStyle('height:' + now + 'px') } }</wxs>
          <view id="box" data-n="5" style="background:red" bindtap="{{m.tap}}" change:size="{{m.changed}}" size="{{size}}">x</view>
          <view id="other">y</view>""",
        "pages/a/a.js": "Page({ data: { size: 30 }, fromWxs(got) { getApp().log('wxs', JSON.stringify(got)) } })",
    }
    opened = phone(program).open()
    opened.frame.wait_for_timeout(50)
    assert opened.style("#box", "height") == "30px"
    opened.locator("#box").click()
    opened.until('wxs {"id":"box","n":"5"}')
    assert opened.style("#box", "width") == "50px"
    opened.locator("#other.on").wait_for()


def test_events(phone: Make) -> None:
    program = {
        "pages/a/a.wxml": """
          <view id="outer" bindtap="on" data-who="outer" capture-bind:tap="capture" mark:m="1">
            <view id="caught" catchtap="on" data-who="caught"><text id="inner">in</text></view>
            <view id="free" bind:tap="on" data-who="free" data-long-name="x" mark:n="2">free</view>
          </view>
          <view id="press" bindlongpress="on" bindtap="on" data-who="press">press</view>""",
        "pages/a/a.js": """Page({
          on(e) { getApp().log(e.type, e.currentTarget.dataset.who, e.target.id, JSON.stringify(e.mark)) },
          capture(e) { getApp().log('capture', e.target.id) },
        })""",
    }
    opened = phone(program).open()
    opened.trace()
    opened.locator("#inner").click()
    assert opened.trace() == ["capture inner", 'tap caught inner {"m":"1"}']
    opened.locator("#free").click()
    lines = opened.trace()
    assert lines[0] == "capture free"
    assert [line.split()[:3] for line in lines[1:]] == [["tap", "free", "free"], ["tap", "outer", "free"]]
    opened.locator("#press").click(delay=600)
    assert [line.split()[0] for line in opened.trace()] == ["longpress"]


def test_behaviors_relations_generics_slots_and_exports(phone: Make) -> None:
    program = {
        "pages/a/a.wxml": """
          <list id="list"><row wx:for="{{[1, 2]}}" wx:key="*this" n="{{item}}"/></list>
          <frame generic:body="row"><view slot="head" id="head">H</view><view id="rest">R</view></frame>""",
        "pages/a/a.json": {
            "usingComponents": {"list": "/c/list", "row": "/c/row", "frame": "/c/frame"},
        },
        "pages/a/a.js": "Page({ onReady() { getApp().log('found', this.selectComponent('#list').total()) } })",
        "c/list.json": COMPONENT,
        "c/list.wxml": "<view><slot/></view>",
        "c/list.js": """
          const counted = Behavior({ data: { from: 'behavior' }, methods: { total() { return this.getRelationNodes('./row').length + this.data.from } } })
          Component({ behaviors: [counted], relations: { './row': { type: 'child', linked(row) { getApp().log('linked', row.data.n) } } } })""",
        "c/row.json": COMPONENT,
        "c/row.wxml": "<text class='row'>row {{n}}</text>",
        "c/row.js": "Component({ properties: { n: Number }, relations: { './list': { type: 'parent' } } })",
        "c/frame.json": COMPONENT | {"componentGenerics": {"body": True}},
        "c/frame.wxml": "<view id='top'><slot name='head'/></view><body n='9'/><view id='bottom'><slot/></view>",
        "c/frame.js": "Component({ options: { multipleSlots: true } })",
    }
    opened = phone(program).open()
    lines = opened.until("found 2behavior")
    assert [line for line in lines if line.startswith("linked")] == ["linked 1", "linked 2"]
    assert opened.locator("#top").inner_text() == "H"
    assert opened.locator("#bottom").inner_text() == "R"
    assert opened.locator(':text("row 9")').count() == 1


def test_lists_show_the_same_after_many_updates_as_when_made_anew(phone: Make) -> None:
    """Items that have not changed are passed over when a list is updated; what they show may come from elsewhere."""
    lists = """
      <wxs module="m">module.exports = { mark: function (x, y) { return '<' + x + (y || '') + '>' } }</wxs>
      <view wx:for="{{items}}" wx:key="id" class="{{item.on ? 'on' : ''}}">{{index}} {{item.title}} {{m.mark(item.title)}}</view>
      <view wx:for="{{items}}" wx:key="id">{{item.id === active ? 'active' : ''}} {{prefix}}{{item.title}}</view>
      <view wx:for="{{items}}"><text wx:if="{{wide}}">{{item.id}} of {{items.length}}, first {{items[0].title}}</text><text wx:else>{{item.title}}</text></view>
      <view wx:for="{{names}}" wx:key="*this">{{index}}{{item}}</view>
      <view wx:for="{{names}}" wx:for-item="D" wx:for-index="U">{{U}}{{D}}{{m.mark(D, prefix)}}</view>
      <view wx:for="{{items}}" wx:key="id" wx:for-item="row" wx:if="{{row.on}}">
        <text wx:for="{{row.tags}}" wx:key="*this">{{row.title}}/{{item}} </text><text wx:for="{{names}}" wx:for-item="n" wx:for-index="i">{{n}}{{row.id}}{{i}} </text>
      </view>
      <view wx:for="{{table}}" wx:for-item="line"><block wx:for="{{line}}"><text wx:if="{{item.v > 1}}">{{item.v}}</text><text wx:else>-</text></block></view>
      <view wx:for="{{map}}">{{index}}={{item}}</view>
      <block wx:for="{{items}}" wx:key="id"><template is="{{item.on ? 'one' : 'two'}}" data="{{...item}}"/><template is="two" data="{{title: item.title + prefix}}"/></block>
      <pair wx:for="{{items}}" wx:key="id" title="{{item.title}}">{{item.id}}</pair>
      <pair title="{{prefix}}" scoped><view wx:for="{{names}}" slot:inner>{{inner}} {{item}}</view></pair>
    """
    templates = '<template name="one">[{{title}} {{tags.length}}]</template><template name="two">({{title}})</template>'
    program = {
        "pages/a/a.wxml": f'{templates}<view id="live"><include src="lists.wxml"/></view>'
        '<view id="anew" wx:if="{{anew}}"><include src="lists.wxml"/></view>',
        "pages/a/lists.wxml": lists,
        "pages/a/a.json": {"usingComponents": {"pair": "/c/pair"}},
        "pages/a/a.js": """Page({ data: {
          items: [0, 1, 2, 3, 4].map((id) => ({ id, title: 't' + id, on: id % 2 === 0, tags: ['a', 'b' + id] })),
          names: ['x', 'y', 'z'], table: [[{ v: 1 }, { v: 2 }], [{ v: 3 }]], map: { k: 1, l: 2 }, active: 1, prefix: 'p', wide: true, anew: true } })""",
        "c/pair.json": COMPONENT,
        "c/pair.wxml": "{{title}}: <slot inner='{{title}}{{title}}'/>",
        "c/pair.js": "Component({ options: { dynamicSlots: true }, properties: { title: String } })",
    }
    steps = (
        phone(program)
        .open()
        .run(
            """async () => {
          const page = getCurrentPages()[0]
          let seed = 7, next = 100
          const any = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor(seed / 65536) % n }
          const at = () => any(page.data.items.length), items = () => page.data.items.slice()
          const item = () => ({ id: next, title: 'new' + next++, on: any(2) === 0, tags: ['n'] })
          const kinds = [
            () => ({ [`items[${at()}].title`]: 'c' + next++ }), () => ({ [`items[${at()}].on`]: any(2) === 0 }),
            () => ({ [`items[${at()}].tags[1]`]: 'g' + next++ }), () => ({ [`items[${at()}]`]: item() }),
            () => ({ [`items[${at()}].id`]: next++ }), () => ({ [`items[${page.data.items.length}]`]: item() }),
            () => { const list = items(); list.splice(any(list.length), 1, item(), item()); return { items: list } },
            () => { const list = items(); list.reverse(); return { items: list.slice(0, 6) } },
            () => ({ active: any(5) }), () => ({ prefix: 'q' + any(9) }), () => ({ wide: any(2) === 0 }),
            () => ({ [`names[${any(4)}]`]: 'n' + next++ }), () => ({ names: ['x', 'w', 'z'].slice(any(3)) }),
            () => ({ [`table[${any(3)}][${any(2)}]`]: { v: any(4) } }), () => ({ 'table[0][0].v': any(4) }),
            () => ({ ['map.m' + any(3)]: any(9) }), () => ({ map: { k: any(9), z: 1 } }),
          ]
          const root = [...document.querySelectorAll('*')].map((node) => node.shadowRoot).find((shadow) => shadow?.getElementById('live'))
          const texts = (id) => [...root.querySelectorAll(`#${id} *`)].filter((node) => !node.children.length)
            .map((node) => `${node.className} ${node.textContent.trim()}`).join('|')
          for (let step = 0; step < 150; step += 1) {
            const change = kinds[any(kinds.length)]()
            page.setData(change)
            page.setData({ anew: false })
            page.setData({ anew: true })
            const [live, anew] = [texts('live'), texts('anew')]
            if (!live || live !== anew) return [step, change, ...[live, anew].map((text) => text.split("|").filter((x, i) => live.split("|")[i] !== anew.split("|")[i]))]
          }
          return 150
        }"""
        )
    )
    assert steps == 150


def test_an_instance_in_data_does_not_drag_the_tree_along(phone: Make) -> None:
    program = {
        "pages/a/a.wxml": '<list id="list"><row wx:for="{{20}}" wx:key="*this"/></list>',
        "pages/a/a.json": {"usingComponents": {"list": "/c/list", "row": "/c/row"}},
        "pages/a/a.js": "Page({ onReady() { getApp().log('ready', this.selectComponent('#list').data.rows.length) } })",
        "c/list.json": COMPONENT,
        "c/list.wxml": "<slot/>",
        "c/list.js": """
          Component({ data: { rows: [] }, relations: { './row': { type: 'child',
            linked() { this.setData({ rows: this.getRelationNodes('./row').map((row) => ({ ...row.data })) }) } } } })""",
        "c/row.json": COMPONENT,
        "c/row.wxml": "<view>row</view>",
        "c/row.js": "Component({ relations: { './list': { type: 'parent', linked(parent) { this.setData({ parent }) } } } })",
    }
    assert phone(program).open().until("ready 20")
