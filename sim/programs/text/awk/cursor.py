"""A place in a list of tokens, for a parser by recursive descent."""

from __future__ import annotations

from sim.programs.text.awk.lexer import Token
from sim.programs.text.awk.nodes import SyntaxErrorInAwk


class Cursor:
    """`no_in`, `no_gt`: inside for(… in …) and print … > file those operators mean something else."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens, self.at = found, 0
        self.no_in = self.no_gt = False

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

    def following(self) -> Token:
        """The token after the present one."""
        return self.tokens[self.at + 1]
