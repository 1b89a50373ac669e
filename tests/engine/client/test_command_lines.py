"""Our docker reads a command line as Docker's does: the same refusals, word for word, and the same exit codes."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from engine.client.command import main
from engine.client.connection import SocketConnection
from engine.client.console import BufferConsole

NOBODY = "unix:///nonexistent/docker.sock"

LINES = """
ps --bogus | ps a b | ps -n x | ps --last | ps -n | ps -z | ps | ps -aq --no-trunc | ps --help | container ls --help
run | run --name | run -m 1x alpine | run -p abc x | run -p 1:2:3:4 x | run -p 70000:80 x | run -p 80-81:80 x
run --cpus abc x | run --no-healthcheck --health-cmd x y | run -u | run --pull sometimes x | run --help
run -d -a stdout x | run -p 300.1.1.1:80:80 x | run -p 80/xyz x | run --memory=12q x | run --health-interval 5 x
run --restart on-failure:x a | run --env-file /nonexistent/env x | run --init=maybe x | run -v
run --ulimit nofile x | run --stop-timeout ten x | exec x | exec | rm | rm -x a | rmi | stop | stop -t soon a | kill
start | restart | pause | unpause | wait | rename x | attach | attach x y | port | port a b c | top | logs
logs --tail | logs a b | inspect | inspect -f | tag x | tag a b c | pull | pull a b | pull Abc | pull a@b | search
search a b | login a b | logout a b | images a b | history | history --help | system df x | system prune x
container bogus | image bogus | bogus | stats --bogus | events --since nonsense | events x | info x | version x
system bogus | run -p x:80 a | run --expose x a | run -l | run --detach-keys | exec --help | inspect --help
network | network create | network create a b | network create --subnet 10.0.0.0/8 --subnet 10.1.0.0/16 a
network create --gateway 10.0.0.1 a | network create --subnet 10.0.0.0/8 --gateway 1.1.1.1 a | network rm
network create --subnet 10.0.0.0/8 --ip-range 11.0.0.0/8 a | network create --ipv6=maybe a | network connect a
network create --subnet 10.0.0.0/8 --aux-address x=1.1.1.1 a | network connect --gw-priority x a b | network ls a
network create --subnet 10.0.0.0/8 --subnet 11.0.0.0/8 --gateway 10.0.0.1 --gateway 10.0.0.2 a | network prune a
network connect --driver-opt a b c | network connect --help | network disconnect | network disconnect -x a b
network create --help | network rm --help | network disconnect --help | network --help | network bogus
run --network name=a,bogus=1 x | run --network alias=a x | run --network name=a,gw-priority=x y
run --network a --network a x | run --network a --network host x | run --network-alias a x | run --network "" x
run --network name=a,alias=b --network-alias c x | run --network name=a,ip=10.0.0.1 --ip 10.0.0.2 x
run --network name=a,driver-opt=b x | run --network container:a --network b x | run --mac-address bogus x
run --network name=a,alias x | run --network name=a,mac-address=x --mac-address y z | run --link-local-ip x y
logs --help | system df --help | create --help | container prune --help
""".replace("\n", "|").split("|")


def ours(line: str) -> tuple[str, str, int]:
    console = BufferConsole()
    code = main(line.split(), SocketConnection(NOBODY), console)
    return console.stdout.decode(), console.stderr.decode(), code


def theirs(line: str, home: str) -> tuple[str, str, int]:
    environment = {"DOCKER_HOST": NOBODY, "DOCKER_CONFIG": home, "PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run(["docker", *line.split()], env=environment, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr, done.returncode


@pytest.mark.docker_cli
@pytest.mark.parametrize("line", [line.strip() for line in LINES if line.strip()])
def test_a_command_line_means_what_it_means_to_docker(line: str, tmp_path: object) -> None:
    if shutil.which("docker") is None:
        pytest.skip("no docker command here to compare with")
    assert ours(line) == theirs(line, str(tmp_path))
