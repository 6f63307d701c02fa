from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.build.wxs import quote, requires, resolve, rewrite


@pytest.mark.parametrize(
    ("source", "rewritten"),
    [
        ("return a.constructor === 'Array'", "return a.$wxsConstructor === 'Array'"),
        ("a . constructor", "a . $wxsConstructor"),
        ("var constructor = 1; x = {constructor: 2}", "var constructor = 1; x = {constructor: 2}"),
        ("'a.constructor' // b.constructor", "'a.constructor' // b.constructor\n"),
        ("a // b\n", "a // b\n"),
        ("/* a.constructor */ a\n.constructor", "/* a.constructor */ a\n.$wxsConstructor"),
        ("var class = ''; class = a.class; o = {class: class, x: class}", None),
        ("x = a ? class : b", "x = a ? $class : b"),
        ('var subclass = "class"', 'var subclass = "class"'),
        (r"getRegExp('^\d+\\.\'$', 'g')", r"getRegExp('^\\d+\\.\'$', 'g')"),
        (r"f('\d', getRegExp)", r"f('\d', getRegExp)"),
    ],
)
def test_what_wxs_and_javascript_read_differently(source: str, rewritten: str | None) -> None:
    expected = "var $class = ''; $class = a.class; o = {class: $class, x: $class}" if rewritten is None else rewritten
    assert rewrite(source) == expected


@given(st.text(st.sampled_from("class.constructor'\"/*\n{},: \\")))
def test_lines_stay_where_they_are(source: str) -> None:
    new = rewrite(source)
    assert new.removesuffix("\n").count("\n") == source.removesuffix("\n").count("\n")
    assert "//" not in new[new.rfind("\n") + 1 :]


def test_requires_and_where_they_lead() -> None:
    source = "var a = require('./a.wxs');\nvar b = require( \"../b.wxs\" ); myrequire('no')"
    assert [name for name, _ in requires(source)] == ["./a.wxs", "../b.wxs"]
    assert resolve("./a.wxs", "p/q/m.wxs") == "p/q/a.wxs"
    assert resolve("../b.wxs", "p/q/m.wxs") == "p/b.wxs"
    assert resolve("/c.wxs", "p/q/m.wxs") == "c.wxs"


@given(st.text())
def test_quoting_keeps_a_literal_on_one_line(text: str) -> None:
    assert not set(quote(text)) & set("\n\r\u2028\u2029")
