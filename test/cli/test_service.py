# SPDX-License-Identifier: ISC
"""What a service manager needs: the daemons report when they serve, and what is installed fits together."""
import configparser
import os
import re
import signal
import socket
import subprocess

import pytest

from lab.dcaasd import NOBODY, binary
from lab.guest import PATIENCE
from support import own_dcaasd

BUILD = os.path.dirname(os.path.dirname(os.path.dirname(binary("dcaasd"))))


class Manager:
    """The end of systemd's socket; `heard` is what the daemon has sent."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o666)
        self.socket.settimeout(30 * PATIENCE)

    def hear(self):
        return self.socket.recv(4096).decode()

    def start(self, argv):
        return subprocess.Popen(argv, env=dict(os.environ, NOTIFY_SOCKET=self.path), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


EXPOSURE = 52  # what is over 40: no mount namespace, because pins in /run/netns are the host's


@pytest.fixture
def daemon():
    with own_dcaasd(start=False) as made:
        yield made


@pytest.fixture
def manager(daemon):
    made = Manager(daemon.folder)
    yield made
    made.socket.close()


def test_dcaasd_is_ready_when_it_serves_and_reports_its_stop(daemon, manager):
    process = manager.start(daemon._argv())
    try:
        assert manager.hear() == "READY=1"
        with open(os.path.join(daemon.folder, "port")) as file:
            daemon.endpoint = "http://" + file.read().strip()
        assert daemon.health()["status"] == "ok", "who has waited for the start is answered at once"
        process.send_signal(signal.SIGTERM)
        assert manager.hear() == "STOPPING=1"
        assert process.wait(100) == 0
    finally:
        process.kill()
        process.wait()


def test_dcaasd_that_cannot_start_ends_and_is_never_ready(daemon, manager):
    os.unlink(os.path.join(daemon.state, "dcaas.key"))
    assert manager.start(daemon._argv()).wait(100) == 1
    manager.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.hear()


def test_an_edge_is_ready_without_its_server(daemon, manager):
    """A router that boots while the server is away brings up what it knows."""
    folder = os.path.join(daemon.folder, "edge")
    os.mkdir(folder)
    config = os.path.join(daemon.folder, "edge.conf")
    with open(config, "w") as file:
        file.write("[edge]\nserver = http://127.0.0.1:9\ntoken_file = %s/token\nstate_dir = %s\n" % (folder, folder))
    with open(os.path.join(folder, "token"), "w") as file:
        file.write("0" * 64)
    if daemon.drop:
        os.chown(folder, NOBODY, NOBODY)
    program = daemon.copy("dcaas-edge")
    process = manager.start(daemon.unprivileged() + [program, "-c", config, "--fabric", "sim"])
    try:
        assert manager.hear() == "READY=1"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The root of an installation; its files by their path in it."""
    root = tmp_path_factory.mktemp("installed")
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", str(root)], check=True, capture_output=True,
                   text=True)
    return root, {"/" + os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root) for name in names}


def one(installed, name):
    """The only installed file of that name, as text."""
    root, files = installed
    path, = [path for path in files if path.endswith("/" + name)]
    with open(str(root) + path) as file:
        return file.read()


def unit(installed, name):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string(one(installed, name))
    return parser


@pytest.mark.parametrize("name", ["dcaasd", "dcaas-edge"])
def test_a_unit_starts_what_is_installed_with_a_page_about_it(installed, name):
    parsed = unit(installed, name + ".service")
    program, *options = parsed["Service"]["ExecStart"].split()
    assert program in installed[1] and options[-2] == "-c"
    assert parsed["Service"]["Type"] == "notify"
    # systemctl reload fails where the daemon refuses: a signal alone would not show that. An edge refuses nothing, it only polls at once.
    assert parsed["Service"]["ExecReload"] == {"dcaasd": program + " -c /etc/dcaas/dcaasd.conf --reload",
                                               "dcaas-edge": "kill -HUP $MAINPID"}[name]
    page = re.fullmatch(r"man:(\S+)\((\d)\)", parsed["Unit"]["Documentation"])
    assert any(path.endswith("/man%s/%s.%s" % (page[2], page[1], page[2])) for path in installed[1])


@pytest.mark.parametrize("name", ["dcaasd", "dcaas-edge"])
def test_a_unit_bounds_memory_and_leaves_no_core(installed, name):
    service = unit(installed, name + ".service")["Service"]
    assert service["LimitCORE"] == "0" and re.fullmatch(r"\d+[GM%]", service["MemoryMax"])


def declared(installed, part):
    """Users and folders of one part: what sysusers.d and tmpfiles.d have of it."""
    users, folders = [[line.split() for line in open(str(installed[0]) + path) if line.strip() and line[0] != "#"]
                      for folder in ("/sysusers.d/", "/tmpfiles.d/")
                      for path in installed[1] if path.endswith(folder + part + ".conf")]
    return {words[1] for words in users if words[0] == "u"}, {words[1]: words[3] for words in folders}


@pytest.mark.parametrize("name, most", [("dcaasd", 16), ("dcaas-edge", EXPOSURE)])
def test_a_unit_leaves_open_no_more_than_the_work_needs(installed, tmp_path, name, most):
    """By systemd's own count, in tenths: 0 is closed, 100 open."""
    (tmp_path / (name + ".service")).write_text(one(installed, name + ".service"))
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=%d" % most, str(tmp_path / (name + ".service"))],
                          capture_output=True, text=True)
    assert done.returncode == 0, "\n".join(line for line in done.stdout.splitlines() if line.startswith(("✗", "→"))) + done.stderr


def test_memory_ends_for_routing_daemons_before_it_ends_for_the_edge(installed):
    service = unit(installed, "dcaas-edge.service")["Service"]
    assert service["OOMPolicy"] == "continue" and int(service["OOMScoreAdjust"]) < 0


def test_users_and_folders_of_the_units_are_declared(installed):
    users, folders = declared(installed, "dcaas-server")
    service = unit(installed, "dcaasd.service")["Service"]
    assert service["User"] in users and folders["/var/lib/" + service["StateDirectory"]] == service["User"]
    assert set(folders.values()) <= users | {"root"}


def test_users_and_folders_of_a_router_are_declared(installed):
    users, folders = declared(installed, "dcaas-edge")
    edge = configparser.ConfigParser(strict=False)
    edge.read_string(one(installed, "edge.conf"))
    assert edge["edge"]["user"] in users
    assert os.path.dirname(edge["edge"]["token_file"]) in folders and set(folders.values()) <= users | {"root"}


PARTS = {"server": ("dcaasd", "dcaasd.service", "dcaas-server.conf", "dcaasd.8", "dcaasd.conf"),
         "edge": ("dcaas-edge", "dcaas-edge.service", "dcaas-edge.conf", "60-dcaas-edge.conf", "dcaas-edge.8", "edge.conf"),
         "cli": ("dcaas", "_dcaas", "dcaas.fish", "dcaas.1")}


@pytest.mark.parametrize("part", list(PARTS))
def test_each_part_is_built_and_installed_without_the_others(tmp_path, part):
    """Also the libraries of the others are not asked for: what links is what it needs."""
    build, root = str(tmp_path / "build"), tmp_path / "root"
    options = ["-D%s=%s" % (name, "true" if name == part else "false") for name in PARTS]
    source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for argv in (["meson", "setup", build, source, "-Dtests=disabled", "-Doptimization=0", *options], ["ninja", "-C", build],
                 ["meson", "install", "-C", build, "--no-rebuild", "--destdir", str(root)]):
        done = subprocess.run(argv, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    names = {name for _, _, names in os.walk(root) for name in names}
    assert set(PARTS[part]) <= names
    for other in set(PARTS) - {part}:
        assert not (set(PARTS[other]) - set(PARTS[part])) & names, "%s brings what belongs to %s" % (part, other)
    program = PARTS[part][0]
    linked = subprocess.run(["readelf", "-d", next(str(path) for path in root.rglob(program) if "bin/" in str(path))],
                            capture_output=True, text=True, check=True).stdout
    assert ("sqlite3" in linked, "libmnl" in linked) == (part == "server", part == "edge")


@pytest.mark.parametrize("program, example", [("dcaasd", "dcaasd.conf"), ("dcaas-edge", "edge.conf")])
def test_the_example_of_a_configuration_is_good_as_it_is(installed, tmp_path, program, example):
    (tmp_path / example).write_text(one(installed, example))
    done = subprocess.run([binary(program), "-c", str(tmp_path / example), "-n"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "configuration is good\n"), done.stderr
