"""subprocess, shutil, tempfile, glob, pathlib: other programs, and files by path."""

from __future__ import annotations

import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from sim.programs.python.files import named, open_file
from sim.programs.python.objects import Lent, Module

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

Table = dict[str, Any]
PIPE, STDOUT, DEVNULL = -1, -2, -3


class CalledProcessError(Exception):
    """subprocess.CalledProcessError."""

    def __init__(self, returncode: int, cmd: Any, output: Any = None, stderr: Any = None) -> None:
        super().__init__(returncode, cmd)
        self.returncode, self.cmd, self.output, self.stdout, self.stderr = returncode, cmd, output, output, stderr

    def __str__(self) -> str:
        return f"Command {self.cmd!r} returned non-zero exit status {self.returncode}."


CalledProcessError.__module__ = "subprocess"


def subprocess(machine: Machine) -> Table:
    proc = machine.proc

    async def run(
        args: Any, *, shell: bool = False, check: bool = False, capture_output: bool = False, text: bool = False,
        stdout: int | None = None, stderr: int | None = None, env: Any = None, universal_newlines: bool = False,
        input: Any = None, cwd: str | None = None, **_: Any,
    ) -> Module:  # fmt: skip
        words = ["/bin/sh", "-c", args] if shell else args.split() if isinstance(args, str) else [str(a) for a in args]
        await machine.out.flush()
        if not shell and proc.which(words[0]) is None:
            raise FileNotFoundError(2, "No such file or directory", words[0])
        wanted = {1: stdout or (PIPE if capture_output else 0), 2: stderr or (PIPE if capture_output else 0)}
        pipes = {number: proc.pipe() for number, kind in wanted.items() if kind == PIPE}
        fds = {number: ends[1] for number, ends in pipes.items()}
        if wanted[2] == STDOUT:
            fds[2] = fds.get(1, 1)
        code = await machine.wait(_spawn(machine, words, env, fds, pipes))
        outputs: dict[int, Any] = {}
        for number, (reading, _writing) in pipes.items():
            data = await proc.read_all(reading)
            proc.close(reading)
            outputs[number] = data.decode("utf-8", "replace") if text or universal_newlines else data
        if check and code:
            raise CalledProcessError(code, args, outputs.get(1), outputs.get(2))
        return Module("CompletedProcess", args=args, returncode=code, stdout=outputs.get(1), stderr=outputs.get(2))

    async def check_output(args: Any, **options: Any) -> Any:
        return vars(await run(args, check=True, stdout=PIPE, **options))["stdout"]

    async def check_call(args: Any, **options: Any) -> int:
        return int(vars(await run(args, check=True, **options))["returncode"])

    async def just_call(args: Any, **options: Any) -> int:
        return int(vars(await run(args, **options))["returncode"])

    return {"run": run, "check_output": check_output, "check_call": check_call, "call": just_call, "PIPE": PIPE,
            "STDOUT": STDOUT, "DEVNULL": DEVNULL, "CalledProcessError": CalledProcessError}  # fmt: skip


async def _spawn(machine: Machine, words: list[str], env: Any, fds: dict[int, int], pipes: dict[int, Any]) -> int:
    """Run a program to its end; what it writes into pipes is held by them (64 KiB each)."""
    try:
        return await machine.proc.run(words, env, fds)
    finally:
        for _reading, writing in pipes.values():
            machine.proc.close(writing)


def shutil(machine: Machine) -> Table:
    proc = machine.proc

    def copy(source: Any, target: Any) -> str:
        path, target = str(source), str(target)
        if proc.access(target, 0) and proc.stat(target).mode & 0o170000 == 0o040000:
            target = f"{target.rstrip('/')}/{path.rpartition('/')[2]}"
        with named(path):
            proc.write_file(target, proc.read_file(path))
        return str(target)

    def disk_usage(path: str) -> Module:
        found = proc.statfs(path)
        return Module("usage", total=found.size, used=found.size - found.free, free=found.free)

    return {"which": proc.which, "copy": copy, "copyfile": copy, "disk_usage": disk_usage, "move": proc.rename}


def tempfile(machine: Machine) -> Table:
    def mkdtemp(*_: Any, **__: Any) -> str:
        path = f"/tmp/tmp{machine.random.getrandbits(40):x}"
        machine.proc.mkdir(path, 0o700)
        return path

    return {"mkdtemp": mkdtemp, "gettempdir": lambda: "/tmp"}


def glob(machine: Machine) -> Table:
    def find(pattern: str, **_: Any) -> list[str]:
        folder, _slash, last = pattern.rpartition("/")
        base = folder or ("/" if pattern.startswith("/") else ".")
        names = fnmatch.filter(machine.proc.listdir(base), last) if machine.proc.access(base, 4) else []
        return [f"{folder}/{name}" if folder or pattern.startswith("/") else name for name in sorted(names)]

    return {"glob": find}


class PathOf(Lent):
    """pathlib.Path of the container's files. It joins with `/` as the library's."""

    def __init__(self, machine: Machine, path: Any) -> None:
        self._machine, self._path = machine, PurePosixPath(str(path))
        self.name, self.stem, self.suffix = self._path.name, self._path.stem, self._path.suffix

    def _at(self, path: Any) -> PathOf:
        return PathOf(self._machine, path)

    @property
    def parent(self) -> PathOf:
        return self._at(self._path.parent)

    @property
    def parts(self) -> tuple[str, ...]:
        return self._path.parts

    def __truediv__(self, other: Any) -> PathOf:
        return self._at(self._path / str(other))

    def __str__(self) -> str:
        return str(self._path)

    def __repr__(self) -> str:
        return f"PosixPath({str(self._path)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PathOf) and other._path == self._path

    def __hash__(self) -> int:
        return hash(self._path)

    def __lt__(self, other: PathOf) -> bool:
        return self._path < other._path

    def exists(self) -> bool:
        return self._machine.proc.access(str(self), 0)

    def is_file(self) -> bool:
        return self.exists() and self._machine.proc.stat(str(self)).mode & 0o170000 == 0o100000

    def is_dir(self) -> bool:
        return self.exists() and self._machine.proc.stat(str(self)).mode & 0o170000 == 0o040000

    def read_bytes(self) -> bytes:
        with named(str(self)):
            return self._machine.proc.read_file(str(self))

    def read_text(self, encoding: str | None = None) -> str:
        text: str = self.read_bytes().decode()
        return text

    def write_bytes(self, data: bytes) -> int:
        with named(str(self)):
            self._machine.proc.write_file(str(self), data)
        return len(data)

    def write_text(self, text: str, encoding: str | None = None) -> int:
        self.write_bytes(text.encode())
        return len(text)

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        if parents and not self.parent.exists():
            self.parent.mkdir(parents=True, exist_ok=True)
        if exist_ok and self.is_dir():
            return
        with named(str(self)):
            self._machine.proc.mkdir(str(self), mode)

    def iterdir(self) -> list[PathOf]:
        with named(str(self)):
            return [self / name for name in self._machine.proc.listdir(str(self))]

    def unlink(self, missing_ok: bool = False) -> None:
        if missing_ok and not self.exists():
            return
        with named(str(self)):
            self._machine.proc.unlink(str(self))

    def resolve(self) -> PathOf:
        return self._at(self._machine.proc.realpath(str(self)))

    def with_suffix(self, suffix: str) -> PathOf:
        return self._at(self._path.with_suffix(suffix))

    def open(self, mode: str = "r", **_: Any) -> Any:
        return open_file(self._machine, str(self), mode)


PathOf.__qualname__ = PathOf.__name__ = "PosixPath"
PathOf.__module__ = "pathlib"


def pathlib(machine: Machine) -> Table:
    class Path(PathOf):
        def __init__(self, *parts: Any) -> None:
            super().__init__(machine, PurePosixPath(*map(str, parts)))

        @classmethod
        def cwd(cls) -> PathOf:
            return PathOf(machine, machine.proc.cwd)

        @classmethod
        def home(cls) -> PathOf:
            return PathOf(machine, machine.proc.env.get("HOME", "/root"))

    return {"Path": Path, "PurePath": PurePosixPath, "PosixPath": Path}
