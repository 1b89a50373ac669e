"""Content by digest: verified on the way in, whole on the way out, small where it is zeros."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.image.archive import ArchiveError, Unpacker
from engine.image.blobs import Blobs, Content, WrongDigest
from engine.image.digest import DiffID, Digest, chain, chains

pieces = st.lists(st.one_of(st.binary(max_size=50), st.integers(0, 20_000).map(bytes)), max_size=8)


@given(pieces, st.integers(0, 70_000), st.integers(0, 9_000))
def test_content_reads_as_it_was_written(parts: list[bytes], start: int, size: int) -> None:
    content = Content()
    for part in parts:
        content.append(part)
    whole = b"".join(parts)
    file = content.open()
    assert content.size == len(whole) and file.read() == whole
    file.seek(start)
    assert file.read(size) == whole[start : start + size]


def test_a_run_of_zeros_costs_nothing() -> None:
    content = Content()
    for _ in range(1000):
        content.append(bytes(100_000))
    assert content.size == 100_000_000 and len(content._parts) == 1


@pytest.mark.parametrize("durable", [False, True])
def test_a_wrong_byte_is_refused_and_nothing_is_kept(tmp_path: Path, durable: bool) -> None:
    blobs = Blobs(tmp_path if durable else None)
    writer = blobs.writer(Digest.of(b"right"))
    writer.write(b"wrong")
    with pytest.raises(WrongDigest, match=f"failed for digest {Digest.of(b'right')}"):
        writer.commit()
    assert Digest.of(b"right") not in blobs


def test_a_folder_of_blobs_is_found_again_and_holes_are_holes(tmp_path: Path) -> None:
    data = b"begin" + bytes(10_000_000) + b"end"
    digest = Digest.of(data)
    writer = Blobs(tmp_path).writer(digest)
    for at in range(0, len(data), 65536):
        writer.write(data[at : at + 65536])
    writer.commit()
    (tmp_path / "half.part").write_bytes(b"left behind by a crash")
    again = Blobs(tmp_path)
    assert again.get(digest) == data and again.open(digest).read() == data
    assert not list(tmp_path.glob("*.part"))
    again.delete(digest)
    with pytest.raises(KeyError):
        again.get(digest)


@given(pieces)
def test_archives_unpack_whatever_their_compression(parts: list[bytes]) -> None:
    tar = b"".join(parts)
    for packed in (tar, gzip.compress(tar), gzip.compress(tar[:7]) + gzip.compress(tar[7:])):
        if packed is tar and tar.startswith((b"\x1f\x8b", b"BZh", b"\xfd7z", b"\x28\xb5\x2f\xfd")):
            continue
        unpacker = Unpacker(Content(packed).open(), Digest.of(packed), Content())
        assert sum(unpacker) == len(packed)
        assert unpacker.open().read() == tar and unpacker.diff_id == Digest.of(tar)


def test_half_an_archive_is_no_archive() -> None:
    packed = gzip.compress(b"x" * 1000)[:-9]
    with pytest.raises(ArchiveError):
        list(Unpacker(Content(packed).open(), Digest.of(packed), Content()))


def test_a_chain_is_the_digest_of_what_lies_below_and_the_layer() -> None:
    first, second = DiffID(Digest.of(b"1")), DiffID(Digest.of(b"2"))
    assert chain(None, first) == first
    expected = "sha256:" + hashlib.sha256(f"{first} {second}".encode()).hexdigest()
    assert chains([first, second]) == [first, expected]
