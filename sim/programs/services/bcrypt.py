"""bcrypt: the hash of passwords in htpasswd files, slow on purpose (Provos and Mazières, USENIX 1999).

It is Blowfish (Schneier 1994) with a key schedule that is repeated 2^cost times. The cipher's tables are the digits of
pi, which are computed instead of listed.
"""

from __future__ import annotations

import hmac
from functools import lru_cache

ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
TEXT = b"OrpheanBeholderScryDoubt"
MASK = 0xFFFFFFFF
ROUNDS, BOX = 16, 256
WORDS = ROUNDS + 2 + 4 * BOX  # of pi's fraction, 32 bits each
HIGHEST_COST = 12  # one more doubles the time

State = tuple[list[int], list[int]]  # the subkeys, and four boxes one after the other


def check(password: bytes, hashed: str) -> bool:
    """Is `hashed` ("$2y$05$…") made from the password? False for what is no such hash, or too costly to try."""
    parts = hashed.split("$")
    if len(parts) != 4 or parts[1] not in ("2a", "2b", "2y") or not parts[2].isdecimal() or len(parts[3]) != 53:
        return False
    cost, salt = int(parts[2]), parts[3][:22]
    if not 4 <= cost <= HIGHEST_COST or any(letter not in ALPHABET for letter in parts[3]):
        return False
    return hmac.compare_digest(digest(password, decode(salt)[:16], cost), parts[3][22:])


def make(password: bytes, salt: bytes, cost: int = 5) -> str:
    """`salt`: 16 bytes. "$2y$05$" and what follows."""
    return f"$2y${cost:02d}${encode(salt)}{digest(password, salt, cost)}"


def digest(password: bytes, salt: bytes, cost: int) -> str:
    """The last 31 letters."""
    key = (password[:72] + b"\0")[:72]
    state = _initial()
    state = list(state[0]), list(state[1])
    _expand(state, key, salt)
    for _ in range(1 << cost):
        _expand(state, key, b"")
        _expand(state, salt, b"")
    halves = [int.from_bytes(TEXT[at : at + 4], "big") for at in range(0, len(TEXT), 4)]
    for at in range(0, len(halves), 2):
        left, right = halves[at], halves[at + 1]
        for _ in range(64):
            left, right = _encipher(state, left, right)
        halves[at], halves[at + 1] = left, right
    return encode(b"".join(half.to_bytes(4, "big") for half in halves)[:23])


def _expand(state: State, key: bytes, salt: bytes) -> None:
    """Mix a key into the subkeys, then encipher everything by itself (with the salt, if there is one)."""
    keys, boxes = state
    for at in range(len(keys)):
        keys[at] ^= _word(key, at)
    left = right = turn = 0
    for table in (keys, boxes):
        for at in range(0, len(table), 2):
            if salt:
                left, right = left ^ _word(salt, turn), right ^ _word(salt, turn + 1)
                turn += 2
            left, right = _encipher(state, left, right)
            table[at], table[at + 1] = left, right


def _encipher(state: State, left: int, right: int) -> tuple[int, int]:
    """One block of Blowfish."""
    keys, boxes = state
    for at in range(0, ROUNDS, 2):
        left ^= keys[at]
        mixed = (boxes[left >> 24] + boxes[256 + (left >> 16 & 255)] & MASK) ^ boxes[512 + (left >> 8 & 255)]
        right ^= mixed + boxes[768 + (left & 255)] & MASK
        right ^= keys[at + 1]
        mixed = (boxes[right >> 24] + boxes[256 + (right >> 16 & 255)] & MASK) ^ boxes[512 + (right >> 8 & 255)]
        left ^= mixed + boxes[768 + (right & 255)] & MASK
    return right ^ keys[ROUNDS + 1], left ^ keys[ROUNDS]


def _word(data: bytes, at: int) -> int:
    """The `at`th 32 bits of endlessly repeated bytes."""
    size = len(data)
    return int.from_bytes(bytes(data[(4 * at + place) % size] for place in range(4)), "big")


@lru_cache(maxsize=1)
def _initial() -> State:
    """The first digits of pi's fraction, in binary."""
    bits = 32 * WORDS
    fraction = _pi(bits) & ((1 << bits) - 1)
    words = [fraction >> (bits - 32 * (at + 1)) & MASK for at in range(WORDS)]
    return words[: ROUNDS + 2], words[ROUNDS + 2 :]


def _pi(bits: int) -> int:
    """pi · 2^bits by Machin's formula."""
    more = 64

    def arctan_of_inverse(x: int) -> int:
        term = total = (1 << (bits + more)) // x
        divisor, sign = 1, 1
        while term:
            term //= x * x
            divisor, sign = divisor + 2, -sign
            total += sign * (term // divisor)
        return total

    return (16 * arctan_of_inverse(5) - 4 * arctan_of_inverse(239)) >> more


def encode(data: bytes) -> str:
    """bcrypt's own base64, without padding."""
    number = int.from_bytes(data, "big")
    count = -(-len(data) * 8 // 6)
    number <<= count * 6 - len(data) * 8
    return "".join(ALPHABET[number >> 6 * (count - 1 - at) & 63] for at in range(count))


def decode(text: str) -> bytes:
    number = 0
    for letter in text:
        number = number << 6 | ALPHABET.index(letter)
    size = len(text) * 6 // 8
    return (number >> (len(text) * 6 - size * 8)).to_bytes(size, "big")
