"""Small programs of Debian's packages that Dockerfiles call in passing: ldconfig, update-ca-certificates, locale-gen,
locale, debconf-set-selections, update-alternatives. Each does the part of its work that can be seen afterwards.
"""

from __future__ import annotations

from contextlib import suppress

from sim.abi import Proc
from sim.programs.options import Failure, Options, command
from sim.programs.packages.laying import make_directories

LOCAL, BUNDLE = "/usr/local/share/ca-certificates", "/etc/ssl/certs/ca-certificates.crt"
ANSWERS = "/var/cache/debconf/config.dat"
CATEGORIES = ("CTYPE", "NUMERIC", "TIME", "COLLATE", "MONETARY", "MESSAGES", "PAPER", "NAME", "ADDRESS", "TELEPHONE",
              "MEASUREMENT", "IDENTIFICATION")  # fmt: skip


@command("pvn", synopsis="[OPTION...]", about="Configure dynamic linker run-time bindings")
async def ldconfig(proc: Proc, options: Options, operands: list[str]) -> int:
    if proc.getuid():
        raise Failure("Can't create temporary cache file /etc/ld.so.cache~: Permission denied")
    names = sorted(name for place in ("/usr/lib/x86_64-linux-gnu", "/usr/local/lib") if proc.access(place, 0)
                   for name in proc.listdir(place) if ".so" in name)  # fmt: skip
    if "p" in options:
        listed = "".join(f"\t{name} (libc6,x86-64)\n" for name in names)
        await proc.out(f"{len(names)} libs found in cache `/etc/ld.so.cache'\n{listed}")
        return 0
    proc.write_file("/etc/ld.so.cache", "".join(f"{name}\n" for name in names).encode())
    return 0


@command("fv", synopsis="[OPTION]", about="Update /etc/ssl/certs", long={"fresh": "f", "verbose": "v"})
async def update_ca_certificates(proc: Proc, options: Options, operands: list[str]) -> int:
    """Certificates of the machine's own (LOCAL) are added to the bundle."""
    own = sorted(proc.listdir(LOCAL)) if proc.access(LOCAL, 0) else []
    added = 0
    for name in own:
        target = f"/etc/ssl/certs/{name.removesuffix('.crt')}.pem"
        if name.endswith(".crt") and not proc.access(target, 0):
            make_directories(proc, "/etc/ssl/certs")
            proc.symlink(f"{LOCAL}/{name}", target)
            proc.write_file(BUNDLE, proc.read_file(f"{LOCAL}/{name}"), append=True)
            added += 1
    await proc.out(f"Updating certificates in /etc/ssl/certs...\n{added} added, 0 removed; done.\n"
                   "Running hooks in /etc/ca-certificates/update.d...\ndone.\n")  # fmt: skip
    return 0


@command("", synopsis="[LOCALE]...", about="Compile a list of locale definition files",
         long={"keep-existing": "keep", "purge": "purge"})  # fmt: skip
async def locale_gen(proc: Proc, options: Options, operands: list[str]) -> int:
    names = list(operands)
    with suppress(FileNotFoundError):
        lines = proc.read_file("/etc/locale.gen").decode(errors="replace").splitlines()
        names += [line.split()[0] for line in lines if line.strip() and not line.lstrip().startswith("#")]
    await proc.out("Generating locales (this might take a while)...\n")
    for name in dict.fromkeys(names):
        await proc.cpu(1.2)
        folder = f"/usr/lib/locale/{name.replace('UTF-8', 'utf8')}"
        make_directories(proc, folder)
        proc.write_file(f"{folder}/LC_CTYPE", b"")
        await proc.out(f"  {name}... done\n")
    await proc.out("Generation complete.\n")
    return 0


@command("i:f:A:c", synopsis="[-c] [-i FILE] [-f CHARMAP] NAME", about="Compile locale specification",
         long={"inputfile:": "i", "charmap:": "f", "alias-file:": "A", "force": "c"}, least=1)  # fmt: skip
async def localedef(proc: Proc, options: Options, operands: list[str]) -> int:
    await proc.cpu(1.2)
    folder = f"/usr/lib/locale/{operands[0].replace('UTF-8', 'utf8')}"
    make_directories(proc, folder)
    proc.write_file(f"{folder}/LC_CTYPE", b"")
    return 0


@command("a", synopsis="[-a]", about="Get locale-specific information", long={"all-locales": "a"})
async def locale(proc: Proc, options: Options, operands: list[str]) -> int:
    if "a" in options:
        made = proc.listdir("/usr/lib/locale") if proc.access("/usr/lib/locale", 0) else []
        await proc.out("".join(f"{name}\n" for name in sorted({"C", "C.utf8", "POSIX", *made})))
        return 0
    env = proc.env
    language, every = env.get("LANG", ""), env.get("LC_ALL", "")
    rows = [f"LC_{name}={_quoted(env, f'LC_{name}', every or language or 'POSIX')}\n" for name in CATEGORIES]
    await proc.out(f"LANG={language}\nLANGUAGE={env.get('LANGUAGE', '')}\n{''.join(rows)}LC_ALL={every}\n")
    return 0


def _quoted(env: dict[str, str], name: str, default: str) -> str:
    """What follows from other variables is shown in quotation marks."""
    return env[name] if name in env and not env.get("LC_ALL") else f'"{default}"'


@command("cuv", synopsis="[OPTION] [FILE]", about="Insert new values into the debconf database", most=1)
async def debconf_set_selections(proc: Proc, options: Options, operands: list[str]) -> int:
    text = (proc.read_file(operands[0]) if operands else await proc.read_all()).decode(errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split(None, 3)
        if words and len(words) < 3:
            raise Failure(f"error: Cannot parse line {number}: `{line}'")
        if words:
            make_directories(proc, ANSWERS.rpartition("/")[0])
            record = f"Name: {words[1]}\nValue: {words[3] if len(words) > 3 else ''}\nOwners: {words[0]}\n\n"
            proc.write_file(ANSWERS, record.encode(), append=True)
    return 0


async def update_alternatives(proc: Proc) -> int:
    """--install LINK NAME PATH PRIORITY, --set NAME PATH, --display NAME."""
    words = proc.argv[1:]
    if words[:1] == ["--install"] and len(words) >= 5:
        link, name, path = words[1:4]
    elif words[:1] == ["--set"] and len(words) == 3:
        link, name, path = f"/usr/bin/{words[1]}", words[1], words[2]
    else:
        await proc.err(f"update-alternatives: error: no alternatives for {words[1] if len(words) > 1 else ''}\n")
        return 2
    if not proc.access(path, 0):
        await proc.err(f"update-alternatives: error: alternative path {path} doesn't exist\n")
        return 2
    middle = f"/etc/alternatives/{name}"
    make_directories(proc, "/etc/alternatives")
    for at, target in ((middle, path), (link, middle)):
        with suppress(FileNotFoundError):
            proc.unlink(at)
        proc.symlink(target, at)
    await proc.out(f"update-alternatives: using {path} to provide {link} ({name}) in "
                   f"{'manual' if words[0] == '--set' else 'auto'} mode\n")  # fmt: skip
    return 0
