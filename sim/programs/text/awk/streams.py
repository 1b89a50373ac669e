"""What an awk program reads and writes: its input, files, commands through pipes."""

from __future__ import annotations

from sim.abi import O_APPEND, O_CREAT, O_TRUNC, O_WRONLY, Proc
from sim.programs.options import Output
from sim.programs.text.inputs import Inputs, raw

TURN = 2e-6  # seconds of CPU for one turn of a loop
PAY = 500  # turns between two payments


class Streams:
    """`sources` open inputs and `sinks` open outputs, by name."""

    def __init__(self, proc: Proc, names: list[str]) -> None:
        self.proc = proc
        self.stdout = Output(proc)
        self.names = names  # of files, and assignments name=value among them
        self.inputs = Inputs(proc, names)
        self.sources: dict[str, Inputs] = {}
        self.sinks: dict[str, Output] = {}
        self.children: dict[str, int] = {}
        self.turns = 0

    async def tick(self) -> None:
        self.turns += 1
        if self.turns % PAY == 0:
            await self.proc.cpu(TURN * PAY)

    def now(self) -> int:
        return self.proc.now() // 1_000_000_000

    # -- input

    async def input(self) -> str | None:
        return await self.inputs.line()

    def lines_of_file(self) -> int:
        return self.inputs.lines_of_file

    def file_name(self) -> str:
        return "" if self.inputs.name == "-" else self.inputs.name

    def skip_file(self) -> None:
        self.inputs.skip_file()

    def set_separator(self, separator: str) -> None:
        self.inputs.separator = raw(separator) if separator else b"\n\n"

    async def line_of(self, kind: str, name: str) -> str | None:
        """The next line of a file ("<") or of a command's output ("|"). Raises OSError."""
        source = self.sources.get(name)
        if source is None:
            fd = self.proc.open(name) if kind == "<" else self._output_of(name)
            source = self.sources[name] = Inputs.of(self.proc, fd)
        return await source.line()

    def _output_of(self, command: str) -> int:
        reader, writer = self.proc.pipe()
        self.children[command] = self._shell(command, {1: writer}, (reader, writer))
        self.proc.close(writer)
        return reader

    def _shell(self, command: str, fds: dict[int, int], pipe: tuple[int, ...]) -> int:
        """Start `sh -c command`; ends of pipes that it does not use are closed in it, else nobody sees their end."""
        inherited = {*pipe, *(sink.fd for sink in self.sinks.values())}

        async def main(child: Proc) -> int:
            for fd in inherited:
                child.close(fd)
            return await child.run(["/bin/sh", "-c", command])

        return self.proc.fork(main, fds)

    # -- output

    async def out(self, data: str) -> None:
        await self.stdout.write(raw(data))

    async def redirect(self, kind: str, name: str, data: str) -> None:
        """print > name, >> name, | command."""
        sink = self.sinks.get(name)
        if sink is None:
            if kind == "|":
                await self.flush()
                reader, fd = self.proc.pipe()
                self.children[name] = self._shell(name, {0: reader}, (reader, fd))
                self.proc.close(reader)
            elif name in ("/dev/stdout", "-"):
                await self.out(data)
                return
            else:
                fd = self.proc.open(name, O_WRONLY | O_CREAT | (O_TRUNC if kind == ">" else O_APPEND))
            sink = self.sinks[name] = Output(self.proc, fd)
        await sink.write(raw(data))

    async def flush(self) -> None:
        await self.stdout.flush()
        for sink in self.sinks.values():
            await sink.flush()

    async def system(self, command: str) -> int:
        await self.flush()
        return await self._status(self._shell(command, {}, ()))

    async def close(self, name: str) -> int:
        """-1 if nothing of that name is open, else the command's status."""
        source, sink = self.sources.pop(name, None), self.sinks.pop(name, None)
        if source is None and sink is None:
            return -1
        if sink is not None:
            await sink.flush()
            self.proc.close(sink.fd)
        if source is not None:
            source.close()
        child = self.children.pop(name, None)
        return await self._status(child) if child is not None else 0

    async def _status(self, pid: int) -> int:
        _, status = await self.proc.wait(pid)
        return status if status >= 0 else 256 - status

    async def close_all(self) -> None:
        await self.stdout.flush()
        for name in [*self.sinks, *self.sources]:
            await self.close(name)
