"""awk's own functions."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from random import Random

from sim.programs.text.awk.interpreter import Interpreter, RunError
from sim.programs.text.awk.nodes import Expr, Field, Number, Pattern, Target, Variable
from sim.programs.text.awk.records import split
from sim.programs.text.awk.values import Strnum, Value, formatted, number, string
from sim.programs.text.regex import substitute

MATHEMATICS: dict[str, Callable[[float], float]] = {
    "int": math.trunc, "sqrt": math.sqrt, "exp": math.exp, "log": math.log, "sin": math.sin, "cos": math.cos,
}  # fmt: skip


async def call(awk: Interpreter, name: str, arguments: tuple[Expr, ...]) -> Value:
    """Raises RunError."""
    if name in ("sub", "gsub"):
        return await _substitute(awk, arguments, everywhere=name == "gsub")
    if name == "split":
        return await _split(awk, arguments)
    if name == "match":
        return await _match(awk, arguments)
    if name == "length" and len(arguments) == 1 and isinstance(arguments[0], Variable):
        array = awk.scope.whole_array(arguments[0])
        if array is not None:
            return float(len(array))
    values = [await awk.evaluate(argument) for argument in arguments]
    if name in ("system", "close", "fflush"):
        return await _outside(awk, name, values)
    try:
        return _plain(awk, name, values)
    except IndexError:
        raise RunError("Too few arguments") from None
    except (ValueError, OverflowError):
        return math.nan


def _plain(awk: Interpreter, name: str, values: list[Value]) -> Value:
    """Functions of their values alone."""
    match name:
        case "length":
            return float(len(string(values[0]) if values else string(awk.record.get(0))))
        case "substr":
            return _substr(string(values[0]), number(values[1]), number(values[2]) if len(values) > 2 else math.inf)
        case "index":
            return float(string(values[0]).find(string(values[1])) + 1)
        case "tolower":
            return string(values[0]).lower()
        case "toupper":
            return string(values[0]).upper()
        case "sprintf":
            return formatted(string(values[0]), values[1:])
        case "atan2":
            return math.atan2(number(values[0]), number(values[1]))
        case "rand":
            awk.seed += 1
            return Random(awk.seed).random()
        case "srand":
            awk.seed, old = int(number(values[0])) if values else awk.streams.now(), awk.seed
            return float(old)
        case "systime":
            return float(awk.streams.now())
        case "strftime":
            return time.strftime(
                string(values[0]), time.gmtime(number(values[1]) if len(values) > 1 else awk.streams.now())
            )
        case _:
            return float(MATHEMATICS[name](number(values[0])))


def _substr(text: str, start: float, length: float) -> str:
    """Characters are counted from 1; what lies outside is not there."""
    begin = round(start)
    end = math.inf if length == math.inf else begin + round(length)
    return text[max(begin, 1) - 1 : None if end == math.inf else max(int(end) - 1, 0)]


async def _outside(awk: Interpreter, name: str, values: list[Value]) -> Value:
    if name == "system":
        return float(await awk.streams.system(string(values[0])))
    if name == "close":
        return float(await awk.streams.close(string(values[0])))
    await awk.streams.flush()
    return 0.0


async def _split(awk: Interpreter, arguments: tuple[Expr, ...]) -> Value:
    if len(arguments) < 2 or not isinstance(arguments[1], Variable):
        raise RunError("Too few arguments")
    text = string(await awk.evaluate(arguments[0]))
    if len(arguments) > 2 and isinstance(arguments[2], Pattern):
        parts, at = [], 0
        while (found := arguments[2].regex.search(text, at)) is not None and found.end() > found.start():
            parts.append(text[at : found.start()])
            at = found.end()
        parts = [*parts, text[at:]] if text else []
    else:
        parts = split(text, string(await awk.evaluate(arguments[2])) if len(arguments) > 2 else awk.record.separator)
    array = awk.scope.array(arguments[1].name)
    array.clear()
    array.update((str(i), Strnum(part)) for i, part in enumerate(parts, 1))
    return float(len(parts))


async def _match(awk: Interpreter, arguments: tuple[Expr, ...]) -> Value:
    if len(arguments) < 2:
        raise RunError("Too few arguments")
    text = string(await awk.evaluate(arguments[0]))
    found = (await awk.regex(arguments[1])).search(text)
    start, length = (float(found.start() + 1), float(found.end() - found.start())) if found else (0.0, -1.0)
    awk.scope.assign("RSTART", start)
    awk.scope.assign("RLENGTH", length)
    return start


async def _substitute(awk: Interpreter, arguments: tuple[Expr, ...], everywhere: bool) -> Value:
    if len(arguments) < 2:
        raise RunError("Too few arguments")
    regex = await awk.regex(arguments[0])
    template = string(await awk.evaluate(arguments[1]))
    target: Expr = arguments[2] if len(arguments) > 2 else Field(Number(0.0))
    text = string(await awk.evaluate(target))
    replaced, count = substitute(regex, text, template, everywhere=everywhere)
    if count and isinstance(target, Target):
        await awk.store(target, replaced)
    return float(count)
