"""htpasswd files: lines of `user:hash`. The command that writes them (Apache's htpasswd(1)), and who reads them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from random import Random

from sim.abi import Proc
from sim.programs.options import Failure, Options, command
from sim.programs.services import bcrypt

LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SYNOPSIS = "[-cimBdpsDv] [-C cost] passwordfile username"


@command("cbniBmC:", synopsis=SYNOPSIS, about="Manage user files for basic authentication", least=1, most=3)
async def htpasswd(proc: Proc, options: Options, operands: list[str]) -> int:
    path = "" if "n" in options else operands.pop(0)
    if not operands or ("b" in options and len(operands) < 2):
        raise Failure("not enough arguments", 2)
    user = operands[0]
    if ":" in user:
        raise Failure("username contains illegal character ':'", 5)
    password = operands[1] if "b" in options else await _asked(proc)
    line = f"{user}:{_hashed(proc, options, password.encode())}\n"
    if not path:
        await proc.out(line + "\n")
        return 0
    known = _read(proc, path) if "c" not in options else ""
    kept = [row for row in known.splitlines(keepends=True) if not row.startswith(f"{user}:")]
    proc.write_file(path, "".join([*kept, line]).encode())
    await proc.err(f"{'Updating' if len(kept) < len(known.splitlines()) else 'Adding'} password for user {user}\n")
    return 0


async def _asked(proc: Proc) -> str:
    """The first line of standard input."""
    async for line in proc.lines():
        return line.decode().rstrip("\n")
    raise Failure("password not read", 3)


def _read(proc: Proc, path: str) -> str:
    try:
        return proc.read_file(path).decode()
    except FileNotFoundError:
        raise Failure(f"cannot modify file {path}; use '-c' to create it", 1) from None


def _hashed(proc: Proc, options: Options, password: bytes) -> str:
    random = Random(proc.now() + proc.pid)
    if "B" in options:
        cost = options.get("C", "5")
        if not cost.isdecimal() or not 4 <= int(cost) <= bcrypt.HIGHEST_COST:
            raise Failure("Unable to encode with bcrypt: Invalid argument", 3)
        return bcrypt.make(password, random.randbytes(16), int(cost))
    return apr1(password, "".join(random.choices(LETTERS, k=8)))


def apr1(password: bytes, salt: str) -> str:
    """Apache's MD5: a thousand rounds (apr_md5.c).

    >>> apr1(b"password", "/ORr1KFV")
    '$apr1$/ORr1KFV$3PqRjtUBq0HOXb50P0SfT.'
    """
    salted = salt.encode()
    inner = hashlib.md5(password + salted + password).digest()
    begin = password + b"$apr1$" + salted + (inner * (len(password) // 16 + 1))[: len(password)]
    left = len(password)
    while left:
        begin += b"\0" if left & 1 else password[:1]
        left >>= 1
    digest = hashlib.md5(begin).digest()
    for turn in range(1000):
        parts = [password if turn & 1 else digest]
        parts += [salted] * (turn % 3 > 0) + [password] * (turn % 7 > 0)
        parts.append(digest if turn & 1 else password)
        digest = hashlib.md5(b"".join(parts)).digest()
    groups = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))
    text = "".join(_letters(digest[a] << 16 | digest[b] << 8 | digest[c], 4) for a, b, c in groups)
    return f"$apr1${salt}${text}{_letters(digest[11], 2)}"


def _letters(number: int, count: int) -> str:
    return "".join(LETTERS[number >> 6 * place & 63] for place in range(count))


class Passwords:
    """Accounts of a registry (engine/distribution/access.py): who has a line may do everything. Only bcrypt counts, as
    with the real one. The file is read for every request; a password is tried once."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read
        self._right: dict[str, tuple[str, bytes]] = {}  # user -> (hash, a password's digest that fits)

    def check(self, user: str, password: str) -> bool:
        try:
            lines = self._read().decode("utf-8", "replace").splitlines()
        except OSError:
            return False
        hashed = dict(line.strip().split(":", 1) for line in lines if ":" in line).get(user, "")
        mark = hashlib.sha256(password.encode()).digest()
        known = self._right.get(user)
        if known is not None and known[0] == hashed and hmac.compare_digest(known[1], mark):
            return True
        right = bcrypt.check(password.encode(), hashed)
        if right:
            self._right[user] = hashed, mark
        return right

    def allows(self, user: str, name: str, action: str) -> bool:
        return bool(user)
