"""Running generators: a stack of them, as deep as the program's calls, none of which is a call of Python's.

A generator hands over what has to run before it can go on: another generator, whose result it gets; `None`, a step that
only costs time; a `Waiting`, for which the kernel is asked.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from sim.programs.node.values import DONE, Running, Waiting

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

DEEPEST = 7800  # calls inside one another
NESTED = 25  # executions inside one another: getters, toString(), callbacks of what cannot wait
NESTED_STEPS = 2_000_000  # of one that cannot wait
TOO_DEEP = "Maximum call stack size exceeded"


class Execution:
    """`value` or `error` is what the innermost generator gets next; at the end `value` is the result."""

    __slots__ = ("end", "error", "realm", "stack", "steps", "value")

    def __init__(self, realm: Realm, body: Generator[Any, Any, Any]) -> None:
        self.realm, self.stack = realm, [body]
        self.value: Any = None
        self.error: BaseException | None = None
        self.steps = self.end = 0

    def advance(self, budget: int) -> Any:
        """Run for at most so many steps: DONE, None if there is more to do, or a Waiting. Raises what nobody caught."""
        executions = self.realm.executions
        executions.append(self)
        try:
            self.end = self.steps + budget
            return self._advance()
        finally:
            executions.pop()

    def _advance(self) -> Any:
        stack, value, error = self.stack, self.value, self.error
        self.value = self.error = None
        while stack:
            body = stack[-1]
            try:
                if error is None:
                    value = body.send(value)
                else:
                    failure, error = error, None
                    value = body.throw(failure)
            except StopIteration as done:
                stack.pop()
                value = done.value
                continue
            except BaseException as failure:
                stack.pop()
                error, value = failure, None
                if not stack:
                    raise
                continue
            self.steps += 1
            if type(value) is Running:
                stack.append(value)
                value = None
                if len(stack) > DEEPEST:
                    stack.pop()
                    error = self.realm.error("RangeError", TOO_DEEP)
            elif type(value) is Waiting:
                return value
            if self.steps >= self.end:
                self.value, self.error = value, error
                return None
        self.value = value
        return DONE


def run_now(realm: Realm, body: Generator[Any, Any, Any]) -> Any:
    """Run to the end for a caller that cannot wait. Raises Thrown."""
    if len(realm.executions) > NESTED:
        raise realm.error("RangeError", TOO_DEEP)
    execution = Execution(realm, body)
    found = execution.advance(NESTED_STEPS)
    realm.spent += execution.steps
    if found is DONE:
        return execution.value
    if isinstance(found, Waiting):
        found.work.close()
    raise realm.error("Error", "the simulated node cannot wait, or compute for so long, in a function that is called "
                               "from inside an operation")  # fmt: skip
