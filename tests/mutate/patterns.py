# SPDX-License-Identifier: MIT
"""What a mutant is, and the patterns by which a line of C is broken.

A mutant replaces one statement or a part of one line.  Strings, comments and
the preprocessor's lines are left alone.
"""
import re
from typing import NamedTuple


class Mutant(NamedTuple):
    file: str       # below the top of the tree
    number: int     # of its first line, from 1
    count: int      # lines that it replaces
    function: str   # "" outside of functions
    what: str       # the pattern, in words
    old: str        # the first line, as it is
    new: str        # what stands there instead, as one line

    def apply(self, text):
        lines = text.split("\n")
        lines[self.number - 1:self.number - 1 + self.count] = \
            [self.new] + [""] * (self.count - 1)
        return "\n".join(lines)

    def key(self):
        """The same for a line that has only moved."""
        return (f"{self.file.split('/')[-1]} {self.function}()",
                self.old.strip(), self.new.strip())

    def __str__(self):
        return (f"{self.file}:{self.number}: {self.function}(): {self.what}\n"
                f"    - {self.old.strip()}{' ...' * (self.count > 1)}\n"
                f"    + {self.new.strip()}")


# In the middle of a line, each by itself.  What nearly always dies, or nearly
# always does the same, is not here: thousands of mutants are gone through by
# nobody.
PARTS = [(what, re.compile(regex), new) for what, regex, new in [
    # Not beside 0, which is no bound but a sign.
    ("order", r" < (?!0\b)", " <= "),
    ("order", r" <= (?!0\b)", " < "),
    ("order", r" > (?!0\b)", " >= "),
    ("order", r" >= (?!0\b)", " > "),
    ("and, or", r" &&(?= |$)", " ||"),
    ("and, or", r" \|\|(?= |$)", " &&"),
    ("by one", r" \+ (?=(1|SC_PAGE)\b)", " - "),
    ("by one", r"(?<=[\w)\]]) - (?=(1|SC_PAGE)\b)", " + "),
    ("result", r"\breturn (err|-errno);", "return 0;"),
    ("result", r"\breturn -E[A-Z]+;", "return 0;"),
    ("result", r"\breturn true;", "return false;"),
    ("result", r"\breturn false;", "return true;"),
    ("jump", r"\b(break|continue);", ";"),
]]
# Of a line that is no part of a condition and has one comparison.
COMPARISONS = [(what, re.compile(regex), new) for what, regex, new in [
    ("equal", r" == ", " != "),
    ("equal", r" != ", " == "),
    ("not", r"!(?=[\w(*])", ""),
]]
LOOP = re.compile(r"\bfor \(")

CONDITION = re.compile(r"\b(if|while) (\(.*\))( \{)?$")
# One alone in a branch: what else would follow is then all that matters.
LEAVES = re.compile(r"^\t+(return\b.*|goto \w+|break|continue);$")
CALL = re.compile(r"^\t+(\(void\))?[a-z_]\w*\(")
# Of a variable of the function only where a function is called for it.
ASSIGNMENT = re.compile(r"^\t+(?=.*(->|\.|\]|^\t+\*|\w\().* [-+|&^]?=|.*(\+\+|--);)"
                        r"(\*|\+\+|--)?\w[\w.\[\]>-]*( ([-+|&^]|<<|>>)?= "
                        r"|\+\+;|--;|;)")
# What a statement can follow.
BEFORE = re.compile(r"([;{})]|:|\belse|\bdo)$")
# Text for people, and what helgrind is told: a mutant of it is none.
TELLS = re.compile(r"^\t+(sc_log\w*|sc_events_\w+|sc_valgrind_\w+)\(")


def blank(text):
    """@text with blanks for comments and strings, of the same length."""
    def spaces(match):
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(\\.|[^\"\\\n])*\"|'(\\.|[^'\\\n])*'",
                  spaces, text, flags=re.DOTALL)


def balanced(text):
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0 and i < len(text) - 1:
            return False
    return depth == 0


def directives(lines):
    """The numbers of lines that the preprocessor has for itself."""
    found, inside = set(), False
    for i, line in enumerate(lines):
        inside = inside or line.startswith("#")
        if inside:
            found.add(i)
        inside = inside and line.endswith("\\")
    return found


def functions(lines):
    """The function of each line; a body is between a brace each in column 0."""
    names, name, last = [], "", ""
    for line in lines:
        match = re.match(r"[A-Za-z_][^=;]*?\b(\w+)\(", line)
        if match:
            last = match.group(1)
        if line == "{":
            name = last
        names.append(name)
        if line.startswith("}"):
            name = ""
    return names


def parts(line, code, before, following):
    """Each way to break a part of one line: (what, new line)."""
    m = CONDITION.search(code)
    whole = m and balanced(m.group(2))
    # What stands alone below "if (...)" goes with it.
    if CONDITION.search(before) and LEAVES.match(code):
        return
    compound = re.search(r"&&|\|\|", code)
    one = not compound and not re.search(r"\b(if|while) ", code) and \
        len(re.findall(r" [=!]= |!(?=[\w(*])", code)) == 1
    loop = LOOP.search(code)
    for what, regex, new in PARTS + (COMPARISONS if one else []):
        # A loop that goes on behind its end does what nobody can say.
        if loop and what == "order":
            continue
        for n in regex.finditer(code):
            yield what, line[:n.start()] + new + line[n.end():]
    if not whole:
        return
    yield "condition", line[:m.start(2)] + "(0)" + line[m.end(2):]
    if m.group(1) == "if" and not compound and not LEAVES.match(following):
        yield "condition", line[:m.start(2)] + "(1)" + line[m.end(2):]


def statement_length(code, i):
    """How many lines the statement that begins in line @i has; 0: no one."""
    for n in range(1, 8):
        if i + n > len(code):
            return 0
        line = code[i + n - 1].rstrip()
        if line.endswith(";"):
            return n
        if re.search(r"[{}:]$", line) or not line:
            return 0
    return 0


def statements(code, i):
    """Whether the statement in line @i can go: (what, lines)."""
    before = next((c.rstrip() for c in reversed(code[:i]) if c.strip()), "")
    if not BEFORE.search(before):
        return
    for what, regex in ("call", CALL), ("assignment", ASSIGNMENT):
        if regex.match(code[i]) and not TELLS.match(code[i]):
            n = statement_length(code, i)
            if n:
                yield what, n


def mutants_of(file, text):
    lines, code = text.split("\n"), blank(text).split("\n")
    skip, names = directives(lines), functions(code)
    for i, line in enumerate(lines):
        if i in skip or not names[i] or not line.startswith("\t") or \
                not code[i].strip():
            continue
        indent = line[:len(line) - len(line.lstrip("\t"))]
        for what, n in statements(code, i):
            yield Mutant(file, i + 1, n, names[i], f"no {what}", line,
                         indent + ";")
        for what, new in parts(line, code[i], code[i - 1].rstrip(),
                               code[i + 1].rstrip()):
            yield Mutant(file, i + 1, 1, names[i], what, line, new)


def named(file, text, rule):
    """Mutants that @rule, "function: old => new", makes in this file."""
    head, new = rule.split(" => ")
    function, old = head.split(": ", 1)
    lines = text.split("\n")
    for i, name in enumerate(functions(blank(text).split("\n"))):
        if name == function and old in lines[i]:
            yield Mutant(file, i + 1, 1, name, "must die", lines[i],
                         lines[i].replace(old, new.strip(), 1))
