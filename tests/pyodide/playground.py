"""A visit to the playground in a Python as a browser has it: a command, a program typed into, undo, a link opened.

The page's messages come from a list; `told` is what the learner would have seen on the terminal.
"""

from __future__ import annotations

import os
import tempfile
from collections import deque
from pathlib import Path
from typing import Any

from classroom.playground.pace import Closed
from classroom.playground.session import Session

Message = dict[str, Any]


class Listed:
    """The messages, one each time that the session waits without an end."""

    def __init__(self, messages: list[Message]) -> None:
        self._messages = deque(messages)

    def wait(self, seconds: float | None) -> Message | None:
        if seconds is not None:
            return None
        if not self._messages:
            raise Closed
        return self._messages.popleft()


def visit(folder: Path, link: str, *messages: Message) -> tuple[str, str]:
    """(what the terminal showed, the link at the end)"""
    heard: list[Message] = []
    hello: Message = {"do": "hello", "lang": "ko", "motion": False, "link": link}
    Session(Listed([hello, *messages]), heard.append, folder).run()
    shown = "".join(message["text"] for message in heard if message["is"] == "out").replace("\r\n", "\n")
    return shown, [message["link"] for message in heard if message["is"] == "state"][-1]


def line(text: str) -> Message:
    return {"do": "line", "text": text, "rows": 24, "columns": 80}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shown, link = visit(
            root, "", line("docker run -d --name web -p 80:80 nginx && ls"), line("docker exec -it web sh"),
            {"do": "keys", "text": "echo $((6*7))\rexit\r"}, {"do": "get", "id": 1, "port": 80, "path": "/"},
            line("docker rm -f web"), {"do": "undo", "lines": 1}, line("docker ps -q --no-trunc"),
        )  # fmt: skip
        assert "\n42\n" in shown, shown
        assert "\nDockerfile\nindex.html\n" in shown, shown
        again, same = visit(root, link)
        assert again.splitlines()[-1] == shown.splitlines()[-1] and len(again.splitlines()[-1]) == 64, again
        assert same == link
        os.chdir(root.parent)


if __name__ == "__main__":
    main()
