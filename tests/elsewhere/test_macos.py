"""What is otherwise on macOS: long names of temporary folders, few open files. Emulated, on any POSIX system."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX's sockets and limits")


@pytest.mark.parametrize("variable", ["TMPDIR", "XDG_RUNTIME_DIR"])
@pytest.mark.parametrize("folder", ["/run/user/1000", "/var/folders/zz/" + "x" * 80, "/tmp/" + "한" * 30])
def test_the_socket_has_a_place_however_long_the_temporary_folder_is(
    monkeypatch: pytest.MonkeyPatch, variable: str, folder: str
) -> None:
    from engine.addresses import LONGEST_PATH, default_address
    from engine.api.sockets import parse_address

    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv(variable, folder)
    monkeypatch.setattr(tempfile, "tempdir", folder if variable == "TMPDIR" else None)
    for kind in ("sim", "real"):
        address = parse_address(default_address(kind))
        assert len(os.fsencode(address.path)) <= LONGEST_PATH
        assert Path(address.path).parent.name.startswith("glassdock")


def test_a_daemon_may_have_more_clients_than_the_shell_allows_open_files() -> None:
    import resource

    from engine.serve import allow_files

    _, hard = before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("this machine allows no more")
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        allow_files()
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert soft >= 4096
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
