"""What every host has to do: one suite, written against the port of engine/host.py alone.

`HOSTS` names the hosts; each factory gives a host and an uncompressed layer with busybox on it.
"""

from __future__ import annotations

import io
import itertools
import os
import stat
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest

from engine import plan
from engine.host import (
    STDERR,
    STDOUT,
    UNPACKING,
    Exited,
    Host,
    News,
    OutOfMemory,
    PathError,
    PathStat,
    PortBinding,
    RuntimeFailure,
    Started,
    Unpacking,
)
from engine.loop import Future, Loop
from engine.operations import Execve, MakeCgroup, MountOverlay, RemoveCgroup, Unmount
from engine.spec import BridgeNetwork, Link, Mount, Namespace, Process, Resources, Spec

ENV = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",)
NAMESPACES = tuple(Namespace(type) for type in ("mount", "uts", "ipc", "pid", "network", "cgroup"))
MOUNTS = (
    Mount("/proc", "proc", "proc", ("nosuid", "noexec", "nodev")),
    Mount("/dev", "tmpfs", "tmpfs", ("nosuid", "strictatime", "mode=755", "size=65536k")),
    Mount("/dev/pts", "devpts", "devpts", ("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5")),
    Mount("/sys", "sysfs", "sysfs", ("nosuid", "noexec", "nodev", "ro")),
)
PASSWD = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n"
GROUP = b"root:x:0:\nwheel:x:10:root\nnogroup:x:65534:\nusers:x:100:\n"
APPLETS = ("cat", "dd", "echo", "false", "id", "kill", "pwd", "sh", "sleep", "stty", "test", "true", "yes")


def layer(busybox: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:

        def add(name: str, data: bytes | None = None, mode: int = 0o755, link: str = "") -> None:
            member = tarfile.TarInfo(name)
            member.mode, member.size = mode, len(data or b"")
            member.type = tarfile.LNKTYPE if link else tarfile.DIRTYPE if data is None else tarfile.REGTYPE
            member.linkname = link
            tar.addfile(member, io.BytesIO(data or b""))

        for folder in ("bin", "etc", "home", "root", "tmp"):
            add(folder)
        add("bin/busybox", busybox)
        for name in APPLETS:
            add(f"bin/{name}", link="bin/busybox")
        add("bin/broken", b"no interpreter\n")
        add("etc/passwd", PASSWD, 0o644)
        add("etc/group", GROUP, 0o644)
    return stream.getvalue()


def sim_host() -> tuple[Host, bytes]:
    from sim.host import SimHost
    from sim.kernel.loader import executable

    return SimHost(Loop(start=1_700_000_000_000_000_000), Random(1)), layer(executable("busybox"))


def real_host() -> tuple[Host, bytes]:
    """Only where tests/real/guarded.py has put us."""
    import tempfile
    from pathlib import Path

    from engine.loop import WallClock
    from real.host import RealHost

    root = Path(tempfile.mkdtemp(dir=os.environ["GLASSDOCK_TEST_ROOM"]))
    return RealHost(Loop(WallClock(lead=0.0)), root), layer(Path("/bin/busybox").read_bytes())


HOSTS: dict[str, Callable[[], tuple[Host, bytes]]] = {"sim": sim_host}
if "GLASSDOCK_TEST_ROOM" in os.environ and os.statvfs("/").f_flag & os.ST_RDONLY:
    HOSTS["real"] = real_host


@dataclass
class Container:
    """A container under test: what it was started as, and what it said."""

    host: Host
    id: str
    spec: Spec
    started: Started | None = None
    output: list[tuple[int, bytes]] = field(default_factory=list)

    def said(self, stream: int = STDOUT) -> bytes:
        return b"".join(data for number, data in self.output if number == stream)


class Bench:
    """A host with one committed snapshot, "base"."""

    def __init__(self, host: Host, base: bytes) -> None:
        self.host, self.loop = host, host.loop
        self.news: list[News] = []
        self._heard: Future[None] = host.loop.future()
        host.listen(self._hear)
        self.run(host.apply("base", None, io.BytesIO(base)))
        # on a real host others may run this at the same time: groups are named by these
        self._numbers = itertools.count(Random().getrandbits(200) if host.info.lasting else 1)

    def _hear(self, news: News) -> None:
        self.news.append(news)
        self._heard.set_result(None)

    def run(self, coroutine: Any) -> Any:
        return self.loop.run(coroutine)

    def spec(self, *args: str, mounts: tuple[Mount, ...] = (), **settings: Any) -> Spec:
        id = f"{next(self._numbers):064x}"
        process = Process(args, ENV, **{name: settings.pop(name) for name in list(settings) if name in PROCESS})
        parts: dict[str, Any] = {"hostname": id[-12:], "namespaces": NAMESPACES, "mounts": MOUNTS + mounts}
        return Spec(id, process, id, cgroups_path=f"/docker/{id}", **(parts | settings))

    def create(self, spec: Spec, on_output: Any = None, stdin: bool = False) -> Container:
        container = Container(self.host, spec.id, spec)
        record: Any = on_output or (lambda stream, data: container.output.append((stream, data)))
        self.run(self.host.prepare(spec.id, "base"))
        operations = plan.plan(spec, self.host.layers(spec.id))
        container.started = self.run(self.host.create(spec, operations, record))
        if not stdin:
            container.started.input.close()
        return container

    def start(self, *args: str, stdin: bool = False, **settings: Any) -> Container:
        container = self.create(self.spec(*args, **settings), stdin=stdin)
        self.run(self.host.start(container.id))
        return container

    def exec(self, container: Container, exec_id: str, *args: str, **settings: Any) -> tuple[Started, list[Any]]:
        said: list[Any] = []
        process = Process(args, ENV, **settings)
        begun = self.run(self.host.exec(container.id, exec_id, process, lambda stream, data: said.append(data)))
        return begun, said

    def ended(self, container: Container, exec_id: str = "") -> Exited:
        """Wait for the news."""

        async def listen() -> Exited:
            while True:
                for news in self.news:
                    if isinstance(news, Exited) and (news.container, news.exec_id) == (container.id, exec_id):
                        return news
                self._heard = self.loop.future()
                await self.loop.wait_for(self._heard, 100)

        found: Exited = self.run(listen())
        return found

    def outcome(self, *args: str, **settings: Any) -> tuple[int, bytes, bytes]:
        """Run to the end and delete: (status, stdout, stderr)."""
        container = self.start(*args, **settings)
        status = self.ended(container).status
        self.delete(container)
        return status, container.said(), container.said(STDERR)

    def delete(self, container: Container) -> None:
        self.run(self.host.delete(container.id))
        self.run(self.host.remove(container.id))

    def failure(self, *args: str, **settings: Any) -> str:
        """What create or start raise; nothing is left."""
        spec = self.spec(*args, **settings)
        with pytest.raises(RuntimeFailure) as caught:
            self.run(self.host.start(self.create(spec).id))
        assert caught.value.performed
        assert caught.value.performed[-1].error == str(caught.value) or caught.value.performed[0].error is None
        self.run(self.host.delete(spec.id))
        self.run(self.host.remove(spec.id))
        return str(caught.value)

    def sleep(self, seconds: float) -> None:
        self.run(self.loop.sleep(seconds))


PROCESS = Process.__slots__


@pytest.fixture(params=sorted(HOSTS))
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    host, base = HOSTS[request.param]()
    made = Bench(host, base)
    yield made
    made.run(host.close())


# -- create, start, delete


def test_a_program_runs_and_its_end_is_news(bench: Bench) -> None:
    assert bench.outcome("true") == (0, b"", b"")
    assert bench.outcome("false") == (1, b"", b"")
    assert bench.outcome("sh", "-c", "echo out; echo err >&2; exit 42") == (42, b"out\n", b"err\n")


def test_create_holds_before_execve_and_every_operation_is_told(bench: Bench) -> None:
    spec = bench.spec("echo", "hello")
    container = bench.create(spec)
    started = container.started
    assert started is not None and started.pid > 1
    wanted = plan.plan(spec, bench.host.layers(spec.id))
    assert [each.operation for each in started.performed] == list(wanted[:-1])
    assert all(each.duration >= 0 and each.error is None for each in started.performed)
    bench.sleep(1)
    assert container.output == []
    last = bench.run(bench.host.start(spec.id))
    assert [type(each.operation) for each in last] == [Execve]
    assert bench.ended(container).status == 0
    assert container.said() == b"hello\n"


def test_delete_takes_back_what_was_done_and_may_be_asked_at_any_time(bench: Bench) -> None:
    running = bench.start("sleep", "1000")
    undone = bench.run(bench.host.delete(running.id))
    assert {type(each.operation) for each in undone} == {RemoveCgroup, Unmount}
    created = bench.create(bench.spec("true"))
    bench.run(bench.host.delete(created.id))
    bench.sleep(1)
    assert bench.news == []
    again = bench.create(replace(created.spec, rootfs=running.id, id="f" * 64, cgroups_path=created.spec.cgroups_path))
    assert again.started is not None


def test_a_failing_operation_is_named_and_what_was_done_before_is_undone(bench: Bench) -> None:
    spec = bench.spec("true", user="nosuch")
    bench.run(bench.host.prepare(spec.id, "base"))
    with pytest.raises(
        RuntimeFailure, match=r"^unable to find user nosuch: no matching entries in passwd file$"
    ) as caught:
        bench.run(bench.host.create(spec, plan.plan(spec, ("base",)), lambda stream, data: None))
    performed = caught.value.performed
    kinds = [type(each.operation) for each in performed]
    assert kinds[:2] == [MountOverlay, MakeCgroup]
    assert kinds[-2:] == [RemoveCgroup, Unmount]
    assert [each.error for each in performed if each.error] == [str(caught.value)]


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("nope", 'exec: "nope": executable file not found in $PATH'),
        ("/nope", 'exec: "/nope": stat /nope: no such file or directory'),
        ("/etc/passwd", 'exec: "/etc/passwd": permission denied'),
        ("/etc", 'exec: "/etc": is a directory'),
        ("/etc/passwd/x", 'exec: "/etc/passwd/x": stat /etc/passwd/x: not a directory'),
    ],
)
def test_a_command_that_is_not_there_fails_in_the_runtimes_words(bench: Bench, command: str, text: str) -> None:
    assert bench.failure(command) == text


def test_a_file_that_is_no_program_is_refused_when_it_is_executed(bench: Bench) -> None:
    assert bench.outcome("/bin/broken") == (255, b"", b"exec /bin/broken: exec format error\n")


def test_user_group_and_directory(bench: Bench) -> None:
    assert bench.outcome("pwd", cwd="/made/for/me")[1] == b"/made/for/me\n"
    assert bench.outcome("sh", "-c", "echo $HOME") == (0, b"/root\n", b"")
    assert bench.outcome("sh", "-c", "echo $HOME", user="nobody")[1] == b"/home\n"
    assert bench.failure("true", cwd="/etc/passwd") == "Cannot mkdir: /etc/passwd is not a directory"
    assert bench.failure("true", user="0:nosuch") == "unable to find group nosuch: no matching entries in group file"
    assert bench.outcome("sh", "-c", "echo x > /root/x", user="1000:100")[0] != 0


def test_standard_input_is_given_and_ended(bench: Bench) -> None:
    container = bench.start("cat", stdin=True)
    assert container.started is not None
    keyboard = container.started.input
    bench.sleep(0.1)
    assert keyboard.starving()
    keyboard.write(b"one\n")
    bench.sleep(0.1)
    assert container.said() == b"one\n"
    keyboard.write(b"two\n")
    keyboard.close()
    assert bench.ended(container).status == 0
    assert container.said() == b"one\ntwo\n"
    keyboard.write(b"too late")
    keyboard.close()


def test_a_big_input_waits_for_its_reader(bench: Bench) -> None:
    container = bench.start("sh", "-c", "sleep 1; cat", stdin=True)
    assert container.started is not None
    keyboard = container.started.input
    full = keyboard.write(b"x" * 1_000_000)
    assert full is not None and not full.done()
    bench.run(_wait(full))
    keyboard.close()
    assert bench.ended(container).status == 0
    assert container.said() == b"x" * 1_000_000


async def _wait(future: Future[None]) -> None:
    await future


def test_a_program_waits_for_a_slow_reader_of_its_output(bench: Bench) -> None:
    got: list[bytes] = []
    gate: Future[None] = bench.loop.future()

    def slow(stream: int, data: bytes) -> Future[None] | None:
        got.append(data)
        return gate

    container = bench.create(bench.spec("yes"), slow)
    bench.run(bench.host.start(container.id))
    bench.sleep(1)
    before = len(got)
    bench.sleep(5)
    assert len(got) == before
    bench.run(bench.host.kill(container.id, 9))
    assert bench.ended(container).status == 137


def test_a_terminal_has_one_stream_echo_and_keys(bench: Bench) -> None:
    container = bench.start("cat", stdin=True, terminal=True)
    assert container.started is not None
    keyboard = container.started.input
    keyboard.write(b"hello\r")
    bench.sleep(0.1)
    assert container.said() == b"hello\r\nhello\r\n"
    keyboard.close()
    bench.run(bench.host.resize(container.id, "", 50, 132))
    bench.sleep(0.1)
    assert bench.news == []
    keyboard.write(b"\x04")
    assert bench.ended(container).status == 0
    before = container.said()
    keyboard.write(b"nobody is there\r")
    bench.sleep(0.1)
    assert container.said() == before


# -- signals


def test_kill_and_the_special_rule_for_process_1(bench: Bench) -> None:
    container = bench.start("sleep", "1000")
    bench.run(bench.host.kill(container.id, 15))
    bench.sleep(1)
    assert bench.news == []
    bench.run(bench.host.kill(container.id, 9))
    assert bench.ended(container) == Exited(container.id, "", 137)
    bench.run(bench.host.kill(container.id, 9))


def test_a_handler_hears_the_signal(bench: Bench) -> None:
    container = bench.start("sh", "-c", "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.1; done")
    bench.sleep(1)
    assert container.said() == b"ready\n"
    bench.run(bench.host.kill(container.id, 15))
    assert bench.ended(container).status == 7
    assert container.said() == b"ready\nbye\n"


def test_the_end_of_process_1_ends_all(bench: Bench) -> None:
    container = bench.start("sh", "-c", "(sleep 1; echo late) & sleep 0.1; exit 3")
    assert bench.ended(container).status == 3
    bench.sleep(5)
    assert container.said() == b""
    assert bench.run(bench.host.ps(container.id)) == []


def test_an_init_process_passes_signals_on_and_reaps_orphans(bench: Bench) -> None:
    container = bench.start("sh", "-c", "(sleep 1 &) ; echo $$; sleep 1000", init=True)
    bench.sleep(2)
    assert int(container.said()) > 1
    assert len(bench.run(bench.host.ps(container.id))) <= 3
    bench.run(bench.host.kill(container.id, 15))
    assert bench.ended(container).status == 143
    assert bench.outcome("nope", init=True)[0] == 127


def test_pause_stops_time_for_a_container(bench: Bench) -> None:
    container = bench.start("sh", "-c", "while :; do echo tick; sleep 1; done")
    bench.sleep(2.5)
    bench.run(bench.host.pause(container.id))
    before = container.said()
    bench.sleep(10)
    assert container.said() == before
    bench.run(bench.host.resume(container.id))
    bench.sleep(2.5)
    assert len(container.said()) > len(before)


# -- exec


def test_exec_runs_beside_the_first_process(bench: Bench) -> None:
    container = bench.start("sleep", "1000")
    begun, said = bench.exec(container, "e1", "sh", "-c", "echo $$; pwd; exit 17", cwd="/tmp")
    begun.input.close()
    assert begun.pid != container.started.pid  # type: ignore[union-attr]
    assert bench.ended(container, "e1").status == 17
    number, where = b"".join(said).split()
    assert int(number) > 1 and where == b"/tmp"
    assert len(bench.run(bench.host.ps(container.id))) == 1


def test_exec_has_its_own_input_terminal_and_signals(bench: Bench) -> None:
    container = bench.start("sleep", "1000")
    begun, said = bench.exec(container, "e1", "cat", terminal=True)
    begun.input.write(b"typed\r")
    bench.sleep(0.1)
    assert b"".join(said) == b"typed\r\ntyped\r\n"
    assert len(bench.run(bench.host.ps(container.id))) == 2
    numbers = bench.run(bench.host.numbers(container.id))
    assert list(numbers) == bench.run(bench.host.ps(container.id))
    assert 1 in numbers.values() and len(set(numbers.values())) == 2
    bench.run(bench.host.resize(container.id, "e1", 10, 10))
    bench.run(bench.host.kill(container.id, 9, "e1"))
    assert bench.ended(container, "e1").status == 137
    assert not any(news.exec_id == "" for news in bench.news if isinstance(news, Exited))


@pytest.mark.parametrize(
    ("args", "settings", "text"),
    [
        (("nope",), {}, 'exec: "nope": executable file not found in $PATH'),
        (("/etc/passwd",), {}, 'exec: "/etc/passwd": permission denied'),
        (("true",), {"user": "nosuch"}, "unable to find user nosuch: no matching entries in passwd file"),
        (("true",), {"cwd": "/nope"}, 'chdir to cwd ("/nope") set in config.json failed: no such file or directory'),
    ],
)
def test_a_failing_exec_leaves_the_container_alone(bench: Bench, args: Any, settings: Any, text: str) -> None:
    container = bench.start("sleep", "1000")
    with pytest.raises(RuntimeFailure) as caught:
        bench.exec(container, "e1", *args, **settings)
    assert str(caught.value) == text
    assert len(bench.run(bench.host.ps(container.id))) == 1


# -- limits and usage


def test_the_pids_limit_makes_fork_fail(bench: Bench) -> None:
    container = bench.start("sh", "-c", "sleep 100 & sleep 100 & sleep 100 & wait", resources=Resources(pids=3))
    bench.sleep(1)
    assert bench.run(bench.host.stats(container.id)).pids <= 3
    assert container.said(STDERR)


def test_stats_and_update(bench: Bench) -> None:
    container = bench.start("sleep", "1000", resources=Resources(memory=64 << 20, pids=20))
    stats = bench.run(bench.host.stats(container.id))
    assert (stats.memory_limit, stats.pids_limit, stats.pids) == (64 << 20, 20, 1)
    assert 0 < stats.memory_usage < 64 << 20
    bench.run(bench.host.update(container.id, Resources(memory=128 << 20, pids=-1)))
    stats = bench.run(bench.host.stats(container.id))
    assert (stats.memory_limit, stats.pids_limit) == (128 << 20, 0)


def test_top_tells_of_the_containers_processes(bench: Bench) -> None:
    container = bench.start("sh", "-c", "sleep 900 & sleep 1000")
    bench.sleep(1)
    titles, rows = bench.run(bench.host.top(container.id, "-ef"))
    assert titles == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    assert [int(row[1]) for row in rows] == bench.run(bench.host.ps(container.id))
    assert {"sleep 900", "sleep 1000"} <= {row[-1] for row in rows}
    titles, rows = bench.run(bench.host.top(container.id, "-o pid,args"))
    assert titles == ["PID", "COMMAND"] and len(rows[0]) == 2
    with pytest.raises(RuntimeFailure, match="nosuchcolumn"):
        bench.run(bench.host.top(container.id, "-o nosuchcolumn"))


# -- files


def test_the_writable_part_survives_and_can_be_seen(bench: Bench) -> None:
    container = bench.start("sh", "-c", "echo data > /tmp/made; echo more >> /etc/passwd")
    bench.ended(container)
    bench.run(bench.host.delete(container.id))
    changes = bench.run(bench.host.changes(container.id))
    assert {("/tmp/made", 1), ("/etc/passwd", 0)} <= {(change.path, change.kind) for change in changes}
    assert bench.run(bench.host.usage(container.id)) > 0
    again = bench.spec("cat", "/tmp/made")
    spec = replace(again, rootfs=container.id)
    said: list[bytes] = []
    operations = plan.plan(spec, bench.host.layers(container.id))
    bench.run(bench.host.create(spec, operations, lambda stream, data: said.append(data)))  # type: ignore[func-returns-value]
    bench.run(bench.host.start(spec.id))
    bench.ended(Container(bench.host, spec.id, spec))
    assert said == [b"data\n"]


def test_files_of_the_daemon_are_bound_into_a_container(bench: Bench) -> None:
    folder = f"{bench.host.info.root}/containers/x"
    path = f"{folder}/hosts"
    bench.host.write_file(path, b"127.0.0.1 localhost\n")
    mount = Mount("/etc/hosts", "bind", path, ("rbind", "rprivate"))
    assert bench.outcome("cat", "/etc/hosts", mounts=(mount,))[1] == b"127.0.0.1 localhost\n"
    assert bench.run(bench.host.tree_size(folder)) == 20
    bench.host.remove_tree(folder)
    assert bench.run(bench.host.tree_size(folder)) == 0


# -- networks


LAB = BridgeNetwork("n1", "lab", "br-lab", "172.30.0.0/16", "172.30.0.1")


def _make_network(bench: Bench) -> tuple[Any, ...]:
    """What was performed for it. A host that says that it has no bridges is not asked further."""
    try:
        made: tuple[Any, ...] = bench.run(bench.host.create_network(LAB, plan.network(LAB)))
    except RuntimeFailure as failure:
        if "has no bridge networks" not in str(failure):
            raise
        pytest.skip(str(failure))
    return made


def test_a_network_is_made_and_taken_back(bench: Bench) -> None:
    host = bench.host
    made = _make_network(bench)
    assert "ip link add br-lab type bridge" in made[0].operation.shell()
    with pytest.raises(RuntimeFailure):
        bench.run(host.create_network(replace(LAB, id="n2"), plan.network(LAB)))
    taken = bench.run(host.delete_network("n1"))
    assert [each.operation.shell() for each in taken][-1] == "ip link del br-lab"
    assert bench.run(host.delete_network("n1")) == ()


def test_ports_are_published_once(bench: Bench) -> None:
    host = bench.host
    _make_network(bench)
    link = Link("br-lab", "veth1", "eth0", "02:42:ac:1e:00:02", "172.30.0.2/16", "172.30.0.1")
    other = replace(link, host_name="veth2", address="172.30.0.3/16")
    bench.run(host.join("n1", "c1", link, ("one",)))
    bench.run(host.join("n1", "c2", other))
    given = bench.run(host.publish("n1", "c1", (PortBinding(80), PortBinding(81, host_port=8081)))).ports
    assert given[0].host_port > 0 and given[1].host_port == 8081
    wanted = (PortBinding(82, host_port=8081),)
    with pytest.raises(RuntimeFailure, match=r"Bind for 0\.0\.0\.0:8081 failed: port is already allocated"):
        bench.run(host.publish("n1", "c2", wanted))
    bench.run(host.withdraw("n1", "c1"))
    assert bench.run(host.publish("n1", "c2", wanted)).ports[0].host_port == 8081
    bench.run(host.leave("n1", "c1"))
    bench.run(host.leave("n1", "c2"))
    bench.run(host.delete_network("n1"))


def test_out_of_memory_is_news_of_its_own(bench: Bench) -> None:
    hungry = ("dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1")
    container = bench.start(*hungry, resources=Resources(memory=6 << 20))
    ended = bench.ended(container)
    assert (ended.status, ended.oom_killed) == (137, True)
    assert OutOfMemory(container.id) in bench.news


# -- files by path, as archives


def archive(*members: tuple[str, Any]) -> io.BytesIO:
    """A tar: (name, content) of files, (name, None) of directories, (name, {…}) with attributes of TarInfo."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, value in members:
            info = tarfile.TarInfo(name)
            info.mtime, info.mode = 1_600_000_000, 0o755 if value is None else 0o644
            if value is None:
                info.type = tarfile.DIRTYPE
            for key, attribute in value.items() if isinstance(value, dict) else ():
                setattr(info, key, attribute)
            data = value if isinstance(value, bytes) else b""
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    stream.seek(0)
    return stream


def symlink(target: str) -> dict[str, Any]:
    return {"type": tarfile.SYMTYPE, "linkname": target}


def hard_link(target: str) -> dict[str, Any]:
    return {"type": tarfile.LNKTYPE, "linkname": target}


@dataclass
class Files:
    """A prepared snapshot, by path."""

    bench: Bench
    key: str = "f"
    volumes: tuple[Mount, ...] = ()

    def put(self, path: str, *members: tuple[str, Any], options: Unpacking = UNPACKING) -> None:
        self.put_tar(path, archive(*members), options)

    def put_tar(self, path: str, tar: io.BytesIO, options: Unpacking = UNPACKING) -> None:
        host = self.bench.host
        self.bench.run(host.unpack_path(self.key, path, tar, self.volumes, options=options))

    def stat(self, path: str) -> PathStat:
        found: PathStat = self.bench.run(self.bench.host.stat_path(self.key, path, self.volumes))
        return found

    def get(self, path: str) -> list[tarfile.TarInfo]:
        data = b"".join(self.bench.host.pack_path(self.key, path, self.volumes))
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            return tar.getmembers()

    def names(self, path: str) -> list[str]:
        return [member.name for member in self.get(path)]

    def read(self, path: str) -> bytes:
        data = b"".join(self.bench.host.pack_path(self.key, path, self.volumes))
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            file = tar.extractfile(tar.getmembers()[0])
            assert file is not None
            return file.read()


@pytest.fixture
def files(bench: Bench) -> Files:
    bench.run(bench.host.prepare("f", "base"))
    return Files(bench)


def test_a_path_is_looked_at_without_following_its_last_link(files: Files) -> None:
    files.put("/", ("d", None), ("d/f", b"12345"), ("l", symlink("d")), ("far", symlink("l/none/x")))
    found = files.stat("/d/f")
    assert (found.name, oct(found.mode), found.size, found.mtime) == ("f", "0o100644", 5, 1_600_000_000 * 10**9)
    assert (found.target, files.stat("/l/f").target) == ("/d/f", "/d/f")
    assert stat.S_ISLNK(files.stat("/l").mode) and files.stat("/l").target == "/d"
    assert stat.S_ISDIR(files.stat("/l/").mode)
    assert files.stat("/far").target == "/d/none/x"
    assert [files.stat(path).name for path in ("/", "/d/", "/d/.")] == ["/", "d", "."]
    for path, reason in (("/none", "no such file or directory"), ("/d/f/", "not a directory")):
        with pytest.raises(PathError, match=f"^lstat {path}: {reason}$"):
            files.stat(path)


def test_an_archive_begins_with_the_last_name_of_its_path(files: Files) -> None:
    files.put("/", ("d", None), ("d/b", b"b"), ("d/a", None), ("d/a/x", b"x"), ("l", symlink("d")))
    assert files.names("/d") == files.names("/d/") == ["d", "d/a", "d/a/x", "d/b"]
    assert files.names("/d/.") == [".", "./a", "./a/x", "./b"]
    assert files.names("/d/b") == ["b"]
    assert files.names("/l/a") == ["a", "a/x"]
    assert [member.issym() for member in files.get("/l")] == [True]
    assert files.names("/")[0] == "" and "/d/a/x" in files.names("/")
    with pytest.raises(PathError):
        files.bench.host.pack_path("f", "/none")


def test_a_snapshot_that_is_no_containers_has_no_mount_points(bench: Bench) -> None:
    bench.run(bench.host.prepare("bare", None, init=False))
    bare = Files(bench, "bare")
    assert bare.names("/.") == ["."]
    bare.put("/", ("d/f", b"1"))
    assert bare.names("/.") == [".", "./d", "./d/f"]
    assert [change.path for change in bench.run(bench.host.changes("bare"))] == ["/d", "/d/f"]
    bench.run(bench.host.prepare("over", "base", init=False))
    assert "./.dockerenv" not in Files(bench, "over").names("/.")
    for key in ("bare", "over"):
        bench.run(bench.host.remove(key))


def test_all_that_a_file_is_goes_through_an_archive(files: Files) -> None:
    files.put(
        "/home",
        ("run", {"mode": 0o6755, "uid": 1000, "gid": 33}),
        ("more", hard_link("run")),
        ("pipe", {"type": tarfile.FIFOTYPE, "mode": 0o600}),
        ("null", {"type": tarfile.CHRTYPE, "mode": 0o666, "devmajor": 1, "devminor": 3}),
        ("tmp", {"type": tarfile.DIRTYPE, "mode": 0o1777}),
        ("tmp/inside", b"x" * 100_000),
        ("gone", symlink("nowhere/else")),
    )
    found = {member.name: member for member in files.get("/home")}
    run = found["home/more"]  # the first by name
    assert (run.mode & 0o7777, run.uid, run.gid, run.mtime) == (0o6755, 1000, 33, 1_600_000_000)
    assert found["home/run"].islnk() and found["home/run"].linkname == "home/more"
    assert found["home/pipe"].isfifo()
    assert (found["home/null"].devmajor, found["home/null"].devminor) == (1, 3)
    assert (found["home/tmp"].mode & 0o7777, found["home/tmp"].mtime) == (0o1777, 1_600_000_000)
    assert found["home/gone"].linkname == "nowhere/else"
    assert files.read("/home/tmp/inside") == b"x" * 100_000


def test_what_is_unpacked_replaces_files_and_joins_directories(files: Files) -> None:
    files.put("/home", ("d", None), ("d/old", b"old"), ("f", b"one"), ("again", hard_link("f")))
    files.put("/home", ("d", {"type": tarfile.DIRTYPE, "mode": 0o700}), ("d/new", b"new"), ("f", b"two"))
    assert files.names("/home/d") == ["d", "d/new", "d/old"]
    assert oct(files.stat("/home/d").mode) == "0o40700"
    assert (files.read("/home/f"), files.read("/home/again")) == (b"two", b"one")
    keep = Unpacking(keep_kinds=True)
    with pytest.raises(ValueError, match='cannot overwrite directory "/home/d" with non-directory "/home"'):
        files.put("/home", ("d", b""), options=keep)
    with pytest.raises(ValueError, match='cannot overwrite non-directory "/home/f" with directory "/home"'):
        files.put("/home", ("f", None), options=keep)
    files.put("/home", ("d", b"a file now"), ("f", None))
    assert files.read("/home/d") == b"a file now" and stat.S_ISDIR(files.stat("/home/f").mode)


def test_names_lie_below_the_directory_and_missing_folders_are_made(files: Files) -> None:
    files.put("/home", ("/abs", b"a"), ("./dot//x", b"b"), ("p/q/r", b"c"), ("p/../s", b"d"))
    assert files.names("/home") == [
        "home", "home/abs", "home/dot", "home/dot/x", "home/p", "home/p/q", "home/p/q/r", "home/s",
    ]  # fmt: skip
    assert oct(files.stat("/home/p").mode) == "0o40755"


def test_everything_can_belong_to_one_owner(files: Files) -> None:
    options = Unpacking(owner=(7, 8))
    files.put("/home", ("f", {"uid": 1, "gid": 1}), ("d", None), ("l", symlink("f")), options=options)
    assert {(member.uid, member.gid) for member in files.get("/home")[1:]} == {(7, 8)}


def test_nothing_is_unpacked_outside_of_the_directory(files: Files) -> None:
    for name, value, reason in (
        ("../x", b"", r'"../x" is outside of "/home"'),
        ("a/../../x", b"", r'"../x" is outside of "/home"'),
        ("l", symlink("../etc/passwd"), r'invalid symlink "/home/l" -> "../etc/passwd"'),
        ("h", hard_link("../etc/passwd"), r'invalid hardlink "/etc/passwd" -> "../etc/passwd"'),
    ):
        with pytest.raises(ValueError, match=reason):
            files.put("/home", (name, value))
    assert files.names("/home") == ["home"]
    files.put("/home", ("etc", symlink("/etc")), ("etc/here", b"a link leads elsewhere in the snapshot, not outside"))
    assert files.read("/etc/here").startswith(b"a link")
    assert not os.path.lexists("/etc/here")


def test_a_link_to_a_directory_is_unpacked_into(files: Files) -> None:
    files.put("/", ("real", None), ("link", symlink("/real")))
    files.put("/link", ("f", b"f"))
    assert files.names("/real") == ["real", "real/f"]


def test_a_broken_archive_leaves_what_came_before(files: Files) -> None:
    whole = archive(("first", b"1"), ("second", b"2" * 2000)).getvalue()
    for tar, reason in (
        (whole[:2000], "unexpected EOF"),
        (whole[:1500] + b"junk" * 300, "unexpected EOF|invalid tar header"),
        (b"notatar\n", "unexpected EOF"),
        (b"x" * 2048, "archive/tar: invalid tar header"),
    ):
        with pytest.raises(ValueError, match=reason):
            files.put_tar("/home", io.BytesIO(tar))
    assert files.read("/home/first") == b"1"
    files.put_tar("/home", io.BytesIO(b""))


def test_unpacking_needs_a_directory(files: Files) -> None:
    files.put("/home", ("f", b""))
    for path, reason in (("/none", "no such file or directory"), ("/home/f", "not a directory")):
        with pytest.raises(PathError, match=reason):
            files.put(path, ("x", b""))


def test_volumes_are_in_view_and_read_only_ones_stay_so(files: Files) -> None:
    host = files.bench.host
    root = host.info.root
    for name in ("data", "fixed"):
        host.make_directory(f"{root}/volumes/{name}")
    host.write_file(f"{root}/volumes/fixed/f", b"as it was")
    files.volumes = (
        Mount("/data", "bind", f"{root}/volumes/data", ("rbind", "rprivate")),
        Mount("/home/fixed", "bind", f"{root}/volumes/fixed", ("rbind", "ro", "rprivate")),
    )
    files.put("/", ("data/sub/f", b"in the volume"), ("home/g", b"in the layer"))
    assert files.names("/home") == ["home", "home/fixed", "home/fixed/f", "home/g"]
    with pytest.raises(PathError, match="read-only file system"):
        files.put("/home/fixed", ("f", b"changed"))
    assert files.read("/home/fixed/f") == b"as it was"
    assert b"in the volume" in b"".join(host.pack(f"{root}/volumes/data"))
    files.volumes = ()
    assert files.names("/data") == ["data"]
    changed = {change.path for change in files.bench.run(host.changes("f"))}
    assert "/home/g" in changed and "/data/sub" not in changed
