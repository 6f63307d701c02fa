"""The small language of places in a call."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from eden.gateway.expressions import ROOTS, ExpressionError, compile_expression, compile_template, parse, roots_of


class Sample:
    """A call, as far as expressions look."""

    VALUES: ClassVar[dict[str, Any]] = {
        "header": {"accept-language": "zh", "x": "1"},
        "cookie": {"session": "s1"},
        "query": {"month": "5", "tag": ["a", "b"]},
        "path": {"id": "42"},
        "http_body": {"items": [{"sum": 7}, {"sum": 9}], "a.b": {"c'd": 1}, "none": None, "7": "seven"},
        "app": "shop",
        "device": "phone",
        "principal": "ann",
        "operation": "bank.account.get",
    }

    def root(self, name: str) -> Any:
        return self.VALUES[name]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$.header.accept-language", "zh"),
        ("$.header.Accept-Language", "zh"),
        ("$['header']['X']", "1"),
        ("$.cookie.session", "s1"),
        ("$.query.month", "5"),
        ("$.query.tag", ["a", "b"]),
        ("$.query.tag[1]", "b"),
        ("$.path.id", "42"),
        ("$.http_body.items[0].sum", 7),
        ("$.http_body.items[-1].sum", 9),
        ("$.http_body['items'][1]['sum']", 9),
        ("$.http_body['a.b'][\"c'd\"]", 1),
        ("$.http_body[7]", "seven"),
        ("$.http_body.none", None),
        ("$.app", "shop"),
        ("$.device", "phone"),
        ("$.principal", "ann"),
        ("$.operation", "bank.account.get"),
        # what is not there
        ("$.http_body.items[2].sum", None),
        ("$.http_body.items[-3]", None),
        ("$.http_body.items.sum", None),
        ("$.http_body.nothing.at.all", None),
        ("$.query.tag[0].deeper", None),
        ("$.cookie.other", None),
    ],
)
def test_values(text: str, value: Any) -> None:
    assert compile_expression(text)(Sample()) == value


def test_the_whole() -> None:
    assert compile_expression("$")(Sample()) == Sample.VALUES
    assert roots_of("$") == frozenset(ROOTS)


WRONG = """$. $..a $.query. $.query[ $.query[a] $.query['a $.query[0 $.body.a $[0] $query query.month
$.query[1.5] $.query[12345678] $.query['a'b]""".split()


@pytest.mark.parametrize("text", ["", "$.query month", *WRONG])
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"\S+ \S+"):
        parse(text)


def test_templates() -> None:
    template = {
        "to": "$.path.id",
        "list": ["$.query.month", 5, None, {"text": "$$5.00"}],
        "plain": "a $ in it",
        "$.x": 1,
    }
    filled = {"to": "42", "list": ["5", 5, None, {"text": "$5.00"}], "plain": "a $ in it", "$.x": 1}
    assert compile_template(template)(Sample()) == filled
    assert roots_of(template) == {"path", "query"}
    with pytest.raises(ExpressionError):
        compile_template({"a": ["$nothing"]})
