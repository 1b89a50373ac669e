"""The shell grammar (POSIX XCU 2.10) by recursive descent; each method names its production.

`parse_program` reads a whole text and is cached. `Parser.complete_command` reads one command at a time, which is how
a shell must read when it can meet an alias, or when the text is typed and more of it may come. Error texts are ash's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sim.programs.shell.compounds import COMPOUND
from sim.programs.shell.lexer import Lexer
from sim.programs.shell.nodes import (
    AndOr,
    Assignment,
    Background,
    Command,
    Function,
    HereDocument,
    Pipeline,
    Redirect,
    Redirected,
    Redirection,
    Sequence,
    SimpleCommand,
    Text,
    Word,
)
from sim.programs.shell.tokens import (
    EMPTY,
    END,
    IO_NUMBER,
    NEWLINE,
    REDIRECTIONS,
    RESERVED,
    WORD,
    ShellSyntaxError,
    Token,
)

_CLOSING = frozenset(("do", "done", "elif", "else", "esac", "fi", "then", "}", ")", ";;", END))
SPECIAL_BUILTINS = frozenset(
    {".", ":", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift"}
    | {"source", "times", "trap", "unset"}
)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=", re.ASCII)


@dataclass(frozen=True, slots=True)
class Program:
    """A text's commands, line by line, up to its end or to the error in it. Commands before an error still run."""

    text: str
    commands: tuple[Sequence, ...]
    error: ShellSyntaxError | None = None


@lru_cache(maxsize=1024)
def parse_program(text: str, line: int = 1, bash: bool = False) -> Program:
    """Parse a whole text; never raises. `line` is the number of its first line."""
    parser = Parser(text, line=line, bash=bash)
    commands: list[Sequence] = []
    try:
        while (command := parser.complete_command()) is not None:
            commands.append(command)
    except ShellSyntaxError as error:
        return Program(text, tuple(commands), error)
    except RecursionError:
        return Program(text, tuple(commands), ShellSyntaxError("nested too deeply", parser.lexer.line))
    return Program(text, tuple(commands))


class Parser:
    """Reads commands from a text. `more`: more text may come, so errors at its end are marked `at_end`."""

    def __init__(
        self,
        text: str,
        *,
        position: int = 0,
        line: int = 1,
        more: bool = False,
        bash: bool = False,
        aliases: Mapping[str, str] | None = None,
        lexer: Lexer | None = None,
    ) -> None:
        self.lexer = lexer or Lexer(text, self._substitution, position=position, line=line, more=more, bash=bash)
        self.aliases = aliases
        self._peeked: Token | None = None
        self._in_alias: dict[str, int] = {}  # aliases being replaced, and how much text is left after each
        self._blank_alias: int | None = None  # the text left after an alias that ends in a blank: the next word counts

    # -- tokens

    def peek(self) -> Token:
        if self._peeked is None:
            self._peeked = self.lexer.next()
        return self._peeked

    def looked_ahead(self) -> bool:
        """Has the lexer gone on already, past the next token?"""
        return self._peeked is not None

    def take(self) -> Token:
        token = self.peek()
        self._peeked = None
        return token

    def keyword(self, substitute: bool = False) -> str:
        """What the next token is where a reserved word may stand: that word, WORD, or an operator.

        `substitute`: a command may begin here, so an alias is replaced first.
        """
        token = self.peek()
        while substitute and self.aliases and token.kind == WORD and self._replace_alias(token):
            token = self.peek()
        if token.kind == WORD and token.raw in RESERVED:
            return token.raw
        return token.kind

    def skip_newlines(self) -> None:
        while self.peek().kind == NEWLINE:
            self.take()

    def unexpected(self, expected: str = "", keywords: bool = True) -> ShellSyntaxError:
        """ash's words for a token that cannot stand where it does."""
        token = self.peek()
        message = "unexpected " + _describe(token, keywords)
        if expected:
            message += f" (expecting {expected if expected in (WORD, NEWLINE) else chr(34) + expected + chr(34)})"
        return ShellSyntaxError(message, token.line, at_end=token.kind == END)

    def expect(self, keyword: str) -> None:
        if self.keyword() != keyword:
            raise self.unexpected(keyword)
        self.take()

    def _replace_alias(self, token: Token) -> bool:
        assert self.aliases is not None
        left = len(self.lexer.text) - self.lexer.position
        self._in_alias = {name: end for name, end in self._in_alias.items() if left >= end}
        value = self.aliases.get(token.raw)
        if value is None or token.raw in self._in_alias:
            return False
        self._in_alias[token.raw] = left
        self._blank_alias = left if value[-1:] in (" ", "\t") else None
        self.lexer.replace(token.start, value)
        self._peeked = None
        return True

    def _substitution(self, lexer: Lexer) -> Sequence:
        """The commands of `$(…)`: `lexer` stands after the `(`, and after the `)` when this returns."""
        inner = Parser("", lexer=lexer, aliases=self.aliases)
        outside, lexer.here_documents = lexer.here_documents, []
        body = inner.compound_list(may_be_empty=True)
        inner.expect(")")
        lexer.here_documents = outside
        return body or Sequence(())

    # -- lists

    def complete_command(self) -> Sequence | None:
        """complete_command : list separator | list. One line (or more, if it is not finished); None at the end."""
        self.skip_newlines()
        if self.peek().kind == END:
            return None
        commands: list[Command] = []
        while not commands or self.peek().kind not in (NEWLINE, END):
            commands.append(self._list_item())
            if self.peek().kind == ";" and not isinstance(commands[-1], Background):
                self.take()
            elif not isinstance(commands[-1], Background) and self.peek().kind not in (NEWLINE, END):
                raise self.unexpected()
        if self.peek().kind == NEWLINE:
            self.take()
        return Sequence(tuple(commands), self.lexer.position)

    def _list_item(self) -> Command:
        """An and_or with the `&` that may follow it; a `;` is left."""
        command = self._and_or()
        if self.peek().kind == "&":
            self.take()
            return Background(command)
        return command

    def compound_list(self, may_be_empty: bool = False) -> Sequence | None:
        """compound_list : linebreak term | linebreak term separator. None only if it may be empty, and is."""
        self.skip_newlines()
        kind = self.keyword(substitute=True)
        if kind == END or (may_be_empty and kind in _CLOSING):
            return None
        commands: list[Command] = []
        while True:
            commands.append(self._list_item())
            kind = self.peek().kind
            if kind in (";", NEWLINE):
                self.take()
                self.skip_newlines()
            elif not isinstance(commands[-1], Background):
                break
            else:
                self.skip_newlines()
            if self.keyword(substitute=True) in _CLOSING:
                break
        return Sequence(tuple(commands))

    def body(self) -> Sequence:
        """A compound_list that must not be empty; at the end of the text the caller complains about what it misses."""
        return self.compound_list() or Sequence(())

    def _and_or(self) -> Command:
        """and_or : pipeline | and_or AND_IF linebreak pipeline | and_or OR_IF linebreak pipeline"""
        left = self._pipeline()
        while (operator := self.peek().kind) in ("&&", "||"):
            self.take()
            self.skip_newlines()
            left = AndOr(left, operator, self._pipeline())
        return left

    def _pipeline(self) -> Command:
        """pipeline : pipe_sequence | Bang pipe_sequence"""
        negated = self.keyword(substitute=True) == "!"
        if negated:
            self.take()
        commands = [self.command()]
        while self.peek().kind == "|":
            self.take()
            self.skip_newlines()
            commands.append(self.command())
        if negated or len(commands) > 1:
            return Pipeline(tuple(commands), negated)
        return commands[0]

    # -- commands

    def command(self) -> Command:
        """command : simple_command | compound_command | compound_command redirect_list | function_definition"""
        kind = self.keyword(substitute=True)
        if kind in (WORD, IO_NUMBER) or kind in REDIRECTIONS:
            return self._simple_command()
        production = COMPOUND.get(kind)
        if production is None:
            raise self.unexpected()
        self.take()
        command: Command = production(self)
        redirections = self._redirect_list()
        return Redirected(command, redirections) if redirections else command

    def function_body(self, name: str) -> Command:
        """function_body : compound_command | compound_command redirect_list (ash takes any command)"""
        self.skip_newlines()
        return Function(name, self.command())

    # -- simple commands

    def _simple_command(self) -> Command:
        """simple_command : cmd_prefix cmd_word cmd_suffix | …; also the beginning of a function_definition."""
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirections: list[Redirect] = []
        line = self.peek().line
        while True:
            kind = self._word_kind(bool(words))
            if kind == WORD:
                token = self.take()
                assignment = None if words else _assignment(token, self.lexer.bash)
                if assignment is not None:
                    assignments.append(assignment)
                else:
                    words += self.words(token)
            elif kind == IO_NUMBER or kind in REDIRECTIONS:
                redirections.append(self._io_redirect())
            elif kind == "(" and len(words) == 1 and not assignments and not redirections:
                return self._function_definition(words[0])
            else:
                break
        return SimpleCommand(tuple(assignments), tuple(words), tuple(redirections), line)

    def _word_kind(self, named: bool) -> str:
        """The next token's kind. Aliases count for the command's name, and after an alias that ends in a blank."""
        token = self.peek()
        if not named:
            self.keyword(substitute=True)
        elif self._blank_alias is not None and len(self.lexer.text) - token.start <= self._blank_alias:
            self._blank_alias = None
            if token.kind == WORD:
                self._replace_alias(token)
        return self.peek().kind

    def words(self, token: Token) -> tuple[Word, ...]:
        """A word token as words: more than one after bash's brace expansion."""
        word = token.word or EMPTY
        if self.lexer.bash and "{" in token.raw:
            from sim.programs.shell.braces import expand_braces

            return expand_braces(word)
        return (word,)

    def _function_definition(self, word: Word) -> Command:
        """function_definition : fname '(' ')' linebreak function_body"""
        opening = self.take()
        if self.peek().kind != ")":
            raise self.unexpected(")", keywords=False)
        self.take()
        name = word.literal or ""
        if not self.lexer.bash and (name in SPECIAL_BUILTINS or not _NAME.fullmatch(name)):
            raise ShellSyntaxError("bad function name", opening.line)
        return self.function_body(name)

    def _redirect_list(self) -> tuple[Redirect, ...]:
        """redirect_list : io_redirect | redirect_list io_redirect"""
        redirections: list[Redirect] = []
        while (kind := self.peek().kind) == IO_NUMBER or kind in REDIRECTIONS:
            redirections.append(self._io_redirect())
        return tuple(redirections)

    def _io_redirect(self) -> Redirect:
        """io_redirect : [IO_NUMBER] io_file | [IO_NUMBER] io_here"""
        number = int(self.take().raw) if self.peek().kind == IO_NUMBER else None
        operator = self.take().kind
        if self.peek().kind != WORD:
            raise self.unexpected(keywords=False)
        target = self.take()
        fd = number if number is not None else 0 if operator.startswith("<") else 1
        if operator in ("<<", "<<-"):
            document = HereDocument(fd, EMPTY)
            self.lexer.announce(document, target, strip=operator == "<<-")
            return document
        return Redirection(fd, operator, target.word or EMPTY)


def _assignment(token: Token, bash: bool) -> Assignment | None:
    """ASSIGNMENT_WORD (XCU 2.10.2, rule 7): the name and the `=` must be unquoted."""
    found = _ASSIGNMENT.match(token.raw)
    if found is None or token.word is None or (found[2] and not bash):
        return None
    first, *rest = token.word.parts
    if not isinstance(first, Text) or first.quoted or not first.value.startswith(found[0]):
        return None
    value = first.value[len(found[0]) :]
    parts = (Text(value), *rest) if value else tuple(rest)
    return Assignment(found[1], Word(parts), append=bool(found[2]))


def _describe(token: Token, keywords: bool) -> str:
    if token.kind in (END, NEWLINE):
        return token.kind
    if token.kind == IO_NUMBER or token.kind in REDIRECTIONS:
        return "redirection"
    if token.kind == WORD:
        return f'"{token.raw}"' if keywords and token.raw in RESERVED else WORD
    return f'"{token.kind}"'
