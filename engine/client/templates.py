"""Go's text/template, as far as `docker --format` needs it: fields, pipelines, variables, if/with/range, functions.

    render(parse("{{.Names}}: {{json .Labels}}"), row)

Data are JSON values; a field of a row may also be a function, called with what follows it (`{{.Label "x"}}`).
Syntax and error texts: https://pkg.go.dev/text/template; docker's functions: docker/cli templates/templates.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.client.template_functions import FUNCTIONS, shown, truth


class TemplateError(Exception):
    """The text after "template: "."""


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Term:
    """One operand: its head (a literal, variable, function name, dot or pipeline) and the fields taken from it."""

    kind: str  # "literal" | "variable" | "function" | "dot" | "pipe"
    head: Any
    fields: tuple[str, ...]
    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands joined by |; `variables` on the left of := (or =)."""

    commands: tuple[tuple[Term, ...], ...]
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """{{if}}, {{with}}, {{range}} with their {{else}}."""

    word: str
    pipe: Pipe
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


Node = Text | Pipe | Block

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:\\.|[^"\\])*"|`[^`]*`)|(?P<char>'(?:\\.|[^'\\])')|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<variable>\$\w*)|(?P<field>\.[A-Za-z_]\w*)|(?P<dot>\.)|(?P<word>[A-Za-z_]\w*)|(?P<op>:=|=|\||\(|\)|,))"""
)
_ACTION = re.compile(
    r"\{\{(?P<left>- )?(?P<body>(?:\"(?:\\.|[^\"\\])*\"|`[^`]*`|/\*.*?\*/|.)*?)(?P<right> -)?\}\}", re.S
)


_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "nil": None}


@dataclass(slots=True)
class _Tokens:
    """The tokens of one action: (kind, text, column, spaced: whether blanks stand before it)."""

    items: list[tuple[str, str, int, bool]]
    at: int = 0

    def peek(self) -> tuple[str, str, int, bool]:
        return self.items[self.at] if self.at < len(self.items) else ("end", "", 0, True)

    def take(self) -> tuple[str, str, int, bool]:
        token = self.peek()
        self.at += 1
        return token


def parse(source: str) -> tuple[Node, ...]:
    """Raises TemplateError, e.g. `:1: unclosed action`."""
    pieces: list[Text | _Tokens] = []
    at, trim = 0, False
    for match in _ACTION.finditer(source):
        text = source[at : match.start()]
        text = text.lstrip() if trim else text
        pieces.append(Text(text.rstrip() if match["left"] else text))
        trim, at = bool(match["right"]), match.end()
        if not match["body"].strip().startswith("/*"):
            pieces.append(_tokens(match["body"], match.start("body")))
    tail = source[at:]
    if "{{" in tail:
        raise TemplateError(":1: unclosed action")
    pieces.append(Text(tail.lstrip() if trim else tail))
    pieces.reverse()
    nodes, word = _block(pieces)
    if word:
        raise TemplateError(f":1: unexpected {{{{{word}}}}}")
    return nodes


def _tokens(body: str, offset: int) -> _Tokens:
    items, at, stripped = [], 0, body.rstrip()
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None:
            raise TemplateError(f":1: unexpected {stripped[at:].lstrip()[:1]!r} in command".replace("'", '"'))
        kind = match.lastgroup or ""
        start = match.start(kind)
        items.append((kind, match[kind], offset + start, start > at or at == 0))
        at = match.end()
    return _Tokens(items)


def _block(pieces: list[Text | _Tokens]) -> tuple[tuple[Node, ...], str]:
    """Nodes up to {{end}}, {{else}} or the end of the text, and which word ended it ("else if" leaves its tokens)."""
    nodes: list[Node] = []
    while pieces:
        piece = pieces.pop()
        if isinstance(piece, Text):
            if piece.text:
                nodes.append(piece)
            continue
        word = piece.peek()[1] if piece.peek()[0] == "word" else ""
        if word in ("end", "else"):
            piece.take()
            if word == "else" and piece.peek()[1] in ("if", "with"):
                pieces.append(piece)
                return tuple(nodes), "else if"
            return tuple(nodes), word
        if word in ("if", "with", "range"):
            nodes.append(_control(word, piece, pieces))
        else:
            nodes.append(_pipe(piece))
    return tuple(nodes), ""


def _control(word: str, tokens: _Tokens, pieces: list[Text | _Tokens]) -> Block:
    tokens.take()
    pipe = _pipe(tokens)
    body, ended_by = _block(pieces)
    otherwise: tuple[Node, ...] = ()
    if ended_by == "else if":
        again = pieces.pop()
        assert isinstance(again, _Tokens)
        otherwise = (_control(again.peek()[1], again, pieces),)
    elif ended_by == "else":
        otherwise, ended_by = _block(pieces)
        if ended_by != "end":
            raise TemplateError(":1: unexpected EOF")
    elif ended_by != "end":
        raise TemplateError(":1: unexpected EOF")
    return Block(word, pipe, body, otherwise)


def _pipe(tokens: _Tokens) -> Pipe:
    variables: list[str] = []
    start = tokens.at
    while tokens.peek()[0] == "variable":
        variables.append(tokens.take()[1])
        if tokens.peek()[1] in (":=", "="):
            tokens.take()
            break
        if tokens.peek()[1] != ",":
            tokens.at, variables = start, []
            break
        tokens.take()
    commands: list[tuple[Term, ...]] = []
    terms: list[Term] = []
    while (token := tokens.peek())[0] != "end" and token[1] != ")":
        if token[1] == "|":
            tokens.take()
            commands.append(tuple(terms))
            terms = []
        else:
            terms.append(_term(tokens))
    commands.append(tuple(terms))
    if not all(commands):
        raise TemplateError(":1: missing value for command")
    return Pipe(tuple(commands), tuple(variables))


def _term(tokens: _Tokens) -> Term:
    kind, text, column, _ = tokens.take()
    fields: list[str] = []
    head: Any = text
    if kind == "string":
        head = text[1:-1] if text[0] == "`" else _unquote(text)
        kind = "literal"
    elif kind in ("number", "char"):
        head = (float(text) if "." in text else int(text)) if kind == "number" else ord(_unquote(text))
        kind = "literal"
    elif kind == "field":
        fields.append(text[1:])
        kind = "dot"
    elif kind == "word":
        kind, head = ("literal", _CONSTANTS[text]) if text in _CONSTANTS else ("function", text)
        if kind == "function" and text not in FUNCTIONS:
            raise TemplateError(f':1: function "{text}" not defined')
    elif text == "(":
        head, kind = _pipe(tokens), "pipe"
        if tokens.take()[1] != ")":
            raise TemplateError(":1: unclosed left paren")
    elif kind not in ("variable", "dot"):
        raise TemplateError(f':1: unexpected "{text}" in operand')
    while tokens.peek()[0] == "field" and not tokens.peek()[3]:
        _, name, position, _ = tokens.take()
        if len(fields) == 1:
            column = position  # where Go says a chain of fields is
        fields.append(name[1:])
    return Term(kind, head, tuple(fields), "." + ".".join(fields) if kind == "dot" else text, column)


def _unquote(text: str) -> str:
    simple = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}
    return re.sub(r"\\(.)", lambda m: simple.get(m[1], m[0]), text[1:-1])


class _Run:
    """One rendering: the data, the variables, and what to do about a field that is not there."""

    def __init__(self, data: Any, strict: bool, owner: str, nothing: str) -> None:
        self.variables: dict[str, Any] = {"$": data}
        self.strict, self.owner, self.nothing = strict, owner, nothing

    def nodes(self, nodes: tuple[Node, ...], dot: Any, out: list[str]) -> None:
        for node in nodes:
            if isinstance(node, Text):
                out.append(node.text)
            elif isinstance(node, Pipe):
                value = self.pipe(node, dot)
                if not node.variables:
                    out.append(self.nothing if value is None else shown(value))
            elif node.word == "range":
                self.loop(node, dot, out)
            else:
                value = self.pipe(node.pipe, dot)
                inner = value if node.word == "with" else dot
                self.nodes(node.body if truth(value) else node.otherwise, inner if truth(value) else dot, out)

    def loop(self, node: Block, dot: Any, out: list[str]) -> None:
        value = self.pipe(Pipe(node.pipe.commands), dot)
        pairs = sorted(value.items()) if isinstance(value, Mapping) else list(enumerate(value or ()))
        for key, item in pairs:
            names = node.pipe.variables
            self.variables.update(zip(names, (key, item) if len(names) == 2 else (item,), strict=False))
            self.nodes(node.body, item, out)
        if not pairs:
            self.nodes(node.otherwise, dot, out)

    def pipe(self, pipe: Pipe, dot: Any) -> Any:
        piped: tuple[Any, ...] = ()
        for command in pipe.commands:
            piped = (self.command(command, dot, piped),)
        for name in pipe.variables:
            self.variables[name] = piped[0]
        return piped[0]

    def command(self, terms: tuple[Term, ...], dot: Any, piped: tuple[Any, ...]) -> Any:
        head, rest = terms[0], terms[1:]
        arguments = [*(self.term(term, dot) for term in rest), *piped]
        if head.kind == "function":
            try:
                return self.fields(FUNCTIONS[head.head](*arguments), head)
            except (TypeError, ValueError, IndexError, KeyError) as error:
                where = f':1:{head.column}: executing "" at <{head.text}>: '
                raise TemplateError(f"{where}error calling {head.head}: {error}") from None
        value = self.term(head, dot, call=not arguments)
        if callable(value):
            return value(*arguments)
        if arguments:
            raise TemplateError(
                f':1:{head.column}: executing "" at <{head.text}>: can\'t give argument to non-function {head.text}'
            )
        return value

    def term(self, term: Term, dot: Any, call: bool = True) -> Any:
        match term.kind:
            case "literal":
                return term.head
            case "variable":
                if term.head not in self.variables:
                    raise TemplateError(f':1: undefined variable "{term.head}"')
                value = self.variables[term.head]
            case "pipe":
                value = self.pipe(term.head, dot)
            case "function":
                value = FUNCTIONS[term.head]()
            case _:
                value = dot
        value = self.fields(value, term)
        return value() if call and callable(value) else value

    def fields(self, value: Any, term: Term) -> Any:
        for name in term.fields:
            if isinstance(value, Mapping) and name in value:
                value = value[name]
            elif self.strict:
                where = f':1:{term.column}: executing "" at <{term.text}>: '
                raise TemplateError(where + self.missing(value, name))
            else:
                value = None
        return value

    def missing(self, value: Any, name: str) -> str:
        if self.owner:
            return f"can't evaluate field {name} in type {self.owner}"
        if isinstance(value, Mapping):
            return f'map has no entry for key "{name}"'
        kind = {str: "string", bool: "bool", int: "float64", float: "float64", list: "[]interface {}"}.get(type(value))
        return (
            f"can't evaluate field {name} in type {kind}" if kind else f"nil pointer evaluating interface {{}}.{name}"
        )


def render(
    nodes: tuple[Node, ...], data: Any, strict: bool = True, owner: str = "", nothing: str = "<no value>"
) -> str:
    """The text for `data`. `strict`: a missing field is an error; `owner`: the Go type that the error names.

    `nothing` is what a null prints: JSON does not say of which Go type it is.
    """
    out: list[str] = []
    _Run(data, strict, owner, nothing).nodes(nodes, data, out)
    return "".join(out)
