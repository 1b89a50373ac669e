import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api.streams import Unframer, frame, progress_bar, progress_line

FRAMES = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=300)))


@given(FRAMES, st.data())
def test_frames_come_back_however_the_bytes_are_cut(frames: list[tuple[int, bytes]], data: st.DataObject):
    wire = b"".join(frame(stream, payload) for stream, payload in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)))))
    unframer = Unframer()
    got = [
        piece
        for begin, end in zip([0, *cuts], [*cuts, len(wire)], strict=True)
        for piece in unframer.feed(wire[begin:end])
    ]
    assert got == frames
    assert unframer.left == 0


@given(st.binary(min_size=1, max_size=200))
def test_half_a_frame_waits_for_the_rest(payload: bytes):
    unframer = Unframer()
    assert list(unframer.feed(frame(1, payload)[:-1])) == []
    assert unframer.left == 8 + len(payload) - 1
    assert list(unframer.feed(payload[-1:])) == [(1, payload)]


def test_what_is_no_frame_is_refused():
    with pytest.raises(ValueError, match="Unrecognized input header: 72"):
        list(Unframer().feed(b"HTTP/1.1 200 OK"))


def test_progress_lines_are_dockers():
    line = progress_line("Downloading", "9824c27679d3", 1_901_226, 3_802_452)
    assert line.endswith(b"\r\n")
    assert json.loads(line) == {
        "status": "Downloading",
        "progressDetail": {"current": 1901226, "total": 3802452},
        "progress": "[=========================>                         ]  1.901MB/3.802MB",
        "id": "9824c27679d3",
    }


@given(st.integers(0, 10**13), st.integers(1, 10**13))
def test_the_bar_always_fills_its_box(current: int, total: int):
    assert progress_bar(current, total).index("]") == 52
