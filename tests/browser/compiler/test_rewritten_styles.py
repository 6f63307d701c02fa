"""Rewritten sheets in a real browser: nothing is lost on the way, and what was rewritten applies."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from eden.build.styles_rewriter import rewrite_sheet

LIST_PAGE = """
@charset "utf-8";
/**  goods list  **/
@import "../../style/base.wxss";
page{ --main:#07c160; --gap : 24rpx; background:#f7f8fa;min-height:100vh;
  padding-bottom:constant(safe-area-inset-bottom);
  padding-bottom:env(safe-area-inset-bottom)}
.goods-list,.goods-list > .item:not(:last-child)::after{display:flex;flex-wrap:wrap;padding:0 var(--gap,20rpx)}
.goods-list .item:nth-child(2n+1) image.cover{width:calc((100% - 24rpx*2) / 2);height:340rpx;border-radius:16rpx 16rpx
  0 0}
.price text:first-of-type::before{content:"￥";font-size:24rpx;}
.price{*zoom:1;_height:1px;color:#e4393c!important;
  filter:progid:DXImageTransform.Microsoft.gradient(startColorstr='#80000000',endColorstr='#8fff')}
.tag{background:no-repeat url("data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg'><path d='M0z;'/></svg>")}
.clamp{overflow:hidden;text-overflow:ellipsis;display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical}
[class^="icon-"],[class*=" icon-"]{font-family:"iconfont" !important;}
.icon-cart:before{content:"\\e600"} .w-1\\/2{width:50%} .\\31 0{margin:-10rpx auto 0}
@media (max-width:750rpx) and (orientation:portrait){.goods-list{padding:0 10rpx}}
@media screen and (prefers-color-scheme:dark){page{background:#111} .price{color:#ff6b6b}}
@supports (bottom: env(safe-area-inset-bottom)){.bar{bottom:calc(100rpx + env(safe-area-inset-bottom))}}
@-webkit-keyframes spin{from{-webkit-transform:rotate(0)}to{-webkit-transform:rotate(360deg)}}
@keyframes slide{0%{transform:translate3d(0,100rpx,0);opacity:0}100%{transform:none;opacity:1}}
@font-face{font-family:"iconfont";src:url('iconfont.woff2?t=1') format('woff2'),
  url(//at.alicdn.com/t/font_1.woff) format('woff')}
.loading{animation:spin 1s linear infinite,slide .3s}
"""

BROKEN = """
.a { color: red
  margin: 10rpx; }
.b { color: blue;; width: 10px }
.c { content: "not closed
; height: 10px }
.1d { color: red }
.e { background: url(a b.png); width: 1px }
.f { width: calc(1px + (2px); height: 3px } .swallowed { color: red }
);}
.g { color: green }
@media { .h { color: green } }
.i > { color: red }
.j { color: green
"""

# rules and the number of their declarations, without what the compiler moves elsewhere
READ = """(css) => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  const out = []
  const walk = (rules, depth) => {
    for (const rule of rules) {
      if (rule instanceof CSSImportRule || rule instanceof CSSFontFaceRule) continue
      if (rule.style?.length === 0 && !rule.cssRules?.length) continue
      out.push([depth, rule.constructor.name, rule.style?.length ?? 0])
      if (rule.cssRules) walk(rule.cssRules, depth + 1)
    }
  }
  walk(sheet.cssRules, 0)
  return out
}"""


def compiled(text: str, theme: str = "light") -> str:
    """Text for a page, as the runtime makes it."""
    css = "".join(part for part in rewrite_sheet(text, lambda reference: reference).css if isinstance(part, str))
    feature = {True: "(min-width:0)", False: "(min-width:1000000px)"}
    return re.sub("\\x02(dark|light)", lambda match: feature[match[1] == theme], css).replace("\x01", "")


def known_to_browsers(text: str) -> str:
    """The source with units and names that browsers have, for comparison."""
    return re.sub(r"(?<=\d)rpx", "px", text).replace("constant(", "env(")


@pytest.mark.parametrize("source", [LIST_PAGE, BROKEN], ids=["list page", "broken"])
def test_the_browser_reads_the_same_rules(page: Page, source: str) -> None:
    before = page.evaluate(READ, known_to_browsers(source))
    assert len(before) > 4
    assert page.evaluate(READ, compiled(source)) == before


def test_what_was_rewritten_applies(page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 600})
    page.set_content(
        "<wx-page><wx-view class='a'></wx-view><wx-view class='icon-x on'><wx-text></wx-text></wx-view></wx-page>"
    )
    style = """(css) => {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(css)
      document.adoptedStyleSheets = [sheet]
      const of = (selector, name) => getComputedStyle(document.querySelector(selector))[name]
      return [of('.a', 'width'), of('.a', 'display'), of('.icon-x', 'color'), of('wx-text', 'color'),
              of('wx-page', 'backgroundColor')]
    }"""
    source = """
      view{display:block} .a{width:100rpx} [class^="icon-"]{color:rgb(1,2,3)} .on text{color:rgb(4,5,6)}
      page{background:rgb(7,8,9)} @media not (prefers-color-scheme:dark){:root{background:rgb(10,11,12)}}
      @media screen and (prefers-color-scheme:dark){page{background:rgb(13,14,15)}}
    """
    same = ["50px", "block", "rgb(1, 2, 3)", "rgb(4, 5, 6)"]
    assert page.evaluate(style, compiled(source)) == [*same, "rgb(10, 11, 12)"]
    assert page.evaluate(style, compiled(source, "dark")) == [*same, "rgb(13, 14, 15)"]
