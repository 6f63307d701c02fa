"""Trying again: only what is safe to do twice."""

from __future__ import annotations

from eden.gateway.exchange import IDEMPOTENT, Failure
from eden.gateway.interfaces import Retry


def tries_again(rule: Retry | None, method: bytes, cause: Failure | int, attempt: int) -> bool:
    """Whether a call that failed, or was answered with the status `cause`, is sent again; `attempt` counts from 0.

    Without a connection nothing was sent, so any method may. A closed connection or a time-out leaves open what was
    done: the rule cannot name them.
    """
    if rule is None or attempt >= rule.most or str(cause) not in rule.on:
        return False
    return cause == "connect" or rule.any_method or method in IDEMPOTENT
