"""The learner's desk: a small folder, and the plain commands on it (`ls`, `cat`, `mkdir`, `grep` …).

The commands are those of the simulated busybox, on a second simulated computer that has been given this folder and
nothing else: so they are the same on every system and in a browser, and a line from a stranger's link can do no harm.
The current directory is the folder, as docker's own file arguments are looked up there (in a browser it is alone; on a
server each learner has a process).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from classroom.playground.pace import Interrupted, Pace
from classroom.shell import STDERR, STDOUT, Write
from engine.api.inprocess import Connection
from engine.client.command import main
from engine.client.console import BufferConsole
from engine.loop import SECOND, Loop
from sim.make import make_engine
from sim.shares import Share, host_path

SHOWN, LARGEST = 200, 200_000  # files in the list; bytes of a text in the editor
NAME = "desk"
PLACES = ("HOME", "PWD")  # variables that hold a path of this computer
FILES = {
    "Dockerfile": "FROM nginx\n",
    "index.html": (
        '<!doctype html>\n<meta charset="utf-8">\n<title>My first image</title>\n<h1>Hello from a container!</h1>\n'
        "<p>컨테이너에서 인사드려요.</p>\n"
    ),
}


class Desk:
    """`root`: an empty folder that is ours; the learner's is made in it, and again after `clear`."""

    def __init__(self, root: Path, pace: Pace) -> None:
        self.home = root.resolve() / "home"
        self._pace = pace
        self._computer: Connection | None = None
        self._times: dict[Path, int] = {}  # of each file: when it was changed, on the simulated clock

    def clear(self) -> None:
        """An empty folder; it is where we are, and where we are at home."""
        os.chdir(self.home.parent)
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        os.chdir(self.home)
        os.environ["HOME"] = str(self.home)
        os.environ["DOCKER_CONFIG"] = str(self.home / ".docker")  # what `docker login` keeps stays in this folder
        self._computer = None
        self._times.clear()

    def here(self) -> Path:
        """The current folder; the learner's own, if that one has been removed."""
        try:
            return Path.cwd()
        except FileNotFoundError:
            os.chdir(self.home)
            return self.home

    def lay_out(self, now: int) -> None:
        """What a learner begins with. `now`: the host's time, ns."""
        for name, text in FILES.items():
            self.save(name, text, now)

    # -- files

    def paths(self) -> list[str]:
        """What lies in the folder, folders with a / behind; hidden files are left out."""
        found = (path for path in sorted(self.home.rglob("*")) if not path.is_symlink())
        names = (path.relative_to(self.home).as_posix() + "/" * path.is_dir() for path in found)
        return [name for name in names if not any(part.startswith(".") for part in name.split("/"))][:SHOWN]

    def read(self, path: str) -> str:
        """A text. Raises OSError, and ValueError for what is none."""
        data = self._inside(path).read_bytes()
        if len(data) > LARGEST:
            raise ValueError(f"{path}: too long for this editor")
        return data.decode()

    def save(self, path: str, text: str, now: int) -> None:
        """Raises OSError, ValueError."""
        place = self._inside(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")
        self.settle(now)

    def settle(self, now: int) -> None:
        """What has been written bears the simulated time: an image made of it is the same when it is made again."""
        for path in [self.home, *self.home.rglob("*")]:
            if path.is_symlink():
                continue
            changed = path.stat().st_mtime_ns
            if self._times.get(path) != changed:
                whole = now // SECOND * SECOND
                os.utime(path, ns=(whole, whole))
                self._times[path] = path.stat().st_mtime_ns

    def _inside(self, path: str) -> Path:
        """Raises ValueError for what lies elsewhere."""
        if not path or "\0" in path or path.endswith("/") or len(path) > 200:
            raise ValueError(f"{path!r}: not a file's name")
        place = (self.home / path).resolve()
        if not place.is_relative_to(self.home) or place == self.home:
            raise ValueError(f"{path}: outside of your folder")
        return place

    # -- commands

    def run(self, text: str, variables: Mapping[str, str], stdin: bytes, write: Write, loop: Loop) -> int:
        """A line that the second computer's sh understands. `loop`: the first one's, for the time."""
        if self._computer is None:
            self._computer = self._make()
        second = self._computer.engine.loop
        second.advance(max(second.time, loop.time))
        words = ["exec", "-i", "-w", host_path(self.here())]
        for name, value in variables.items():
            words += ["-e", f"{name}={host_path(Path(value)) if name in PLACES else value}"]
        console = _Console(bytes(stdin), write)
        try:
            return main([*words, NAME, "sh", "-c", text], self._computer, console)
        except Interrupted:
            self._computer = None  # what was interrupted would go on there
            raise

    def _make(self) -> Connection:
        engine = make_engine(seed=0, shares=[Share(self.home, writable=True)])
        computer = Connection(engine)
        share = f"{self.home}:{host_path(self.home)}"  # on Windows it has another name there
        line = ["run", "-d", "--name", NAME, "--read-only", "-v", share, "busybox", "tail", "-f", "/dev/null"]
        console = BufferConsole()
        if main(line, computer, console) != 0:
            raise AssertionError(console.both.decode())
        self._pace.also(engine.loop)
        return computer


class _Console(BufferConsole):
    """Hands on what is written at once."""

    def __init__(self, stdin: bytes, write: Write) -> None:
        super().__init__(stdin)
        self._write = write

    def write(self, stream: int, data: bytes) -> None:
        self._write(STDERR if stream == STDERR else STDOUT, data)
