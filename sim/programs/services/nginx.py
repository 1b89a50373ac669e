"""nginx: one master, some workers, and signals between them. Source: nginx(8), nginx.org "Controlling nginx"."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from engine.loop import SECOND
from sim.abi import O_APPEND, O_CREAT, O_WRONLY, SIG_IGN, Proc
from sim.programs import accounts
from sim.programs.absent import said
from sim.programs.options import Options, command
from sim.programs.services.nginx_conf import ConfError, words_of
from sim.programs.services.nginx_settings import Settings, read
from sim.programs.services.nginx_site import Site
from sim.programs.services.web import Reply, Server, Visit

SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGTERM, SIGCHLD = 1, 2, 3, 10, 15, 17
NAMES = {SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGTERM: "SIGTERM", SIGUSR1: "SIGUSR1"}
COMMANDS = {"stop": SIGTERM, "quit": SIGQUIT, "reload": SIGHUP, "reopen": SIGUSR1}
USER_IGNORED = 'the "user" directive makes sense only if the master process runs with super-user privileges, ignored'
CONF = "/etc/nginx/nginx.conf"
TEMPORARIES = ("/var/cache/nginx/client_temp", "/var/lib/nginx/body")  # of nginx's own packages, of Debian's


@command(
    "?hvVtTqs:p:e:c:g:",
    most=0,
    synopsis="[-?hvVtTq] [-s signal] [-p prefix] [-e filename] [-c filename] [-g directives]",
    about="Serve HTTP",
)
async def nginx(proc: Proc, options: Options, operands: list[str]) -> int:
    version = await said(proc) or proc.env.get("NGINX_VERSION", "1.30.5")
    if options.any("vV"):
        await proc.err(f"nginx version: nginx/{version}\n")
        return 0
    path = options.get("c", CONF)
    try:
        settings = read(proc, path, options.get("g"))
        if "s" in options:
            return await _signal(proc, settings, options["s"])
        if "t" in options:
            await proc.err(f"nginx: the configuration file {path} syntax is ok\n")
            await proc.err(f"nginx: configuration file {path} test is successful\n")
            return 0
        if proc.uid != 0 and settings.user:
            ignored = f"{USER_IGNORED} in {path}"
            await proc.err(_stamp(proc, "warn", ignored) + f"nginx: [warn] {ignored}\n")
        master = Master(proc, settings, path, options.get("g"), version)
        master.bind()
    except ConfError as error:
        await proc.err(_stamp(proc, "emerg", str(error)) + f"nginx: [emerg] {error}\n")
        if "t" in options:
            await proc.err(f"nginx: configuration file {path} test failed\n")
        return 1
    if not settings.daemon:
        return await master.run(proc)
    proc.fork(master.detached)
    return 0


async def _signal(proc: Proc, settings: Settings, name: str) -> int:
    """`nginx -s NAME`."""
    if name not in COMMANDS:
        await proc.err(f'nginx: invalid option: "-s {name}"\n')
        return 1
    try:
        pid = int(proc.read_file(settings.pid).strip() or b"0")
        proc.kill(pid, COMMANDS[name])
    except FileNotFoundError:
        raise ConfError(f'open() "{settings.pid}" failed (2: No such file or directory)') from None
    except (ValueError, ProcessLookupError):
        raise ConfError(f'invalid PID number "" in "{settings.pid}"') from None
    await proc.err(_stamp(proc, "notice", "signal process started"))
    return 0


def _open_files(proc: Proc) -> str:
    """The limit of open files, "soft:hard"."""
    for line in proc.read_file("/proc/self/limits").decode().splitlines():
        if line.startswith("Max open files"):
            return ":".join(line.split()[3:5])
    return "unlimited"


def _stamp(proc: Proc, level: str, text: str) -> str:
    """A line of the error log."""
    now = datetime.fromtimestamp(proc.now() // SECOND, UTC)
    return f"{now:%Y/%m/%d %H:%M:%S} [{level}] {proc.pid}#{proc.pid}: {text}\n"


class Master:
    """Holds the sockets, starts the workers, and does what signals ask for."""

    def __init__(self, proc: Proc, settings: Settings, path: str, more: str, version: str) -> None:
        self._proc, self._settings, self._path, self._more, self._version = proc, settings, path, more, version
        self._listeners: list[int] = []
        self._workers: dict[int, bool] = {}  # pid: was it told to go?
        self._signals: list[int] = []
        self._error_log = self._access_log = 2
        self._quitting = False

    def bind(self) -> None:
        """Open logs and sockets. Raises ConfError."""
        proc, settings = self._proc, self._settings
        self._error_log = self._open(words_of(settings.main, "error_log", ["/var/log/nginx/error.log"])[0])
        access = words_of(settings.http, "access_log", ["/var/log/nginx/access.log"])[0]
        self._access_log = self._open(access) if access != "off" else self._error_log
        temporary = next((path for path in TEMPORARIES if proc.access(path.rpartition("/")[0], 0)), TEMPORARIES[0])
        try:
            proc.mkdir(temporary, 0o700)
        except FileExistsError:
            pass
        except OSError as error:
            raise ConfError(f'mkdir() "{temporary}" failed ({error.errno}: {error.strerror})') from None
        for address, port in Site(proc, settings.http, self._version).listens():
            try:
                self._listeners.append(proc.net.listen(address, port).fd)
            except OSError as error:
                raise ConfError(f"bind() to {address}:{port} failed ({error.errno}: {error.strerror})") from None

    def _open(self, path: str) -> int:
        try:
            return self._proc.open(path, O_WRONLY | O_CREAT | O_APPEND)
        except OSError as error:
            raise ConfError(f'open() "{path}" failed ({error.errno}: {error.strerror})') from None

    async def detached(self, proc: Proc) -> int:
        """The master in the background (`daemon on`)."""
        proc.setsid()
        return await self.run(proc)

    async def run(self, proc: Proc) -> int:
        self._proc = proc
        for number in NAMES:
            proc.signal(number, self._signals.append)
        proc.write_file(self._settings.pid, f"{proc.pid}\n".encode())
        system = proc.uname()
        for line in ('using the "epoll" event method', f"nginx/{self._version}", f"OS: Linux {system['release']}",
                     f"getrlimit(RLIMIT_NOFILE): {_open_files(proc)}", "start worker processes"):  # fmt: skip
            await self._note(line)
        proc.argv = [f"nginx: master process {' '.join(proc.argv)}"]
        await self._start_workers()
        while self._workers:
            with suppress(InterruptedError):
                await self._reap(*await proc.wait())
            while self._signals:
                await self._obey(self._signals.pop(0))
        await self._note("exit")
        proc.unlink(self._settings.pid)
        return 0

    async def _note(self, text: str) -> None:
        await self._proc.write(self._error_log, _stamp(self._proc, "notice", text).encode())

    async def _start_workers(self) -> None:
        for _ in range(self._settings.workers):
            await self._start_worker()

    async def _start_worker(self) -> None:
        logs = (self._error_log, self._access_log)
        pid = self._proc.fork(Worker(self._settings, self._listeners, logs, self._version).run)
        self._workers[pid] = False
        await self._note(f"start worker process {pid}")

    async def _reap(self, pid: int, status: int) -> None:
        told = self._workers.pop(pid, True)
        how = f"exited with code {status}" if status >= 0 else f"exited on signal {-status}"
        await self._note(f"signal {SIGCHLD} (SIGCHLD) received from {pid}")
        await self._note(f"worker process {pid} {how}")
        if not told and not self._quitting:
            await self._start_worker()

    async def _obey(self, number: int) -> None:
        what = {SIGQUIT: ", shutting down", SIGTERM: ", exiting", SIGINT: ", exiting", SIGHUP: ", reconfiguring",
                SIGUSR1: ", reopening logs"}[number]  # fmt: skip
        await self._note(f"signal {number} ({NAMES[number]}) received{what}")
        if number in (SIGQUIT, SIGTERM, SIGINT):
            self._quitting = True
            self._dismiss(list(self._workers), SIGQUIT if number == SIGQUIT else SIGTERM)
        elif number == SIGHUP:
            await self._reload()

    def _dismiss(self, pids: Sequence[int], number: int) -> None:
        for pid in pids:
            self._workers[pid] = True
            self._proc.kill(pid, number)

    async def _reload(self) -> None:
        """New workers with the new configuration, if it is good; then the old ones go."""
        try:
            settings = read(self._proc, self._path, self._more)
        except ConfError as error:
            await self._proc.write(self._error_log, _stamp(self._proc, "emerg", str(error)).encode())
            return
        old, self._settings = list(self._workers), settings
        await self._note("start worker processes")
        await self._start_workers()
        self._dismiss(old, SIGQUIT)


class Worker:
    """Answers."""

    def __init__(self, settings: Settings, listeners: list[int], logs: tuple[int, int], version: str) -> None:
        self._settings, self._listeners, self._version = settings, listeners, version
        self._error_log, self._access_log = logs
        self._requests = 0

    async def run(self, proc: Proc) -> int:
        self._proc = proc
        proc.argv = ["nginx: worker process"]
        user = accounts.user(proc, self._settings.user)
        if user is not None and proc.uid == 0:
            proc.setuid(user.uid, user.gid)
        self._site = Site(proc, self._settings.http, self._version)
        server = Server(proc, self._listeners, self._answer, self._settings.idle)
        asked: list[int] = []

        def leave(number: int) -> None:
            asked.append(number)
            server.stop()

        for number in (SIGQUIT, SIGTERM, SIGINT):
            proc.signal(number, leave)
        proc.signal(SIGHUP, SIG_IGN)
        await server.run()
        if SIGQUIT in asked:
            await self._log(self._error_log, _stamp(proc, "notice", "gracefully shutting down"))
        for word in ("exiting", "exit"):
            await self._log(self._error_log, _stamp(proc, "notice", word))
        return 0

    async def _log(self, fd: int, line: str) -> None:
        await self._proc.write(fd, line.encode())

    async def _answer(self, visit: Visit) -> Reply:
        self._requests += 1
        reply = await self._site.answer(visit)
        for text in self._site.error_lines:
            await self._log(self._error_log, _stamp(self._proc, "error", f"*{self._requests} {text}"))
        self._site.error_lines.clear()
        if line := self._site.access_line(visit, reply):
            await self._log(self._access_log, line)
        return reply
