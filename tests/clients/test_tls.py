"""A daemon on TCP can ask for a certificate: who has none stays outside, and docker works inside as without TLS."""

import datetime
import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey
CLI = pytest.mark.skipif(
    shutil.which("docker") is None and not os.environ.get("CI"), reason="no docker command on the PATH"
)

OURS = (sys.executable, "-m", "engine.client.command")


@dataclass
class Daemon:
    address: tuple[str, int]
    folder: Path

    def docker(
        self, *words: str, stdin: str = "", verify: str = "1", program: Sequence[str] = ("docker",)
    ) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "DOCKER_HOST": "tcp://{}:{}".format(*self.address),
            "DOCKER_CERT_PATH": str(self.folder),
            "DOCKER_CONFIG": str(self.folder),
        }
        environment |= {"DOCKER_TLS_VERIFY": verify} if verify else {}
        return subprocess.run(
            [*program, *words], env=environment, input=stdin, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    argv = [sys.executable, "-m", "engine.cli", "serve", "sim", "-H", "tcp://127.0.0.1:0", "--tlsverify"]
    argv += ["--tlscacert", str(folder / "ca.pem"), "--tlscert", str(folder / "server-cert.pem")]
    argv += ["--tlskey", str(folder / "server-key.pem")]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    assert "listens on tcp://127.0.0.1:" in first, first + process.stdout.read()
    yield Daemon(("127.0.0.1", int(first.rpartition(":")[2])), folder)
    process.terminate()
    assert process.wait(20) == 0


@pytest.mark.parametrize("program", [pytest.param(("docker",), marks=CLI), OURS], ids=["docker", "ours"])
def test_docker_works_as_without_tls(daemon, program):
    def docker(*words, stdin=""):
        return daemon.docker("run", "--rm", *words, stdin=stdin, program=program).stdout

    assert docker("alpine", "echo", "hello") == "hello\n"
    assert docker("-i", "alpine", "cat", stdin="piped\n") == "piped\n"
    large = docker("-i", "alpine", "sh", "-c", "wc -c; seq 100000 | tail -1", stdin="x" * 2_000_000)
    assert large.split() == ["2000000", "100000"]


def test_our_docker_takes_the_options_too_and_trusts_nobody_else(daemon):
    files = [f"--tls{name}={daemon.folder}/{file}.pem" for name, file in (("cacert", "ca"), ("cert", "cert"))]
    files += ["--tlskey", f"{daemon.folder}/key.pem"]
    asked = ("network", "ls", "-f", "name=host", "--format", "{{.Driver}}")
    assert daemon.docker("--tlsverify", *files, *asked, verify="", program=OURS).stdout == "host\n"
    assert daemon.docker("--tls", *files, *asked, verify="", program=OURS).stdout == "host\n"
    strange = daemon.docker("--tlsverify", f"--tlscacert={daemon.folder}/cert.pem", *asked, verify="", program=OURS)
    assert "certificate verify failed" in strange.stderr and strange.returncode == 1
    missing = daemon.docker("--tlsverify", "--tlscacert=/no/ca.pem", *asked, verify="", program=OURS)
    assert missing.stderr == "unable to resolve docker endpoint: open /no/ca.pem: no such file or directory\n"
    assert daemon.docker(*asked, verify="", program=OURS).returncode == 1


@CLI
def test_a_client_without_tls_is_not_understood(daemon):
    assert daemon.docker("version", verify="").returncode != 0


def test_a_stranger_stays_outside(daemon):
    """TLS 1.3 lets a client end its handshake before the server has looked: the refusal comes with the first read."""
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ping(daemon, ssl.create_default_context(cafile=str(daemon.folder / "ca.pem")))


def test_noise_and_silence_harm_nobody(daemon):
    with socket.create_connection(daemon.address, timeout=10) as noisy:
        noisy.sendall(b"\x16\x03\x01\xff\xff" + b"\xff" * 500)
        assert noisy.recv(1000)[:1] in (b"", b"\x15")  # closed, or TLS's alert
    for silent in [socket.create_connection(daemon.address) for _ in range(20)]:
        silent.close()
    context = ssl.create_default_context(cafile=str(daemon.folder / "ca.pem"))
    context.load_cert_chain(daemon.folder / "cert.pem", daemon.folder / "key.pem")
    assert ping(daemon, context).startswith(b"HTTP/1.1 200")


def ping(daemon: Daemon, context: ssl.SSLContext) -> bytes:
    """The answer's beginning. Raises ConnectionError if there is none."""
    plain = socket.create_connection(daemon.address, timeout=10)
    with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
        secure.sendall(b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
        if answer := secure.recv(1000):
            return answer
        raise ConnectionResetError


def test_a_key_that_is_not_there_is_named():
    argv = [sys.executable, "-m", "engine.cli", "serve", "sim", "-H", "tcp://127.0.0.1:0", "--tls"]
    done = subprocess.run([*argv, "--tlskey", "/no/key.pem"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "/no/key.pem" in done.stderr


def make_certificates(folder: Path) -> None:
    """ca.pem, and for the server 127.0.0.1 server-cert.pem, server-key.pem, for its client cert.pem, key.pem."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's authority")])
    ca = _signed(ca_name, ca_key, ca_name, ca_key, x509.BasicConstraints(ca=True, path_length=None))
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    for prefix, use in (("server-", ExtendedKeyUsageOID.SERVER_AUTH), ("", ExtendedKeyUsageOID.CLIENT_AUTH)):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, prefix + "test")])
        here = x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
        )
        signed = _signed(name, key, ca_name, ca_key, here, x509.ExtendedKeyUsage([use]))
        (folder / f"{prefix}cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        (folder / f"{prefix}key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


def _signed(name: x509.Name, key: Key, by: x509.Name, by_key: Key, *extensions: x509.ExtensionType) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(by_key, hashes.SHA256())
