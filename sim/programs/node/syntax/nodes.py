"""The syntax tree, with ESTree's names where they are short. `start`: where in the source a node begins."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Node:
    start: int


# -- expressions


@dataclass(slots=True, eq=False)
class Name(Node):
    name: str


@dataclass(slots=True, eq=False)
class Literal(Node):
    """A number (float), BigInt (int), string, boolean or null (None)."""

    value: object


@dataclass(slots=True, eq=False)
class Regex(Node):
    body: str
    flags: str


@dataclass(slots=True, eq=False)
class Template(Node):
    """`parts` are (value, raw); between them stand the expressions."""

    parts: list[tuple[str, str]]
    values: list[Node]


@dataclass(slots=True, eq=False)
class Tagged(Node):
    tag: Node
    template: Template


@dataclass(slots=True, eq=False)
class Array(Node):
    """None is a hole."""

    elements: list[Node | None]


@dataclass(slots=True, eq=False)
class Property(Node):
    """Of an object literal or a pattern. `kind`: init, get, set. `default`: of a shorthand in a pattern."""

    key: Node
    value: Node
    kind: str = "init"
    computed: bool = False
    shorthand: bool = False


@dataclass(slots=True, eq=False)
class Object(Node):
    """`doubtful`: where `{a = 1}` stands, which only a pattern may have."""

    properties: list[Node]  # Property, Spread
    doubtful: int = -1


@dataclass(slots=True, eq=False)
class Function(Node):
    """`kind`: function, arrow, method, getter, setter, constructor, derived, fields. A body is statements."""

    name: str
    params: list[Node]
    body: list[Node]
    end: int = 0
    kind: str = "function"
    is_async: bool = False
    is_generator: bool = False
    declared: bool = False
    short: bool = False  # an arrow's body without braces
    strict: bool = False


@dataclass(slots=True, eq=False)
class Element(Node):
    """Of a class: `kind` is method, get, set, field, block (static)."""

    key: Node
    value: Node | None
    kind: str
    static: bool = False
    computed: bool = False


@dataclass(slots=True, eq=False)
class Class(Node):
    name: str
    parent: Node | None
    constructor: Function | None
    elements: list[Element]
    end: int = 0
    declared: bool = False


@dataclass(slots=True, eq=False)
class Unary(Node):
    operator: str
    value: Node


@dataclass(slots=True, eq=False)
class Update(Node):
    operator: str
    target: Node
    before: bool


@dataclass(slots=True, eq=False)
class Binary(Node):
    operator: str
    left: Node
    right: Node


@dataclass(slots=True, eq=False)
class Logical(Node):
    operator: str
    left: Node
    right: Node


@dataclass(slots=True, eq=False)
class Assign(Node):
    operator: str
    target: Node
    value: Node


@dataclass(slots=True, eq=False)
class Conditional(Node):
    test: Node
    yes: Node
    no: Node


@dataclass(slots=True, eq=False)
class Call(Node):
    callee: Node
    arguments: list[Node]
    optional: bool = False


@dataclass(slots=True, eq=False)
class New(Node):
    callee: Node
    arguments: list[Node]


@dataclass(slots=True, eq=False)
class Member(Node):
    """`object.name`, `object[key]` (computed). `at`: where the name stands."""

    object: Node
    key: Node  # Literal for a name, Private, or any
    at: int
    computed: bool = False
    optional: bool = False


@dataclass(slots=True, eq=False)
class Private(Node):
    name: str


@dataclass(slots=True, eq=False)
class Chain(Node):
    """The whole of an optional chain: undefined if a `?.` in it ends it."""

    value: Node


@dataclass(slots=True, eq=False)
class Sequence(Node):
    values: list[Node]


@dataclass(slots=True, eq=False)
class Spread(Node):
    value: Node


@dataclass(slots=True, eq=False)
class Yield(Node):
    value: Node | None
    delegate: bool = False


@dataclass(slots=True, eq=False)
class Await(Node):
    value: Node


@dataclass(slots=True, eq=False)
class This(Node): ...


@dataclass(slots=True, eq=False)
class Super(Node): ...


@dataclass(slots=True, eq=False)
class NewTarget(Node): ...


@dataclass(slots=True, eq=False)
class ImportMeta(Node): ...


@dataclass(slots=True, eq=False)
class ImportCall(Node):
    value: Node


@dataclass(slots=True, eq=False)
class Parenthesized(Node):
    """Only while parsing: `(a, b)` may turn out to be an arrow's parameters. `trailing`: where a comma or rest is."""

    values: list[Node]
    end: int
    trailing: int = -1


# -- patterns


@dataclass(slots=True, eq=False)
class ArrayPattern(Node):
    elements: list[Node | None]


@dataclass(slots=True, eq=False)
class ObjectPattern(Node):
    properties: list[Property]
    rest: Node | None = None


@dataclass(slots=True, eq=False)
class Default(Node):
    target: Node
    value: Node


@dataclass(slots=True, eq=False)
class Rest(Node):
    target: Node


# -- statements


@dataclass(slots=True, eq=False)
class Variables(Node):
    """`kind`: var, let, const."""

    kind: str
    declarations: list[tuple[Node, Node | None]]


@dataclass(slots=True, eq=False)
class Expression(Node):
    value: Node


@dataclass(slots=True, eq=False)
class Block(Node):
    body: list[Node]


@dataclass(slots=True, eq=False)
class If(Node):
    test: Node
    yes: Node
    no: Node | None


@dataclass(slots=True, eq=False)
class For(Node):
    init: Node | None
    test: Node | None
    update: Node | None
    body: Node


@dataclass(slots=True, eq=False)
class ForEach(Node):
    """`for (target of value)`; `kind` of, in, await. `declared`: var, let, const, or "" for an assignment."""

    kind: str
    declared: str
    target: Node
    value: Node
    body: Node


@dataclass(slots=True, eq=False)
class While(Node):
    test: Node
    body: Node


@dataclass(slots=True, eq=False)
class DoWhile(Node):
    body: Node
    test: Node


@dataclass(slots=True, eq=False)
class Return(Node):
    value: Node | None


@dataclass(slots=True, eq=False)
class Jump(Node):
    """break or continue."""

    kind: str
    label: str


@dataclass(slots=True, eq=False)
class Throw(Node):
    value: Node


@dataclass(slots=True, eq=False)
class Try(Node):
    block: Block
    parameter: Node | None
    handler: Block | None
    finalizer: Block | None


@dataclass(slots=True, eq=False)
class Switch(Node):
    """Cases: (test, None for default; statements)."""

    value: Node
    cases: list[tuple[Node | None, list[Node]]]


@dataclass(slots=True, eq=False)
class Labelled(Node):
    label: str
    body: Node


@dataclass(slots=True, eq=False)
class Empty(Node): ...


@dataclass(slots=True, eq=False)
class Import(Node):
    """`names`: (imported, local); "default", or "*" for the whole namespace."""

    module: str
    names: list[tuple[str, str]]


@dataclass(slots=True, eq=False)
class Export(Node):
    """`names`: (local, exported); `module`: from which; ("*", name or "") is everything of it. `value`: the default."""

    declaration: Node | None = None
    names: list[tuple[str, str]] = field(default_factory=list)
    module: str | None = None
    value: Node | None = None


@dataclass(slots=True, eq=False)
class Program(Node):
    body: list[Node]
    is_module: bool = False
