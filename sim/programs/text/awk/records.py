"""The current record and its fields: $0, $1 … NF, made from each other only when somebody looks."""

from __future__ import annotations

from sim.programs.text.awk.values import Strnum, Value, string
from sim.programs.text.regex import compile


def split(text: str, separator: str) -> list[str]:
    """Fields of `text`: by blanks (" "), by one character, by each character (""), or by a regular expression."""
    if separator == " ":
        return text.split()
    if text == "":
        return []
    if separator == "":
        return list(text)
    if len(separator) == 1 and separator != "\\":
        return text.split(separator)
    regex, parts, at, start = compile(separator, extended=True), [], 0, 0
    while at <= len(text) and (match := regex.search(text, at)) is not None:
        if match.end() == match.start():
            at = match.end() + 1
            continue
        parts.append(text[start : match.start()])
        start = at = match.end()
    return [*parts, text[start:]]


class Record:
    """`separator` and `joiner` are FS and OFS at the time of use."""

    __slots__ = ("_fields", "_text", "joiner", "separator")

    def __init__(self) -> None:
        self.separator, self.joiner = " ", " "
        self._text: str | None = ""
        self._fields: list[Value] | None = None

    def set_text(self, text: str) -> None:
        self._text, self._fields = text, None

    def _all(self) -> list[Value]:
        if self._fields is None:
            self._fields = [Strnum(part) for part in split(self._text or "", self.separator)]
        return self._fields

    def get(self, index: int) -> Value:
        if index == 0:
            if self._text is None:
                self._text = self.joiner.join(string(field) for field in self._all())
            return Strnum(self._text)
        fields = self._all()
        return fields[index - 1] if index <= len(fields) else Strnum("")

    def set(self, index: int, value: Value) -> None:
        if index == 0:
            self.set_text(string(value))
            return
        fields = self._all()
        fields += [""] * (index - len(fields))
        fields[index - 1] = value
        self._text = None

    def count(self) -> int:
        return len(self._all())

    def set_count(self, count: int) -> None:
        fields = self._all()
        del fields[count:]
        fields += [""] * (count - len(fields))
        self._text = None
