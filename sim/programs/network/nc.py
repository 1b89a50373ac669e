"""nc: a plain connection, or waiting for one; what comes in goes out. Source: nc(1), BusyBox's (large) nc."""

from __future__ import annotations

import errno
from functools import partial

from sim.abi import Poll, Proc
from sim.programs.options import Failure, Options, Usage, command, name

BLOCK = 65536


async def nc(proc: Proc) -> int:
    """What follows -e is a program with arguments of its own."""
    at = proc.argv.index("-e") if "-e" in proc.argv else len(proc.argv)
    proc.argv, run = proc.argv[:at], proc.argv[at + 1 :]
    return await _DECLARED(partial(_nc, run))(proc)


_DECLARED = command(
    "lknvzuw:p:s:i:",
    synopsis="[OPTIONS] HOST PORT\nnc [OPTIONS] -l -p PORT [HOST] [PORT]",
    about="Open a pipe to HOST:PORT or listen for a connection",
)


async def _nc(run: list[str], proc: Proc, options: Options, operands: list[str]) -> int:
    if "l" in options:
        return await _serve(proc, options, operands, run)
    if len(operands) < 2:
        raise Usage()
    status = 1
    for port in _ports(operands[1]):
        fd = await _dial(proc, options, operands[0], port)
        if fd is not None:
            status = 0
            if "z" in options:
                proc.close(fd)
            else:
                status = await _talk(proc, fd, options, run)
    return status


def _ports(text: str) -> range:
    """ "80" or "20-25". Raises Failure."""
    first, _, last = text.partition("-")
    if not first.isdigit() or not (last or first).isdigit() or not 0 < int(first) <= int(last or first) < 65536:
        raise Failure(f"bad port '{text}'")
    return range(int(first), int(last or first) + 1)


async def _dial(proc: Proc, options: Options, host: str, port: int) -> int | None:
    """A connected descriptor; None after it has said why not (if it is to say that)."""
    try:
        address = (await proc.net.resolve(host))[0]
    except OSError:
        raise Failure(f"bad address '{host}'") from None
    shown = f"{host} ({address}:{port})"
    try:
        fd = await (proc.net.connect_udp if "u" in options else proc.net.connect)(address, port)
    except OSError as error:
        verbose = options.count("v")
        if verbose > 1 or (verbose and error.errno != errno.ECONNREFUSED):
            await proc.err(f"{name(proc)}: {shown}: {error.strerror}\n")
        return None
    if "v" in options:
        await proc.err(f"{shown} open\n")
    return fd


async def _serve(proc: Proc, options: Options, operands: list[str], run: list[str]) -> int:
    port = options.get("p") or (operands[-1] if operands else "0")
    if not port.isdigit() or int(port) > 65535:
        raise Failure(f"bad port '{port}'")
    if "u" in options:
        return await _serve_datagrams(proc, options, int(port), run)
    listener = proc.net.listen(options.get("s", "0.0.0.0"), int(port))
    if "v" in options:
        await proc.err(f"listening on {listener.address[0]}:{listener.address[1]} ...\n")
    while True:
        fd = await listener.accept()
        if "k" not in options:
            listener.close()
        if "v" in options:
            host, port_there = proc.net.peer(fd)
            here = f"{listener.address[0]}:{listener.address[1]}"
            await proc.err(f"connect to {here} from {host}:{port_there} ({host}:{port_there})\n")
        status = await _talk(proc, fd, options, run)
        if "k" not in options:
            return status


async def _serve_datagrams(proc: Proc, options: Options, port: int, run: list[str]) -> int:
    """The first who sends is spoken with, and nobody else."""
    fd = proc.net.bind_udp(options.get("s", "0.0.0.0"), port)
    if "v" in options:
        await proc.err(f"listening on {options.get('s', '0.0.0.0')}:{port} ...\n")
    host, port_there = await proc.net.accept_udp(fd)
    if "v" in options:
        await proc.err(f"connect to {options.get('s', '0.0.0.0')}:{port} from {host}:{port_there}\n")
    return await _talk(proc, fd, options, run)


async def _talk(proc: Proc, fd: int, options: Options, run: list[str]) -> int:
    """Carry both directions until the other side ends; or let a program do it (-e)."""
    if run:
        status = await proc.run(run, fds={0: fd, 1: fd, 2: fd})
        proc.close(fd)
        return status
    return await talk(proc, fd, float(options["w"]) if "w" in options else None)


async def talk(proc: Proc, fd: int, patience: float | None) -> int:
    """Carry both directions until the other side ends (0), or nothing has come for `patience` seconds (1)."""
    poll = proc.epoll()
    poll.add(fd)
    poll.add(0)
    try:
        while ready := await poll.wait(patience):
            if 0 in ready:
                await _forward(proc, poll, fd)
            if fd in ready and not await _receive(proc, fd):
                return 0
        return 1
    finally:
        proc.close(fd)


async def _forward(proc: Proc, poll: Poll, fd: int) -> None:
    """From standard input to the other side; at its end, tell that no more will come."""
    data = await proc.read(0, BLOCK)
    if data:
        await proc.write(fd, data)
    else:
        poll.remove(0)
        proc.net.shutdown(fd)


async def _receive(proc: Proc, fd: int) -> bool:
    data = await proc.read(fd, BLOCK)
    if data:
        await proc.write(1, data)
    return bool(data)
