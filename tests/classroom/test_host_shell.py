"""At the host itself: lab.host and %%host are a shell that stays open, in Linux's own words."""

import os

import pytest
from IPython.core.interactiveshell import InteractiveShell

from classroom.lab import Lab


@pytest.fixture
def lab() -> Lab:
    return Lab("sim", seed=7)


def test_a_shell_keeps_what_was_typed(lab):
    lab.host("cd /tmp\nNAME=box")
    assert lab.host("echo $NAME; pwd").out == "box\n/tmp\n"
    assert lab.host("echo oops >&2; false").exit == 1
    assert lab.last.err == "oops\n"


def test_what_is_typed_goes_to_the_innermost_shell(lab):
    lab.host("unshare --uts sh\nhostname box", "inside")
    assert lab.host("hostname", "inside").out == "box\n"
    assert lab.host("hostname").out == "glassdock\n"
    assert lab.host("exit\nhostname", "inside").out == "glassdock\n"


def test_after_exit_a_new_shell_begins(lab):
    assert lab.host("X=1; exit 3").exit == 3
    assert lab.host("echo [$X]").out == "[]\n"


def test_docker_and_its_containers_are_seen_from_the_host(lab):
    lab.docker("run -d --name web alpine sleep 1000")
    pid = lab.inspect("web")["State"]["Pid"]
    assert lab.host(f"nsenter -t {pid} -u -p -m ps -o pid,comm").out.splitlines()[1].split() == ["1", "sleep"]
    upper = lab.inspect("web")["GraphDriver"]["Data"]["UpperDir"]
    lab.docker("exec web sh -c 'echo x > /note; rm /etc/motd'")
    assert lab.host(f"cat {upper}/note").out == "x\n"


def test_the_files_of_a_container_are_reached_through_proc(lab):
    lab.docker("run -d --name web -w /srv alpine sleep 1000")
    pid = lab.inspect("web")["State"]["Pid"]
    assert lab.host(f"cd /proc/{pid}/root/etc; pwd; head -1 os-release; ls -d ../srv").out == (
        f'/proc/{pid}/root/etc\nNAME="Alpine Linux"\n../srv\n'
    )
    lab.host(f"echo x > /proc/{pid}/cwd/note")
    assert lab.docker("exec web cat /srv/note").out == "x\n"
    assert lab.host(f"setpriv --reuid 1000 --clear-groups ls /proc/{pid}/root/").exit == 2
    assert "Invalid cross-device link" in lab.host(f"chroot /proc/{pid}/root true").err


def test_going_back_in_time_opens_new_shells(lab):
    lab.docker("run -d --name web alpine sleep 1000")
    lab.host("hostname changed")
    lab.undo()
    assert lab.host("hostname").out == "glassdock\n"


def test_a_cell_for_the_host(capsys):
    notebook = InteractiveShell()
    notebook.run_line_magic("load_ext", "classroom")
    notebook.run_cell("where = '/tmp'\n%host cd {where}").raise_error()
    notebook.run_cell("%%host\npwd\necho {where}\n").raise_error()
    assert capsys.readouterr().out == "/tmp\n{where}\n"
    assert notebook.user_ns["_exit_code"] == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="for root only")
def test_root_of_the_real_machine_is_sent_away():
    from classroom.ownshell import OwnShell

    with pytest.raises(PermissionError):
        OwnShell()
