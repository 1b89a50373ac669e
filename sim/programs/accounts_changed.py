"""usermod, userdel, groupmod, groupdel, passwd, chpasswd: accounts that there are, changed. Source: shadow-utils.

A password is kept as a digest that only this simulated machine knows; `su` from root asks for none.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from sim.abi import Proc
from sim.programs import accounts
from sim.programs.accounts import Group, User
from sim.programs.options import Failure, Options, command
from sim.programs.users import drop, join, leave, root_only

PASSWD, SHADOW, GROUP = "/etc/passwd", "/etc/shadow", "/etc/group"
LOCKED = "!"


@command("aG:g:s:d:l:c:u:mLU", synopsis="[options] LOGIN", about="Modify a user account", least=1, most=1,
         long={"append": "a", "groups:": "G", "gid:": "g", "shell:": "s", "home:": "d", "login:": "l", "comment:": "c",
               "uid:": "u", "move-home": "m", "lock": "L", "unlock": "U"})  # fmt: skip
async def usermod(proc: Proc, options: Options, operands: list[str]) -> int:
    root_only(proc)
    user = _user(proc, operands[0])
    if "G" in options:
        wanted = [name for name in options["G"].split(",") if name]
        for name in wanted:
            if accounts.group(proc, name) is None:
                raise Failure(f"group '{name}' does not exist", 6)
        for group in accounts.groups(proc) if "a" not in options else ():
            if user.name in group.members and group.name not in wanted:
                leave(proc, user.name, group.name)
        for name in wanted:
            join(proc, user.name, name)
    gid = accounts.gid_of(proc, options["g"]) if "g" in options else user.gid
    uid = int(options["u"]) if options.get("u").isdigit() else user.uid
    changed = replace(user, gid=gid, uid=uid, shell=options.get("s", user.shell), home=options.get("d", user.home),
                      gecos=options.get("c", user.gecos), name=options.get("l", user.name))  # fmt: skip
    if "m" in options and "d" in options and proc.access(user.home, 0):
        proc.rename(user.home, changed.home)
    _rewrite(proc, PASSWD, user.name, lambda row: changed.line())
    if "L" in options or "U" in options or changed.name != user.name:
        _rewrite(proc, SHADOW, user.name, lambda row: _shadow(row, changed.name, options))
    return 0


def _shadow(row: str, name: str, options: Options) -> str:
    fields = row.split(":")
    bare = fields[1].lstrip(LOCKED)
    fields[0] = name
    fields[1] = LOCKED + bare if "L" in options else bare if "U" in options else fields[1]
    return ":".join(fields)


@command("rf", synopsis="[options] LOGIN", about="Delete a user account", least=1, most=1,
         long={"remove": "r", "force": "f"})  # fmt: skip
async def userdel(proc: Proc, options: Options, operands: list[str]) -> int:
    root_only(proc)
    user = _user(proc, operands[0])
    for group in accounts.groups(proc):
        if user.name in group.members:
            leave(proc, user.name, group.name)
    drop(proc, PASSWD, user.name)
    drop(proc, SHADOW, user.name)
    own = accounts.group(proc, user.name)
    if own is not None and not own.members and own.gid == user.gid:
        drop(proc, GROUP, user.name)
    if "r" in options and proc.access(user.home, 0):
        return await proc.run(["rm", "-rf", user.home])
    return 0


@command("g:n:", synopsis="[options] GROUP", about="Modify a group", least=1, most=1,
         long={"gid:": "g", "new-name:": "n"})  # fmt: skip
async def groupmod(proc: Proc, options: Options, operands: list[str]) -> int:
    root_only(proc)
    group = _group(proc, operands[0])
    gid = int(options["g"]) if options.get("g").isdigit() else group.gid
    changed = Group(options.get("n", group.name), gid, group.members)
    _rewrite(proc, GROUP, group.name, lambda row: changed.line())
    if gid != group.gid:
        for user in accounts.users(proc):
            if user.gid == group.gid:
                _rewrite(proc, PASSWD, user.name, lambda row, user=user: replace(user, gid=gid).line())  # type: ignore[misc]
    return 0


@command("f", synopsis="[options] GROUP", about="Delete a group", least=1, most=1)
async def groupdel(proc: Proc, options: Options, operands: list[str]) -> int:
    root_only(proc)
    group = _group(proc, operands[0])
    owner = next((user.name for user in accounts.users(proc) if user.gid == group.gid), None)
    if owner is not None:
        raise Failure(f"cannot remove the primary group of user '{owner}'", 8)
    drop(proc, GROUP, group.name)
    return 0


@command("dlue", synopsis="[-dlu] [USER]", about="Change USER's password (default: current user)", most=1,
         long={"delete": "d", "lock": "l", "unlock": "u", "expire": "e"})  # fmt: skip
async def passwd(proc: Proc, options: Options, operands: list[str]) -> int:
    own = accounts.user_of(proc, proc.getuid())
    user = _user(proc, operands[0] if operands else own.name if own else "")
    if proc.getuid() and user.uid != proc.getuid():
        raise Failure(f"You may not view or modify password information for {user.name}.")
    if "d" in options or "l" in options or "u" in options:
        word = "" if "d" in options else None
        _rewrite(proc, SHADOW, user.name, lambda row: _locked(row, options, word))
        await proc.out("passwd: password changed.\n")
        return 0
    typed = []
    for prompt in ("New password: ", "Retype new password: "):
        await proc.err(prompt)
        typed.append(await _hidden_line(proc))
        await proc.err("\n")
    if typed[0] != typed[1] or not typed[0]:
        await proc.err("Sorry, passwords do not match.\n" if typed[0] else "")
        await proc.err("passwd: Authentication token manipulation error\npasswd: password unchanged\n")
        return 10
    _set_password(proc, user.name, typed[0])
    await proc.err("passwd: password updated successfully\n")
    return 0


async def _hidden_line(proc: Proc) -> str:
    """A line of standard input, byte by byte, so that the next line stays there; what is typed is not shown."""
    terminal = proc.isatty(0)
    if terminal:
        proc.tcsetattr(0, echo=False)
    line = b""
    try:
        while (byte := await proc.read(0, 1)) not in (b"", b"\n"):
            line += byte
    finally:
        if terminal:
            proc.tcsetattr(0, echo=True)
    return line.decode(errors="replace")


@command("e", synopsis="[-e]", about="Read user:password from stdin and update /etc/passwd", most=0)
async def chpasswd(proc: Proc, options: Options, operands: list[str]) -> int:
    root_only(proc)
    number = 0
    async for line in proc.lines():
        number += 1
        name, colon, password = line.rstrip(b"\n").decode(errors="replace").partition(":")
        if not colon:
            raise Failure(f"line {number}: missing new password")
        if accounts.user(proc, name) is None:
            raise Failure(f"(user {name}) pam_chauthtok() failed, error:\nAuthentication token manipulation error")
        _set_password(proc, name, password)
    return 0


def _set_password(proc: Proc, name: str, password: str) -> None:
    digest = base64.b64encode(sha256(f"{name}:{password}".encode()).digest()).decode().rstrip("=")
    _rewrite(proc, SHADOW, name, lambda row: ":".join([name, f"{{SHA256}}{digest}", *row.split(":")[2:]]))


def _locked(row: str, options: Options, word: str | None) -> str:
    fields = row.split(":")
    bare = fields[1].lstrip(LOCKED)
    fields[1] = word if word is not None else LOCKED + bare if "l" in options else bare
    return ":".join(fields)


def _user(proc: Proc, name: str) -> User:
    found = accounts.user(proc, name)
    if found is None:
        raise Failure(f"user '{name}' does not exist", 6)
    return found


def _group(proc: Proc, name: str) -> Group:
    found = accounts.group(proc, name)
    if found is None:
        raise Failure(f"group '{name}' does not exist", 6)
    return found


def _rewrite(proc: Proc, path: str, name: str, change: Callable[[str], str]) -> None:
    """Replace the row of a user or group."""
    if not proc.access(path, 4):
        return
    rows = proc.read_file(path).decode(errors="surrogateescape").splitlines()
    changed = [change(row) if row.partition(":")[0] == name else row for row in rows]
    proc.write_file(path, "".join(f"{row}\n" for row in changed).encode(errors="surrogateescape"))
