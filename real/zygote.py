"""The process that every container begins as a copy of: small, with one thread, so that it can be cloned at any moment.

The daemon, which has threads, never forks. It sends requests over a socket pair, each with a socket of its own for what
concerns that one process (`control`); the zygote sends back when a process has ended. A request's life:

    daemon -> zygote    create | exec  (serial, …), files: control, stdin, stdout, stderr
    control -> daemon   cloned pid       from the zygote;  ready times  or  failed text times, from the clone
    daemon -> control   go               the clone executes the program; end of file says that it has
    zygote -> daemon    exited serial status

The clone may have been made before it was asked for: see real/spare.py.

When the daemon is gone, the zygote ends what runs and takes the groups away; or, with `--live-restore`, only what the
daemon has not asked it to keep, and waits for the next daemon. Twin: the loader of sim/.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
import time
from typing import Any

from real import capabilities, clone, init, keeping, namespaces, rootfs, spare, syscalls, wire
from real.cgroups import make as make_cgroups
from real.keeping import Keeper, Kept
from real.performing import Container, Failure, Handler, Surroundings, Times, handlers, perform, reason
from real.syscalls import NAMESPACES

COLLECT_EVERY = 256  # requests


class Zygote:
    """One per daemon. `run` returns when the daemon is gone and there is nothing to keep for another."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.table: dict[str, Handler] = handlers()
        self.outside = {**self.table, "JoinNamespace": self._take_hold}
        self.serials: dict[int, int] = {}  # of each process
        self.pids: dict[int, int] = {}  # and back
        self.first: dict[str, int] = {}  # process of each container
        self.groups: dict[int, str] = {}  # cgroup of each first process
        self.parents: set[str] = set()  # of those groups
        self.own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self.own_files = [connection.fileno(), self.own_pids]
        self.surroundings: Surroundings | None = None
        self.nursery = spare.Nursery()
        self.spare: spare.Spare | None = None
        _, permitted, bounding = capabilities.own()
        self.capabilities = (permitted, bounding)
        self.requests = 0
        self.keeper = Keeper()
        self.poll = select.poll()

    def run(self) -> None:
        """Serve."""
        woken, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self.own_files += [woken, wake]
        self.poll.register(self.connection, select.POLLIN)
        self.poll.register(woken, select.POLLIN)
        gc.freeze()
        gc.disable()
        while True:
            for fd, _ in self.poll.poll():
                if fd == woken:
                    os.read(woken, 4096)
                    self.reap()
                elif self.keeper.door is not None and fd == self.keeper.door.fileno():
                    self.let_in()
                elif fd == self.connection.fileno() and not self.serve() and not self.stay():
                    return

    # -- from one daemon to the next

    def stay(self) -> bool:
        """The daemon is gone: wait for the next one? What it has not asked to keep ends."""
        if self.keeper.door is None or not self.keeper.entries:
            return False
        self.poll.unregister(self.connection)
        self.own_files.remove(self.connection.fileno())
        self.connection.close()
        keeping.be_silent()
        for serial, pid in self.pids.items():
            if serial not in self.keeper.entries:
                os.kill(pid, signal.SIGKILL)
        self.poll.register(self.keeper.door, select.POLLIN)
        return True

    def let_in(self) -> None:
        """The next daemon is here; until it is gone, nobody else is let in."""
        assert self.keeper.door is not None
        self.poll.unregister(self.keeper.door)
        self.connection = self.keeper.let_in()
        self.own_files.append(self.connection.fileno())
        self.poll.register(self.connection, select.POLLIN)

    def on_keep(self, files: list[int], serial: int, id: str, note: bytes) -> None:
        if serial in self.pids:
            self.keeper.entries[serial] = Kept(id, self.pids[serial], note, files)
            return
        for fd in files:  # it has ended already
            os.close(fd)

    def on_close_input(self, files: list[int], serial: int) -> None:
        self.keeper.close_input(serial)

    def on_forget(self, files: list[int], serial: int) -> None:
        self.keeper.forget(serial)

    def on_end(self, files: list[int]) -> None:
        """The daemon will not have a successor."""
        self.keeper.close()

    # -- requests

    def serve(self) -> bool:
        """One message; False when there will be no more."""
        try:
            received = wire.receive(self.connection)
        except ConnectionError:
            return False
        if received is None:
            return False
        (verb, *arguments), files = received
        try:
            getattr(self, f"on_{verb}")(files, *arguments)
        except Exception:  # whoever asked hears that its control is closed; the others' containers go on
            sys.excepthook(*sys.exc_info())
            for fd in files:
                with contextlib.suppress(OSError):
                    os.close(fd)
        self.requests += 1
        if self.requests % COLLECT_EVERY == 0:
            gc.collect()
        return True

    def on_begin(self, files: list[int], settings: dict[str, Any]) -> None:
        groups = settings["cgroups"]
        self.surroundings = Surroundings(
            settings["root"],
            settings["store"],
            settings["place"],
            make_cgroups(groups) if groups else None,
            settings["rootless"],
            settings["copying"],
        )
        self.nursery.close()
        if settings["door"] and self.keeper.door is None:
            self.keeper.open_door(settings["door"])

    def on_kill(self, files: list[int], serial: int, number: int) -> None:
        """Its number is its own until it is reaped, which nobody else does."""
        if (pid := self.pids.get(serial)) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def on_create(self, files: list[int], serial: int, id: str, options: Any, operations: Any) -> None:
        """Up to `Unshare` here, the rest in the clone."""
        assert self.surroundings is not None
        control = socket.socket(fileno=files[0])
        options["own_capabilities"] = self.capabilities
        container = Container(self.surroundings, options, control, files[1:], {})
        times: Times = []
        split = next(number for number, (kind, *_) in enumerate(operations) if kind == "Unshare")
        try:
            perform(container, self.outside, operations[:split], times)
            begin = time.monotonic_ns()
            rootfs.open_sources(container, operations)
            pid = self._take_spare(container, operations, split, begin, times)
            pid = pid or self._clone(container, operations, split, begin, times)
            self._born(pid, serial, control)
            self.first[id], self.groups[pid] = pid, container.cgroup
            self.parents.add(container.cgroup.rpartition("/")[0])
        except Failure as failure:
            clone.send(control, ("failed", str(failure), times))
        finally:
            for fd in {container.root, *container.targets.values()} - {-1}:
                os.close(fd)
            rootfs.close_sources(container)
            clone.close(control, files)
        self._have_spare(operations[: split + 1])

    def _take_spare(self, container: Container, operations: Any, split: int, begin: int, times: Times) -> int:
        """The process that waits in fresh namespaces becomes this container's first; 0 if there is none that fits."""
        waiting = self.spare
        if waiting is None or not spare.fits(operations[: split + 1]):
            return 0
        self.spare = None
        try:
            spare.hand_over(waiting.socket, container, operations[split:], begin, times)
            return waiting.pid
        except OSError:  # somebody has killed it
            return 0
        finally:
            waiting.socket.close()

    def _have_spare(self, operations: Any) -> None:
        """For the next container, if it is like this one."""
        assert self.surroundings is not None
        if self.spare is None and spare.possible(self.surroundings) and spare.fits(operations):
            flags = namespaces.flags_of(operations[-1][1])
            self.spare = self.nursery.order(flags, self.surroundings, self.table, self._not_theirs())

    def _not_theirs(self) -> list[int]:
        """Open files that a copy of this process has no business with."""
        spare = [self.spare.socket.fileno()] if self.spare is not None else []
        return self.own_files + spare + self.nursery.descriptors + self.keeper.descriptors

    def _take_hold(self, container: Container, type: str, target: str) -> None:
        """JoinNamespace before the clone: from inside another PID namespace the process could not be named."""
        if target == "host" or target in container.targets:
            return
        pid = self.first.get(target.removeprefix("container:"))
        if pid is None:
            raise Failure(f"cannot join the {type} namespace of {target}: it does not run")
        container.targets[target] = syscalls.pidfd_open(pid)

    def _clone(self, container: Container, operations: Any, split: int, begin: int, times: Times) -> int:
        group = -1
        joined = next((target for _, type, target in clone.joins(operations[:split]) if type == "pid"), "host")
        try:
            if container.surroundings.cgroups is not None:
                group = container.surroundings.cgroups.entrance(container.cgroup)
            flags = namespaces.flags_of(operations[split][1])
            pid = self._clone_into(container.targets.get(joined, -1), flags, group)
        except OSError as error:
            times.append((begin, time.monotonic_ns() - begin))
            raise Failure(f"unable to clone: {reason(error)}") from error
        finally:
            if group >= 0:
                os.close(group)
        if pid == 0:
            clone.first_process(container, self.table, self._not_theirs(), operations, split, begin, times)
        return pid

    def _clone_into(self, target: int, flags: int, group: int) -> int:
        """clone, in the PID namespace of `target` (a pidfd, or -1 for this one); 0 in the copy."""
        if target < 0:
            return syscalls.clone(flags, group)
        if not self._rootless():
            syscalls.setns(target, NAMESPACES["pid"])  # for what is cloned next
            pid = -1
            try:
                pid = syscalls.clone(flags, group)
            finally:
                if pid:
                    syscalls.setns(self.own_pids, NAMESPACES["pid"])
            return pid
        return clone.by_another(target, flags, group)

    def _rootless(self) -> bool:
        return self.surroundings is not None and self.surroundings.rootless

    def on_exec(self, files: list[int], serial: int, id: str, options: Any, operations: Any) -> None:
        """One more process in a container's namespaces."""
        assert self.surroundings is not None
        control = socket.socket(fileno=files[0])
        options["own_capabilities"] = self.capabilities
        container = Container(self.surroundings, options, control, files[1:], {})
        container.cgroup = options["cgroup"]
        group = target = -1
        begin = time.monotonic_ns()
        try:
            target = syscalls.pidfd_open(self.first[id])
            if self.surroundings.cgroups is not None:
                group = self.surroundings.cgroups.entrance(container.cgroup)
            if options["traced"]:
                pid = clone.by_another(target, 0, group, lambda: clone.enter(container, target))
            else:
                pid = self._clone_into(target, 0, group)
            if pid == 0:
                inside = -1 if options["traced"] else target
                clone.further_process(container, self.table, self._not_theirs(), operations, inside, begin)
            self._born(pid, serial, control)
        except (OSError, KeyError) as error:
            clone.send(control, ("failed", f"cannot enter the container: {error}", [(begin, 0)]))
        finally:
            for fd in {group, target} - {-1}:
                os.close(fd)
            clone.close(control, files)

    def on_view(self, files: list[int], id: str, operations: Any) -> None:
        """A process that holds a snapshot's root, with what is bound into it, until its control is closed.

        A running container's root is that container's own mount: overlayfs cannot be mounted twice over one folder.
        """
        assert self.surroundings is not None
        control = socket.socket(fileno=files[0])
        container = Container(self.surroundings, {"terminal": False}, control, [], {})
        target = -1
        times: Times = []
        try:
            if id in self.first:
                target = syscalls.pidfd_open(self.first[id])
            else:
                perform(container, self.table, operations[:1], times)
            if syscalls.clone(0) == 0:
                clone.view(container, self.table, self._not_theirs(), operations, target)
        except (Failure, OSError) as failure:
            clone.send(control, ("failed", str(failure), times))
        finally:
            for fd in {target, container.root} - {-1}:
                os.close(fd)
            control.close()

    def _born(self, pid: int, serial: int, control: socket.socket) -> None:
        self.serials[pid], self.pids[serial] = serial, pid
        clone.send(control, ("cloned", pid))

    # -- ends

    def reap(self) -> None:
        """All that have ended are told of, in order."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            serial = self.serials.pop(pid, None)
            if serial is None:  # the spare, or an orphan of a container without a PID namespace
                if self.spare is not None and pid == self.spare.pid:
                    self.spare.socket.close()
                    self.spare = None
                continue
            del self.pids[serial]
            if self.groups.pop(pid, None) is not None:
                self.first = {id: first for id, first in self.first.items() if first != pid}
            code = os.waitstatus_to_exitcode(status)
            code = code if code >= 0 else 128 - code
            if serial in self.keeper.entries:
                self.keeper.entries[serial].status = code
            with contextlib.suppress(OSError):
                wire.send(self.connection, ("exited", serial, code))

    def clean_up(self) -> None:
        """The daemon is gone: nothing of what it ran is left."""
        signal.set_wakeup_fd(-1)
        groups = self.surroundings.cgroups if self.surroundings is not None else None
        paths = list(self.groups.values())
        self.nursery.close()
        if self.spare is not None and self.spare.pid:
            self.serials[self.spare.pid] = 0
        for pid in list(self.serials):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if groups is not None:
            for path in paths:
                with contextlib.suppress(OSError):
                    groups.kill(path)
                    groups.freeze(path, False)
        with contextlib.suppress(ChildProcessError):
            while self.serials:
                pid, _ = os.waitpid(-1, 0)
                self.serials.pop(pid, None)
        if groups is not None:
            for path in paths:
                with contextlib.suppress(OSError):
                    groups.remove(path)
            for path in sorted(self.parents - {""}, reverse=True):
                groups.remove_if_empty(path)


def main(fd: int) -> None:
    """The program: `fd` is its end of the socket pair, and the only file that it keeps from the daemon."""
    syscalls.close_range(3, fd - 1)
    syscalls.close_range(fd + 1)
    os.set_inheritable(fd, False)
    if os.geteuid() != 0:
        namespaces.become_root()
    # Its copies are inside containers for a moment: nobody may look into them.
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0)
    syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, 1)
    syscalls.prctl_name(b"glassdock-zygote")
    init.call_itself(["glassdock-zygote"])
    os.umask(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):  # as programs expect
        signal.signal(number, signal.SIG_DFL)
    zygote = Zygote(socket.socket(fileno=fd))
    zygote.run()
    zygote.clean_up()
    sys.exit(0)
