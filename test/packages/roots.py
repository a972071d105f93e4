# SPDX-License-Identifier: ISC
"""roots.py - root folders of other Debian releases: made once by debootstrap below build-check/chroot, and used through an overlay
that takes what a test changes."""
import glob
import hashlib
import os
import shutil
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(ROOT, "build-check", "chroot")
MIRROR = os.environ.get("DCAAS_MIRROR", "http://deb.debian.org/debian")
TRIES = 3
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# A mount namespace of its own, and one of processes, whose end is the end of all that was started in it.
ENTER = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child=SIGKILL", "sh", "-e", "-c"]
SCRIPT = """
%s
mount -t proc proc "$0/proc"
mount -t sysfs -o ro sys "$0/sys"
mount --rbind /dev "$0/dev"
mount -t tmpfs run "$0/run"
cp /etc/resolv.conf "$0/run/resolv.conf"
[ -L "$0/etc/resolv.conf" ] || mount --bind "$0/run/resolv.conf" "$0/etc/resolv.conf"
for share; do
	[ "$share" != -- ] || { shift; break; }
	mkdir -p "$0$share"
	mount --bind "$share" "$0$share"
	shift
done
exec chroot "$0" "$@"
"""


class Failed(AssertionError):
    pass


def call(argv, seconds=1200, check=True, **options):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=seconds, **options)
    if check and done.returncode != 0:
        raise Failed("%s\nexit code %d\n%s" % (" ".join(argv[-3:]), done.returncode, done.stdout[-6000:]))
    return done


def environment(root):
    return {"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "LOWER": root}


def way_into(root, mount="", shares=(), network=True, at=None):
    """The words before a command that is to run in that root; shares: folders of this machine that are seen there under the
    same path. network: this machine's, or a loopback of its own."""
    apart = [] if network else ["unshare", "--net", "sh", "-e", "-c", 'ip link set lo up; exec "$@"', "sh"]
    return apart + ENTER + [SCRIPT % mount, at or root, *shares, "--"]


def enter(root, script, mount="", shares=(), network=True, at=None, **options):
    """Runs a shell script in that root."""
    env = {**environment(root), **options.pop("env", {})}
    return call(way_into(root, mount, shares, network, at) + ["sh", "-e", "-c", script], env=env, **options)


def fill(fresh, suite, packages):
    if not packages:
        call(["debootstrap", "--variant=minbase", suite, fresh, MIRROR], env=dict(os.environ, LC_ALL="C", PATH=PATH))
        return
    call(["cp", "-a", made(suite, "base", ()) + "/.", fresh])
    wanted = " ".join("'%s'" % package for package in packages)
    enter(fresh, "apt-get update -q; apt-get satisfy -y -q --no-install-recommends %s; apt-get clean" % wanted, 'mount --bind "$0" "$0"')


def made(suite, kind, packages):
    """The root of that release with those packages and no other that they do not need. It is made when there is none, and
    takes the place of an earlier one of its kind."""
    name = "%s-%s" % (suite, kind)
    root = os.path.join(CACHE, "%s-%s" % (name, hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12]))
    if os.path.isdir(root):
        return root
    os.makedirs(CACHE, exist_ok=True)
    for last in range(TRIES):
        fresh = tempfile.mkdtemp(prefix="fresh.", dir=CACHE)
        try:
            os.chmod(fresh, 0o755)
            fill(fresh, suite, packages)
            for earlier in glob.glob(os.path.join(CACHE, name + "-*")):
                shutil.rmtree(earlier)
            os.rename(fresh, root)
            return root
        except (Failed, subprocess.TimeoutExpired):
            if last == TRIES - 1:
                raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    raise AssertionError("unreachable")


class Overlay:
    """A root whose changes go with it."""

    def __init__(self, root):
        self.root = root
        self.folder = tempfile.mkdtemp(prefix="dcaas-root-")
        self.at = os.path.join(self.folder, "at")
        for name in ("at", "upper", "work"):
            os.mkdir(os.path.join(self.folder, name))
        # What is a folder of memory is no place for an overlay's changes everywhere.
        self.mount = 'mount -t overlay -o "lowerdir=$LOWER,upperdir=%s/upper,workdir=%s/work" overlay "$0"' % (self.folder, self.folder)
        if enter(root, "true", self.mount, at=self.at, check=False).returncode != 0:
            self.mount = 'mount --bind "$0" "$0"'
            call(["cp", "-a", root + "/.", self.at])

    def run(self, script, **options):
        return enter(self.root, script, self.mount, at=self.at, **options).stdout

    def way_into(self, **options):
        return way_into(self.root, self.mount, at=self.at, **options)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
