"""Primary expressions: literals, names, groups, templates, arrays. Source: ECMA-262, chapter 13.2."""

from __future__ import annotations

from sim.programs.node.syntax import nodes as n
from sim.programs.node.syntax.functions import class_, function, object_literal
from sim.programs.node.syntax.patterns import target_of
from sim.programs.node.syntax.reader import Reader
from sim.programs.node.syntax.tokens import JSSyntaxError


def primary(r: Reader) -> n.Node:
    token = r.token
    start = token.start
    if token.kind in ("number", "string"):
        r.advance()
        return n.Literal(start, token.value)
    if token.kind == "name":
        if token.value == "async" and r.peek().value == "function" and not r.peek().line:
            r.advance()
            return function(r, start, is_async=True)
        r.advance()
        return n.Name(start, str(token.value))
    if token.kind == "template":
        return template(r)
    if token.kind == "private":
        r.advance()
        if not r.is_("in"):
            raise r.unexpected(token)
        return n.Private(start, str(token.value))
    read = _PRIMARY.get(str(token.value)) if token.kind in ("punctuator", "keyword") else None
    if read is None:
        raise r.unexpected()
    return read(r)


def _word(r: Reader) -> n.Node:
    token = r.advance()
    return n.Literal(token.start, {"true": True, "false": False, "null": None}[str(token.value)])


def _this(r: Reader) -> n.Node:
    return n.This(r.advance().start)


def _super(r: Reader) -> n.Node:
    start = r.advance().start
    if not (r.is_("(") or r.is_(".") or r.is_("[")):
        raise JSSyntaxError("'super' keyword unexpected here", start, start + 5)
    return n.Super(start)


def _regex(r: Reader) -> n.Node:
    start = r.token.start
    body, flags, end = r.tokens.regex(start)
    r.last = end
    r.token = r.tokens.next()
    return n.Regex(start, body, flags)


def template(r: Reader) -> n.Template:
    from sim.programs.node.syntax.expressions import expression, inside

    start = r.token.start
    parts: list[tuple[str, str]] = []
    values: list[n.Node] = []
    at = r.token.end
    while True:
        value, raw, done = r.tokens.template(at)
        parts.append((value, raw))
        r.token = r.tokens.next()
        if done:
            return n.Template(start, parts, values)
        values.append(inside(r, expression))
        if not r.is_("}"):
            raise r.unexpected()
        at = r.token.end


def _parenthesized(r: Reader) -> n.Node:
    """A group, or the parameters of an arrow."""
    from sim.programs.node.syntax.expressions import assignment, checked

    start = r.advance().start
    no_in, r.no_in = r.no_in, False
    values: list[n.Node] = []
    trailing = -1
    while not r.is_(")"):
        at = r.token.start
        if r.eat("..."):
            trailing = at
            values.append(n.Rest(at, target_of(checked_target(r), r.last)))
            break
        values.append(assignment(r))
        if not r.is_(")"):
            r.expect(",")
            if r.is_(")"):
                trailing = r.token.start
    r.no_in = no_in
    r.expect(")")
    if not r.is_("=>") and len(values) == 1 and trailing < 0:
        inner = checked(values[0])
        if isinstance(inner, n.Function | n.Object | n.Array | n.Sequence | n.Name | n.Member):
            return n.Parenthesized(start, [inner], r.last)
        return inner
    if not values and not r.is_("=>"):
        raise r.unexpected()
    return n.Parenthesized(start, values, r.last, trailing)


def checked_target(r: Reader) -> n.Node:
    from sim.programs.node.syntax.expressions import postfix

    found = postfix(r)
    return found.values[0] if isinstance(found, n.Parenthesized) else found


def _array(r: Reader) -> n.Node:
    from sim.programs.node.syntax.expressions import assignment, grouped

    start = r.advance().start
    no_in, r.no_in = r.no_in, False
    elements: list[n.Node | None] = []
    while not r.is_("]"):
        at = r.token.start
        if r.is_(","):
            r.advance()
            elements.append(None)
            continue
        if r.eat("..."):
            elements.append(n.Spread(at, assignment(r)))
        else:
            found = assignment(r)
            elements.append(grouped(found) if isinstance(found, n.Parenthesized) else found)
        if not r.is_("]"):
            r.expect(",")
    r.expect("]")
    r.no_in = no_in
    return n.Array(start, elements)


def _import(r: Reader) -> n.Node:
    from sim.programs.node.syntax.expressions import arguments

    start = r.advance().start
    if r.eat("."):
        if not r.eat_word("meta"):
            raise r.unexpected()
        if not r.is_module:
            raise JSSyntaxError("Cannot use 'import.meta' outside a module", start, r.last)
        return n.ImportMeta(start)
    if not r.is_("("):
        raise JSSyntaxError("Cannot use import statement outside a module", start, start + 6)
    found = arguments(r)
    return n.ImportCall(start, found[0])


_PRIMARY = {
    "true": _word, "false": _word, "null": _word, "this": _this, "super": _super, "/": _regex, "/=": _regex,
    "(": _parenthesized, "[": _array, "{": object_literal, "function": lambda r: function(r, r.token.start),
    "class": lambda r: class_(r), "import": _import,
}  # fmt: skip
