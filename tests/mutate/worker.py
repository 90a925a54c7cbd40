# SPDX-License-Identifier: MIT
"""How one mutant is built: what make would run, for one source and in a directory
of the worker's own, without make.
"""
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import programs as tests


class Failed(Exception):
    """A command did."""


def shell(command, cwd, log):
    with open(log, "ab") as out:
        out.write(f"---- {command}\n".encode())
        out.flush()
        if subprocess.run(command, shell=True, cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=out, stderr=out, check=False).returncode:
            raise Failed


class Recipe:
    """One compilation of a source of the library."""

    def __init__(self, line, where):
        line = re.sub(r"^.*--mode=compile (.*) -c ", r"\1 -fPIC -DPIC -c ", line)
        self.where = where
        output, source = re.search(r" -c -o (\S+) .*?([\w./-]+\.c)$",
                                   line).groups()
        self.object = Path(output).with_suffix(".o").name
        self.archive = self.object.split("-")[0]
        self.source = Path(source).name
        suffix = ".Plo" if output.endswith(".lo") else ".Po"
        self.depends = (where / re.search(r"-MF (\S+)", line).group(1)).with_suffix(
            suffix)
        line = re.sub(r" -MT .* -MF \S+", "", line)
        self.command = re.sub(r" -c -o .*", " -w -c", line)

    def sees(self, name):
        """Whether it compiles the file @name of src/, a source or a header."""
        if name.endswith(".c"):
            return self.source == name
        return re.search(rf"/{re.escape(name)}\b", self.depends.read_text())


class Recipes:
    """All that can be needed for a mutant of any file."""

    def __init__(self, objects, source):
        self.objects, self.source = objects, source
        self.unit, self.src = objects / "tests/unit", objects / "src"
        sources = [arg for p in (source / "src").rglob("*.c")
                   for arg in self.new_flags(p)]
        archives = sorted(p.name for p in self.unit.glob("lib*.a"))
        lines = self.dry(self.unit, sources, archives)
        self.of_unit = [Recipe(x, self.unit) for x in lines if " -c -o " in x
                        and "/src/" in x.split(" -c -o ")[1]]
        names = [p.name for p in sorted(self.unit.glob("test_*"))
                 if "." not in p.name and os.access(p, os.X_OK)]
        self.links = {}
        for line in self.dry(self.unit, sources, names):
            m = re.search(r"--mode=link (.* -o (\w+) .*)", line)
            if m:
                self.links[m.group(2)] = m.group(1)
        self.members = {n: self.members_of(n) for n in self.links}
        lines = self.dry(self.src, sources, ["all"])
        self.of_src = [Recipe(x, self.src) for x in lines if " -c -o " in x]
        self.libraries = {}
        for line in lines:
            m = re.search(r"--mode=link (.*) -o libstaticcall-(\w+)\.la (.*)", line)
            if m:
                self.libraries[m.group(2)] = f"{m.group(1)} {m.group(3)}"
        if not (self.of_unit and self.of_src and self.links and self.libraries):
            raise SystemExit("mutate: make does not tell what it would run")

    def new_flags(self, path):
        """For make: the source is new, however the makefiles name it."""
        below = path.relative_to(self.source)
        for here in self.unit, self.src:
            for top in os.path.relpath(self.source, here), self.source:
                yield f"-W {top}/{below}"
                yield f"-W {top}/tests/unit/../../{below}"
                yield f"-W {top}/src/{below.relative_to('src')}"

    def dry(self, where, new, targets):
        made = subprocess.run(f"make -n V=1 {' '.join(new)} {' '.join(targets)}",
                              shell=True, cwd=where, text=True, check=True,
                              capture_output=True)
        return made.stdout.replace("\\\n", "").split("\n")

    def members_of(self, name):
        made = subprocess.run(
            self.links[name].replace(f" -o {name} ", " -o /dev/null ") +
            " -Wl,-Map=-", shell=True, cwd=self.unit, text=True,
            check=True, capture_output=True)
        return set(re.findall(r"lib\w+\.a\((\S+\.o)\)", made.stdout))


class Worker:
    """A copy of src/, what was compiled of it, and links of that."""

    def __init__(self, number, build, recipes):
        self.recipes = recipes
        self.dir = build / f"worker-{number}"
        self.log = build / f"log-{number}"
        self.log.unlink(missing_ok=True)
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.copytree(recipes.source / "src", self.dir / "src")
        for name in "objects", "unit", "lib":
            (self.dir / name).mkdir()
        self.clean = {}

    def compile(self, recipe):
        """The object's path."""
        to = self.dir / "objects" / recipe.object
        source = next((self.dir / "src").rglob(recipe.source))
        tops = "|".join(re.escape(str(t)) for t in (
            self.recipes.source,
            os.path.relpath(self.recipes.source, recipe.where)))
        command = re.sub(rf"-I(?:{tops})/(\S*?)src(?=[/ ])",
                         f"-I{self.dir}/src", recipe.command)
        shell(f"{command} -o {to} {source}", recipe.where, self.log)
        return to

    def digest(self, recipe):
        return hashlib.sha256(self.compile(recipe).read_bytes()).digest()

    def changed(self, recipes, file, text, original):
        """Compiles the mutant: the recipes whose object is another, and a sum."""
        path = self.dir / file
        for r in recipes:
            if r.object not in self.clean:
                self.clean[r.object] = self.digest(r)
        path.write_text(text)
        try:
            sums = [(r, self.digest(r)) for r in recipes]
        finally:
            path.write_text(original)
        total = hashlib.sha256(b"".join(s for _, s in sums)).digest()
        return [r for r, s in sums if s != self.clean[r.object]], total

    def archive(self, original, to, objects):
        shutil.copy(original, to)
        shell(f"ar rD {to} {' '.join(map(str, objects))}", self.dir, self.log)

    def unit(self, changed):
        """Archives of what changed."""
        for name in {r.archive for r in changed}:
            archive = re.sub(r"_a$", ".a", name)
            self.archive(self.recipes.unit / archive, self.dir / "unit" / archive,
                         [self.dir / "objects" / r.object for r in changed
                          if r.archive == name])

    def link(self, name, changed):
        """A program of tests/unit, of those archives where they changed."""
        command = self.recipes.links[name]
        for archive in {re.sub(r"_a$", ".a", r.archive) for r in changed}:
            command = command.replace(f" {archive}",
                                      f" {self.dir}/unit/{archive}")
        to = self.dir / "unit" / name
        shell(command.replace(f" -o {name} ", f" -o {to} "), self.recipes.unit,
              self.log)
        return to

    def library(self, backend, changed):
        """The shared library, found before the one that the tests know."""
        convenience = f"libsc-{backend}.a"
        archive = self.dir / "lib" / convenience
        self.archive(self.recipes.src / ".libs" / convenience, archive,
                     [self.dir / "objects" / r.object for r in changed])
        flags = re.sub(r" -version-info \S+| -rpath \S+| \S+\.la\b", "",
                       self.recipes.libraries[backend])
        # "libtool" leaves it to one that links a program.
        name = f"libstaticcall-{backend}.so.0"
        shell(f"{flags} -shared -Wl,--whole-archive {archive} "
              f"-Wl,--no-whole-archive -Wl,-soname,{name} "
              f"-o {self.dir}/lib/{name}", self.recipes.src, self.log)

    def forget_libraries(self):
        for path in (self.dir / "lib").iterdir():
            path.unlink()


def backend_of(recipe):
    return re.match(r"libsc_(\w+)_la", recipe.archive).group(1)


def suites_of(backend):
    return [s for s in tests.SUITES if s.split("/")[-1] == backend]
