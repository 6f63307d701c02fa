"""What becomes of a style sheet: selectors, units, at-rules, recovery. U+0001 is written ␁ and U+0002 ␂ here."""

from __future__ import annotations

import re

import pytest
import tinycss2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eden.build.styles_rewriter import Rewritten, rewrite_sheet


def rewrite(text: str, *, short_way: bool = True) -> Rewritten:
    return rewrite_sheet(text, lambda reference: f"eden:/{reference}", short_way=short_way)


def css_of(text: str) -> str:
    """Output with the markers made visible and newlines dropped."""
    parts = rewrite(text).css
    joined = "".join(part if isinstance(part, str) else f"<{part.specifier}>" for part in parts)
    return joined.replace("\x01", "␁").replace("\x02", "␂").replace("\n", "")


def selector(text: str) -> str:
    return css_of(f"{text}{{a:b}}").removesuffix("{a:b;}")


def value(text: str) -> str:
    return css_of(f".x{{a:{text}}}").removeprefix(".␁x{a:").removesuffix(";}")


def problems(text: str) -> list[tuple[tuple[int, int], str]]:
    sheet = rewrite(text)
    return [(sheet.place(offset), sentence) for offset, sentence in sheet.problems]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (".a", ".␁a"),
        (".a.b > .c+.d ~ .e", ".␁a.␁b > .␁c+.␁d ~ .␁e"),
        ("view", "wx-view"),
        ("page", "wx-page"),
        ("body", "wx-page"),
        ("html", "wx-html"),
        ("my-card.on", "wx-my-card.␁on"),
        ("wx-button", "wx-button"),
        ("#id", "#id"),
        ("*", "*"),
        ("view:first-child::after", "wx-view:first-child::after"),
        (".a:hover", ".␁a:hover"),
        (":not(.a):is(view, .b):where(text)", ":not(.␁a):is(wx-view, .␁b):where(wx-text)"),
        (":nth-child(2n+1)", ":nth-child(2n+1)"),
        (":nth-child(odd)", ":nth-child(odd)"),
        (":nth-child(2n+1 of .a, view)", ":nth-child(2n+1 of .␁a, wx-view)"),
        (":lang(en)", ":lang(en)"),
        (":root", "wx-page"),
        (".a:root", ".␁a:is(wx-page)"),
        (":host", '[wx-host="␁"]'),
        (":host .a", '[wx-host="␁"] .␁a'),
        (":host(.a.b)", '[wx-host="␁"].␁a.␁b'),
        (":host(view)", '[wx-host="␁"]:is(wx-view)'),
        (":host-context(.dark) .a", '[wx-host="␁"]:is(.␁dark,.␁dark *) .␁a'),
        ("::slotted(.a)", "::slotted(.␁a)"),
        (".a >>> .b", ".␁a   .␁b"),
        (".a /deep/ view", ".␁a   wx-view"),
        ("[class]", "[class]"),
        ('[data-x="a.b"]', '[data-x="a.b"]'),
        ("[class^='icon-']", '[class^="␁icon-"]'),
        ('[class*=" icon-"]', '[class*=" ␁icon-"]'),
        ('[class*="icon-"]', '[class*="icon-"]'),
        ("[class~=on]", '[class~="␁on"]'),
        ('[class="a b" i]', '[class="␁a ␁b" i]'),
        (".md\\:flex", ".␁md\\:flex"),
        (".\\31 0", ".␁\\31 0"),
        (".中文", ".␁中文"),
        ("/* c */.a/* d */.b", ".␁a.␁b"),
        (".a\n,\n.b", ".␁a ,.␁b".replace(" ,", " ,")),
        ("svg|a", "svg|wx-a"),
        ("::-webkit-scrollbar", "::-webkit-scrollbar"),
    ],
)
def test_selectors(source: str, expected: str) -> None:
    squeeze = re.compile(r"\s+")
    assert squeeze.sub(" ", selector(source)).replace(", ", ",") == squeeze.sub(" ", expected).replace(", ", ",")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("750rpx", "100vw"),
        ("10rpx", "1.33334vw"),
        ("-10rpx", "-1.33334vw"),
        ("+75rpx", "+10vw"),
        (".5rpx", ".06667vw"),
        ("0rpx", "0vw"),
        ("-0rpx", "0vw"),
        ("7.5RPX", "1vw"),
        ("1e2rpx", "13.33334vw"),
        ("1px+2rpx", "1px+0.26667vw"),
        ("calc(100% - 20rpx*2)", "calc(100% - 2.66667vw*2)"),
        ("var(--gap, 15rpx)", "var(--gap, 2vw)"),
        ('"10rpx" 10rpx', '"10rpx" 1.33334vw'),
        ("url(a10rpx.png)", 'url("eden:/a10rpx.png")'),
        ("url( 'a b.png' )", 'url("eden:/a b.png")'),
        ("#10rpx w-10rpx", "#10rpx w-10rpx"),
        ("100vh 50dvh", "100cqh 50cqh"),
        ("env(safe-area-inset-bottom)", "var(--safe-area-inset-bottom,env(safe-area-inset-bottom,0px))"),
        ("constant(safe-area-inset-top)", "var(--safe-area-inset-top,env(safe-area-inset-top,0px))"),
        ("env(safe-area-inset-left, 10rpx)", "var(--safe-area-inset-left,env(safe-area-inset-left,1.33334vw))"),
        ("env(titlebar-area-x)", "env(titlebar-area-x)"),
        ("1rpx !important", "0.13334vw !important"),
        ("1px /* 2rpx */ 3px", "1px   3px"),
        ("a\\ ", "a\\20"),
        ("a\\\\ b", "a\\\\ b"),
        ("'\\\\\\ ;;'", "'\\\\\\20 ;;'"),
        ("progid:X.Y(startColorstr='#80000000')", "progid:X.Y(startColorstr='#80000000')"),
    ],
)
def test_values(source: str, expected: str) -> None:
    assert value(source) == expected


def test_custom_properties_take_any_value() -> None:
    assert css_of(".a{--x: 10rpx; --y: {a: 1rpx}; --z:;}") == ".␁a{--x: 1.33334vw;--y:{a: 0.13334vw};--z:;}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "@media (max-width: 750rpx) and (min-height: 50vh){.a{b:c}}",
            "@media (max-width: 100vw) and (min-height: 50vh){.␁a{b:c;}}",
        ),
        ("@media (prefers-color-scheme: dark){page{b:c}}", "@media ␂dark{wx-page{b:c;}}"),
        ("@media screen and (prefers-color-scheme:light){a{b:c}}", "@media screen and ␂light{wx-a{b:c;}}"),
        (
            "@supports (top: constant(safe-area-inset-top)){.a{b:c}}",
            "@supports (top: var(--safe-area-inset-top,env(safe-area-inset-top,0px))){.␁a{b:c;}}",
        ),
        ("@layer a, b;@layer a{.a{b:c}}", "@layer a, b;@layer a{.␁a{b:c;}}"),
        ("@scope (.a) to (.b view){.c{d:e}}", "@scope (.␁a) to (.␁b wx-view){.␁c{d:e;}}"),
        (
            "@keyframes spin{from{top:0}50%{top:10rpx}to{top:1px}}",
            "@keyframes spin{from{top:0;}50%{top:1.33334vw;}to{top:1px;}}",
        ),
        ("@-webkit-keyframes x{0%,100%{a:b}}", "@-webkit-keyframes x{0%,100%{a:b;}}"),
        ("@unknown x{.a{b:1rpx}}", "@unknown x{.a{b:0.13334vw}}"),
        ("@unknown x;", "@unknown x;"),
        ('@charset "utf-8";.a{b:c}', ".␁a{b:c;}"),
        (".a{.b &{c:d}e:f}", ".␁a{.␁b &{c:d;}e:f;}"),
        (".a{&:hover{c:d}@media print{e:1rpx}}", ".␁a{&:hover{c:d;}@media print{e:0.13334vw;}}"),
        ("<!-- .a{b:c} -->", ".␁a{b:c;}"),
        (".a{}", ""),
        ("@media print{.a{}}", ""),
    ],
)
def test_rules(source: str, expected: str) -> None:
    assert css_of(source) == expected


def test_hacks_survive_without_a_warning() -> None:
    hacks = ".a{*zoom:1;_height:1px;filter:progid:DXImageTransform.Microsoft.Alpha(Opacity=50);color:red}"
    assert (
        css_of(hacks)
        == ".␁a{*zoom:1;_height:1px;filter:progid:DXImageTransform.Microsoft.Alpha(Opacity=50);color:red;}"
    )
    assert not problems(hacks)


def test_font_faces_are_lifted_with_their_conditions() -> None:
    sheet = rewrite(
        "@font-face{font-family:a;src:url(a.woff)}@media print{@font-face{font-family:b}}"
        "@media (prefers-color-scheme:dark){@font-face{font-family:c}}.a{b:c}"
    )
    assert "".join(sheet.fonts).replace("\n", "") == (
        '@font-face{font-family:a;src:url("eden:/a.woff");}'
        "@media print{@font-face{font-family:b;}}@font-face{font-family:c;}"
    )
    assert sheet.css == [".\x01a{b:c;}\n"]
    assert [reference for _, reference in sheet.urls] == ["a.woff"]


def test_imports() -> None:
    sheet = rewrite("@import 'a.wxss';\n@import url(b);@import url(\"c\") ;.x{y:z}@import './late';@import 'd' print;")
    assert [(statement.specifier, sheet.place(statement.offset)) for statement in sheet.imports] == [
        ("a.wxss", (1, 9)),
        ("b", (2, 9)),
        ("c", (2, 24)),
    ]
    assert css_of("@import 'a' layer(x) supports(display: grid) screen and (prefers-color-scheme: dark);") == "<a>"
    conditional = rewrite("@import 'a' layer(x) supports(display: grid) screen and (prefers-color-scheme: dark);").css[
        0
    ]
    assert not isinstance(conditional, str)
    assert conditional.conditions == ("@layer x", "@supports (display: grid)", "@media screen and \x02dark")
    assert [part if isinstance(part, str) else part.specifier for part in sheet.css] == [
        ".\x01x{y:z;}\n",
        "./late",
        "d",
    ]


@pytest.mark.parametrize(
    ("source", "expected", "places"),
    [
        (".a{color red;width:1rpx}", ".␁a{color red;width:0.13334vw;}", [(1, 4)]),
        (".a{b:c}}\n.d{e:f}", ".␁a{b:c;}.␁d{e:f;}", [(1, 8)]),
        (".a{b:c};.d{e:f}", ".␁a{b:c;}.␁d{e:f;}", [(1, 8)]),
        (".a{b:c", ".␁a{b:c;}", [(1, 3)]),
        (".a{b:calc(1rpx;}.c{d:e}", ".␁a{b:calc(0.13334vw;}.c{d:e});}", [(1, 3), (1, 4)]),
        ('.a{content:"x\n;b:c}', ".␁a{b:c;}", [(1, 12)]),
        (".a{b:url(x y);c:d}", ".␁a{c:d;}", [(1, 6)]),
        (".a{b:'x", ".␁a{b:'x';}", [(1, 6), (1, 3)]),
        (".a{b:c/* x", ".␁a{b:c;}", [(1, 7), (1, 3)]),
        (".a\n.b", "", [(1, 1)]),
        ("color: red;\n.b{c:d}", ".␁b{c:d;}", [(1, 1)]),
        ("{a:b}.c{d:e}", ".␁c{d:e;}", [(1, 1)]),
        (".1a{b:c}", ".1a{b:c;}", [(1, 1)]),
        ("@import;.a{b:c}", ".␁a{b:c;}", [(1, 1)]),
        ("@media print{@import 'x';.a{b:c}}", "@media print{.␁a{b:c;}}", [(1, 14)]),
        (".a{color:red .b{c:d}}", ".␁a{wx-color:red .␁b{c:d;}}", []),
        ("@keyframes x{from{a:b};to{c:d}}", "@keyframes x{from{a:b;}to{c:d;}}", [(1, 23)]),
    ],
)
def test_recovery(source: str, expected: str, places: list[tuple[int, int]]) -> None:
    assert css_of(source) == expected
    assert [place for place, _ in problems(source)] == places


def test_markers_in_the_source_are_not_markers() -> None:
    assert css_of(".\x01a{content:'\x02dark'}") == ".␁�a{content:'�dark';}"


def test_nesting_without_end_is_no_recursion() -> None:
    sheet = rewrite("a{" * 5000)
    assert any("too deeply" in sentence for _, sentence in sheet.problems)
    assert rewrite("(" * 20000).problems


# ---- properties

NAMES = st.sampled_from(["a", "view", "page", "x-y", "é", "\\31 "])
VALUES = st.sampled_from(
    [
        "1rpx",
        "-2.5rpx",
        "calc(1rpx + 2px)",
        "var(--a,3rpx)",
        '"s;}"',
        "'\\''",
        "url(a.png)",
        "url('b')",
        "#fff",
        "red",
        "{a:1rpx}",
        "env(safe-area-inset-top)",
        "(",
        ")",
        "/* c */",
        "!important",
        '"bad\n',
        "a,b",
        "100vh",
        "[x]",
    ]
)
DECLARATION = st.builds(
    lambda name, words, end: f"{name}:{' '.join(words)}{end}",
    st.sampled_from(["width", "--x", "*zoom", "_h", "-webkit-a", "bad name", "color "]),
    st.lists(VALUES, min_size=1, max_size=3),
    st.sampled_from([";", ";;", ";\n", " ; ", "/* d */;", ""]),
)
SELECTOR = st.builds(
    "".join,
    st.lists(
        st.one_of(NAMES, st.sampled_from([".a", "#b", ":not(.c)", " ", ">", ",", "[class^=q]", ":host", "&"])),
        max_size=5,
    ),
)
RULE = st.recursive(
    st.builds(lambda head, body: f"{head}{{{''.join(body)}}}", SELECTOR, st.lists(DECLARATION, max_size=4)),
    lambda inner: st.builds(
        lambda head, body: f"{head}{{{''.join(body)}}}\n",
        st.one_of(
            SELECTOR, st.sampled_from(["@media print", "@supports (a:b)", "@keyframes k", "@font-face", "@what"])
        ),
        st.lists(st.one_of(inner, DECLARATION), max_size=4),
    ),
    max_leaves=6,
)
SHEET = st.one_of(
    st.lists(
        st.one_of(RULE, st.sampled_from(["@import 'a';", "}", ";", "<!--", "/* c */", "@x;", " "])), max_size=6
    ).map("".join),
    st.text(alphabet="ab.#:;{}()[]\"'\\/*@ \n1rpx-%,>&!", max_size=60),
    st.text(max_size=60),
)


@given(SHEET)
@settings(max_examples=250)
def test_any_sheet_gives_balanced_complete_css(text: str) -> None:
    sheet = rewrite(text)
    for part in (*sheet.css, *sheet.fonts):
        if not isinstance(part, str):
            continue
        tail = tinycss2.parse_stylesheet(f"{part}\n.sentinel{{x:y}}", skip_comments=True, skip_whitespace=True)[-1]
        assert tail.type == "qualified-rule"
        assert tinycss2.serialize(tail.prelude).strip() == ".sentinel"
    for offset, _ in sheet.problems:
        line, column = sheet.place(offset)
        assert 1 <= line <= sheet.text.count("\n") + 1
        assert column >= 1


@given(SHEET)
@settings(max_examples=250)
@example(".a{b:c;;d:e}")
@example(".a{;b:c}")
@example(".a{content:';;'}")
@example(".a{b:c\\ ;d:e\\ }")
@example("a{a: b/**/;/**/c:d /**/}")
@example("a{width:calc(1px")
@example("a{padding:calc(1px + env(safe-area-inset-top));background:url(x.png) , url('y')}")
@example("a{background:url(")
def test_the_short_way_is_only_shorter(text: str) -> None:
    short, long = rewrite(text), rewrite(text, short_way=False)
    assert (short.css, short.fonts, short.problems) == (long.css, long.fonts, long.problems)


@given(st.lists(VALUES, min_size=1, max_size=4).map(" ".join))
def test_rewriting_a_value_twice_changes_nothing_more(text: str) -> None:
    def keep(reference: str) -> str:
        return reference

    once = "".join(rewrite_sheet(f"@font-face{{a:{text}}}", keep).fonts)
    twice = "".join(rewrite_sheet(once, keep).fonts)
    if "safe-area" not in once:  # var(--x, env(x)) would be wrapped once more
        assert twice.split() == once.split()


@given(st.binary(max_size=80))
def test_no_bytes_raise(data: bytes) -> None:
    rewrite(data.decode("utf-8", "surrogateescape"))
    rewrite(data.decode("latin-1"))
