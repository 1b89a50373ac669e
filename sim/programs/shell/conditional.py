"""`[[ … ]]`: conditions in which nothing is split or globbed, `==` matches patterns and `=~` regular expressions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sim.programs.shell import expansion
from sim.programs.shell.arithmetic import ArithmeticFailure
from sim.programs.shell.arithmetic import evaluate as compute
from sim.programs.shell.errors import ShellError
from sim.programs.shell.nodes import Word
from sim.programs.shell.patterns import matches

if TYPE_CHECKING:
    from sim.programs.shell.interpreter import Interpreter

_PATTERNS = frozenset(("=", "==", "!="))
_NUMBERS = {"-eq": "==", "-ne": "!=", "-lt": "<", "-le": "<=", "-gt": ">", "-ge": ">="}
_BINARY = _PATTERNS | _NUMBERS.keys() | {"<", ">", "=~", "-nt", "-ot", "-ef"}
_UNARY = frozenset("-" + letter for letter in "abcdefghkLnoOprsStuwxzGSv")


async def evaluate(shell: Interpreter, words: tuple[Word, ...]) -> int:
    """The status: 0 true, 1 false. Raises ShellError if it is no condition."""
    condition = _Condition(shell, words)
    value = await condition.either()
    if condition.at < len(words):
        raise ShellError(f"{words[condition.at].literal or ''}: unknown operand")
    return int(not value)


class _Condition:
    """Recursive descent over the words: `||`, `&&`, `!`, parentheses. What is decided already is not expanded."""

    def __init__(self, shell: Interpreter, words: tuple[Word, ...]) -> None:
        self._shell, self._words, self.at = shell, words, 0
        self._skips = False

    def _peek(self, ahead: int = 0) -> str | None:
        index = self.at + ahead
        return self._words[index].literal if index < len(self._words) else None

    def _take(self) -> Word:
        if self.at >= len(self._words):
            raise ShellError("argument expected")
        self.at += 1
        return self._words[self.at - 1]

    async def either(self) -> bool:
        value = await self._both()
        while self._peek() in ("||", "-o"):
            self.at += 1
            outer, self._skips = self._skips, self._skips or value
            value = await self._both() or value
            self._skips = outer
        return value

    async def _both(self) -> bool:
        value = await self._primary()
        while self._peek() in ("&&", "-a"):
            self.at += 1
            outer, self._skips = self._skips, self._skips or not value
            value = await self._primary() and value
            self._skips = outer
        return value

    async def _primary(self) -> bool:
        word = self._peek()
        if word == "!":
            self.at += 1
            return not await self._primary()
        if word == "(":
            self.at += 1
            value = await self.either()
            if self._peek() != ")":
                raise ShellError("closing paren expected")
            self.at += 1
            return value
        if self._peek(1) in _BINARY and self.at + 2 < len(self._words):
            left, operator, right = self._take(), self._take().literal or "", self._take()
            return not self._skips and await self._binary(left, operator, right)
        first = self._take()
        if word in _UNARY and self.at < len(self._words) and self._peek() not in ("&&", "||", ")"):
            return await self._unary(word or "", self._take())
        return not self._skips and await expansion.string(self._shell, first) != ""

    async def _unary(self, operator: str, operand: Word) -> bool:
        from sim.programs.test import evaluate as test

        if self._skips:
            return False
        return test([operator, await expansion.string(self._shell, operand)], self._shell.proc)

    async def _binary(self, left: Word, operator: str, right: Word) -> bool:
        from sim.programs.test import evaluate as test

        shell = self._shell
        value = await expansion.string(shell, left)
        if operator in _PATTERNS:
            return matches(await expansion.pattern(shell, right), value) == (operator != "!=")
        if operator == "=~":
            return self._search(await expansion.regular_expression(shell, right), value)
        other = await expansion.string(shell, right)
        if operator in _NUMBERS:
            try:
                return bool(compute(f"({value or 0}) {_NUMBERS[operator]} ({other or 0})", shell.variables))
            except ArithmeticFailure as error:
                raise ShellError(str(error)) from None
        return test([value, operator, other], shell.proc)

    def _search(self, expression: str, value: str) -> bool:
        try:
            return re.search(expression, value) is not None
        except re.error:
            raise ShellError(f"invalid regular expression '{expression}'") from None
