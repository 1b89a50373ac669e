"""memcached: keys and values over its text protocol. Source: memcached's doc/protocol.txt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.loop import SECOND
from sim.abi import Proc
from sim.programs.options import Options, command

SIGINT, SIGTERM = 2, 15
BLOCK = 65536
LARGEST = 1 << 20  # bytes of a value
MONTH = 60 * 60 * 24 * 30  # seconds; a larger expiry time is a moment


@dataclass(slots=True)
class Item:
    value: bytes
    flags: bytes
    until: int | None  # ns since 1970
    version: int


@command("p:m:c:vVu:t:l:I:", synopsis="[OPTIONS]", about="memcached", most=0)
async def memcached(proc: Proc, options: Options, operands: list[str]) -> int:
    if "V" in options:
        await proc.out(f"memcached {proc.env.get('MEMCACHED_VERSION', '1.6.45')}\n")
        return 0
    if proc.uid == 0 and "u" not in options:
        await proc.err("can't run as root without the -u switch\n")
        return 71
    listener = proc.net.listen("0.0.0.0", int(options.get("p", "11211")))
    ended: list[int] = []
    for number in (SIGINT, SIGTERM):
        proc.signal(number, ended.append)
    cache, poll, heard = Cache(proc), proc.epoll(), dict[int, bytes]()
    poll.add(listener.fd)
    while not ended:
        try:
            ready = await poll.wait()
        except InterruptedError:
            continue
        for fd in sorted(ready, key=lambda fd: fd != listener.fd):
            if fd == listener.fd:
                new = await proc.net.accept(fd)
                heard[new] = b""
                poll.add(new)
                continue
            data = await proc.read(fd, BLOCK)
            replies, rest = cache.answer(heard[fd] + data) if data else (b"", None)
            await proc.write(fd, replies)
            if rest is None:
                poll.remove(fd)
                proc.close(fd)
                del heard[fd]
            else:
                heard[fd] = rest
    await proc.err(f"Signal handled: {'Terminated' if SIGTERM in ended else 'Interrupt'}.\n")
    return 0


class Cache:
    """The items, and what is answered about them."""

    def __init__(self, proc: Proc) -> None:
        self._proc = proc
        self._items: dict[bytes, Item] = {}
        self._version = 0
        self._began = proc.now()

    def answer(self, data: bytes) -> tuple[bytes, bytes | None]:
        """Replies to the commands that are whole, and what is left (None: the client wants to go)."""
        replies = b""
        while b"\r\n" in data:
            line, _, rest = data.partition(b"\r\n")
            words = line.split()
            if words[:1] == [b"quit"]:
                return replies, None
            if words and words[0] in (b"set", b"add", b"replace", b"append", b"prepend") and len(words) >= 5:
                size = int(words[4]) if words[4].isdigit() else 0
                if len(rest) < size + 2:
                    break
                replies += self._store(words, rest[:size])
                rest = rest[size + 2 :]
            else:
                replies += self._command(words)
            data = rest
        return replies, data

    def _live(self, key: bytes) -> Item | None:
        item = self._items.get(key)
        if item is not None and item.until is not None and item.until <= self._proc.now():
            del self._items[key]
            return None
        return item

    def _store(self, words: list[bytes], value: bytes) -> bytes:
        """`set key flags exptime bytes [noreply]`"""
        verb, key, flags, expires = words[:4]
        item = self._live(key)
        if len(value) > LARGEST:
            return b"SERVER_ERROR object too large for cache\r\n"
        if (verb == b"add") == (item is not None) and verb != b"set":
            return b"NOT_STORED\r\n"
        if item is not None and verb in (b"append", b"prepend"):
            item.value = item.value + value if verb == b"append" else value + item.value
        else:
            self._version += 1
            self._items[key] = Item(value, flags, self._until(expires), self._version)
        return b"" if words[-1] == b"noreply" else b"STORED\r\n"

    def _until(self, expires: bytes) -> int | None:
        seconds = int(expires) if expires.lstrip(b"-").isdigit() else 0
        if seconds == 0:
            return None
        return seconds * SECOND if seconds > MONTH else self._proc.now() + seconds * SECOND

    def _command(self, words: list[bytes]) -> bytes:
        match words:
            case [b"get" | b"gets" as verb, *keys] if keys:
                return b"".join(self._shown(keys, verb == b"gets")) + b"END\r\n"
            case [b"delete", key, *_]:
                found = self._live(key) is not None
                self._items.pop(key, None)
                return b"DELETED\r\n" if found else b"NOT_FOUND\r\n"
            case [b"incr" | b"decr" as verb, key, amount, *_]:
                return self._count(key, int(amount) if verb == b"incr" else -int(amount))
            case [b"flush_all", *_]:
                self._items.clear()
                return b"OK\r\n"
            case [b"version"]:
                return f"VERSION {self._proc.env.get('MEMCACHED_VERSION', '1.6.45')}\r\n".encode()
            case [b"stats", *_]:
                uptime = (self._proc.now() - self._began) // SECOND
                rows = {"pid": self._proc.pid, "uptime": uptime, "curr_items": len(self._items)}
                return "".join(f"STAT {name} {value}\r\n" for name, value in rows.items()).encode() + b"END\r\n"
        return b"ERROR\r\n"

    def _shown(self, keys: list[bytes], versions: bool) -> Iterator[bytes]:
        for key in keys:
            if (item := self._live(key)) is not None:
                version = b" %d" % item.version if versions else b""
                yield b"VALUE %s %s %d%s\r\n%s\r\n" % (key, item.flags, len(item.value), version, item.value)

    def _count(self, key: bytes, amount: int) -> bytes:
        item = self._live(key)
        if item is None:
            return b"NOT_FOUND\r\n"
        if not item.value.isdigit():
            return b"CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"
        item.value = b"%d" % max(0, int(item.value) + amount)
        return item.value + b"\r\n"
