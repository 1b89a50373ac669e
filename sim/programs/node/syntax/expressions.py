"""Expressions of JavaScript: from tokens to nodes. Source: ECMA-262, chapter 13.

What may turn out to be a pattern or an arrow's parameters is read as an expression first (the cover grammars).
"""

from __future__ import annotations

from sim.programs.node.syntax import nodes as n
from sim.programs.node.syntax.functions import arrow
from sim.programs.node.syntax.patterns import target_of
from sim.programs.node.syntax.primaries import primary, template
from sim.programs.node.syntax.reader import Reader
from sim.programs.node.syntax.tokens import JSSyntaxError

PRECEDENCE = {
    "??": 1, "||": 2, "&&": 3, "|": 4, "^": 5, "&": 6, "==": 7, "!=": 7, "===": 7, "!==": 7, "<": 8, ">": 8, "<=": 8,
    ">=": 8, "instanceof": 8, "in": 8, "<<": 9, ">>": 9, ">>>": 9, "+": 10, "-": 10, "*": 11, "/": 11, "%": 11,
    "**": 12,
}  # fmt: skip
LOGICAL = ("??", "||", "&&")
ASSIGNMENTS = frozenset(
    ["=", "+=", "-=", "*=", "/=", "%=", "**=", "<<=", ">>=", ">>>=", "&=", "|=", "^=", "&&=", "||=", "??="]
)
UNARY = frozenset(["!", "~", "+", "-", "typeof", "void", "delete"])
ONLY_ASYNC = "await is only valid in async functions and the top level bodies of modules"


def expression(r: Reader) -> n.Node:
    """One or, with commas, several."""
    first = assignment(r)
    if not r.is_(","):
        return checked(first)
    values = [checked(first)]
    while r.eat(","):
        values.append(checked(assignment(r)))
    return n.Sequence(first.start, values)


def checked(node: n.Node) -> n.Node:
    """Refuses what only a pattern may have. Raises JSSyntaxError."""
    if isinstance(node, n.Object) and node.doubtful >= 0:
        raise JSSyntaxError("Invalid shorthand property initializer", node.doubtful, node.doubtful + 1)
    if isinstance(node, n.Parenthesized):
        return grouped(node)
    return node


def grouped(node: n.Parenthesized) -> n.Node:
    if node.trailing >= 0 or not node.values:
        at = node.trailing if node.trailing >= 0 else node.end - 1
        raise JSSyntaxError("Unexpected token ')'" if node.trailing < 0 else "Unexpected token '...'", at, at + 1)
    values = [checked(value) for value in node.values]
    return values[0] if len(values) == 1 else n.Sequence(node.start, values)


def assignment(r: Reader) -> n.Node:
    """An expression without commas."""
    start = r.token.start
    if r.is_generator and r.word("yield"):
        return _yield(r)
    if r.word("async") and not r.peek().line:
        after = r.peek()
        if after.kind == "keyword" and after.value == "function":
            return _tail(r, conditional(r))
        if after.kind == "name":
            r.advance()
            name = r.advance()
            if r.is_("=>"):
                return arrow(r, start, [n.Name(name.start, str(name.value))], is_async=True)
            r.go_back(start)
    if r.token.kind == "name" and r.peek().value == "=>":
        name = r.advance()
        return arrow(r, start, [n.Name(name.start, str(name.value))])
    return _tail(r, conditional(r))


def _tail(r: Reader, left: n.Node) -> n.Node:
    """`=>` or `=` after what has been read."""
    start = left.start
    if r.is_("=>") and not r.token.line:
        if isinstance(left, n.Parenthesized):
            return arrow(r, start, left.values)
        if isinstance(left, n.Call) and isinstance(left.callee, n.Name) and left.callee.name == "async":
            return arrow(r, start, left.arguments, is_async=True)
        raise JSSyntaxError("Malformed arrow function parameter list", left.start, r.last)
    if r.token.kind != "punctuator" or r.token.value not in ASSIGNMENTS:
        return left
    operator = str(r.token.value)
    if isinstance(left, n.Parenthesized):
        left = grouped(left)
    if operator == "=":
        target = target_of(left, r.last)
    else:
        target = left
        if not isinstance(left, n.Name | n.Member):
            raise JSSyntaxError("Invalid left-hand side in assignment", left.start, r.last)
    r.advance()
    return n.Assign(start, operator, target, checked(assignment(r)))


def _yield(r: Reader) -> n.Node:
    start = r.advance().start
    if r.token.line or r.token.value in (")", "]", "}", ",", ";", ":", "in", "end of input"):
        return n.Yield(start, None)
    delegate = r.eat("*")
    return n.Yield(start, checked(assignment(r)), delegate)


def conditional(r: Reader) -> n.Node:
    test = _binary(r, 0)
    if not r.is_("?"):
        return test
    test = checked(test)
    r.advance()
    no_in, r.no_in = r.no_in, False
    yes = checked(assignment(r))
    r.no_in = no_in
    r.expect(":")
    return n.Conditional(test.start, test, yes, checked(assignment(r)))


def _binary(r: Reader, least: int) -> n.Node:
    """Operators that bind at least so tightly."""
    left = _unary(r)
    while r.token.kind in ("punctuator", "keyword"):
        operator = str(r.token.value)
        precedence = PRECEDENCE.get(operator, 0)
        if not precedence or precedence <= least or (operator == "in" and r.no_in):
            break
        if isinstance(left, n.Parenthesized) and (not left.values or left.trailing >= 0):
            raise r.unexpected()
        left = checked(left)
        r.advance()
        right = checked(_binary(r, precedence - 1 if operator == "**" else precedence))
        kind = n.Logical if operator in LOGICAL else n.Binary
        left = kind(left.start, operator, left, right)
    return left


def _unary(r: Reader) -> n.Node:
    token = r.token
    if token.kind in ("punctuator", "keyword"):
        if token.value in UNARY:
            r.advance()
            return n.Unary(token.start, str(token.value), checked(_unary(r)))
        if token.value in ("++", "--"):
            r.advance()
            return n.Update(token.start, str(token.value), _simple(r, checked(_unary(r)), "prefix"), True)
    if token.kind == "name" and token.value == "await":
        if r.is_async:
            r.advance()
            return n.Await(token.start, checked(_unary(r)))
        after = r.peek()
        if (not after.line and after.kind in ("name", "string", "number", "template")) or after.value in (
            "new",
            "this",
        ):
            raise JSSyntaxError(ONLY_ASYNC, token.start, token.end)
    found = postfix(r)
    if (r.is_("++") or r.is_("--")) and not r.token.line:
        target = _simple(r, checked(found), "postfix")
        return n.Update(found.start, str(r.advance().value), target, False)
    return found


def _simple(r: Reader, target: n.Node, where: str) -> n.Node:
    if not isinstance(target, n.Name | n.Member):
        raise JSSyntaxError(f"Invalid left-hand side expression in {where} operation", target.start, r.last)
    return target


# -- calls and members


def postfix(r: Reader) -> n.Node:
    """A primary expression and all its `.name`, `[key]`, `(arguments)`, templates."""
    start = r.token.start
    found = _new(r) if r.is_("new") else primary(r)
    if isinstance(found, n.Function) and found.kind == "arrow":
        return found
    chained = False
    while True:
        if isinstance(found, n.Parenthesized) and (r.is_("=>") or not found.values):
            return found
        if r.is_("?."):
            chained = True
        after = _link(r, found, start)
        if after is None:
            return n.Chain(start, found) if chained else found
        found = after


def _link(r: Reader, found: n.Node, start: int) -> n.Node | None:
    """One more link; None where there is none."""
    if r.token.kind == "template":
        return n.Tagged(start, checked(found), template(r))
    if r.token.kind != "punctuator" or r.token.value not in (".", "?.", "[", "("):
        return None
    found = checked(found)
    optional = r.eat("?.")
    if r.is_("("):
        return n.Call(_call_start(found), found, arguments(r), optional)
    if r.eat("["):
        at, key = r.token.start, inside(r, expression)
        r.expect("]")
        return n.Member(start, found, key, at, True, optional)
    if not optional:
        r.expect(".")
    return _dot(r, found, start, optional)


def _dot(r: Reader, found: n.Node, start: int, optional: bool) -> n.Node:
    token = r.token
    if token.kind == "private":
        r.advance()
        return n.Member(start, found, n.Private(token.start, str(token.value)), token.start, False, optional)
    if token.kind not in ("name", "keyword"):
        raise r.unexpected()
    r.advance()
    return n.Member(start, found, n.Literal(token.start, token.value), token.start, False, optional)


def _call_start(callee: n.Node) -> int:
    """V8 shows a call where its name stands."""
    return callee.at if isinstance(callee, n.Member) and not callee.computed else callee.start


def inside(r: Reader, read: object) -> n.Node:
    """Read with `in` allowed."""
    no_in, r.no_in = r.no_in, False
    found = checked(expression(r))
    r.no_in = no_in
    return found


def arguments(r: Reader) -> list[n.Node]:
    r.expect("(")
    no_in, r.no_in = r.no_in, False
    found: list[n.Node] = []
    while not r.is_(")"):
        start = r.token.start
        if r.eat("..."):
            found.append(n.Spread(start, checked(assignment(r))))
        else:
            found.append(assignment(r))
            if not isinstance(found[-1], n.Object):  # an async arrow's parameters may be patterns
                found[-1] = checked(found[-1])
        if not r.is_(")"):
            r.expect(",", "missing ) after argument list")
    r.no_in = no_in
    r.expect(")")
    return found


def _new(r: Reader) -> n.Node:
    start = r.advance().start
    if r.eat("."):
        if not r.eat_word("target"):
            raise r.unexpected()
        return n.NewTarget(start)
    callee = _new(r) if r.is_("new") else checked(primary(r))
    while True:
        if r.is_("[") or r.is_("."):
            link = _link(r, callee, callee.start)
            assert link is not None
            callee = link
        elif r.token.kind == "template":
            callee = n.Tagged(callee.start, callee, template(r))
        else:
            break
    return n.New(start, callee, arguments(r) if r.is_("(") else [])
