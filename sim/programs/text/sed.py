"""sed: run a script over lines (POSIX sed; the script is read by sed_script.py)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.abi import Proc
from sim.programs.options import Failure, Options, Usage, command
from sim.programs.text.inputs import Inputs, raw, text
from sim.programs.text.regex import Regex, substitute
from sim.programs.text.sed_script import Address, Command, ScriptError, Substitution, parse


@dataclass
class State:
    """What a run of the script works on."""

    proc: Proc
    inputs: Inputs
    quiet: bool
    out: list[bytes] = field(default_factory=list)
    pattern: str = ""
    hold: str = ""
    number: int = 0
    substituted: bool = False
    last_regex: Regex | None = None
    inside: dict[int, int] = field(default_factory=dict)  # index of a command whose range is open → its last line, or 0
    appended: list[bytes] = field(default_factory=list)
    newline: bool = True
    files: dict[str, list[bytes]] = field(default_factory=dict)
    status: int | None = None  # set by q

    def emit(self, text: str, newline: bool = True) -> None:
        self.out.append(raw(text) + (b"\n" if newline else b""))


@command(
    "ne:f:i::rEs",
    synopsis="[-i[SFX]] [-nrE] [-f FILE]... [-e CMD]... [FILE]...\nor: sed [-i[SFX]] [-nrE] CMD [FILE]...",
    about="",
    long={"quiet": "n", "silent": "n", "expression:": "e", "file:": "f", "in-place::": "i", "regexp-extended": "r"},
)
async def sed(proc: Proc, options: Options, operands: list[str]) -> int:
    names = list(operands)
    scripts = [value if option == "e" else _file(proc, value) for option, value in options.given if option in "ef"]
    if not scripts:
        if not names:
            raise Usage
        scripts.append(names.pop(0))
    try:
        script = parse("\n".join(scripts), options.any("rE"))
    except ScriptError as error:
        raise Failure(str(error)) from None
    quiet = "n" in options or scripts[0].startswith("#n\n")
    if "i" in options:
        return await _in_place(proc, script, names, quiet, options.get("i"))
    inputs = Inputs(proc, names)
    state = State(proc, inputs, quiet)
    await _run(script, state)
    return state.status or int(inputs.failed)


def _file(proc: Proc, name: str) -> str:
    try:
        return text(proc.read_file(name)).rstrip("\n")
    except OSError as error:
        raise Failure(f"{name}: {error.strerror}") from None


async def _in_place(proc: Proc, script: tuple[Command, ...], names: list[str], quiet: bool, suffix: str) -> int:
    """-i: each file by itself, its output in its place."""
    status = 0
    for name in names:
        inputs = Inputs(proc, [name])
        state = State(proc, inputs, quiet)
        await _run(script, state, flush=False)
        if inputs.failed:
            status = 1
            continue
        if suffix:
            proc.write_file(name + suffix, proc.read_file(name))
        proc.write_file(name, b"".join(state.out))
    return status


async def _run(script: tuple[Command, ...], state: State, flush: bool = True) -> None:
    """Cycle after cycle: read a line, run the commands, print the pattern space."""
    while state.status is None and (line := await state.inputs.line()) is not None:
        state.number += 1
        state.pattern, state.newline = line, state.inputs.ended_with_newline
        state.substituted = False
        again = True
        while again:
            again = await _cycle(script, state)
        if flush and state.out:
            data = b"".join(state.out)
            state.out.clear()
            await state.proc.write(1, data)
    for name, parts in state.files.items():
        state.proc.write_file(name, b"".join(parts))


async def _cycle(script: tuple[Command, ...], state: State) -> bool:
    """One pass over the commands; True if `D` asks for another one without reading."""
    index, printed = 0, True
    while index < len(script):
        command = script[index]
        chosen = await _selected(command, index, state) != command.negated
        index += 1
        if not chosen:
            if command.name == "{":
                index = command.target
            continue
        match command.name:
            case "{":
                pass
            case "b":
                index = command.target
            case "t" | "T":
                if state.substituted == (command.name == "t"):
                    index = command.target
                state.substituted = False
            case "d":
                printed = False
                break
            case "D":
                _, newline, rest = state.pattern.partition("\n")
                if newline:
                    state.pattern = rest
                    await _append(state)
                    return True
                printed = False
                break
            case "q" | "Q":
                state.status = int(command.text or 0)
                printed = command.name == "q"
                break
            case "n" | "N":
                if not await _next(command.name, state):
                    break
            case _:
                printed = await _simple(command, state) and printed
                if command.name == "c":
                    break
    if printed and not state.quiet:
        state.emit(state.pattern, state.newline)
    await _append(state)
    return False


async def _next(name: str, state: State) -> bool:
    """n and N; False at the end of input, where sed prints what it has and ends."""
    if await state.inputs.is_last():
        return False
    if name == "n" and not state.quiet:
        state.emit(state.pattern)
    await _append(state)
    line = await state.inputs.line()
    assert line is not None
    state.number += 1
    state.newline = state.inputs.ended_with_newline
    state.pattern = state.pattern + "\n" + line if name == "N" else line
    return True


async def _append(state: State) -> None:
    """What a and r have put aside comes after the line."""
    if state.appended:
        state.out += state.appended
        state.appended.clear()


async def _simple(command: Command, state: State) -> bool:
    """A command that neither jumps nor reads; False if the pattern space must not be printed."""
    match command.name:
        case "p":
            state.emit(state.pattern)
        case "P":
            state.emit(state.pattern.partition("\n")[0])
        case "=":
            state.emit(str(state.number))
        case "l":
            state.emit(_visible(state.pattern) + "$")
        case "i":
            state.out.append(raw(command.text))
        case "a":
            state.appended.append(raw(command.text))
        case "c":
            if command.last is None or command.negated or not state.inside:
                state.out.append(raw(command.text))
            return False
        case "r":
            try:
                state.appended.append(state.proc.read_file(command.text))
            except OSError:
                return True  # a file that is not there is an empty one
        case "w":
            state.files.setdefault(command.text, []).append(raw(state.pattern) + b"\n")
        case "h":
            state.hold = state.pattern
        case "H":
            state.hold += "\n" + state.pattern
        case "g":
            state.pattern = state.hold
        case "G":
            state.pattern += "\n" + state.hold
        case "x":
            state.pattern, state.hold = state.hold, state.pattern
        case "z":
            state.pattern = ""
        case "y":
            state.pattern = state.pattern.translate({ord(old): new for old, new in command.table})
        case "s" if command.substitution is not None:
            _substitute(command.substitution, state)
    return True


def _substitute(substitution: Substitution, state: State) -> None:
    regex = _regex(substitution.regex, state)
    nth = substitution.nth or 1
    replaced, count = substitute(regex, state.pattern, substitution.replacement, nth, substitution.everywhere)
    if count < nth:
        return
    state.pattern = replaced
    state.substituted = True
    if substitution.prints:
        state.emit(state.pattern)
    if substitution.file:
        state.files.setdefault(substitution.file, []).append(raw(state.pattern) + b"\n")


def _regex(regex: Regex | None, state: State) -> Regex:
    """The expression, or the last one used for an empty one."""
    if regex is not None:
        state.last_regex = regex
    assert state.last_regex is not None
    return state.last_regex


async def _selected(command: Command, index: int, state: State) -> bool:
    if command.first is None:
        return True
    if command.last is None:
        return await _matches(command.first, state)
    if index in state.inside:
        end = state.inside[index]
        over = state.number >= end if end else await _matches(command.last, state)
        if over:
            del state.inside[index]
            return not end or state.number <= end
        return True
    first = command.first
    if first.kind == "line" and first.line == 0:
        if state.number > 1:
            return False
    elif not await _matches(first, state):
        return False
    last = command.last
    end = {"line": last.line, "plus": state.number + last.step}.get(last.kind, 0)
    if last.kind == "multiple" and last.step:
        end = -(-state.number // last.step) * last.step
    if last.kind == "last" and await state.inputs.is_last():
        return True
    if last.kind in ("line", "plus", "multiple"):
        if end > state.number:
            state.inside[index] = end
    elif not (first.kind == "line" and first.line == 0 and await _matches(last, state)):
        state.inside[index] = 0
    return True


async def _matches(address: Address, state: State) -> bool:
    match address.kind:
        case "line":
            return state.number == address.line
        case "last":
            return await state.inputs.is_last()
        case "step":
            if address.step <= 0:
                return state.number == address.line
            return state.number >= address.line and (state.number - address.line) % address.step == 0
        case _:
            return _regex(address.regex, state).search(state.pattern) is not None


def _visible(text: str) -> str:
    names = {"\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
    return "".join(names.get(c, c if " " <= c <= "~" else "".join(f"\\{b:03o}" for b in raw(c))) for c in text)
