"""Timers and queues of the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.programs.node.machine import Timer
from sim.programs.node.values import JSFunction

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine
    from sim.programs.node.realm import Realm

LONGEST = 2**31 - 1


def _callback(realm: Realm, function: Any) -> None:
    if not isinstance(function, JSFunction):
        from sim.programs.node.inspecting import inspect

        raise realm.error("TypeError", 'The "callback" argument must be of type function. Received '
                          f"{inspect(realm, function)}", "ERR_INVALID_ARG_TYPE")  # fmt: skip


def table(machine: Machine) -> dict[str, Any]:
    known: dict[int, Timer] = {}

    def start(realm: Realm, this: Any, function: Any, milliseconds: float, repeat: bool, args: Any) -> float:
        _callback(realm, function)
        delay = milliseconds if 1 <= milliseconds <= LONGEST else 1.0
        timer = machine.add_timer(function, tuple(args.items), int(delay) / 1000, repeat=repeat)
        known[timer.number] = timer
        return float(timer.number)

    def stop(realm: Realm, this: Any, number: Any = None) -> None:
        timer = known.pop(int(number), None) if type(number) is float and number == number else None
        if timer is not None:
            timer.alive = False

    def keep(realm: Realm, this: Any, number: Any, refed: Any) -> None:
        if int(number) in known:
            known[int(number)].refed = refed

    def has_ref(realm: Realm, this: Any, number: Any) -> bool:
        return int(number) in known and known[int(number)].refed

    def handle(realm: Realm, this: Any, number: Any, owner: Any) -> None:
        known[int(number)].handle = owner

    def immediate(realm: Realm, this: Any, function: Any, args: Any) -> None:
        _callback(realm, function)
        machine.immediates.append((function, tuple(args.items)))

    def tick(realm: Realm, this: Any, function: Any, args: Any) -> None:
        _callback(realm, function)
        machine.ticks.append((function, tuple(args.items)))

    def microtask(realm: Realm, this: Any, function: Any) -> None:
        _callback(realm, function)
        realm.jobs.append(lambda: realm.began(function, None))

    return {"start": start, "stop": stop, "keep": keep, "hasRef": has_ref, "handle": handle, "immediate": immediate,
            "tick": tick, "microtask": microtask}  # fmt: skip
