"""docs/release.md: every field of a plan and every word of `eden release` is on the page, and its plan is one."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import msgspec

from eden.publish.release import VERBS
from eden.release.interfaces import Audience, Guardrails, Plan, Ramp, Step, Window
from eden.release.rules_plan import check_plan

PAGE = (Path(__file__).parents[2] / "docs" / "release.md").read_text(encoding="utf-8")


def test_fields_of_plans() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGE))
    for kind in (Step, Audience, Window, Ramp, Guardrails):
        # as they are called in JSON
        assert {field.encode_name for field in msgspec.structs.fields(kind)} <= named | {"name"}, kind.__name__


def test_defaults_of_guardrails() -> None:
    rows = dict(re.findall(r"^\| · (`[a-z_`, ]+`) \| (.*) \|$", PAGE, re.MULTILINE))
    usual = Guardrails()
    switches = ", ".join(str(value).lower() for value in (usual.crash, usual.start, usual.error))
    assert rows["`crash`, `start`, `error`"].endswith(f"; {switches}")
    for name in ("limit", "minimum_starts"):
        assert f"({getattr(usual, name)})" in rows[f"`{name}`"]
    assert f"({str(usual.control).lower()})" in rows["`control`, `alpha`"]
    assert f"({usual.alpha})" in rows["`control`, `alpha`"]


def test_plan_of_the_page() -> None:
    blocks = [block for block in re.findall(r"(?:^    .*\n)+", PAGE, re.MULTILINE) if '"steps"' in block]
    assert len(blocks) == 1
    plan = check_plan(msgspec.json.decode(textwrap.dedent(blocks[0])), is_list=lambda name: name == "Testers")
    assert isinstance(plan, Plan)
    assert [step.name for step in plan.steps] == ["Testers", "1 %", "Everyone, slowly"]


def test_verbs() -> None:
    table = re.findall(r"^\| ([a-z ,]+) \| [a-z ,]+ \| ", PAGE, re.MULTILINE)
    told = {word.strip().replace(" ", "") for row in table for word in row.split(",")}
    assert set(VERBS) <= told
