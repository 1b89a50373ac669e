"""Paragraphs of fields: the format of Debian's control files and indexes (deb822(5)), and of Alpine's (APKINDEX).

    Package: curl                   P:curl
    Version: 8.14.1-2               V:8.17.0-r1
    Description: command line       T:URL retrieval utility
     tool for transferring data

Paragraphs are separated by empty lines; a line that begins with a space continues the field before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

Record = dict[str, str]


def read_records(text: str) -> Iterator[Record]:
    """The paragraphs of a text. What is not `Name: value` is passed over, as are lines that begin with #.

    >>> list(read_records("Package: a\\nDescription: one\\n two\\n\\nPackage: b\\n"))
    [{'Package': 'a', 'Description': 'one\\n two'}, {'Package': 'b'}]
    """
    record: Record = {}
    last = ""
    for line in text.split("\n"):
        if not line.strip():
            if record:
                yield record
            record, last = {}, ""
        elif line[0] in " \t":
            if last:
                record[last] += "\n" + line
        elif not line.startswith("#"):
            name, colon, value = line.partition(":")
            if colon:
                last = name
                record[name] = value.strip()
    if record:
        yield record


def write_records(records: Iterable[Mapping[str, str]], separator: str = ": ") -> str:
    """The text of paragraphs; fields without a value are left out. `separator` of Alpine's format is ":"."""
    return "\n".join(write_record(record, separator) for record in records)


def write_record(record: Mapping[str, str], separator: str = ": ") -> str:
    """
    >>> write_record({"P": "curl", "D": ""}, ":")
    'P:curl\\n'
    """
    return "".join(f"{name}{separator}{value}\n" for name, value in record.items() if value)
