"""awk's grammar, by recursive descent; one method per level of precedence (POSIX awk, "Grammar")."""

from __future__ import annotations

from sim.programs.text.awk.lexer import Token, tokens
from sim.programs.text.awk.nodes import (
    Assign,
    Binary,
    Block,
    Call,
    Conditional,
    Delete,
    Element,
    Evaluate,
    Expr,
    Field,
    For,
    ForIn,
    Function,
    Getline,
    If,
    In,
    Increment,
    Jump,
    Match,
    Number,
    Pattern,
    Print,
    Program,
    Rule,
    Statement,
    String,
    SyntaxErrorInAwk,
    Target,
    Unary,
    Variable,
    While,
)
from sim.programs.text.regex import BadRegex, compile

ASSIGNMENTS = {"=": "", "+=": "+", "-=": "-", "*=": "*", "/=": "/", "%=": "%", "^=": "^", "**=": "^"}
COMPARISONS = ("<", "<=", "==", "!=", ">", ">=")
# what cannot begin an operand, so that no concatenation follows
_AFTER_OPERAND = ") ] } , ; : ? = == != < <= > >= && || ~ !~ * / % ^ ** | += -= *= /= %= ^= **= >>"
_NO_OPERAND = frozenset(_AFTER_OPERAND.split())


def parse(source: str) -> Program:
    """Raises SyntaxErrorInAwk."""
    return _Parser(list(tokens(source))).program()


class _Parser:
    """`no_in`, `no_gt`: inside for(… in …) and print … > file those operators mean something else."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens, self.at = found, 0
        self.no_in = self.no_gt = False

    # -- tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def accept(self, *texts: str) -> str:
        token = self.token
        if token.kind in ("operator", "keyword") and token.text in texts:
            self.at += 1
            return token.text
        return ""

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise SyntaxErrorInAwk("Unexpected token" if self.token.kind != "end" else "Unexpected end of string")

    def newlines(self) -> None:
        while self.token.kind == "newline" or self.token == Token("operator", ";"):
            self.at += 1

    def line_breaks(self) -> None:
        while self.token.kind == "newline":
            self.at += 1

    def name(self) -> str:
        if self.token.kind not in ("name", "call"):
            raise SyntaxErrorInAwk("Unexpected token")
        self.at += 1
        return self.tokens[self.at - 1].text

    # -- program

    def program(self) -> Program:
        program = Program()
        self.newlines()
        while self.token.kind != "end":
            self.item(program)
            self.newlines()
        return program

    def item(self, program: Program) -> None:
        if self.accept("function", "func"):
            name = self.name()
            self.expect("(")
            parameters: list[str] = []
            while not self.accept(")"):
                parameters.append(self.name())
                self.accept(",")
            self.line_breaks()
            program.functions[name] = Function(tuple(parameters), self.block())
        elif self.accept("BEGIN"):
            program.begin.append(self.block())
        elif self.accept("END"):
            program.end.append(self.block())
        else:
            pattern = last = None
            if self.token.text != "{" or self.token.kind != "operator":
                pattern = self.expression()
                if self.accept(","):
                    self.line_breaks()
                    last = self.expression()
            action = self.block() if self.token.text == "{" and self.token.kind == "operator" else None
            program.rules.append(Rule(pattern, last, action))

    def block(self) -> Block:
        self.expect("{")
        statements: list[Statement] = []
        self.newlines()
        while not self.accept("}"):
            statements.append(self.statement())
            self.newlines()
        return Block(tuple(statements))

    def body(self) -> Statement:
        """The statement after if (…), while (…), for (…): may stand on the next line, may be empty."""
        self.line_breaks()
        if self.accept(";"):
            return Block(())
        return self.statement()

    def statement(self) -> Statement:
        if self.token.text == "{" and self.token.kind == "operator":
            return self.block()
        word = self.accept(
            "if", "while", "do", "for", "next", "nextfile", "exit", "return", "break", "continue", "delete"
        )
        if not word:
            return self.simple()
        match word:
            case "if":
                test = self.parenthesised()
                yes = self.body()
                mark = self.at
                self.newlines()
                if self.accept("else"):
                    return If(test, yes, self.body())
                self.at = mark
                return If(test, yes, None)
            case "while":
                return While(self.parenthesised(), self.body())
            case "do":
                body = self.body()
                self.newlines()
                self.expect("while")
                return While(self.parenthesised(), body, after=True)
            case "for":
                return self.loop()
            case "delete":
                array = self.name()
                return Delete(array, self.subscripts() if self.accept("[") else ())
            case _:
                value = None
                if (
                    word in ("exit", "return")
                    and self.token.kind != "newline"
                    and self.token.text not in (";", "}", "")
                ):
                    value = self.expression()
                return Jump(word, value)

    def parenthesised(self) -> Expr:
        self.expect("(")
        value = self.expression()
        self.expect(")")
        return value

    def loop(self) -> Statement:
        self.expect("(")
        if self.token.kind == "name" and self.tokens[self.at + 1] == Token("keyword", "in"):
            mark = self.at
            variable = self.name()
            self.at += 1
            if self.token.kind == "name" and self.tokens[self.at + 1] == Token("operator", ")"):
                array = self.name()
                self.at += 1
                return ForIn(variable, array, self.body())
            self.at = mark
        begin = None if self.token.text == ";" else self.simple()
        self.expect(";")
        self.line_breaks()
        test = None if self.token.text == ";" else self.expression()
        self.expect(";")
        self.line_breaks()
        step = None if self.token.text == ")" else self.simple()
        self.expect(")")
        return For(begin, test, step, self.body())

    def simple(self) -> Statement:
        word = self.accept("print", "printf")
        if not word:
            return Evaluate(self.expression())
        saved, self.no_gt = self.no_gt, True
        arguments: tuple[Expr, ...] = ()
        if self.token.kind != "newline" and self.token.text not in (";", "}", ">", ">>", "|", ""):
            arguments = self.print_list()
        redirect = self.accept(">", ">>", "|")
        destination = self.concatenation() if redirect else None
        self.no_gt = saved
        return Print(arguments, redirect, destination, word == "printf")

    def print_list(self) -> tuple[Expr, ...]:
        """print (a, b) > "x": the parenthesis may hold the whole list, or begin an expression."""
        if self.token == Token("operator", "("):
            mark = self.at
            self.at += 1
            saved, self.no_gt = self.no_gt, False
            grouped = self.expressions()
            self.no_gt = saved
            if self.accept(")") and (
                self.token.kind in ("newline", "end") or self.token.text in (";", "}", ">", ">>", "|")
            ):
                return grouped
            self.at = mark
        return self.expressions()

    def expressions(self) -> tuple[Expr, ...]:
        found = [self.expression()]
        while self.accept(","):
            self.line_breaks()
            found.append(self.expression())
        return tuple(found)

    # -- expressions, loosest first

    def expression(self) -> Expr:
        left = self.ternary()
        if self.token.kind == "operator" and self.token.text in ASSIGNMENTS:
            if not isinstance(left, Target):
                raise SyntaxErrorInAwk("Unexpected token")
            operator = ASSIGNMENTS[self.accept(*ASSIGNMENTS)]
            self.line_breaks()
            return Assign(left, operator, self.expression())
        return left

    def ternary(self) -> Expr:
        test = self.logical_or()
        if not self.accept("?"):
            return test
        self.line_breaks()
        yes = self.expression()
        self.line_breaks()
        self.expect(":")
        self.line_breaks()
        return Conditional(test, yes, self.expression())

    def logical_or(self) -> Expr:
        left = self.logical_and()
        while self.accept("||"):
            self.line_breaks()
            left = Binary("||", left, self.logical_and())
        return left

    def logical_and(self) -> Expr:
        left = self.membership()
        while self.accept("&&"):
            self.line_breaks()
            left = Binary("&&", left, self.membership())
        return left

    def membership(self) -> Expr:
        left = self.matching()
        while not self.no_in and self.accept("in"):
            left = In((left,), self.name())
        return left

    def matching(self) -> Expr:
        left = self.comparison()
        while operator := self.accept("~", "!~"):
            left = Match(left, self.comparison(), operator == "!~")
        return left

    def comparison(self) -> Expr:
        left = self.piped()
        if (
            self.token.kind == "operator"
            and self.token.text in COMPARISONS
            and not (self.no_gt and self.token.text == ">")
        ):
            operator = self.accept(*COMPARISONS)
            return Binary(operator, left, self.piped())
        return left

    def piped(self) -> Expr:
        """command | getline [var]"""
        left = self.concatenation()
        while self.token == Token("operator", "|") and self.tokens[self.at + 1] == Token("keyword", "getline"):
            self.at += 2
            left = Getline("|", left, self.optional_target())
        return left

    def concatenation(self) -> Expr:
        left = self.additive()
        while self.begins_operand():
            left = Binary(" ", left, self.additive())
        return left

    def begins_operand(self) -> bool:
        token = self.token
        if token.kind in ("end", "newline"):
            return False
        if token.kind == "keyword":
            return False
        return not (token.kind == "operator" and (token.text in _NO_OPERAND or token.text in "+-{"))

    def additive(self) -> Expr:
        left = self.multiplicative()
        while operator := self.accept("+", "-"):
            left = Binary(operator, left, self.multiplicative())
        return left

    def multiplicative(self) -> Expr:
        left = self.unary()
        while operator := self.accept("*", "/", "%"):
            left = Binary(operator, left, self.unary())
        return left

    def unary(self) -> Expr:
        if operator := self.accept("!", "-", "+"):
            return Unary(operator, self.unary())
        return self.power()

    def power(self) -> Expr:
        left = self.postfix()
        if self.accept("^", "**"):
            return Binary("^", left, self.unary())
        return left

    def postfix(self) -> Expr:
        left = self.primary()
        if isinstance(left, Target) and (operator := self.accept("++", "--")):
            return Increment(left, 1 if operator == "++" else -1, prefix=False)
        return left

    def primary(self) -> Expr:
        token = self.token
        if operator := self.accept("++", "--"):
            operand = self.primary()
            if not isinstance(operand, Target):
                raise SyntaxErrorInAwk("Unexpected token")
            return Increment(operand, 1 if operator == "++" else -1, prefix=True)
        if self.accept("$"):
            return Field(self.primary())
        if self.accept("getline"):
            target = self.optional_target()
            return Getline("<", self.primary(), target) if self.accept("<") else Getline("", None, target)
        if self.accept("("):
            return self.grouping()
        self.at += 1
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
                return Call(token.text, self.arguments() if self.accept("(") else (), builtin=True)
            case "call":
                self.at += 1
                return Call(token.text, self.arguments(), builtin=False)
            case "name":
                return Element(token.text, self.subscripts()) if self.accept("[") else Variable(token.text)
            case _:
                raise SyntaxErrorInAwk("Unexpected end of string" if token.kind == "end" else "Unexpected token")

    def grouping(self) -> Expr:
        """(expr), or (i, j) in array."""
        saved = self.no_in, self.no_gt
        self.no_in = self.no_gt = False
        found = self.expressions()
        self.expect(")")
        self.no_in, self.no_gt = saved
        if len(found) > 1:
            self.expect("in")
            return In(found, self.name())
        return found[0] if not isinstance(found[0], Target) else Unary("()", found[0])

    def arguments(self) -> tuple[Expr, ...]:
        saved = self.no_in, self.no_gt
        self.no_in = self.no_gt = False
        found: tuple[Expr, ...] = ()
        self.line_breaks()
        if not self.accept(")"):
            found = self.expressions()
            self.line_breaks()
            self.expect(")")
        self.no_in, self.no_gt = saved
        return found

    def subscripts(self) -> tuple[Expr, ...]:
        found = self.expressions()
        self.expect("]")
        return found

    def optional_target(self) -> Target | None:
        if self.token.kind == "name" or self.token == Token("operator", "$"):
            target = self.primary()
            return target if isinstance(target, Target) else None
        return None
