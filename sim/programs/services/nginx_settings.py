"""What of an nginx configuration concerns the processes; and whether nginx would take it at all."""

from __future__ import annotations

from dataclasses import dataclass

from sim.abi import Proc
from sim.programs.services.nginx_conf import ConfError, Directive, each, parse, words_of

_WORDS = """
    access_log add_header alias allow autoindex charset client_max_body_size daemon default_type deny env error_log
    error_page events expires gzip gzip_types http include index keepalive_timeout limit_req listen load_module location
    log_format log_not_found map master_process multi_accept pid proxy_buffering proxy_cache proxy_connect_timeout
    proxy_http_version proxy_pass proxy_read_timeout proxy_redirect proxy_send_timeout proxy_set_header real_ip_header
    resolver return rewrite root sendfile server server_name server_names_hash_bucket_size server_tokens set
    ssl_certificate ssl_certificate_key ssl_protocols tcp_nodelay tcp_nopush thread_pool try_files types
    types_hash_max_size upstream use user worker_connections worker_processes worker_rlimit_nofile
"""
KNOWN = frozenset(_WORDS.split())


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration that was read and found good."""

    main: list[Directive]
    http: list[Directive]
    workers: int
    user: str  # "" if there is no such directive
    pid: str
    daemon: bool
    idle: float


def read(proc: Proc, path: str, more: str) -> Settings:
    """Raises ConfError."""
    main = parse(proc, path) + parse(proc, "command line", more if not more or more.endswith(";") else more + ";")
    _check(main)
    http = [directive for block in each(main, "http") for directive in block.block or ()]
    workers = words_of(main, "worker_processes", ["1"])[0]
    if workers != "auto" and not workers.isdigit():
        raise ConfError(f'invalid value "{workers}" in {each(main, "worker_processes")[-1].where}')
    cpus = sum(line.startswith(b"processor") for line in _cpus(proc).splitlines()) or 1
    return Settings(
        main,
        http,
        cpus if workers == "auto" else int(workers),
        words_of(main, "user", [""])[0],
        words_of(main, "pid", ["/run/nginx.pid"])[0],
        words_of(main, "daemon", ["on"]) != ["off"],
        float(words_of(http, "keepalive_timeout", ["75"])[0].rstrip("s")),
    )


def _cpus(proc: Proc) -> bytes:
    try:
        return proc.read_file("/proc/cpuinfo")
    except OSError:
        return b""


def _check(block: list[Directive], inside: str = "") -> None:
    """Every directive is one that nginx knows. Raises ConfError."""
    for directive in block:
        if inside != "types" and directive.name not in KNOWN and inside not in ("map", "upstream"):
            raise ConfError(f'unknown directive "{directive.name}" in {directive.where}')
        if directive.block is not None:
            _check(directive.block, directive.name)
