from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from securesystemslib.formats import encode_canonical

from eden.base.targeting import All, AnyOf, Condition, Everyone, InList, Not, Range, RuleError, dump, list_ids, parse
from eden.base.targeting.language import (
    ATTRIBUTES,
    MAX_DEPTH,
    MAX_LIST_ID,
    MAX_NODES,
    MAX_PATTERNS,
    MAX_TEXT,
    MAX_TOTAL_TEXT,
    MAX_VALUES,
)
from eden.base.targeting.parsing import MAX_PROBLEMS
from eden.base.targeting.patterns import MAX_PLACES
from tests.base.targeting.strategies import json_values, rules, steady

EVERYONE = {"everyone": True}


def problems(value: object) -> list[tuple[str, str]]:
    with pytest.raises(RuleError) as caught:
        parse(value)
    assert caught.value.code == "rule-invalid"
    return [(problem.path, problem.sentence) for problem in caught.value.problems]


def cities(*values: Any) -> dict[str, Any]:
    return {"attribute": "city", "operator": "one_of", "values": list(values)}


def version(operator: str, **operand: Any) -> dict[str, Any]:
    return {"attribute": "app_version", "operator": operator, **operand}


def nested(depth: int) -> dict[str, Any]:
    rule: dict[str, Any] = EVERYONE
    for _ in range(depth - 1):
        rule = {"not": rule}
    return rule


def test_every_shape() -> None:
    assert parse(
        {
            "all": [
                {"everyone": True},
                {"any": [{"list": "staff"}, {"not": cities("杭州", "上海", "杭州")}]},
                version(">=", value="2.3"),
                version("in_range", **{"from": "1", "to": "2", "bounds": "[]"}),
            ]
        }
    ) == All(
        (
            Everyone(),
            AnyOf((InList("staff"), Not(Condition("city", "one_of", ("杭州", "上海"))))),
            Condition("app_version", ">=", ("2.3",)),
            Range("app_version", "1", "2", "[]"),
        )
    )


@steady
@given(rules)
def test_round_trip(value: dict[str, Any]) -> None:
    rule = parse(value)
    assert dump(rule) == value
    assert parse(json.loads(json.dumps(dump(rule)))) == rule


@steady
@given(rules)
def test_canonical_json_keeps_it(value: dict[str, Any]) -> None:
    encoded = encode_canonical(dump(parse(value)))
    assert encoded is not None
    assert parse(json.loads(encoded)) == parse(value)


@steady
@given(json_values)
def test_whatever_it_is_it_is_a_rule_or_every_problem_has_a_sentence(value: Any) -> None:
    try:
        rule = parse(value)
    except RuleError as error:
        assert error.problems
        assert all(problem.sentence.endswith(".") for problem in error.problems)
    else:
        assert parse(dump(rule)) == rule


def test_all_problems_are_told_at_once_in_order() -> None:
    value = {
        "all": [
            {"attribute": "town", "operator": "one_of", "values": ["a"]},
            {"any": [cities("a", 1, "")]},
            version(">=", value="latest"),
        ]
    }
    assert [path for path, _ in problems(value)] == [
        "all[0].attribute",
        "all[1].any[0].values[1]",
        "all[1].any[0].values[2]",
        "all[2].value",
    ]
    with pytest.raises(RuleError, match=r"The rule cannot be used\. all\[0\]\.attribute: No attribute is “town”"):
        parse(value)


SHAPES = "all, any, not, everyone, list, attribute"
TEXT_OPERATORS = "equals, one_of, not_one_of, prefix, suffix, contains, matches"


@pytest.mark.parametrize(
    ("value", "path", "sentence"),
    [
        (None, "", 'A rule is an object, such as {"everyone": true}.'),
        ([], "", 'A rule is an object, such as {"everyone": true}.'),
        ({"not": "x"}, "not", 'A rule is an object, such as {"everyone": true}.'),
        (
            {},
            "",
            f"It has none of {SHAPES}; write exactly one of them, and put rules inside each other with all and any.",
        ),
        (
            {"all": [EVERYONE], "list": "a"},
            "",
            "It has all and list; write exactly one of them, and put rules inside each other with all and any.",
        ),
        ({"everyone": True, "note": 1}, "note", "Remove “note”; it is no part of a rule with everyone."),
        ({"list": "a", "value": 1}, "value", "Remove “value”; it is no part of a rule with list."),
        (
            {"everyone": True, "\x00" * 50: 1},
            "\x00" * 50,
            f"Remove “{'�' * 40}…”; it is no part of a rule with everyone.",
        ),
        ({"everyone": 1}, "everyone", 'Write true; for nobody, write {"not": {"everyone": true}}.'),
        ({"all": []}, "all", "Write a list with at least one rule."),
        ({"any": EVERYONE}, "any", "Write a list with at least one rule."),
        *(
            ({"list": bad}, "list", "Write the id of a list: letters, digits and . _ : -, at most 64 characters.")
            for bad in (1, "", "a b", "-a", "é", "a" * (MAX_LIST_ID + 1), "a\n")
        ),
        (
            {"attribute": "__proto__", "operator": "equals", "value": "a"},
            "attribute",
            f"No attribute is “__proto__”; take one of {', '.join(ATTRIBUTES)}.",
        ),
        (
            {"attribute": ["city"], "operator": "equals", "value": "a"},
            "attribute",
            f"No attribute is what is not a text; take one of {', '.join(ATTRIBUTES)}.",
        ),
        ({"attribute": "city"}, "operator", f"It has no operator; take one of {TEXT_OPERATORS}."),
        (
            {"attribute": "city", "operator": ">=", "value": "a"},
            "operator",
            f"“>=” does not work on city; take one of {TEXT_OPERATORS}.",
        ),
        (
            {"attribute": "tags", "operator": "one_of", "values": ["a"]},
            "operator",
            "“one_of” does not work on tags; take one of has_any, has_all, has_none.",
        ),
        (
            version("prefix", values=["1"]),
            "operator",
            "“prefix” does not work on app_version; take one of =, !=, >, >=, <, <=, in_range, one_of, not_one_of.",
        ),
        ({**cities("a"), "value": "a"}, "value", "Remove “value”; one_of takes values."),
        ({**cities("a"), "x": "a"}, "x", "Remove “x”; it is no part of a rule with attribute."),
        (version("=", value="1", bounds="[]"), "bounds", "Remove “bounds”; = takes value."),
        (
            version("in_range", **{"from": "1", "to": "2", "value": "1"}),
            "value",
            "Remove “value”; in_range takes from and to.",
        ),
        (version("="), "value", "Write the value that app_version is compared with."),
        (version("=", value=1), "value", "Write a text that is not empty."),
        (cities(), "values", "Write a list with at least one text."),
        ({"attribute": "city", "operator": "one_of"}, "values", "Write a list with at least one text."),
        ({"attribute": "city", "operator": "one_of", "values": "a"}, "values", "Write a list with at least one text."),
        (
            cities(*["a"] * (MAX_VALUES + 1)),
            "values",
            "It has more than 1000 values; make a list of them and use that.",
        ),
        (cities(""), "values[0]", "Write a text that is not empty."),
        (cities("a", None), "values[1]", "Write a text that is not empty."),
        (cities("a" * (MAX_TEXT + 1)), "values[0]", "It has more than 256 characters; shorten it."),
        *(
            (cities(bad), "values[0]", "It has control characters or half characters in it; remove them.")
            for bad in ("a\x00", "\x1f", "\x7f", "\x85", "a\nb", "\ud800", "x\udfff")
        ),
        (
            version(">", value="1.x"),
            "value",
            "“1.x” is not a version; write one to four numbers, such as 2.3.0 or 2.3.0-beta.1.",
        ),
        (
            {"attribute": "city", "operator": "matches", "values": ["a", "("]},
            "values[1]",
            "At character 2: nothing stands here, which would match everything; write what is to be matched.",
        ),
        (version("in_range", to="2"), "from", "Write both ends, from and to; for one end only, use >= or <."),
        (version("in_range", **{"from": "1"}), "to", "Write both ends, from and to; for one end only, use >= or <."),
        (
            version("in_range", **{"from": "1", "to": "2", "bounds": "{}"}),
            "bounds",
            "Write one of [) [] (] (); a square bracket includes the end.",
        ),
        (
            version("in_range", **{"from": "2", "to": "1"}),
            "to",
            "No version is in this range; let it end above its beginning.",
        ),
        (
            version("in_range", **{"from": "2", "to": "2.0"}),
            "to",
            "No version is in this range; let it end above its beginning.",
        ),
        (nested(MAX_DEPTH + 1), ".".join(["not"] * MAX_DEPTH), "It is nested more than 16 deep; write it flatter."),
        ({"any": [EVERYONE] * MAX_NODES}, "", "It has more than 500 parts; use lists or split it."),
    ],
)
def test_refusal(value: object, path: str, sentence: str) -> None:
    assert problems(value) == [(path, sentence)]


def test_too_many_patterns() -> None:
    def patterns(count: int) -> dict[str, Any]:
        each = [{"attribute": "city", "operator": "matches", "values": [f"^{n}", "x$"]} for n in range(count // 2)]
        return {"any": [*each, *[{"attribute": "city", "operator": "matches", "values": ["a"]}] * (count % 2)]}

    parse(patterns(MAX_PATTERNS))
    path = f"any[{MAX_PATTERNS // 2}].values[0]"
    sentence = "A rule has at most 20 patterns; join some with |, or use lists."
    assert problems(patterns(MAX_PATTERNS + 1)) == [(path, sentence)]
    assert problems(patterns(MAX_PATTERNS + 9)) == [(path, sentence)]


def test_too_many_places_in_patterns() -> None:
    def patterns(count: int) -> dict[str, Any]:
        return {
            "attribute": "city",
            "operator": "matches",
            "values": [f"^.{{{MAX_PLACES // 4 - 2}}}{n}" for n in range(count)],
        }

    parse(patterns(4))
    sentence = "With this one the patterns match more than 1024 characters at once, repetitions counted; shorten them."
    assert problems({"any": [patterns(5), patterns(2)]}) == [("any[0].values[4]", sentence)]


def test_too_much_text() -> None:
    each = MAX_TOTAL_TEXT // MAX_TEXT
    values = [f"{n:0{MAX_TEXT}}" for n in range(each)]
    parse(cities(*values))
    assert problems({"all": [cities(*values), cities("a"), cities("b")]}) == [
        ("", "Its values have more than 65536 characters together; use lists.")
    ]


def test_limits_are_not_off_by_one() -> None:
    parse(nested(MAX_DEPTH))
    parse({"any": [EVERYONE] * (MAX_NODES - 1)})
    parse(cities(*[f"{n}" for n in range(MAX_VALUES)]))
    parse(cities("😀" * MAX_TEXT))
    parse({"list": "a" * MAX_LIST_ID})
    parse(version("in_range", **{"from": "2", "to": "2.0", "bounds": "[]"}))


def test_a_flood_of_problems_ends() -> None:
    assert len(problems(cities(*[""] * 500))) == MAX_PROBLEMS


def test_depth_beyond_all_bounds_is_one_problem() -> None:
    assert len(problems(nested(100_000))) == 1
    wide: Any = EVERYONE
    for _ in range(12):
        wide = {"all": [wide] * 12}
    assert problems(wide) == [("", "It has more than 500 parts; use lists or split it.")]


def test_list_ids() -> None:
    rule = {"all": [{"list": "a"}, {"not": {"any": [{"list": "b"}, cities("c"), EVERYONE, {"list": "a"}]}}]}
    assert list_ids(parse(rule)) == {"a", "b"}
