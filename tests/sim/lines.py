"""Tables of shell lines with what they print, for the tests of programs."""

from __future__ import annotations


def rows(table: str) -> list[tuple[str, str, int]]:
    """(line, output, status); "\\1" for output stands for none and status 1."""
    found = []
    for row in table.strip().splitlines():
        line, output, *status = (part.strip(" ") for part in row.split("⇒"))
        text = output.replace("\\n", "\n").replace("\\t", "\t")
        found.append((line, "" if text == "\\1" else text, int(status[0]) if status else int(text == "\\1")))
    return found
