"""The syntax tree of an awk program."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.programs.text.regex import Regex


class SyntaxErrorInAwk(ValueError):
    """The text after "awk: cmd. line:"."""


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class String:
    value: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """/re/ by itself: does $0 match?"""

    regex: Regex


@dataclass(frozen=True, slots=True)
class Field:
    index: Expr


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


@dataclass(frozen=True, slots=True)
class Element:
    array: str
    subscripts: tuple[Expr, ...]


Target = Field | Variable | Element


@dataclass(frozen=True, slots=True)
class Assign:
    """`operator` "" for =, else "+" for += and so on."""

    target: Target
    operator: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Increment:
    target: Target
    delta: int
    prefix: bool


@dataclass(frozen=True, slots=True)
class Binary:
    """+ - * / % ^ and comparisons, " " is concatenation, && and ||."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str  # ! - +
    operand: Expr


@dataclass(frozen=True, slots=True)
class Match:
    text: Expr
    pattern: Expr
    negated: bool


@dataclass(frozen=True, slots=True)
class In:
    subscripts: tuple[Expr, ...]
    array: str


@dataclass(frozen=True, slots=True)
class Conditional:
    test: Expr
    yes: Expr
    no: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """A function of awk's own (`builtin`) or of the program."""

    name: str
    arguments: tuple[Expr, ...]
    builtin: bool


@dataclass(frozen=True, slots=True)
class Getline:
    """`kind` "" the input, "<" a file, "|" a command."""

    kind: str
    source: Expr | None
    target: Target | None


Simple = Number | String | Pattern | Field | Variable | Element
Expr = Simple | Assign | Increment | Binary | Unary | Match | In | Conditional | Call | Getline


@dataclass(frozen=True, slots=True)
class Print:
    """`redirect` "" or > >> |; `format`: printf."""

    arguments: tuple[Expr, ...]
    redirect: str
    destination: Expr | None
    format: bool


@dataclass(frozen=True, slots=True)
class Evaluate:
    expression: Expr


@dataclass(frozen=True, slots=True)
class If:
    test: Expr
    yes: Statement
    no: Statement | None


@dataclass(frozen=True, slots=True)
class While:
    """`after`: the test comes after the body (do … while)."""

    test: Expr
    body: Statement
    after: bool = False


@dataclass(frozen=True, slots=True)
class For:
    begin: Statement | None
    test: Expr | None
    step: Statement | None
    body: Statement


@dataclass(frozen=True, slots=True)
class ForIn:
    variable: str
    array: str
    body: Statement


@dataclass(frozen=True, slots=True)
class Jump:
    """next, exit, return, break, continue."""

    word: str
    value: Expr | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    array: str
    subscripts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Block:
    statements: tuple[Statement, ...]


Statement = Print | Evaluate | If | While | For | ForIn | Jump | Delete | Block


@dataclass(frozen=True, slots=True)
class Rule:
    """pattern { action }; `last` for a range; no action prints the line."""

    pattern: Expr | None
    last: Expr | None
    action: Block | None


@dataclass(frozen=True, slots=True)
class Function:
    parameters: tuple[str, ...]
    body: Block


@dataclass(slots=True)
class Program:
    begin: list[Block] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    end: list[Block] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)
