"""cowsay: a text in a balloon, and who says it, from the file of the image. Source: cowsay(1)."""

from __future__ import annotations

import textwrap

from sim.abi import Proc
from sim.programs.options import Options, command

COWS = "/usr/share/cowsay/cows"
WIDTH = 40  # columns of a balloon


@command("W:f:n", synopsis="[-n] [-W COLUMN] [-f COWFILE] [MESSAGE]", about="A cow that says a text")
async def cowsay(proc: Proc, options: Options, operands: list[str]) -> int:
    text = " ".join(operands) or (await proc.read_all(0)).decode("utf-8", "replace")
    width = int(options.get("W") or WIDTH) - 1
    lines = textwrap.wrap(text, width) if "n" not in options else text.splitlines()
    name = options.get("f", "default")
    path = name if "/" in name else f"{COWS}/{name.removesuffix('.cow')}.cow"
    try:
        cow = proc.read_file(path).decode("utf-8", "replace")
    except OSError:
        await proc.err(f"cowsay: Could not find {name} cowfile!\n")
        return 1
    await proc.out(balloon(lines or [""]) + cow)
    return 0


def balloon(lines: list[str]) -> str:
    r"""The text with its frame.

    >>> print(balloon(["boo"]), end="")
     _____
    < boo >
     -----
    """
    size = max(map(len, lines))
    last = len(lines) - 1
    sides = ["<>" if not last else "/\\" if at == 0 else "\\/" if at == last else "||" for at in range(last + 1)]
    middle = [f"{side[0]} {line:<{size}} {side[1]}" for side, line in zip(sides, lines, strict=True)]
    return "\n".join([f" {'_' * (size + 2)}", *middle, f" {'-' * (size + 2)}", ""])
