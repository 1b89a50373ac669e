"""The same small scripts on the simulated host and on this one: unshare, nsenter, mount, pivot_root and their kin say
and do the same, also when they are refused."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sim.hostshell import HostShell
from sim.make import make_engine
from sim.vfs import files, mounting

NEEDED = ("unshare", "nsenter", "mount", "findmnt", "pivot_root", "setpriv", "ip", "busybox", "bash")
pytestmark = [
    pytest.mark.linux_root,
    pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason="util-linux, iproute2 and busybox are wanted"),
]

SCRIPTS = {
    "a host name of one's own": "unshare --uts sh -c 'hostname box; hostname'; hostname | grep -c '^box$'",
    "number 1": "unshare --pid --fork sh -c 'echo $$'; unshare --fork sh -c 'test $$ = 1 || echo not 1'",
    "ps reads the old proc": "unshare --pid --fork ps -e -o comm= | grep -c unshare",
    "ps reads the new proc": "unshare --pid --fork --mount-proc sh -c 'ps -e -o pid=,ppid=,comm= | head -1; "
    "readlink /proc/1/root'",
    "nobody comes after init": "unshare --pid bash -c 'ls -d /; ls -d /; echo $?' 2>&1 | sed 's/.*fork/fork/'",
    "init ends all": "unshare --pid --fork --mount-proc sh -c 'sleep 100 & exit 3'; echo $?",
    "names of the namespaces": "ls /proc/self/ns; readlink /proc/self/ns/uts | tr -d 0-9",
    "mounts stay inside": "mkdir m; unshare --mount sh -c 'mount -t tmpfs x m; touch m/in; ls m'; ls m | wc -l",
    "an overlay": "mkdir l u w m; echo low > l/a; echo low > l/b; "
    "mount -t overlay o -o lowerdir=l,upperdir=u,workdir=w m;"
    "ls m; echo up > m/b; rm m/a; echo new > m/c; ls m u l; cat l/b u/b; stat -c '%F %t,%T' u/a; umount m; ls m",
    "an overlay of two": "mkdir a b m; echo 1 > a/x; echo 2 > b/x; echo 3 > b/y; "
    "mount -t overlay o -o lowerdir=a:b m;"
    "cat m/x m/y; touch m/z; echo $?; umount m",
    "overlays that are refused": "mkdir m u; mount -t overlay o -o upperdir=u m; echo $?",
    "a bind": "mkdir a b; echo x > a/f; mount --bind a b; cat b/f; mount -o remount,bind,ro b; touch b/g; echo $?;"
    "touch a/g; ls b; umount b; ls b; umount b; echo $?",
    "binds below": "mkdir -p a/sub b c; mount -t tmpfs x a/sub; touch a/sub/f; mount --bind a b; mount --rbind a c;"
    "ls b/sub; ls c/sub; umount -R c 2>/dev/null || umount -l c; umount b a/sub",
    "mounts over mounts": "mkdir m; mount -t tmpfs x m; touch m/1; mount -t tmpfs x m; ls m; umount m; ls m; umount m",
    "in use": "mkdir m; mount -t tmpfs x m; cd m; umount ../m; echo $?; cd ..; umount m; echo $?",
    "a bind of a file": "echo one > a; echo two > b; mount --bind a b; cat b; umount b; cat b; mkdir d; "
    "mount --bind a d; echo $?",
    "where nothing is": "mkdir m; umount m; echo $?; umount nosuch; echo $?; mount -t tmpfs x nosuch; echo $?",
    "found": "mkdir m; mount -t tmpfs -o ro,nosuid x m; findmnt -n -o FSTYPE,SOURCE m; mountpoint m; umount m; "
    "mountpoint m",
    "propagation": "mkdir m; mount -t tmpfs x m; mount --make-private m; echo $?; findmnt -n -o PROPAGATION m; "
    "umount m",
    "another root": "mkdir -p r/bin r/old; cp $(which busybox) r/bin/; unshare --mount sh -c 'mount --bind r r; cd r;"
    'pivot_root . old; exec /bin/busybox sh -c "cd /; busybox ls; busybox test -e /old/etc/passwd && echo there;'
    "busybox umount -l /old; busybox ls /old; busybox ls /etc; pwd\"'",
    "another root on top": "mkdir -p r/bin; cp $(which busybox) r/bin/; "
    "unshare --mount sh -c 'mount --bind r r; cd r;"
    'pivot_root . .; exec /bin/busybox sh -c "busybox umount -l .; busybox ls /"\'',
    "roots that are refused": "mkdir r; mount -t tmpfs x r; mkdir -p r/d/old; pivot_root r/d r/d/old; echo $?; "
    "umount r; pivot_root nosuch x; echo $?; pivot_root r; echo $?;"
    "unshare --mount sh -c 'mount --bind r r; pivot_root r /tmp; echo $?'",
    "chroot": "mkdir -p r/bin; cp $(which busybox) r/bin/; chroot r /bin/busybox sh -c 'cd ..; pwd; busybox ls /';"
    "chroot nosuch; echo $?; chroot r/bin/busybox; echo $?",
    "entering": "unshare --uts --mount sh -c 'hostname box; exec sleep 100' & P=$!; sleep 0.5;"
    "nsenter --target $P --uts hostname; nsenter -t $P -m true; echo $?; kill $P",
    "entering what is not there": "nsenter -n true; echo $?; nsenter -t 999999 -n true; echo $?",
    "programs that are not there": "unshare --uts nosuch; echo $?; unshare --fork --pid nosuch; echo $?; "
    "nsenter -t 1 nosuch; echo $?",
    "options that are not there": "unshare -Z; echo $?",
    "not root": "chmod 755 .; setpriv --reuid 65534 --regid 65534 --clear-groups sh -c 'unshare --mount true; "
    "echo $?;"
    "unshare --uts true; echo $?; chroot . true; echo $?; pivot_root . .; echo $?'",
    "a user namespace": "unshare --user sh -c 'id -u; id -g; hostname x 2>/dev/null; echo $?'",
    "a root of one's own": "unshare --user --map-root-user sh -c 'id -u; cat /proc/self/uid_map /proc/self/setgroups;"
    'unshare --uts hostname x; echo $?; unshare --mount sh -c "mkdir m; mount -t tmpfs x m; echo $?"\'',
    "root's rights": "unshare --user sh -c 'grep CapEff /proc/self/status; grep CapEff /proc/1/status | wc -l'",
    "a cable": "unshare --net sh -c 'ip link add v0 type veth peer name v1; echo $?; "
    "ip link add v0 type veth peer name v2;"
    "echo $?; ip link set nosuch up; echo $?; ip addr add 10.0.0.300/24 dev v0; echo $?; "
    "ip addr add 10.0.0.1/24 dev v0;"
    "ip addr add 10.0.0.1/24 dev v0; echo $?; ip link del v0; echo $?; ip link set v1 up; echo $?'",
    "a cable to elsewhere": "unshare --net sleep 100 & P=$!; sleep 0.5; "
    'unshare --net sh -c "ip link add v0 type veth peer name v1'
    " netns $P; echo \\$?; ip link set v1 up; nsenter -t $P -n ip link set v1 up; echo \\$?; ip link del v0;"
    'nsenter -t $P -n ip link set v1 up; echo \\$?"; kill $P',
}


def on_this_host(script: str, folder: Path) -> str:
    """In a mount namespace of its own, below the guard's; nobody else's processes are in sight."""
    folder.mkdir()
    (folder / "script").write_text(script + "\n")
    start = ["unshare", "--mount", "--propagation", "private", "sh", "script"]
    done = subprocess.run(
        start, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=30,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, check=False,
    )  # fmt: skip
    return done.stdout.decode().replace(str(folder), "HERE")


def on_the_simulated_host(script: str) -> str:
    kernel = make_engine(seed=1).host.kernel
    mounting.make_directories(kernel.root, "/tmp/here")
    files.write_file(kernel.root, "/tmp/here/script", script.encode() + b"\n")
    printed: list[bytes] = []
    shell = HostShell(kernel, "/tmp/here")
    shell.run("sh script 2>&1 < /dev/null", lambda stream, data: printed.append(data))
    return b"".join(printed).decode().replace("/tmp/here", "HERE")


@pytest.mark.parametrize("what", SCRIPTS)
def test_a_script_prints_the_same_on_both_hosts(what, tmp_path):
    assert on_the_simulated_host(SCRIPTS[what]) == on_this_host(SCRIPTS[what], tmp_path / "here")
