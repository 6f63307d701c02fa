"""Policy rules: a decision table of zen-engine, asked as one compiled expression of it where its cells allow that.

A table's evaluation costs ten times what its comparisons do, for the engine prepares a whole graph each time. Tables
whose cells are plain comparisons of one field (`< 18`, `> most`, `false`) say the same as a list of conditions; any
other table is evaluated as it is. The tests hold both against each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import zen

#: facts → the outputs of all rows that match, in the table's order
Policy = Callable[[Mapping[str, Any]], list[dict[str, str]]]
_COMPARISON: Final = re.compile(r"(?:(<=|>=|==|!=|<|>)\s*)?(-?\d+|true|false|[a-z_]+)")


def whole(table: Mapping[str, Any]) -> Policy:
    """The table as the engine evaluates it."""
    decision = zen.ZenEngine().create_decision(msgspec.json.encode(table).decode())

    def evaluate(facts: Mapping[str, Any]) -> list[dict[str, str]]:
        answer: Any = decision.evaluate(dict(facts))
        hits: list[dict[str, str]] = answer["result"]
        return hits

    return evaluate


def compiled(table: Mapping[str, Any]) -> Policy:
    """The same, fast where the cells are plain comparisons."""
    nodes = {node["type"]: node for node in table["nodes"]}
    content = nodes.get("decisionTableNode", {}).get("content", {})
    if sorted(nodes) != ["decisionTableNode", "inputNode", "outputNode"] or content.get("hitPolicy") != "collect":
        return whole(table)
    conditions, outputs = [], []
    for row in content["rules"]:
        condition = _condition(row, content["inputs"])
        output = _output(row, content["outputs"])
        if condition is None or output is None:
            return whole(table)
        conditions.append(condition)
        outputs.append(output)
    expression = zen.compile_expression(f"[{', '.join(conditions)}]")

    def evaluate(facts: Mapping[str, Any]) -> list[dict[str, str]]:
        held: Any = expression.evaluate(dict(facts))
        return [dict(output) for output, is_so in zip(outputs, held, strict=True) if is_so]

    return evaluate


def _condition(row: Mapping[str, str], inputs: list[Mapping[str, str]]) -> str | None:
    parts = []
    for column in inputs:
        cell = row.get(column["id"], "").strip()
        if not cell:
            continue
        match = _COMPARISON.fullmatch(cell)
        if match is None:
            return None
        parts.append(f"({column['field']} {match[1] or '=='} {match[2]})")
    return " and ".join(parts) if parts else "true"


def _output(row: Mapping[str, str], outputs: list[Mapping[str, str]]) -> dict[str, str] | None:
    try:
        return {column["field"]: json.loads(row[column["id"]]) for column in outputs}
    except (KeyError, ValueError):
        return None
