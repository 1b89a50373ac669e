"""Which coroutine is behind an executable file: a table for programs, and one for the applets of busybox.

An executable begins with the ELF magic and `glassdock:NAME` (sim/kernel/loader.py reads that). Rows are
"module:function"; modules are imported when a program is first run, so that starting the simulated host stays quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module

from sim.abi import Main, Proc

# module → the commands in it; "name=function" where they differ
COMMANDS: dict[str, str] = {
    "sim.programs.archives": "tar",
    "sim.programs.attributes": "chgrp chmod chown sync touch truncate",
    "sim.programs.clock": "cal date sleep uptime usleep",
    "sim.programs.checksums": "cksum md5sum sha1sum sha224sum sha256sum sha384sum sha512sum",
    "sim.programs.compression": "gunzip gzip zcat",
    "sim.programs.copying": "cp install mv",
    "sim.programs.dd": "dd",
    "sim.programs.disks": "df du",
    "sim.programs.finding": "find",
    "sim.programs.identity": "arch dnsdomainname groups hostname id logname nproc tty uname w who whoami",
    "sim.programs.kernelsettings": "sysctl",
    "sim.programs.killing": "kill killall pgrep pidof pkill",
    "sim.programs.listing": "ls",
    "sim.programs.machine": "dmesg free stty top",
    "sim.programs.making": "link ln mkdir mkfifo mknod mktemp",
    "sim.programs.numbers": "bc factor",
    "sim.programs.pager": "less=more more",
    "sim.programs.plain": "basename cat clear dirname echo false nologin printenv pwd readlink realpath "
    "reset true vi which",
    "sim.programs.network.interfaces": "ifconfig ip route",
    "sim.programs.network.nc": "nc",
    "sim.programs.network.netstat": "netstat nslookup",
    "sim.programs.network.tracing": "arp telnet traceroute",
    "sim.programs.network.ping": "ping",
    "sim.programs.network.wget": "wget",
    "sim.programs.printf": "printf=main",
    "sim.programs.ps": "ps pstree",
    "sim.programs.removing": "rm rmdir unlink",
    "sim.programs.services.busybox_httpd": "httpd",
    "sim.programs.shell.command": "ash sh=ash",
    "sim.programs.running": "chroot env nice nohup setpriv setsid su time timeout watch",
    "sim.programs.spaces.mounts": "mount mountpoint pivot_root umount",
    "sim.programs.spaces.nsenter": "nsenter",
    "sim.programs.spaces.unshare": "unshare",
    "sim.programs.status": "stat",
    "sim.programs.accounts_changed": "chpasswd passwd",
    "sim.programs.test": "[=main test=main",
    "sim.programs.text.awk.program": "awk",
    "sim.programs.text.changing": "base64 expr fold hd=od hexdump=od od paste seq tr xargs yes",
    "sim.programs.text.comparing": "cmp diff",
    "sim.programs.text.grep": "egrep=grep fgrep=grep grep",
    "sim.programs.text.parts": "cut head nl rev strings tac tail tee wc",
    "sim.programs.text.pieces": "expand split unexpand xxd",
    "sim.programs.text.sed": "sed",
    "sim.programs.text.sorting": "comm shuf sort uniq",
    "sim.programs.trees": "tree",
    "sim.programs.users": "addgroup adduser delgroup deluser getent",
}


def _rows(table: dict[str, str]) -> dict[str, str]:
    """name → "module:function" """
    words = ((module, *word.partition("=")) for module, listed in table.items() for word in listed.split())
    return {name: f"{module}:{function or name}" for module, name, _, function in words}


APPLETS: dict[str, str] = _rows(COMMANDS)
# Debian's programs are files of their own; what is behind them is the same, in GNU's wording
PROGRAMS: dict[str, str] = APPLETS | _rows(
    {
        "sim.programs.about": "lsb_release lscpu",
        "sim.programs.absent": "absent",
        "sim.programs.accounts_changed": "groupdel groupmod userdel usermod",
        "sim.programs.burning": "stress",
        "sim.programs.cowsay": "cowsay",
        "sim.programs.hello": "brief hello=main",
        "sim.programs.network.curl": "curl",
        "sim.programs.network.lookups": "dig host",
        "sim.programs.network.tracing": "ss",
        "sim.programs.packages.apk": "apk",
        "sim.programs.packages.apt": "apt apt-get=apt_get",
        "sim.programs.packages.apt_cache": "apt-cache=apt_cache apt-mark=apt_mark",
        "sim.programs.packages.dpkg": "dpkg dpkg-query=dpkg",
        "sim.programs.packages.npm": "npm npx",
        "sim.programs.packages.yarn": "yarn",
        "sim.programs.packages.pip": "pip pip3=pip",
        "sim.programs.python.command": "python3",
        "sim.programs.packages.upkeep": "debconf-set-selections=debconf_set_selections ldconfig locale "
        "locale-gen=locale_gen localedef "
        "update-alternatives=update_alternatives update-ca-certificates=update_ca_certificates",
        "sim.programs.spaces.lsns": "capsh lsns",
        "sim.programs.spaces.mounts": "findmnt",
        "sim.programs.services.apache": "httpd",
        "sim.programs.mysql.admin": "mysqladmin",
        "sim.programs.mysql.client": "mysql",
        "sim.programs.mysql.dump": "mysqldump",
        "sim.programs.mysql.server": "mysqld",
        "sim.programs.postgres.dump": "pg_dump",
        "sim.programs.postgres.initdb": "createdb dropdb initdb pg_isready",
        "sim.programs.postgres.psql": "psql",
        "sim.programs.postgres.server": "postgres",
        "sim.programs.services.databases": "mongod",
        "sim.programs.services.htpasswd": "htpasswd",
        "sim.programs.node.command": "node",
        "sim.programs.services.memcached": "memcached",
        "sim.programs.services.nginx": "nginx",
        "sim.programs.services.redis_cli": "redis-cli=redis_cli",
        "sim.programs.services.redis_server": "redis-server=main",
        "sim.programs.services.registry": "registry=main",
        "sim.programs.services.whoami": "whoami-server=whoami",
        "sim.programs.shell.command": "bash dash",
        "sim.programs.tini": "tini",
        "sim.programs.trees": "file",
        "sim.programs.users": "groupadd useradd",
    }
)


def find(name: str, argv: Sequence[str]) -> Main | None:
    """The program behind `glassdock:NAME`, run as `argv`; None if there is no such program."""
    if name == "busybox":
        applet = argv[0].rpartition("/")[2].removeprefix("-") if argv else "busybox"
        return busybox if applet == "busybox" else _load(APPLETS.get(applet, "")) or not_found
    return _load(PROGRAMS.get(name, ""))


@cache
def _load(row: str) -> Main | None:
    module, _, function = row.partition(":")
    if not function:
        return None
    main: Main = getattr(import_module(module), function)
    return main


async def busybox(proc: Proc) -> int:
    """`busybox NAME ARGS…`, or the list of applets."""
    if len(proc.argv) > 1 and not proc.argv[1].startswith("-"):
        proc.argv = proc.argv[1:]
        return await (_load(APPLETS.get(proc.argv[0], "")) or not_found)(proc)
    names = sorted(APPLETS)
    if "--list" in proc.argv[1:2]:
        await proc.out("".join(f"{name}\n" for name in names))
        return 0
    await proc.out(
        "BusyBox v1.37.0 multi-call binary.\n\n"
        "Usage: busybox [function [arguments]...]\n   or: busybox --list\n   or: function [arguments]...\n\n"
        "Currently defined functions:\n\t" + ", ".join(names) + "\n"
    )
    return 0


async def not_found(proc: Proc) -> int:
    await proc.err(f"{proc.argv[0].rpartition('/')[2]}: applet not found\n")
    return 127
