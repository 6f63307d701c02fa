"""Ways through something as a value: how many go from where to where, in which step (a Sankey diagram).

`container/console/flow-option.ts` draws it; the same numbers are a table.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from eden.console import formats
from eden.console.messages import Locale

#: more ribbons cannot be followed by eyes
MOST_LINKS = 200


@dataclass(frozen=True, slots=True)
class FlowLink:
    """`count` go from `source` in the column `step` to `target` in the next one."""

    step: int
    source: str
    target: str
    count: int


@dataclass(frozen=True, slots=True)
class Flow:
    """`headings` name the columns of the table: step, from, to, count."""

    id: str
    title: str
    headings: tuple[str, str, str, str]
    links: Sequence[FlowLink]
    summary: str = ""

    def __post_init__(self) -> None:
        if len(self.links) > MOST_LINKS:
            raise ValueError(f"the flow {self.id} has {len(self.links)} links; {MOST_LINKS} are the most")

    def data(self) -> str:
        """JSON for the browser. A place is another node in every column, so that no way leads back."""
        nodes: dict[tuple[int, str], int] = {}
        for link in self.links:
            nodes.setdefault((link.step, link.source), len(nodes))
            nodes.setdefault((link.step + 1, link.target), len(nodes))
        value = {
            "kind": "flow",
            "title": self.title,
            "nodes": [{"step": step, "label": label} for step, label in nodes],
            "links": [
                {
                    "source": nodes[link.step, link.source],
                    "target": nodes[link.step + 1, link.target],
                    "value": link.count,
                }
                for link in self.links
            ],
        }
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def columns(self) -> list[str]:
        return list(self.headings)

    def rows(self, locale: Locale) -> list[list[str]]:
        """By step, the largest first."""
        ordered = sorted(self.links, key=lambda link: (link.step, -link.count))
        return [[str(link.step + 1), link.source, link.target, formats.number(link.count, locale)] for link in ordered]
