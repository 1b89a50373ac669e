"""What was verified before is compared; and whatever else comes under its digest is refused as ever."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.image import known
from engine.image.blobs import Blobs, WrongDigest
from engine.image.digest import Digest
from engine.image.known import Known

DATA = Random(1).randbytes(150_000) + bytes(90_000) + Random(2).randbytes(50_000)
DIGEST = Digest.of(DATA)


@pytest.fixture(autouse=True)
def seen(monkeypatch: pytest.MonkeyPatch) -> Known:
    """A process that has verified DATA once."""
    monkeypatch.setattr(known, "BLOBS", Known())
    writer = Blobs().writer(DIGEST)
    writer.write(DATA)
    writer.commit()
    return known.BLOBS


def write(blobs: Blobs, pieces: list[bytes]) -> Digest:
    writer = blobs.writer(DIGEST)
    for number, piece in enumerate(pieces):
        writer.write(piece)
        assert writer.size == sum(map(len, pieces[: number + 1]))
    return writer.commit()


def test_engines_with_equal_blobs_share_them(seen: Known):
    blobs = Blobs()
    assert write(blobs, [DATA[:100_000], DATA[100_000:]]) == DIGEST
    assert blobs.get(DIGEST) == DATA
    assert blobs._memory[DIGEST] is seen.get(DIGEST)


@given(at=st.integers(0, len(DATA) - 1), cut=st.integers(0, len(DATA)))
def test_a_wrong_byte_is_found_wherever_it_is(at: int, cut: int):
    other = bytearray(DATA)
    other[at] ^= 1
    blobs = Blobs()
    with pytest.raises(WrongDigest) as error:
        write(blobs, [bytes(other[:cut]), bytes(other[cut:])])
    assert error.value.actual == Digest.of(bytes(other))
    assert DIGEST not in blobs


@pytest.mark.parametrize("pieces", [[], [DATA[:-1]], [DATA, b"x"], [DATA[:70_000]]])
def test_too_little_and_too_much_is_found(pieces: list[bytes]):
    with pytest.raises(WrongDigest) as error:
        write(Blobs(), pieces)
    assert error.value.actual == Digest.of(b"".join(pieces))


def test_a_transfer_that_begins_anew_is_compared_anew():
    blobs = Blobs()
    writer = blobs.writer(DIGEST)
    writer.write(DATA[:1000])
    writer.restart()
    assert writer.size == 0
    writer.write(DATA)
    assert writer.commit() == DIGEST


def test_no_more_is_kept_than_there_is_room_for():
    small = Known(400_000)
    blobs = Blobs()
    digests = [blobs.put(Random(seed).randbytes(150_000)) for seed in range(3)]
    for digest in digests:
        small.keep(digest, blobs._memory[digest])
    assert [small.get(digest) is not None for digest in digests] == [False, True, True]
