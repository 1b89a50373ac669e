"""The syntax tree back into text: what `type` and the job table show. Parsing the text gives the same tree again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sim.programs.shell import nodes
from sim.programs.shell.nodes import ArithmeticExpansion, CommandSubstitution, HereDocument, Parameter, Text, Word
from sim.programs.shell.tokens import RESERVED


def unparse(node: nodes.Command) -> str:
    """A command as a text of one or more lines.

    >>> from sim.programs.shell.parser import parse_program
    >>> unparse(parse_program("if a;then b|c;fi").commands[0])
    'if a\\nthen b | c\\nfi\\n'
    """
    writer = _Writer()
    writer.command(node)
    writer.newline()
    return writer.text


def command_text(node: nodes.Command) -> str:
    """A command on one line, as the list of jobs shows it (here-documents are left out)."""
    writer = _Writer(one_line=True)
    writer.command(node)
    return writer.text


class _Writer:
    """Collects text; here-documents wait until the line ends."""

    def __init__(self, one_line: bool = False) -> None:
        self.text = ""
        self._one_line = one_line
        self._documents: list[tuple[str, HereDocument]] = []

    def newline(self) -> None:
        """End the line (or put a `;`)."""
        if self._one_line:
            self.text += "; "
            return
        self.text += "\n"
        documents, self._documents = self._documents, []
        for delimiter, document in documents:
            text = _here_text(document.body)
            self.text += text
            if text and not text.endswith("\n"):  # the end of the whole text ended it
                break
            self.text += delimiter + "\n"

    # -- commands

    def command(self, node: nodes.Command) -> None:
        _WRITE[type(node)](self, node)

    def simple(self, node: nodes.SimpleCommand) -> None:
        pieces = [f"{a.name}{'+' if a.append else ''}={word_text(a.value)}" for a in node.assignments]
        pieces += [word_text(word) for word in node.words]
        if node.redirections and pieces and pieces[0] in RESERVED:  # a word only because it does not come first
            self.redirections(node.redirections, False)
            self.text += " " + " ".join(pieces)
            return
        self.text += " ".join(pieces)
        self.redirections(node.redirections, bool(pieces))

    def redirections(self, redirections: Sequence[nodes.Redirect], blank: bool = True) -> None:
        for redirection in redirections:
            self.text += " " if blank else ""
            blank = True
            if isinstance(redirection, HereDocument):
                quoted = all(isinstance(part, Text) for part in redirection.body.parts)
                delimiter = _delimiter(redirection.body)
                self.text += f"{redirection.fd}<<" + (f"'{delimiter}'" if quoted else delimiter)
                self._documents.append((delimiter, redirection))
            else:
                number = "" if redirection.operator.startswith("&") else str(redirection.fd)
                self.text += number + redirection.operator + word_text(redirection.target)

    def pipeline(self, node: nodes.Pipeline) -> None:
        self.text += "! " if node.negated else ""
        for index, command in enumerate(node.commands):
            self.text += " | " if index else ""
            self.command(command)

    def and_or(self, node: nodes.AndOr) -> None:
        self.command(node.left)
        self.text += f" {node.operator} "
        self.command(node.right)

    def background(self, node: nodes.Background) -> None:
        self.command(node.command)
        self.text += " &"

    def sequence(self, node: nodes.Sequence) -> None:
        for index, command in enumerate(node.commands):
            if index and not (self._one_line and isinstance(node.commands[index - 1], nodes.Background)):
                self.newline()
            elif index:
                self.text += " "
            self.command(command)

    def end(self, body: nodes.Sequence | nodes.Command, word: str) -> None:
        """The word that follows a list."""
        if self._one_line and isinstance(body, nodes.Sequence) and isinstance(body.commands[-1], nodes.Background):
            self.text += " " + word
        else:
            self.newline()
            self.text += word

    def group(self, node: nodes.BraceGroup) -> None:
        self.text += "{ "
        self.sequence(node.body)
        self.end(node.body, "}")

    def subshell(self, node: nodes.Subshell) -> None:
        self.text += "( "
        self.sequence(node.body)
        if self._one_line:
            self.text += " )"
        else:
            self.end(node.body, ")")

    def if_clause(self, node: nodes.If, word: str = "if ") -> None:
        self.text += word
        self.sequence(node.condition)
        self.end(node.condition, "then ")
        self.sequence(node.then)
        if isinstance(node.otherwise, nodes.If):
            self.end(node.then, "")
            self.if_clause(node.otherwise, "elif ")
            return
        if node.otherwise is not None:
            self.end(node.then, "else ")
            self.command(node.otherwise)
        self.end(node.otherwise or node.then, "fi")

    def while_clause(self, node: nodes.While) -> None:
        self.text += "until " if node.until else "while "
        self.sequence(node.condition)
        self.do_group(node.condition, node.body)

    def for_clause(self, node: nodes.For) -> None:
        self.text += f"for {node.name}"
        if node.words is not None:
            self.text += "".join([" in", *(" " + word_text(word) for word in node.words)])
        self.do_group(node, node.body)

    def do_group(self, before: nodes.Command, body: nodes.Sequence) -> None:
        self.end(before, "do ")
        self.sequence(body)
        self.end(body, "done")

    def case_clause(self, node: nodes.Case) -> None:
        self.text += f"case {word_text(node.word)} in"
        self.text += " " if self._one_line else "\n"
        for item in node.items:
            self.text += "(" + "|".join(word_text(word) for word in item.patterns) + ") "
            if item.body is not None:
                self.sequence(item.body)
            if self._one_line:
                self.text += ";; "
            else:
                self.newline()
                self.text += ";;\n"
        self.text += "esac"

    def function(self, node: nodes.Function) -> None:
        self.text += f"{node.name}() "
        self.command(node.body)

    def conditional(self, node: nodes.Conditional) -> None:
        self.text += " ".join(["[[", *(word_text(word) for word in node.words), "]]"])

    def arithmetic(self, node: nodes.ArithmeticCommand) -> None:
        self.text += f"(({_quoted_text(node.expression, '')}))"

    def arithmetic_for(self, node: nodes.ArithmeticFor) -> None:
        clauses = (_quoted_text(clause, "") for clause in (node.first, node.condition, node.step))
        self.text += f"for (({';'.join(clauses)}))"
        self.do_group(node, node.body)

    def redirected(self, node: nodes.Redirected) -> None:
        self.command(node.command)
        self.redirections(node.redirections)


# -- words


def word_text(word: Word) -> str:
    """A word as it stands in a command line; adjoining parts in quotes share them."""
    text, quoted = "", False
    for part in word.parts:
        wants_quotes = part.quoted and not isinstance(part, Text)
        if wants_quotes != quoted:
            text += '"'
            quoted = wants_quotes
        text += _part_text(part, quoted)
    return text + ('"' if quoted else "")


def _part_text(part: nodes.Part, in_double: bool) -> str:
    if isinstance(part, Text):
        return _text(part)
    if isinstance(part, CommandSubstitution):
        return _substitution(part)
    if isinstance(part, ArithmeticExpansion):
        return f"$(({_quoted_text(part.expression, '')}))"
    return _parameter(part)


def _text(part: Text) -> str:
    if not part.quoted:
        return part.value
    return "'" + part.value.replace("'", "'\\''") + "'"


def _substitution(part: CommandSubstitution) -> str:
    writer = _Writer()
    writer.sequence(part.body)
    if writer._documents:
        writer.newline()
    return f"$( {writer.text})"


def _parameter(part: Parameter) -> str:
    if not part.operator:
        return f"${{{part.name}}}"
    if part.operator == "length":
        return f"${{#{part.name}}}"
    separator = ":" if part.operator == ":" else "/"
    pattern = part.operator in ("%", "%%", "#", "##", "/", "//")
    write = _argument_text if not part.quoted or pattern else lambda word: _quoted_text(word, '"}')
    return f"${{{part.name}{part.operator}{separator.join(write(word) for word in part.arguments)}}}"


def _argument_text(word: Word) -> str:
    """The argument of `${x-…}` outside double quotes."""
    return word_text(word)


def _quoted_text(word: Word, special: str) -> str:
    """Text inside double quotes, a here-document or an expression: only `$`, `` ` ``, `\\` and `special` need care."""
    result = ""
    for part in word.parts:
        if isinstance(part, Text):
            result += "".join("\\" + char if char in "$`\\" + special else char for char in part.value)
        else:
            result += _part_text(part, True)
    return result


def _here_text(body: Word) -> str:
    if all(isinstance(part, Text) for part in body.parts):
        return "".join(part.value for part in body.parts if isinstance(part, Text))
    return _quoted_text(body, "")


def _delimiter(body: Word) -> str:
    """A delimiter that is not a line of the text."""
    lines, delimiter = _here_text(body).split("\n"), "EOF"
    while delimiter in lines:
        delimiter += "_"
    return delimiter


_WRITE: dict[type, Callable[[_Writer, Any], None]] = {
    nodes.SimpleCommand: _Writer.simple,
    nodes.Pipeline: _Writer.pipeline,
    nodes.AndOr: _Writer.and_or,
    nodes.Background: _Writer.background,
    nodes.Sequence: _Writer.sequence,
    nodes.BraceGroup: _Writer.group,
    nodes.Subshell: _Writer.subshell,
    nodes.If: _Writer.if_clause,
    nodes.While: _Writer.while_clause,
    nodes.For: _Writer.for_clause,
    nodes.Case: _Writer.case_clause,
    nodes.Function: _Writer.function,
    nodes.Conditional: _Writer.conditional,
    nodes.ArithmeticCommand: _Writer.arithmetic,
    nodes.ArithmeticFor: _Writer.arithmetic_for,
    nodes.Redirected: _Writer.redirected,
}
