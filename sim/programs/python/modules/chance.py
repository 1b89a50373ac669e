"""random, uuid, secrets: chance that comes from the simulated machine's seed, so that a session can be repeated."""

from __future__ import annotations

import uuid as library_uuid
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

Table = dict[str, Any]
NAMES = "random randint randrange choice choices shuffle sample uniform gauss seed getrandbits expovariate betavariate"


def random(machine: Machine) -> Table:
    return {name: getattr(machine.random, name) for name in NAMES.split()} | {"Random": Random}


def uuid(machine: Machine) -> Table:
    def uuid4() -> library_uuid.UUID:
        return library_uuid.UUID(int=machine.random.getrandbits(128), version=4)

    return {"uuid4": uuid4, "uuid1": uuid4, "UUID": library_uuid.UUID, "uuid5": library_uuid.uuid5,
            "NAMESPACE_DNS": library_uuid.NAMESPACE_DNS, "NAMESPACE_URL": library_uuid.NAMESPACE_URL}  # fmt: skip


def secrets(machine: Machine) -> Table:
    def token_hex(size: int = 32) -> str:
        return machine.random.randbytes(size).hex()

    return {"token_hex": token_hex, "token_bytes": lambda size=32: machine.random.randbytes(size),
            "choice": machine.random.choice, "randbelow": machine.random.randrange,
            "token_urlsafe": lambda size=32: token_hex(size)[:size]}  # fmt: skip
