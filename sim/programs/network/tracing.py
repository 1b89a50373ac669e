"""traceroute, arp, ss, telnet. Source: traceroute(8), arp(8), ss(8), telnet(1), and BusyBox's texts."""

from __future__ import annotations

from sim.abi import Proc
from sim.programs.network.nc import talk
from sim.programs.options import Failure, Options, command, is_gnu

PROBES = 3
HIDDEN = "100.64.0."  # routers of the pretended Internet are in the shared address space (RFC 6598)


@command("nm:q:w:Iz:f:46", synopsis="[-nI] [-m MAXTTL] [-q PROBES] [-w SEC] HOST", about="Trace the route to HOST",
         least=1, most=2)  # fmt: skip
async def traceroute(proc: Proc, options: Options, operands: list[str]) -> int:
    host, most, probes = operands[0], int(options.get("m", "30")), int(options.get("q", str(PROBES)))
    try:
        address = (await proc.net.resolve(host))[0]
    except OSError:
        raise Failure(f"bad address '{host}'") from None
    size = 60 if is_gnu(proc) else 46
    await proc.out(f"traceroute to {host} ({address}), {most} hops max, {size} byte packets\n")
    gateway = next((way for _, way, _ in proc.net.routes() if way), "")
    for ttl in range(1, most + 1):
        await proc.out(f"{ttl:2}  ")
        reached = await _hop(proc, options, address, gateway, ttl, probes, host)
        await proc.out("\n")
        if reached:
            return 0
    return 0


async def _hop(proc: Proc, options: Options, address: str, gateway: str, ttl: int, probes: int, host: str) -> bool:
    """Probe one distance; True if the destination itself has answered."""
    reached, said = False, ""
    for _ in range(probes):
        began = proc.now()
        try:
            await proc.net.ping(address, ttl=ttl, timeout=float(options.get("w", "5")))
            who, reached = address, True
        except TimeoutError:
            who = ""
        except OSError as error:
            if "exceeded" not in str(error):
                await proc.out("!N ")
                return True
            who = gateway if ttl == 1 and gateway else f"{HIDDEN}{ttl}"
        if not who:
            await proc.out("*  ")
            continue
        if who != said:
            name = host if who == address and not host[0].isdigit() else who
            await proc.out(f"{who}  " if "n" in options else f"{name} ({who})  ")
            said = who
        await proc.out(f"{(proc.now() - began) / 1e6:.3f} ms  ")
    return reached


@command("anvi:", synopsis="[-vn] [-i IF] [-a] [HOSTNAME]", about="Show ARP cache", most=1)
async def arp(proc: Proc, options: Options, operands: list[str]) -> int:
    rows = [line.split() for line in proc.read_file("/proc/net/arp").decode().splitlines()[1:]]
    rows = [row for row in rows if len(row) >= 6 and (not operands or row[0] == operands[0])]
    if operands and not rows:
        await proc.out(f"{operands[0]} -- no entry\n")
        return 0
    if is_gnu(proc) and "a" not in options:
        line = "{:<24} {:<7} {:<19} {:<5} {:<14} {}\n".format
        await proc.out(line("Address", "HWtype", "HWaddress", "Flags", "Mask", "Iface") if rows else "")
        for row in rows:
            await proc.out(line(row[0], "ether", row[3], "C", "", row[5]))
        return 0
    await proc.out("".join(f"? ({row[0]}) at {row[3]} [ether]  on {row[5]}\n" for row in rows))
    return 0


@command("tulnaps46xHeoi", synopsis="[ OPTIONS ]", about="Investigate sockets",
         long={"tcp": "t", "udp": "u", "listening": "l", "numeric": "n", "all": "a", "processes": "p", "no-header": "H",
               "summary": "s"})  # fmt: skip
async def ss(proc: Proc, options: Options, operands: list[str]) -> int:
    kinds = [name for letter, name in (("t", "tcp"), ("u", "udp")) if letter in options] or ["tcp", "udp"]
    rows = [row for row in proc.net.sockets() if row[0].rstrip("6") in kinds]
    listening = [row for row in rows if row[3] in ("LISTEN", "")]
    chosen = rows if "a" in options else listening if "l" in options else [row for row in rows if row not in listening]
    several = len(kinds) > 1
    if "H" not in options:
        await proc.out(f"{'Netid ' if several else ''}{'State':<10} {'Recv-Q':<6} {'Send-Q':<6} "
                       f"{'Local Address:Port':>23} {'Peer Address:Port':>23} Process\n")  # fmt: skip
    for protocol, local, remote, state in chosen:
        word = {"LISTEN": "LISTEN", "ESTABLISHED": "ESTAB", "": "UNCONN"}.get(state, state.replace("_", "-"))
        queue = 511 if state == "LISTEN" else 0
        await proc.out(f"{protocol + ' ' if several else '':<{6 if several else 0}}{word:<10} {0:<6} {queue:<6} "
                       f"{local:>23} {remote:>23} \n")  # fmt: skip
    return 0


@command("", synopsis="HOST [PORT]", about="Connect to telnet server", least=1, most=2)
async def telnet(proc: Proc, options: Options, operands: list[str]) -> int:
    host, port = operands[0], operands[1] if len(operands) > 1 else "23"
    try:
        address = (await proc.net.resolve(host))[0]
    except OSError:
        raise Failure(f"could not resolve {host}/{port}: Name or service not known") from None
    if not port.isdigit():
        raise Failure(f"bad port '{port}'")
    await proc.out(f"Trying {address}...\n")
    try:
        fd = await proc.net.connect(address, int(port))
    except InterruptedError:
        raise
    except OSError as error:
        raise Failure(f"Unable to connect to remote host: {error.strerror}") from None
    await proc.out(f"Connected to {host}.\nEscape character is '^]'.\n")
    await talk(proc, fd, None)
    await proc.out("Connection closed by foreign host.\n")
    return 1
