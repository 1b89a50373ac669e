"""The parser's look at the source: one token, and what kind of function it is in."""

from __future__ import annotations

from sim.programs.node.syntax.tokens import JSSyntaxError, Token, Tokens

CONTEXTUAL = frozenset(["async", "await", "yield", "let", "static", "get", "set", "of", "from", "as"])


class Reader:
    """`token` is the next one; `last` is where the one before it ended, `last_start` where it began."""

    def __init__(self, source: str, *, is_module: bool = False) -> None:
        self.source, self.tokens = source, Tokens(source)
        self.is_async = self.is_module = is_module  # a module may await at its top
        self.is_generator, self.in_function, self.no_in = False, False, False
        self.last = self.last_start = 0
        self.token = self.tokens.next()

    def advance(self) -> Token:
        """Take the token."""
        taken = self.token
        self.last, self.last_start = taken.end, taken.start
        self.token = self.tokens.next()
        return taken

    def go_back(self, offset: int) -> None:
        """Read on from an offset."""
        self.tokens.seek(offset)
        self.token = self.tokens.next()

    def is_(self, text: str) -> bool:
        """Whether a punctuator or keyword comes next."""
        return self.token.value == text and self.token.kind in ("punctuator", "keyword")

    def word(self, text: str) -> bool:
        """Whether a word comes next that is a keyword only here."""
        return self.token.kind == "name" and self.token.value == text

    def eat(self, text: str) -> bool:
        if self.is_(text):
            self.advance()
            return True
        return False

    def eat_word(self, text: str) -> bool:
        if self.word(text):
            self.advance()
            return True
        return False

    def expect(self, text: str, otherwise: str = "") -> Token:
        """Raises JSSyntaxError."""
        if not self.is_(text):
            if otherwise:
                raise JSSyntaxError(otherwise, self.last_start, self.last)
            raise self.unexpected()
        return self.advance()

    def unexpected(self, token: Token | None = None) -> JSSyntaxError:
        """V8's words for a token that should not be here."""
        token = token or self.token
        words = {"end": "end of input", "number": "number", "string": "string", "template": "template string",
                 "name": f"identifier '{token.value}'"}  # fmt: skip
        what = words.get(token.kind, f"token '{token.value}'")
        if token.kind == "keyword" and token.value == "enum":
            what = "reserved word"
        return JSSyntaxError(f"Unexpected {what}", token.start, token.end)

    def semicolon(self) -> None:
        """The end of a statement: a semicolon, or what stands for one (automatic semicolon insertion)."""
        if self.eat(";") or self.is_("}") or self.token.line or self.token.kind == "end":
            return
        raise self.unexpected()

    def name(self) -> Token:
        """A name that may be bound. Raises JSSyntaxError."""
        token = self.token
        if token.kind != "name" or (token.value == "await" and self.is_async):
            if token.value == "await":
                raise JSSyntaxError("Unexpected reserved word", token.start, token.end)
            raise self.unexpected()
        return self.advance()

    def peek(self) -> Token:
        """The token after the next one."""
        after = self.tokens.next()
        self.tokens.seek(self.token.end)
        return after
