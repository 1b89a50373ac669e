"""Layers are read once in a process, and yet every engine has its own files."""

from __future__ import annotations

import io
import tarfile
from random import Random

import pytest

from classroom.lab import Lab
from engine.api.inprocess import Connection
from engine.client.connection import Api
from engine.session.replay import replay
from sim import parsed
from sim.make import remake
from sim.parsed import Parsed

CHAIN = f"sha256:{'a' * 64}"
BIG = 100_000  # bytes: more than a piece of content


def archive(files: dict[str, bytes]) -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    stream.seek(0)
    return stream


LAYER = archive({"etc/small": b"small", "big": Random(1).randbytes(BIG)}).getvalue()


def test_a_layer_is_read_once_and_says_the_same_again():
    known = Parsed()
    first = list(known.entries(CHAIN, io.BytesIO(LAYER)))
    assert [entry.name for entry, _ in first] == ["etc/small", "big"]
    assert list(known.entries(CHAIN, io.BytesIO(b"not even looked at"))) == first


def test_what_has_no_digest_for_a_name_is_read_each_time():
    known = Parsed()
    assert len(list(known.entries("base", io.BytesIO(LAYER)))) == 2
    assert list(known.entries("base", archive({}))) == []


def test_an_archive_that_is_broken_or_given_up_halfway_is_not_kept():
    known = Parsed()
    with pytest.raises(ValueError, match="unexpected EOF"):
        list(known.entries(CHAIN, io.BytesIO(LAYER[:5000])))
    next(iter(known.entries(CHAIN, io.BytesIO(LAYER))))
    assert CHAIN not in known


def test_no_more_is_kept_than_there_is_room_for_and_what_was_used_last_stays():
    known = Parsed(3 * BIG)
    names = [f"sha256:{letter * 64}" for letter in "abc"]
    for name in (*names[:2], names[0], names[2]):
        list(known.entries(name, io.BytesIO(LAYER)))
    assert [name in known for name in names] == [True, False, True]
    list(known.entries(CHAIN.replace("a", "d"), archive({"huge": Random(2).randbytes(4 * BIG)})))
    assert [name in known for name in names] == [True, False, True]


WRITES = """
docker run --name box alpine sh -c 'echo mine >> /etc/passwd; rm -r /etc/apk; chmod 700 /bin/busybox; ln /etc/hosts /x;
  mv /srv /other; cd /usr/lib; printf mine | dd of=libcrypto.so.3 conv=notrunc 2>/dev/null; head -c 4 libcrypto.so.3'
docker commit box changed
docker run --rm changed tail -n 1 /etc/passwd
"""
LOOKS = """
docker run --rm alpine sh -c 'ls -liR /bin /etc /lib /usr; cat /etc/passwd /etc/apk/*; md5sum /lib/* /usr/lib/*;
  stat /x /srv'
"""


def looks() -> str:
    """All that a new engine shows of an image: names, inodes, modes, times, contents."""
    return Lab("sim", seed=7).run(LOOKS).out


def test_what_one_engine_writes_is_never_seen_in_another(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parsed, "LAYERS", Parsed())
    fresh = looks()
    assert "libcrypto" in fresh
    seen = [Lab("sim", seed=seed).run(WRITES).out.splitlines() for seed in (1, 2)]
    assert seen[0][-1] == seen[1][-1] == "mine"
    assert seen[0][0][:4] == seen[1][0][:4] == "mine"
    assert looks() == fresh


def test_an_engine_cannot_tell_whether_it_was_the_first(monkeypatch: pytest.MonkeyPatch):
    """So a record leads to the same engine in a process that has read its layers before."""
    monkeypatch.setattr(parsed, "LAYERS", Parsed())
    lab = Lab("sim", seed=5)
    lab.run(WRITES + LOOKS)
    assert isinstance(lab.connection, Connection)
    assert lab.connection.engine.session is not None
    again = Api(Connection(replay(lab.connection.engine.session.record(), remake)))
    for path in ("/images/json", "/containers/json", "/info"):
        assert again.get(path, {"all": "1"}) == lab.api.get(path, {"all": "1"})
