"""`eden release`: every verb of a release from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from eden.base.errors import EdenError
from eden.publish.client import Access, Client, connect
from eden.publish.publish import read_plan

#: word of the command → (path of the verb, whether it needs a reason)
VERBS = {
    "start": ("start", False),
    "advance": ("advance", False),
    "pause": ("pause", True),
    "resume": ("resume", False),
    "halt": ("halt", True),
    "rollback": ("roll-back", True),
    "rollforward": ("roll-forward", True),
    "finish": ("finish", False),
}


async def create(access: Access, program: str, code: int, plan: Path | None, notes: str) -> int:
    """Draft a release."""
    body: dict[str, Any] = {"program": program, "code": code, "notes": notes}
    if plan is not None:
        body["plan"] = read_plan(plan)
    async with connect(access) as client:
        release = await client.post("/releases", body)
        _print(release)
        print(f"It is a draft. Begin it: eden release start {release['id']}")
    return 0


async def show(access: Access, target: str | None) -> int:
    """One release, or the running ones."""
    async with connect(access) as client:
        if target is not None:
            release = await _find(client, target)
            _print(release)
            await _print_details(client, release)
            return 0
        found = (await client.get("/releases", running="true", limit=200))["items"]
        for release in found:
            _print(release)
        if not found:
            print("No release is running.")
    return 0


async def act(access: Access, word: str, target: str, reason: str, step: int | None) -> int:
    """Carry out a verb on the release as it is now."""
    verb, needs_reason = VERBS[word]
    if needs_reason and not reason.strip():
        raise EdenError("no-reason", "Say why: others will read it in the log.", f'eden release {word} … --reason "…"')
    async with connect(access) as client:
        release = await _find(client, target)
        body: dict[str, Any] = {"revision": release["revision"], "reason": reason}
        if step is not None:
            body["step"] = step - 1
        _print(await client.post(f"/releases/{release['id']}/{verb}", body))
    return 0


async def _find(client: Client, target: str) -> Any:
    """A release by its id; by a program's key its running one, or its newest."""
    if len(target) == 36 and target.count("-") == 4:
        return await client.get(f"/releases/{quote(target, safe='')}")
    for running in ("true", None):
        found = (await client.get("/releases", program=target, running=running, limit=1))["items"]
        if found:
            return found[0]
    raise EdenError("no-release", f"The program {target} has no release.", "Make one: eden release create")


def _print(release: Any) -> None:
    steps = release["plan"]["steps"]
    share = release["share"] / 100
    closed = f", closed ({release['closed'].replace('_', ' ')})" if release["closed"] else ""
    where = f"step {release['step'] + 1} of {len(steps)} ({steps[release['step']]['name']}), {share:g} %"
    state = release["state"].replace("_", " ")
    print(f"{release['program']} {release['version']} ({release['code']}): {state}, {where}{closed}")


async def _print_details(client: Client, release: Any) -> None:
    print(f"  release {release['id']}, revision {release['revision']}, by {release['created_by']}")
    possible = [word for word, (verb, _) in VERBS.items() if release["refused"].get(verb.replace("-", "_")) is None]
    print(f"  possible now: {', '.join(possible) or 'nothing'}")
    verdict = release["verdict"]
    if verdict is not None:
        print(f"  guardrails: {verdict['health'].replace('_', ' ')}")
        for metric in verdict["metrics"]:
            new, control, listed = metric["starts"]
            events = metric["events"]
            print(
                f"    {metric['metric']}: {events[0] + events[2]} in {new + listed} starts of the new version, "
                f"{events[1]} in {control} of the control group"
            )
    for event in (await client.get(f"/releases/{release['id']}/events", limit=10))["items"]:
        why = event["reason"] or (event["message"] or {}).get("text", "")
        print(f"  {event['at'][:19]}Z  {event['kind']:<12} {event['actor']}{f': {why}' if why else ''}")
