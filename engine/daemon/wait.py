"""`docker wait`: the exit status, when the condition holds (moby, daemon/wait.go and container/state.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import InvalidParameter
from engine.loop import Future

if TYPE_CHECKING:
    from engine.daemon.container import Container

CONDITIONS = ("", "not-running", "next-exit", "removed")


async def until(container: Container, condition: str) -> Future[int]:
    """Registered when this returns: an exit from now on is not missed. Raises InvalidParameter.

    A start or an exit that is under way comes first.
    """
    if condition not in CONDITIONS:
        raise InvalidParameter(f'invalid condition: "{condition}"')
    if condition == "removed":
        return container.until_removal()
    if condition == "next-exit":
        return container.until_exit()
    async with container.lock:
        if container.active:
            return container.until_exit()
    future: Future[int] = Future(container.loop)
    future.set_result(container.exit_code)
    return future
