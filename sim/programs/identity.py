"""Who and where one is: id, whoami, groups, logname, hostname, uname, arch, nproc, tty, who."""

from __future__ import annotations

from sim.abi import Proc
from sim.programs import accounts
from sim.programs.options import Failure, Options, Usage, command, complain, is_gnu


@command(
    "ugGnrz",
    synopsis="[-ugGnr] [USER]",
    about="Print information about USER or the current user\n\n\t-u\tUser ID\n\t-g\tGroup ID\n"
    "\t-G\tSupplementary group IDs\n\t-n\tPrint names instead of numbers\n\t-r\tPrint real ID instead of effective ID",
    gnu={"user": "u", "group": "g", "groups": "G", "name": "n", "real": "r"},
    most=1,
)
async def id(proc: Proc, options: Options, operands: list[str]) -> int:
    uid, gid, groups = _ids(proc, operands[0] if operands else "")
    users, names = accounts.user_names(proc), accounts.group_names(proc)
    if options.any("ugG"):
        table, numbers = {"u": (users, [uid]), "g": (names, [gid]), "G": (names, groups)}[options.last("ugG")]
        words = [table.get(number, str(number)) if "n" in options else str(number) for number in numbers]
        await proc.out(" ".join(words) + "\n")
        return 0
    if "n" in options:
        raise Failure("cannot print only names or real IDs in default format") if is_gnu(proc) else Usage()
    listed = ",".join(_named(number, names) for number in groups)
    shown = f" groups={listed}" if is_gnu(proc) or operands or len(groups) > 1 or proc.groups else ""
    await proc.out(f"uid={_named(uid, users)} gid={_named(gid, names)}{shown}\n")
    return 0


def _ids(proc: Proc, wanted: str) -> tuple[int, int, list[int]]:
    if not wanted:
        gid = proc.getgid()
        return proc.getuid(), gid, [gid, *(group for group in proc.groups if group != gid)]
    user = accounts.user(proc, wanted)
    if user is None and wanted.isdigit():
        user = accounts.user_of(proc, int(wanted))
    if user is None:
        raise Failure(f"'{wanted}': no such user" if is_gnu(proc) else f"unknown user {wanted}")
    return user.uid, user.gid, accounts.membership(proc, user.name, user.gid)


def _named(number: int, names: dict[int, str]) -> str:
    return f"{number}({names[number]})" if number in names else str(number)


@command(synopsis="", about="Print the user name associated with the current effective user id", most=0)
async def whoami(proc: Proc, options: Options, operands: list[str]) -> int:
    found = accounts.user_of(proc, proc.getuid())
    if found is None:
        if is_gnu(proc):
            raise Failure(f"cannot find name for user ID {proc.getuid()}")
        raise Failure(f"unknown uid {proc.getuid()}")
    await proc.out(found.name + "\n")
    return 0


@command(synopsis="[USER]", about="Print the groups USER is in", most=1)
async def groups(proc: Proc, options: Options, operands: list[str]) -> int:
    _, _, numbers = _ids(proc, operands[0] if operands else "")
    names = accounts.group_names(proc)
    start = f"{operands[0]} : " if operands and is_gnu(proc) else ""
    await proc.out(start + " ".join(names.get(number, str(number)) for number in numbers) + "\n")
    return 0


@command(synopsis="", about="Print the name of the current user", most=0)
async def logname(proc: Proc, options: Options, operands: list[str]) -> int:
    """Nobody has logged in to a container: there is no utmp."""
    await complain(proc, "no login name" if is_gnu(proc) else "getlogin: No such file or directory")
    return 1


@command(
    "sidfIyAF:b",
    synopsis="[-sidf] [HOSTNAME | -F FILE]",
    about="Show or set hostname or DNS domain name\n\n\t-s\tShort\n"
    "\t-i\tAddresses for the hostname\n\t-d\tDNS domain name\n"
    "\t-f\tFully qualified domain name\n\t-F FILE\tUse FILE's content as hostname",
    gnu={"short": "s", "ip-address": "i", "all-ip-addresses": "I", "domain": "d", "fqdn": "f", "long": "f"},
    most=1,
)
async def hostname(proc: Proc, options: Options, operands: list[str]) -> int:
    here = proc.uname()["nodename"]
    wanted = operands[0] if operands else proc.read_file(options["F"]).decode().strip() if "F" in options else ""
    if wanted:
        try:
            proc.sethostname(wanted)
        except OSError as error:
            said = "you must be root to change the host name" if is_gnu(proc) else f"sethostname: {error.strerror}"
            raise Failure(said) from None
    elif "i" in options:
        await proc.out(" ".join(await proc.net.resolve(here)) + "\n")
    elif "I" in options:
        found = [address.partition("/")[0] for device in proc.net.interfaces() for address in device.addresses]
        await proc.out(" ".join(address for address in found if address != "127.0.0.1" and ":" not in address) + " \n")
    elif "f" in options:
        await proc.out(_full_name(proc, here) + "\n")
    elif "d" in options:
        await proc.out(_qualified(proc, here).partition(".")[2] + "\n")
    elif "f" in options:
        await proc.out(_qualified(proc, here) + "\n")
    else:
        await proc.out((here.partition(".")[0] if "s" in options else here) + "\n")
    return 0


def _qualified(proc: Proc, name: str) -> str:
    """The first name of the line in hosts(5) that has this one."""
    try:
        lines = proc.read_file("/etc/hosts").decode(errors="replace").splitlines()
    except OSError:
        return name
    names = (line.partition("#")[0].split()[1:] for line in lines)
    return next((found[0] for found in names if name in found), name)


def _full_name(proc: Proc, here: str) -> str:
    """The first name of the line in /etc/hosts that has the host's name."""
    try:
        lines = proc.read_file("/etc/hosts").decode(errors="replace").splitlines()
    except OSError:
        return here
    names = (line.partition("#")[0].split()[1:] for line in lines)
    return next((found[0] for found in names if here in found), here)


async def dnsdomainname(proc: Proc) -> int:
    await proc.out(_qualified(proc, proc.uname()["nodename"]).partition(".")[2] + "\n")
    return 0


@command(
    "asnrvmpio",
    synopsis="[-amnrspvio]",
    about="Print system information\n\n\t-a\tPrint all\n\t-m\tMachine (hardware) type\n\t-n\tHostname\n"
    "\t-r\tKernel release\n\t-s\tKernel name (default)\n\t-p\tProcessor type\n\t-v\tKernel version\n"
    "\t-i\tHardware platform\n\t-o\tOS name",
    gnu={"all": "a", "kernel-name": "s", "nodename": "n", "kernel-release": "r", "kernel-version": "v", "machine": "m",
         "operating-system": "o", "processor": "p", "hardware-platform": "i"},
    most=0,
)  # fmt: skip
async def uname(proc: Proc, options: Options, operands: list[str]) -> int:
    facts = proc.uname()
    table = {"s": facts["sysname"], "n": facts["nodename"], "r": facts["release"], "v": facts["version"],
             "m": facts["machine"],
             "p": "unknown", "i": "unknown", "o": "GNU/Linux" if is_gnu(proc) else "Linux"}  # fmt: skip
    wanted = "snrvmo" if "a" in options else "".join(letter for letter in table if letter in options) or "s"
    await proc.out(" ".join(table[letter] for letter in wanted) + "\n")
    return 0


@command(synopsis="", about="Print system architecture", most=0)
async def arch(proc: Proc, options: Options, operands: list[str]) -> int:
    await proc.out(proc.uname()["machine"] + "\n")
    return 0


@command(
    "",
    synopsis="[--all] [--ignore=N]",
    about="Print number of available CPUs",
    long={"all": "all", "ignore:": "ignore"},
)
async def nproc(proc: Proc, options: Options, operands: list[str]) -> int:
    ignored = options.get("ignore", "0")
    if not ignored.isdigit():
        raise Failure(f"invalid number '{ignored}'")
    await proc.out(f"{max(1, proc.processors() - int(ignored))}\n")
    return 0


def processors(proc: Proc) -> int:
    try:
        return proc.read_file("/proc/cpuinfo").count(b"processor\t") or 1
    except OSError:
        return 1


@command(
    "s", synopsis="[-s]", about="Print file name of stdin's terminal\n\n\t-s\tPrint nothing, only return exit status"
)
async def tty(proc: Proc, options: Options, operands: list[str]) -> int:
    terminal = proc.isatty(0)
    if "s" not in options:
        await proc.out((proc.ttyname(0) if terminal else "not a tty") + "\n")
    return int(not terminal)


@command("aHuqbm", synopsis="[-aH]", about="Show who is logged on")
async def who(proc: Proc, options: Options, operands: list[str]) -> int:
    """Nobody: a container keeps no utmp."""
    if "H" in options:
        await proc.out("USER       TTY            IDLE      TIME           HOST\n")
    return 0


@command("h", synopsis="", about="Show who is logged on")
async def w(proc: Proc, options: Options, operands: list[str]) -> int:
    await proc.out("USER\t\tTTY\t\tIDLE\tTIME\t\t HOST\n")
    return 0
