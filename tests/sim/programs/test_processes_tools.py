"""Commands for processes, time, users and the machine answer as busybox's do."""

from __future__ import annotations

import pytest

from lines import rows
from machine import machine, run, write
from sim.kernel.loader import executable

TABLE = r"""
sleep                               ⇒ \1
sleep x                             ⇒ sleep: invalid number 'x'\n ⇒ 1
sleep 1x                            ⇒ sleep: invalid number '1x'\n ⇒ 1
date; sleep 1m; date                ⇒ Tue Nov 14 22:13:20 UTC 2023\nTue Nov 14 22:14:20 UTC 2023\n
date +%s                            ⇒ 1700000000\n
date -u -d @0                       ⇒ Thu Jan  1 00:00:00 UTC 1970\n
date -u -d @0 -Iseconds             ⇒ 1970-01-01T00:00:00+00:00\n
date -R                             ⇒ Tue, 14 Nov 2023 22:13:20 +0000\n
date -d '2020-01-02 03:04' '+%F %T %a %j' ⇒ 2020-01-02 03:04:00 Thu 002\n
date -d zz                          ⇒ date: invalid date 'zz'\n ⇒ 1
cal 2 2024 | head -3                ⇒ February 2024\nSu Mo Tu We Th Fr Sa\n             1  2  3\n
uptime                              ⇒ 22:13:20 up 0 min,  0 users,  load average: 0.00, 0.00, 0.00\n
env -i A=1 B=2                      ⇒ A=1\nB=2\n
env -u HOME sh -c 'echo ${HOME-unset}' ⇒ unset\n
env nosuch                          ⇒ env: can't execute 'nosuch': No such file or directory\n ⇒ 127
id                                  ⇒ uid=0(root) gid=0(root)\n
id nobody                           ⇒ uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\n
id nosuch                           ⇒ id: unknown user nosuch\n ⇒ 1
id -un; id -G; whoami; groups       ⇒ root\n0\nroot\nroot\n
su nobody -s /bin/sh -c 'id -u; touch /root/x' ⇒ 65534\ntouch: /root/x: Permission denied\n ⇒ 1
su nosuch                           ⇒ su: unknown user nosuch\n ⇒ 1
su nobody -s /bin/sh -c 'su -c id'  ⇒ su: must be suid to work properly\n ⇒ 1
adduser -D bob; id bob; stat -c %U /home/bob ⇒ uid=1000(bob) gid=1000(bob) groups=1000(bob)\nbob\n
adduser -D root                     ⇒ adduser: user 'root' in use\n ⇒ 1
addgroup g; adduser nobody g; getent group g ⇒ g:x:1000:nobody\n
getent passwd nosuch                ⇒ ⇒ 2
hostname; arch; nproc; uname -s     ⇒ glassdock\nx86_64\n2\nLinux\n
tty                                 ⇒ not a tty\n ⇒ 1
stty size                           ⇒ stty: standard input: Inappropriate ioctl for device\n ⇒ 1
dmesg                               ⇒ dmesg: klogctl: Operation not permitted\n ⇒ 1
/bin/kill                           ⇒ kill: you need to specify whom to kill\n ⇒ 1
/bin/kill -l 9 TERM                 ⇒ KILL\n15\n
/bin/kill x                         ⇒ kill: invalid number 'x'\n ⇒ 1
/bin/kill -ZZ 1                     ⇒ kill: bad signal name 'ZZ'\n ⇒ 1
/bin/kill 999999                    ⇒ kill: can't kill pid 999999: No such process\n ⇒ 1
killall nosuch                      ⇒ killall: nosuch: no process killed\n ⇒ 1
sleep 77 & pgrep sleep | wc -l; pkill sleep; pgrep sleep ⇒ 1\n ⇒ 1
sleep 77 & pidof sleep >/dev/null && echo yes; killall -9 sleep; pidof sleep ⇒ yes\n ⇒ 1
pgrep nosuch                        ⇒ \1
ps -o pid,comm | head -1            ⇒ PID   COMMAND\n
ps | head -1                        ⇒ PID   USER     TIME  COMMAND\n
ps -o zz 2>&1 | cut -c1-25          ⇒ ps: bad -o argument 'zz',\n
timeout 1 sleep 5                   ⇒ ⇒ 143
timeout -s KILL 1 sleep 5           ⇒ ⇒ 137
timeout 5 sh -c 'exit 3'            ⇒ ⇒ 3
timeout x true                      ⇒ timeout: invalid number 'x'\n ⇒ 1
timeout 1 nosuch                    ⇒ timeout: can't execute 'nosuch': No such file or directory\n ⇒ 127
env time sleep 2                    ⇒ real\t0m 2.00s\nuser\t0m 0.00s\nsys\t0m 0.00s\n
nohup echo a; nice echo b; setsid echo c ⇒ a\nb\nc\n
chroot /tmp true                    ⇒ chroot: can't execute 'true': No such file or directory\n ⇒ 127
free | head -1                      ⇒ total        used        free      shared  buff/cache   available\n
top -b -n1 | grep -c ' COMMAND$'     ⇒ 1\n
factor 12 97                        ⇒ 12: 2 2 3\n97: 97\n
echo '1+2*3; scale=2; 10/3; 2^10' | bc ⇒ 7\n3.33\n1024\n
yes | head -1                       ⇒ y\n
vi x 2>/dev/null                    ⇒ \1
nologin                             ⇒ This account is not available\n ⇒ 1
"""


@pytest.mark.parametrize("line, output, status", rows(TABLE), ids=[row[0] for row in rows(TABLE)])
def test_a_line_prints_what_busybox_prints(line: str, output: str, status: int) -> None:
    found, out, _ = run(machine(), ["sh", "-c", f"cd /tmp; {{ {line}; }} 2>&1"])
    text = out.decode()
    if line == "sleep":
        assert text.startswith("BusyBox v1.37.0") and found == 1
    else:
        assert (text.lstrip(" "), found) == (output, status)


def test_timeout_ends_with_124_where_the_program_is_gnu() -> None:
    kernel = machine()
    write(kernel, "/usr/bin/timeout", executable("timeout"), 0o755)
    assert run(kernel, ["/usr/bin/timeout", "1", "sleep", "5"])[0] == 124
    assert run(kernel, ["/usr/bin/timeout", "5", "sh", "-c", "exit 3"])[0] == 3


def test_ps_speaks_procps_where_the_program_is_gnu() -> None:
    kernel = machine()
    write(kernel, "/usr/bin/ps", executable("ps"), 0o755)
    status, out, _ = run(kernel, ["/usr/bin/ps", "aux"])
    lines = out.decode().splitlines()
    assert status == 0
    assert lines[0] == "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND"
    assert lines[-1].endswith("/usr/bin/ps aux") and lines[-1].startswith("root")
    _, out, _ = run(kernel, ["/usr/bin/ps", "-ef"])
    assert out.decode().splitlines()[0].split() == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    _, out, _ = run(kernel, ["/usr/bin/ps", "-p", "1", "-o", "pid="])
    assert out.decode().strip() == "1"
    assert run(kernel, ["/usr/bin/ps", "-o", "zz"])[2] == b'error: unknown user-defined format specifier "zz"\n'
