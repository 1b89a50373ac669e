"""Tokens of the shell language (POSIX XCU 2.3), with quoting kept: a word token already holds its parts.

The lexer knows nothing of commands, with one exception: a `$(` is closed by the end of a *command list*, so the parser
lends it `parse_substitution`. Reserved words are words here; the parser recognises them where they may stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sim.programs.shell.nodes import (
    ArithmeticExpansion,
    CommandSubstitution,
    HereDocument,
    Parameter,
    Part,
    Sequence,
    Text,
    Word,
)
from sim.programs.shell.tokens import (
    ARITHMETIC,
    BRACE,
    BRACE_IN_DOUBLE,
    CONTROLS,
    DOUBLE,
    END,
    HERE_DOCUMENT,
    IO_NUMBER,
    NEWLINE,
    REDIRECTIONS,
    REGULAR,
    TOP,
    WORD,
    Context,
    ShellSyntaxError,
    Token,
    add_text,
    split_arguments,
)

_OPERATOR = re.compile("|".join(re.escape(text) for text in sorted(REDIRECTIONS + CONTROLS, key=len, reverse=True)))
_BLANKS = re.compile(r"(?:[ \t\r]|\\\n)+")
_COMMENT = re.compile(r"#[^\n]*")
_NUMBER = re.compile(r"\d+(?=[<>])")
_NAME = re.compile(r"[A-Za-z_]\w*|\d|[@*#?$!-]", re.ASCII)
_LONG_NAME = re.compile(r"[A-Za-z_]\w*|\d+|[@*#?$!-]", re.ASCII)
_BRACE_OPERATOR = re.compile(r"\^\^|,,|\^|,|:[-=?+]|[-=?+]|%%|%|##|#|//|/|:")
_PATTERN_OPERATORS = frozenset(("%", "%%", "#", "##", "/", "//"))
_BACKQUOTED = re.compile(r"[^`\\]+|\\.", re.DOTALL)
_JOINED = re.compile(r"(?<!\\)(\\\\)*\\\n$")
_ANSI = re.compile(r"\\(?:([abefnrtv\\'\"?])|([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4}))|\\?.", re.DOTALL)
_ANSI_NAMES = dict(zip("abefnrtv\\'\"?", "\a\b\x1b\f\n\r\t\v\\'\"?", strict=True))

ParseSubstitution = Callable[["Lexer"], Sequence]


class Lexer:
    """Reads tokens from `text`, beginning at `position`, which is in line `line`.

    `more`: the text goes on later, so a here-document whose delimiter is not there yet is unfinished, not ended.
    """

    def __init__(
        self,
        text: str,
        parse_substitution: ParseSubstitution,
        *,
        position: int = 0,
        line: int = 1,
        more: bool = False,
        bash: bool = False,
    ) -> None:
        self.text = text
        self.position = position
        self.more = more
        self.bash = bash
        self.here_documents: list[tuple[HereDocument, str, bool, bool]] = []
        self._parse_substitution = parse_substitution
        self._line, self._counted = line, position

    @property
    def line(self) -> int:
        """The line in which the lexer stands."""
        if self.position > self._counted:
            self._line += self.text.count("\n", self._counted, self.position)
            self._counted = self.position
        return self._line

    def fail(self, message: str, at_end: bool = False) -> ShellSyntaxError:
        return ShellSyntaxError(message, self.line, at_end)

    # -- tokens

    def next(self) -> Token:
        """The next token. After a newline the here-documents that were announced in the line are read."""
        self._skip_blanks()
        text, start, line = self.text, self.position, self.line
        if start >= len(text):
            return Token(END, "", start, line)
        if text[start] == "\n":
            self.position += 1
            self._read_here_documents()
            return Token(NEWLINE, "\n", start, line)
        if (number := _NUMBER.match(text, start)) is not None:
            self.position = number.end()
            return Token(IO_NUMBER, number[0], start, line)
        if (operator := _OPERATOR.match(text, start)) is not None and (operator[0] != "<<<" or self.bash):
            self.position = operator.end()
            return Token(operator[0], operator[0], start, line)
        if operator is not None:  # ash knows no here-strings: `<<` and then `<`
            self.position = start + 2
            return Token("<<", "<<", start, line)
        word = Word(self._parts(TOP))
        return Token(WORD, text[start : self.position].replace("\\\n", ""), start, line, word)

    def regular_expression(self) -> Word:
        """The word after `=~`: it goes on to the next blank, whatever is in it."""
        self._skip_blanks()
        return Word(self._parts(REGULAR))

    def replace(self, start: int, value: str) -> None:
        """Put `value` in place of the text between `start` and here, and read it next (alias substitution)."""
        self.text = self.text[:start] + value + self.text[self.position :]
        self.position = self._counted = start

    def announce(self, node: HereDocument, token: Token, strip: bool) -> None:
        """A here-document's body is to be read after this line; `token` is its delimiter word."""
        quoted = not {"'", '"', "\\"}.isdisjoint(token.raw)
        parts = token.word.parts if token.word is not None else ()
        delimiter = "".join(part.value for part in parts if isinstance(part, Text)) if quoted else token.raw
        self.here_documents.append((node, delimiter, quoted, strip))

    def _skip_blanks(self) -> None:
        while (run := _BLANKS.match(self.text, self.position) or _COMMENT.match(self.text, self.position)) is not None:
            self.position = run.end()
        if self.more and self.position >= len(self.text) and self.text.endswith("\\\n"):
            raise self.fail("unexpected end of file", at_end=True)

    # -- runs of characters

    def _parts(self, context: Context) -> tuple[Part, ...]:
        """Parts up to one of the context's ends, which is left unread; with no ends, up to the end of the text."""
        parts: list[Part] = []
        text, depth = self.text, 0
        while self.position < len(text):
            if (run := context.plain.match(text, self.position)) is not None:
                self.position = run.end()
                add_text(parts, run[0], context.quoted)
                continue
            char = text[self.position]
            if context is ARITHMETIC and char in "()":
                if char == ")" and depth == 0:
                    return tuple(parts)
                depth += 1 if char == "(" else -1
            elif char in context.ends:
                return tuple(parts)
            self._special(char, context, parts)
            text = self.text
        if context.ends and context not in (TOP, REGULAR):
            raise self.fail(context.missing, at_end=True)
        return tuple(parts)

    def _special(self, char: str, context: Context, parts: list[Part]) -> None:
        """One character (and what belongs to it) that is neither plain nor an end."""
        if char == "\\":
            self._escape(context, parts)
        elif char == "$":
            self._dollar(context, parts)
        elif char == "`":
            parts.append(self._backquotes(context))
        elif char == '"' and context is not HERE_DOCUMENT and context is not ARITHMETIC:
            self._double_quotes(context, parts)
        elif char == "'" and context.single_quotes:
            end = self.text.find("'", self.position + 1)
            if end < 0:
                raise self.fail("unterminated quoted string", at_end=True)
            add_text(parts, self.text[self.position + 1 : end], True)
            self.position = end + 1
        else:
            self.position += 1
            add_text(parts, char, context.quoted)

    def _escape(self, context: Context, parts: list[Part]) -> None:
        following = self.text[self.position + 1 : self.position + 2]
        self.position += 1 + len(following)
        if following == "\n":
            if self.more and self.position >= len(self.text):
                raise self.fail("unexpected end of file", at_end=True)
        elif context.escapes is not None and following not in context.escapes:
            add_text(parts, "\\" + following, context.quoted)
        else:
            add_text(parts, following or "\\", True)

    def _double_quotes(self, context: Context, parts: list[Part]) -> None:
        self.position += 1
        inner = self._parts(DOUBLE)
        self.position += 1
        if not inner:
            add_text(parts, "", True)
        for part in inner:
            if isinstance(part, Text):
                add_text(parts, part.value, True)
            else:
                parts.append(part)

    # -- expansions

    def _dollar(self, context: Context, parts: list[Part]) -> None:
        text, start = self.text, self.position
        if text.startswith("$((", start):
            parts.append(self._arithmetic(context))
        elif text.startswith("$(", start):
            self.position += 2
            parts.append(CommandSubstitution(self._parse_substitution(self), context.quoted))
        elif text.startswith("${", start):
            parts.append(self._braced(context))
        elif text.startswith("$'", start) and context.single_quotes:
            self._ansi_quotes(parts)
        elif (name := _NAME.match(text, start + 1)) is not None:
            self.position = name.end()
            parts.append(Parameter(name[0], quoted=context.quoted))
        else:
            self.position += 1
            add_text(parts, "$", context is not REGULAR)  # it stands for itself, whatever comes next

    def _arithmetic(self, context: Context) -> ArithmeticExpansion:
        self.position += 3
        expression = Word(self._parts(ARITHMETIC))
        if not self.text.startswith("))", self.position):
            raise self.fail("missing '))'", at_end=self.position + 1 >= len(self.text))
        self.position += 2
        return ArithmeticExpansion(expression, context.quoted)

    def arithmetic_command(self) -> Word | None:
        """bash's `((…))`, when the lexer stands after the first `(`; None (nothing is read) if it is no such thing."""
        start = self.position
        if not self.text.startswith("(", start):
            return None
        self.position += 1
        word = Word(self._parts(ARITHMETIC))
        if self.text.startswith("))", self.position):
            self.position += 2
            return word
        self.position = start
        return None

    def _braced(self, context: Context) -> Parameter:
        """`${…}`"""
        self.position += 2
        quoted, text = context.quoted, self.text
        if text.startswith("#", self.position) and (length := self._length(quoted)) is not None:
            return length
        if self.position >= len(text):
            raise self.fail("missing '}'", at_end=True)
        name = _LONG_NAME.match(text, self.position)
        if name is None:
            raise self.fail("bad substitution")
        self.position = name.end()
        if text.startswith("}", self.position):
            self.position += 1
            return Parameter(name[0], quoted=quoted)
        operator = _BRACE_OPERATOR.match(text, self.position)
        if operator is None or (operator[0][0] in "^," and not self.bash):
            if self.position >= len(text):
                raise self.fail("missing '}'", at_end=True)
            raise self.fail("bad substitution")
        self.position = operator.end()
        pattern = operator[0] in _PATTERN_OPERATORS
        inner = self._parts(BRACE_IN_DOUBLE if quoted and not pattern else BRACE)
        self.position += 1
        return Parameter(name[0], operator[0], split_arguments(operator[0], inner), quoted)

    def _length(self, quoted: bool) -> Parameter | None:
        """`${#name}`; None if the `#` is itself the parameter, as in `${#}` and `${#-x}`."""
        name = _LONG_NAME.match(self.text, self.position + 1)
        if name is None or not self.text.startswith("}", name.end()):
            return None
        self.position = name.end() + 1
        return Parameter(name[0], "length", quoted=quoted)

    def _backquotes(self, context: Context) -> CommandSubstitution:
        """`` `…` ``: backslashes before `$`, `` ` ``, `\\` (and `"`, inside double quotes) are taken away first."""
        self.position += 1
        line, removable, source = self.line, '$`\\"' if context.quoted else "$`\\", ""
        while (piece := _BACKQUOTED.match(self.text, self.position)) is not None:
            self.position = piece.end()
            source += piece[0][1:] if piece[0][0] == "\\" and piece[0][1] in removable else piece[0]
        if not self.text.startswith("`", self.position):
            raise self.fail("EOF in backquote substitution", at_end=True)
        self.position += 1
        inner = Lexer(source + ")", self._parse_substitution, line=line, bash=self.bash)
        return CommandSubstitution(self._parse_substitution(inner), context.quoted)

    def _ansi_quotes(self, parts: list[Part]) -> None:
        """`$'…'` with C's escapes."""
        self.position += 2
        value = ""
        while not self.text.startswith("'", self.position):
            piece = _ANSI.match(self.text, self.position)
            if piece is None:
                raise self.fail("unterminated quoted string", at_end=True)
            self.position = piece.end()
            name, octal, hexadecimal, unicode = piece.groups()
            if name:
                value += _ANSI_NAMES[name]
            elif octal or hexadecimal:
                value += chr(int(octal, 8) & 255 if octal else int(hexadecimal, 16))
            else:
                value += chr(int(unicode, 16)) if unicode else piece[0]
        self.position += 1
        add_text(parts, value, True)

    # -- here-documents

    def _read_here_documents(self) -> None:
        announced, self.here_documents = self.here_documents, []
        for node, delimiter, quoted, strip in announced:
            source = self._here_lines(delimiter, quoted, strip)
            if quoted:
                body = Word((Text(source, True),) if source else ())
            else:
                inner = Lexer(source, self._parse_substitution, line=self.line, bash=self.bash)
                body = Word(inner._parts(HERE_DOCUMENT))
            object.__setattr__(node, "body", body)  # the node is complete only now

    def _here_lines(self, delimiter: str, quoted: bool, strip: bool) -> str:
        """The lines up to the delimiter. One that is joined to the line before it, by a backslash, is no delimiter."""
        lines: list[str] = []
        joined = False
        while self.position < len(self.text):
            end = self.text.find("\n", self.position)
            line = self.text[self.position :] if end < 0 else self.text[self.position : end + 1]
            self.position += len(line)
            if strip:
                line = line.lstrip("\t")
            if line.rstrip("\n") == delimiter and not joined:
                return "".join(lines)
            joined = not quoted and _JOINED.search(line) is not None
            lines.append(line)
        if self.more:
            raise self.fail("unexpected end of file", at_end=True)
        return "".join(lines)


def here_text(text: str) -> Word:
    """A text with the expansions of a here-document, such as a prompt. Broken ones stay as they are."""
    from sim.programs.shell.parser import Parser

    try:
        return Word(Parser(text).lexer._parts(HERE_DOCUMENT))
    except ShellSyntaxError:
        return Word((Text(text, True),))
