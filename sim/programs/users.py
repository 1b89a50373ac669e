"""adduser, addgroup, deluser, delgroup, useradd, groupadd: lines of passwd(5), group(5), shadow(5); and getent."""

from __future__ import annotations

from contextlib import suppress

from sim.abi import Proc
from sim.programs import accounts
from sim.programs.accounts import Group, User
from sim.programs.options import Failure, Options, Usage, command, is_gnu

FIRST, LAST, SYSTEM = 1000, 59999, 100


@command(
    "h:s:g:G:u:k:HDSr",
    synopsis="[OPTIONS] USER [GROUP]",
    about="Create new user, or add USER to GROUP\n\n\t-h DIR\tHome directory\n"
    "\t-g GECOS\tGECOS field\n\t-s SHELL\tLogin shell\n"
    "\t-G GRP\tGroup\n\t-S\tCreate a system user\n\t-D\tDon't assign a password\n\t-H\tDon't create home directory\n"
    "\t-u UID\tUser id",
    long={"home:": "h", "shell:": "s", "gecos:": "g", "ingroup:": "G", "uid:": "u", "system": "S",
          "no-create-home": "H",
          "disabled-password": "D"},
    gnu={"disabled-login": "D", "group": "group", "gid:": "gid"},
    least=1,
    most=2,
)  # fmt: skip
async def adduser(proc: Proc, options: Options, operands: list[str]) -> int:
    name, *group = operands
    if group:
        return join(proc, name, group[0])
    root_only(proc)
    if accounts.user(proc, name) is not None:
        raise Failure(f"user '{name}' in use")
    uid = _free([user.uid for user in accounts.users(proc)], options, "u")
    if "G" in options:
        gid = accounts.gid_of(proc, options["G"])
    elif (own := accounts.group(proc, name)) is not None:
        gid = own.gid
    else:
        taken = {group.gid for group in accounts.groups(proc)}
        gid = uid if uid not in taken else _free(sorted(taken), options, "")
        _append(proc, "/etc/group", Group(name, gid, ()).line())
    home = options.get("h", f"/home/{name}")
    system = options.any("Sr")
    shell = options.get("s") or ("/sbin/nologin" if system else "/bin/bash" if is_gnu(proc) else "/bin/sh")
    _new_user(proc, User(name, uid, gid, options.get("g", "" if is_gnu(proc) else "Linux User,,,"), home, shell))
    if "H" not in options and not (system and "h" not in options):
        _home(proc, home, uid, gid)
    return 0


@command(
    "d:s:c:g:G:u:mMrUNo",
    synopsis="[options] LOGIN",
    about="Create a new user",
    long={"home-dir:": "d", "shell:": "s", "comment:": "c", "gid:": "g", "groups:": "G", "uid:": "u",
          "create-home": "m",
          "no-create-home": "M", "system": "r", "user-group": "U", "no-user-group": "N"},
    least=1,
    most=1,
)  # fmt: skip
async def useradd(proc: Proc, options: Options, operands: list[str]) -> int:
    root_only(proc)
    name = operands[0]
    if accounts.user(proc, name) is not None:
        raise Failure(f"user '{name}' already exists", 9)
    given = Options([("S", "")] if "r" in options else [])
    uid = int(options["u"]) if "u" in options else _free([user.uid for user in accounts.users(proc)], given, "u")
    if "g" in options:
        gid = accounts.gid_of(proc, options["g"])
    else:
        gid = _free([group.gid for group in accounts.groups(proc)], given, "")
        _append(proc, "/etc/group", Group(name, gid, ()).line())
    home = options.get("d", f"/home/{name}")
    _new_user(proc, User(name, uid, gid, options.get("c"), home, options.get("s", "/bin/sh")))
    for group in filter(None, options.get("G").split(",")):
        join(proc, name, group)
    if "m" in options:
        _home(proc, home, uid, gid)
    return 0


@command("g:S", synopsis="[-g GID] [-S] [USER] GROUP", about="Add a group or add a user to a group\n\n"
         "\t-g GID\tGroup id\n"
         "\t-S\tCreate a system group", long={"gid:": "g", "system": "S"}, least=1, most=2)  # fmt: skip
async def addgroup(proc: Proc, options: Options, operands: list[str]) -> int:
    if len(operands) == 2:
        return join(proc, *operands)
    root_only(proc)
    if accounts.group(proc, operands[0]) is not None:
        raise Failure(f"group '{operands[0]}' in use")
    gid = _free([group.gid for group in accounts.groups(proc)], options, "g")
    _append(proc, "/etc/group", Group(operands[0], gid, ()).line())
    return 0


@command("g:rfo", synopsis="[options] GROUP", about="Create a new group",
         long={"gid:": "g", "system": "r", "force": "f"},
         least=1, most=1)  # fmt: skip
async def groupadd(proc: Proc, options: Options, operands: list[str]) -> int:
    root_only(proc)
    if accounts.group(proc, operands[0]) is not None:
        if "f" in options:
            return 0
        raise Failure(f"group '{operands[0]}' already exists", 9)
    given = Options([*options.given, *([("S", "")] if "r" in options else [])])
    gid = _free([group.gid for group in accounts.groups(proc)], given, "g")
    _append(proc, "/etc/group", Group(operands[0], gid, ()).line())
    return 0


@command("", synopsis="[--remove-home] USER [GROUP]", about="Delete USER from the system, or from GROUP",
         long={"remove-home": "remove"}, least=1, most=2)  # fmt: skip
async def deluser(proc: Proc, options: Options, operands: list[str]) -> int:
    root_only(proc)
    name = operands[0]
    if accounts.user(proc, name) is None:
        raise Failure(f"unknown user {name}")
    if len(operands) == 2:
        return leave(proc, name, operands[1])
    for group in accounts.groups(proc):
        if name in group.members:
            leave(proc, name, group.name)
    for path in ("/etc/passwd", "/etc/shadow"):
        drop(proc, path, name)
    own = accounts.group(proc, name)
    if own is not None and not own.members:
        drop(proc, "/etc/group", name)
    return 0


@command(
    synopsis="[USER] GROUP", about="Delete group GROUP from the system or user USER from group GROUP", least=1, most=2
)
async def delgroup(proc: Proc, options: Options, operands: list[str]) -> int:
    root_only(proc)
    if len(operands) == 2:
        return leave(proc, *operands)
    if accounts.group(proc, operands[0]) is None:
        raise Failure(f"unknown group {operands[0]}")
    drop(proc, "/etc/group", operands[0])
    return 0


def root_only(proc: Proc) -> None:
    """Raises Failure."""
    if proc.getuid():
        raise Failure("Permission denied." if is_gnu(proc) else "must be root")


def _free(taken: list[int], options: Options, letter: str) -> int:
    """The number that is asked for, or the lowest free one of its range."""
    if letter and letter in options:
        if not options[letter].isdigit():
            raise Failure(f"invalid number '{options[letter]}'")
        if int(options[letter]) in taken:
            raise Failure(f"{'uid' if letter == 'u' else 'gid'} '{options[letter]}' in use")
        return int(options[letter])
    first, last = (SYSTEM, FIRST - 1) if "S" in options else (FIRST, LAST)
    return next(number for number in range(first, last + 1) if number not in taken)


def _new_user(proc: Proc, user: User) -> None:
    _append(proc, "/etc/passwd", user.line())
    if proc.access("/etc/shadow", 0):
        days = proc.now() // (86400 * 10**9)
        _append(proc, "/etc/shadow", f"{user.name}:!:{days}:0:99999:7:::")


def _home(proc: Proc, home: str, uid: int, gid: int) -> None:
    with suppress(FileExistsError):
        parts = home.strip("/").split("/")
        for count in range(1, len(parts)):
            with suppress(FileExistsError):
                proc.mkdir("/" + "/".join(parts[:count]))
        proc.mkdir(home)
    proc.chown(home, uid, gid)
    proc.chmod(home, 0o755)


def _append(proc: Proc, path: str, line: str) -> None:
    text = proc.read_file(path) if proc.access(path, 0) else b""
    newline = b"" if not text or text.endswith(b"\n") else b"\n"
    proc.write_file(path, text + newline + line.encode() + b"\n")


def drop(proc: Proc, path: str, name: str) -> None:
    """Remove somebody's line."""
    with suppress(FileNotFoundError):
        lines = proc.read_file(path).splitlines(keepends=True)
        proc.write_file(path, b"".join(line for line in lines if line.partition(b":")[0] != name.encode()))


def join(proc: Proc, name: str, group: str) -> int:
    """Make a user a member of a group. Raises Failure."""
    root_only(proc)
    if accounts.user(proc, name) is None:
        raise Failure(f"unknown user {name}")
    return _members(proc, group, lambda members: (*members, *((name,) if name not in members else ())))


def leave(proc: Proc, name: str, group: str) -> int:
    """Make a user no member of a group any more. Raises Failure."""
    return _members(proc, group, lambda members: tuple(member for member in members if member != name))


def _members(proc: Proc, name: str, change: object) -> int:
    found = accounts.group(proc, name)
    if found is None:
        raise Failure(f"unknown group {name}")
    assert callable(change)
    line = Group(name, found.gid, change(found.members)).line()
    rows = proc.read_file("/etc/group").decode(errors="surrogateescape").splitlines()
    changed = [line if row.partition(":")[0] == name else row for row in rows]
    proc.write_file("/etc/group", ("\n".join(changed) + "\n").encode(errors="surrogateescape"))
    return 0


@command(synopsis="DATABASE [KEY]...", about="Get entries from the administrative databases", least=1)
async def getent(proc: Proc, options: Options, operands: list[str]) -> int:
    database, *keys = operands
    if database == "hosts" or database == "ahosts":
        return await _hosts(proc, keys)
    if database not in ("passwd", "group"):
        raise Usage(f"Unknown database: {database}")
    rows = [(user.name, user.uid, user.line()) for user in accounts.users(proc)]
    if database == "group":
        rows = [(group.name, group.gid, group.line()) for group in accounts.groups(proc)]
    status = 0
    for key in keys:
        found = [line for name, number, line in rows if key in (name, str(number))]
        status = status if found else 2
        await proc.out("".join(line + "\n" for line in found[:1]))
    if not keys:
        await proc.out("".join(line + "\n" for _, _, line in rows))
    return status


async def _hosts(proc: Proc, keys: list[str]) -> int:
    if not keys:
        for line in proc.read_file("/etc/hosts").decode().splitlines():
            words = line.partition("#")[0].split()
            if words:
                await proc.out(f"{words[0]:<15} {' '.join(words[1:])}\n")
    status = 0
    for key in keys:
        try:
            found = await proc.net.resolve(key)
            await proc.out(f"{found[0]:<15} {key}\n")
        except OSError:
            status = 2
    return status
