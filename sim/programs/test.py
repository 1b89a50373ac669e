"""test(1) and `[`: conditions about strings, numbers and files. The shell has them as builtins, from here.

Grammar and texts are busybox's; with up to four arguments POSIX's rules on ambiguous cases hold.
"""

from __future__ import annotations

import stat
from collections.abc import Callable

from sim.abi import Proc, Stat


class TestError(Exception):
    """A condition that makes no sense; exit status 2. `str()` is the text, where `{}` stands for `subject`."""

    __test__ = False  # not a test case, in spite of its name

    def __init__(self, text: str, subject: str = "") -> None:
        super().__init__(text)
        self.subject = subject

    def __str__(self) -> str:
        return str(self.args[0]).replace("{}", self.subject)


async def main(proc: Proc) -> int:
    """`test EXPRESSION`, `[ EXPRESSION ]`"""
    name = proc.argv[0].rpartition("/")[2]
    try:
        return int(not evaluate(arguments(name, proc.argv[1:]), proc))
    except TestError as error:
        await proc.err(f"{name}: {error}\n")
        return 2


def arguments(name: str, words: list[str]) -> list[str]:
    """The expression, without the `]` that `[` wants. Raises TestError."""
    if name != "[":
        return words
    if not words or words[-1] != "]":
        raise TestError("missing ]")
    return words[:-1]


def evaluate(words: list[str], proc: Proc) -> bool:
    """The truth of an expression. Raises TestError."""
    if len(words) == 3 and (compare := _BINARY.get(words[1])) is not None:
        return compare(words[0], words[2], proc)
    if len(words) == 2 and (check := _UNARY.get(words[0])) is not None:
        return check(words[1], proc)
    if not words:
        return False
    if words[0] == "!" and 1 < len(words) <= 4:
        return not evaluate(words[1:], proc)
    if len(words) == 1:
        return words[0] != ""
    expression = _Expression(words, proc)
    value = expression.either()
    if (rest := expression.peek()) is not None:
        raise TestError("{}: unknown operand", rest)
    return value


class _Expression:
    """Recursive descent: `-o` binds least, then `-a`, then `!`."""

    def __init__(self, words: list[str], proc: Proc) -> None:
        self._words, self._proc, self._at = words, proc, 0

    def peek(self, ahead: int = 0) -> str | None:
        index = self._at + ahead
        return self._words[index] if index < len(self._words) else None

    def _take(self) -> str:
        word = self.peek()
        if word is None:
            raise TestError("argument expected")
        self._at += 1
        return word

    def either(self) -> bool:
        value = self._both()
        while self.peek() == "-o":
            self._at += 1
            value = self._both() or value
        return value

    def _both(self) -> bool:
        value = self._negation()
        while self.peek() == "-a":
            self._at += 1
            value = self._negation() and value
        return value

    def _negation(self) -> bool:
        if self.peek() == "!" and (self.peek(1) not in _BINARY or self.peek(2) is None):
            self._at += 1
            return not self._negation()
        return self._primary()

    def _primary(self) -> bool:
        word = self._take()
        operator = self.peek()
        if operator in _BINARY:
            self._at += 1
            if self.peek() is None:
                raise TestError("{}: argument expected", operator or "")
            return _BINARY[operator or ""](word, self._take(), self._proc)
        if word == "(":
            value = self.either()
            if self.peek() != ")":
                raise TestError("closing paren expected")
            self._at += 1
            return value
        if word in _UNARY and operator is not None:
            self._at += 1
            return _UNARY[word](operator, self._proc)
        return word != ""


def integer(text: str) -> int:
    """A decimal number, with blanks around it. Raises TestError."""
    digits = text.strip()
    unsigned = digits[1:] if digits[:1] in ("-", "+") else digits
    if not (unsigned.isascii() and unsigned.isdigit()):
        raise TestError("{}: bad number" if text else "bad number", text)
    value = int(digits)
    if not -(1 << 63) <= value < 1 << 63:
        raise TestError("{}: out of range", text)
    return value


def _stat(path: str, proc: Proc, follow: bool = True) -> Stat | None:
    try:
        return proc.stat(path) if follow else proc.lstat(path)
    except OSError:
        return None


def _mode(wanted: Callable[[int], bool], follow: bool = True) -> Callable[[str, Proc], bool]:
    def check(path: str, proc: Proc) -> bool:
        found = _stat(path, proc, follow)
        return found is not None and wanted(found.mode)

    return check


def _numbers(compare: Callable[[int, int], bool]) -> Callable[[str, str, Proc], bool]:
    return lambda left, right, proc: compare(integer(left), integer(right))


def _newer(left: str, right: str, proc: Proc) -> bool:
    first, second = _stat(left, proc), _stat(right, proc)
    return first is not None and (second is None or first.mtime > second.mtime)


def _same(left: str, right: str, proc: Proc) -> bool:
    first, second = _stat(left, proc), _stat(right, proc)
    return first is not None and second is not None and (first.dev, first.ino) == (second.dev, second.ino)


def _owned(path: str, proc: Proc) -> bool:
    found = _stat(path, proc)
    return found is not None and found.uid == proc.getuid()


def _grouped(path: str, proc: Proc) -> bool:
    found = _stat(path, proc)
    return found is not None and found.gid == proc.getgid()


def _terminal(descriptor: str, proc: Proc) -> bool:
    try:
        return proc.isatty(integer(descriptor))
    except OSError:
        return False


_UNARY: dict[str, Callable[[str, Proc], bool]] = {
    "-n": lambda text, proc: text != "",
    "-z": lambda text, proc: text == "",
    "-e": _mode(lambda mode: True),
    "-f": _mode(stat.S_ISREG),
    "-d": _mode(stat.S_ISDIR),
    "-b": _mode(stat.S_ISBLK),
    "-c": _mode(stat.S_ISCHR),
    "-p": _mode(stat.S_ISFIFO),
    "-S": _mode(stat.S_ISSOCK),
    "-L": _mode(stat.S_ISLNK, follow=False),
    "-h": _mode(stat.S_ISLNK, follow=False),
    "-u": _mode(lambda mode: bool(mode & stat.S_ISUID)),
    "-g": _mode(lambda mode: bool(mode & stat.S_ISGID)),
    "-k": _mode(lambda mode: bool(mode & stat.S_ISVTX)),
    "-s": lambda path, proc: bool((found := _stat(path, proc)) and found.size > 0),
    "-r": lambda path, proc: proc.access(path, 4),
    "-w": lambda path, proc: proc.access(path, 2),
    "-x": lambda path, proc: proc.access(path, 1),
    "-O": _owned,
    "-G": _grouped,
    "-t": _terminal,
}
_BINARY: dict[str | None, Callable[[str, str, Proc], bool]] = {
    "=": lambda left, right, proc: left == right,
    "==": lambda left, right, proc: left == right,
    "!=": lambda left, right, proc: left != right,
    "<": lambda left, right, proc: left < right,
    ">": lambda left, right, proc: left > right,
    "-eq": _numbers(lambda left, right: left == right),
    "-ne": _numbers(lambda left, right: left != right),
    "-lt": _numbers(lambda left, right: left < right),
    "-le": _numbers(lambda left, right: left <= right),
    "-gt": _numbers(lambda left, right: left > right),
    "-ge": _numbers(lambda left, right: left >= right),
    "-nt": _newer,
    "-ot": lambda left, right, proc: _newer(right, left, proc),
    "-ef": _same,
}
