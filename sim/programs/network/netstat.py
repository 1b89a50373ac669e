"""netstat and nslookup: sockets, routes and names, as BusyBox shows them. Source: netstat(8), nslookup(1)."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address

from sim.abi import Proc
from sim.programs.network.interfaces import routing_table
from sim.programs.options import Failure, Options, command

TRY_AGAIN = -3  # getaddrinfo(3): EAI_AGAIN
HEAD = "Proto Recv-Q Send-Q Local Address           Foreign Address         State       "


@command("alentuwxrWp", synopsis="[-ral] [-tuwx] [-enWp]", about="Display networking information", most=0)
async def netstat(proc: Proc, options: Options, operands: list[str]) -> int:
    if "r" in options:
        await proc.out(routing_table(proc.net.routes(), "n" in options))
        return 0
    title = "servers and established" if "a" in options else "only servers" if "l" in options else "w/o servers"
    text = f"Active Internet connections ({title})\n{HEAD}{'PID/Program name    ' if 'p' in options else ''}\n"
    chosen = [name for letter, name in (("t", "tcp"), ("u", "udp")) if letter in options]
    kinds = chosen or ([] if options.any("wx") else ["tcp", "udp"])
    for protocol, local, remote, state in proc.net.sockets():
        if protocol not in kinds:
            continue
        listening = state in ("LISTEN", "")
        if "a" in options or listening == ("l" in options):
            text += f"{protocol:<5} {0:>6} {0:>6} {local:<23} {remote:<23} {state:<11} "
            text += "-\n" if "p" in options else "\n"
    await proc.out(text)
    return 0


@command("", synopsis="HOST [DNS_SERVER]", about="Query DNS about HOST", least=1, most=2)
async def nslookup(proc: Proc, options: Options, operands: list[str]) -> int:
    name = operands[0]
    servers = operands[1:] or proc.net.resolvers()
    if not servers:
        raise Failure("can't connect to remote host: Connection refused")
    await proc.out(f"Server:\t\t{servers[0]}\nAddress:\t{servers[0]}:53\n\n")
    with suppress(ValueError):
        return await _reverse(proc, ip_address(name).reverse_pointer, name)
    try:
        addresses = await proc.net.resolve(name)
    except OSError as error:
        if error.errno == TRY_AGAIN:
            await proc.out(";; connection timed out; no servers could be reached\n\n")
            return 1
        await proc.out(f"** server can't find {name}: NXDOMAIN\n\n" * 2)
        return 1
    six: list[str] = []
    with suppress(OSError):  # there need not be any
        six = await proc.net.resolve(name, 6)
    four = [address for address in addresses if ":" not in address]
    await proc.out(_answer(name, four) + _answer(name, six))
    return 0


def _answer(name: str, addresses: list[str]) -> str:
    found = "".join(f"Name:\t{name}\nAddress: {address}\n" for address in addresses)
    return f"Non-authoritative answer:\n{found}\n"


async def _reverse(proc: Proc, question: str, address: str) -> int:
    if not (found := await proc.net.reverse(address)):
        await proc.out(f"** server can't find {question}: NXDOMAIN\n\n")
        return 1
    await proc.out(f"Non-authoritative answer:\n{question}\tname = {found}\n\n")
    return 0
