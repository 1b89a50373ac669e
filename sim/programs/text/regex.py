"""POSIX regular expressions, basic and extended, on Python's `re` (regex(7), GNU's extensions \\w \\s \\b \\< \\>).

Two differences are made up for: the syntax, by translation; and that of several alternatives POSIX takes the longest
match at the leftmost place, by looking for a longer end where there are alternatives.
"""

from __future__ import annotations

import re
from functools import lru_cache

_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r" \t\n\r\f\v",
    "blank": r" \t", "punct": r"!-/:-@\[-`{-~", "print": r" -~", "graph": r"!-~", "cntrl": r"\x00-\x1f\x7f",
    "xdigit": "0-9A-Fa-f", "word": r"\w",
}  # fmt: skip
_SAME = frozenset("wWsSbB")  # GNU's escapes that Python has too
_SPECIAL = frozenset(r".^$*+?{}[]\|()")


class BadRegex(ValueError):
    """regcomp(3)'s text: "Unmatched ( or \\("."""


class Regex:
    """A compiled expression. `search` gives Python's match object, or None."""

    __slots__ = ("_alternatives", "_pattern", "groups")

    def __init__(self, pattern: str, alternatives: bool, ignore_case: bool) -> None:
        try:
            self._pattern = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
        except re.error as error:
            raise BadRegex(_wording(str(error))) from None
        self._alternatives = alternatives
        self.groups = self._pattern.groups

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        match = self._pattern.search(text, start)
        if match is None or not self._alternatives:
            return match
        for end in range(len(text), match.end(), -1):
            longer = self._pattern.fullmatch(text, match.start(), end)
            if longer is not None:
                return longer
        return match


def _wording(reason: str) -> str:
    if "missing ), unterminated" in reason or "unbalanced" in reason:
        return "Unmatched ( or \\(" if "missing" in reason else "Unmatched ) or \\)"
    if "unterminated character set" in reason:
        return "Unmatched [, [^, [:, [., or [="
    if "repeat" in reason:
        return "Invalid preceding regular expression"
    return "Invalid back reference" if "group" in reason else "Invalid regular expression"


@lru_cache(512)
def compile(text: str, extended: bool = False, ignore_case: bool = False) -> Regex:
    """Raises BadRegex.

    >>> compile("a+").search("xa+") is not None      # basic: + is a plus
    True
    """
    pattern, alternatives = _Translation(text, extended).run()
    return Regex(pattern, alternatives, ignore_case)


def literal(text: str, ignore_case: bool = False) -> Regex:
    """What `grep -F` looks for."""
    return Regex(re.escape(text), False, ignore_case)


class _Translation:
    """One expression on its way to Python: `at` is the next character, `out` what is ready."""

    def __init__(self, text: str, extended: bool) -> None:
        self.text, self.extended = text, extended
        self.at = 0
        self.out: list[str] = []
        self.atom = False  # does something stand before that can be repeated?
        self.alternatives = False

    def run(self) -> tuple[str, bool]:
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\\":
                self.escape()
            elif char == "[":
                self.bracket()
            elif char in "*.^$" or (self.extended and char in "+?{|()"):
                self.at += 1
                self.operator(char)
            else:
                self.at += 1
                self.plain(char)
        return "".join(self.out), self.alternatives

    def plain(self, char: str) -> None:
        self.out.append(re.escape(char))
        self.atom = True

    def escape(self) -> None:
        if self.at + 1 == len(self.text):
            raise BadRegex("Trailing backslash")
        char = self.text[self.at + 1]
        self.at += 2
        if char in "<>":
            self.out.append(r"\b(?=\w)" if char == "<" else r"\b(?<=\w)")
        elif char in _SAME or (char.isdigit() and char != "0"):
            self.out.append("\\" + char)
            self.atom = True
        elif char == "n":
            self.plain("\n")
        elif char == "t":
            self.plain("\t")
        elif not self.extended and char in "+?{|()":
            self.operator(char)
        else:
            self.plain(char)

    def operator(self, char: str) -> None:
        match char:
            case "^":
                self.anchor("^", self.begins())
            case "$":
                self.anchor("$", self.ends())
            case ".":
                self.out.append("(?s:.)")
                self.atom = True
            case "(":
                self.out.append("(")
                self.atom = False
            case ")":
                self.out.append(")")
                self.atom = True
            case "|":
                self.alternatives = True
                self.out.append("|")
                self.atom = False
            case "{":
                self.interval()
            case _:
                self.repeat(char)

    def anchor(self, char: str, here: bool) -> None:
        if self.extended or here:
            self.out.append("^" if char == "^" else r"\Z")
            self.atom = False
        else:
            self.plain(char)

    def begins(self) -> bool:
        """Is this the beginning of a (sub)expression?"""
        return not self.out or self.out[-1] in ("(", "|")

    def ends(self) -> bool:
        rest = self.text[self.at :]
        return not rest or rest.startswith((r"\)", r"\|"))

    def repeat(self, char: str) -> None:
        if not self.atom:
            if char == "*" or self.extended:
                self.plain(char)  # nothing to repeat: the character itself
            return
        if self.out[-1] not in ("*", "+", "?"):  # a** is a*
            self.out.append(char)
        elif self.out[-1] != char:
            self.out[-1] = "*"

    def interval(self) -> None:
        close = "}" if self.extended else r"\}"
        end = self.text.find(close, self.at)
        body = self.text[self.at : end] if end >= 0 else ""
        if end < 0 or not re.fullmatch(r"\d*(,\d*)?", body) or body in ("", ","):
            if not self.extended:
                raise BadRegex("Unmatched \\{" if end < 0 else "Invalid content of \\{\\}")
            self.plain("{")
            return
        self.at = end + len(close)
        self.out.append("{" + (body if not body.startswith(",") else "0" + body) + "}")

    def bracket(self) -> None:
        """[abc], [^a-z], [[:digit:]x], []x]"""
        at = self.at + 1
        negated = self.text[at : at + 1] == "^"
        at += negated
        first = at
        parts: list[str] = []
        while True:
            if at >= len(self.text):
                raise BadRegex("Unmatched [, [^, [:, [., or [=")
            char = self.text[at]
            if char == "]" and at > first:
                break
            if char == "[" and self.text[at + 1 : at + 2] in (":", ".", "="):
                kind = self.text[at + 1]
                end = self.text.find(kind + "]", at + 2)
                name = self.text[at + 2 : end] if end > 0 else ""
                if end < 0 or (kind == ":" and name not in _CLASSES):
                    raise BadRegex("Invalid character class name")
                parts.append(_CLASSES[name] if kind == ":" else re.escape(name))
                at = end + 2
                continue
            parts.append("\\" + char if char in r"\[]^&~|" else char)
            at += 1
        self.at = at + 1
        self.out.append(f"[{'^' if negated else ''}{''.join(parts)}]")
        self.atom = True


def substitute(regex: Regex, text: str, template: str, nth: int = 1, everywhere: bool = False) -> tuple[str, int]:
    """Replace the nth match, or it and all after it; (the new text, how many matches were looked at).

    Fewer than `nth` matches: nothing is replaced. An empty match is replaced and the next character passed by.
    """
    out: list[str] = []
    at = count = 0
    while at <= len(text) and (match := regex.search(text, at)) is not None:
        count += 1
        wanted = count >= nth
        out += [text[at : match.start()], expand_replacement(template, match) if wanted else match[0]]
        at = match.end()
        if match.end() == match.start():
            out.append(text[at : at + 1])
            at += 1
        if wanted and not everywhere:
            break
    return "".join(out) + text[at:], count


def expand_replacement(template: str, match: re.Match[str]) -> str:
    """sed's `s` right-hand side: & and \\1…\\9, \\n, \\t, and \\U \\L \\u \\l \\E for case."""
    out: list[str] = []
    case = once = ""
    at = 0
    while at < len(template):
        char = template[at]
        at += 1
        if char == "&":
            piece = match[0]
        elif char == "\\" and at < len(template):
            char = template[at]
            at += 1
            if char in "ULE":
                case = "" if char == "E" else char
                continue
            if char in "ul":
                once = char
                continue
            piece = (match[int(char)] or "") if char.isdigit() else {"n": "\n", "t": "\t", "r": "\r"}.get(char, char)
        else:
            piece = char
        piece = piece.upper() if case == "U" else piece.lower() if case == "L" else piece
        if once and piece:
            piece = (piece[0].upper() if once == "u" else piece[0].lower()) + piece[1:]
            once = ""
        out.append(piece)
    return "".join(out)
