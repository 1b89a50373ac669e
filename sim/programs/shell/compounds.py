"""Compound commands (POSIX XCU 2.9.4): one function for each production, called when its first word has been read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.programs.shell.nodes import (
    ArithmeticCommand,
    ArithmeticFor,
    BraceGroup,
    Case,
    CaseItem,
    Command,
    Conditional,
    For,
    If,
    Sequence,
    Subshell,
    Text,
    While,
    Word,
)
from sim.programs.shell.tokens import EMPTY, END, NEWLINE, WORD, ShellSyntaxError, split_word
from sim.programs.shell.variables import NAME

if TYPE_CHECKING:
    from sim.programs.shell.parser import Parser


def _brace_group(parser: Parser) -> Command:
    """brace_group : Lbrace compound_list Rbrace"""
    body = parser.body()
    parser.expect("}")
    return BraceGroup(body)


def _subshell(parser: Parser) -> Command:
    """subshell : '(' compound_list ')'; in bash also the arithmetic command."""
    line = parser.lexer.line
    if (
        parser.lexer.bash
        and not parser.looked_ahead()
        and (expression := parser.lexer.arithmetic_command()) is not None
    ):
        return ArithmeticCommand(expression, line)
    body = parser.body()
    parser.expect(")")
    return Subshell(body, line)


def _if_clause(parser: Parser) -> Command:
    """if_clause : If compound_list Then compound_list else_part Fi. `elif` comes here again, without the Fi."""
    command = _if_part(parser)
    parser.expect("fi")
    return command


def _if_part(parser: Parser) -> If:
    condition = parser.body()
    parser.expect("then")
    then = parser.body()
    otherwise: Command | None = None
    if parser.keyword() == "elif":
        parser.take()
        otherwise = _if_part(parser)
    elif parser.keyword() == "else":
        parser.take()
        otherwise = parser.body()
    return If(condition, then, otherwise)


def _while_clause(parser: Parser) -> Command:
    """while_clause : While compound_list do_group"""
    condition = parser.body()
    return While(condition, _do_group(parser))


def _until_clause(parser: Parser) -> Command:
    """until_clause : Until compound_list do_group"""
    condition = parser.body()
    return While(condition, _do_group(parser), until=True)


def _do_group(parser: Parser) -> Sequence:
    """do_group : Do compound_list Done"""
    parser.expect("do")
    body = parser.body()
    parser.expect("done")
    return body


def _for_clause(parser: Parser) -> Command:
    """for_clause : For name [linebreak in wordlist] sequential_sep do_group"""
    if parser.lexer.bash and parser.peek().kind == "(":
        return _arithmetic_for(parser)
    token = parser.take()
    if token.kind != WORD or not NAME.fullmatch(token.raw):
        raise ShellSyntaxError("bad for loop variable", token.line, at_end=token.kind == END)
    parser.skip_newlines()
    words: tuple[Word, ...] | None = None
    if parser.keyword() == "in":
        parser.take()
        listed: list[Word] = []
        while parser.peek().kind == WORD:
            listed += parser.words(parser.take())
        if parser.peek().kind not in (";", NEWLINE):
            raise parser.unexpected(keywords=False)
        parser.take()
        words = tuple(listed)
    elif parser.peek().kind == ";":
        parser.take()
    parser.skip_newlines()
    return For(token.raw, words, _do_group(parser), token.line)


def _arithmetic_for(parser: Parser) -> Command:
    """bash's `for ((first; condition; step)) do_group`"""
    line = parser.take().line
    header = parser.lexer.arithmetic_command()
    clauses = split_word(header, ";") if header is not None else ()
    if len(clauses) != 3:
        raise parser.unexpected()
    if parser.peek().kind == ";":
        parser.take()
    parser.skip_newlines()
    return ArithmeticFor(*clauses, _do_group(parser), line)


def _case_clause(parser: Parser) -> Command:
    """case_clause : Case WORD linebreak in linebreak [case_list] Esac"""
    line = parser.lexer.line
    if parser.peek().kind != WORD:
        raise parser.unexpected(WORD, keywords=False)
    subject = parser.take().word or EMPTY
    parser.skip_newlines()
    parser.expect("in")
    items: list[CaseItem] = []
    parser.skip_newlines()
    while parser.keyword() != "esac":
        items.append(_case_item(parser))
        parser.skip_newlines()
        if parser.keyword() != "esac":
            parser.expect(";;")
            parser.skip_newlines()
    parser.take()
    return Case(subject, tuple(items), line)


def _case_item(parser: Parser) -> CaseItem:
    """case_item : ['('] pattern ')' [compound_list]"""
    if parser.peek().kind == "(":
        parser.take()
    patterns: list[Word] = []
    while True:
        if parser.peek().kind != WORD:
            raise parser.unexpected(")", keywords=False)
        patterns.append(parser.take().word or EMPTY)
        if parser.peek().kind != "|":
            break
        parser.take()
    if parser.peek().kind != ")":
        raise parser.unexpected(")", keywords=False)
    parser.take()
    return CaseItem(tuple(patterns), parser.compound_list(may_be_empty=True))


def _function_keyword(parser: Parser) -> Command:
    """bash's `function name [()] body`"""
    token = parser.take()
    if token.kind != WORD or not NAME.fullmatch(token.raw):
        raise ShellSyntaxError("bad function name", token.line, at_end=token.kind == END)
    if parser.peek().kind == "(":
        parser.take()
        parser.expect(")")
    return parser.function_body(token.raw)


def _conditional(parser: Parser) -> Command:
    """`[[ … ]]`: everything up to the closing brackets is a word, operators too."""
    line = parser.lexer.line
    words: list[Word] = []
    while True:
        token = parser.peek()
        if token.kind in (END, NEWLINE, ";"):
            raise parser.unexpected("]]")
        parser.take()
        if token.raw == "]]":
            return Conditional(tuple(words), line)
        words.append(token.word if token.word is not None else Word((Text(token.raw),)))
        if token.raw == "=~":
            words.append(parser.lexer.regular_expression())


COMPOUND: dict[str, Callable[[Parser], Command]] = {
    "{": _brace_group,
    "(": _subshell,
    "if": _if_clause,
    "while": _while_clause,
    "until": _until_clause,
    "for": _for_clause,
    "case": _case_clause,
    "function": _function_keyword,
    "[[": _conditional,
}
