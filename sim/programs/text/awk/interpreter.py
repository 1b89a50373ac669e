"""Running an awk program: rules over records, statements, expressions."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sim.programs.text.awk.nodes import (
    Assign,
    Binary,
    Block,
    Call,
    Conditional,
    Delete,
    Element,
    Evaluate,
    Expr,
    Field,
    For,
    ForIn,
    Getline,
    If,
    In,
    Increment,
    Jump,
    Match,
    Number,
    Pattern,
    Print,
    Program,
    Statement,
    String,
    Target,
    Unary,
    Variable,
    While,
)
from sim.programs.text.awk.records import Record
from sim.programs.text.awk.scope import Frame, Scope
from sim.programs.text.awk.streams import Streams
from sim.programs.text.awk.values import NOTHING, Strnum, Value, compare, formatted, number, string, truth
from sim.programs.text.regex import Regex, compile

DEEP = 200  # calls


class RunError(Exception):
    """The text after "awk: cmd. line:1: "."""


class Left(Exception):
    """A jump on its way: next, exit, return, break, continue."""

    def __init__(self, word: str, value: Value = "") -> None:
        self.word, self.value = word, value


class Interpreter:
    """One run of a program over its input."""

    def __init__(
        self, program: Program, streams: Streams, assigned: Mapping[str, str], environment: Mapping[str, str]
    ) -> None:
        self.program, self.streams = program, streams
        self.record = Record()
        self.scope = Scope(self.record, streams.set_separator, environment)
        self.ranges: set[int] = set()
        self.status = 0
        self.seed = 0
        for name, value in assigned.items():
            self.scope.assign(name, Strnum(value))

    # -- the whole

    async def run(self) -> int:
        """BEGIN, the rules for each record, END (also after `exit`, unless that is in END itself); the exit status."""
        try:
            for block in self.program.begin:
                await self.execute(block)
            if self.program.rules or self.program.end:
                while (line := await self.streams.input()) is not None:
                    self.new_record(line)
                    await self.rules()
        except Left as left:
            self.leave(left)
        try:
            for block in self.program.end:
                await self.execute(block)
        except Left as left:
            self.leave(left)
        await self.streams.close_all()
        return self.status

    def leave(self, left: Left) -> None:
        if left.word == "exit" and left.value != "":
            self.status = int(number(left.value)) & 255

    def new_record(self, line: str) -> None:
        self.record.set_text(line)
        self.scope.variables["NR"] = number(self.scope.variables["NR"]) + 1
        self.scope.variables["FNR"] = float(self.streams.lines_of_file())
        self.scope.variables["FILENAME"] = self.streams.file_name()

    async def rules(self) -> None:
        try:
            for index, rule in enumerate(self.program.rules):
                if not await self.selected(index):
                    continue
                if rule.action is None:
                    await self.streams.out(string(self.record.get(0)) + string(self.scope.variables["ORS"]))
                else:
                    await self.execute(rule.action)
        except Left as left:
            if left.word not in ("next", "nextfile"):
                raise
            if left.word == "nextfile":
                self.streams.skip_file()

    async def selected(self, index: int) -> bool:
        rule = self.program.rules[index]
        if rule.pattern is None:
            return True
        if rule.last is None:
            return truth(await self.evaluate(rule.pattern))
        if index not in self.ranges and not truth(await self.evaluate(rule.pattern)):
            return False
        self.ranges.add(index)
        if truth(await self.evaluate(rule.last)):
            self.ranges.discard(index)
        return True

    # -- statements

    async def execute(self, statement: Statement) -> None:
        match statement:
            case Evaluate(expression):
                await self.evaluate(expression)
            case Block(statements):
                for one in statements:
                    await self.execute(one)
            case Print():
                await self.print(statement)
            case If(test, yes, no):
                if truth(await self.evaluate(test)):
                    await self.execute(yes)
                elif no is not None:
                    await self.execute(no)
            case While() | For() | ForIn():
                await self.loop(statement)
            case Jump(word, value):
                raise Left(word, await self.evaluate(value) if value is not None else "")
            case Delete(array, subscripts):
                found = self.scope.array(array)
                if subscripts:
                    found.pop(await self.key(subscripts), None)
                else:
                    found.clear()

    async def print(self, statement: Print) -> None:
        values = [await self.evaluate(one) for one in statement.arguments]
        if statement.format:
            if not values:
                raise RunError("Too few arguments")
            text = formatted(string(values[0]), values[1:])
        else:
            form = string(self.scope.variables["OFMT"])
            shown = [string(value, form) for value in values] if values else [string(self.record.get(0))]
            text = string(self.scope.variables["OFS"]).join(shown) + string(self.scope.variables["ORS"])
        if statement.destination is None:
            await self.streams.out(text)
        else:
            await self.streams.redirect(statement.redirect, string(await self.evaluate(statement.destination)), text)

    async def loop(self, statement: While | For | ForIn) -> None:
        match statement:
            case While(test, body, after):
                if after and not await self.body(body):
                    return
                while truth(await self.evaluate(test)):
                    if not await self.body(body):
                        return
            case For(begin, test, step, body):
                if begin is not None:
                    await self.execute(begin)
                while test is None or truth(await self.evaluate(test)):
                    if not await self.body(body):
                        return
                    if step is not None:
                        await self.execute(step)
            case ForIn(variable, array, body):
                for key in list(self.scope.array(array)):
                    self.scope.assign(variable, Strnum(key))
                    if not await self.body(body):
                        return

    async def body(self, statement: Statement) -> bool:
        """One turn of a loop; False after `break`. Looping uses the CPU, so that time passes."""
        await self.streams.tick()
        try:
            await self.execute(statement)
        except Left as left:
            if left.word == "break":
                return False
            if left.word != "continue":
                raise
        return True

    # -- expressions

    async def evaluate(self, node: Expr) -> Value:
        match node:
            case Number(value):
                return value
            case String(text):
                return text
            case Field(index):
                return self.record.get(self.index(await self.evaluate(index)))
            case Variable(name):
                return self.scope.variable(name)
            case Binary():
                return await self.binary(node)
            case Assign(target, operator, value):
                new = await self.evaluate(value)
                if operator:
                    new = arithmetic(operator, number(await self.evaluate(target)), number(new))
                await self.store(target, new)
                return new
            case Element(array, subscripts):
                return self.scope.array(array).setdefault(await self.key(subscripts), NOTHING)
            case Pattern(regex):
                return float(regex.search(string(self.record.get(0))) is not None)
            case Match(text, pattern, negated):
                found = (await self.regex(pattern)).search(string(await self.evaluate(text))) is not None
                return float(found != negated)
            case Increment(target, delta, prefix):
                old = number(await self.evaluate(target))
                await self.store(target, old + delta)
                return old + delta if prefix else old
            case Unary(operator, operand):
                inner = await self.evaluate(operand)
                if operator == "!":
                    return float(not truth(inner))
                return inner if operator == "()" else -number(inner) if operator == "-" else number(inner)
            case Conditional(test, yes, no):
                return await self.evaluate(yes if truth(await self.evaluate(test)) else no)
            case In(subscripts, array):
                return float(await self.key(subscripts) in self.scope.array(array))
            case Getline():
                return await self.getline(node)
            case Call(name, arguments, builtin):
                if builtin:
                    from sim.programs.text.awk.functions import call

                    return await call(self, name, arguments)
                return await self.call(name, arguments)

    async def binary(self, node: Binary) -> Value:
        operator = node.operator
        left = await self.evaluate(node.left)
        if operator in ("&&", "||"):
            if truth(left) == (operator == "||"):
                return float(operator == "||")
            return float(truth(await self.evaluate(node.right)))
        right = await self.evaluate(node.right)
        if operator == " ":
            form = string(self.scope.variables["CONVFMT"])
            return string(left, form) + string(right, form)
        if operator in COMPARE:
            return float(COMPARE[operator](compare(left, right)))
        return arithmetic(operator, number(left), number(right))

    def index(self, value: Value) -> int:
        index = int(number(value))
        if index < 0:
            raise RunError("Access to negative field")
        return index

    async def key(self, subscripts: tuple[Expr, ...]) -> str:
        form = string(self.scope.variables["CONVFMT"])
        return string(self.scope.variables["SUBSEP"]).join(
            [string(await self.evaluate(one), form) for one in subscripts]
        )

    async def regex(self, node: Expr) -> Regex:
        if isinstance(node, Pattern):
            return node.regex
        return compile(string(await self.evaluate(node)), extended=True)

    async def getline(self, node: Getline) -> Value:
        """1 a line, 0 the end, -1 an error."""
        if node.source is None:
            line = await self.streams.input()
            if line is not None:
                self.scope.variables["NR"] = number(self.scope.variables["NR"]) + 1
        else:
            try:
                line = await self.streams.line_of(node.kind, string(await self.evaluate(node.source)))
            except OSError:
                return -1.0
        if line is None:
            return 0.0
        if node.target is not None:
            await self.store(node.target, Strnum(line))
        else:
            self.record.set_text(line)
        return 1.0

    async def store(self, target: Target, value: Value) -> None:
        match target:
            case Variable(name):
                self.scope.assign(name, value)
            case Field(index):
                self.record.set(self.index(await self.evaluate(index)), value)
            case Element(array, subscripts):
                self.scope.array(array)[await self.key(subscripts)] = value

    async def call(self, name: str, arguments: tuple[Expr, ...]) -> Value:
        """A function of the program: scalars by value, arrays by reference."""
        function = self.program.functions.get(name)
        if function is None:
            raise RunError(f"Call to undefined function: {name}")
        if len(self.scope.frames) >= DEEP:
            raise RunError("Function calls are nested too deeply")
        frame: Frame = dict.fromkeys(function.parameters, NOTHING)
        for parameter, argument in zip(function.parameters, arguments, strict=False):
            array = self.scope.whole_array(argument)
            frame[parameter] = array if array is not None else await self.evaluate(argument)
        self.scope.frames.append(frame)
        try:
            await self.execute(function.body)
        except Left as left:
            if left.word != "return":
                raise
            return left.value
        finally:
            self.scope.frames.pop()
        return NOTHING


COMPARE = {
    "<": lambda order: order < 0, "<=": lambda order: order <= 0, "==": lambda order: order == 0,
    "!=": lambda order: order != 0, ">": lambda order: order > 0, ">=": lambda order: order >= 0,
}  # fmt: skip


def arithmetic(operator: str, left: float, right: float) -> float:
    """Raises RunError for a division by zero."""
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "^":
            return math.pow(left, right)
        case _:
            if right == 0:
                raise RunError("Division by zero")
            return left / right if operator == "/" else math.fmod(left, right)
