"""The services of the teaching images, run as containers from images that were pulled from the hub."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

docker = pytest.importorskip("docker")

from engine.client.dockerpy import docker_client  # noqa: E402
from sim.make import make_engine  # noqa: E402


class Lab:
    """An engine, docker-py on it, and virtual time."""

    def __init__(self) -> None:
        self.engine = make_engine(seed=1)
        self.docker = docker_client(self.engine)

    def start(
        self, image: str, *command: str, after: float = 1, **settings: object
    ) -> docker.models.containers.Container:
        container = self.docker.containers.run(image, list(command) or None, detach=True, **settings)
        self.wait(after)
        container.reload()
        return container

    def wait(self, seconds: float) -> None:
        self.engine.loop.run(self.engine.loop.sleep(seconds))

    def address(self, container: docker.models.containers.Container) -> str:
        return str(container.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"])

    def sh(self, line: str) -> str:
        """What a shell in a new container prints."""
        return self.docker.containers.run("alpine", ["sh", "-c", line], remove=True, stderr=True).decode()

    def inside(self, container: docker.models.containers.Container, *line: str) -> str:
        return container.exec_run(list(line)).output.decode()


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    lab = Lab()
    yield lab
    lab.engine.loop.run(lab.engine.close())


def test_nginx_serves_its_files_and_says_so(lab: Lab) -> None:
    nginx = lab.start("nginx:alpine")
    address = lab.address(nginx)
    assert "<h1>Welcome to nginx!</h1>" in lab.sh(f"wget -qO- http://{address}/")
    assert "HTTP/1.1 404 Not Found" in lab.sh(f"wget -q http://{address}/nope || true")
    lab.inside(nginx, "sh", "-c", "echo mine > /usr/share/nginx/html/mine.txt")
    headers = lab.sh(f"wget -qSO- http://{address}/mine.txt")
    assert "Content-Type: text/plain" in headers and "Server: nginx/1.30.5" in headers and headers.endswith("mine\n")
    log = nginx.logs().decode()
    assert "Configuration complete; ready for start up" in log and "[notice] 1#1: start worker process" in log
    assert '"GET /mine.txt HTTP/1.1" 200 5 "-" "Wget" "-"' in log
    assert 'open() "/usr/share/nginx/html/nope" failed (2: No such file or directory)' in log


def test_nginx_has_a_master_and_workers_and_ends_at_once(lab: Lab) -> None:
    nginx = lab.start("nginx:alpine")
    commands = [row[-1] for row in nginx.top()["Processes"]]
    assert commands[0].startswith("nginx: master process") and set(commands[1:]) == {"nginx: worker process"}
    began = lab.engine.loop.time
    nginx.stop()
    nginx.reload()
    assert nginx.attrs["State"]["ExitCode"] == 0 and lab.engine.loop.time - began < 1e9
    assert "signal 3 (SIGQUIT) received, shutting down" in nginx.logs().decode()


def test_nginx_takes_a_new_configuration_without_ending(lab: Lab) -> None:
    nginx = lab.start("nginx:alpine")
    conf = "/etc/nginx/conf.d/default.conf"
    lab.inside(nginx, "sh", "-c", f"echo 'server {{ listen 80; location / {{ return 200 new; }} }}' > {conf}")
    assert "test is successful" in lab.inside(nginx, "nginx", "-t")
    lab.inside(nginx, "nginx", "-s", "reload")
    lab.wait(1)
    assert lab.sh(f"wget -qO- http://{lab.address(nginx)}/any/where") == "new"
    lab.inside(nginx, "sh", "-c", f"echo 'server {{ listn 80; }}' > {conf}")
    assert f'[emerg] unknown directive "listn" in {conf}:1' in lab.inside(nginx, "nginx", "-t")


def test_nginx_hands_requests_on(lab: Lab) -> None:
    behind = lab.start("httpd:alpine")
    nginx = lab.start("nginx:alpine")
    site = f"server {{ listen 80; location /app/ {{ proxy_pass http://{lab.address(behind)}/; }} }}"
    lab.inside(nginx, "sh", "-c", f"echo '{site}' > /etc/nginx/conf.d/default.conf; nginx -s reload")
    lab.wait(1)
    assert "It works!" in lab.sh(f"wget -qO- http://{lab.address(nginx)}/app/")
    behind.stop()
    assert "502 Bad Gateway" in lab.sh(f"wget -q http://{lab.address(nginx)}/app/ || true")


def test_apache_serves_its_files_and_says_so(lab: Lab) -> None:
    httpd = lab.start("httpd:alpine")
    assert lab.sh(f"wget -qO- http://{lab.address(httpd)}/") == "<html><body><h1>It works!</h1></body></html>\n"
    log = httpd.logs().decode()
    assert log.count("AH00558: httpd: Could not reliably determine the server's fully qualified domain name") == 2
    assert "AH00094: Command line: 'httpd -D FOREGROUND'" in log and '"GET / HTTP/1.1" 200 45\n' in log
    assert [row[0] for row in httpd.top()["Processes"]].count("root") == 1
    httpd.stop()
    assert "AH00492: caught SIGWINCH, shutting down gracefully" in httpd.logs().decode()


def test_busybox_serves_a_folder(lab: Lab) -> None:
    server = lab.start("busybox", "sh", "-c", "mkdir /w; echo hi > /w/index.html; httpd -f -v -p 8080 -h /w")
    assert lab.sh(f"wget -qO- http://{lab.address(server)}:8080/") == "hi\n"
    assert "404 Not Found" in lab.sh(f"wget -q http://{lab.address(server)}:8080/x || true")
    assert "response:200\n" in server.logs().decode()


def test_redis_keeps_data_over_a_restart(lab: Lab) -> None:
    redis = lab.start("redis")
    assert lab.inside(redis, "redis-cli", "set", "name", "Ann") == "OK\n"
    assert lab.inside(redis, "redis-cli", "rpush", "list", "a", "b") == "2\n"
    assert lab.inside(redis, "redis-cli", "zadd", "scores", "1.5", "x") == "1\n"
    assert lab.inside(redis, "redis-cli", "--no-raw", "get", "name") == '"Ann"\n'
    redis.restart()
    lab.wait(1)
    assert lab.inside(redis, "redis-cli", "get", "name") == "Ann\n"
    assert lab.inside(redis, "redis-cli", "zscore", "scores", "x") == "1.5\n"
    log = redis.logs().decode()
    assert "Ready to accept connections tcp" in log and "DB saved on disk" in log and "keys loaded: 3" in log


def test_redis_keys_expire_in_the_machine_s_time(lab: Lab) -> None:
    redis = lab.start("redis")
    script = "redis-cli setex k 5 v; sleep 2; redis-cli exists k; sleep 4; redis-cli exists k"
    assert lab.inside(redis, "sh", "-c", script) == "OK\n1\n0\n"


def test_redis_clients_wait_for_each_other(lab: Lab) -> None:
    redis = lab.start("redis")
    popped = lab.inside(redis, "sh", "-c", "redis-cli blpop jobs 9 & sleep 1; redis-cli rpush jobs one; wait")
    assert popped == "1\njobs\none\n"
    heard = lab.inside(
        redis, "sh", "-c", "timeout 3 redis-cli subscribe news & sleep 1; redis-cli publish news hi; wait"
    )
    assert heard.endswith(("message\nnews\nhi\n1\n", "1\nmessage\nnews\nhi\n"))
    assert lab.inside(redis, "redis-cli", "--no-raw", "blpop", "nothing", "1") == "(nil)\n"


def test_redis_asks_for_its_password(lab: Lab) -> None:
    redis = lab.start("redis", "redis-server", "--requirepass", "secret")
    assert lab.inside(redis, "redis-cli", "ping") == "NOAUTH Authentication required.\n"
    assert lab.inside(redis, "redis-cli", "-a", "secret", "--no-auth-warning", "ping") == "PONG\n"
    assert "WRONGPASS" in lab.inside(redis, "redis-cli", "-a", "no", "ping")


def test_redis_answers_lines_that_somebody_types(lab: Lab) -> None:
    redis = lab.start("redis")
    answer = lab.sh(f"printf 'SET a 1\\r\\nGET a\\r\\nQUIT\\r\\n' | nc {lab.address(redis)} 6379")
    assert answer == "+OK\r\n$1\r\n1\r\n+OK\r\n"
    assert "-ERR Protocol error" in lab.sh(f"printf '*1\\r\\n:5\\r\\n' | nc {lab.address(redis)} 6379")


def test_memcached_keeps_values(lab: Lab) -> None:
    memcached = lab.start("memcached")
    script = "set a 0 0 5\\r\\nhello\\r\\nget a b\\r\\nincr a 1\\r\\ndelete a\\r\\nget a\\r\\nquit\\r\\n"
    assert lab.sh(f"printf '{script}' | nc {lab.address(memcached)} 11211") == (
        "STORED\r\nVALUE a 0 5\r\nhello\r\nEND\r\n"
        "CLIENT_ERROR cannot increment or decrement non-numeric value\r\nDELETED\r\nEND\r\n"
    )


@pytest.mark.slow
def test_mysql_wants_a_password_and_then_starts(lab: Lab) -> None:
    refused = lab.start("mysql", after=5)
    assert refused.attrs["State"]["ExitCode"] == 1 and "    - MYSQL_ROOT_PASSWORD" in refused.logs().decode()
    mysql = lab.start("mysql", after=20, environment={"MYSQL_ROOT_PASSWORD": "x"})
    assert "ready for connections. Version: '8.4.11'" in mysql.logs().decode()
    mysql.stop()
    mysql.reload()
    assert mysql.attrs["State"]["ExitCode"] == 0


def test_an_image_for_another_machine_is_not_executed(lab: Lab) -> None:
    lab.docker.images.pull("hello-world", platform="linux/arm64")
    with pytest.raises(docker.errors.ContainerError, match="exec /hello: exec format error"):
        lab.docker.containers.run("hello-world", platform="linux/arm64")
