"""The platform's services, which the demo asks in their own process."""

from __future__ import annotations

from typing import TypeVar

from eden.app import Platform

T = TypeVar("T")


def service(platform: Platform, kind: type[T]) -> T:
    """The platform's service of a class."""
    return next(one for part in platform.parts for one in part.services.values() if isinstance(one, kind))
