"""An event loop that kills its process (SIGKILL) before a chosen step of its tasks: death at an await boundary.

Who calls it: ``bench.paging_process``. Between two steps a task waits for something; what it did until then has left
the process (a query, a request), what comes back is never seen. Counted are the tasks whose name begins with a prefix.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine, Generator
from contextvars import Context
from types import TracebackType
from typing import Any

from bench.paging_seeds import KillPoint


class DeadlyLoop(asyncio.SelectorEventLoop):
    """Dies at ``point``; lives where there is none."""

    def __init__(self, point: KillPoint | None) -> None:
        super().__init__()
        self._point = point
        self._steps = 0

    def create_task(
        self, coro: Generator[Any, None, Any] | Coroutine[Any, Any, Any], *, name: object = None, context: Any = None
    ) -> asyncio.Task[Any]:
        """Make a task whose steps are counted."""
        if self._point is not None and asyncio.iscoroutine(coro):
            coro = _Counted(coro, self)
        given: Context | None = context
        return super().create_task(coro, name=str(name) if name is not None else None, context=given)

    def step(self, name: str) -> None:
        """Count a step of a task; at the chosen one nothing comes after."""
        if self._point is None or not name.startswith(self._point.tasks):
            return
        self._steps += 1
        if self._steps >= self._point.step:
            os.kill(os.getpid(), signal.SIGKILL)


class _Counted(Coroutine[Any, Any, Any]):
    """A coroutine that tells its loop of every step; its task has its name only when the first one is made."""

    def __init__(self, inner: Coroutine[Any, Any, Any], loop: DeadlyLoop) -> None:
        self._inner, self._loop = inner, loop
        self._name: str | None = None

    def send(self, value: Any) -> Any:
        self._tell()
        return self._inner.send(value)

    def throw(self, kind: Any, value: BaseException | object = None, trace: TracebackType | None = None, /) -> Any:
        self._tell()
        error = kind if isinstance(kind, BaseException) else value if isinstance(value, BaseException) else kind()
        return self._inner.throw(error.with_traceback(trace) if trace is not None else error)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._inner.__await__()

    def _tell(self) -> None:
        if self._name is None:
            task = asyncio.current_task(self._loop)
            self._name = task.get_name() if task else ""
        self._loop.step(self._name)
