"""What a worker could not serve is told to who applies it, even where the checks do not find it."""

from __future__ import annotations

from typing import Any

import pytest

from eden.gateway import service
from eden.gateway.interfaces import Catalogue
from eden.gateway.rules_plan import diff
from eden.gateway.rules_ready import check_ready
from eden.gateway.service import encode
from tests.gateway.samples import changed, shop
from tests.gateway.test_api_catalogue import GATEWAY, office, open_once  # noqa: F401 - fixtures
from tests.office import Office

LIST = "operations/shop.items.list/"


def places(before: Catalogue, after: Catalogue) -> list[str]:
    return [one.place for one in check_ready(after, encode(after), diff(before, after))]


HOST = (LIST + "headers", [{"name": "Host", "value": "x"}])
OLD: dict[str, Any] = {"0": {"group": "shop", "check_body": True, "body": "Item", "authorizer": "people"}}


@pytest.mark.parametrize(
    ("way", "value", "place"),
    [
        (*HOST, 'operations."shop.items.list"'),
        (LIST + "authorizer", "nobody", 'operations."shop.items.list"'),
        (LIST + "versions", {"0": {"group": "nowhere"}}, 'operations."shop.items.list".versions.0'),
        ("authorizers/who", {"operation": "nothing"}, "authorizers.who"),
    ],
)
def test_what_changed_is_made_ready(way: str, value: Any, place: str) -> None:
    assert places(shop(), changed((way, value))) == [place]
    assert places(Catalogue(), shop()) == []


@pytest.mark.parametrize(
    "change",
    [
        ("groups/shop/timeout_ms", 77),
        ("models/Odd", {"alias": "int"}),
        ("authorizers/people/cache_s", 1),
    ],
)
def test_what_hangs_on_a_change_is_made_ready_too(change: tuple[str, Any]) -> None:
    """Nothing else is: what was there before and is wrong is no finding of a change elsewhere."""
    wrong = (HOST, (LIST + "versions", OLD))
    assert places(changed(*wrong), changed(*wrong, change)) == ['operations."shop.items.list"']
    assert places(changed(*wrong), changed(*wrong, ("defaults/timeout_ms", 7))) == []


def test_who_applies_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(service, "check", lambda _: [])
    document = {"groups": {}, "operations": {"a.b": {"group": "nowhere"}}}
    refused = office.ask("developer", "PUT", f"{GATEWAY}/catalogue", json=document)
    assert refused.status_code == 400
    assert refused.json()["errors"] == [
        {"field": 'operations."a.b"', "message": "There is no group nowhere. No worker could serve this."}
    ]
    plan = office.ask("developer", "POST", f"{GATEWAY}/plan", json=document).json()
    assert [finding["place"] for finding in plan["findings"]] == ['operations."a.b"']
    assert office.get("developer", f"{GATEWAY}/catalogue")["revision"] == 0
