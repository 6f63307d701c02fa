"""A platform with two mini programs, whose events store is an engine in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eden.base.ids import now
from eden.observe.apps import App
from eden.observe.insight.client import Insight
from eden.observe.service import Observe
from tests.office import Office, open_office


@dataclass
class Stand:
    """`office` with the mini programs "bank" and "shop" in its first workspace."""

    office: Office
    observe: Observe

    @property
    def seconds(self) -> float:
        return now() // 1_000_000

    def path(self, key: str) -> str:
        """Of an app below /api/v1."""
        return f"/workspaces/{self.office.here}/observe/apps/{key}"

    def app(self, key: str) -> App:
        return next(
            app for app in self.observe.apps._apps.values()
            if app.key == key and app.workspace_id == self.office.here_id
        )  # fmt: skip


@contextmanager
def open_stand(folder: Path, insight: Insight) -> Iterator[Stand]:
    """`insight` answers in place of a process of its own."""
    with open_office(folder) as office:
        observe = next(part.services["observe"] for part in office.platform.parts if part.name == "observe")
        assert isinstance(observe, Observe)
        observe.insight = insight
        for key in ("bank", "shop"):
            made = office.ask(
                "owner", "POST", f"/workspaces/{office.here}/programs",
                json={"key": key, "name": key.title(), "kind": "miniprogram"},
            )  # fmt: skip
            assert made.status_code in (200, 201), made.text
            assert (
                office.ask("owner", "GET", f"/workspaces/{office.here}/observe/apps/{key}/sql/tables").status_code
                == 200
            )
        yield Stand(office, observe)
