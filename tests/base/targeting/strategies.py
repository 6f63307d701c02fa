"""Rules and contexts for property tests: small alphabets, so that conditions meet their values."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from eden.base.targeting import Context
from eden.base.targeting.language import ATTRIBUTES, BOUNDS, OPERATORS, Kind, Operand

#: the same examples on every run, and no clock
steady = settings(max_examples=200, deadline=None, derandomize=True, database=None)

ODD = ["", "__proto__", "constructor", "e\u0301", "é", "😀", "\ud83d", "A", " a", "杭州", "a\nb", "x" * 300]
texts = st.sampled_from(["a", "b", "ab", "ba", "杭州", "上海", "é", "😀", "__proto__", "iPhone 14", "toString"])
versions = st.sampled_from(["1", "1.0.0", "1.2", "1.2.3.4", "2.0.0-alpha", "2.0.0-alpha.2", "2.0.0", "v3", "10.0"])
patterns = st.sampled_from(["a", "^a", "b$", "^[a-c]+$", "a|杭", "^.{2}$", "\\w\\d", "[^a]"])
list_ids = st.sampled_from(["staff", "testers", "l-1"])

_known_texts = texts | st.sampled_from(ODD) | st.text(max_size=6)
_known_versions = (
    versions | st.sampled_from(["", "x", "1.2.3.4.5", "1.0-", *ODD]) | st.text("0123456789.-+v", max_size=12)
)


def _values(attribute: str, operator: str) -> st.SearchStrategy[str]:
    if ATTRIBUTES[attribute] is Kind.VERSION:
        return versions
    return patterns if operator == "matches" else texts


@st.composite
def _conditions(draw: st.DrawFn) -> dict[str, Any]:
    attribute = draw(st.sampled_from(sorted(ATTRIBUTES)))
    operators = OPERATORS[ATTRIBUTES[attribute]]
    operator = draw(st.sampled_from(sorted(operators)))
    head: dict[str, Any] = {"attribute": attribute, "operator": operator}
    values = _values(attribute, operator)
    match operators[operator]:
        case Operand.ONE:
            return head | {"value": draw(values)}
        case Operand.MANY:
            # eight conditions stay below the limit of patterns
            most = 2 if operator == "matches" else 4
            return head | {"values": draw(st.lists(values, min_size=1, max_size=most, unique=True))}
        case Operand.RANGE:
            low, high = draw(st.sampled_from([("1", "1.2"), ("1.2", "2"), ("2-alpha", "2"), ("0", "99")]))
            return head | {"from": low, "to": high, "bounds": draw(st.sampled_from(BOUNDS))}


_leaves = _conditions() | st.builds(lambda id_: {"list": id_}, list_ids) | st.just({"everyone": True})

#: rules as JSON that `parse` takes and `dump` gives
rules: st.SearchStrategy[dict[str, Any]] = st.recursive(
    _leaves,
    lambda inner: (
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda part: {"not": part}, inner)
    ),
    max_leaves=8,
)

_fields = {
    name: st.none() | (_known_versions if kind is Kind.VERSION else _known_texts)
    for name, kind in ATTRIBUTES.items()
    if kind is not Kind.SET
}
contexts: st.SearchStrategy[Context] = st.builds(
    Context,
    **_fields,
    tags=st.frozensets(texts | st.sampled_from(ODD), max_size=4),
    lists=st.frozensets(list_ids, max_size=2),
)

#: whatever may be sent in place of a rule
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                "all any not everyone list attribute operator value values from to bounds __proto__".split()
            ),
            inner
            | st.sampled_from([*ATTRIBUTES, *(name for operators in OPERATORS.values() for name in operators), True]),
            max_size=4,
        )
    ),
    max_leaves=20,
)
