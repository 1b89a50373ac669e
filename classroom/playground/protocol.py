"""The messages between the page and a session: JSON objects, each with a word for what it is.

From the page ("do"):

    hello     lang, motion, link         first of all; link: the session to go on with, or ""
    line      text, rows, columns        a command line; while a program runs: typed ahead
    keys      text                       keys for the program; "\\x03" is Ctrl-C
    resize    rows, columns              of the terminal
    complete  id, text, at               what could stand at the cursor?
    look      view, step, name           a view; step: after which line, from 0, or -1 for now; name: of a container
    undo      lines                      go back to how it was before the last lines
    open      link                       live through another session
    restart                              from the beginning, with another seed
    get       id, port, path             a page of a published port
    read      path  /  save  path, text  a text of the learner's folder
    fault     name, value  /  heal       break something on purpose; make all well again
    language  lang                       "en" or "ko"
    notebook                             the session as a notebook
    shared                               the learner has copied the link

To the page ("is"):

    ready        seed, views                 the session has begun, or begun anew
    out          text                        for the screen, with ANSI control sequences
    mode         mode, prompt                where keys go: "line": a prompt; "busy": nowhere yet; "keys": each to a
                                             program; "text": whole lines to a program; "secret": one that is unseen
    typed        text                        what was typed ahead and belongs to the prompt
    state        steps, containers, images, ports, files, faults, link, now
    view         view, step, name, names, svg, text
    completions  id, start, options
    page         id, status, type, body, location     body in base64; status 0: nobody answers
    file         path, text      what was asked for by read
    edit         path            show this file in the editor
    story        steps                       of the guided tour: key, title, text, example, done
    notebook     name, text
    problem      what, text                  a message was not understood, or could not be done; what: "message",
                                             "link", "file", "fault", "internal"

A page may be anybody's: what does not fit this table is answered by a problem and does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Message = dict[str, Any]
TEXT = 100_000  # letters in one text
LANGUAGES = ("en", "ko")
# do -> its fields and their types; "value" may be anything that JSON has
FIELDS: Mapping[str, Mapping[str, type]] = {
    "hello": {"lang": str, "motion": bool, "link": str},
    "line": {"text": str, "rows": int, "columns": int},
    "keys": {"text": str},
    "resize": {"rows": int, "columns": int},
    "complete": {"id": int, "text": str, "at": int},
    "look": {"view": str, "step": int, "name": str},
    "undo": {"lines": int},
    "open": {"link": str},
    "restart": {},
    "get": {"id": int, "port": int, "path": str},
    "read": {"path": str},
    "save": {"path": str, "text": str},
    "fault": {"name": str, "value": object},
    "heal": {},
    "language": {"lang": str},
    "notebook": {},
    "shared": {},
}
BOUNDS = {"rows": (2, 500), "columns": (10, 1000), "port": (1, 65535), "id": (0, 1 << 53), "at": (0, TEXT)}


class BadMessage(ValueError):
    """It does not fit the table; says why."""


def checked(message: object) -> Message:
    """The message with its known fields only; sizes are brought into bounds. Raises BadMessage."""
    if not isinstance(message, dict) or not isinstance(do := message.get("do"), str) or do not in FIELDS:
        raise BadMessage("not a message of this protocol")
    clean: Message = {"do": do}
    for name, kind in FIELDS[do].items():
        value: Any = message.get(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise BadMessage(f"{do}: {name} is missing or of the wrong type")
        if isinstance(value, str):
            if len(value) > TEXT and name != "link":
                raise BadMessage(f"{do}: {name} is too long")
            value = value.encode("utf-8", "replace").decode()  # no half characters
        if name in BOUNDS:
            low, high = BOUNDS[name]
            value = max(low, min(value, high))
        clean[name] = value
    if clean.get("lang", "en") not in LANGUAGES:
        raise BadMessage("no such language")
    return clean
