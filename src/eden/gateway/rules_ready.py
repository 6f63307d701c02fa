"""Whether workers can serve a catalogue, asked before it counts: they make an operation ready with its first call, when
nobody is there any more who could be told.
"""

from __future__ import annotations

from collections.abc import Sequence

from eden.gateway.interfaces import Catalogue, OperationVersion
from eden.gateway.pipeline.compile import CompileError, compile_workspace
from eden.gateway.rules_catalogue import Finding
from eden.gateway.rules_plan import Change
from eden.gateway.stored import Stored


def check_ready(catalogue: Catalogue, document: bytes, changes: Sequence[Change]) -> list[Finding]:
    """What is left to find where `check` found no error, in what `changes` concern. `document`: the catalogue as it is
    stored, which is how workers get it."""
    found = []
    try:
        table = compile_workspace(Stored(document), (), "", 0)
    except CompileError as error:
        return [_finding(error)]
    for name in _concerned(catalogue, changes):
        for version in (None, *catalogue.operations[name].versions):
            try:
                table.find(name, version)
            except CompileError as error:
                found.append(_finding(error))
    return found


def _finding(error: CompileError) -> Finding:
    return Finding(level="error", place=error.place, sentence=error.reason, hint="No worker could serve this.")


def _concerned(catalogue: Catalogue, changes: Sequence[Change]) -> list[str]:
    """Names of operations."""
    changed = {(change.kind, change.name) for change in changes if change.action != "remove"}
    kinds = {kind for kind, _ in changed}
    shared = not kinds.isdisjoint(("group", "model", "authorizer"))

    def concerned(one: OperationVersion) -> bool:
        return (
            ("group", one.group) in changed
            or ("authorizer", one.authorizer) in changed
            or ("model" in kinds and one.check_body)
        )

    return [
        name
        for name, operation in catalogue.operations.items()
        if ("operation", name) in changed
        or (shared and any(concerned(one) for one in (operation, *operation.versions.values())))
    ]
