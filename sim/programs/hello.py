"""The program of the image hello-world."""

from __future__ import annotations

from sim.abi import Proc

GREETING = """
Hello from Docker!
This message shows that your installation appears to be working correctly.

What has just happened, so that you could read this:
 1. Your docker command spoke with the Docker daemon.
 2. The daemon had no image "hello-world" and pulled it from the hub.
    (amd64)
 3. It made a new container from that image, whose one program writes
    the lines that you are reading.
 4. It passed them on to your docker command, which showed them to you.

Something larger, a whole Debian with a shell of your own:
 $ docker run -it debian bash

Here every one of these steps can be looked at: docker events, docker history
hello-world, and the trace of what the daemon did.

"""


BRIEFLY = "".join(GREETING.partition("\n\n")[:2])  # its first lines


async def brief(proc: Proc) -> int:
    """What an older hello-world said, with which the recordings in tests/golden were made."""
    await proc.out(BRIEFLY)
    return 0


async def main(proc: Proc) -> int:
    await proc.out(GREETING)
    return 0
