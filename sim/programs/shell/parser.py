"""The shell grammar (POSIX XCU 2.10) by recursive descent; each method names its production.

`parse_program` reads a whole text and is cached. `Parser.complete_command` reads one command at a time, which is how
a shell must read when it can meet an alias, or when the text is typed and more of it may come. Error texts are ash's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sim.programs.shell.lexer import (
    END,
    IO_NUMBER,
    NEWLINE,
    REDIRECTIONS,
    RESERVED,
    WORD,
    Lexer,
    ShellSyntaxError,
    Token,
    split_word,
)
from sim.programs.shell.nodes import (
    AndOr,
    ArithmeticCommand,
    ArithmeticFor,
    Assignment,
    Background,
    BraceGroup,
    Case,
    CaseItem,
    Command,
    Conditional,
    For,
    Function,
    HereDocument,
    If,
    Pipeline,
    Redirect,
    Redirected,
    Redirection,
    Sequence,
    SimpleCommand,
    Subshell,
    Text,
    While,
    Word,
)

_CLOSING = frozenset(("do", "done", "elif", "else", "esac", "fi", "then", "}", ")", ";;", END))
SPECIAL_BUILTINS = frozenset(
    [
        ".",
        ":",
        "break",
        "continue",
        "eval",
        "exec",
        "exit",
        "export",
        "readonly",
        "return",
        "set",
        "shift",
        "source",
        "times",
        "trap",
        "unset",
    ]
)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=", re.ASCII)
_EMPTY = Word(())


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

    def _peek(self) -> Token:
        if self._peeked is None:
            self._peeked = self.lexer.next()
        return self._peeked

    def _take(self) -> Token:
        token = self._peek()
        self._peeked = None
        return token

    def _keyword(self, substitute: bool = False) -> str:
        """What the next token is where a reserved word may stand: that word, WORD, or an operator.

        `substitute`: a command may begin here, so an alias is replaced first.
        """
        token = self._peek()
        while substitute and self.aliases and token.kind == WORD and self._replace_alias(token):
            token = self._peek()
        if token.kind == WORD and token.raw in RESERVED:
            return token.raw
        return token.kind

    def _skip_newlines(self) -> None:
        while self._peek().kind == NEWLINE:
            self._take()

    def _unexpected(self, expected: str = "", keywords: bool = True) -> ShellSyntaxError:
        """ash's words for a token that cannot stand where it does."""
        token = self._peek()
        message = "unexpected " + _describe(token, keywords)
        if expected:
            message += f" (expecting {expected if expected in (WORD, NEWLINE) else chr(34) + expected + chr(34)})"
        return ShellSyntaxError(message, token.line, at_end=token.kind == END)

    def _expect(self, keyword: str) -> None:
        if self._keyword() != keyword:
            raise self._unexpected(keyword)
        self._take()

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
        body = inner._compound_list(may_be_empty=True)
        inner._expect(")")
        lexer.here_documents = outside
        return body or Sequence(())

    # -- lists

    def complete_command(self) -> Sequence | None:
        """complete_command : list separator | list. One line (or more, if it is not finished); None at the end."""
        self._skip_newlines()
        if self._peek().kind == END:
            return None
        commands: list[Command] = []
        while not commands or self._peek().kind not in (NEWLINE, END):
            commands.append(self._list_item())
            if self._peek().kind == ";" and not isinstance(commands[-1], Background):
                self._take()
            elif not isinstance(commands[-1], Background) and self._peek().kind not in (NEWLINE, END):
                raise self._unexpected()
        if self._peek().kind == NEWLINE:
            self._take()
        return Sequence(tuple(commands), self.lexer.position)

    def _list_item(self) -> Command:
        """An and_or with the `&` that may follow it; a `;` is left."""
        command = self._and_or()
        if self._peek().kind == "&":
            self._take()
            return Background(command)
        return command

    def _compound_list(self, may_be_empty: bool = False) -> Sequence | None:
        """compound_list : linebreak term | linebreak term separator. None only if it may be empty, and is."""
        self._skip_newlines()
        kind = self._keyword(substitute=True)
        if kind == END or (may_be_empty and kind in _CLOSING):
            return None
        commands: list[Command] = []
        while True:
            commands.append(self._list_item())
            kind = self._peek().kind
            if kind in (";", NEWLINE):
                self._take()
                self._skip_newlines()
            elif not isinstance(commands[-1], Background):
                break
            else:
                self._skip_newlines()
            if self._keyword(substitute=True) in _CLOSING:
                break
        return Sequence(tuple(commands))

    def _body(self) -> Sequence:
        """A compound_list that must not be empty; at the end of the text the caller complains about what it misses."""
        return self._compound_list() or Sequence(())

    def _and_or(self) -> Command:
        """and_or : pipeline | and_or AND_IF linebreak pipeline | and_or OR_IF linebreak pipeline"""
        left = self._pipeline()
        while (operator := self._peek().kind) in ("&&", "||"):
            self._take()
            self._skip_newlines()
            left = AndOr(left, operator, self._pipeline())
        return left

    def _pipeline(self) -> Command:
        """pipeline : pipe_sequence | Bang pipe_sequence"""
        negated = self._keyword(substitute=True) == "!"
        if negated:
            self._take()
        commands = [self._command()]
        while self._peek().kind == "|":
            self._take()
            self._skip_newlines()
            commands.append(self._command())
        if negated or len(commands) > 1:
            return Pipeline(tuple(commands), negated)
        return commands[0]

    # -- commands

    def _command(self) -> Command:
        """command : simple_command | compound_command | compound_command redirect_list | function_definition"""
        kind = self._keyword(substitute=True)
        if kind in (WORD, IO_NUMBER) or kind in REDIRECTIONS:
            return self._simple_command()
        production = _COMPOUND.get(kind)
        if production is None:
            raise self._unexpected()
        self._take()
        command: Command = production(self)
        redirections = self._redirect_list()
        return Redirected(command, redirections) if redirections else command

    def _brace_group(self) -> Command:
        """brace_group : Lbrace compound_list Rbrace"""
        body = self._body()
        self._expect("}")
        return BraceGroup(body)

    def _subshell(self) -> Command:
        """subshell : '(' compound_list ')'; in bash also the arithmetic command."""
        line = self.lexer.line
        if self.lexer.bash and self._peeked is None and (expression := self.lexer.arithmetic_command()) is not None:
            return ArithmeticCommand(expression, line)
        body = self._body()
        self._expect(")")
        return Subshell(body, line)

    def _if_clause(self) -> Command:
        """if_clause : If compound_list Then compound_list else_part Fi. `elif` comes here again, without the Fi."""
        command = self._if_part()
        self._expect("fi")
        return command

    def _if_part(self) -> If:
        condition = self._body()
        self._expect("then")
        then = self._body()
        otherwise: Command | None = None
        if self._keyword() == "elif":
            self._take()
            otherwise = self._if_part()
        elif self._keyword() == "else":
            self._take()
            otherwise = self._body()
        return If(condition, then, otherwise)

    def _while_clause(self) -> Command:
        """while_clause : While compound_list do_group"""
        condition = self._body()
        return While(condition, self._do_group())

    def _until_clause(self) -> Command:
        """until_clause : Until compound_list do_group"""
        condition = self._body()
        return While(condition, self._do_group(), until=True)

    def _do_group(self) -> Sequence:
        """do_group : Do compound_list Done"""
        self._expect("do")
        body = self._body()
        self._expect("done")
        return body

    def _for_clause(self) -> Command:
        """for_clause : For name [linebreak in wordlist] sequential_sep do_group"""
        if self.lexer.bash and self._peek().kind == "(":
            return self._arithmetic_for()
        token = self._take()
        if token.kind != WORD or not _NAME.fullmatch(token.raw):
            raise ShellSyntaxError("bad for loop variable", token.line, at_end=token.kind == END)
        self._skip_newlines()
        words: tuple[Word, ...] | None = None
        if self._keyword() == "in":
            self._take()
            listed: list[Word] = []
            while self._peek().kind == WORD:
                listed += self._words(self._take())
            if self._peek().kind not in (";", NEWLINE):
                raise self._unexpected(keywords=False)
            self._take()
            words = tuple(listed)
        elif self._peek().kind == ";":
            self._take()
        self._skip_newlines()
        return For(token.raw, words, self._do_group(), token.line)

    def _arithmetic_for(self) -> Command:
        """bash's `for ((first; condition; step)) do_group`"""
        line = self._take().line
        header = self.lexer.arithmetic_command()
        clauses = split_word(header, ";") if header is not None else ()
        if len(clauses) != 3:
            raise self._unexpected()
        if self._peek().kind == ";":
            self._take()
        self._skip_newlines()
        return ArithmeticFor(*clauses, self._do_group(), line)

    def _case_clause(self) -> Command:
        """case_clause : Case WORD linebreak in linebreak [case_list] Esac"""
        line = self.lexer.line
        if self._peek().kind != WORD:
            raise self._unexpected(WORD, keywords=False)
        subject = self._take().word or _EMPTY
        self._skip_newlines()
        self._expect("in")
        items: list[CaseItem] = []
        self._skip_newlines()
        while self._keyword() != "esac":
            items.append(self._case_item())
            self._skip_newlines()
            if self._keyword() != "esac":
                self._expect(";;")
                self._skip_newlines()
        self._take()
        return Case(subject, tuple(items), line)

    def _case_item(self) -> CaseItem:
        """case_item : ['('] pattern ')' [compound_list]"""
        if self._peek().kind == "(":
            self._take()
        patterns: list[Word] = []
        while True:
            if self._peek().kind != WORD:
                raise self._unexpected(")", keywords=False)
            patterns.append(self._take().word or _EMPTY)
            if self._peek().kind != "|":
                break
            self._take()
        if self._peek().kind != ")":
            raise self._unexpected(")", keywords=False)
        self._take()
        return CaseItem(tuple(patterns), self._compound_list(may_be_empty=True))

    def _function_keyword(self) -> Command:
        """bash's `function name [()] body`"""
        token = self._take()
        if token.kind != WORD or not _NAME.fullmatch(token.raw):
            raise ShellSyntaxError("bad function name", token.line, at_end=token.kind == END)
        if self._peek().kind == "(":
            self._take()
            self._expect(")")
        return self._function_body(token.raw)

    def _function_body(self, name: str) -> Command:
        """function_body : compound_command | compound_command redirect_list (ash takes any command)"""
        self._skip_newlines()
        return Function(name, self._command())

    def _conditional(self) -> Command:
        """`[[ … ]]`: everything up to the closing brackets is a word, operators too."""
        line = self.lexer.line
        words: list[Word] = []
        while True:
            token = self._peek()
            if token.kind in (END, NEWLINE, ";"):
                raise self._unexpected("]]")
            self._take()
            if token.raw == "]]":
                return Conditional(tuple(words), line)
            words.append(token.word if token.word is not None else Word((Text(token.raw),)))

    # -- simple commands

    def _simple_command(self) -> Command:
        """simple_command : cmd_prefix cmd_word cmd_suffix | …; also the beginning of a function_definition."""
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirections: list[Redirect] = []
        line = self._peek().line
        while True:
            kind = self._word_kind(bool(words))
            if kind == WORD:
                token = self._take()
                assignment = None if words else _assignment(token, self.lexer.bash)
                if assignment is not None:
                    assignments.append(assignment)
                else:
                    words += self._words(token)
            elif kind == IO_NUMBER or kind in REDIRECTIONS:
                redirections.append(self._io_redirect())
            elif kind == "(" and len(words) == 1 and not assignments and not redirections:
                return self._function_definition(words[0])
            else:
                break
        return SimpleCommand(tuple(assignments), tuple(words), tuple(redirections), line)

    def _word_kind(self, named: bool) -> str:
        """The next token's kind. Aliases count for the command's name, and after an alias that ends in a blank."""
        token = self._peek()
        if not named:
            self._keyword(substitute=True)
        elif self._blank_alias is not None and len(self.lexer.text) - token.start <= self._blank_alias:
            self._blank_alias = None
            if token.kind == WORD:
                self._replace_alias(token)
        return self._peek().kind

    def _words(self, token: Token) -> tuple[Word, ...]:
        """A word token as words: more than one after bash's brace expansion."""
        word = token.word or _EMPTY
        if self.lexer.bash and "{" in token.raw:
            from sim.programs.shell.braces import expand_braces

            return expand_braces(word)
        return (word,)

    def _function_definition(self, word: Word) -> Command:
        """function_definition : fname '(' ')' linebreak function_body"""
        opening = self._take()
        if self._peek().kind != ")":
            raise self._unexpected(")", keywords=False)
        self._take()
        name = word.literal or ""
        if not self.lexer.bash and (name in SPECIAL_BUILTINS or not _NAME.fullmatch(name)):
            raise ShellSyntaxError("bad function name", opening.line)
        return self._function_body(name)

    def _redirect_list(self) -> tuple[Redirect, ...]:
        """redirect_list : io_redirect | redirect_list io_redirect"""
        redirections: list[Redirect] = []
        while (kind := self._peek().kind) == IO_NUMBER or kind in REDIRECTIONS:
            redirections.append(self._io_redirect())
        return tuple(redirections)

    def _io_redirect(self) -> Redirect:
        """io_redirect : [IO_NUMBER] io_file | [IO_NUMBER] io_here"""
        number = int(self._take().raw) if self._peek().kind == IO_NUMBER else None
        operator = self._take().kind
        if self._peek().kind != WORD:
            raise self._unexpected(keywords=False)
        target = self._take()
        fd = number if number is not None else 0 if operator.startswith("<") else 1
        if operator in ("<<", "<<-"):
            document = HereDocument(fd, _EMPTY)
            self.lexer.announce(document, target, strip=operator == "<<-")
            return document
        return Redirection(fd, operator, target.word or _EMPTY)


_COMPOUND = {
    "{": Parser._brace_group,
    "(": Parser._subshell,
    "if": Parser._if_clause,
    "while": Parser._while_clause,
    "until": Parser._until_clause,
    "for": Parser._for_clause,
    "case": Parser._case_clause,
    "function": Parser._function_keyword,
    "[[": Parser._conditional,
}


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
