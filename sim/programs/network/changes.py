"""ip link, ip addr, ip route and ip netns, as far as they change something.

Source: ip(8) of iproute2 6.1, busybox 1.37.

A network namespace with a name is one that is bound to a file in /run/netns (ip-netns(8)).
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable
from ipaddress import ip_interface

from sim.abi import O_CREAT, O_RDONLY, Main, Proc
from sim.programs.options import Failure, is_gnu
from sim.programs.running import become, wait_for

NETNS = "/run/netns"
FAILED = 2  # the kernel has refused
VERBS = ("add", "del", "delete", "set", "flush", "change", "replace", "append")


async def change(proc: Proc, thing: str, words: list[str]) -> int:
    """`ip THING VERB …`. Raises Failure."""
    verb = "del" if words[0] == "delete" else words[0]
    action = ACTIONS.get((thing, verb))
    if action is None:
        raise Failure(f'Command "{words[0]}" is unknown, try "ip {thing} help".', 255)
    try:
        action(proc, list(words[1:]))
    except IndexError:
        raise Failure('Command line is not complete. Try option "help"', 255) from None
    except OSError as error:
        raise _refused(proc, error) from None
    return 0


def _refused(proc: Proc, error: OSError) -> Failure:
    """iproute2 names the kernel's own message where there is one."""
    known = {errno.ENETUNREACH: "Error: Nexthop has invalid gateway.", errno.EOPNOTSUPP: "Error: Unknown device type."}
    if is_gnu(proc) and error.errno in known:
        return Plain(known[error.errno], FAILED)
    return (Plain if is_gnu(proc) else Failure)(f"RTNETLINK answers: {error.strerror}", FAILED)


class Plain(Failure):
    """Said without the command's name, as iproute2 does."""


def _no_device(proc: Proc, name: str) -> Failure:
    return Plain(f'Cannot find device "{name}"', 1) if is_gnu(proc) else Failure(f"can't find device '{name}'")


def _known(proc: Proc, name: str) -> str:
    """Raises Failure."""
    if all(link.name != name for link in proc.net.interfaces()):
        raise _no_device(proc, name)
    return name


def _netns(proc: Proc, word: str) -> int:
    """A descriptor for a network namespace by the number of a process in it, or by its own name."""
    path = f"/proc/{word}/ns/net" if word.isdecimal() else f"{NETNS}/{word}"
    try:
        return proc.open(path, O_RDONLY)
    except OSError as error:
        if word.isdecimal():
            raise OSError(errno.ESRCH, "No such process") from None
        raise Plain(f'Cannot open network namespace "{word}": {error.strerror}', 255) from None


# -- link


def _add_link(proc: Proc, words: list[str]) -> None:
    name, kind, peer, near, far = "", "", "", "", ""
    while words:
        word = words.pop(0)
        if word == "type":
            kind = words.pop(0)
        elif word == "peer":
            peer = words.pop(0) if words[0] != "name" else words.pop(1)
            words[:1] = [] if words[:1] == ["name"] else words[:1]
            if words[:1] == ["netns"]:
                far = words.pop(1)
                words.pop(0)
        elif word == "netns":
            near = words.pop(0)
        elif word in ("name", "dev"):
            name = words.pop(0)
        else:
            name = word
    if not kind:
        raise Failure('Not enough information: "type" argument is required.', 255)
    if near and not far:  # the first end is to be elsewhere: the same cable, told from its other end
        name, peer, near, far = peer or "veth0", name, "", near
    proc.net.add_link(name, kind, peer or ("veth1" if kind == "veth" else ""), _netns(proc, far) if far else -1)
    if near:
        proc.net.set_link(name, "netns", near, _netns(proc, near))


def _delete_link(proc: Proc, words: list[str]) -> None:
    proc.net.delete_link(_known(proc, words[-1]))


def _set_link(proc: Proc, words: list[str]) -> None:
    words = words[1:] if words[0] == "dev" else words
    name = _known(proc, words.pop(0))
    while words:
        what = words.pop(0)
        if what in ("up", "down", "nomaster"):
            proc.net.set_link(name, what)
            continue
        value = words.pop(0)
        if what == "master":
            _known(proc, value)
        proc.net.set_link(name, what, value, _netns(proc, value) if what == "netns" else -1)
        name = value if what == "name" else name


# -- address and route


def _addressed(proc: Proc, words: list[str]) -> tuple[str, str]:
    """(device, address with its prefix length)."""
    text, device = "", ""
    while words:
        word = words.pop(0)
        if word == "dev":
            device = words.pop(0)
        elif word in ("brd", "broadcast", "scope"):
            words.pop(0)
        else:
            text = word
    try:
        address = str(ip_interface(text))
    except ValueError:
        if is_gnu(proc):
            raise Plain(f'Error: any valid prefix is expected rather than "{text}".', 1) from None
        raise Failure(f'an inet prefix is expected rather than "{text}"') from None
    return _known(proc, device), address


def _add_address(proc: Proc, words: list[str]) -> None:
    try:
        proc.net.add_address(*_addressed(proc, words))
    except FileExistsError:
        if is_gnu(proc):
            raise Plain("Error: ipv4: Address already assigned.", FAILED) from None
        raise


def _delete_address(proc: Proc, words: list[str]) -> None:
    proc.net.delete_address(*_addressed(proc, words))


def _flush(proc: Proc, words: list[str]) -> None:
    name = _known(proc, words[-1])
    for link in proc.net.interfaces():
        for address in link.addresses if link.name == name else ():
            proc.net.delete_address(name, address)


def _add_route(proc: Proc, words: list[str]) -> None:
    destination, gateway = words.pop(0), ""
    while words:
        word = words.pop(0)
        if word == "via":
            gateway = words.pop(0)
        elif word == "dev":
            _known(proc, words.pop(0))
    proc.net.add_route(destination, gateway)


def _delete_route(proc: Proc, words: list[str]) -> None:
    proc.net.delete_route(words[0])


ACTIONS: dict[tuple[str, str], Callable[[Proc, list[str]], None]] = {
    ("link", "add"): _add_link,
    ("link", "del"): _delete_link,
    ("link", "set"): _set_link,
    ("address", "add"): _add_address,
    ("address", "del"): _delete_address,
    ("address", "flush"): _flush,
    ("route", "add"): _add_route,
    ("route", "del"): _delete_route,
}


# -- netns


async def netns(proc: Proc, words: list[str]) -> int:
    """list, add NAME, del NAME, exec NAME PROG, identify. Raises Failure."""
    verb, *rest = words or ["list"]
    if verb in ("list", "show", "ls"):
        names = proc.listdir(NETNS) if proc.access(NETNS, 0) else []
        await proc.out("".join(name + "\n" for name in sorted(names)))
        return 0
    if not rest:
        raise Plain("No netns name specified", 255)
    if verb == "add":
        return await _make(proc, rest[0])
    if verb in ("del", "delete"):
        return _remove(proc, rest[0])
    if verb == "exec" and len(rest) > 1:
        return await inside(proc, rest[0], rest[1:])
    raise Failure(f'Command "{verb}" is unknown, try "ip netns help".', 255)


async def _make(proc: Proc, name: str) -> int:
    path = f"{NETNS}/{name}"
    for folder in ("/run", NETNS):
        with contextlib.suppress(FileExistsError):
            proc.mkdir(folder, 0o755)
    if proc.access(path, 0):
        raise Plain(f'Cannot create namespace file "{path}": File exists', 1)
    proc.close(proc.open(path, O_RDONLY | O_CREAT, 0))

    async def maker(proc: Proc) -> int:
        proc.unshare({"network"})
        proc.mount("/proc/self/ns/net", path, "", ("bind",))
        return 0

    status = await wait_for(proc, proc.fork(_telling(maker, "unshare failed")))
    if status:
        proc.unlink(path)
    return status


def _telling(main: Main, what: str) -> Main:
    """A child that says why it fails."""

    async def told(proc: Proc) -> int:
        try:
            return await main(proc)
        except OSError as error:
            await proc.err(f"{what}: {error.strerror}\n")
            return 255

    return told


def _remove(proc: Proc, name: str) -> int:
    path = f"{NETNS}/{name}"
    try:
        proc.umount(path, lazy=True)
        proc.unlink(path)
    except OSError as error:
        raise Plain(f'Cannot remove namespace file "{path}": {error.strerror}', 1) from None
    return 0


async def inside(proc: Proc, name: str, words: list[str]) -> int:
    """A program in a namespace by its name."""
    fd = _netns(proc, name)
    try:
        proc.setns(fd, "network")
    except OSError as error:
        raise Plain(f'setting the network namespace "{name}" failed: {error.strerror}', 255) from None
    proc.close(fd)
    return await become(proc, words)
