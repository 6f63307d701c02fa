"""What takes the rows of forgotten people out of the tables, on a thread of the insight process, while nobody waits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

from eden.observe.insight.engine import Engine
from eden.observe.insight.erasure import take_out

#: several who are forgotten one after the other are taken out together: once nobody else came for so long, or after so
#: many times of it
_GATHER_SECONDS = 10.0
_MOST_TIMES = 30
#: how long nothing happens before it is looked whether other machines have left something
_SECONDS = 600.0
_AGAIN_SECONDS = 10.0

log = logging.getLogger("eden.insight")


class Forgetter:
    """A worker."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="eden-forgetter", daemon=True)
        self._failed = ""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._engine.hidden.wake()
        if self._thread.is_alive():
            self._thread.join()

    def settled(self, seconds: float) -> bool:
        return True

    def figures(self) -> Mapping[str, float]:
        return {"forgetting": float(len(self._engine.hidden.gone)), "forgetting_failing": float(bool(self._failed))}

    def _run(self) -> None:
        while not self._end.is_set():
            self._engine.hidden.wait(_SECONDS)
            if not self._gathered():
                return
            try:
                take_out(self._engine)
                self._failed = ""
            except Exception as error:
                if str(error) != self._failed:
                    log.error(
                        "forgotten rows are hidden, and not deleted: %s", error, exc_info=not hasattr(error, "hint")
                    )
                self._failed = str(error) or type(error).__name__
                self._end.wait(_AGAIN_SECONDS)

    def _gathered(self) -> bool:
        """Wait until nobody else comes. Who is forgotten next would have to wait for what is taken out. False: it is to
        end."""
        for _ in range(_MOST_TIMES):
            before = self._engine.hidden.gone
            if self._end.wait(_GATHER_SECONDS):
                return False
            if self._engine.hidden.gone == before:
                break
        return True
