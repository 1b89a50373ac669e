"""Commands for files answer as busybox's do."""

from __future__ import annotations

import pytest

from lines import rows
from machine import machine, run, write
from sim.kernel.kernel import Kernel

FAILSAFE = "rm: use --no-preserve-root to override this failsafe\n"
# a shell line, what it prints (both streams in order of printing), its exit status if that is not 0
TABLE = r"""
ls -l /w/a                          ⇒ -rw-r--r--    1 root     root             6 Nov 14 22:13 /w/a\n
ls -ln /w/a                         ⇒ -rw-r--r--    1 0        0                6 Nov 14 22:13 /w/a\n
ls -lh /w/a                         ⇒ -rw-r--r--    1 root     root           6 Nov 14 22:13 /w/a\n
ls -l /dev/null                     ⇒ crw-rw-rw-    1 root     root        1,   3 Nov 14 22:13 /dev/null\n
ls /w                               ⇒ a\nd\nl\n
ls -a /w                            ⇒ .\n..\n.hidden\na\nd\nl\n
ls -A /w                            ⇒ .hidden\na\nd\nl\n
ls -F /w                            ⇒ a\nd/\nl@\n
ls -r /w                            ⇒ l\nd\na\n
ls -C /w                            ⇒ a  d  l\n
ls -d /w                            ⇒ /w\n
ls -R /w                            ⇒ /w:\na\nd\nl\n\n/w/d:\nb\n
ls /w/a /w/d                        ⇒ /w/a\n\n/w/d:\nb\n
ls /w/nosuch                        ⇒ ls: /w/nosuch: No such file or directory\n ⇒ 1
cat /w/a                            ⇒ hello\n
cat -n /w/a | tr -d ' '             ⇒ 1\thello\n
cat -e /w/a                         ⇒ hello$\n
cat nosuch                          ⇒ cat: can't open 'nosuch': No such file or directory\n ⇒ 1
cat /w/d                            ⇒ cat: read error: Is a directory\n ⇒ 1
mkdir /w/d                          ⇒ mkdir: can't create directory '/w/d': File exists\n ⇒ 1
mkdir x/y                           ⇒ mkdir: can't create directory 'x/y': No such file or directory\n ⇒ 1
mkdir -p x/y/z && ls -R x           ⇒ x:\ny\n\nx/y:\nz\n\nx/y/z:\n
mkdir -m 700 m; stat -c %A m        ⇒ drwx------\n
rmdir /w/d                          ⇒ rmdir: '/w/d': Directory not empty\n ⇒ 1
mkdir -p p/q; rmdir -p p/q; ls p    ⇒ ls: p: No such file or directory\n ⇒ 1
rm /w/d                             ⇒ rm: '/w/d' is a directory\n ⇒ 1
rm nosuch                           ⇒ rm: can't remove 'nosuch': No such file or directory\n ⇒ 1
rm -f nosuch                        ⇒
rm -rf ..                           ⇒ rm: can't remove '.' or '..'\n ⇒ 1
rm -rv /w/d                         ⇒ removed '/w/d/b'\nremoved directory: '/w/d'\n
echo n | rm -i /w/a; ls /w/a        ⇒ rm: remove '/w/a'? /w/a\n
rm -rf /w; ls /w                    ⇒ ls: /w: No such file or directory\n ⇒ 1
cp nosuch b                         ⇒ cp: can't stat 'nosuch': No such file or directory\n ⇒ 1
cp /w/d b                           ⇒ cp: omitting directory '/w/d'\n ⇒ 1
cp /w/a /w/a                        ⇒ cp: '/w/a' and '/w/a' are the same file\n ⇒ 1
cp -v /w/a b; cat b                 ⇒ '/w/a' -> 'b'\nhello\n
cp /w/a x/y/z                       ⇒ cp: can't create 'x/y/z': No such file or directory\n ⇒ 1
cp -r /w v; ls -F v v/d             ⇒ v:\na\nd/\nl@\n\nv/d:\nb\n
cp -a /w v; readlink v/l            ⇒ a\n
cp /w/l f; cat f                    ⇒ hello\n
cp -r /w /w/d                       ⇒ cp: recursion detected, omitting directory '/w'\n ⇒ 1
mv /w/a /w/d; ls /w/d               ⇒ a\nb\n
mv nosuch b                         ⇒ mv: can't rename 'nosuch': No such file or directory\n ⇒ 1
mv /w/d e; ls e                     ⇒ b\n
ln -s a l; ls -l l | cut -c58-      ⇒ l -> a\n
ln -s x /w/l                        ⇒ ln: /w/l: File exists\n ⇒ 1
ln -sf x /w/l; readlink /w/l        ⇒ x\n
ln nosuch h                         ⇒ ln: nosuch: No such file or directory\n ⇒ 1
ln /w/a h; stat -c %h h             ⇒ 2\n
touch x/y                           ⇒ touch: x/y: No such file or directory\n ⇒ 1
touch -c nosuch; ls                 ⇒
touch -d '2020-01-02 03:04:05' t; stat -c %y t ⇒ 2020-01-02 03:04:05.000000000 +0000\n
chmod 640 /w/a; stat -c %a /w/a     ⇒ 640\n
chmod u+x,go= /w/a; stat -c %A /w/a ⇒ -rwx------\n
chmod -R a+X /w; stat -c %A /w/d /w/a ⇒ drwxr-xr-x\n-rw-r--r--\n
chmod 999 /w/a                      ⇒ chmod: invalid mode '999'\n ⇒ 1
chmod 644 nosuch                    ⇒ chmod: nosuch: No such file or directory\n ⇒ 1
chown nobody:users /w/a; stat -c %U:%G /w/a ⇒ nobody:users\n
chown -R 1:2 /w; stat -c %u:%g /w/d/b ⇒ 1:2\n
chown nosuch /w/a                   ⇒ chown: unknown user nosuch\n ⇒ 1
chgrp nosuch /w/a                   ⇒ chgrp: unknown group nosuch\n ⇒ 1
find /w -type f                     ⇒ /w/.hidden\n/w/a\n/w/d/b\n
find /w -name '[ab]' ! -path '*/d/*' ⇒ /w/a\n
find /w -maxdepth 1 -type d         ⇒ /w\n/w/d\n
find /w -type f -size +0 -exec echo {} \; ⇒ /w/a\n/w/d/b\n
find /w -type f -exec echo {} +     ⇒ /w/.hidden /w/a /w/d/b\n
find /w -empty -delete; ls -A /w    ⇒ a\nd\nl\n
find /w \( -name d -prune \) -o -print ⇒ /w\n/w/.hidden\n/w/a\n/w/l\n
find /w -perm 644 -name a -o -user nobody ⇒ /w/a\n
find nosuch                         ⇒ find: nosuch: No such file or directory\n ⇒ 1
find . -zz                          ⇒ find: unrecognized: -zz\n ⇒ 1
readlink -f /w/l                    ⇒ /w/a\n
readlink /w/a                       ⇒ \1
realpath nosuch/x                   ⇒ realpath: nosuch/x: No such file or directory\n ⇒ 1
basename /a/b.c .c; dirname /a/b    ⇒ b\n/a\n
which ls nosuch                     ⇒ /bin/ls\n ⇒ 1
truncate -s 1K t; stat -c %s t      ⇒ 1024\n
f=$(mktemp); ls -l $f | cut -c1-10; test -d $(mktemp -d) ⇒ -rw-------\n
install -m 600 /w/a i; stat -c %a i ⇒ 600\n
mkfifo p; stat -c %F p              ⇒ fifo\n
du -s /w                            ⇒ 16\t/w\n
du -h /w/a                          ⇒ 4.0K\t/w/a\n
mount -t tmpfs none /nosuch         ⇒ mount: mounting none on /nosuch failed: No such file or directory\n ⇒ 255
umount /w                           ⇒ umount: can't unmount /w: Invalid argument\n ⇒ 1
mkdir t; mount -t tmpfs none t; mountpoint t; umount t ⇒ t is a mountpoint\n
md5sum /w/a                         ⇒ b1946ac92492d2347c6235b4d2611184  /w/a\n
sha256sum /w/a > s; sha256sum -c s  ⇒ /w/a: OK\n
md5sum nosuch                       ⇒ md5sum: can't open 'nosuch': No such file or directory\n ⇒ 1
cksum /w/a                          ⇒ 3015617425 6 /w/a\n
dd if=/w/a bs=2 count=1 2>/dev/null ⇒ he
dd if=/w/a of=c conv=notrunc 2>&1 | head -2 ⇒ 0+1 records in\n0+1 records out\n
dd if=nosuch                        ⇒ dd: can't open 'nosuch': No such file or directory\n ⇒ 1
tar cvf t.tar -C /w d; tar tf t.tar ⇒ d/\nd/b\nd/\nd/b\n
tar czf t.tgz -C /w .; mkdir o; tar xzf t.tgz -C o; ls -A o ⇒ .hidden\na\nd\nl\n
tar c -C / w | tar xO w/a           ⇒ hello\n
tar cf t.tar nosuch ⇒ tar: nosuch: No such file or directory\ntar: error exit delayed from previous errors\n ⇒ 1
tar tvf /dev/null                   ⇒ tar: short read\n ⇒ 1
cp /w/a z; gzip z; ls; gunzip z.gz; cat z ⇒ z.gz\nhello\n
gzip -c /w/a | zcat                 ⇒ hello\n
gunzip /w/a                         ⇒ gunzip: /w/a: unknown suffix - ignored\n ⇒ 1
"""


def files() -> Kernel:
    """A machine with a small tree below /w; lines run in the empty folder /here."""
    kernel = machine()
    line = "mkdir -p /w/d /here; echo hello >/w/a; echo bye >/w/d/b; ln -s a /w/l; : >/w/.hidden"
    assert run(kernel, ["sh", "-c", line])[0] == 0
    return kernel


@pytest.mark.parametrize("line, output, status", rows(TABLE), ids=[row[0] for row in rows(TABLE)])
def test_a_line_prints_what_busybox_prints(line: str, output: str, status: int) -> None:
    found, out, err = run(files(), ["sh", "-c", f"cd /here; {{ {line}; }} 2>&1"])
    assert (out.decode(), found, err) == (output, status, b"")


def test_wrong_options_show_the_usage_with_the_banner() -> None:
    status, out, err = run(files(), ["ls", "--zz"])
    assert status == 1 and not out
    assert err.startswith(
        b"ls: unrecognized option '--zz'\nBusyBox v1.37.0 (2024-09-26 21:31:42 UTC) multi-call binary."
    )
    assert b"\n\nUsage: ls [-1AaC" in err


def test_a_gigabyte_of_zeros_takes_simulated_time_and_no_memory() -> None:
    kernel = files()
    line = "dd if=/dev/zero of=/tmp/z bs=1M count=1024 2>/dev/null; stat -c %s /tmp/z"
    before = kernel.loop.time
    status, out, _ = run(kernel, ["sh", "-c", line])
    assert (status, out) == (0, b"1073741824\n")
    assert kernel.loop.time - before > 100_000_000


@pytest.mark.parametrize(
    "line, message, status",
    [
        ("cat nosuch", "cat: nosuch: No such file or directory\n", 1),
        ("ls nosuch", "ls: cannot access 'nosuch': No such file or directory\n", 2),
        ("ls -y", "ls: invalid option -- 'y'\nTry 'ls --help' for more information.\n", 2),
        ("rm nosuch", "rm: cannot remove 'nosuch': No such file or directory\n", 1),
        ("mkdir /w", "mkdir: cannot create directory '/w': File exists\n", 1),
        ("cp /w d", "cp: -r not specified; omitting directory '/w'\n", 1),
        ("mv a b", "mv: cannot stat 'a': No such file or directory\n", 1),
        (
            "rm -r /",
            "rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe\n",
            1,
        ),
    ],
)
def test_programs_of_their_own_speak_as_gnu(line: str, message: str, status: int) -> None:
    from sim.kernel.loader import executable

    kernel = files()
    name = line.split()[0]
    write(kernel, f"/usr/bin/{name}", executable(name), 0o755)
    found, _, err = run(kernel, ["sh", "-c", f"cd /here; PATH=/usr/bin:/bin; {line}"])
    assert (err.decode(), found) == (message, status)
