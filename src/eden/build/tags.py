"""Tags in templates against the components that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from eden.build.diagnostics import Report
from eden.build.program import Program, Unit
from eden.build.templates import Group, Template

#: tag → whether the container has it; docs/compatibility.md is made from the same file
BUILTINS = Path(__file__).parent / "builtins.json"
#: tags that the template language itself knows
_META = frozenset({"block", "slot", "template", "import", "include", "wxs", "virtual"})
#: tags of WeChat's 3-D engine, all inside <xr-scene>
_XR = "xr-"


@cache
def builtins() -> Mapping[str, bool]:
    tags: dict[str, bool] = json.loads(BUILTINS.read_text("utf-8"))
    return tags


def used_by(unit: Unit, group: Group) -> Iterator[Template]:
    """The unit's template and those that it imports, each once."""
    queue, seen = [unit.path], set()
    while queue:
        name = queue.pop()
        template = group.templates.get(name)
        if name not in seen and template is not None:
            seen.add(name)
            yield template
            queue += template.imports


def shared_used(unit: Unit, group: Group, program: Program) -> dict[str, str]:
    """The global components that this unit can need: those whose tag stands in its templates."""
    if not program.shared:
        return {}
    names: set[str] = set()
    for template in used_by(unit, group):
        names |= program.shared.keys() & set(template.tags)
    placeholders = unit.config.get("componentPlaceholder")
    if isinstance(placeholders, dict):
        names |= program.shared.keys() & {value for value in placeholders.values() if isinstance(value, str)}
    return {name: program.shared[name] for name in sorted(names)}


def check(program: Program, groups: Mapping[str, Group], package: Mapping[str, str], report: Report) -> None:
    """Report tags that no unit which uses the template knows; `package` maps unit → package."""
    unknown: dict[tuple[str, str], Template] = {}
    known: set[tuple[str, str]] = set()
    for unit in program.units.values():
        declared = _declared(unit) | program.declared
        for template in used_by(unit, groups[package[unit.path]]):
            for tag in template.tags:
                if tag in builtins() or tag in _META or tag.startswith(_XR):
                    continue
                if tag in declared:
                    known.add((template.file, tag))
                else:
                    unknown.setdefault((template.file, tag), template)
    for (file, tag), template in unknown.items():
        if (file, tag) not in known:
            _report(template, tag, "unknown-component", f"<{tag}> is neither built in nor in usingComponents", report)
    for group in groups.values():
        for template in group.templates.values():
            for tag in template.tags:
                if builtins().get(tag) is False or tag == f"{_XR}scene":
                    _report(template, tag, "unsupported-component", f"Eden does not have <{tag}> yet", report)


def _declared(unit: Unit) -> set[str]:
    raw = unit.config.get("componentGenerics")
    return {*unit.declared, *(raw if isinstance(raw, dict) else ())}


def _report(template: Template, tag: str, code: str, message: str, report: Report) -> None:
    match = re.search(rf"<{re.escape(tag)}(?![\w.-])", template.text)
    if match is None:
        return
    line = template.text.count("\n", 0, match.start()) + 1
    report.warning(code, message, template.file, line, match.start() - template.text.rfind("\n", 0, match.start()))
