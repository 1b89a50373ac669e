"""`POST /build` in process: all steps cached, none cached, and a build of thirty steps as a course has it."""

from __future__ import annotations

import io
import json
import sys
import tarfile
import time
from collections.abc import Mapping

from engine.api.app import App
from engine.api.messages import Request
from report import Report, quick, spread
from sim.make import make_engine

STEPS = 10
LIMIT = 0.050  # seconds

TEACHING = b"""FROM busybox AS build
ARG VERSION=1.0
ENV LANG=C.UTF-8 APP=/app
WORKDIR /src
COPY package.txt .
RUN cat package.txt > installed.txt
COPY src/ src/
RUN mkdir dist && cat src/a.txt src/b.txt > dist/bundle.txt
RUN echo "$VERSION" > dist/version.txt
RUN wc -c dist/bundle.txt | tee dist/size.txt
FROM busybox AS test
COPY --from=build /src/dist /dist
RUN test -s /dist/bundle.txt
RUN grep -q . /dist/version.txt
FROM busybox
LABEL course=docker lesson=builds
LABEL maintainer=teacher
ENV GREETING=hello
ENV WHO=world
RUN adduser -D app
WORKDIR /app
COPY --from=build --chown=app /src/dist .
COPY start.sh .
RUN chmod +x start.sh
EXPOSE 8080
EXPOSE 9090/udp
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s CMD test -s /app/bundle.txt
USER app
ENTRYPOINT ["./start.sh"]
CMD ["serve"]
"""
FILES = {
    "package.txt": b"requests\n",
    "src/a.txt": b"a" * 20_000,
    "src/b.txt": b"b" * 20_000,
    "start.sh": b"#!/bin/sh\necho $GREETING, $WHO\n",
}


def ten_steps() -> bytes:
    lines = ["FROM busybox", "WORKDIR /app", "COPY package.txt .", "RUN cat package.txt", "COPY src/ src/"]
    lines += [f"RUN echo {number} > {number}.txt" for number in range(STEPS - len(lines) - 1)] + ['CMD ["sh"]']
    return "\n".join(lines).encode()


def context(dockerfile: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in {"Dockerfile": dockerfile, **FILES}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()


class Client:
    """An engine with busybox."""

    def __init__(self) -> None:
        self.engine = make_engine(seed=1)
        self.app = App(self.engine)
        self.call("/images/create", {"fromImage": "busybox", "tag": "latest"})

    def call(self, path: str, query: Mapping[str, str], body: bytes = b"") -> bytes:
        async def talk() -> bytes:
            response = await self.app.handle(Request("POST", f"/v1.50{path}", dict(query), {}, body))
            assert response.stream is not None, response.body
            return b"".join([chunk async for chunk in response.stream])

        return self.engine.loop.run(talk())

    def build(self, archive: bytes, **query: str) -> tuple[float, int]:
        """Seconds, and how many steps came from the cache."""
        begin = time.perf_counter()
        answer = self.call("/build", query, archive)
        seconds = time.perf_counter() - begin
        said = "".join(json.loads(line).get("stream", "") for line in answer.splitlines())
        assert "Successfully built" in said, answer.decode()
        return seconds, said.count("Using cache")


def main() -> int:
    report = Report()
    client, ten, thirty = Client(), context(ten_steps()), context(TEACHING)
    rounds = 3 if quick() else 15
    first, _ = client.build(ten)
    report.line(f"{STEPS} steps, the first time", first * 1e3, "ms")
    cached = []
    for _ in range(rounds):
        seconds, hits = client.build(ten)
        assert hits == STEPS - 1
        cached.append(seconds)
    report.line(f"{STEPS} steps, all cached", sorted(cached)[len(cached) // 2] * 1e3, "ms", LIMIT * 1e3)
    print(f"  {spread(cached)}")
    teaching = [client.build(thirty, nocache="1")[0] for _ in range(rounds)]
    steps = len(TEACHING.splitlines())
    report.line(f"{steps} steps of a course, none cached", sorted(teaching)[rounds // 2] * 1e3, "ms")
    print(f"  {spread(teaching)}")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
