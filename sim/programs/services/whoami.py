"""traefik/whoami: a web server that says who was asked, and how. Source: README of github.com/traefik/whoami."""

from __future__ import annotations

from engine.loop import SECOND
from sim.abi import Proc
from sim.programs.options import Options, command
from sim.programs.services.web import Reply, Server, Visit, http_date

IDLE = 60.0


@command("p:n:v", synopsis="[-port PORT] [-name NAME]", about="Tiny web server", long={"port:": "p", "name:": "n"})
async def whoami(proc: Proc, options: Options, operands: list[str]) -> int:
    port = int(options.get("p") or proc.env.get("WHOAMI_PORT_NUMBER") or 80)
    try:
        listener = proc.net.listen("0.0.0.0", port)
    except OSError as error:
        await proc.err(f"listen tcp :{port}: bind: {error.strerror}\n")
        return 1
    await proc.err(f"Starting up on port {port}\n")

    async def answer(visit: Visit) -> Reply:
        body = said(proc, options.get("n") or proc.env.get("WHOAMI_NAME", ""), visit).encode()
        headers = [("Date", http_date(proc.now() // SECOND * SECOND)), ("Content-Length", str(len(body))),
                   ("Content-Type", "text/plain; charset=utf-8")]  # fmt: skip
        return Reply(200, headers, body)

    await Server(proc, [listener.fd], answer, IDLE).run()
    return 0


def said(proc: Proc, name: str, visit: Visit) -> str:
    """The machine, its addresses, and the request as it came."""
    lines = [f"Name: {name}"] if name else []
    lines.append(f"Hostname: {proc.uname()['nodename']}")
    for interface in proc.net.interfaces():
        lines += [f"IP: {address.partition('/')[0]}" for address in interface.addresses]
    lines += [f"RemoteAddr: {visit.client[0]}:{visit.client[1]}", visit.line]
    host = visit.headers.get("host", "")
    others = sorted((key.title(), value) for key, value in visit.headers.items() if key != "host")
    return "\n".join([*lines, f"Host: {host}", *(f"{key}: {value}" for key, value in others), "", ""])
