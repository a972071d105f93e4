# SPDX-License-Identifier: ISC
"""run_all.py - every test, as CI runs it, or the groups that are named: run_all.py [GROUP ...]; --list names them.

A group is a function below, or a folder of test/ that holds test_*.py files (run by pytest; FOLDERS names the build).
Groups run side by side in two lanes: what computes in one, what waits for routers and timers in the other. A group of the
second lane may be split: each of its files is a piece, with a lab of its own. Each group prints its time and counts when it
ends, and its output when something failed; a group that could not run has failed. The last line is `N passed, N failed`; the
exit code is 1 unless nothing failed. Build folders, the Python environment and the logs are below build-check/."""
import atexit
import collections
import contextlib
import fcntl
import functools
import glob
import json
import os
import pwd
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(ROOT, "build-check")
VENV = os.path.join(WORK, "venv")
SANITIZER = "exitcode=99:detect_leaks=%d:print_stacktrace=1:halt_on_error=1:log_path=%s"
SHOWN = 400  # lines of a failed group's output
FIGURES = 5  # of one passing test: lines that it prints after an empty one

# meson options of each build
BUILDS = {
    "gcc": ("gcc", ["-Dwerror=true"]),
    "clang": ("clang", ["-Dwerror=true"]),
    "asan": ("gcc", ["-Db_sanitize=address,undefined", "-Drun_twice=true", "-Dcheck_plans=true", "-Dlock_checks=true", "-Dcheck_answers=true"]),
    "ubsan": ("gcc", ["-Db_sanitize=undefined", "-Drun_twice=true", "-Dcheck_plans=true", "-Dlock_checks=true", "-Dcheck_answers=true"]),
}

Folder = collections.namedtuple("Folder", "build seconds lane split", defaults=("works", False))
# Folders of test/: on which build, seconds at most (many times what they take, for they only end what hangs), in which lane,
# and whether its files are pieces that run side by side.
FOLDERS = {
    "cli": Folder("asan", 2400),
    "api": Folder("asan", 2400),
    "pg": Folder("asan", 1200),
    "contract": Folder("asan", 2400),
    "sdk": Folder("asan", 3600),
    "sim": Folder("asan", 2400, "waits", True),
    "lab": Folder("ubsan", 3600, "waits", True),
    "packages": Folder("gcc", 3600, "waits", True),
    "speed": Folder("gcc", 2400, "alone"),  # milliseconds that are promised
    "soak": Folder("asan", 14400, "alone"),
    "soak_lab": Folder("ubsan", 14400, "alone"),
}
# Pieces of a lane that run at the same time. What computes keeps two cores busy, what waits needs little of them. Groups of
# "alone" run one by one, when all else is done.
LANES = {"works": 2, "waits": 3, "alone": 1}
# The longest pieces begin first, so that no lane ends with one: seconds on two cores; the others are short.
LONG = {
    "api": 660, "pg": 110, "valgrind": 160, "contract": 150, "unit": 140, "clang": 110, "sdk": 180, "cli": 90,
    "lab/test_agent": 130, "lab/test_interference": 130, "lab/test_crash": 110, "lab/test_bird": 110,
    "lab/test_field_router": 80, "lab/test_churn": 60, "lab/test_guests": 60, "lab/test_policy": 60, "lab/test_run": 60,
    "lab/test_isolation": 50, "lab/test_changes": 50, "lab/test_field_customers": 40, "lab/test_sessions": 30,
    "lab/test_static": 30, "lab/test_keys": 90, "lab/test_fail_open": 60,
    "lab/test_peer_links": 30, "sim/test_faults": 60, "sim/test_make_sim": 40, "sim/test_hold": 30,
    "lab/test_check": 20, "packages/test_debian12": 230, "packages/test_debian13": 230,
}
NAMED_ONLY = ("soak", "soak_lab")
AS_ROOT = ("lab", "packages", "soak_lab")  # by sudo, when somebody else runs this
PAUSES = (10, 30, 60)  # seconds between tries of what needs a network
CALM = ["nice", "-n", "10"]  # before what measures no time and is waited for by nothing


class Failed(Exception):
    """The group could not run."""


class Results:
    """What a piece of a group reports of its tests."""

    def __init__(self):
        self.passed, self.failed, self.lines = 0, 0, []
        self.figures = []  # what passing tests measured and printed

    def say(self, text):
        self.lines += text.splitlines()

    def count(self, name, ok, text=""):
        """One test's result."""
        self.passed, self.failed = self.passed + ok, self.failed + (not ok)
        if not ok:
            self.say("FAILED %s\n%s" % (name, text))

    def add(self, other):
        self.passed, self.failed = self.passed + other.passed, self.failed + other.failed
        self.lines += other.lines
        self.figures += other.figures


class Group(Results):
    """pieces: {name: function that runs it}; a function gets the Results that it fills."""

    def __init__(self, name, pieces, lane="works"):
        super().__init__()
        self.name, self.pieces, self.lane = name, pieces if isinstance(pieces, dict) else {name: pieces}, lane
        self.results = {}  # of pieces that have ended
        self.log = os.path.join(WORK, "log", name + ".log")
        self.lock, self.begun = threading.Lock(), None
        self.mine = contextlib.ExitStack()  # this run's hold on the group

    def begin(self):
        with self.lock:
            if self.begun is None:
                self.mine.enter_context(alone(self.name))
                self.begun = time.monotonic()

    def perform(self, piece):
        """Runs a piece; the last one prints the group's result."""
        self.begin()
        results = Results()
        try:
            self.pieces[piece](results)
        except Failed as failure:
            results.count("%s could not run" % piece, False, str(failure))
        except Exception as error:  # what breaks has failed; the others still run
            results.count("%s could not run" % piece, False, repr(error))
        with self.lock:
            self.results[piece] = results
            if len(self.results) == len(self.pieces):
                self.tell()

    def tell(self):
        for piece in self.pieces:
            self.add(self.results[piece])
        self.mine.close()
        with open(self.log, "w", encoding="utf-8") as file:
            file.write("\n".join(self.lines) + "\n")
        text = "%-10s %4d passed, %d failed, %5.1f s" % (self.name, self.passed, self.failed, time.monotonic() - self.begun)
        text += "".join("\n    " + line for line in self.figures)
        if self.failed:
            lines = self.lines
            shown = lines[:SHOWN // 2] + ["..."] + lines[-SHOWN // 2:] if len(lines) > SHOWN else lines
            text += "\n" + "\n".join("    " + line for line in shown)
        print(text, flush=True)


def environment(**more):
    env = dict(os.environ, PYTHONPATH=ROOT, PYTHONDONTWRITEBYTECODE="1", LC_ALL="C.UTF-8")
    env["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin:" + env.get("PATH", "")
    env.setdefault("HOME", pwd.getpwuid(os.getuid()).pw_dir)  # Go and Maven keep there what they fetch
    if "GIT_CONFIG_COUNT" not in env:  # the checkout may be somebody else's
        env.update(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0=ROOT)
    env.update(more)
    return env


def run(argv, seconds=3600, env=None, cwd=ROOT, path=None):
    """(exit code, output). The whole process group ends with it; more than `seconds` is a failure of its own. path: a file
    that gets the output as it comes, for those who want to watch."""
    with open(path, "w+b") if path else tempfile.TemporaryFile() as file:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                                   env=env or environment(), cwd=cwd, start_new_session=True)
        late = ""
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            # What it started itself has a chance to end what it started.
            late = "\n%s: not done after %d s" % (os.path.basename(argv[0]), seconds)
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        file.seek(0)
        output = file.read().decode(errors="replace")
    return (-1, output + late) if late else (process.returncode, output)


def files(*patterns):
    code, output = run(["git", "ls-files", "--", *patterns])
    if code != 0:
        raise Failed(output)
    return [name for name in output.splitlines() if os.path.exists(os.path.join(ROOT, name))]


@contextlib.contextmanager
def alone(name):
    """Two runs in one checkout do not build the same folder, or run the same group, at the same time."""
    os.makedirs(os.path.join(WORK, "lock"), exist_ok=True)
    with open(os.path.join(WORK, "lock", name), "w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("%-10s waits for another run in this checkout" % name, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# Builds, each made once, at the first request.

_locks = {name: threading.Lock() for name in [*BUILDS, "venv"]}
_made = {}


def once(name, make):
    with _locks[name]:
        if name not in _made:
            with alone("build-" + name):
                _made[name] = make()
        code, output = _made[name]
    if code != 0:
        raise Failed("%s:\n%s" % (name, output))


def contents(path):
    """A file's text; None when there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return None


def again(argv):
    """As run(), of what fetches from a network: tried again after a while when it failed."""
    for pause in (*PAUSES, 0):
        code, output = run(argv)
        if code == 0:
            break
        time.sleep(pause)
    return code, output


def build(name):
    """Path of the built folder, with the unit tests' programs."""
    folder = os.path.join(WORK, name)

    def make():
        compiler, options = BUILDS[name]
        setup = ["meson", "setup", folder, "-Dtests=enabled", *options]
        # A folder of another checkout, of other options, or whose setup was cut short is of no use.
        stamp, text = os.path.join(folder, "set-up-as.txt"), "%s %s %s\n" % (ROOT, compiler, " ".join(setup))
        if contents(stamp) != text:
            shutil.rmtree(folder, ignore_errors=True)
            code, output = run(setup, env=environment(CC=compiler))
            if code != 0:
                return code, output
            with open(stamp, "w", encoding="utf-8") as file:
                file.write(text)
        # Tests wait for the sanitized ones.
        calm = CALM if "-Dwerror=true" in options else []
        code, output = run(calm + ["ninja", "-k", "0", "-C", folder, "all", "meson-test-prereq"])
        return code, "\n".join(line for line in output.splitlines() if not re.match(r"\[\d+/\d+\] (Comp|Link)", line))

    once(name, make)
    return folder


def venv():
    """The Python of an environment with the packages of test/requirements.txt."""
    python = os.path.join(VENV, "bin", "python")

    def make():
        wanted = os.path.join(ROOT, "test", "requirements.txt")
        stamp = os.path.join(VENV, "installed.txt")
        text = contents(wanted)
        # Not that of another Python, which the system had before.
        if contents(stamp) == text and os.path.exists(python) and run([python, "-c", "import pytest"])[0] == 0:
            return 0, ""
        code, output = run(["/usr/bin/python3", "-m", "venv", "--clear", VENV])
        if code == 0:
            code, output = again([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted])
        if code == 0:
            with open(stamp, "w", encoding="utf-8") as file:
                file.write(text)
        return code, output

    once("venv", make)
    return python


# Groups.

def lint(group):
    code, output = run([sys.executable, "test/check_includes.py"])
    group.count("include rules", code == 0, output)
    code, output = run([sys.executable, "test/check_words.py"])
    group.count("words of errors end without a full stop", code == 0, output)
    code, output = run([sys.executable, "test/check_licence.py"])
    group.count("each source file names its licence", code == 0, output)
    code, output = run([sys.executable, "test/check_english.py"])
    group.count("plain English in documents and in what programs print", code == 0, output)
    code, output = run(["git", "grep", "-nIE", r"(^|[^A-Za-z0-9_.])/(work|farm|root)/", "--", "."])
    group.count("no path of one machine in a file", code == 1, output)
    banned = r"(^|[^A-Za-z0-9_])(strcpy|strcat|sprintf|vsprintf|atoi|atol|atof|strtok|gets|system|popen)\("
    code, output = run(["git", "grep", "-nE", banned, "--", "src/*.c", "src/*.h"])
    output = "\n".join(line for line in output.splitlines() if not line.startswith("src/base/banned.h:"))
    group.count("no banned function", code in (0, 1) and not output, output)
    code, output = again([sys.executable, "test/check_format.py"])
    group.count("every C file is as clang-format 14 writes it (make fmt)", code == 0, output)
    for name in files("*.py"):
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            text = file.read()
        try:
            compile(text, name, "exec")
            group.count(name, True)
        except SyntaxError as error:
            group.count(name, False, str(error))
    for name in files("*.sh", ".ci/run"):
        code, output = run(["sh", "-n", name])
        group.count(name, code == 0, output)
    unknown = sorted(set(folders()) - set(FOLDERS))
    group.count("every folder of tests is run by a group", not unknown, ", ".join(unknown))


def compiled(name):
    def group_run(group):
        try:
            folder = build(name)
            group.count(name, True)
            code, output = run([sys.executable, "test/check_hardening.py", folder])
            group.count("%s: hardened programs" % name, code == 0, output)
        except Failed as failure:
            group.count("%s: the build, with warnings as errors" % name, False, str(failure))
    return group_run


def unit_programs(folder, only=""):
    code, output = run(["meson", "introspect", "--tests", folder])
    if code != 0:
        raise Failed(output)
    tests = [test for test in json.loads(output) if test["name"].startswith(only)]
    if not tests:
        raise Failed("no unit tests were found")
    return tests


def cmocka(group, folder, wrapper, stretch, env, only=""):
    """Runs every program of the build's tests and counts the single tests of its TAP output."""
    for test in unit_programs(folder, only):
        env_now = dict(env, CMOCKA_MESSAGE_OUTPUT="TAP", **test["env"])
        code, output = run(wrapper + test["cmd"], test["timeout"] * stretch, env_now, test["workdir"] or ROOT)
        results = re.findall(r"^(ok|not ok) \d+ - (.*)$", output, re.M)
        for result, name in results:
            group.count("%s: %s" % (test["name"], name), result == "ok")
        if code != 0 or not results:
            group.count(test["name"], False, "exit code %d\n%s" % (code, output))


def everybody_enters(path):
    """Whether that folder and those above it let everybody pass; a checkout in /root does not."""
    while os.stat(path).st_mode & 0o001:
        if path == "/":
            return True
        path = os.path.dirname(path)
    return False


@functools.lru_cache(maxsize=None)
def outside():
    """A folder outside of the checkout, for what programs without privilege write; it goes with this process."""
    folder = tempfile.mkdtemp(prefix="dcaas-check-")
    os.chmod(folder, 0o755)
    atexit.register(shutil.rmtree, folder, True)
    return folder


def sanitized(name, leaks=1):
    """Environment whose sanitizers write below the returned folder; anything in it is a failure."""
    folder = os.path.join(WORK if everybody_enters(WORK) else outside(), "sanitizer", name)
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o1777)  # dcaasd does not run as root
    for path in glob.glob(os.path.join(folder, "*")):
        os.unlink(path)
    options = SANITIZER % (leaks, os.path.join(folder, "report"))
    return folder, environment(ASAN_OPTIONS=options, UBSAN_OPTIONS=options)


def sanitizer_reports(group, folder):
    for path in sorted(glob.glob(os.path.join(folder, "*"))):
        with open(path, encoding="utf-8", errors="replace") as file:
            group.count("sanitizer report", False, file.read())


def unit(group):
    folder, env = sanitized("unit")
    cmocka(group, build("asan"), CALM, 10, env)
    sanitizer_reports(group, folder)


def second_bird(group):
    """The golden files are read by Debian 13's BIRD, and the driver drives it."""
    folder = os.path.join(WORK, "bird-2.17")
    code, output = run([os.path.join(ROOT, "lab", "bird_of_debian13.sh"), folder])
    if code != 0:
        raise Failed(output)
    group.figures.append(output.strip().splitlines()[-1] if output.strip() else "BIRD of Debian 13, as it was got before")
    cmocka(group, build("gcc"), CALM, 10, environment(DCAAS_BIRD=os.path.join(folder, "bird")), "edge/bird_")


def valgrind(group):
    wrapper = CALM + ["valgrind", "--quiet", "--error-exitcode=98", "--leak-check=full", "--errors-for-leak-kinds=definite",
               "--child-silent-after-fork=yes"]
    cmocka(group, build("gcc"), wrapper, 20, environment())


def python_tests(name, label):
    """A folder's tests; label: its name, or that of one of its files, without the ending."""
    folder = FOLDERS[name]
    logs = os.path.join(WORK, "log", label)

    def group_run(results):
        reports, env = sanitized(label)
        kept = logs + ".kept"
        shutil.rmtree(kept, ignore_errors=True)
        env.update(DCAAS_BUILD=build(folder.build), DCAAS_LAB_KEEP=kept)
        os.makedirs(os.path.dirname(logs), exist_ok=True)
        report = logs + ".xml"
        if os.path.exists(report):
            os.unlink(report)
        argv = [venv(), "-m", "pytest", "-v", "--junitxml", report, "-o", "junit_logging=system-out",
                os.path.join("test", label if label == name else label + ".py")]
        if name in AS_ROOT and os.geteuid() != 0:
            argv = ["sudo", "-n", "env", *("%s=%s" % pair for pair in env.items()), *argv]
        code, output = run(argv, folder.seconds, env, path=logs + ".out")
        if not os.path.exists(report):
            raise Failed("pytest: exit code %d\n%s" % (code, output))
        for case in xml.etree.ElementTree.parse(report).iter("testcase"):
            wrong = [child for child in case if child.tag in ("failure", "error", "skipped")]
            results.count("%s::%s" % (case.get("classname"), case.get("name")), not wrong)
            if not wrong:
                printed = [line for out in case.iter("system-out") for line in (out.text or "").splitlines()]
                results.figures += [line for before, line in zip(printed, printed[1:]) if not before and line][:FIGURES]
        # Guests that were lost and booted again: a run that passes prints them, too.
        results.figures += ["%s: %s" % (label, line) for line in (contents(os.path.join(kept, "incidents")) or "").splitlines()]
        if results.passed + results.failed == 0 or (code != 0 and results.failed == 0):
            results.count("pytest %s" % label, False, "exit code %d" % code)
        sanitizer_reports(results, reports)
        results.say("\n".join(line for line in output.splitlines() if not re.search(r" PASSED +\[ *\d+%\]$", line)))
    return group_run


def pieces(name):
    """{name: function} of a folder: one of its name, or one for each of its files, "folder/file"."""
    if not FOLDERS[name].split:
        return {name: python_tests(name, name)}
    top = os.path.join(ROOT, "test", name)
    found = (os.path.relpath(path, os.path.dirname(top))[:-len(".py")]
             for path in glob.glob(os.path.join(top, "**", "test_*.py"), recursive=True))
    return {label: python_tests(name, label) for label in sorted(found)}


def folders():
    """Folders of test/ that hold Python tests."""
    return [os.path.basename(os.path.dirname(path)) for path in sorted(glob.glob(os.path.join(ROOT, "test", "*", "")))
            if has_tests(path)]


def has_tests(folder):
    return bool(glob.glob(os.path.join(folder, "**", "test_*.py"), recursive=True))


def groups():
    known = [Group("lint", lint), Group("gcc", compiled("gcc")), Group("clang", compiled("clang")), Group("unit", unit),
             Group("valgrind", valgrind), Group("bird-2.17", second_bird)]
    present = folders()
    return known + [Group(name, pieces(name), FOLDERS[name].lane) for name in FOLDERS if name in present]


def lane(wanted, name):
    """Threads that run the pieces of the lane's groups, each taking the next one."""
    waiting = [(group, piece) for group in wanted if group.lane == name for piece in group.pieces]
    waiting.sort(key=lambda pair: -LONG.get(pair[1], 0))
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                if not waiting:
                    return
                group, piece = waiting.pop(0)
            group.perform(piece)

    return [threading.Thread(target=work) for _ in range(LANES[name])]


def perform_all(wanted):
    for side_by_side in (("works", "waits"), ("alone",)):
        workers = [worker for name in side_by_side for worker in lane(wanted, name)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()


def main(names):
    every = groups()
    if names == ["--list"]:
        print("\n".join(group.name for group in every))
        return 0
    unknown = sorted(set(names) - {group.name for group in every})
    if unknown:
        print("run_all: no such group: %s; there are %s" % (", ".join(unknown), ", ".join(g.name for g in every)))
        return 2
    os.umask(0o022)  # dcaasd does not run as root, and reads what is written here
    os.makedirs(os.path.join(WORK, "log"), exist_ok=True)
    wanted = [group for group in every if (group.name in names if names else group.name not in NAMED_ONLY)]
    started = time.monotonic()
    perform_all(wanted)
    passed, failed = sum(group.passed for group in wanted), sum(group.failed for group in wanted)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print("%d groups, %.0f s (%.0f s of the processor)" % (len(wanted), time.monotonic() - started, used.ru_utime + used.ru_stime))
    print("%d passed, %d failed" % (passed, failed), flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
