"""Statements, declarations and modules of JavaScript: from tokens to nodes. Source: ECMA-262, chapters 14 and 16."""

from __future__ import annotations

from sim.programs.node.syntax import nodes as n
from sim.programs.node.syntax.expressions import assignment, checked, expression
from sim.programs.node.syntax.functions import class_, function
from sim.programs.node.syntax.patterns import binding, target_of
from sim.programs.node.syntax.reader import Reader
from sim.programs.node.syntax.tokens import JSSyntaxError

OUTSIDE = "Cannot use import statement outside a module"


def program(source: str, *, is_module: bool = False) -> n.Program:
    """A whole file. Raises JSSyntaxError."""
    r = Reader(source, is_module=is_module)
    body: list[n.Node] = []
    while r.token.kind != "end":
        body.append(statement(r))
    return n.Program(0, body, is_module)


def statement(r: Reader) -> n.Node:
    token = r.token
    if token.kind == "punctuator" or token.kind == "keyword":
        read = _STATEMENTS.get(str(token.value))
        if read is not None and not (token.value == "import" and r.peek().value in ("(", ".")):
            return read(r)
    if token.kind == "name":
        if token.value == "let" and (r.peek().kind == "name" or r.peek().value in ("[", "{")):
            return _variables(r)
        after = r.peek() if token.value == "async" else None
        if after is not None and after.value == "function" and not after.line:
            r.advance()
            return function(r, token.start, is_async=True, declared=True)
        if r.peek().value == ":":
            r.advance()
            r.advance()
            return n.Labelled(token.start, str(token.value), statement(r))
    value = expression(r)
    r.semicolon()
    return n.Expression(value.start, value)


def block(r: Reader) -> n.Block:
    start = r.expect("{").start
    body: list[n.Node] = []
    while not r.is_("}"):
        if r.token.kind == "end":
            raise r.unexpected()
        body.append(statement(r))
    r.advance()
    return n.Block(start, body)


def _variables(r: Reader) -> n.Node:
    found = declarations(r)
    r.semicolon()
    return found


def declarations(r: Reader, in_for: bool = False) -> n.Variables:
    """`let a = 1, b`; without its end."""
    token = r.advance()
    kind = str(token.value)
    found: list[tuple[n.Node, n.Node | None]] = []
    while True:
        target = binding(r)
        value = checked(assignment(r)) if r.eat("=") else None
        if value is None and not (in_for and (r.is_("in") or r.word("of"))):
            if not isinstance(target, n.Name):
                raise JSSyntaxError("Missing initializer in destructuring declaration", target.start, r.last)
            if kind == "const":
                raise JSSyntaxError("Missing initializer in const declaration", target.start, r.last)
        found.append((target, value))
        if not r.eat(","):
            return n.Variables(token.start, kind, found)


def _if(r: Reader) -> n.Node:
    start = r.advance().start
    test = _condition(r)
    yes = statement(r)
    return n.If(start, test, yes, statement(r) if r.eat("else") else None)


def _condition(r: Reader) -> n.Node:
    r.expect("(")
    found = expression(r)
    r.expect(")")
    return found


def _for(r: Reader) -> n.Node:
    start = r.advance().start
    kind = "await" if r.eat_word("await") else "of"
    r.expect("(")
    declared = ""
    init: n.Node | None = None
    r.no_in = True
    if r.is_("var") or r.is_("const") or (r.word("let") and (r.peek().kind == "name" or r.peek().value in ("[", "{"))):
        variables = declarations(r, in_for=True)
        init, declared = variables, variables.kind
    elif not r.is_(";"):
        init = expression_or_target(r)
    r.no_in = False
    if init is not None and (r.word("of") or r.is_("in")):
        target = init.declarations[0][0] if isinstance(init, n.Variables) else target_of(init, r.last)
        kind = "in" if r.advance().value == "in" else kind
        value = checked(assignment(r)) if kind != "in" else expression(r)
        r.expect(")")
        return n.ForEach(start, kind, declared, target, value, statement(r))
    r.expect(";")
    if init is not None and not isinstance(init, n.Variables):
        init = n.Expression(init.start, checked(init))
    test = None if r.is_(";") else expression(r)
    r.expect(";")
    update = None if r.is_(")") else expression(r)
    r.expect(")")
    return n.For(start, init, test, update, statement(r))


def expression_or_target(r: Reader) -> n.Node:
    """In the head of a `for`: patterns are not refused yet."""
    first = assignment(r)
    if not r.is_(","):
        return first
    values = [first]
    while r.eat(","):
        values.append(checked(assignment(r)))
    return n.Sequence(first.start, values)


def _while(r: Reader) -> n.Node:
    start = r.advance().start
    test = _condition(r)
    return n.While(start, test, statement(r))


def _do(r: Reader) -> n.Node:
    start = r.advance().start
    body = statement(r)
    r.expect("while")
    test = _condition(r)
    r.eat(";")
    return n.DoWhile(start, body, test)


def _return(r: Reader) -> n.Node:
    token = r.advance()
    if not r.in_function:
        raise JSSyntaxError("Illegal return statement", token.start, token.end)
    value = None
    if not (r.token.line or r.is_(";") or r.is_("}") or r.token.kind == "end"):
        value = expression(r)
    r.semicolon()
    return n.Return(token.start, value)


def _jump(r: Reader) -> n.Node:
    token = r.advance()
    label = ""
    if r.token.kind == "name" and not r.token.line:
        label = str(r.advance().value)
    r.semicolon()
    return n.Jump(token.start, str(token.value), label)


def _throw(r: Reader) -> n.Node:
    token = r.advance()
    if r.token.line:
        raise JSSyntaxError("Illegal newline after throw", token.start, token.end)
    value = expression(r)
    r.semicolon()
    return n.Throw(token.start, value)


def _try(r: Reader) -> n.Node:
    start = r.advance().start
    tried, parameter, handler, finalizer = block(r), None, None, None
    if r.eat("catch"):
        if r.eat("("):
            parameter = binding(r)
            r.expect(")")
        handler = block(r)
    if r.eat("finally"):
        finalizer = block(r)
    if handler is None and finalizer is None:
        raise JSSyntaxError("Missing catch or finally after try", r.token.start, r.token.end)
    return n.Try(start, tried, parameter, handler, finalizer)


def _switch(r: Reader) -> n.Node:
    start = r.advance().start
    value = _condition(r)
    cases: list[tuple[n.Node | None, list[n.Node]]] = []
    r.expect("{")
    while not r.eat("}"):
        if r.eat("default"):
            test = None
        else:
            r.expect("case")
            test = expression(r)
        r.expect(":")
        body: list[n.Node] = []
        while not (r.is_("case") or r.is_("default") or r.is_("}")):
            if r.token.kind == "end":
                raise r.unexpected()
            body.append(statement(r))
        cases.append((test, body))
    return n.Switch(start, value, cases)


def _empty(r: Reader) -> n.Node:
    start = r.advance().start
    if r.source[start] != ";":
        r.semicolon()
    return n.Empty(start)


# -- modules


def _import(r: Reader) -> n.Node:
    token = r.advance()
    if not r.is_module:
        raise JSSyntaxError(OUTSIDE, token.start, token.end)
    names: list[tuple[str, str]] = []
    if r.token.kind == "string":
        return _from(r, token.start, names)
    if r.token.kind == "name":
        names.append(("default", str(r.advance().value)))
        r.eat(",")
    if r.eat("*"):
        if not r.eat_word("as"):
            raise r.unexpected()
        names.append(("*", str(r.name().value)))
    elif r.is_("{"):
        names += [(outer, inner) for outer, inner in _specifiers(r)]
    if not r.eat_word("from"):
        raise r.unexpected()
    return _from(r, token.start, names)


def _from(r: Reader, start: int, names: list[tuple[str, str]]) -> n.Import:
    if r.token.kind != "string":
        raise r.unexpected()
    module = str(r.advance().value)
    if (r.is_("with") or r.word("assert")) and not r.token.line:
        r.advance()
        from sim.programs.node.syntax.functions import object_literal

        object_literal(r)
    r.semicolon()
    return n.Import(start, module, names)


def _specifiers(r: Reader) -> list[tuple[str, str]]:
    """`{a, b as c}`: (first, second)."""
    found: list[tuple[str, str]] = []
    r.expect("{")
    while not r.eat("}"):
        first = str(r.advance().value)
        second = first
        if r.eat_word("as"):
            second = str(r.advance().value)
        found.append((first, second))
        if not r.is_("}"):
            r.expect(",")
    return found


def _export(r: Reader) -> n.Node:
    token = r.advance()
    start = token.start
    if not r.is_module:
        raise JSSyntaxError("Unexpected token 'export'", token.start, token.end)
    if r.eat("*"):
        name = str(r.advance().value) if r.eat_word("as") else ""
        if not r.eat_word("from"):
            raise r.unexpected()
        return n.Export(start, names=[("*", name)], module=_from(r, start, []).module)
    if r.is_("{"):
        names = _specifiers(r)
        if r.eat_word("from"):
            return n.Export(start, names=names, module=_from(r, start, []).module)
        r.semicolon()
        return n.Export(start, names=names)
    if r.eat("default"):
        return _default(r, start)
    return n.Export(start, declaration=statement(r))


def _default(r: Reader, start: int) -> n.Export:
    at = r.token.start
    is_async = r.word("async") and r.peek().value == "function"
    if is_async:
        r.advance()
    if r.is_("function"):
        found: n.Node = function(r, at, is_async=is_async)
    elif r.is_("class"):
        found = class_(r)
    else:
        found = checked(assignment(r))
        r.semicolon()
        return n.Export(start, value=found)
    assert isinstance(found, n.Function | n.Class)
    if found.name:
        found.declared = True
        return n.Export(start, declaration=found, names=[(found.name, "default")])
    found.name = "default"
    return n.Export(start, value=found)


_STATEMENTS = {
    "{": block, "var": _variables, "const": _variables, "if": _if, "for": _for, "while": _while, "do": _do,
    "return": _return, "break": _jump, "continue": _jump, "throw": _throw, "try": _try, "switch": _switch, ";": _empty,
    "debugger": _empty, "function": lambda r: function(r, r.token.start, declared=True),
    "class": lambda r: class_(r, declared=True), "import": _import, "export": _export,
}  # fmt: skip
