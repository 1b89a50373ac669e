"""Text made into other text: tr, paste, fold, seq, yes, xargs, expr, od, hexdump, base64."""

from __future__ import annotations

import base64 as b64
import re
import shlex
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

from sim.abi import Proc
from sim.programs.options import Failure, Options, Output, Usage, command, complain, name
from sim.programs.text.inputs import Inputs, raw
from sim.programs.text.regex import BadRegex, compile

CLASSES: dict[str, Callable[[str], bool]] = {
    "alpha": str.isalpha,
    "digit": str.isdigit,
    "alnum": str.isalnum,
    "upper": str.isupper,
    "lower": str.islower,
    "space": str.isspace,
    "blank": lambda c: c in " \t",
    "punct": lambda c: c.isprintable() and not c.isalnum() and c != " ",
    "print": str.isprintable,
    "graph": lambda c: c.isprintable() and c != " ",
    "cntrl": lambda c: ord(c) < 32 or ord(c) == 127,
    "xdigit": lambda c: c in "0123456789abcdefABCDEF",
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\"}


def characters(text: str) -> str:
    """tr's sets: ranges, classes, escapes.

    >>> characters("a-e[:digit:]")
    'abcde0123456789'
    """
    out: list[str] = []
    at = 0
    while at < len(text):
        if (match := re.compile(r"\[:(\w+):\]").match(text, at)) and match[1] in CLASSES:
            out += [chr(code) for code in range(128) if CLASSES[match[1]](chr(code))]
            at = match.end()
            continue
        char, at = _one(text, at)
        if text[at : at + 1] == "-" and at + 1 < len(text):
            last, at = _one(text, at + 1)
            if last < char:
                raise Failure(f"range-endpoints of '{char}-{last}' are in reverse collating sequence order")
            out += [chr(code) for code in range(ord(char), ord(last) + 1)]
        else:
            out.append(char)
    return "".join(out)


def _one(text: str, at: int) -> tuple[str, int]:
    if text[at] != "\\" or at + 1 == len(text):
        return text[at], at + 1
    if octal := re.compile(r"\\([0-7]{1,3})").match(text, at):
        return chr(int(octal[1], 8)), octal.end()
    return _ESCAPES.get(text[at + 1], text[at + 1]), at + 2


@command("+cCds", synopsis="[-cds] STRING1 [STRING2]", about="Translate, squeeze, or delete characters from stdin, "
         "writing to stdout",
         least=1, most=2)  # fmt: skip
async def tr(proc: Proc, options: Options, operands: list[str]) -> int:
    if len(operands) < 2 and not options.any("ds"):
        raise Usage
    first, second = characters(operands[0]), characters(operands[1]) if len(operands) > 1 else ""
    if options.any("cC"):
        listed = set(first)
        first = "".join(chr(code) for code in range(256) if chr(code) not in listed)
    delete = set(first) if "d" in options else set()
    table = {}
    if second and "d" not in options:
        padded = second + second[-1] * (len(first) - len(second))
        table = dict(zip(first, padded, strict=False))
    squeeze = set(second or first) if "s" in options else set()
    last = ""
    while data := await proc.read(0):
        out = []
        for char in data.decode("latin-1"):
            if char in delete:
                continue
            new = table.get(char, char)
            if new in squeeze and new == last:
                continue
            out.append(new)
            last = new
        await proc.write(1, "".join(out).encode("latin-1", "replace"))
    return 0


@command("d:s", synopsis="[-d LIST] [-s] [FILE]...", about="Paste lines from each input file "
         "together using tab as separator",
         long={"delimiters:": "d", "serial": "s"})  # fmt: skip
async def paste(proc: Proc, options: Options, operands: list[str]) -> int:
    delimiters = characters(options.get("d", "\\t")) or "\0"

    def join(parts: list[str]) -> str:
        return "".join(part + delimiters[i % len(delimiters)] for i, part in enumerate(parts[:-1])) + parts[-1]

    sources = [Inputs(proc, [file]) for file in operands or ["-"]]
    async with Output(proc) as out:
        if "s" in options:
            for source in sources:
                lines = []
                while (line := await source.line()) is not None:
                    lines.append(line)
                await out.write(raw(join(lines or [""])) + b"\n")
            return 0
        while True:
            row = [await source.line() for source in sources]
            if all(line is None for line in row):
                break
            await out.write(raw(join([line or "" for line in row])) + b"\n")
    return int(any(source.failed for source in sources))


@command(
    "bsw:",
    synopsis="[-bs] [-w WIDTH] [FILE]...",
    about="Wrap input lines in FILEs (or stdin), writing to stdout",
    digits="w",
)
async def fold(proc: Proc, options: Options, operands: list[str]) -> int:
    width = int(options.get("w", "80"))
    inputs = Inputs(proc, operands, verb="open")
    async with Output(proc) as out:
        while (line := await inputs.line()) is not None:
            while len(line) > width:
                cut = line.rfind(" ", 0, width) + 1 if "s" in options else 0
                cut = cut or width
                await out.write(raw(line[:cut]) + b"\n")
                line = line[cut:]
            await out.write(raw(line) + b"\n")
    return int(inputs.failed)


@command("+ws:", synopsis="[-w] [-s SEP] [FIRST [INC]] LAST", about="Print numbers from FIRST to LAST, in steps of INC",
         least=1, most=3)  # fmt: skip
async def seq(proc: Proc, options: Options, operands: list[str]) -> int:
    try:
        numbers = [Decimal(text) for text in operands]
    except InvalidOperation:
        raise Failure(f"invalid number '{next(text for text in operands if not _is_number(text))}'") from None
    first = numbers[0] if len(numbers) > 1 else Decimal(1)
    step = numbers[1] if len(numbers) > 2 else Decimal(1)
    last = numbers[-1]
    if step == 0:
        raise Failure("invalid number '0'")
    places = max((-int(number.as_tuple().exponent) for number in numbers), default=0)
    width = max(len(f"{number:.{max(places, 0)}f}") for number in (first, last)) if "w" in options else 0
    separator = options.get("s", "\n")
    async with Output(proc) as out:
        index, value = 0, first
        while value <= last if step > 0 else value >= last:
            await out.write((separator if index else "") + f"{value:.{max(places, 0)}f}".zfill(width))
            index += 1
            value = first + step * index
        if index:
            await out.write("\n")
    return 0


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)", text) is not None


async def yes(proc: Proc) -> int:
    """ "y", or the words given, until nobody reads."""
    line = raw(" ".join(proc.argv[1:]) or "y") + b"\n"
    while True:
        await proc.write(1, line * max(1, 4096 // len(line)))


@command("+0rtn:s:I:E:e:L:P:px", synopsis="[OPTIONS] [PROG ARGS]", about="Run PROG on every item given by stdin",
         long={"null": "0", "no-run-if-empty": "r", "max-args:": "n", "verbose": "t", "max-procs:": "P"})  # fmt: skip
async def xargs(proc: Proc, options: Options, operands: list[str]) -> int:
    program = operands or ["echo"]
    text = (await proc.read_all(0)).decode(errors="surrogateescape")
    if "0" in options:
        items = [item for item in text.split("\0") if item]
    elif "I" in options or "L" in options:
        items = [line.strip() for line in text.split("\n") if line.strip()]
    else:
        try:
            items = shlex.split(text, posix=True)
        except ValueError:
            raise Failure("unmatched quote") from None
    if "I" in options:
        runs = [[word.replace(options["I"], item) for word in program] for item in items]
    else:
        most = int(options.get("n", options.get("L", "0"))) or max(len(items), 1)
        groups = [items[i : i + most] for i in range(0, len(items), most)] or ([] if "r" in options else [[]])
        runs = [[*program, *group] for group in groups]
    return await _run_all(proc, runs, "t" in options)


async def _run_all(proc: Proc, runs: Sequence[list[str]], trace: bool) -> int:
    """123 if one failed, 124 if one said 255, 126 and 127 as the shell does."""
    worst = 0
    for argv in runs:
        if trace:
            await proc.err(" ".join(argv) + "\n")
        status = await proc.run(argv)
        if status in (126, 127):
            await complain(proc, f"{argv[0]}: {'Permission denied' if status == 126 else 'No such file or directory'}")
            return status
        if status == 255:
            await complain(proc, f"{argv[0]}: exited with status 255; aborting")
            return 124
        worst = 123 if status else worst
    return worst


async def expr(proc: Proc) -> int:
    """expr(1): | & comparisons + - * / % : ( ) and match, substr, index, length. 0 true, 1 null or zero, 2 an error."""
    try:
        value = _Expression(proc.argv[1:]).run()
    except (Failure, BadRegex) as failure:
        await complain(proc, str(failure))
        return 2
    await proc.out(f"{value}\n")
    return int(value in ("", "0"))


class _Expression:
    LEVELS = (("|",), ("&",), ("<", "<=", "=", "==", "!=", ">=", ">"), ("+", "-"), ("*", "/", "%"), (":",))

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def run(self) -> str:
        if not self.words:
            raise Failure("syntax error")
        value = self.level(0)
        if self.words:
            raise Failure("syntax error")
        return value

    def level(self, depth: int) -> str:
        if depth == len(self.LEVELS):
            return self.primary()
        value = self.level(depth + 1)
        while self.words and self.words[0] in self.LEVELS[depth]:
            operator = self.words.pop(0)
            value = self.apply(operator, value, self.level(depth + 1))
        return value

    def primary(self) -> str:
        if not self.words:
            raise Failure("syntax error")
        word = self.words.pop(0)
        if word == "(":
            value = self.level(0)
            if not self.words or self.words.pop(0) != ")":
                raise Failure("syntax error")
            return value
        if word == "length" and self.words:
            return str(len(self.primary()))
        if word == "match" and len(self.words) > 1:
            return self.apply(":", self.primary(), self.primary())
        if word == "index" and len(self.words) > 1:
            text, chars = self.primary(), self.primary()
            return str(min((text.find(char) + 1 for char in chars if char in text), default=0))
        if word == "substr" and len(self.words) > 2:
            text, start, length = self.primary(), self.number(self.primary()), self.number(self.primary())
            return text[max(start - 1, 0) : max(start - 1 + length, 0)] if start > 0 else ""
        return word

    def number(self, text: str) -> int:
        if not re.fullmatch(r"-?\d+", text):
            raise Failure("non-numeric argument")
        return int(text)

    def apply(self, operator: str, left: str, right: str) -> str:
        if operator == "|":
            return left if left not in ("", "0") else right
        if operator == "&":
            return left if left not in ("", "0") and right not in ("", "0") else "0"
        if operator == ":":
            match = compile(right).search(left)
            if match is None or match.start() != 0:
                return "" if r"\(" in right else "0"
            return match[1] if match.re.groups else str(match.end())
        if operator in self.LEVELS[2]:
            numeric = all(re.fullmatch(r"-?\d+", text) for text in (left, right))
            order = (int(left) > int(right)) - (int(left) < int(right)) if numeric else (left > right) - (left < right)
            return str(int({"<": order < 0, "<=": order <= 0, "=": order == 0, "==": order == 0, "!=": order != 0,
                            ">=": order >= 0, ">": order > 0}[operator]))  # fmt: skip
        a, b = self.number(left), self.number(right)
        if operator in "/%" and b == 0:
            raise Failure("division by zero")
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1) if operator in "/%" else 0
        return str({"+": a + b, "-": a - b, "*": a * b, "/": quotient, "%": a - quotient * b}[operator])


@command("di:w:", synopsis="[-d] [FILE]", about="Base64 encode or decode FILE to standard output", most=1,
         long={"decode": "d", "wrap:": "w"})  # fmt: skip
async def base64(proc: Proc, options: Options, operands: list[str]) -> int:
    fd = proc.open(operands[0]) if operands and operands[0] != "-" else 0
    data = await proc.read_all(fd)
    if "d" in options:
        try:
            await proc.write(1, b64.b64decode(data, validate=False))
        except ValueError:
            raise Failure("truncated input") from None
        return 0
    text = b64.b64encode(data).decode()
    width = int(options.get("w", "76")) or len(text) or 1
    for at in range(0, len(text), width):
        await proc.out(text[at : at + width] + ("\n" if options.get("w") != "0" else ""))
    return 0


@command(
    "A:t:j:N:vcbxdohn:Cs:", synopsis="[-bcCdovx] [FILE]...", about="Display FILEs (or stdin) in a user specified format"
)
async def od(proc: Proc, options: Options, operands: list[str]) -> int:
    """od(1) with -c, -b, -x, -d, -t x1, -A x|d|n; hexdump -C."""
    canonical = name(proc) in ("hexdump", "hd") and ("C" in options or name(proc) == "hd")
    data = b""
    for file in operands or ["-"]:
        data += await proc.read_all(proc.open(file) if file != "-" else 0)
    data = data[int(options.get("j", options.get("s", "0")), 0) :]
    limit = options.get("N", options.get("n", ""))
    data = data[: int(limit, 0)] if limit else data
    async with Output(proc) as out:
        for at in range(0, len(data), 16):
            part = data[at : at + 16]
            await out.line(
                _canonical(at, part) if canonical else _offset(options, at) + _units(options, name(proc), part)
            )
        if options.get("A") != "n":
            await out.line(f"{len(data):08x}" if canonical else _offset(options, len(data)))
    return 0


def _offset(options: Options, at: int) -> str:
    return {"x": f"{at:06x}", "d": f"{at:07d}", "n": ""}.get(options.get("A", "o"), f"{at:07o}")


def _canonical(at: int, part: bytes) -> str:
    halves = [" ".join(f"{byte:02x}" for byte in half) for half in (part[:8], part[8:])]
    shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
    return f"{at:08x}  {halves[0]:<23}  {halves[1]:<23}  |{shown}|"


def _units(options: Options, program: str, part: bytes) -> str:
    kind = options.get("t") or options.last("cbxd")
    if kind == "c":
        special = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
        return "".join(f"{special.get(b, chr(b) if 32 <= b < 127 else f'{b:03o}'):>4}" for b in part)
    if kind in ("x1", "b", "o1", "u1", "d1"):
        return "".join({"x1": f" {b:02x}", "b": f" {b:03o}", "o1": f" {b:03o}"}.get(kind, f" {b:3d}") for b in part)
    words = [int.from_bytes(part[i : i + 2], "little") for i in range(0, len(part), 2)]
    if kind in ("x", "x2") or program == "hexdump":
        return "".join(f" {word:04x}" for word in words)
    return "".join(f" {word:5d}" if kind in ("d", "u2") else f" {word:06o}" for word in words)
