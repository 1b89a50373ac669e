"""awk's programs and statements, by recursive descent (POSIX awk, "Grammar")."""

from __future__ import annotations

from sim.programs.text.awk.cursor import Cursor
from sim.programs.text.awk.expressions import Expressions
from sim.programs.text.awk.lexer import Token, tokens
from sim.programs.text.awk.nodes import (
    Block,
    Delete,
    Evaluate,
    Expr,
    For,
    ForIn,
    Function,
    If,
    Jump,
    Print,
    Program,
    Rule,
    Statement,
    While,
)


def parse(source: str) -> Program:
    """Raises SyntaxErrorInAwk."""
    return _Parser(list(tokens(source))).program()


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self.cursor = Cursor(found)
        self.value = Expressions(self.cursor)

    # -- program

    def program(self) -> Program:
        program = Program()
        self.cursor.newlines()
        while self.cursor.token.kind != "end":
            self.item(program)
            self.cursor.newlines()
        return program

    def item(self, program: Program) -> None:
        if self.cursor.accept("function", "func"):
            name = self.cursor.name()
            self.cursor.expect("(")
            parameters: list[str] = []
            while not self.cursor.accept(")"):
                parameters.append(self.cursor.name())
                self.cursor.accept(",")
            self.cursor.line_breaks()
            program.functions[name] = Function(tuple(parameters), self.block())
        elif self.cursor.accept("BEGIN"):
            program.begin.append(self.block())
        elif self.cursor.accept("END"):
            program.end.append(self.block())
        else:
            pattern = last = None
            if self.cursor.token.text != "{" or self.cursor.token.kind != "operator":
                pattern = self.value.expression()
                if self.cursor.accept(","):
                    self.cursor.line_breaks()
                    last = self.value.expression()
            action = self.block() if self.cursor.token.text == "{" and self.cursor.token.kind == "operator" else None
            program.rules.append(Rule(pattern, last, action))

    def block(self) -> Block:
        self.cursor.expect("{")
        statements: list[Statement] = []
        self.cursor.newlines()
        while not self.cursor.accept("}"):
            statements.append(self.statement())
            self.cursor.newlines()
        return Block(tuple(statements))

    def body(self) -> Statement:
        """The statement after if (…), while (…), for (…): may stand on the next line, may be empty."""
        self.cursor.line_breaks()
        if self.cursor.accept(";"):
            return Block(())
        return self.statement()

    def statement(self) -> Statement:
        if self.cursor.token.text == "{" and self.cursor.token.kind == "operator":
            return self.block()
        word = self.cursor.accept(
            "if", "while", "do", "for", "next", "nextfile", "exit", "return", "break", "continue", "delete"
        )
        if not word:
            return self.simple()
        match word:
            case "if":
                test = self.parenthesised()
                yes = self.body()
                mark = self.cursor.at
                self.cursor.newlines()
                if self.cursor.accept("else"):
                    return If(test, yes, self.body())
                self.cursor.at = mark
                return If(test, yes, None)
            case "while":
                return While(self.parenthesised(), self.body())
            case "do":
                body = self.body()
                self.cursor.newlines()
                self.cursor.expect("while")
                return While(self.parenthesised(), body, after=True)
            case "for":
                return self.loop()
            case "delete":
                array = self.cursor.name()
                return Delete(array, self.value.subscripts() if self.cursor.accept("[") else ())
            case _:
                value = None
                if (
                    word in ("exit", "return")
                    and self.cursor.token.kind != "newline"
                    and self.cursor.token.text not in (";", "}", "")
                ):
                    value = self.value.expression()
                return Jump(word, value)

    def parenthesised(self) -> Expr:
        self.cursor.expect("(")
        value = self.value.expression()
        self.cursor.expect(")")
        return value

    def loop(self) -> Statement:
        self.cursor.expect("(")
        if self.cursor.token.kind == "name" and self.cursor.following() == Token("keyword", "in"):
            mark = self.cursor.at
            variable = self.cursor.name()
            self.cursor.at += 1
            if self.cursor.token.kind == "name" and self.cursor.following() == Token("operator", ")"):
                array = self.cursor.name()
                self.cursor.at += 1
                return ForIn(variable, array, self.body())
            self.cursor.at = mark
        begin = None if self.cursor.token.text == ";" else self.simple()
        self.cursor.expect(";")
        self.cursor.line_breaks()
        test = None if self.cursor.token.text == ";" else self.value.expression()
        self.cursor.expect(";")
        self.cursor.line_breaks()
        step = None if self.cursor.token.text == ")" else self.simple()
        self.cursor.expect(")")
        return For(begin, test, step, self.body())

    def simple(self) -> Statement:
        word = self.cursor.accept("print", "printf")
        if not word:
            return Evaluate(self.value.expression())
        saved, self.cursor.no_gt = self.cursor.no_gt, True
        arguments: tuple[Expr, ...] = ()
        if self.cursor.token.kind != "newline" and self.cursor.token.text not in (";", "}", ">", ">>", "|", ""):
            arguments = self.print_list()
        redirect = self.cursor.accept(">", ">>", "|")
        destination = self.value.concatenation() if redirect else None
        self.cursor.no_gt = saved
        return Print(arguments, redirect, destination, word == "printf")

    def print_list(self) -> tuple[Expr, ...]:
        """print (a, b) > "x": the parenthesis may hold the whole list, or begin an expression."""
        if self.cursor.token == Token("operator", "("):
            mark = self.cursor.at
            self.cursor.at += 1
            saved, self.cursor.no_gt = self.cursor.no_gt, False
            grouped = self.value.expressions()
            self.cursor.no_gt = saved
            if self.cursor.accept(")") and (
                self.cursor.token.kind in ("newline", "end") or self.cursor.token.text in (";", "}", ">", ">>", "|")
            ):
                return grouped
            self.cursor.at = mark
        return self.value.expressions()
