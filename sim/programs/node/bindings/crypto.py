"""Hashes (hashlib's) and chance (the machine's own, so that a session can be played again)."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from sim.programs.node.bindings.buffer import buffer, given, taken

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine
    from sim.programs.node.realm import Realm

NAMES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3-256", "sha3-512", "blake2b512", "blake2s256")


def _python_name(name: Any) -> str:
    said = str(name).lower()
    said = {"blake2b512": "blake2b", "blake2s256": "blake2s", "rsa-sha256": "sha256"}.get(said, said)
    return said.replace("sha-", "sha").replace("sha3-", "sha3_")


def table(machine: Machine) -> dict[str, Any]:
    def random(realm: Realm, this: Any, size: Any) -> Any:
        return buffer(realm, machine.random.randbytes(len(taken(realm, size))))

    def derived(realm: Realm, this: Any, password: Any, salt: Any, rounds: Any, size: Any, name: Any) -> Any:
        return buffer(realm, hashlib.pbkdf2_hmac(_python_name(name), given(realm, password), given(realm, salt),
                                                 min(int(rounds), 1_000_000), int(size)))  # fmt: skip

    return {
        "known": lambda realm, this, name: _python_name(name) in hashlib.algorithms_guaranteed,
        "hash": lambda realm, this, name, data: buffer(realm, hashlib.new(_python_name(name),
            bytes(data.data)).digest()),
        "hmac": lambda realm, this, name, key, data: buffer(
            realm, hmac.new(given(realm, key), bytes(data.data), _python_name(name)).digest()),
        "random": random, "names": lambda realm, this: realm.array(list(NAMES)), "pbkdf2": derived,
        "scrypt": lambda realm, this, password, salt, size: buffer(
            realm, hashlib.scrypt(given(realm, password), salt=given(realm, salt), n=16384, r=8, p=1, dklen=int(size))),
    }  # fmt: skip
