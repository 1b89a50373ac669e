"""How the simulated computer's time passes while somebody sits in front of it, and how she is heard meanwhile.

Time stands still at the prompt. While a command works, time flies: `docker stop` waits ten simulated seconds in a
blink. While a program shows something that goes on for ever (`ping`, `docker logs -f`), time flies for half a minute
and then passes as it does outside; while somebody types into a program, it always does.

Whatever waits, waits here, so that is where messages are heard. A session that is done again hears the recorded ones,
at the same moments, and does not wait.
"""

from __future__ import annotations

import time as _time
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Protocol

from classroom.playground.protocol import BadMessage, Message, checked
from engine.loop import SECOND, Loop

MILLISECOND = 1_000_000
FLYING = 30  # simulated seconds in a second, when it may be seen
PATIENCE = 1.0  # seconds in all that a command is made slower, so that it may be seen
FOLLOWED = 30 * SECOND  # of a program that goes on and on: so much passes quickly
LEAD = 20 * MILLISECOND  # what is shorter is not waited for
ENDLESS = 600 * SECOND  # of a line that is done again: by then it should have come to an end
REPLAY = 60.0  # seconds in all for a session that is done again


class Regime(Enum):
    """How time passes."""

    WORKING = "flies"
    FOLLOWING = "flies, then passes"
    TYPING = "passes"


class Inbox(Protocol):
    """Where messages of the page arrive."""

    def wait(self, seconds: float | None) -> Any:
        """The next one; None if there is none for so many seconds (None: for ever; 0: only look).

        Raises Closed when the page has gone.
        """


class CheckedInbox:
    """An inbox whose messages fit the protocol; `refused` is told of those that do not."""

    def __init__(self, inbox: Inbox, refused: Callable[[BadMessage], None]) -> None:
        self._inbox, self._refused = inbox, refused

    def wait(self, seconds: float | None) -> Message | None:
        while (message := self._inbox.wait(seconds)) is not None:
            try:
                return checked(message)
            except BadMessage as error:
                self._refused(error)
        return None


class Closed(BaseException):
    """The page has gone."""


class Interrupted(BaseException):
    """Ctrl-C, or the end of what was recorded: the whole line ends."""


class _Clock:
    """The loop's clock: the time is what `Pace` has let it become."""

    def __init__(self) -> None:
        self.now = 0

    def read(self, virtual: int) -> int:
        return max(virtual, self.now)

    def wait(self, virtual: int, until: int) -> float:
        return 0.0  # it was waited already


class Pace:
    """`engine.loop.Outside` of a session's loop. `deliver` is given each message; `idle` is called before a wait."""

    def __init__(self, inbox: Inbox, deliver: Callable[[Message], None], idle: Callable[[], None]) -> None:
        self._inbox, self._deliver, self._idle = inbox, deliver, idle
        self.motion = False  # may things be slower than they must be, to be seen?
        self.regime = Regime.WORKING
        self.live = True  # False: what is done was recorded, and nobody is asked
        self._script: deque[tuple[int, Message]] = deque()
        self._held: Message | None = None
        self._shown = 0.0
        self._loop, self._clock = Loop(), _Clock()
        self._begun = self._start = self._quick_until = 0
        self._deadline = 0.0

    def fileno(self) -> int:
        raise OSError("nothing to select on")

    def drive(self, loop: Loop) -> None:
        """From now on this is the session's loop; its time is the beginning."""
        self._loop, self._clock, self._held = loop, _Clock(), None
        loop.clock, loop.outside, self._start = self._clock, self, loop.time
        self._deadline = _time.monotonic() + REPLAY

    def also(self, loop: Loop) -> None:
        """A second computer, whose time always flies; Ctrl-C reaches it."""
        loop.outside = _Listening(self, loop)

    def begin(self, script: Iterable[tuple[int, Message]] = ()) -> None:
        """A line begins. `script`: (ms, message) of what was done while it ran."""
        self._script = deque(script)
        self._begun, self._shown = self._loop.time, 0.0
        self.work()

    def work(self) -> None:
        """From now on: a command that works."""
        self.regime, self._quick_until = Regime.WORKING, self._loop.time + FOLLOWED

    @property
    def now(self) -> int:
        """The host's time, ms since the session's beginning."""
        return (self._loop.time - self._start) // MILLISECOND

    def wait(self, seconds: float | None) -> None:
        """Let time pass up to the next timer, or to the next message, which is delivered."""
        due = self._loop.next_due()
        if self._script:
            at, message = self._script[0]
            moment = max(self._start + at * MILLISECOND, self._loop.time)
            if due is None or moment < due:
                self._script.popleft()
                self._hear(moment, message)
                return
            self._clock.now = due
        elif not self.live:
            if due is None or (due > self._loop.time and self._is_endless(due)):
                raise Interrupted
            self._clock.now = due
        else:
            self._listen(due)

    def _is_endless(self, due: int) -> bool:
        return due - self._begun > ENDLESS or _time.monotonic() > self._deadline

    def _listen(self, due: int | None) -> None:
        now = self._loop.time
        seconds = self._seconds(now, due)
        if seconds is None or seconds > 0:
            self._idle()
        message, self._held = self._held, None
        before = _time.monotonic_ns()
        if message is None:
            message = self._inbox.wait(seconds)
        if message is None:
            self._clock.now = due or now
            return
        passed = 0 if seconds == 0 or self.regime is Regime.WORKING else _time.monotonic_ns() - before
        moment = self._start - (self._start - now - passed) // MILLISECOND * MILLISECOND  # a whole ms, rounded up
        if due is not None and moment >= due:
            self._held, self._clock.now = message, due
        else:
            self._hear(moment, message)

    def _hear(self, moment: int, message: Message) -> None:
        self._clock.now = moment
        self._loop.advance(moment)
        self._deliver(message)

    def _seconds(self, now: int, due: int | None) -> float | None:
        """How long to wait for a message, so that time passes as the regime says."""
        if due is None:
            return None
        quick = self.regime is Regime.WORKING or (self.regime is Regime.FOLLOWING and due < self._quick_until)
        if not quick:
            return (due - now) / SECOND if due - now > LEAD else 0.0
        if not self.motion or self._shown >= PATIENCE:
            return 0.0
        seconds = min((due - now) / SECOND / FLYING, 0.15, PATIENCE - self._shown)
        if seconds < 0.004:
            return 0.0
        self._shown += seconds
        return seconds

    def look(self) -> None:
        """Hear what has arrived, without waiting: for what works on and on while this loop's time stands still."""
        if self._script and self._script[0][0] <= self.now:
            self._deliver(self._script.popleft()[1])
        elif self.live:
            message, self._held = self._held or self._inbox.wait(0), None
            if message is not None:
                self._deliver(message)
        elif _time.monotonic() > self._deadline:
            raise Interrupted

    def rest(self) -> list[Message]:
        """What was recorded after the line had ended."""
        left, self._script = [message for _, message in self._script], deque()
        return left


class _Listening:
    """`Outside` of a second loop, which has its own stepped clock."""

    def __init__(self, pace: Pace, loop: Loop) -> None:
        self._pace, self._loop = pace, loop

    def fileno(self) -> int:
        raise OSError("nothing to select on")

    def wait(self, seconds: float | None) -> None:
        self._pace.look()
        due = self._loop.next_due()
        if due is None:
            raise Interrupted  # it waits for keys, which it cannot be given
        self._loop.advance(due)
