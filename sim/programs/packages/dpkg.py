"""dpkg and dpkg-query: what is installed, and single archives. Source: dpkg(1), dpkg-query(1)."""

from __future__ import annotations

import fnmatch
from collections.abc import Awaitable, Callable, Mapping

from sim.abi import Proc
from sim.packages.archives import BadPackage
from sim.packages.records import Record, write_record
from sim.packages.versions import debian_key, satisfies
from sim.programs.packages import dpkg_database
from sim.programs.packages.apt_plan import relations
from sim.programs.packages.dpkg_database import Database, files_of, shown

VERSION = "1.22.21"
ABOUT = f"Debian 'dpkg' package management program version {VERSION} (amd64).\n"
NEEDS = (
    "dpkg: error: need an action option\n\nType dpkg --help for help about installing and deinstalling packages [*];\n"
)
HEAD = """\
Desired=Unknown/Install/Remove/Purge/Hold
| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)
"""
STATES = {"install ok installed": "ii", "deinstall ok config-files": "rc", "install ok unpacked": "iU"}
WORDS = {"-l": "list", "-L": "listfiles", "-s": "status", "-S": "search", "-i": "install", "-r": "remove",
         "-P": "purge",
         "-W": "show", "--list": "list", "--listfiles": "listfiles", "--status": "status", "--search": "search",
         "--install": "install", "--remove": "remove", "--purge": "purge", "--show": "show",
         "--get-selections": "selections", "--print-architecture": "architecture", "--configure": "configure",
         "--compare-versions": "compare", "--version": "version", "--print-foreign-architectures": "foreign",
         "--audit": "foreign", "-C": "foreign"}  # fmt: skip


async def dpkg(proc: Proc) -> int:
    """The first option that is an action decides; `-f=FORMAT` is dpkg-query's."""
    action, format, names = "", "${binary:Package}\t${Version}\n", []
    for word in proc.argv[1:]:
        if not action and word in WORDS:
            action = WORDS[word]
        elif word.startswith(("-f=", "--showformat=")):
            format = _unescaped(word.partition("=")[2])
        elif word.startswith("-f"):
            format = _unescaped(word[2:])
        elif not word.startswith("-") or action == "compare":
            names.append(word)
    if not action:
        await proc.err(NEEDS)
        return 2
    return await ACTIONS[action](proc, names, format)


async def _list(proc: Proc, names: list[str], format: str) -> int:
    """As a table as wide as its contents, and at least as the terminal."""
    found, status = await _chosen(proc, names)
    rows = [(STATES.get(record.get("Status", ""), "un"), shown(record), record["Version"], _architecture(record),
             record.get("Description", "").partition("\n")[0]) for record in found]  # fmt: skip
    if not rows:
        return status
    widths = [max(len(row[at]) for row in [("", "Name", "Version", "Architecture", "Description"), *rows])
              for at in range(1, 5)]  # fmt: skip
    widths[0], widths[1] = max(14, widths[0]), max(12, widths[1])
    line = "".join(f"{{:<{width}}} " for width in widths[:3]) + "{}"
    heading = "||/ " + line.format("Name", "Version", "Architecture", "Description") + "\n"
    rule = "+++-" + "-".join("=" * width for width in widths) + "\n"
    await proc.out(HEAD + heading + rule + "".join(f"{row[0]}  {line.format(*row[1:])}\n" for row in rows))
    return status


async def _show(proc: Proc, names: list[str], format: str) -> int:
    found, status = await _chosen(proc, names)
    for record in found:
        text = format.replace("${binary:Package}", shown(record)).replace("${db:Status-Abbrev}", "ii ")
        for name, value in {**record, "Architecture": _architecture(record)}.items():
            text = text.replace(f"${{{name}}}", value)
        await proc.out(text)
    return status


async def _chosen(proc: Proc, names: list[str]) -> tuple[list[Record], int]:
    """Packages whose names fit the patterns, by name."""
    database, status, found = Database.read(proc), 0, {}
    for pattern in names or ["*"]:
        some = {name: record for name, record in sorted(database.packages.items())
                if fnmatch.fnmatch(name, pattern.partition(":")[0])
                and (names or record.get("Status") != "")}  # fmt: skip
        if not some:
            await proc.err(f"dpkg-query: no packages found matching {pattern}\n")
            status = 1
        found.update(some)
    return [found[name] for name in sorted(found)], status


async def _status(proc: Proc, names: list[str], format: str) -> int:
    database, status = Database.read(proc), 0
    for name in names:
        record = database.packages.get(name.partition(":")[0])
        if record is None:
            await proc.err(f"dpkg-query: package '{name}' is not installed and no information is available\n"
                           "Use dpkg --info (= dpkg-deb --info) to examine archive files.\n")  # fmt: skip
            status = 1
        else:
            await proc.out(write_record(record) + "\n")
    return status


async def _listfiles(proc: Proc, names: list[str], format: str) -> int:
    database, status = Database.read(proc), 0
    for name in names:
        record = database.packages.get(name.partition(":")[0])
        if record is None:
            await proc.err(f"dpkg-query: package '{name}' is not installed\n"
                           "Use dpkg --contents (= dpkg-deb --contents) to list archive files contents.\n")  # fmt: skip
            status = 1
        else:
            await proc.out("".join(f"{path}\n" for path in files_of(proc, name.partition(":")[0], record)))
    return status


async def _search(proc: Proc, names: list[str], format: str) -> int:
    database, status = Database.read(proc), 0
    for pattern in names:
        owners: dict[str, list[str]] = {}
        for name, record in sorted(database.packages.items()):
            for path in files_of(proc, name, record):
                if path == pattern if pattern.startswith("/") else pattern in path:
                    owners.setdefault(path, []).append(shown(record))
        if not owners:
            await proc.err(f"dpkg-query: no path found matching pattern {pattern}\n")
            status = 1
        await proc.out("".join(f"{', '.join(owners[path])}: {path}\n" for path in sorted(owners)))
    return status


async def _install(proc: Proc, names: list[str], format: str) -> int:
    if not await _may(proc):
        return 2
    database, unpacked, failed = Database.read(proc), [], []
    files = dpkg_database.count_files(proc, database)
    for path in names:
        try:
            archive = proc.read_file(path)
        except OSError as error:
            await proc.err(f"dpkg: error: cannot access archive '{path}': {error.strerror}\n")
            return 2
        try:
            record = await _unpack(proc, database, path, archive, files)
        except BadPackage:
            await proc.err(f"dpkg-deb: error: '{path}' is not a Debian format archive\n"
                           f"dpkg: error processing archive {path} (--install):\n"
                           " dpkg-deb --control subprocess returned error exit status 2\n")  # fmt: skip
            failed.append(path)
            continue
        unpacked.append(record["Package"])
    for name in unpacked:
        if not await _configure(proc, database, name):
            failed.append(name)
    database.write(proc)
    if failed:
        await proc.err("Errors were encountered while processing:\n" + "".join(f" {name}\n" for name in failed))
    return 1 if failed else 0


async def _unpack(proc: Proc, database: Database, path: str, archive: bytes, files: int) -> Record:
    """Raises BadPackage."""
    before = set(database.packages)
    record = await dpkg_database.unpack(proc, database, archive)
    if record["Package"] not in before:
        await proc.out(f"Selecting previously unselected package {shown(record)}.\n")
    await proc.out(f"(Reading database ... {files} files and directories currently installed.)\n"
                   f"Preparing to unpack {path} ...\n"
                   f"Unpacking {shown(record)} ({record['Version']}) ...\n")  # fmt: skip
    return record


async def _configure(proc: Proc, database: Database, name: str) -> bool:
    record, installed = database.packages[name], database.installed()
    missing = [part[0] for part in relations(record.get("Depends", ""))
               if not any(one.name in installed or one.name in database.packages for one in part)]  # fmt: skip
    if missing:
        told = "".join(f" {name} depends on {part}; however:\n  Package {part.name} is not installed.\n"
                       for part in missing)  # fmt: skip
        await proc.err(f"dpkg: dependency problems prevent configuration of {name}:\n{told}\n"
                       f"dpkg: error processing package {name} (--install):\n"
                       " dependency problems - leaving unconfigured\n")  # fmt: skip
        return False
    await proc.out(f"Setting up {shown(record)} ({record['Version']}) ...\n")
    return not await dpkg_database.configure(proc, database, name)


async def _remove(proc: Proc, names: list[str], format: str) -> int:
    return await _take(proc, names, purge=False)


async def _purge(proc: Proc, names: list[str], format: str) -> int:
    return await _take(proc, names, purge=True)


async def _take(proc: Proc, names: list[str], purge: bool) -> int:
    if not await _may(proc):
        return 2
    database = Database.read(proc)
    for name in names:
        record = database.packages.get(name)
        if record is None:
            await proc.err(f"dpkg: warning: ignoring request to remove {name} which isn't installed\n")
            continue
        files = dpkg_database.count_files(proc, database)
        await proc.out(f"(Reading database ... {files} files and directories currently installed.)\n"
                       f"Removing {shown(record)} ({record['Version']}) ...\n")  # fmt: skip
        dpkg_database.remove(proc, database, name, purge)
    database.write(proc)
    return 0


async def _may(proc: Proc) -> bool:
    if proc.access("/var/lib/dpkg", 2):
        return True
    await proc.err("dpkg: error: requested operation requires superuser privilege\n")
    return False


async def _selections(proc: Proc, names: list[str], format: str) -> int:
    records = sorted(Database.read(proc).packages.items())
    await proc.out("".join(f"{shown(record):<47}\t{record['Status'].split()[0]}\n" for _, record in records))
    return 0


async def _compare(proc: Proc, words: list[str], format: str) -> int:
    """Exit status 0: the relation holds."""
    names = {"lt": "<<", "le": "<=", "eq": "=", "ge": ">=", "gt": ">>", "ne": ""}
    if len(words) != 3:
        await proc.err("dpkg: error: --compare-versions takes three arguments: <version> <relation> <version>\n")
        return 2
    one, relation, other = debian_key(words[0]), names.get(words[1], words[1]), debian_key(words[2])
    if not relation:
        return int(one == other)
    try:
        return int(not satisfies(one, relation, other))
    except KeyError:
        await proc.err("dpkg: error: --compare-versions bad relation\n")
        return 2


async def _architecture_of(proc: Proc, names: list[str], format: str) -> int:
    await proc.out("amd64\n")
    return 0


async def _version(proc: Proc, names: list[str], format: str) -> int:
    await proc.out(ABOUT)
    return 0


async def _nothing(proc: Proc, names: list[str], format: str) -> int:
    return 0


ACTIONS: Mapping[str, Callable[[Proc, list[str], str], Awaitable[int]]] = {
    "list": _list, "show": _show, "status": _status, "listfiles": _listfiles, "search": _search, "install": _install,
    "remove": _remove, "purge": _purge, "selections": _selections, "compare": _compare,
    "architecture": _architecture_of, "version": _version, "foreign": _nothing, "configure": _nothing,
}  # fmt: skip


def _architecture(record: Record) -> str:
    return record.get("Architecture", "amd64")


def _unescaped(format: str) -> str:
    return format.replace("\\n", "\n").replace("\\t", "\t")
