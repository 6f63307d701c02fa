"""The one layer of releasing that writes. Each concept has a service of its own; this is all of them.

Methods take who asks and the workspace, check the permission first, and are asynchronous; `do_…` are the same inside
a write of the caller. Results are values with times in µs.
"""

from __future__ import annotations

from collections.abc import Callable

from eden.base.ground import Ground
from eden.base.ids import now
from eden.release.service_contents import Contents
from eden.release.service_core import Core
from eden.release.service_devices import DeviceRecords
from eden.release.service_figures import Figures
from eden.release.service_lists import Lists
from eden.release.service_overview import Overviews
from eden.release.service_programs import Programs
from eden.release.service_releases import Releases
from eden.release.service_reports import Reports
from eden.release.service_ticks import Ticks
from eden.release.service_trials import Trials
from eden.release.service_trust import Trust
from eden.release.service_versions import Versions


class ReleaseService:
    """All services over one ground. `clock` gives µs in UTC."""

    def __init__(self, ground: Ground, clock: Callable[[], int] = now) -> None:
        self.core = Core(ground, clock)
        self.programs = Programs(self.core)
        self.versions = Versions(self.core)
        self.contents = Contents(self.core)
        self.overviews = Overviews(self.core)
        self.lists = Lists(self.core)
        self.trials = Trials(self.core)
        self.releases = Releases(self.core)
        self.reports = Reports(self.core)
        self.figures = Figures(self.core)
        self.devices = DeviceRecords(self.core)
        self.trust = Trust(self.core)
        self.ticks = Ticks(self.core, self.releases)
