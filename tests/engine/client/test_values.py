"""Sizes, durations, ports and tables are read and written as docker does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.client import values
from engine.client.ports import port_bindings
from engine.client.session import split_frames
from engine.client.tables import aligned
from engine.detach import Detector, key_bytes
from engine.units import bytes_size, human_duration, human_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("64m", 64 << 20), ("1.5g", 3 << 29), ("512", 512), ("1kb", 1024), ("2GiB", 2 << 30), ("7 k", 7168)],
)
def test_sizes(text: str, size: int) -> None:
    assert values.size(text) == size


@pytest.mark.parametrize(
    ("text", "ns"), [("1m30s", 90 * 10**9), ("500ms", 5 * 10**8), ("1.5h", 5400 * 10**9), ("0", 0)]
)
def test_durations(text: str, ns: int) -> None:
    assert values.duration(text) == ns


@given(st.text(max_size=8))
def test_what_is_no_duration_is_refused_with_a_reason(text: str) -> None:
    try:
        assert isinstance(values.duration(text), int)
    except ValueError as error:
        assert str(error).startswith("time: ")


def test_ports_are_bound_one_by_one_in_a_range() -> None:
    assert port_bindings(["127.0.0.1:8000-8001:80-81", "53/udp"]) == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}],
        "81/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8001"}],
        "53/udp": [{"HostIp": "", "HostPort": ""}],
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.5, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"), (3600, "About an hour"),
     (86400 * 3, "3 days"), (86400 * 20, "2 weeks"), (86400 * 90, "3 months"), (86400 * 800, "2 years")],
)  # fmt: skip
def test_durations_for_people(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


def test_sizes_for_people() -> None:
    assert [human_size(7_380_000, 3), human_size(0), human_size(1_234_567), bytes_size(1536)] == [
        "7.38MB",
        "0B",
        "1.235MB",
        "1.5KiB",
    ]


def test_a_table_is_aligned_as_tabwriter_does() -> None:
    assert aligned(["NAME\tIMAGE\tX", "a long name\tb\ty"]) == "NAME          IMAGE     X\na long name   b         y"


@given(st.binary(max_size=40), st.integers(1, 5))
def test_typed_bytes_pass_in_whatever_pieces_unless_the_keys_are_complete(data: bytes, piece: int) -> None:
    keys = key_bytes("ctrl-p,ctrl-q")
    detector = Detector(keys)
    passed, left = b"", False
    for start in range(0, len(data), piece):
        more, left = detector.feed(data[start : start + piece])
        passed += more
        if left:
            break
    if left:
        assert data.startswith(passed + keys)
    else:
        assert keys not in data
        assert data in (passed, passed + keys[:1])


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=20))), st.integers(1, 9))
def test_frames_are_read_in_whatever_pieces_they_come(frames: list[tuple[int, bytes]], piece: int) -> None:
    wire = b"".join(bytes([which, 0, 0, 0]) + len(data).to_bytes(4, "big") + data for which, data in frames)
    chunks = (wire[start : start + piece] for start in range(0, len(wire), piece))
    assert list(split_frames(chunks)) == frames
