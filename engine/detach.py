"""The keys that leave a container's terminal: how they are written, and how they are found in what is typed.

Daemon and client both look for them: the client for its own user, the daemon for clients that only pass bytes on.
Source: moby/term (ascii.go, proxy.go).
"""

from __future__ import annotations

DEFAULT = "ctrl-p,ctrl-q"
SPECIAL = {"@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, "_": 31}


def key_bytes(text: str) -> bytes:
    """What a terminal sends for "ctrl-p,ctrl-q" or "a". Raises ValueError.

    >>> key_bytes("ctrl-p,ctrl-q"), key_bytes("a")
    (b'\\x10\\x11', b'a')
    """
    codes = bytearray()
    for key in text.split(","):
        letter = key.removeprefix("ctrl-")
        if len(key) == 1 and key.isascii():
            codes.append(ord(key))
        elif key != letter and len(letter) == 1 and "a" <= letter.lower() <= "z":
            codes.append(ord(letter.lower()) - ord("a") + 1)
        elif key != letter and letter in SPECIAL:
            codes.append(SPECIAL[letter])
        else:
            raise ValueError(f"Unknown character: '{key}'")
    return bytes(codes)


DEFAULT_KEYS = key_bytes(DEFAULT)


class Detector:
    """Finds the keys in what a person types; what may still become them is held back until that is clear."""

    __slots__ = ("_held", "_keys")

    def __init__(self, keys: bytes) -> None:
        self._keys, self._held = keys, b""

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """What is for the program, and whether the keys are complete.

        >>> detector = Detector(DEFAULT_KEYS)
        >>> detector.feed(b"ls\\x10"), detector.feed(b"x"), detector.feed(b"y\\x10\\x11")
        ((b'ls', False), (b'\\x10x', False), (b'y', True))
        """
        if not self._keys:
            return data, False
        passed = bytearray()
        for i in range(len(data)):
            self._held += data[i : i + 1]
            if self._held == self._keys:
                return bytes(passed), True
            while self._held and not self._keys.startswith(self._held):
                passed += self._held[:1]
                self._held = self._held[1:]
        return bytes(passed), False
