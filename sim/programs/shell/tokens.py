"""What the lexer makes and by which rules: tokens, the kinds of places that characters stand in, joining of parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sim.programs.shell.nodes import Part, Text, Word

EMPTY = Word(())
WORD, NEWLINE, END, IO_NUMBER = "word", "newline", "end of file", "number"
REDIRECTIONS = ("&>>", "<<<", "<<-", "&>", "<<", ">>", "<&", ">&", "<>", ">|", "<", ">")
CONTROLS = ("&&", "||", ";;", "&", "|", ";", "(", ")")

RESERVED = frozenset(
    {"!", "{", "}", "[[", "case", "do", "done", "elif", "else", "esac", "fi", "for", "function"}
    | {"if", "in", "then", "until", "while"}
)


class ShellSyntaxError(Exception):
    """Text that is no shell program. `at_end`: the text stopped in the middle, so more of it might cure it."""

    def __init__(self, message: str, line: int, at_end: bool = False) -> None:
        super().__init__(message)
        self.line = line
        self.at_end = at_end


@dataclass(slots=True)
class Token:
    """`kind` is WORD, NEWLINE, END, IO_NUMBER, or the operator; `raw` its source, with lines joined."""

    kind: str
    raw: str
    start: int
    line: int
    word: Word | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """Where characters stand: which of them are plain, which end the run, and how the rest quotes."""

    plain: re.Pattern[str]
    ends: str
    quoted: bool = False
    single_quotes: bool = True
    escapes: str | None = None  # what a backslash can quote; None: everything
    missing: str = "unterminated quoted string"  # what is wrong when the text ends first


TOP = Context(re.compile(r"[^\s|&;<>()'\"\\$`]+"), " \t\n\r|&;<>()")
REGULAR = Context(re.compile(r"[^\s'\"\\$`]+"), " \t\n\r")  # after `=~`
DOUBLE = Context(re.compile(r'[^"\\$`]+'), '"', True, False, '$`"\\')
BRACE = Context(re.compile(r"[^}'\"\\$`]+"), "}", missing="missing '}'")
BRACE_IN_DOUBLE = Context(re.compile(r'[^}"\\$`]+'), "}", True, False, '$`"\\}', "missing '}'")
ARITHMETIC = Context(re.compile(r"[^()\\$`]+"), ")", True, False, '$`"\\', "missing '))'")
HERE_DOCUMENT = Context(re.compile(r"[^\\$`]+"), "", True, False, "$`\\")


def add_text(parts: list[Part], value: str, quoted: bool) -> None:
    """Append text, joined to text of the same kind before it."""
    if parts:
        last = parts[-1]
        if isinstance(last, Text) and last.quoted == quoted:
            parts[-1] = Text(last.value + value, quoted)
            return
    if value or quoted:
        parts.append(Text(value, quoted))


def split_arguments(operator: str, parts: tuple[Part, ...]) -> tuple[Word, ...]:
    """The words of a `${x OPERATOR …}`: two for `/` and `:` if the separator is there, else one."""
    separator = {"/": "/", "//": "/", ":": ":"}.get(operator)
    if separator is None:
        return (Word(parts),)
    return split_word(Word(parts), separator, quoted=operator == ":", most=2)


def split_word(word: Word, separator: str, quoted: bool = True, most: int = 0) -> tuple[Word, ...]:
    """The words between separators; `quoted`: also where these are quoted. `most`: no more words than that."""
    words: list[list[Part]] = [[]]
    for part in word.parts:
        if not isinstance(part, Text) or (part.quoted and not quoted):
            words[-1].append(part)
            continue
        pieces = part.value.split(separator, most - len(words) if most else -1)
        for index, piece in enumerate(pieces):
            if index:
                words.append([])
            if piece:
                words[-1].append(Text(piece, part.quoted))
    return tuple(Word(tuple(each)) for each in words)
