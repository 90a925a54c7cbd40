#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mutate.py TOP BUILD [SECONDS | LIST]: break one line of src/ at a time, and see
whether the fast tests notice.

TOP is the source tree, BUILD a directory of this script's own, where it works on a
copy.  Mutants come in a random order (SEED=N repeats one) for SECONDS, or are
those of the file LIST, which all must die.  Survivors are printed; those that
doc/mutants.md explains are not tried.  JOBS=N: so many processes at a time.

A mutant that changes no object file is no mutant.  One that hangs is killed.
"""
import hashlib
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import patterns

# The tests of the whole library, which are programs that link it.
SUITES = ["inline", "trampoline", "generic", "processes/inline"]
# The first changes settings of the machine for a time, and a mutant may end it
# then.  The second is no test by itself.
NOT_RUN = {"test_kernel", "exit_traced"}
# One that takes longer, in seconds, is not fast.
SLOW = 10
# Neither sources nor made by bootstrap.
NOT_COPIED = {".git", "build", "autom4te.cache", "config.status", ".libs",
              ".deps", "__pycache__"}
KILLED, SURVIVED, NOT_BUILT, SAME, OVERDUE = \
    "killed", "survived", "did not build", "the same code", "overdue"


def die(text):
    sys.exit(f"mutate: {text}")


class Late(Exception):
    """The time is over."""


def same_bytes(a, b):
    return b.exists() and a.stat().st_size == b.stat().st_size and \
        a.read_bytes() == b.read_bytes()


def copy_tree(top, to):
    """Makes @to a copy; files that are equal keep their time."""
    wanted = set()
    for where, dirs, files in os.walk(top):
        dirs[:] = [d for d in dirs if d not in NOT_COPIED]
        for name in files:
            path = Path(where) / name
            if name in NOT_COPIED or path.suffix in (".o", ".lo", ".a", ".la"):
                continue
            target = to / path.relative_to(top)
            wanted.add(target)
            if not same_bytes(path, target):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
    for where, _, files in os.walk(to):
        for name in files:
            if Path(where) / name not in wanted:
                (Path(where) / name).unlink()


class Programs:
    """The fast tests, and how long each of them takes when all is well."""

    def __init__(self, objects, jobs):
        self.objects = objects
        self.pool = ThreadPoolExecutor(jobs)
        self.runs = 0
        self.seconds = {}
        self.kills = {}

    def programs(self, where):
        return [p for p in sorted((self.objects / "tests" / where).glob("*_*"))
                if "." not in p.name and p.is_file() and
                os.access(p, os.X_OK) and p.name not in NOT_RUN]

    def find(self):
        self.unit = self.programs("unit")
        self.suite = [p for where in SUITES for p in self.programs(where)]
        if not self.unit or not self.suite:
            die("no tests were built; see the log")

    def run_one(self, program, limit):
        """The exit status; None where it was ended after @limit seconds."""
        self.runs += 1
        # Whatever leads its own group or session still has this.
        token = f"SC_MUTANT={os.getpid()}.{self.runs}.{program.name}"
        env = dict(os.environ, SC_TEST_SHORT="1", SC_TEST_LIMIT="60",
                   SC_MUTANT=token.split("=")[1])
        env.pop("CK_FORK", None)
        if program.parent.name != "unit":
            env["CK_FORK"] = "no"
        began = time.monotonic()
        child = subprocess.Popen([program], cwd=program.parent, env=env,
                                 stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL,
                                 start_new_session=True)
        try:
            status = child.wait(limit)
        except subprocess.TimeoutExpired:
            status = None
        if status != 0:
            end_marked(token.encode())
            child.wait()
        return status, time.monotonic() - began

    def measure(self):
        for programs in self.unit, self.suite:
            for program in list(programs):
                status, seconds = self.run_one(program, 600)
                if status != 0:
                    die(f"without a mutant {program} fails ({status})")
                self.seconds[program] = seconds
                if seconds > SLOW:
                    programs.remove(program)

    def find_killer(self, programs, deadline):
        """The first that fails.  Those that have killed most go first."""
        order = sorted(programs, key=lambda p: (-self.kills.get(p, 0),
                                                self.seconds[p]))
        futures = {self.pool.submit(self.fails, p, deadline): p
                   for p in order}
        killer = None
        for future in as_completed(futures):
            if future.cancelled():
                continue
            if future.result() and not killer:
                killer = futures[future]
                self.kills[killer] = self.kills.get(killer, 0) + 1
                for other in futures:
                    other.cancel()
        if not killer and time.monotonic() > deadline:
            raise Late
        return killer

    def fails(self, program, deadline):
        limit = 10 + 10 * self.seconds[program]
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        status, _ = self.run_one(program, min(limit, left))
        return status != 0 and not (status is None and left < limit)


def end_marked(token):
    """Ends all processes that have @token in their environment."""
    for _ in range(50):
        found = False
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                if token in Path(f"/proc/{entry}/environ").read_bytes():
                    os.kill(int(entry), signal.SIGKILL)
                    found = True
            except OSError:
                pass
        if not found:
            return
        time.sleep(0.01)


class Tree:
    """A copy of the sources, and a build tree of it."""

    def __init__(self, top, build, jobs):
        self.top, self.source = top, build / "tree"
        self.objects, self.kept = build / "objects", build / "kept"
        self.log = build / "log"
        self.jobs = jobs

    def run(self, command, cwd=None):
        with open(self.log, "ab") as log:
            log.write(f"---- {' '.join(map(str, command))}\n".encode())
            log.flush()
            return subprocess.run(command, cwd=cwd or self.objects, stdout=log,
                                  stderr=log, stdin=subprocess.DEVNULL,
                                  check=False).returncode == 0

    def make(self, where, *targets):
        return self.run(["make", "-s", f"-j{self.jobs}", "-C",
                         self.objects / where, *targets])

    def prepare(self):
        self.log.unlink(missing_ok=True)
        copy_tree(self.top, self.source)
        status, script = self.objects / "config.status", "configure"
        if not status.exists() or status.stat().st_mtime < \
                (self.source / script).stat().st_mtime:
            shutil.rmtree(self.objects, ignore_errors=True)
            self.objects.mkdir(parents=True)
            if not self.run([self.source / script, "--disable-static",
                             "CFLAGS=-O1 -g0", "CXXFLAGS=-O1 -g0"]):
                die(f"configure failed; see {self.log}")
        for where in ["include", "src", "tools"]:
            if not self.make(where):
                die(f"the build failed; see {self.log}")
        for where in ["unit"] + SUITES:
            where = f"tests/{where}"
            if (self.objects / where / "Makefile").exists() and \
                    not self.make(where, "check", "TESTS="):
                die(f"the build failed; see {self.log}")
        self.keep()

    def archives(self):
        """What the unit tests have of the library."""
        return [p.name for p in (self.objects / "tests/unit").glob("lib*.a")]

    def built(self):
        for where in "src", "tests/unit":
            for path in (self.objects / where).rglob("*"):
                if path.is_file() and path.suffix not in (".log", ".trs"):
                    yield path

    def keep(self):
        shutil.rmtree(self.kept, ignore_errors=True)
        self.times, self.sums = {}, {}
        for path in self.built():
            to = self.kept / path.relative_to(self.objects)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to)
            self.times[path] = path.stat().st_mtime_ns
            if path.suffix == ".o":
                self.sums[path] = hashlib.sha256(path.read_bytes()).digest()

    def restore(self):
        for path, when in self.times.items():
            if not path.exists() or path.stat().st_mtime_ns != when:
                shutil.copy2(self.kept / path.relative_to(self.objects), path)

    def changed(self, pattern):
        """Whether an object file of such a name is another now."""
        return any(hashlib.sha256(path.read_bytes()).digest() != digest
                   for path, digest in self.sums.items()
                   if path.match(pattern) and path.exists() and
                   path.stat().st_mtime_ns != self.times[path])


def try_mutant(tree, programs, deadline):
    names = [p.name for p in programs.unit]

    if not tree.make("tests/unit", *tree.archives()):
        return NOT_BUILT
    in_unit = tree.changed("lib*_a-*.o")
    if in_unit:
        if not tree.make("tests/unit", *names):
            return NOT_BUILT
        if programs.find_killer(programs.unit, deadline):
            return KILLED
    # The libraries have sources that the unit tests have not.
    if not tree.make("src"):
        return NOT_BUILT
    if not in_unit and not tree.changed("*.o"):
        return SAME
    return KILLED if programs.find_killer(programs.suite, deadline) else SURVIVED


def with_mutant(tree, programs, mutant, deadline):
    path = tree.source / mutant.file
    text, stat = path.read_text(), path.stat()
    try:
        path.write_text(mutant.apply(text))
        return try_mutant(tree, programs, deadline)
    except Late:
        return OVERDUE
    finally:
        path.write_text(text)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        tree.restore()


def sources(top):
    for path in sorted((top / "src").rglob("*.[ch]")):
        yield str(path.relative_to(top)), path.read_text()


def must_die(top, path):
    found = []
    for n, line in enumerate(Path(path).read_text().split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        here = [m for file, text in sources(top)
                for m in patterns.named(file, text, line)]
        if not here:
            die(f"{path}:{n}: nothing in src/ is so: {line}")
        found += here
    return found


def explained(top):
    """The keys of the mutants in the table of doc/mutants.md."""
    keys = set()
    for line in (top / "doc/mutants.md").read_text().split("\n"):
        cells = [c.strip().replace("\\|", "|").strip("`").strip()
                 for c in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 4 and cells[0].endswith((".c", ".h")):
            keys.add(tuple(cells[:3]))
    return keys


def choose(top):
    seed = int(os.environ.get("SEED") or random.randrange(10 ** 6))
    known = explained(top)
    found = [m for file, text in sources(top)
             for m in patterns.mutants_of(file, text)]
    rest = [m for m in found if m.key() not in known]
    for key in sorted(known - {m.key() for m in found}):
        print(f"doc/mutants.md: no such mutant any more: {' | '.join(key)}")
    random.Random(seed).shuffle(rest)
    print(f"SEED={seed}: {len(rest)} mutants, and {len(found) - len(rest)} "
          "that doc/mutants.md explains", flush=True)
    return rest


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    top, build = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    what = sys.argv[3] if len(sys.argv) > 3 else "300"
    jobs = int(os.environ.get("JOBS") or os.cpu_count() or 2)
    seconds = float(what) if what.replace(".", "").isdigit() else None
    mutants = must_die(top, what) if seconds is None else choose(top)
    # A mutant may take memory without end.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (1 << 32, 1 << 32))
    for name in "MAKEFLAGS", "MFLAGS", "MAKELEVEL":
        os.environ.pop(name, None)

    build.mkdir(parents=True, exist_ok=True)
    tree, programs = Tree(top, build, jobs), Programs(build / "objects", jobs)
    tree.prepare()
    programs.find()
    programs.measure()
    deadline = time.monotonic() + (seconds or 10 ** 6)
    count = dict.fromkeys([KILLED, SURVIVED, NOT_BUILT, SAME, OVERDUE], 0)
    for mutant in mutants:
        if time.monotonic() > deadline:
            break
        verdict = with_mutant(tree, programs, mutant, deadline)
        count[verdict] += 1
        if verdict == SURVIVED:
            print(mutant, flush=True)
        elif seconds is None:
            print(f"{verdict}: {mutant}", flush=True)
    print(f"{count[SAME]} are the same code")
    print(", ".join(f"{count[v]} {v}" for v in (KILLED, SURVIVED, NOT_BUILT)))
    sys.exit(seconds is None and count[KILLED] < len(mutants))


if __name__ == "__main__":
    main()
