"""The syntax tree of a shell script: what the parser makes and the interpreter walks. Frozen, hence shared and cached.

Names follow the grammar of POSIX XCU 2.10. Line numbers do not take part in comparisons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# -- words


@dataclass(frozen=True, slots=True)
class Text:
    """Literal characters. `quoted`: they came from quotes, so they are neither split, nor patterns, nor a tilde."""

    value: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """`$name`, `${name}` or `${name OPERATOR arguments}`.

    `operator` is one of `-` `:-` `=` `:=` `?` `:?` `+` `:+` `%` `%%` `#` `##` (one argument), `length` (none),
    `/` `//` (pattern, replacement), `:` (offset and perhaps length), `^` `^^` `,` `,,` (bash's) or empty.
    """

    name: str
    operator: str = ""
    arguments: tuple[Word, ...] = ()
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class CommandSubstitution:
    """`$(…)` or backquotes."""

    body: Sequence
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class ArithmeticExpansion:
    """`$((…))`: the expression is expanded as if in double quotes, then computed."""

    expression: Word
    quoted: bool = False


Part = Text | Parameter | CommandSubstitution | ArithmeticExpansion


@dataclass(frozen=True, slots=True)
class Word:
    """Parts that stand together. `literal` is the word itself if it needs no expansion at all, else None."""

    parts: tuple[Part, ...]
    literal: str | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "literal", _literal(self.parts))


def _literal(parts: tuple[Part, ...]) -> str | None:
    text = ""
    for part in parts:
        if not isinstance(part, Text) or (not part.quoted and _NEEDS_CARE.search(part.value)):
            return None
        text += part.value
    return text


_NEEDS_CARE = re.compile(r"[*?]|\[.*\]|^~|:~", re.DOTALL)  # a lone `[` is no pattern but a command


# -- redirections


@dataclass(frozen=True, slots=True)
class Redirection:
    """`fd operator target`; operators `<` `>` `>>` `>|` `<>` `<&` `>&`, and bash's `&>` `&>>` `<<<`."""

    fd: int
    operator: str
    target: Word


@dataclass(frozen=True, slots=True)
class HereDocument:
    """`fd<<delimiter`. The text follows after the line's end, so the parser fills in `body` when it comes to it."""

    fd: int
    body: Word


Redirect = Redirection | HereDocument


# -- commands


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name=value` before a command; `append` for bash's `+=`."""

    name: str
    value: Word
    append: bool = False


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirections: tuple[Redirect, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`! a | b`. One command alone is a pipeline only if it is negated."""

    commands: tuple[Command, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class AndOr:
    """`left && right` or `left || right`."""

    left: Command
    operator: str
    right: Command


@dataclass(frozen=True, slots=True)
class Background:
    """`command &`"""

    command: Command


@dataclass(frozen=True, slots=True)
class Sequence:
    """`a; b` or lines: at least one command. `end` is where the parser stood after it, in characters of its text."""

    commands: tuple[Command, ...]
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class BraceGroup:
    body: Sequence


@dataclass(frozen=True, slots=True)
class Subshell:
    body: Sequence
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class If:
    """`elif` is an If in `otherwise`."""

    condition: Sequence
    then: Sequence
    otherwise: Command | None = None


@dataclass(frozen=True, slots=True)
class While:
    """`until`: the condition is turned round."""

    condition: Sequence
    body: Sequence
    until: bool = False


@dataclass(frozen=True, slots=True)
class For:
    """`words` None: the positional parameters."""

    name: str
    words: tuple[Word, ...] | None
    body: Sequence
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class CaseItem:
    patterns: tuple[Word, ...]
    body: Sequence | None


@dataclass(frozen=True, slots=True)
class Case:
    word: Word
    items: tuple[CaseItem, ...]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    body: Command


@dataclass(frozen=True, slots=True)
class Conditional:
    """`[[ … ]]`: the words between the brackets; operators are plain words here."""

    words: tuple[Word, ...]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ArithmeticCommand:
    """bash's `(( … ))`."""

    expression: Word
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ArithmeticFor:
    """bash's `for ((first; condition; step))`; an empty condition is true."""

    first: Word
    condition: Word
    step: Word
    body: Sequence
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Redirected:
    """A compound command with redirections."""

    command: Command
    redirections: tuple[Redirect, ...]


Command = (
    SimpleCommand
    | Pipeline
    | AndOr
    | Background
    | Sequence
    | BraceGroup
    | Subshell
    | If
    | While
    | For
    | Case
    | Function
    | Conditional
    | ArithmeticCommand
    | ArithmeticFor
    | Redirected
)
