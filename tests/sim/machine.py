"""A small machine to run programs on: a loop, a kernel, a root filesystem with busybox.

from machine import machine, run      # tests/sim/conftest.py puts this folder on the path
status, out, err = run(machine(), ["sh", "-c", "echo hello | wc -c"])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from engine.loop import Future, Loop
from sim.abi import O_RDONLY, O_WRONLY, Main
from sim.kernel.descriptors import Description, Descriptors
from sim.kernel.kernel import Kernel
from sim.kernel.loader import Program, executable
from sim.kernel.pipes import End, Pipe
from sim.kernel.processes import Process
from sim.programs import registry
from sim.vfs import files
from sim.vfs.mounting import Superuser as Root
from sim.vfs.mounting import make_devices, mount_at

START = 1_700_000_000_000_000_000
PASSWD = """\
root:x:0:0:root:/root:/bin/sh
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
"""
GROUP = "root:x:0:\nwww-data:x:33:\nusers:x:100:\nnogroup:x:65534:\n"
ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}


def machine() -> Kernel:
    """A booted kernel whose host filesystem is a busybox image."""
    kernel = Kernel(Loop(start=START), Random(1))
    root = Root(kernel.host.mount)
    for folder in ("bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr", "usr/bin", "var", "var/www"):
        files.mkdir(root, "/" + folder)
    files.chmod(root, "/tmp", 0o1777)
    files.chmod(root, "/root", 0o700)
    files.write_file(root, "/etc/passwd", PASSWD.encode())
    files.write_file(root, "/etc/group", GROUP.encode())
    files.write_file(root, "/bin/busybox", executable("busybox"))
    files.chmod(root, "/bin/busybox", 0o755)
    for name in registry.APPLETS:
        files.link(root, "/bin/busybox", f"/bin/{name}")
    if "proc" in kernel.storage.types:
        mount_at(kernel.host.mount, "proc", "/proc", "proc", ())
    make_devices(kernel.host.mount, ("null", "zero", "full", "random", "urandom", "tty"))
    return kernel


def write(kernel: Kernel, path: str, data: bytes | str, mode: int = 0o644) -> None:
    """Put a file into the machine's root filesystem."""
    root = Root(kernel.host.mount)
    files.write_file(root, path, data.encode() if isinstance(data, str) else data)
    files.chmod(root, path, mode)


def read(kernel: Kernel, path: str) -> bytes:
    return files.read_file(Root(kernel.host.mount), path)


def run(kernel: Kernel, argv: Sequence[str], stdin: bytes = b"", env: Mapping[str, str] | None = None,
        limit: float = 3600.0) -> tuple[int, bytes, bytes]:  # fmt: skip
    """Run a command line to its end: (status, stdout, stderr). Status is 128+n if signal n ended it.

    Raises TimeoutError after `limit` seconds of virtual time.
    """
    environ = [f"{name}={value}" for name, value in (env or ENV).items()]
    return _talk(kernel, lambda descriptors: kernel.spawn(argv, environ, descriptors), stdin, limit)


def call(kernel: Kernel, main: Main, *argv: str, stdin: bytes = b"", limit: float = 3600.0) -> tuple[int, bytes, bytes]:
    """The same with a coroutine function as the program."""

    def start(descriptors: Descriptors) -> Process:
        process = kernel.clone(kernel.host)
        process.descriptors = descriptors
        environ = tuple(f"{name}={value}" for name, value in ENV.items())
        process.replace(Program(main, ("test", *argv), "/bin/test", "test"), environ)
        return process

    return _talk(kernel, start, stdin, limit)


def _talk(
    kernel: Kernel, start: Callable[[Descriptors], Process], stdin: bytes, limit: float
) -> tuple[int, bytes, bytes]:
    loop = kernel.loop
    pipes = [Pipe(loop, 1), Pipe(loop, 2), Pipe(loop, 3)]
    ends = (End(pipes[0], O_RDONLY), End(pipes[1], O_WRONLY), End(pipes[2], O_WRONLY))
    ours = (End(pipes[0], O_WRONLY), End(pipes[1], O_RDONLY), End(pipes[2], O_RDONLY))
    process = start(Descriptors({fd: Description(end) for fd, end in enumerate(ends)}))
    ended: Future[None] = loop.future()
    process.on_exit = lambda process: ended.set_result(None)

    async def feed() -> None:
        rest = stdin
        while rest:
            try:
                count = ours[0].write(rest)
            except BrokenPipeError:
                break
            if isinstance(count, int):
                rest = rest[count:]
            else:
                await count
        ours[0].close()

    async def drain(end: End) -> bytes:
        parts = []
        while True:
            data = end.read(65536)
            if not isinstance(data, bytes):
                await data
            elif data:
                parts.append(data)
            else:
                return b"".join(parts)

    async def whole() -> tuple[bytes, bytes]:
        loop.spawn(feed())
        outputs = [loop.spawn(drain(end)) for end in ours[1:]]
        await loop.wait_for(ended, limit)
        return await outputs[0], await outputs[1]

    out, err = loop.run(whole())
    status = process.status
    assert status is not None
    return (status if status >= 0 else 128 - status), out, err
