"""create + start + wait + remove of `true`, through the API in process: the rate, and its cost with many present."""

from __future__ import annotations

import json
import statistics
import sys
import time

from engine.api.app import App
from engine.api.messages import Request
from engine.daemon.engine import Engine
from engine.loop import Loop
from report import Report, quick
from sim.make import make_engine

BODY = json.dumps({"Image": "alpine", "Cmd": ["true"]}).encode()
JSON = {"content-type": "application/json"}


class Client:
    """An engine with alpine pulled, and its four requests."""

    def __init__(self) -> None:
        self.engine: Engine = make_engine(seed=1)
        self.loop: Loop = self.engine.loop
        self.app = App(self.engine)
        self.call("POST", "/images/create", query={"fromImage": "alpine", "tag": "latest"})

    def call(self, method: str, path: str, body: bytes = b"", query: dict[str, str] | None = None) -> bytes:
        async def talk() -> bytes:
            request = Request(method, f"/v1.50{path}", query or {}, JSON if body else {}, body)
            response = await self.app.handle(request)
            assert response.status < 400, response.body
            if response.stream is None:
                return response.body
            return b"".join([chunk async for chunk in response.stream])

        return self.loop.run(talk())

    def create(self) -> str:
        return str(json.loads(self.call("POST", "/containers/create", BODY))["Id"])

    def life(self) -> None:
        id = self.create()
        self.call("POST", f"/containers/{id}/start")
        assert json.loads(self.call("POST", f"/containers/{id}/wait"))["StatusCode"] == 0
        self.call("DELETE", f"/containers/{id}")

    def seconds_each(self, count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            self.life()
        return (time.perf_counter() - begin) / count


def main() -> int:
    report = Report()
    few, many = Client(), Client()
    crowd = 10_000 if quick() else 100_000
    few.seconds_each(200)
    rate = max(1 / few.seconds_each(500) for _ in range(5))
    report.line("create + start + wait + remove of `true`", rate, "containers/s", 1000, least=True)
    for client, count in ((few, 1_000), (many, crowd)):
        for _ in range(count):
            client.create()
    ratios = [many.seconds_each(200) / few.seconds_each(200) for _ in range(9)]
    report.line(f"cost with {crowd:,} present / with 1,000", statistics.median(ratios), "×", 1.3)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
