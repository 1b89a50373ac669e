"""The line editor of an interactive shell: keys, history, completion. As in busybox, the shell reads keys one by one.

While a line is edited the terminal neither echoes nor acts on Ctrl-C; before a command runs it is put back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.programs.shell.errors import Interrupt

if TYPE_CHECKING:
    from sim.programs.shell.interpreter import Interpreter

_SEQUENCES = {
    b"\x1b[A": "up", b"\x1b[B": "down", b"\x1b[C": "right", b"\x1b[D": "left", b"\x1b[H": "home", b"\x1b[F": "end",
    b"\x1bOA": "up", b"\x1bOB": "down", b"\x1bOC": "right", b"\x1bOD": "left", b"\x1bOH": "home", b"\x1bOF": "end",
    b"\x1b[3~": "delete", b"\x1b[1~": "home", b"\x1b[4~": "end", b"\x1b[7~": "home", b"\x1b[8~": "end",
}  # fmt: skip
_CONTROLS = {
    "\x01": "home", "\x02": "left", "\x04": "end of input", "\x05": "end", "\x06": "right", "\x08": "backspace",
    "\t": "complete", "\n": "enter", "\r": "enter", "\x0b": "kill", "\x0c": "clear", "\x0e": "down", "\x10": "up",
    "\x15": "kill back", "\x17": "kill word", "\x7f": "backspace", "\x03": "interrupt",
}  # fmt: skip
_HISTORY = 500  # lines


class Editor:
    """Reads lines. `history` holds them, the newest last."""

    def __init__(self, shell: Interpreter) -> None:
        self.shell = shell
        self.history: list[str] = []
        self._prompt = self._line = self._kept = ""
        self._cursor = 0
        self._at = 0  # in the history; len(history) is the line being typed

    async def read_line(self, prompt: str, keep: bool = True) -> str:
        """A line with its newline; "" at the end of input. Raises Interrupt at Ctrl-C. `keep`: up goes back to it."""
        self._prompt, self._line, self._cursor, self._at = prompt, "", 0, len(self.history)
        proc = self.shell.proc
        before = proc.tcgetattr(0)
        proc.tcsetattr(0, icanon=False, echo=False, isig=False)
        try:
            await self._show(prompt)
            while True:
                key = await self._key()
                if key == "enter":
                    await self._move(len(self._line))
                    await self._show("\n")
                    self._remember()
                    return self._line + "\n"
                if key == "" or (key == "end of input" and not self._line):
                    return ""
                if key == "interrupt":
                    await self._show("^C")
                    raise Interrupt
                await self._act(key)
        finally:
            proc.tcsetattr(0, **before)

    async def _show(self, text: str) -> None:
        await self.shell.write(1, text)

    async def _key(self) -> str:
        """One key: a character, or the name of what it does; "" at the end."""
        data = await self.shell.read(0, 1)
        if data == b"\x1b":
            return await self._sequence(data)
        while data and len(data) < 4:
            try:
                char = data.decode()
            except UnicodeDecodeError:
                data += await self.shell.read(0, 1) or b"\0"
                continue
            return _CONTROLS.get(char, char if char.isprintable() else "nothing")
        return "nothing" if data else ""

    async def _sequence(self, data: bytes) -> str:
        while len(data) < 6:
            data += await self.shell.read(0, 1) or b"\0"
            if data in _SEQUENCES:
                return _SEQUENCES[data]
            if len(data) > 2 and (data[-1:].isalpha() or data.endswith(b"~")):
                break
            if len(data) == 2 and data[1:] not in (b"[", b"O"):
                break
        return "nothing"

    def _remember(self) -> None:
        if self._line.strip() and self._line not in self.history[-1:]:
            self.history = [*self.history, self._line][-_HISTORY:]

    # -- keys

    async def _act(self, key: str) -> None:
        if len(key) == 1:
            await self._insert(key)
        elif key in ("left", "right", "home", "end"):
            to = {"left": self._cursor - 1, "right": self._cursor + 1, "home": 0, "end": len(self._line)}[key]
            await self._move(min(max(to, 0), len(self._line)))
        elif key in ("up", "down"):
            await self._recall(self._at + (1 if key == "down" else -1))
        elif key == "backspace" and self._cursor:
            await self._cut(self._cursor - 1, self._cursor)
        elif key in ("delete", "end of input") and self._cursor < len(self._line):
            await self._cut(self._cursor, self._cursor + 1)
        elif key == "kill":
            await self._cut(self._cursor, len(self._line))
        elif key == "kill back":
            await self._cut(0, self._cursor)
        elif key == "kill word":
            before = self._line[: self._cursor].rstrip()
            await self._cut(before.rfind(" ") + 1, self._cursor)
        elif key == "clear":
            await self._show("\x1b[H\x1b[J" + self._prompt + self._line + self._back(len(self._line) - self._cursor))
        elif key == "complete":
            await self._complete()

    async def _insert(self, text: str) -> None:
        rest = self._line[self._cursor :]
        self._line = self._line[: self._cursor] + text + rest
        self._cursor += len(text)
        await self._show(text + rest + self._back(len(rest)))

    async def _cut(self, start: int, end: int) -> None:
        await self._move(start)
        rest = self._line[end:]
        self._line = self._line[:start] + rest
        await self._show(rest + "\x1b[J" + self._back(len(rest)))

    async def _move(self, to: int) -> None:
        if to < self._cursor:
            await self._show(self._back(self._cursor - to))
        elif to > self._cursor:
            await self._show(self._line[self._cursor : to])
        self._cursor = to

    def _back(self, count: int) -> str:
        return "\b" * count

    async def _recall(self, at: int) -> None:
        if not 0 <= at <= len(self.history):
            return
        if self._at == len(self.history):
            self._kept = self._line
        self._at = at
        await self._move(0)
        self._line = self.history[at] if at < len(self.history) else self._kept
        self._cursor = len(self._line)
        await self._show("\x1b[J" + self._line)

    # -- completion

    async def _complete(self) -> None:
        """Complete the word before the cursor: a command's name if it is the first word, else a file's."""
        before = self._line[: self._cursor]
        start = max(before.rfind(char) for char in " ;|&<>(") + 1
        word = before[start:]
        first = not before[:start].strip() or before[:start].rstrip().endswith((";", "|", "&", "("))
        found = self._commands(word) if first and "/" not in word else self._files(word)
        if not found:
            return
        common = _common(found)
        if len(found) == 1:
            common += "" if common.endswith("/") else " "
        if len(common) > len(word):
            await self._insert(common[len(word) :])
        elif len(found) > 1:
            names = "  ".join(sorted(name.rstrip("/").rpartition("/")[2] + "/" * name.endswith("/") for name in found))
            rest = self._line[self._cursor :]
            await self._show(f"\n{names}\n{self._prompt}{self._line}" + self._back(len(rest)))

    def _files(self, word: str) -> list[str]:
        folder, slash, start = word.rpartition("/")
        try:
            names = self.shell.proc.listdir(folder + slash or ".")
        except OSError:
            return []
        chosen = [name for name in names if name.startswith(start) and (start or not name.startswith("."))]
        return [folder + slash + name + "/" * self._is_folder(folder + slash + name) for name in chosen]

    def _is_folder(self, path: str) -> bool:
        try:
            return self.shell.proc.stat(path).mode & 0o170000 == 0o040000
        except OSError:
            return False

    def _commands(self, word: str) -> list[str]:
        names = {*self.shell.builtins, *(self.shell.functions or ()), *(self.shell.aliases or ())}
        for folder in (self.shell.variables.get("PATH") or "").split(":"):
            try:
                names.update(self.shell.proc.listdir(folder or "."))
            except OSError:
                continue
        return [name for name in names if name.startswith(word)]


def _common(names: list[str]) -> str:
    """What all the names begin with."""
    shortest, longest = min(names), max(names)
    for index, char in enumerate(shortest):
        if longest[index] != char:
            return shortest[:index]
    return shortest
