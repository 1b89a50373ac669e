"""The image store: a change is whole or has not been, whatever fails; what nobody needs is gone."""

from __future__ import annotations

import errno
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.daemon.state import MemoryState, open_state
from engine.image.blobs import Blobs
from engine.image.digest import DiffID, Digest, chains
from engine.image.reference import Reference
from engine.image.store import ImageStore, Layer


class Failing(MemoryState):
    """Rows on a disk that becomes full: the nth write from now fails."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None

    def _spend(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise OSError(errno.ENOSPC, "No space left on device")

    def put(self, kind: str, key: str, value: Any) -> None:
        self._spend()
        super().put(kind, key, value)

    def delete(self, kind: str, key: str) -> None:
        self._spend()
        super().delete(kind, key)


class Machine:
    """A store, and what is done with it: images of layers a, b, c by number."""

    def __init__(self, rows: Any = None, blobs: Blobs | None = None) -> None:
        self.rows = rows if rows is not None else Failing()
        self.store = ImageStore(self.rows, blobs or Blobs())

    def add(self, layers: str, documents: int = 0) -> str:
        store = self.store
        tars = [letter.encode() * 600 for letter in layers]
        diff_ids = [DiffID(Digest.of(tar)) for tar in tars]
        config = json.dumps({"rootfs": {"diff_ids": diff_ids}, "os": "linux"}).encode()
        with store.change():
            below = ""
            for tar, diff_id, chain in zip(tars, diff_ids, chains(diff_ids), strict=True):
                if chain not in store.layers:
                    blob = gzip.compress(tar, mtime=0)
                    self._add_layer(Layer(chain, diff_id, len(tar), Digest.of(blob), 0, below, len(tar)), blob)
                below = chain
            return store.add(config, documents=[b"manifest %d" % number for number in range(documents)]).id

    def _add_layer(self, layer: Layer, blob: bytes) -> None:
        """As a pull does it: the archive first, which goes again if nothing comes to need it."""
        blobs = self.store.blobs
        blobs.use(Digest(layer.blob))
        try:
            blobs.put(blob)
            self.store.add_layer(layer)
        finally:
            blobs.drop(Digest(layer.blob))

    def remove(self, id: str) -> None:
        store = self.store
        with store.change():
            for reference in store.references(id):
                store.untag(reference)
            for layer in store.remove(id):
                store.forget_layer(layer.chain)

    def seen(self) -> Any:
        """All that can be seen, in a form that can be compared."""
        store = self.store
        images = {
            image.id: (image, sorted(map(str, store.references(image.id))), store.size(image.id),
                       store.tagged(image.id), store.documents(image.id), store.has_children(image.id))
            for image in store
        }  # fmt: skip
        return images, dict(store.layers), sorted(store.blobs)

    def check(self) -> None:
        """Its layers are counted right, and its blobs are those that are needed, each as often as it is."""
        store = self.store
        needed: list[str] = [layer.blob for layer in store.layers.values()]
        for image in store:
            needed += [image.id, *store.documents(image.id)]
            for layer in store.stack(image):
                assert layer.users == sum(layer.chain in chains(other.diff_ids) for other in store)
                with store.open_layer(layer) as tar:
                    assert Digest.of(tar.read()) == layer.diff_id
        assert sorted(store.blobs) == sorted(set(needed))
        assert store.blobs._uses == {digest: needed.count(digest) for digest in needed}


NAMES = [Reference.parse(f"{name}:1") for name in ("x", "y")]
steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "tag", "untag", "remove"]),
        st.sampled_from(["a", "ab", "abc", "b", "ac", "aa"]),
        st.integers(0, 2),
        st.one_of(st.none(), st.integers(0, 6)),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_a_change_that_cannot_be_written_has_not_been(steps: list[tuple[str, str, int, int | None]]) -> None:
    machine = Machine()
    for what, layers, number, failure in steps:
        before = machine.seen()
        known = sorted(image.id for image in machine.store)
        machine.rows.left = failure
        try:
            if what == "add":
                machine.add(layers, number)
            elif what == "tag" and known:
                machine.store.tag(NAMES[number % 2], known[number % len(known)], 5 + number)
            elif what == "untag":
                machine.store.untag(NAMES[number % 2])
            elif what == "remove" and known:
                machine.remove(known[number % len(known)])
        except OSError:
            assert machine.seen() == before
        machine.rows.left = None
        machine.check()
    assert Machine(machine.rows, machine.store.blobs).seen() == machine.seen()


def test_a_refusal_undoes_what_the_same_change_has_done(tmp_path: Path) -> None:
    machine = Machine(open_state(tmp_path), Blobs(tmp_path / "blobs"))
    id = machine.add("ab", 1)
    before = machine.seen()
    with pytest.raises(RuntimeError), machine.store.change():
        machine.store.tag(NAMES[0], id, 1)
        machine.add("abc", 2)
        machine.remove(id)
        raise RuntimeError
    assert machine.seen() == before
    machine.check()


def test_a_layer_is_read_as_the_tar_that_it_was(tmp_path: Path) -> None:
    for blobs in (Blobs(), Blobs(tmp_path)):
        machine = Machine(blobs=blobs)
        machine.add("abc")
        machine.check()


def test_equal_archives_on_different_stacks_are_kept_once_and_as_long_as_one_needs_them() -> None:
    machine = Machine()
    first, second = machine.add("ac"), machine.add("bc")
    assert len(list(machine.store.blobs)) == 3 + 2  # a, b, c and two configurations
    machine.remove(first)
    machine.check()
    assert len(list(machine.store.blobs)) == 2 + 1
    machine.remove(second)
    assert not list(machine.store.blobs) and not machine.store.layers
