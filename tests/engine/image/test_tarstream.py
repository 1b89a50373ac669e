"""Tar archives from strangers: whatever they are, they are read, or refused with a ValueError, in bounded time."""

from __future__ import annotations

import io
import tarfile
from pathlib import PurePosixPath
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.image import tarstream
from engine.image.bundle import Bundle
from engine.image.changeset import read as read_layer
from engine.image.members import read as read_members

Files = list[tuple[str, bytes, bytes, str]]  # name, type, content, link target

names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=300)
kinds = st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, b"x"])
files = st.lists(st.tuples(names, kinds, st.binary(max_size=1500), names), max_size=5)
formats = st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])


def archive(entries: Files, format: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as tar:
        for name, kind, data, target in entries:
            member = tarfile.TarInfo(name)
            member.type = kind if kind != b"x" else tarfile.REGTYPE
            member.size = len(data) if member.isreg() else 0
            member.linkname = "" if member.isreg() or member.isdir() else target
            try:
                tar.addfile(member, io.BytesIO(data) if member.isreg() else None)
            except ValueError:  # too long for this format
                continue
    return stream.getvalue()


def sealed(header: bytearray) -> bytes:
    """With the checksum that belongs to it."""
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def header(name: str = "x", kind: bytes = tarfile.REGTYPE, size: int = 0, **places: bytes) -> bytes:
    """One block; `places` are bytes by their offset ("at345")."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, 0
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    block[124:136] = b"\x80" + (size % (1 << 88)).to_bytes(11, "big") if size >> 33 else b"%011o\0" % size
    for place, data in places.items():
        at = int(place.removeprefix("at"))
        block[at : at + len(data)] = data
    return sealed(block)


class Counted(io.RawIOBase):
    """How much is asked for: a reader that goes on and on, or wants all at once, is found out."""

    def __init__(self, data: bytes) -> None:
        self._file, self.reads, self.largest = io.BytesIO(data), 0, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self.reads += 1
        self.largest = max(self.largest, size)
        return self._file.read(size)


def everything(data: bytes) -> None:
    """Read it in all ways there are. Only ValueError may come."""
    for reader in (tarstream.read, read_layer, read_members):
        source = Counted(data)
        try:
            for _, content in reader(source):  # type: ignore[operator]
                while content is not None and content.read(1 << 16):
                    pass
        except ValueError:
            pass
        assert source.reads < 200 + len(data) // 512 and 0 <= source.largest <= 1 << 20
    try:
        bundle = Bundle(io.BytesIO(data), "/tmp/x")
        for path in list(bundle._nodes):
            if path in bundle:
                bundle.open(path).read()
    except ValueError:
        pass


@settings(max_examples=150, deadline=None)
@given(files, formats, st.lists(st.tuples(st.integers(0, 1 << 14), st.integers(0, 255)), max_size=10), st.data())
def test_a_damaged_archive_is_read_or_refused(
    entries: Files, format: int, damage: list[tuple[int, int]], data: st.DataObject
) -> None:
    whole = bytearray(archive(entries, format))
    for place, value in damage:
        whole[place % len(whole)] = value
    if data.draw(st.booleans()):  # a header that says something else, and is none the less in order
        block = data.draw(st.integers(0, len(whole) // 512 - 1)) * 512
        whole[block : block + 512] = sealed(whole[block : block + 512])
    everything(bytes(whole[: data.draw(st.integers(0, len(whole)))]) if data.draw(st.booleans()) else bytes(whole))


bodies = st.sampled_from(
    [
        b"",
        bytes(512),
        b"9" * 512,
        b"30 mtime=1\n".ljust(512, b"\0"),
        b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n27 GNU.sparse.realsize=9\n".ljust(512, b"\0"),
    ]
)
lying = st.builds(
    lambda kind, size, place, junk, body: header("a", kind, size, **{f"at{place}": junk}) + body,
    st.sampled_from([b"0", b"1", b"2", b"5", b"S", b"x", b"g", b"L", b"K", b"V", b"\0", b"X"]),
    st.one_of(st.integers(0, 2000), st.integers(0, 1 << 80)),
    st.integers(0, 480),
    st.binary(max_size=32),
    bodies,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(lying, max_size=6))
def test_headers_that_lie_are_read_or_refused(blocks: list[bytes]) -> None:
    everything(b"".join(blocks) + bytes(1024))


@given(files, formats)
def test_what_is_whole_is_read_as_tarfile_reads_it(entries: Files, format: int) -> None:
    data = archive(entries, format)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        expected = [(member.name, member.type, member.size) for member in tar]
    assert [(info.name, info.type, info.size) for info, _ in tarstream.read(io.BytesIO(data))] == expected


HOSTILE = {
    "a block that is none in the middle": archive([("a", b"0", b"1", "")])[:1024] + b"?" * 512 + bytes(1024),
    "the end in the middle of a header": header()[:100],
    "the end in the middle of a file": header(size=600) + bytes(512),
    "a file of 2^60 bytes": header(size=1 << 60),
    "a file of negative size": header(size=-(1 << 40)),
    "a name of a gigabyte": header(kind=b"L", size=1 << 30) + bytes(1024),
    "attributes of a gigabyte": header(kind=b"x", size=1 << 30) + bytes(1024),
    "attributes of attributes of attributes": b"".join(header(kind=b"x", size=0) for _ in range(5000)) + header(),
    "long names of long names": b"".join(header(kind=b"L", size=1) + b"a".ljust(512, b"\0") for _ in range(5000)),
    "a small file with a hole of 2^60 bytes": header(
        kind=b"S", at386=b"0" * 24, at483=b"\x80" + (1 << 60).to_bytes(11, "big")
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_archives_are_refused(what: str) -> None:
    with pytest.raises(ValueError):
        for _, content in tarstream.read(io.BytesIO(HOSTILE[what])):
            assert content is None or content.read(1 << 16) is not None
    everything(HOSTILE[what])


def test_an_archive_has_so_many_entries_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarstream, "MOST", 3)
    for count in (2, 3, 4):
        data = archive([(f"{number}", b"0", b"", "") for number in range(count)])
        if count < 3:
            assert len(list(tarstream.read(io.BytesIO(data)))) == count
        else:
            with pytest.raises(ValueError, match="more than 3 entries"):
                list(tarstream.read(io.BytesIO(data)))


def test_its_files_have_so_many_bytes_together_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarstream, "LARGEST", 1000)
    with pytest.raises(ValueError, match="more than 1000 bytes"):
        list(tarstream.read(io.BytesIO(archive([("a", b"0", bytes(600), ""), ("b", b"0", bytes(600), "")]))))


def test_nothing_is_remembered_of_what_has_been_read() -> None:
    class Endless(io.RawIOBase):
        """Headers without end; how many has the reader kept?"""

        def read(self, size: int = -1) -> bytes:
            return header() * (size // 512)

    stream: BinaryIO = Endless()  # type: ignore[assignment]
    reader = tarstream.read(stream)
    for _ in range(2000):
        next(reader)
    frame = reader.gi_frame  # type: ignore[attr-defined]
    assert len(frame.f_locals["archive"].members) <= 1


@given(st.lists(st.tuples(names, st.sampled_from([b"0", b"2", b"1"]), st.binary(max_size=9), names), max_size=6), names)
def test_a_bundle_never_leads_out(entries: Files, asked: str) -> None:
    """Every path ends at a file of the archive itself, or nowhere."""
    data = archive(entries)
    try:
        bundle = Bundle(io.BytesIO(data), "/tmp/x")
    except ValueError:
        return
    for path in (asked, f"../../{asked}", *(entry[0] for entry in entries)):
        try:
            section = bundle.open(path)
        except (FileNotFoundError, ValueError):
            continue
        assert 0 <= section._start <= section._start + section.size <= len(data)
        assert not PurePosixPath(bundle._followed(path)).is_absolute()
