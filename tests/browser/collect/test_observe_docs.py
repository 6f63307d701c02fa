"""docs/observe.md tells of every kind that there is, and of its events, and of no other."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
DOC = (ROOT / "docs/observe.md").read_text("utf-8")
COLLECT = ROOT / "container/host/collect"


def _section(name: str) -> str:
    return DOC.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]


def test_kinds() -> None:
    kinds = re.search(r"export const KINDS = \[(.*?)\]", (COLLECT / "records.ts").read_text("utf-8"), re.DOTALL)
    assert kinds is not None
    assert re.findall(r"^### (.+)$", _section("Kinds"), re.MULTILINE) == re.findall(r"'(\w+)'", kinds[1])


def test_events() -> None:
    trail = (COLLECT / "trail.ts").read_text("utf-8")
    assert set(re.findall(r"`(\$\w+)`", _section("Kinds"))) == set(re.findall(r"name: '(\$\w+)'", trail))


def test_properties_of_events() -> None:
    trail = (COLLECT / "trail.ts").read_text("utf-8")
    for name in ("bytes_up", "bytes_down", "failure", "handler", "component", "reason", "elements", "referrer", "next"):
        assert name in trail and f"`{name}`" in DOC


def test_white_screen_reasons() -> None:
    told = set(
        re.findall(r"^\| `(\w+)` \|", _section("Kinds").split("### white_screen")[1].split("###")[0], re.MULTILINE)
    )
    collector = (ROOT / "container/runtime/collect/collector.ts").read_text("utf-8")
    looked = (ROOT / "container/runtime/collect/white-screen.ts").read_text("utf-8")
    assert told == {"error", "empty", "waiting", "hidden"}
    assert all(f"'{reason}'" in collector + looked for reason in told)


def test_reasons_of_loss() -> None:
    told = set(re.findall(r"`(\w+)`", re.search(r"`\$dropped` \((.*?)\)", _section("Sending"))[1]))  # type: ignore[index]
    code = "".join(path.read_text("utf-8") for path in COLLECT.glob("*.ts") if not path.name.endswith(".test.ts"))
    assert told == set(re.findall(r"drop\([^,()]*(?:\([^()]*\))?[^,()]*, '(\w+)'", code))
