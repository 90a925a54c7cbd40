# SPDX-License-Identifier: MIT
"""The fast tests: how one program is run, and in which order they run.

A program is ended as soon as it reports a test that failed: a mutant dies of one.
"""
import json
import os
import select
import signal
import subprocess
import threading
import time
from pathlib import Path

# The tests of the whole library, which are programs that link it.
SUITES = ["inline", "trampoline", "generic", "processes/inline"]
# The first changes settings of the machine for a time, and a mutant may end it
# then.  The second is no test by itself.
NOT_RUN = {"test_kernel", "exit_traced"}
# One that takes longer, in seconds, is not fast.
SLOW = 10


class Late(Exception):
    """The time is over."""


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


def watch(child, terminal, until):
    """The exit status; 1 at the first test that failed; None: @until came."""
    said = b"\n"
    while True:
        left = until - time.monotonic()
        if left <= 0:
            return None
        ready, _, _ = select.select([terminal], [], [], min(left, 0.2))
        if ready:
            try:
                got = os.read(terminal, 1 << 16)
            except OSError:
                got = b""
            said = said[-6:] + got
            if b"\nnot ok" in said:
                return 1
            if got:
                continue
        try:
            return child.wait(max(left, 0) if ready else 0)
        except subprocess.TimeoutExpired:
            pass


class Programs:
    """The fast tests, how long each takes when all is well, how many it killed."""

    def __init__(self, objects, memory):
        self.objects, self.memory = objects, memory
        self.lock = threading.Lock()
        self.runs = 0
        self.seconds = {}
        self.kills = {}
        if memory.exists():
            self.kills = json.loads(memory.read_text())

    def find(self, where):
        return [p for p in sorted((self.objects / "tests" / where).glob("*_*"))
                if "." not in p.name and p.is_file() and
                os.access(p, os.X_OK) and p.name not in NOT_RUN]

    def run_one(self, program, cwd, limit, **more):
        """The exit status; None where it was ended after @limit seconds."""
        with self.lock:
            self.runs += 1
            # Whatever leads its own group or session still has this.
            token = f"{os.getpid()}.{self.runs}.{program.name}"
        env = dict(os.environ, SC_TEST_SHORT="1", SC_TEST_LIMIT="60",
                   SC_MUTANT=token, **more)
        env.pop("CK_FORK", None)
        # A test of tests/unit may leave the library in any state.
        if cwd.name != "unit":
            env["CK_FORK"] = "no"
        # A terminal, so that each line comes when it is written.
        ours, theirs = os.openpty()
        began = time.monotonic()
        try:
            child = subprocess.Popen([program], cwd=cwd, env=env, stdout=theirs,
                                     stdin=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL,
                                     start_new_session=True)
            os.close(theirs)
            status = watch(child, ours, began + limit)
            if status != 0:
                end_marked(f"SC_MUTANT={token}".encode())
            child.wait()
        finally:
            os.close(ours)
        return status, time.monotonic() - began

    def measure(self, where):
        """Each of them passes; those that are not fast are left out."""
        fast = []
        for program in self.find(where):
            status, seconds = self.run_one(program, program.parent, 600)
            if status != 0:
                raise SystemExit(f"mutate: without a mutant {program} fails "
                                 f"({status})")
            self.seconds[program] = seconds
            if seconds <= SLOW:
                fast.append(program)
            else:
                print(f"left out, for it takes {seconds:.0f} s: "
                      f"{program.relative_to(self.objects)}", flush=True)
        return fast

    def order(self, programs, stem):
        """First the one named after the file, and those that killed most of it."""
        return sorted(programs, key=lambda p: (
            -self.kills.get(f"{stem} {p.parent.name}/{p.name}", 0),
            p.name != f"test_{stem}", self.seconds[p]))

    def killed(self, program, stem):
        key = f"{stem} {program.parent.name}/{program.name}"
        with self.lock:
            self.kills[key] = self.kills.get(key, 0) + 1
            self.memory.write_text(json.dumps(self.kills))

    def fails(self, program, copy, deadline, **more):
        """Whether @copy, a mutant's own @program, fails."""
        limit = 5 + 5 * self.seconds[program]
        left = deadline - time.monotonic()
        if left <= 0:
            raise Late
        status, _ = self.run_one(copy, program.parent, min(limit, left), **more)
        if status is None and left < limit:
            raise Late
        return status != 0
