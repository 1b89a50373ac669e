"""Who runs: `user[:group]` in the container's own files, as runc reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.host import RuntimeFailure
from machine import machine
from sim.credentials import User, look_up
from sim.vfs import files

KERNEL = machine()
files.write_file(
    KERNEL.root,
    "/etc/passwd",
    b"root:x:0:0:root:/root:/bin/sh\nann:x:1000:100::/home/ann:/bin/sh\nbad line\n7:x:8:9::/seven:\n",
)
files.write_file(KERNEL.root, "/etc/group", b"root:x:0:\nwheel:x:10:root,ann\nusers:x:100:\nstaff:x:50:ann\n")


@pytest.mark.parametrize(
    ("wanted", "user"),
    [
        ("", User(0, 0, (0, 10), "/root")),
        ("root", User(0, 0, (0, 10), "/root")),
        ("0", User(0, 0, (0, 10), "/root")),
        ("ann", User(1000, 100, (100, 10, 50), "/home/ann")),
        ("1000", User(1000, 100, (100, 10, 50), "/home/ann")),
        ("ann:staff", User(1000, 50, (50,), "/home/ann")),
        ("1000:100", User(1000, 100, (100,), "/home/ann")),
        ("4711", User(4711, 0, (0,), "/")),
        ("4711:4712", User(4711, 4712, (4712,), "/")),
        ("7", User(8, 9, (9,), "/seven")),
    ],
)
def test_users_and_groups_by_name_and_by_number(wanted: str, user: User) -> None:
    assert look_up(KERNEL.root, wanted) == user


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("nobody2", "unable to find user nobody2: no matching entries in passwd file"),
        ("ann:nope", "unable to find group nope: no matching entries in group file"),
        ("99999999999", "uids and gids must be in range 0-2147483647"),
    ],
)
def test_unknown_names_are_refused_in_runcs_words(wanted: str, text: str) -> None:
    with pytest.raises(RuntimeFailure) as caught:
        look_up(KERNEL.root, wanted)
    assert str(caught.value) == text


def test_more_groups_can_be_given() -> None:
    assert look_up(KERNEL.root, "ann", ("staff", "4000")).groups == (100, 10, 50, 4000)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12))
def test_any_text_is_a_user_or_refused(wanted: str) -> None:
    try:
        user = look_up(KERNEL.root, wanted)
    except RuntimeFailure:
        return
    assert 0 <= user.uid < 1 << 31 and user.gid in user.groups
