"""What a course types on its first days, through Docker's own command and through ours."""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path

import pytest

if sys.platform != "win32":
    import pexpect


def test_hello_world_comes_from_the_hub_and_then_from_the_cache(docker):
    docker("rmi", "-f", "hello-world")
    first = docker("run", "hello-world")
    assert "Unable to find image 'hello-world:latest' locally" in first.stderr
    assert "Pull complete" in first.stderr + first.stdout
    assert "Hello from Docker!" in first.stdout
    second = docker("run", "hello-world")
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout == first.stdout


def test_an_image_runs_another_command(docker):
    folders = "bin dev etc home lib media mnt opt proc root run sbin srv sys tmp usr var"
    assert docker.out("run", "alpine", "ls").split("\n") == folders.split()
    missing = docker("run", "alpine", "nosuchcommand")
    assert missing.returncode == 127
    assert 'exec: "nosuchcommand": executable file not found in $PATH' in missing.stderr


def test_ps_shows_what_runs_and_ps_a_what_has_run(docker):
    docker.out("run", "-d", "--name", "runs", "alpine", "ping", "localhost")
    docker.out("run", "--name", "ran", "alpine", "true")
    assert docker.out("ps", "--format", "{{.Names}}") == "runs"
    head, *rows = docker.out("ps", "-a").split("\n")
    assert re.split(r" {2,}", head) == ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"]
    assert [row.split()[-1] for row in rows] == ["ran", "runs"]
    assert "Exited (0)" in rows[0] and '"ping localhost"' in rows[1] and "Up " in rows[1]


def test_logs_are_followed_until_the_end(docker):
    script = "for i in 1 2 3; do echo line $i; sleep 0.2; done"
    docker.out("run", "-d", "--name", "talks", "alpine", "sh", "-c", script)
    assert docker.out("logs", "-f", "talks") == "line 1\nline 2\nline 3"
    assert docker.out("logs", "--tail", "1", "talks") == "line 3"
    stamped = docker.out("logs", "-t", "talks").split("\n")[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line 1", stamped)


def test_attach_joins_a_running_container(docker):
    docker.out("run", "-di", "--name", "echoes", "alpine", "head", "-n", "1")
    assert docker("attach", "echoes", stdin="typed\n").stdout == "typed\n"
    assert docker.out("wait", "echoes") == "0"


def test_exec_runs_beside_the_first_process(docker):
    docker.out("run", "-d", "--name", "host", "alpine", "sleep", "100")
    assert docker.out("exec", "host", "sh", "-c", "echo $$ > /tmp/x; cat /tmp/x; ps -o pid,args | head -2").split("\n")[
        2
    ] == ("    1 sleep 100")
    failed = docker("exec", "host", "sh", "-c", "echo out; echo err >&2; exit 4")
    assert (failed.returncode, failed.stdout, failed.stderr) == (4, "out\n", "err\n")
    assert docker.out("exec", "-i", "host", "wc", "-c", stdin="12345").strip() == "5"
    assert docker("exec", "host", "nope").returncode == 127


def test_stop_and_kill_end_it_differently(docker):
    docker.out("run", "-d", "--name", "deaf", "alpine", "sleep", "100")
    docker.out("stop", "-t", "1", "deaf")
    assert docker.out("wait", "deaf") == "137"
    docker.out("run", "-d", "--name", "hears", "alpine", "sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.1; done")
    docker.out("stop", "hears")
    assert docker.out("wait", "hears") == "3"
    docker.out("run", "-d", "--name", "killed", "alpine", "sleep", "100")
    assert docker.out("kill", "killed") == "killed"
    assert docker.out("inspect", "-f", "{{.State.ExitCode}}", "killed") == "137"


def test_pause_unpause_restart_rename(docker):
    docker.out("run", "-d", "--name", "one", "alpine", "sleep", "100")
    docker.out("pause", "one")
    assert "(Paused)" in docker.out("ps", "--format", "{{.Status}}")
    assert docker("pause", "one").returncode == 1
    docker.out("unpause", "one")
    started = docker.out("inspect", "-f", "{{.State.StartedAt}}", "one")
    docker.out("restart", "-t", "0", "one")
    assert docker.out("inspect", "-f", "{{.State.StartedAt}}", "one") > started
    docker.out("rename", "one", "two")
    assert docker.out("ps", "--format", "{{.Names}}") == "two"


def test_containers_are_removed_one_by_one_by_force_and_all_at_once(docker):
    docker.out("run", "-d", "--name", "up", "alpine", "sleep", "100")
    refused = docker("rm", "up")
    assert refused.returncode == 1 and "stop the container before removing or force remove" in refused.stderr
    assert docker.out("rm", "-f", "up") == "up"
    docker.out("run", "alpine", "true")
    assert docker("run", "alpine", "false").returncode == 1
    docker.out("rm", *docker.out("ps", "-aq").split())
    assert docker.out("ps", "-aq") == ""


def test_images_are_listed_told_and_removed(docker):
    docker.out("image", "prune", "-af")  # nobody else has a name for it
    docker.out("pull", "busybox")
    head, *rows = docker.out("images").split("\n")
    assert re.split(r" {2,}", head) == ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"]
    assert any(row.startswith("busybox ") for row in rows)
    assert "IMAGE" in docker.out("history", "busybox").split("\n")[0]
    assert json.loads(docker.out("image", "inspect", "busybox"))[0]["Os"] == "linux"
    docker.out("tag", "busybox", "mine:1")
    assert docker.out("rmi", "mine:1") == "Untagged: mine:1"
    removed = docker.out("rmi", "busybox")
    assert "Untagged: busybox:latest" in removed and "Deleted: sha256:" in removed
    missing = docker("rmi", "busybox")
    assert missing.returncode == 1 and "No such image: busybox" in missing.stderr


def test_what_is_not_on_the_hub_is_refused_in_dockers_words(docker):
    refused = docker("pull", "nosuchimageatall")
    assert refused.returncode == 1
    assert (
        "pull access denied for nosuchimageatall, repository does not exist or may require 'docker login'"
        in refused.stderr
    )
    assert "not found: manifest unknown" in docker("pull", "alpine:nosuchtag").stderr


def test_top_stats_port_and_inspect_look_inside(docker):
    docker.out("run", "-d", "--name", "web", "-p", "18099:80", "alpine", "sleep", "100")
    head, row = docker.out("top", "web").split("\n")
    assert head.split() == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    assert row.endswith("sleep 100")
    stats = docker.out("stats", "--no-stream", "--format", "{{.Name}} {{.CPUPerc}} {{.PIDs}}", "web")
    assert re.fullmatch(r"web \d+\.\d\d% 1", stats)
    assert "80/tcp -> 0.0.0.0:18099" in docker.out("port", "web")
    assert docker.out("inspect", "-f", "{{.State.Status}} {{.Config.Image}}", "web") == "running alpine"
    assert json.loads(docker.out("inspect", "web"))[0]["Name"] == "/web"
    assert docker("inspect", "nosuchthing").returncode == 1


def test_events_are_heard(docker):
    since = docker.out("info", "-f", "{{.SystemTime}}")
    docker.out("run", "--name", "ev", "alpine", "true")
    until = docker.out("info", "-f", "{{.SystemTime}}")
    said = docker.out(
        "events", "--since", since, "--until", until, "--filter", "container=ev", "--format", "{{.Action}}"
    )
    assert said.split("\n") == ["create", "attach", "start", "die"]


def test_search_finds_official_images(docker):
    rows = docker.out("search", "--filter", "is-official=true", "--format", "{{.Name}} {{.IsOfficial}}", "nginx")
    assert "nginx [OK]" in rows.split("\n")


def test_the_house_can_be_looked_over_and_cleaned(docker):
    docker.out("run", "--name", "old", "alpine", "true")
    table = docker.out("system", "df")
    assert re.split(r" {2,}", table.split("\n")[0]) == ["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"]
    assert "Images space usage:" in docker.out("system", "df", "-v")
    pruned = docker.out("system", "prune", "-f")
    assert "Deleted Containers:" in pruned and "Total reclaimed space:" in pruned
    assert docker.out("ps", "-aq") == ""
    assert docker.out("version", "--format", "{{.Server.Os}} {{.Server.APIVersion}}") == "linux 1.50"


def test_standard_input_goes_in_and_its_end_too(docker):
    assert docker.out("run", "-i", "--rm", "alpine", "wc", "-l", stdin="1\n2\n3\n").strip() == "3"


def test_signals_reach_the_program(docker):
    script = "trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.1; done"
    process = docker.start("run", "--rm", "alpine", "sh", "-c", script)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert (out, process.returncode) == ("interrupted\n", 5)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
class TestOnATerminal:
    """-it, in a real pseudo-terminal."""

    def spawn(self, docker, *words):
        child = pexpect.spawn(
            docker.argv[0], [*docker.argv[1:], *words], env=docker.environment, timeout=20, dimensions=(24, 80)
        )
        child.delaybeforesend = None
        return child

    def ended(self, child):
        """Read to the end, so that it can end."""
        child.expect(pexpect.EOF)
        child.close()

    def test_a_shell_is_used_and_left(self, docker):
        child = self.spawn(docker, "run", "-it", "--name", "shell", "alpine", "sh")
        child.expect("/ # ")
        child.send("echo $((6 * 7))\r")
        child.expect("42\r\n")
        child.expect("/ # ")
        child.send("stty size\r")
        child.expect("24 80\r\n")
        child.expect("/ # ")
        child.send("exit 7\r")
        self.ended(child)
        assert child.exitstatus == 7

    def test_ctrl_c_interrupts_what_runs_in_the_foreground(self, docker):
        child = self.spawn(docker, "run", "-it", "--rm", "alpine", "sh")
        child.expect("/ # ")
        child.send("sleep 1000\r")
        child.expect("sleep 1000\r\n")
        child.sendintr()
        child.expect("/ # ")
        child.send("echo alive\r")
        child.expect("alive\r\n")
        child.sendeof()
        self.ended(child)

    def test_the_detach_keys_leave_it_running(self, docker):
        child = self.spawn(docker, "run", "-it", "--name", "left", "alpine", "sh")
        child.expect("/ # ")
        child.send("\x10\x11")
        self.ended(child)
        assert docker.out("ps", "--format", "{{.Names}}") == "left"
        again = self.spawn(docker, "attach", "left")
        again.send("\r")
        again.expect("/ # ")
        again.send("exit\r")
        self.ended(again)
        assert docker.out("ps", "-q") == ""

    @pytest.mark.parametrize("command", [["attach", "left"], ["exec", "-it", "left", "sh"]])
    def test_attach_and_exec_say_that_they_were_left(self, docker, command):
        docker.out("run", "-dit", "--name", "left", "alpine", "sh")
        child = self.spawn(docker, *command)
        child.send("\r")
        child.expect("/ # ")
        child.send("\x10\x11")
        child.expect("read escape sequence")
        self.ended(child)
        assert child.exitstatus == 1

    def test_exec_gives_a_second_terminal(self, docker):
        docker.out("run", "-d", "--name", "base", "alpine", "sleep", "100")
        child = self.spawn(docker, "exec", "-it", "base", "sh")
        child.expect("/ # ")
        child.send("tty; hostname\r")
        child.expect(r"/dev/pts/\d")
        child.expect(docker.out("ps", "-q", "--no-trunc")[:12])
        child.send("exit\r")
        self.ended(child)
        assert child.exitstatus == 0


def test_a_folder_of_ones_own_is_seen_inside_and_is_safe(docker):
    here = Path(__file__).parent
    names = docker.out("run", "--rm", "-v", f"{here}:/src", "alpine", "ls", "/src").split("\n")
    assert Path(__file__).name in names
    refused = docker("run", "--rm", "-v", f"{here}:/src", "alpine", "touch", "/src/new")
    assert refused.returncode == 1 and "Read-only file system" in refused.stderr
    nobody = f"/nobody-{len(docker.argv)}/here"
    outside = docker("run", "--rm", "-v", f"{nobody}:/src", "alpine", "ls", "-A", "/src")
    assert (outside.returncode, outside.stdout) == (0, "") and "--allow-bind" in outside.stderr
