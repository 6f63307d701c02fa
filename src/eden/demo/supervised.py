"""A process beside the demo: started again when it dies, its lines with the others, gone when the demo is."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

#: pauses before it is started again; the last one for ever
_PAUSES = (0.1, 0.5, 2.0, 10.0)
#: a process that lived this long begins with the first pause
_SETTLED = 60.0
_ADDRESS = re.compile(r"http://[0-9a-z.\[\]:]+")


class Supervised:
    """`command` makes the arguments for a port (0: any that is free). The process prints its address first, and ends
    when its standard input does, so that it does not outlive a demo that is killed. It has `end_seconds` to end."""

    def __init__(
        self,
        name: str,
        command: Callable[[int], Sequence[str]],
        environment: Mapping[str, str] | None = None,
        *,
        end_seconds: float = 5.0,
    ) -> None:
        self._name, self._command, self._end_seconds = name, command, end_seconds
        self._environment = dict(environment) if environment is not None else None
        self._process: asyncio.subprocess.Process | None = None
        self._supervising: asyncio.Task[None] | None = None
        self._address = ""
        self._ready = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    def start(self) -> None:
        """In the running loop."""
        self._supervising = asyncio.create_task(self._supervise(), name=f"eden-{self._name}")

    async def address(self) -> str:
        """As soon as it is there: scheme, host and port. The same for all processes that follow each other."""
        await self._ready.wait()
        return self._address

    async def stop(self) -> None:
        """End it, in the way that it likes or in another."""
        if self._supervising is not None:
            self._supervising.cancel()
            await asyncio.gather(self._supervising, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self._end_seconds)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _supervise(self) -> None:
        tried, port = 0, 0
        while True:
            began = time.monotonic()
            try:
                self._process = process = await asyncio.create_subprocess_exec(
                    *self._command(port),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.STDOUT,
                    env=self._environment,
                )
            except OSError as error:
                # the machine has no process or no memory left, which may pass
                ended = f"could not be started ({error})"
            else:
                assert process.stdout is not None
                async for text in _lines(process.stdout):
                    if not self._ready.is_set() and (found := _ADDRESS.search(text)):
                        self._address, port = found[0], int(found[0].rpartition(":")[2])
                        self._ready.set()
                    elif not _ADDRESS.fullmatch(text.rpartition(" ")[2]):
                        print(f"  {self._name} | {text}", flush=True)
                ended = f"ended with {await process.wait()}"
            tried = 0 if time.monotonic() - began > _SETTLED else tried
            print(f"  {self._name} | {ended}, is started again", file=sys.stderr, flush=True)
            await asyncio.sleep(_PAUSES[min(tried, len(_PAUSES) - 1)])
            tried += 1


async def _lines(output: asyncio.StreamReader) -> AsyncIterator[str]:
    """What a process says, to its end. Of a line that is longer than the reader's buffer only the rest is told: nobody
    reads it, and the process must not wait for somebody who does."""
    while True:
        try:
            line = await output.readline()
        except ValueError:
            continue
        if not line:
            return
        yield line.decode("utf-8", "replace").rstrip()
