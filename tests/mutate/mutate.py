#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mutate.py TOP BUILD [SECONDS | FILE.c... | LIST]: break one line of src/ at a
time, and see whether the fast tests notice.

TOP is the source tree, BUILD a directory of this script's own, where it works on a
copy.  Mutants come in a random order (SEED=N repeats one) for SECONDS; or are
those of the named files of src/; or those of the file LIST, which all must die.
Survivors are printed; those that doc/mutants.md explains are not tried.  JOBS=N:
so many mutants at a time.  UNIT=1: those of tests/unit alone.

RESUME=1: those of named files that an earlier run has killed count as killed, where
the source is the same.

A mutant that changes no object file, or makes the same ones as another, is no
mutant.  One that hangs is killed.
"""
import hashlib
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import patterns
from programs import SUITES, Late, Programs
from worker import Failed, Recipes, Worker, backend_of, suites_of

# Neither sources nor made by bootstrap.
NOT_COPIED = {".git", "build", "autom4te.cache", "config.status", ".libs",
              ".deps", "__pycache__"}
KILLED, SURVIVED, SAME, AGAIN, NOT_BUILT, EXPLAINED, OVERDUE = \
    "killed", "survived", "same code", "like another", "did not build", \
    "explained", "overdue"
VERDICTS = (KILLED, SURVIVED, SAME, AGAIN, NOT_BUILT, EXPLAINED)


def die(text):
    sys.exit(f"mutate: {text}")


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


class Tree:
    """A copy of the sources, and a build tree of it, of which workers take."""

    def __init__(self, top, build, jobs):
        self.top, self.source = top, build / "tree"
        self.objects, self.log, self.jobs = build / "objects", build / "log", jobs

    def run(self, command):
        with open(self.log, "ab") as log:
            log.write(f"---- {' '.join(map(str, command))}\n".encode())
            log.flush()
            if subprocess.run(command, cwd=self.objects, stdout=log, stderr=log,
                              stdin=subprocess.DEVNULL, check=False).returncode:
                die(f"the build failed; see {self.log}")

    def make(self, where, *targets):
        self.run(["make", "-s", f"-j{self.jobs}", "-C", self.objects / where,
                  *targets])

    def prepare(self):
        self.log.unlink(missing_ok=True)
        copy_tree(self.top, self.source)
        status, script = self.objects / "config.status", "configure"
        if not status.exists() or status.stat().st_mtime < \
                (self.source / script).stat().st_mtime:
            shutil.rmtree(self.objects, ignore_errors=True)
            self.objects.mkdir(parents=True)
            self.run([self.source / script, "--disable-static",
                      "CFLAGS=-O2 -g0", "CXXFLAGS=-O2 -g0"])
        for where in ["include", "src", "tools"]:
            self.make(where)
        self.make("tests/unit", "check", "TESTS=")

    def prepare_suites(self):
        for where in SUITES:
            where = f"tests/{where}"
            if (self.objects / where / "Makefile").exists():
                self.make(where, "check", "TESTS=")


class Memory:
    """The mutants that earlier runs have killed, by a sum of their source."""

    def __init__(self, path, used):
        self.path, self.used = path, used
        self.dead = set(json.loads(path.read_text())) if path.exists() else set()

    @staticmethod
    def key(text):
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    def has(self, text):
        return self.used and self.key(text) in self.dead

    def add(self, text):
        self.dead.add(self.key(text))

    def write(self):
        self.path.write_text(json.dumps(sorted(self.dead)))


class Hunt:
    """What all workers share."""

    def __init__(self, top, build, jobs, deadline):
        self.tree = Tree(top, build, jobs)
        self.tree.prepare()
        self.recipes = Recipes(self.tree.objects, self.tree.source)
        self.programs = Programs(self.tree.objects, build / "kills")
        self.unit = self.programs.measure("unit")
        self.unit_only = bool(os.environ.get("UNIT"))
        self.suites = None
        self.deadline = deadline
        self.lock = threading.Lock()
        self.seen = set()
        self.memory = Memory(build / "dead", bool(os.environ.get("RESUME")))
        self.workers = [Worker(i, build, self.recipes) for i in range(jobs)]

    def suite(self, where):
        """Built and measured when the first mutant comes so far."""
        with self.lock:
            if self.suites is None:
                self.tree.prepare_suites()
                self.suites = {w: self.programs.measure(w) for w in SUITES}
        return self.suites[where]

    def dies_in_unit(self, worker, changed, stem):
        names = {r.object for r in changed}
        if not names:
            return False
        worker.unit(changed)
        mine = [p for p in self.unit if self.recipes.members[p.name] & names]
        for program in self.programs.order(mine, stem):
            copy = worker.link(program.name, changed)
            if self.programs.fails(program, copy, self.deadline):
                self.programs.killed(program, stem)
                return True
        return False

    def dies_in_suites(self, worker, changed, stem):
        worker.forget_libraries()
        mine = []
        for backend in sorted({backend_of(r) for r in changed}):
            worker.library(backend, [r for r in changed
                                     if backend_of(r) == backend])
            mine += [p for s in suites_of(backend) for p in self.suite(s)]
        for program in self.programs.order(mine, stem):
            if self.programs.fails(program, program, self.deadline,
                                   LD_LIBRARY_PATH=str(worker.dir / "lib")):
                self.programs.killed(program, stem)
                return True
        return False

    def try_mutant(self, worker, mutant):
        name = Path(mutant.file).name
        original = (self.tree.source / mutant.file).read_text()
        text = mutant.apply(original)
        if self.memory.has(text):
            return KILLED
        of_unit = [r for r in self.recipes.of_unit if r.sees(name)]
        of_src = [r for r in self.recipes.of_src if r.sees(name)]
        if not of_unit and not of_src:
            die(f"nothing compiles {mutant.file}")
        try:
            changed, digest = worker.changed(of_unit, mutant.file, text, original)
            if of_unit and not changed and not name.endswith(".h"):
                return SAME
            if not of_unit:
                changed_src, digest = worker.changed(of_src, mutant.file, text,
                                                     original)
                if not changed_src:
                    return SAME
            with self.lock:
                if (name, digest) in self.seen:
                    return AGAIN
                self.seen.add((name, digest))
            if self.dies_in_unit(worker, changed, Path(name).stem):
                return KILLED
            if self.unit_only:
                return SURVIVED
            changed, _ = worker.changed(of_src, mutant.file, text, original)
        except Failed:
            return NOT_BUILT
        return KILLED if changed and self.dies_in_suites(
            worker, changed, Path(name).stem) else SURVIVED

    def one(self, mutant):
        if time.monotonic() > self.deadline:
            return OVERDUE
        with self.lock:
            worker = self.workers.pop()
        try:
            verdict = self.try_mutant(worker, mutant)
            with self.lock:
                if verdict == KILLED:
                    self.memory.add(mutant.apply(
                        (self.tree.source / mutant.file).read_text()))
                    self.memory.write()
            return verdict
        except Late:
            return OVERDUE
        finally:
            with self.lock:
                self.workers.append(worker)


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
        if len(cells) == 4 and cells[0].endswith("()"):
            keys.add(tuple(cells[:3]))
    return keys


def choose(top, files):
    """Mutants of @files, or of all in a random order, without the known ones."""
    known = explained(top)
    every = [m for file, text in sources(top)
             for m in patterns.mutants_of(file, text)]
    for key in sorted(known - {m.key() for m in every}):
        print(f"doc/mutants.md: no such mutant any more: {' | '.join(key)}")
    if files:
        every = [m for name in files for m in every if Path(m.file).name == name]
    else:
        seed = int(os.environ.get("SEED") or random.randrange(10 ** 6))
        random.Random(seed).shuffle(every)
        print(f"SEED={seed}: {len(every)} mutants", flush=True)
    rest = [m for m in every if m.key() not in known]
    return rest, [m for m in every if m.key() in known]


def report(file, count):
    print(f"{file}: {sum(count.values())} mutants: " +
          ", ".join(f"{count[v]} {v}" for v in VERDICTS if count.get(v)),
          flush=True)


def show(hunt, mutants, known, pool, all_must):
    """Tries all; prints what survives, and the counts file by file."""
    counts, last = {}, None
    for mutant in known:
        count = counts.setdefault(Path(mutant.file).name, {})
        count[EXPLAINED] = count.get(EXPLAINED, 0) + 1
    for mutant, verdict in zip(mutants, pool.map(hunt.one, mutants)):
        if verdict == OVERDUE:
            continue
        name = Path(mutant.file).name
        if last not in (None, name) and hunt.by_file:
            report(last, counts[last])
        last = name
        count = counts.setdefault(name, {})
        count[verdict] = count.get(verdict, 0) + 1
        if verdict in (SURVIVED, NOT_BUILT) or all_must:
            print(f"{verdict}: {mutant}", flush=True)
    if last and hunt.by_file:
        report(last, counts[last])
    total = {v: sum(c.get(v, 0) for c in counts.values()) for v in VERDICTS}
    report("all", total)
    return total


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    top, build = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    what = sys.argv[3:] or ["300"]
    jobs = int(os.environ.get("JOBS") or os.cpu_count() or 2)
    seconds = float(what[0]) if re.fullmatch(r"[\d.]+", what[0]) else None
    all_must = seconds is None and not what[0].endswith((".c", ".h"))
    known = []
    if all_must:
        mutants = must_die(top, what[0])
    else:
        mutants, known = choose(top, None if seconds else what)
    # A mutant may take memory without end.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (1 << 32, 1 << 32))
    for name in "MAKEFLAGS", "MFLAGS", "MAKELEVEL":
        os.environ.pop(name, None)

    build.mkdir(parents=True, exist_ok=True)
    hunt = Hunt(top, build, jobs, time.monotonic() + 10 ** 6)
    began = time.monotonic()
    hunt.deadline = began + (seconds or 10 ** 6)
    hunt.by_file = not seconds and not all_must
    with ThreadPoolExecutor(jobs) as pool:
        total = show(hunt, mutants, known if hunt.by_file else [], pool, all_must)
    print(f"in {time.monotonic() - began:.0f} s")
    sys.exit(total[KILLED] < len(mutants) if all_must
             else hunt.by_file and bool(total[SURVIVED]))


if __name__ == "__main__":
    main()
