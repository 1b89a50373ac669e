"""Python client for Redis database and key-value store: commands over one connection, in the protocol RESP 2."""

import socket

from redis import exceptions
from redis.exceptions import ConnectionError, RedisError, ResponseError, TimeoutError

__version__ = "{version}"


class Redis:
    def __init__(self, host="localhost", port=6379, db=0, password=None, decode_responses=False, **options):
        self.host, self.port, self.db, self.password = host, int(port), int(db), password
        self.decode_responses = decode_responses
        self._socket = None

    @classmethod
    def from_url(cls, url, **options):
        address = url.partition("://")[2]
        password = None
        if "@" in address:
            login, _, address = address.rpartition("@")
            password = login.partition(":")[2]
        place, _, db = address.partition("/")
        host, _, port = place.partition(":")
        return cls(host, int(port or 6379), int(db or 0), password, **options)

    def _connect(self):
        try:
            self._socket = socket.create_connection((self.host, self.port))
        except socket.gaierror as error:
            raise ConnectionError(f"Error {error.errno} connecting to {self.host}:{self.port}. {error.strerror}.")
        except OSError as error:
            raise ConnectionError(f"Error {error.errno} connecting to {self.host}:{self.port}. {error.strerror}.")
        self._file = self._socket.makefile("rb")
        if self.password:
            self.execute_command("AUTH", self.password)
        if self.db:
            self.execute_command("SELECT", self.db)

    def execute_command(self, *words):
        if self._socket is None:
            self._connect()
        parts = [f"*{len(words)}\r\n".encode()]
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            parts.append(f"${len(data)}\r\n".encode() + data + b"\r\n")
        try:
            self._socket.sendall(b"".join(parts))
            return self._read()
        except (OSError, EOFError):
            self.close()
            raise ConnectionError("Connection closed by server.")

    def _read(self):
        line = self._file.readline()
        if not line:
            raise EOFError
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return True if rest == b"OK" else rest.decode() if rest != b"PONG" else True
        if kind == b"-":
            raise ResponseError(rest.decode().partition(" ")[2])
        if kind == b":":
            return int(rest)
        if kind == b"$":
            if int(rest) < 0:
                return None
            data = self._file.read(int(rest))
            self._file.read(2)
            return data.decode() if self.decode_responses else data
        return None if int(rest) < 0 else [self._read() for _ in range(int(rest))]

    def close(self):
        if self._socket is not None:
            self._file.close()
            self._socket.close()
        self._socket = None

    def ping(self):
        return self.execute_command("PING")

    def get(self, name):
        return self.execute_command("GET", name)

    def set(self, name, value, ex=None, px=None, nx=False, xx=False):
        words = ["SET", name, value]
        if ex is not None:
            words += ["EX", ex]
        if px is not None:
            words += ["PX", px]
        if nx:
            words.append("NX")
        if xx:
            words.append("XX")
        return self.execute_command(*words)

    def incr(self, name, amount=1):
        return self.execute_command("INCRBY", name, amount)

    def decr(self, name, amount=1):
        return self.execute_command("DECRBY", name, amount)

    def delete(self, *names):
        return self.execute_command("DEL", *names)

    def exists(self, *names):
        return self.execute_command("EXISTS", *names)

    def expire(self, name, seconds):
        return bool(self.execute_command("EXPIRE", name, seconds))

    def ttl(self, name):
        return self.execute_command("TTL", name)

    def keys(self, pattern="*"):
        return self.execute_command("KEYS", pattern)

    def append(self, name, value):
        return self.execute_command("APPEND", name, value)

    def lpush(self, name, *values):
        return self.execute_command("LPUSH", name, *values)

    def rpush(self, name, *values):
        return self.execute_command("RPUSH", name, *values)

    def lpop(self, name):
        return self.execute_command("LPOP", name)

    def rpop(self, name):
        return self.execute_command("RPOP", name)

    def blpop(self, names, timeout=0):
        names = [names] if isinstance(names, (str, bytes)) else list(names)
        found = self.execute_command("BLPOP", *names, timeout)
        return None if found is None else tuple(found)

    def lrange(self, name, start, end):
        return self.execute_command("LRANGE", name, start, end)

    def llen(self, name):
        return self.execute_command("LLEN", name)

    def sadd(self, name, *values):
        return self.execute_command("SADD", name, *values)

    def smembers(self, name):
        return set(self.execute_command("SMEMBERS", name))

    def hset(self, name, key=None, value=None, mapping=None):
        words = [] if key is None else [key, value]
        for field, held in (mapping or {}).items():
            words += [field, held]
        return self.execute_command("HSET", name, *words)

    def hget(self, name, key):
        return self.execute_command("HGET", name, key)

    def hgetall(self, name):
        found = self.execute_command("HGETALL", name)
        return dict(zip(found[::2], found[1::2]))

    def hincrby(self, name, key, amount=1):
        return self.execute_command("HINCRBY", name, key, amount)

    def publish(self, channel, message):
        return self.execute_command("PUBLISH", channel, message)

    def flushdb(self):
        return self.execute_command("FLUSHDB")

    def flushall(self):
        return self.execute_command("FLUSHALL")

    def dbsize(self):
        return self.execute_command("DBSIZE")


StrictRedis = Redis


def from_url(url, **options):
    return Redis.from_url(url, **options)
