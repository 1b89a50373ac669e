"""dig and host: questions to name servers. Source: dig(1), host(1)."""

from __future__ import annotations

import zlib

from sim.abi import Proc
from sim.programs.options import Options, command

TRY_AGAIN = -3  # getaddrinfo(3): EAI_AGAIN
SILENT = 9  # dig's status when no server answers


async def dig(proc: Proc) -> int:
    """`dig [@server] name [type] [+short]`"""
    words = proc.argv[1:]
    short = "+short" in words
    names = [word for word in words if not word.startswith(("+", "-", "@")) and word.upper() not in ("A", "ANY", "IN")]
    question = names[0] if names else "."
    server = next((word[1:] for word in words if word.startswith("@")), (proc.net.resolvers() or ["127.0.0.1"])[0])
    began = proc.now()
    try:
        found, status = await proc.net.resolve(question), "NOERROR"
    except OSError as error:
        if error.errno == TRY_AGAIN:
            await proc.out(f";; communications error to {server}#53: timed out\n;; no servers could be reached\n")
            return SILENT
        found, status = [], "NXDOMAIN"
    found = [address for address in found if ":" not in address]
    if short:
        await proc.out("".join(f"{address}\n" for address in found))
        return 0
    spent = (proc.now() - began) // 1_000_000
    number = zlib.crc32(question.encode()) & 0xFFFF
    answer = "".join(f"{question + '.':<24}600\tIN\tA\t{address}\n" for address in found)
    await proc.out(
        f"\n; <<>> DiG 9.20 <<>> {' '.join(words)}\n;; global options: +cmd\n;; Got answer:\n"
        f";; ->>HEADER<<- opcode: QUERY, status: {status}, id: {number}\n"
        f";; flags: qr rd ra; QUERY: 1, ANSWER: {len(found)}, AUTHORITY: 0, ADDITIONAL: 0\n\n"
        f";; QUESTION SECTION:\n;{question + '.':<23}IN\tA\n\n"
        + (f";; ANSWER SECTION:\n{answer}\n" if found else "")
        + f";; Query time: {spent} msec\n;; SERVER: {server}#53({server}) (UDP)\n\n"
    )
    return 0


@command("t:v", synopsis="[-t type] {name} [server]", about="DNS lookup utility", least=1, most=2)
async def host(proc: Proc, options: Options, operands: list[str]) -> int:
    question = operands[0]
    try:
        found = await proc.net.resolve(question)
    except OSError as error:
        if error.errno == TRY_AGAIN:
            await proc.out(";; connection timed out; no servers could be reached\n")
        else:
            await proc.out(f"Host {question} not found: 3(NXDOMAIN)\n")
        return 1
    await proc.out("".join(f"{question} has address {address}\n" for address in found))
    return 0
