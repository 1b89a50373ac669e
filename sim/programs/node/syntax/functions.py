"""Functions, classes and object literals: from tokens to nodes. Source: ECMA-262, chapter 15 and 13.2.5."""

from __future__ import annotations

from sim.programs.node.syntax import nodes as n
from sim.programs.node.syntax.patterns import parameter, target_of
from sim.programs.node.syntax.reader import Reader
from sim.programs.node.syntax.tokens import JSSyntaxError


def function(r: Reader, start: int, *, is_async: bool = False, declared: bool = False) -> n.Function:
    """`function …`; `async` before it is taken already."""
    r.expect("function")
    is_generator = r.eat("*")
    name = ""
    if declared or r.token.kind == "name":
        name = str(r.advance().value) if r.token.kind == "name" else str(r.name().value)
    return _rest(r, start, name, "function", is_async, is_generator, declared)


def method(
    r: Reader, start: int, name: str, kind: str, is_async: bool = False, is_generator: bool = False
) -> n.Function:
    """From the parameters on."""
    return _rest(r, start, name, kind, is_async, is_generator, False)


def _rest(
    r: Reader, start: int, name: str, kind: str, is_async: bool, is_generator: bool, declared: bool
) -> n.Function:
    around = _enter(r, is_async, is_generator)
    r.expect("(")
    params: list[n.Node] = []
    while not r.is_(")"):
        params.append(parameter(r))
        if not r.is_(")"):
            r.expect(",", "missing ) after formal parameters" if r.token.kind != "end" else "")
    r.expect(")")
    body = _body(r)
    _leave(r, around)
    return n.Function(start, name, params, body, r.last, kind, is_async, is_generator, declared)


def _enter(r: Reader, is_async: bool, is_generator: bool) -> tuple[bool, bool, bool, bool]:
    around = (r.is_async, r.is_generator, r.in_function, r.no_in)
    r.is_async, r.is_generator, r.in_function, r.no_in = is_async, is_generator, True, False
    return around


def _leave(r: Reader, around: tuple[bool, bool, bool, bool]) -> None:
    r.is_async, r.is_generator, r.in_function, r.no_in = around


def _body(r: Reader) -> list[n.Node]:
    """Statements in braces. The token after the brace is read as the code around has it."""
    from sim.programs.node.syntax.statements import statement

    r.expect("{")
    body: list[n.Node] = []
    while not r.is_("}"):
        if r.token.kind == "end":
            raise r.unexpected()
        body.append(statement(r))
    r.advance()
    return body


def arrow(r: Reader, start: int, params: list[n.Node], is_async: bool = False) -> n.Function:
    """From the `=>` on."""
    from sim.programs.node.syntax.expressions import assignment, checked

    no_in = r.no_in
    bound = [target_of(_rest_of(param), r.last, "Invalid destructuring assignment target") for param in params]
    if r.token.line:
        raise r.unexpected()
    r.expect("=>")
    around = _enter(r, is_async, False)
    if r.is_("{"):
        body, short = _body(r), False
    else:
        r.no_in = no_in
        value = checked(assignment(r))
        body, short = [n.Return(value.start, value)], True
    _leave(r, around)
    return n.Function(start, "", bound, body, r.last, "arrow", is_async, short=short)


def _rest_of(param: n.Node) -> n.Node:
    return n.Rest(param.start, target_of(param.value, param.start)) if isinstance(param, n.Spread) else param


# -- object literals


def property_key(r: Reader) -> tuple[n.Node, bool]:
    """The key, and whether it is computed."""
    from sim.programs.node.syntax.expressions import assignment, checked

    token = r.token
    if r.eat("["):
        key = checked(assignment(r))
        r.expect("]")
        return key, True
    if token.kind == "private":
        r.advance()
        return n.Private(token.start, str(token.value)), False
    if token.kind not in ("name", "keyword", "string", "number"):
        raise r.unexpected()
    r.advance()
    return n.Literal(token.start, token.value), False


ENDS_KEY = frozenset([",", "}", "(", ":", "=", ";"])


def modifiers(r: Reader) -> tuple[bool, bool, str]:
    """(async, generator, "get" / "set" / ""), as far as they are not the key itself."""
    is_async, accessor = False, ""
    for word in ("async", "get", "set"):
        after = r.peek() if r.word(word) else None
        if after is not None and not (after.kind == "punctuator" and after.value in ENDS_KEY) and not (
            word == "async" and after.line
        ):  # fmt: skip
            r.advance()
            is_async, accessor = word == "async", word if word != "async" else ""
            break
    return is_async, r.eat("*"), accessor


def object_literal(r: Reader) -> n.Node:
    from sim.programs.node.syntax.expressions import assignment, checked

    start = r.advance().start
    no_in, r.no_in = r.no_in, False
    found = n.Object(start, [])
    while not r.is_("}"):
        at = r.token.start
        if r.eat("..."):
            found.properties.append(n.Spread(at, assignment(r)))
        else:
            found.properties.append(_property(r, at, found))
        if not r.is_("}"):
            r.expect(",")
    r.expect("}")
    r.no_in = no_in
    for one in found.properties:
        if isinstance(one, n.Property) and isinstance(one.value, n.Object) and one.value.doubtful >= 0:
            found.doubtful = one.value.doubtful
        elif isinstance(one, n.Property) and isinstance(one.value, n.Parenthesized):
            one.value = checked(one.value)
    return found


def _property(r: Reader, at: int, literal: n.Object) -> n.Property:
    from sim.programs.node.syntax.expressions import assignment, checked

    is_async, is_generator, accessor = modifiers(r)
    first = r.token
    key, computed = property_key(r)
    name = key_name(key)
    if accessor or is_async or is_generator or r.is_("("):
        kind = {"get": "getter", "set": "setter"}.get(accessor, "method")
        return n.Property(at, key, method(r, at, name, kind, is_async, is_generator), accessor or "init", computed)
    if r.eat(":"):
        return n.Property(at, key, assignment(r), "init", computed)
    if first.kind != "name":
        raise r.unexpected(first if first.kind == "keyword" else None)
    value: n.Node = n.Name(first.start, name)
    if r.is_("="):
        literal.doubtful = r.token.start
        r.advance()
        value = n.Assign(first.start, "=", value, checked(assignment(r)))
    return n.Property(at, key, value, "init", False, True)


def key_name(key: n.Node) -> str:
    """What a function is called that stands under a key."""
    if isinstance(key, n.Private):
        return key.name
    if isinstance(key, n.Literal):
        from sim.programs.node.numbers import number_text

        return number_text(key.value) if isinstance(key.value, float) else str(key.value)
    return ""


# -- classes


def class_(r: Reader, declared: bool = False) -> n.Class:
    from sim.programs.node.syntax.expressions import checked, postfix

    start = r.expect("class").start
    name = ""
    if declared or (r.token.kind == "name"):
        name = str(r.name().value)
    parent = checked(postfix(r)) if r.eat("extends") else None
    r.expect("{")
    found = n.Class(start, name, parent, None, [], declared=declared)
    while not r.is_("}"):
        if not r.eat(";"):
            _element(r, found)
    r.expect("}")
    found.end = r.last
    return found


def _element(r: Reader, owner: n.Class) -> None:
    at = r.token.start
    static = r.word("static") and not (r.peek().kind == "punctuator" and r.peek().value in ENDS_KEY - {"{"})
    if static:
        r.advance()
        if r.is_("{"):
            around = _enter(r, False, False)
            block = n.Function(at, "", [], _body(r), r.last, "fields")
            _leave(r, around)
            owner.elements.append(n.Element(at, n.Literal(at, ""), block, "block", True))
            return
    is_async, is_generator, accessor = modifiers(r)
    key, computed = property_key(r)
    name = key_name(key)
    if not r.is_("("):
        owner.elements.append(_field(r, at, key, computed, static))
        return
    if name == "constructor" and not static and not computed:
        if owner.constructor is not None:
            raise JSSyntaxError("A class may only have one constructor", at, r.last)
        owner.constructor = method(r, at, owner.name, "derived" if owner.parent else "constructor")
        return
    kind = {"get": "getter", "set": "setter"}.get(accessor, "method")
    value = method(r, at, name, kind, is_async, is_generator)
    owner.elements.append(n.Element(at, key, value, accessor or "method", static, computed))


def _field(r: Reader, at: int, key: n.Node, computed: bool, static: bool) -> n.Element:
    from sim.programs.node.syntax.expressions import assignment, checked

    value: n.Node | None = None
    if r.eat("="):
        around = _enter(r, False, False)
        value = checked(assignment(r))
        _leave(r, around)
    r.semicolon()
    return n.Element(at, key, value, "field", static, computed)
