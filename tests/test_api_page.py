"""docs/api.md says what is so: every code, the table of roles, and every operation.

python -m tests.test_api_page writes the list of operations anew.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from eden.base.identity.roles import HOLDERS, ROLES
from eden.base.problems import CATALOGUE
from tests.office import open_office

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
_BETWEEN = re.compile(r"(?<=<!-- operations -->\n).*(?=<!-- end of operations -->)", re.DOTALL)


def operations(document: dict[str, Any]) -> str:
    """Every operation by its group: method and path, what it does, what it needs."""
    lines: list[str] = []
    found: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            sentence, _, needs = operation["description"].partition("\n\nNeeds ")
            sentence = " ".join(sentence.split("\n\n")[0].split())
            row = f"| `{method.upper()} {path.removeprefix('/api/v1')}` | {sentence} | {needs.rstrip('.')} |"
            found.setdefault(operation["tags"][0], []).append(row)
    for tag in document["tags"]:
        if rows := found.get(tag["name"]):
            order = {"GET": 0, "POST": 1, "PUT": 2, "PATCH": 3, "DELETE": 4}
            rows.sort(key=lambda row: ((parts := row.split("`")[1].split())[1], order[parts[0]]))
            lines += [f"\n### {tag['name']}\n", f"{tag['description']}\n", "| operation | | needs |", "|---|---|---|"]
            lines += rows
    return "\n".join([*lines, "", ""])


def _document() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, open_office(Path(folder)) as office:
        document: dict[str, Any] = office.client.get("/api/v1/openapi.json").json()
    return document


def test_every_code_has_its_heading_and_status() -> None:
    text = PAGE.read_text(encoding="utf-8")
    described = dict(re.findall(r"^### ([a-z-]+)\n\n(\d{3})\.", text, re.MULTILINE))
    assert described == {code: str(status) for code, (status, _) in CATALOGUE.items()}


def test_table_of_roles() -> None:
    text = PAGE.read_text(encoding="utf-8")
    head = re.search(r"^\| permission \| (.*) \|$", text, re.MULTILINE)
    assert head
    assert tuple(head[1].split(" | ")) == ROLES
    rows = dict(re.findall(r"^\| `(\w+\.\w+)` \|(.*)\|$", text, re.MULTILINE))
    assert {
        name: {role for role, cell in zip(ROLES, cells.split("|"), strict=True) if cell.strip()}
        for name, cells in rows.items()
    } == HOLDERS


def test_every_operation_is_listed() -> None:
    listed = _BETWEEN.search(PAGE.read_text(encoding="utf-8"))
    assert listed
    assert listed[0] == operations(_document()), "renew it: python -m tests.test_api_page"


if __name__ == "__main__":
    PAGE.write_text(_BETWEEN.sub(lambda _: operations(_document()), PAGE.read_text("utf-8")), "utf-8")
