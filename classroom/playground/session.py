"""A playground session: messages of the page in, messages to the page out (protocol.py has both tables).

One object, without thread, process or socket: `Session(inbox, send, root).run()` asks the inbox for messages until the
page has gone, and answers by `send`, also in the midst of a command. So it is the same in a process behind a websocket
(worker.py), in a browser's web worker, and in a test that gives it a list.

Going back, opening a link and beginning anew are one thing: a new engine from a seed, on which entries are done again.
"""

from __future__ import annotations

import base64
import codecs
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import SystemRandom

from classroom.playground import completion, entries, guide, moments, pages
from classroom.playground.desk import FILES, Desk
from classroom.playground.entries import BadLink, Entry, Story
from classroom.playground.notebook import notebook
from classroom.playground.pace import CheckedInbox, Closed, Inbox, Interrupted, Pace, Regime
from classroom.playground.protocol import BadMessage, Message
from classroom.playground.terminal import Terminal
from classroom.playground.workbench import Workbench
from engine.client.connection import ApiError

Send = Callable[[Message], None]
log = logging.getLogger("glassdock.playground")

PIECE, MOST = 16_000, 1_000_000  # bytes of output that go out at once; that one line may print
CUT = "\r\n[…]\r\n"
GLANCE = 0.3  # seconds from one look at what a running program does to the next
LIVELY = (Regime.TYPING, Regime.FOLLOWING)


class _Abandoned(BaseException):
    """The line that runs is given up for something else."""

    def __init__(self, message: Message) -> None:
        super().__init__()
        self.message = message


class Session:
    """`root`: an empty folder of our own, in which the learner's will be."""

    def __init__(self, inbox: Inbox, send: Send, root: Path) -> None:
        self._inbox, self._send = CheckedInbox(inbox, self._misunderstood), send
        self._pace = Pace(self._inbox, self._deliver, self._idle)
        self._terminal = Terminal(self._pace, self._show, self._mode, self._heard)
        self._desk = Desk(root, self._pace)
        self._made: Workbench | None = None
        self._entries: list[Entry] = []
        self._seed = 0
        self._lang = "en"
        self._view: Message = {"view": "flow", "step": -1, "name": ""}
        self._busy = self._glancing = False
        self._line = ""
        self._glanced = 0.0
        self._out: list[str] = []
        self._printed = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._waiting: deque[Message] = deque()
        self._guide = guide.Progress()
        self._anytime: Mapping[str, Callable[[Message], None]] = {
            "look": self._look, "complete": self._complete, "read": self._read,
            "save": self._save, "get": self._get, "fault": self._fault, "heal": self._fault, "resize": self._resize,
            "language": self._language, "notebook": self._notebook, "shared": self._shared,
        }  # fmt: skip
        self._at_prompt: Mapping[str, Callable[[Message], None]] = {
            "hello": self._hello, "line": self._type, "keys": self._typed_at_prompt, "undo": self._undo,
            "open": self._open, "restart": self._restart,
        }  # fmt: skip

    def run(self) -> None:
        """Until the page has gone. The first message has to be `hello`."""
        try:
            while True:
                message = self._waiting.popleft() if self._waiting else self._inbox.wait(None)
                while message is not None:
                    message = self._one(message)
        except Closed:
            pass

    def _one(self, message: Message) -> Message | None:
        """Do what a message asks for; returns what has come between."""
        if self._made is None and message["do"] != "hello":
            self._problem("message", "hello comes first")
            return None
        try:
            self._deliver(message)
        except _Abandoned as abandoned:
            self._busy, self._terminal.ahead = False, ""
            return abandoned.message
        except Interrupted:
            self._rest()
        except Exception as error:  # a fault of ours must not end the learner's session
            if self._made is None:
                raise
            log.exception("%s", message["do"])
            self._rest()
            self._problem("internal", f"{type(error).__name__}: {error}")
        return None

    def _deliver(self, message: Message) -> None:
        """A message arrives, at the prompt or while a line runs."""
        do = message["do"]
        if do in self._anytime:
            self._anytime[do](message)
        elif not self._busy:
            self._at_prompt[do](message)
        elif do == "line":
            self._terminal.typed(message["text"].replace("\n", "\r") + "\r")
        elif do == "keys":
            self._terminal.typed(message["text"])
        elif self._pace.live:
            raise _Abandoned(message)

    @property
    def _bench(self) -> Workbench:
        assert self._made is not None, "hello comes first"
        return self._made

    # -- lines

    def _type(self, message: Message) -> None:
        """A line at the prompt."""
        self._run(message)
        self._rest()

    def _run(self, message: Message, script: Sequence[tuple[int, Message]] = ()) -> None:
        """A line, to its end. `script`: what was done while it ran, if it is done again."""
        text = message["text"].strip("\n")
        self._terminal.rows, self._terminal.columns = message["rows"], message["columns"]
        self._show(1, f"{self._bench.prompt}{text}\n".replace("\n", "\r\n").encode())
        if not text.strip():
            return
        self._record(message | {"text": text})
        self._mode("busy")
        self._busy, self._line, self._printed = True, text, 0
        self._pace.begin(script)
        self._bench.run(text)
        self._busy = False

    def _rest(self) -> None:
        """The prompt again: what there is now is shown, and what was typed ahead is done."""
        self._busy = False
        self._flush()
        self._state()
        self._draw()
        self._mode("line")
        ahead, self._terminal.ahead = self._terminal.ahead, ""
        if ahead:
            self._typed_at_prompt({"do": "keys", "text": ahead})

    def _typed_at_prompt(self, message: Message) -> None:
        """Keys that were meant for a program, or for what comes after it."""
        *lines, rest = message["text"].replace("\n", "\r").split("\r")
        size = {"rows": self._terminal.rows, "columns": self._terminal.columns}
        self._waiting.extend({"do": "line", "text": line, **size} for line in lines)
        if rest := "".join(key for key in rest if key.isprintable()):
            self._send({"is": "typed", "text": rest})

    def _resize(self, message: Message) -> None:
        if self._terminal.on_resize is not None:  # a program is told of it
            self._record(message)
        self._terminal.resize(message["rows"], message["columns"])

    def _heard(self, text: str, mode: str) -> None:
        """Keys were wanted, and have been taken."""
        self._record({"do": "secret" if mode == "secret" else "keys", "text": text})

    def _record(self, message: Message) -> None:
        self._entries.append(Entry.of(message, self._pace.now))

    # -- sessions

    def _hello(self, message: Message) -> None:
        self._pace.motion = message["motion"]
        self._set_language(message["lang"])
        if message["link"]:
            self._guide.opened = True
            self._open(message)
        else:
            self._restart(message)

    def _restart(self, message: Message) -> None:
        self._live_through(Story(SystemRandom().getrandbits(32)))

    def _open(self, message: Message) -> None:
        try:
            story = entries.read(message["link"])
        except BadLink as error:
            if self._made is None:
                self._restart(message)
            self._problem("link", str(error))
        else:
            self._live_through(story)

    def _undo(self, message: Message) -> None:
        """Go back to before the last lines; one that runs counts."""
        there = sum(entry.kind == "line" for entry in self._entries)
        kept = there - max(0, min(message["lines"], there))
        self._guide.undone = True
        self._live_through(Story(self._seed, tuple(self._entries)).until(kept))

    def _live_through(self, story: Story) -> None:
        """A new engine, on which everything is done again. What the last line's program waits for is then asked."""
        self._seed, self._entries = story.seed, []
        self._out.clear()
        self._terminal.ahead, self._terminal.conversation = "", None
        self._made = Workbench(story.seed, self._desk, self._terminal, self._pace, self._show, self._edit)
        self._view = self._view | {"step": -1}
        self._send({"is": "ready", "seed": story.seed, "views": list(moments.VIEWS)})
        self._pace.live = False
        lines = story.by_line()
        try:
            for number, (line, script) in enumerate(lines):
                if line is None:
                    self._pace.begin(script)
                else:
                    self._pace.live = number == len(lines) - 1
                    self._run(line, script)
                    self._pace.live = False
                for later in self._pace.rest():
                    if later["do"] != "keys":
                        self._deliver(later)
        finally:
            self._pace.live = True
        self._rest()

    # -- what is asked at any time

    def _look(self, message: Message) -> None:
        self._view = {name: message[name] for name in ("view", "step", "name")}
        self._draw()
        if message["view"] == "layers" and not self._guide.looked:
            self._guide.looked = True
            self._guide_on()

    def _draw(self) -> None:
        """The view that is looked at; in the midst of a line, what there is now."""
        if not self._pace.live:
            return
        seen = self._bench.seen
        if self._busy and self._view["step"] < 0:
            seen = [*seen, self._glance()]
        at = self._view["step"] if 0 <= self._view["step"] < len(seen) else len(seen) - 1
        view, names = self._view["view"], seen[at].names
        if view not in moments.VIEWS:
            self._problem("message", "no such view")
            return
        name = self._view["name"] if self._view["name"] in names else next(iter(names), "")
        picture = moments.draw(view, seen, at, name)
        self._send({"is": "view", "view": view, "step": at, "name": name, "svg": picture.svg, "text": picture.text,
                    "names": names if view in moments.OF_A_CONTAINER else []})  # fmt: skip

    def _glance(self) -> moments.Seen:
        """What there is while a line runs; looking lets no time pass."""
        regime, self._pace.regime = self._pace.regime, Regime.WORKING
        self._glancing = True
        try:
            return self._bench.glance(self._line)
        finally:
            self._glancing, self._pace.regime = False, regime

    def _complete(self, message: Message) -> None:
        offer = completion.complete(message["text"], message["at"], self._bench.api, self._desk.paths)
        self._send({"is": "completions", "id": message["id"], "start": offer.start, "options": offer.options})

    def _read(self, message: Message) -> None:
        try:
            text = self._desk.read(message["path"])
        except FileNotFoundError:
            text = ""  # a new one
        except (OSError, ValueError) as error:
            self._problem("file", str(error))
            return
        self._send({"is": "file", "path": message["path"], "text": text})

    def _save(self, message: Message) -> None:
        try:
            self._desk.save(message["path"], message["text"], self._bench.engine.loop.time)
        except (OSError, ValueError) as error:
            self._problem("file", str(error))
            return
        self._record(message)
        self._state()

    def _get(self, message: Message) -> None:
        """A page of a published port, as a browser on the host gets it."""
        self._record(message)
        regime, self._pace.regime = self._pace.regime, Regime.WORKING
        try:
            loop = self._bench.engine.loop
            page = loop.run(pages.get(self._bench.engine.host, message["port"], message["path"]))
        finally:
            self._pace.regime = regime
        self._guide.pages.append((message["port"], page.status, page.body))
        body = base64.b64encode(page.body).decode()
        if self._pace.live:
            self._send({"is": "page", "id": message.get("id", 0), "status": page.status, "type": page.type,
                        "body": body, "location": page.location})  # fmt: skip
        self._state()

    def _fault(self, message: Message) -> None:
        try:
            change = {message["name"]: message["value"]} if message["do"] == "fault" else {}
            self._bench.api.post("/glassdock/faults", body=change)
        except ApiError as error:
            self._problem("fault", str(error))
            return
        self._record(message)
        self._state()

    def _language(self, message: Message) -> None:
        self._set_language(message["lang"])
        self._guide_on()
        self._draw()

    def _set_language(self, lang: str) -> None:
        self._lang = os.environ["GLASSDOCK_LANG"] = lang

    def _notebook(self, message: Message) -> None:
        text = notebook(Story(self._seed, tuple(self._entries)), FILES, self._lang)
        self._send({"is": "notebook", "name": "playground.ipynb", "text": text})

    def _shared(self, message: Message) -> None:
        self._guide.shared = True
        self._state()  # has the link

    # -- what the page is told

    def _state(self) -> None:
        if not self._pace.live:
            return
        seen = self._bench.seen
        now = seen[-1]
        self._send({
            "is": "state",
            "steps": [{"line": each.line, "exit": each.exit} for each in seen[1:]],
            "containers": [moments.shown(container) for container in now.containers],
            "images": now.tags, "ports": now.ports, "files": self._desk.paths(), "now": self._pace.now,
            "faults": self._bench.api.get("/glassdock/faults"),
            "link": entries.write(Story(self._seed, tuple(self._entries))),
        })  # fmt: skip
        self._guide_on()

    def _guide_on(self) -> None:
        """The guided tour, if it has moved on or speaks another language."""
        steps = self._guide.steps(self._bench.seen, self._desk, self._lang)
        if steps is not None and self._pace.live:
            self._send({"is": "story", "steps": steps})

    def _mode(self, mode: str) -> None:
        self._flush()
        if self._pace.live:
            self._send({"is": "mode", "mode": mode, "prompt": self._bench.prompt})

    def _edit(self, path: str) -> None:
        if self._pace.live:
            self._send({"is": "edit", "path": path})

    def _misunderstood(self, error: BadMessage) -> None:
        self._problem("message", str(error))

    def _problem(self, what: str, text: str) -> None:
        self._send({"is": "problem", "what": what, "text": text})

    def _show(self, stream: int, data: bytes) -> None:
        before, self._printed = self._printed, self._printed + len(data)
        if before > MOST:
            return
        self._out.append(self._decoder.decode(data) if self._printed <= MOST else CUT)
        if before // PIECE < self._printed // PIECE:
            self._flush()

    def _flush(self) -> None:
        if text := "".join(self._out):
            self._out.clear()
            self._send({"is": "out", "text": text})

    def _idle(self) -> None:
        """Something waits: what was printed is shown, and now and then what the program does behind the glass."""
        if self._glancing:
            return
        self._flush()
        if self._pace.regime in LIVELY and time.monotonic() - self._glanced > GLANCE and self._view["step"] < 0:
            self._draw()
            self._glanced = time.monotonic()
