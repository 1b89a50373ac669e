"""awk's expressions: one method per level of precedence, loosest first (POSIX awk, "Grammar")."""

from __future__ import annotations

from sim.programs.text.awk.cursor import Cursor
from sim.programs.text.awk.lexer import Token
from sim.programs.text.awk.nodes import (
    Assign,
    Binary,
    Call,
    Conditional,
    Element,
    Expr,
    Field,
    Getline,
    In,
    Increment,
    Match,
    Number,
    Pattern,
    String,
    SyntaxErrorInAwk,
    Target,
    Unary,
    Variable,
)
from sim.programs.text.regex import BadRegex, compile

ASSIGNMENTS = {"=": "", "+=": "+", "-=": "-", "*=": "*", "/=": "/", "%=": "%", "^=": "^", "**=": "^"}
COMPARISONS = ("<", "<=", "==", "!=", ">", ">=")
# what cannot begin an operand, so that no concatenation follows
_AFTER_OPERAND = ") ] } , ; : ? = == != < <= > >= && || ~ !~ * / % ^ ** | += -= *= /= %= ^= **= >>"
_NO_OPERAND = frozenset(_AFTER_OPERAND.split())


class Expressions:
    """Reads expressions at a cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    def expressions(self) -> tuple[Expr, ...]:
        found = [self.expression()]
        while self.cursor.accept(","):
            self.cursor.line_breaks()
            found.append(self.expression())
        return tuple(found)

    def expression(self) -> Expr:
        left = self.ternary()
        if self.cursor.token.kind == "operator" and self.cursor.token.text in ASSIGNMENTS:
            if not isinstance(left, Target):
                raise SyntaxErrorInAwk("Unexpected token")
            operator = ASSIGNMENTS[self.cursor.accept(*ASSIGNMENTS)]
            self.cursor.line_breaks()
            return Assign(left, operator, self.expression())
        return left

    def ternary(self) -> Expr:
        test = self.logical_or()
        if not self.cursor.accept("?"):
            return test
        self.cursor.line_breaks()
        yes = self.expression()
        self.cursor.line_breaks()
        self.cursor.expect(":")
        self.cursor.line_breaks()
        return Conditional(test, yes, self.expression())

    def logical_or(self) -> Expr:
        left = self.logical_and()
        while self.cursor.accept("||"):
            self.cursor.line_breaks()
            left = Binary("||", left, self.logical_and())
        return left

    def logical_and(self) -> Expr:
        left = self.membership()
        while self.cursor.accept("&&"):
            self.cursor.line_breaks()
            left = Binary("&&", left, self.membership())
        return left

    def membership(self) -> Expr:
        left = self.matching()
        while not self.cursor.no_in and self.cursor.accept("in"):
            left = In((left,), self.cursor.name())
        return left

    def matching(self) -> Expr:
        left = self.comparison()
        while operator := self.cursor.accept("~", "!~"):
            left = Match(left, self.comparison(), operator == "!~")
        return left

    def comparison(self) -> Expr:
        left = self.piped()
        if (
            self.cursor.token.kind == "operator"
            and self.cursor.token.text in COMPARISONS
            and not (self.cursor.no_gt and self.cursor.token.text == ">")
        ):
            operator = self.cursor.accept(*COMPARISONS)
            return Binary(operator, left, self.piped())
        return left

    def piped(self) -> Expr:
        """command | getline [var]"""
        left = self.concatenation()
        while self.cursor.token == Token("operator", "|") and self.cursor.following() == Token("keyword", "getline"):
            self.cursor.at += 2
            left = Getline("|", left, self.optional_target())
        return left

    def concatenation(self) -> Expr:
        left = self.additive()
        while self.begins_operand():
            left = Binary(" ", left, self.additive())
        return left

    def begins_operand(self) -> bool:
        token = self.cursor.token
        if token.kind in ("end", "newline"):
            return False
        if token.kind == "keyword":
            return False
        return not (token.kind == "operator" and (token.text in _NO_OPERAND or token.text in "+-{"))

    def additive(self) -> Expr:
        left = self.multiplicative()
        while operator := self.cursor.accept("+", "-"):
            left = Binary(operator, left, self.multiplicative())
        return left

    def multiplicative(self) -> Expr:
        left = self.unary()
        while operator := self.cursor.accept("*", "/", "%"):
            left = Binary(operator, left, self.unary())
        return left

    def unary(self) -> Expr:
        if operator := self.cursor.accept("!", "-", "+"):
            return Unary(operator, self.unary())
        return self.power()

    def power(self) -> Expr:
        left = self.postfix()
        if self.cursor.accept("^", "**"):
            return Binary("^", left, self.unary())
        return left

    def postfix(self) -> Expr:
        left = self.primary()
        if isinstance(left, Target) and (operator := self.cursor.accept("++", "--")):
            return Increment(left, 1 if operator == "++" else -1, prefix=False)
        return left

    def primary(self) -> Expr:
        token = self.cursor.token
        if operator := self.cursor.accept("++", "--"):
            operand = self.primary()
            if not isinstance(operand, Target):
                raise SyntaxErrorInAwk("Unexpected token")
            return Increment(operand, 1 if operator == "++" else -1, prefix=True)
        if self.cursor.accept("$"):
            return Field(self.primary())
        if self.cursor.accept("getline"):
            target = self.optional_target()
            return Getline("<", self.primary(), target) if self.cursor.accept("<") else Getline("", None, target)
        if self.cursor.accept("("):
            return self.grouping()
        self.cursor.at += 1
        match token.kind:
            case "number":
                return Number(float(int(token.text, 16)) if token.text[:2] in ("0x", "0X") else float(token.text))
            case "string":
                return String(token.text)
            case "regex":
                try:
                    return Pattern(compile(token.text, extended=True))
                except BadRegex as error:
                    raise SyntaxErrorInAwk(str(error)) from None
            case "builtin":
                return Call(token.text, self.arguments() if self.cursor.accept("(") else (), builtin=True)
            case "call":
                self.cursor.at += 1
                return Call(token.text, self.arguments(), builtin=False)
            case "name":
                return Element(token.text, self.subscripts()) if self.cursor.accept("[") else Variable(token.text)
            case _:
                raise SyntaxErrorInAwk("Unexpected end of string" if token.kind == "end" else "Unexpected token")

    def grouping(self) -> Expr:
        """(expr), or (i, j) in array."""
        saved = self.cursor.no_in, self.cursor.no_gt
        self.cursor.no_in = self.cursor.no_gt = False
        found = self.expressions()
        self.cursor.expect(")")
        self.cursor.no_in, self.cursor.no_gt = saved
        if len(found) > 1:
            self.cursor.expect("in")
            return In(found, self.cursor.name())
        return found[0] if not isinstance(found[0], Target) else Unary("()", found[0])

    def arguments(self) -> tuple[Expr, ...]:
        saved = self.cursor.no_in, self.cursor.no_gt
        self.cursor.no_in = self.cursor.no_gt = False
        found: tuple[Expr, ...] = ()
        self.cursor.line_breaks()
        if not self.cursor.accept(")"):
            found = self.expressions()
            self.cursor.line_breaks()
            self.cursor.expect(")")
        self.cursor.no_in, self.cursor.no_gt = saved
        return found

    def subscripts(self) -> tuple[Expr, ...]:
        found = self.expressions()
        self.cursor.expect("]")
        return found

    def optional_target(self) -> Target | None:
        if self.cursor.token.kind == "name" or self.cursor.token == Token("operator", "$"):
            target = self.primary()
            return target if isinstance(target, Target) else None
        return None
