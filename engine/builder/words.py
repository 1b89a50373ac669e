"""Words of a Dockerfile: quotes, escapes and variables.

`split` cuts a line into words and leaves what is in them; `expand` replaces variables and takes quotes away, as a shell
would: $name, ${name}, ${name:-word} ${name-word} ${name:+word} ${name+word} ${name:?word} ${name?word},
${name#pattern} ${name##pattern} ${name%pattern} ${name%%pattern}, ${name/pattern/text} ${name//pattern/text}.
Rules: Dockerfile reference, "Environment replacement". Texts: buildkit, frontend/dockerfile/shell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.builder.glob import PatternError, replaced, without_prefix, without_suffix

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
SPECIAL_PARAMETERS = "@*#?-$!"
NAME = re.compile(r"\d+|\w*")
GO_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"} | {
    mark: "\\" + mark for mark in '\\"'
}
QUOTES = "'\""
ESCAPE = "\\"


class WordError(ValueError):
    """The word cannot be expanded."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What an instruction's words mean where it stands. All methods raise WordError."""

    env: Mapping[str, str]
    escape: str = ESCAPE

    def word(self, text: str) -> str:
        return expand(text, self.env, self.escape)

    def words(self, text: str) -> list[str]:
        return expand_all(text, self.env, self.escape)

    def document(self, text: str) -> str:
        """A here-document: quotes mean nothing in it."""
        return _whole(text, self.env, ESCAPE, quotes=False)[0]


def expand(word: str, env: Mapping[str, str], escape: str = ESCAPE) -> str:
    """The word with its variables replaced and its quotes gone. Raises WordError.

    >>> expand("${x:-'a b'}/$y", {"y": "z"})
    'a b/z'
    """
    return _whole(word, env, escape)[0]


def expand_all(word: str, env: Mapping[str, str], escape: str = ESCAPE) -> list[str]:
    """As `expand`, but what a variable holds is cut at its blanks: EXPOSE $PORTS.

    >>> expand_all("$ports 22", {"ports": "80 443"})
    ['80', '443', '22']
    """
    return _whole(word, env, escape)[1]


def _whole(word: str, env: Mapping[str, str], escape: str, quotes: bool = True) -> tuple[str, list[str]]:
    if "$" not in word and not any(mark in word for mark in (escape, *QUOTES, *SPACES)):
        return word, [word] if word else []  # most are like this
    try:
        return _Expansion(word, env, escape, quotes).until("")
    except WordError as error:
        raise WordError(f"failed to process {quote(word)}: {error}") from None
    except PatternError as error:
        raise WordError(f"failed to process {quote(word)}: invalid pattern in substitution: {error}") from None
    except RecursionError:
        raise WordError(f"failed to process {quote(word)}: too many substitutions inside of each other") from None


def quote(text: str) -> str:
    """As Go's %q prints a string.

    >>> print(quote('say "hi"\\n'))
    "say \\"hi\\"\\n"
    """
    return '"' + "".join(GO_ESCAPES.get(letter) or _visible(letter) for letter in text) + '"'


def _visible(letter: str) -> str:
    if letter.isprintable():
        return letter
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def split(line: str, escape: str = ESCAPE) -> list[str]:
    """Words between blanks; quotes protect blanks and stay.

    >>> split('a "b c" d\\\\ e')
    ['a', '"b c"', 'd\\\\ e']
    """
    words: list[str] = []
    word, quote_open, begun = "", "", False
    letters = iter(line)
    for letter in letters:
        if not quote_open and letter in SPACES:
            if begun:
                words.append(word)
            word, begun = "", False
            continue
        if letter == escape and quote_open != "'":
            following = next(letters, None)
            if following is None:
                break  # at the end of a line it means nothing
            word, begun = word + letter + following, True
            continue
        if quote_open:
            quote_open = "" if letter == quote_open else quote_open
        elif letter in QUOTES:
            quote_open = letter
        word, begun = word + letter, True
    return [*words, word] if begun else words


class _Collector:
    """The text so far, and the same as words: only blanks that were not quoted part them."""

    __slots__ = ("text", "word", "words")

    def __init__(self) -> None:
        self.text, self.word = "", ""
        self.words: list[str] = []

    def protected(self, text: str) -> None:
        self.text += text
        self.word += text

    def plain(self, text: str) -> None:
        self.text += text
        for letter in text:
            if letter not in SPACES:
                self.word += letter
            elif self.word:
                self.words.append(self.word)
                self.word = ""

    def result(self) -> tuple[str, list[str]]:
        return self.text, [*self.words, self.word] if self.word else self.words


class _Expansion:
    """A cursor over one word."""

    def __init__(self, source: str, env: Mapping[str, str], escape: str, quotes: bool) -> None:
        self._source, self._env, self._escape, self._quotes = source, env, escape, quotes
        self._at = 0
        self._keeps_escapes = False

    def _peek(self) -> str:
        return self._source[self._at : self._at + 1]

    def _next(self) -> str:
        letter = self._peek()
        self._at += 1
        return letter

    def until(self, stop: str, keeps_escapes: bool = False) -> tuple[str, list[str]]:
        """Expand up to the letter `stop` and past it; "" is the end. Raises WordError."""
        found = _Collector()
        before, self._keeps_escapes = self._keeps_escapes, keeps_escapes
        while letter := self._peek():
            if letter == stop:
                self._at += 1
                self._keeps_escapes = before
                return found.result()
            self._one(letter, found)
        if stop:
            raise WordError(f"unexpected end of statement while looking for matching {stop}")
        return found.result()

    def _one(self, letter: str, found: _Collector) -> None:
        if letter == "'" and self._quotes:
            found.protected(self._single_quoted())
        elif letter == '"' and self._quotes:
            found.protected(self._double_quoted())
        elif letter == "$":
            found.plain(self._dollar())
        elif letter == self._escape:
            self._at += 1
            if self._keeps_escapes:
                found.protected(letter)
            found.protected(self._next())
        else:
            found.plain(self._next())

    def _single_quoted(self) -> str:
        end = self._source.find("'", self._at + 1)
        if end < 0:
            raise WordError("unexpected end of statement while looking for matching single-quote")
        text, self._at = self._source[self._at + 1 : end], end + 1
        return text

    def _double_quoted(self) -> str:
        text = ""
        self._at += 1
        while letter := self._peek():
            if letter == '"':
                self._at += 1
                return text
            if letter == "$":
                text += self._dollar()
                continue
            self._at += 1
            if letter == self._escape:
                if self._keeps_escapes:
                    text += letter
                if self._peek() and self._peek() in ('"', "$", self._escape):
                    letter = self._next()
                elif not self._peek():
                    break
            text += letter
        raise WordError("unexpected end of statement while looking for matching double-quote")

    def _dollar(self) -> str:
        """What stands for a `$…`."""
        self._at += 1
        if self._peek() != "{":
            name = self._name()
            return self._env.get(name, "") if name else "$"
        self._at += 1
        if not self._peek():
            raise WordError("syntax error: missing '}'")
        if self._peek() in "{}:":
            raise WordError("syntax error: bad substitution")
        name, letter = self._name(), self._next()
        if letter == "}":
            return self._env.get(name, "")
        if letter == "/":
            return self._replaced(name)
        if not letter:
            raise WordError("syntax error: missing '}'")
        colon = letter == ":"
        modifier = self._next() if colon else letter
        if colon or (modifier and modifier in "+-?#%"):
            word = self._operand("}", keeps_escapes=modifier in ("#", "%"))
            if modifier in MODIFIERS:
                return MODIFIERS[modifier](name, self._env.get(name), word, colon)
        raise WordError(f"unsupported modifier ({':' if colon else ''}{modifier}) in substitution")

    def _operand(self, stop: str, keeps_escapes: bool, missing: str = "missing '}'") -> str:
        try:
            return self.until(stop, keeps_escapes)[0]
        except WordError:
            if not self._peek():
                raise WordError(f"syntax error: {missing}") from None
            raise

    def _replaced(self, name: str) -> str:
        everywhere = self._peek() == "/"
        self._at += everywhere
        pattern = self._operand("/", keeps_escapes=True, missing="missing '/' in ${}")
        text = self._operand("}", keeps_escapes=True)
        value = self._env.get(name, "")
        return replaced(pattern, value, text, everywhere)

    def _name(self) -> str:
        """Letters, digits and _; digits alone; or one of the shell's special parameters."""
        first = self._peek()
        if first and first in SPECIAL_PARAMETERS:
            return self._next()
        matched = NAME.match(self._source, self._at)
        name = matched[0] if matched else ""
        self._at += len(name)
        return name


def _default(name: str, value: str | None, word: str, colon: bool) -> str:
    return word if value is None or (colon and not value) else value


def _alternative(name: str, value: str | None, word: str, colon: bool) -> str:
    return "" if value is None or (colon and not value) else word


def _required(name: str, value: str | None, word: str, colon: bool) -> str:
    if value is None:
        raise WordError(f"{name}: {word or 'is not allowed to be unset'}")
    if colon and not value:
        raise WordError(f"{name}: {word or 'is not allowed to be empty'}")
    return value


def _without_prefix(name: str, value: str | None, word: str, colon: bool) -> str:
    longest = word.startswith("#")
    return without_prefix(word[longest:], value or "", longest)


def _without_suffix(name: str, value: str | None, word: str, colon: bool) -> str:
    longest = word.startswith("%")
    return without_suffix(word[longest:], value or "", longest)


MODIFIERS: dict[str, Callable[[str, str | None, str, bool], str]] = {
    "-": _default,
    "+": _alternative,
    "?": _required,
    "#": _without_prefix,
    "%": _without_suffix,
}
