"""Networks: what each hop adds to a packet, and what becomes of requests when many clients ask.

Hops: "nat" (a container's veth, bridge, connection tracking), "virtio" (a guest's queue served by the host's kernel),
"dom0" (the same by a privileged machine), "proxy" (Docker Desktop's network in user space). A hop adds work to the
processor that serves, or delay that other processors bear, or both.

Guests get packets in batches: one interrupt brings all that have come, and all wait for the batch. So a guest is slow
with few clients and nearly native with many, whereas NAT takes its share of every packet: the curves cross.
"""

from __future__ import annotations

from sim.hypervisor.figures import Figure, least, most, total
from sim.hypervisor.io import exits
from sim.hypervisor.machines import BadQuestion, Machine
from sim.hypervisor.parameters import Book

# how many sleeping threads a request and its reply wake: vhost for the one, the vCPU, vhost for the other; …
WAKES = {"nat": 1, "virtio": 3, "dom0": 3, "proxy": 2}
GUEST_HOPS = ("virtio", "dom0")
PACKETS = 2  # a request and its reply


def delay(machine: Machine, book: Book) -> Figure:
    """Added to a request and its reply, microseconds, when nobody else asks."""
    return total(_delay(hop, machine, book) for hop in machine.hops)


def round_trip(machine: Machine, book: Book) -> Figure:
    """One byte there and back, microseconds."""
    return book["net.round_trip"] + delay(machine, book)


def _delay(hop: str, machine: Machine, book: Book) -> Figure:
    waking = WAKES[hop] * book["io.wake"]
    if hop in GUEST_HOPS:
        return waking + exits(machine, book)
    return waking + PACKETS * _work(hop, book)


def _work(hop: str, book: Book) -> Figure:
    """Of a processor for one packet, microseconds."""
    return book["net.nat_packet" if hop == "nat" else "net.proxy"]


def served(machine: Machine, work: Figure, away: Figure, connections: int, book: Book) -> Figure:
    """Requests a second of a server with one thread, `connections` of which each wait for their reply before the next.

    `work`: microseconds of the server for a request; `away`: of client and network. Service times hardly vary, so
    clients fall into step and the bounds of the closed loop are reached: N / (all delays), and 1 / work.
    """
    if connections < 1:
        raise BadQuestion("connections must be at least 1")
    service = work + (PACKETS * book["net.nat_packet"] if "nat" in machine.hops else 0)
    others = [hop for hop in machine.hops if hop != "nat"]
    path = away + total(_delay(hop, machine, book) for hop in others)
    idle = most(0, 1 - connections * service / (path + service))  # of the server's time: then it has to be woken
    path = path + idle * book["io.wake"] * (2 if "nat" in machine.hops else 1)
    if any(hop in GUEST_HOPS for hop in machine.hops):
        cycle = path + connections * service
    else:
        cycle = most(path + service, connections * service)
    limits = [connections / cycle * 1e6]
    if "proxy" in machine.hops:
        limits.append(1e6 / (PACKETS * book["net.proxy"]))
    return least(*limits)


def throughput(machine: Machine, book: Book) -> Figure:
    """A stream of TCP, Gbit/s: the link's payload, or what the processor can pass."""
    line = book["net.link"] * book["net.payload"] / book["net.frame"]
    packet = book["net.packet_work"]
    for hop in machine.hops:
        packet = packet + (exits(machine, book) if hop in GUEST_HOPS else _work(hop, book)) / book["net.batch"]
    return least(line, book["net.payload"] * 8 / packet / 1000)
