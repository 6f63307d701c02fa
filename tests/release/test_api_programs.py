"""Programs over HTTP: what can be said anew of one that is there."""

from __future__ import annotations

from tests.office import Office
from tests.release.test_api_releases import office, post, problem, rooted

__all__ = ["office", "rooted"]


def test_a_program_moves_between_host_apps(rooted: Office) -> None:
    post(rooted, "owner", "/host-apps", {"key": "super", "name": "Super app"})
    assert [host["key"] for host in rooted.get("auditor", "/workspaces/test/host-apps")] == ["super"]
    path = "/workspaces/test/programs/bank"
    changed = rooted.ask("developer", "PATCH", path, json={"host_app": "super", "description": "Money"})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["host_app"], changed.json()["name"]) == ("super", "bank")
    # what is left out stays
    assert rooted.ask("developer", "PATCH", path, json={"name": "The bank"}).json()["host_app"] == "super"
    assert rooted.ask("developer", "PATCH", path, json={"host_app": ""}).json()["host_app"] is None
    assert rooted.get("auditor", path)["description"] == "Money"
    assert problem(rooted.ask("developer", "PATCH", path, json={"host_app": "absent"})) == (404, "not-found")
    assert problem(rooted.ask("developer", "PATCH", path, json={"host_app": "No!"})) == (400, "invalid")
