"""printf(1): format and print. The shell has it as a builtin, from here. Texts are busybox's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sim.abi import Proc

USAGE = "usage: printf FORMAT [ARGUMENT...]"
_DIRECTIVE = re.compile(r"%([-+ #0]*)(\*|\d+)?(?:\.(\*|-?\d*))?(?:hh|h|ll|l|L|j|z|t|q)?([a-zA-Z%])")
_ESCAPE = re.compile(r"\\(?:([abefnrtv\\])|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(c))")
_ESCAPE_OF_B = re.compile(r"\\(?:([abefnrtv\\])|x([0-9A-Fa-f]{1,2})|(0[0-7]{1,3}|[0-7]{1,3})|(c))")
_ESCAPE_OF_ECHO = re.compile(r"\\(?:([abefnrtv\\])|x([0-9A-Fa-f]{1,2})|(0[0-7]{0,3})|(c))")
_NAMED = dict(zip("abefnrtv\\", "\a\b\x1b\f\n\r\t\v\\", strict=True))


class _Stop(Exception):
    """`\\c`: no more output."""


@dataclass(slots=True)
class Printed:
    """What came out: the text, the errors on the way (without the program's name), the exit status."""

    text: str = ""
    errors: list[str] = field(default_factory=list)
    status: int = 0

    def fail(self, message: str) -> None:
        self.errors.append(message)
        self.status = 1


async def main(proc: Proc) -> int:
    """`printf FORMAT [ARGUMENT...]`"""
    words = proc.argv[1:]
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        await proc.err(USAGE + "\n")
        return 1
    printed = render(words[0], words[1:])
    await proc.out(printed.text)
    for message in printed.errors:
        await proc.err(f"{proc.argv[0].rpartition('/')[2]}: {message}\n")
    return printed.status


def render(template: str, arguments: list[str]) -> Printed:
    """Use the template as often as it takes to use up the arguments.

    >>> render("%s=%d;", ["a", "1", "b", "2"]).text
    'a=1;b=2;'
    """
    printed = Printed()
    rest = iter(arguments)
    left = len(arguments)
    try:
        while True:
            before = left
            left -= _once(template, rest, left, printed)
            if left <= 0 or left == before or (printed.status == 1 and "invalid format" in printed.errors[-1]):
                return printed
    except _Stop:
        return printed


def unescape(text: str, escape: re.Pattern[str] = _ESCAPE) -> str:
    """The text with C's escapes carried out. Raises _Stop, with the text so far, at `\\c`."""
    if "\\" not in text:
        return text
    stop = next((found for found in escape.finditer(text) if found[4]), None)
    result = escape.sub(_character, text[: stop.start()] if stop else text)
    if stop:
        raise _Stop(result)
    return result


def unescape_echo(text: str) -> tuple[str, bool]:
    """What `echo -e` makes of its arguments, and whether `\\c` ended it. Octal numbers are written `\\0nnn`."""
    try:
        return unescape(text, _ESCAPE_OF_ECHO), False
    except _Stop as stop:
        return str(stop), True


def _character(found: re.Match[str]) -> str:
    name, hexadecimal, octal, _ = found.groups()
    if name:
        return _NAMED[name]
    return _byte(int(hexadecimal, 16) if hexadecimal else int(octal, 8) & 255)


def _byte(value: int) -> str:
    return bytes((value,)).decode(errors="surrogateescape")


def _once(template: str, rest: Iterator[str], left: int, printed: Printed) -> int:
    """One pass over the template; how many arguments it took."""
    taken = 0

    def argument() -> str | None:
        nonlocal taken
        value = next(rest, None)
        taken += value is not None
        return value

    position = 0
    while position < len(template):
        percent = template.find("%", position)
        end = len(template) if percent < 0 else percent
        _append(printed, template[position:end])
        if percent < 0:
            break
        directive = _DIRECTIVE.match(template, percent)
        if directive is None or (directive[4] == "%" and len(directive[0]) > 2) or directive[4] not in _CONVERT:
            printed.fail(f"{template[percent:]}: invalid format")
            break
        _convert(directive, argument, printed)
        position = directive.end()
    return taken


def _append(printed: Printed, text: str, escape: re.Pattern[str] = _ESCAPE) -> None:
    try:
        printed.text += unescape(text, escape)
    except _Stop as stop:
        printed.text += str(stop)
        raise


def _convert(directive: re.Match[str], argument: Callable[[], str | None], printed: Printed) -> None:
    flags, width, precision, letter = directive.groups()
    if letter == "%":
        printed.text += "%"
        return
    if width == "*":
        width = str(_integer(argument() or "0", printed))
        if width.startswith("-"):
            flags, width = flags + "-", width[1:]
    if precision == "*":
        precision = str(_integer(argument() or "0", printed))
    _CONVERT[letter](printed, flags, width or "", precision, letter, argument())


def _pad(text: str, flags: str, width: str) -> str:
    size = int(width or 0)
    return text.ljust(size) if "-" in flags else text.rjust(size)


def _string(printed: Printed, flags: str, width: str, precision: str | None, letter: str, value: str | None) -> None:
    text = value or ""
    if letter == "c":
        text = text[:1]
    elif precision is not None:
        text = text[: int(precision or 0)] if not precision.startswith("-") else text
    printed.text += _pad(text, flags, width)


def _escaped(printed: Printed, flags: str, width: str, precision: str | None, letter: str, value: str | None) -> None:
    """%b: the argument's escapes are carried out, too."""
    _append(printed, value or "", _ESCAPE_OF_B)


def _number(printed: Printed, flags: str, width: str, precision: str | None, letter: str, value: str | None) -> None:
    number = _integer(value or "", printed)
    if letter not in "di":
        number %= 1 << 64
    spec = (
        "%" + flags + width + ("" if precision is None else "." + precision) + {"u": "d", "i": "d"}.get(letter, letter)
    )
    text = spec % number
    if letter == "o" and "#" in flags:
        text = text.replace("0o", "0")
    printed.text += text


def _real(printed: Printed, flags: str, width: str, precision: str | None, letter: str, value: str | None) -> None:
    try:
        number = float(value or "")
    except ValueError:
        printed.fail(f"invalid number '{value or ''}'")
        number = 0.0
    printed.text += ("%" + flags + width + ("" if precision is None else "." + precision) + letter) % number


def _integer(text: str, printed: Printed) -> int:
    """C's notation for whole numbers, or `'X` for a character's code. An error is noted and counts 0."""
    if text[:1] in ("'", '"') and len(text) > 1:
        return ord(text[1])
    digits = text.lstrip("+-").lower()
    try:
        base = 16 if digits.startswith("0x") else 8 if digits.startswith("0") and len(digits) > 1 else 10
        value = int(text, base)
    except ValueError:
        value = 1 << 64
    if not -(1 << 63) <= value < 1 << 64 or "_" in text:
        printed.fail(f"invalid number '{text}'")
        return 0
    return value


_Conversion = Callable[[Printed, str, str, str | None, str, str | None], None]
_CONVERT: dict[str, _Conversion] = {"%": _string, "s": _string, "c": _string, "b": _escaped}
_CONVERT |= dict.fromkeys("diuoxX", _number)
_CONVERT |= dict.fromkeys("aAeEfFgG", _real)
