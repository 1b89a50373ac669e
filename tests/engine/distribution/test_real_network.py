"""The way to real registries, tried on this computer: TLS with an authority of our own, redirections, a proxy."""

from __future__ import annotations

import asyncio
import base64
import datetime
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp")
x509 = pytest.importorskip("cryptography.x509")

from aiohttp import web  # noqa: E402
from aiohttp.abc import AbstractResolver  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

from clerk import Clerk  # noqa: E402
from engine.api.driver import Driver  # noqa: E402
from engine.api.messages import Query, Request  # noqa: E402
from engine.distribution import sending  # noqa: E402
from engine.distribution.access import BasicGuard, Members, TokenGuard  # noqa: E402
from engine.distribution.auth import NOBODY, Credentials  # noqa: E402
from engine.distribution.client import Repository, open_repository  # noqa: E402
from engine.distribution.internet import Internet  # noqa: E402
from engine.distribution.registry import Layout, MemoryTree, Registry  # noqa: E402
from engine.distribution.transport import Unreachable  # noqa: E402
from engine.image.digest import Digest  # noqa: E402
from engine.image.reference import Reference  # noqa: E402
from engine.loop import Loop, SteppedClock  # noqa: E402
from engine.trace import Trace  # noqa: E402

LAYER = b"layer " * 50_000
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Authority:
    """Signs certificates for names; `trust` is a client that believes it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test's authority")])
        self._certificate = self._signed(self._name, self._key.public_key(), x509.BasicConstraints(True, None))
        (folder / "ca.pem").write_bytes(self._pem(self._certificate))
        self.trust = ssl.create_default_context(cafile=str(folder / "ca.pem"))

    def context(self, host: str) -> ssl.SSLContext:
        """A server's."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        names = x509.SubjectAlternativeName([x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))])
        chain, secret = self._folder / f"{host}.pem", self._folder / f"{host}.key"
        chain.write_bytes(self._pem(self._signed(subject, key.public_key(), names)))
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        secret.write_bytes(key.private_bytes(*form))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, secret)
        return context

    def _signed(self, subject: Any, key: Any, extension: Any) -> Any:
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
        return builder.add_extension(own, False).add_extension(extension, True).sign(self._key, hashes.SHA256())

    @staticmethod
    def _pem(certificate: Any) -> bytes:
        pem: bytes = certificate.public_bytes(serialization.Encoding.PEM)
        return pem


class Names(AbstractResolver):
    """Every name ending in .test is this computer; no other is known."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[Any]:
        if not host.endswith(".test"):
            raise OSError(None, "no such name")
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass


class World:
    """Servers on this computer, and an engine's loop that reaches them."""

    def __init__(self, trust: ssl.SSLContext | None = None) -> None:
        self.loop = Loop(SteppedClock())
        self.driver = Driver(self.loop)
        self.internet = Internet(self.driver, trust, Names())
        self.trace, self.session = Trace(self.loop), None
        self.seen: list[tuple[str, str, str]] = []  # (server, method and path, Authorization)
        self._runners: list[web.ServerRunner] = []

    async def serve(self, name: str, handler: Handler, tls: ssl.SSLContext | None = None) -> int:
        """Returns the port."""

        async def noted(raw: web.BaseRequest) -> web.StreamResponse:
            self.seen.append((name, f"{raw.method} {raw.path}", raw.headers.get("Authorization", "")))
            return await handler(raw)

        runner = web.ServerRunner(web.Server(noted))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        self._runners.append(runner)
        return int(runner.addresses[0][1])

    async def on_engine(self, coro: Coroutine[Any, Any, Any]) -> Any:
        """The result of a coroutine of the engine's loop."""
        done = asyncio.get_running_loop().create_future()
        task, wait = self.loop.spawn(coro), self.driver.waits.begin("time")

        def ended() -> None:
            wait.end()
            done.set_result(None)

        task.add_done_callback(ended)
        self.driver.now()
        await asyncio.wait_for(done, 20)
        return task.result()

    async def open(self, name: str, credentials: Credentials = NOBODY) -> Repository:
        reference, actions = Reference.parse(name), ("pull", "push")
        opening = open_repository(self.internet, self.loop, self.trace, reference, credentials, actions)
        repository: Repository = await self.on_engine(opening)
        return repository

    async def close(self) -> None:
        await self.internet.close()
        for runner in self._runners:
            await runner.cleanup()
        self.driver.close()


def registry(app: Any) -> Handler:
    """A registry application behind aiohttp's server."""

    async def handle(raw: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in raw.headers.items()}
        request = Request(raw.method, raw.path, Query(raw.query.items()), headers, await raw.read())
        response = await app.handle(request)
        if response.stream is not None:
            response.body = b"".join([piece async for piece in response.stream])
        return web.Response(status=response.status, body=response.body or None, headers=response.headers)

    return handle


def filled() -> Registry:
    app = Registry(Layout(MemoryTree()), deletes=True)
    Clerk(app).blob(LAYER)
    return app


def live(test: Callable[..., Coroutine[Any, Any, None]], trust: ssl.SSLContext | None = None, *more: Any) -> None:
    """Run a test in a new world."""

    async def go() -> None:
        world = World(trust)
        try:
            await test(world, *more)
        finally:
            await world.close()

    asyncio.run(go())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def layer_of(world: World, repository: Repository) -> bytes:
    async def read() -> bytes:
        reply = await repository.blob(Digest.of(LAYER))
        return await reply.read()

    data: bytes = await world.on_engine(read())
    return data


def test_a_registry_with_a_certificate_is_pulled_from_and_pushed_to(authority: Authority) -> None:
    async def test(world: World) -> None:
        port = await world.serve("registry", registry(filled()), authority.context("registry.test"))
        repository = await world.open(f"registry.test:{port}/team/app")
        assert repository.endpoint == f"https://registry.test:{port}"
        assert await layer_of(world, repository) == LAYER

        async def pieces(offset: int) -> AsyncIterator[bytes]:
            for at in range(offset, len(LAYER), 7000):
                yield LAYER[at : at + 7000][::-1]

        digest = Digest.of(b"".join([piece async for piece in pieces(0)]))
        await world.on_engine(sending.Uploading(repository).send(pieces, lambda: digest))
        assert await world.on_engine(sending.has_blob(repository, digest)) == len(LAYER)

    live(test, authority.trust)


def test_a_certificate_that_nobody_vouches_for_is_refused(authority: Authority) -> None:
    async def test(world: World) -> None:
        port = await world.serve("registry", registry(filled()), authority.context("registry.test"))
        with pytest.raises(Unreachable, match=f'Get "https://registry.test:{port}/v2/": tls: failed to verify '
                           "certificate: x509: certificate signed by unknown authority"):  # fmt: skip
            await world.open(f"registry.test:{port}/team/app")

    live(test)


def test_a_certificate_for_another_name_is_refused(authority: Authority) -> None:
    async def test(world: World) -> None:
        port = await world.serve("registry", registry(filled()), authority.context("registry.test"))
        with pytest.raises(Unreachable, match=r"x509: certificate is not valid for other\.test"):
            await world.open(f"other.test:{port}/team/app")

    live(test, authority.trust)


def test_on_this_computer_neither_certificate_nor_tls_is_needed(authority: Authority) -> None:
    async def test(world: World) -> None:
        secure = await world.serve("secure", registry(filled()), authority.context("registry.test"))
        plain = await world.serve("plain", registry(filled()))
        assert (await world.open(f"127.0.0.1:{secure}/team/app")).endpoint == f"https://127.0.0.1:{secure}"
        repository = await world.open(f"127.0.0.1:{plain}/team/app")
        assert repository.endpoint == f"http://127.0.0.1:{plain}" and await layer_of(world, repository) == LAYER

    live(test)


def test_elsewhere_plain_http_is_refused_in_dockers_words() -> None:
    async def test(world: World) -> None:
        port = await world.serve("plain", registry(filled()))
        with pytest.raises(Unreachable, match="http: server gave HTTP response to HTTPS client"):
            await world.open(f"registry.test:{port}/team/app")

    live(test)


def test_nobody_there_is_said_as_go_says_it() -> None:
    async def test(world: World) -> None:
        with pytest.raises(Unreachable, match=r'Get "https://nowhere\.example/v2/": dial tcp: lookup'):
            await world.open("nowhere.example/team/app")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            with pytest.raises(Unreachable, match=f"dial tcp 127.0.0.1:{port}: connect: connection refused"):
                await world.open(f"127.0.0.1:{port}/team/app")

    live(test)


def test_a_redirection_to_another_server_is_followed_without_the_login() -> None:
    async def test(world: World) -> None:
        layers = await world.serve("layers", registry(filled()))
        members = BasicGuard(Members({"ann": "secret"}))
        inner = registry(Registry(Layout(MemoryTree()), members))

        async def front(raw: web.BaseRequest) -> web.StreamResponse:
            if "/blobs/" in raw.path:
                raise_to = f"http://layers.test:{layers}{raw.path}"
                return web.Response(status=307, headers={"Location": raise_to})
            return await inner(raw)

        port = await world.serve("front", front)
        repository = await world.open(f"127.0.0.1:{port}/team/app", Credentials("ann", "secret"))
        assert await layer_of(world, repository) == LAYER
        sent = {server: header for server, path, header in world.seen if "/blobs/" in path}
        assert sent["front"].startswith("Basic ") and sent["layers"] == ""

    live(test)


def test_a_token_is_fetched_from_where_the_challenge_says() -> None:
    async def test(world: World) -> None:
        guard = TokenGuard(Members({"ann": "secret"}), lambda: world.loop.time, b"k", "", "service")

        async def office(raw: web.BaseRequest) -> web.StreamResponse:
            request = Request("GET", raw.path, {}, {"authorization": raw.headers.get("Authorization", "")})
            answer = guard.issue(request, raw.query.getall("scope", []))
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

        guard.realm = f"http://office.test:{await world.serve('office', office)}/token"
        app = filled()
        app._guard = guard
        port = await world.serve("registry", registry(app))
        repository = await world.open(f"127.0.0.1:{port}/team/app", Credentials("ann", "secret"))
        assert await layer_of(world, repository) == LAYER
        asked = [header for server, _, header in world.seen if server == "office"]
        assert asked == ["Basic " + base64.b64encode(b"ann:secret").decode()]

    live(test)


def test_a_proxy_is_used_where_the_environment_says_so(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    async def test(world: World) -> None:
        secure = await world.serve("registry", registry(filled()), authority.context("registry.test"))
        tunnels: list[str] = []

        async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            tunnels.append(head.split(" ")[1])
            there, back = await asyncio.open_connection("127.0.0.1", secure)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_copy(reader, back), _copy(there, writer))

        proxy = await asyncio.start_server(tunnel, "127.0.0.1", 0)
        where = proxy.sockets[0].getsockname()
        monkeypatch.setenv("HTTPS_PROXY", f"http://{where[0]}:{where[1]}")
        assert await layer_of(world, await world.open("registry.test/team/app")) == LAYER
        assert set(tunnels) == {"registry.test:443"}
        await world.internet.close()
        world.internet._session = None
        monkeypatch.setenv("NO_PROXY", "localhost,.test")
        direct = await world.open(f"registry.test:{secure}/team/app")
        assert await layer_of(world, direct) == LAYER and set(tunnels) == {"registry.test:443"}
        proxy.close()

    live(test, authority.trust)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def test_an_answer_that_ends_too_early_is_not_taken_for_whole() -> None:
    async def test(world: World) -> None:
        async def short(raw: web.BaseRequest) -> web.StreamResponse:
            reply = web.StreamResponse(headers={"Content-Length": "1000"})
            await reply.prepare(raw)
            await reply.write(b"half")
            assert raw.transport is not None
            raw.transport.close()
            return reply

        port = await world.serve("short", short)

        async def ask() -> bytes:
            reply = await world.internet.request("GET", f"http://127.0.0.1:{port}/x", {})
            return await reply.read()

        with pytest.raises(Unreachable, match="unexpected EOF"):
            await world.on_engine(ask())

    live(test)


def test_virtual_time_does_not_jump_while_the_real_world_is_waited_for() -> None:
    async def test(world: World) -> None:
        async def slow(raw: web.BaseRequest) -> web.StreamResponse:
            await asyncio.sleep(0.1)
            return web.Response(body=b"x")

        port = await world.serve("slow", slow)
        begin = world.loop.time
        world.loop.call_later(3600, lambda: None)

        async def ask() -> bytes:
            return await (await world.internet.request("GET", f"http://127.0.0.1:{port}/x", {})).read()

        assert await world.on_engine(ask()) == b"x" and world.loop.time - begin < 10**9
        assert world.driver.waits.outside == 0

    live(test)


def test_who_does_not_want_the_rest_of_an_answer_lets_go_of_it() -> None:
    async def test(world: World) -> None:
        gone = asyncio.Event()

        async def endless(raw: web.BaseRequest) -> web.StreamResponse:
            reply = web.StreamResponse()
            await reply.prepare(raw)
            try:
                while True:
                    await reply.write(bytes(65536))
            except ConnectionError:
                gone.set()
            return reply

        port = await world.serve("endless", endless)

        async def ask() -> None:
            reply = await world.internet.request("GET", f"http://127.0.0.1:{port}/x", {})
            await anext(aiter(reply.body))
            await reply.aclose()

        await world.on_engine(ask())
        await asyncio.wait_for(gone.wait(), 5)

    live(test)
