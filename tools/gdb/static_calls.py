# SPDX-License-Identifier: MIT
"""static_calls.py - gdb knows the static calls of a process or a core.

"info static-calls" lists them; "step" goes into a call that is not patched.

gdb loads this by itself with libstaticcall.so, where it is installed under the name
that gdb looks for; for a program with a static copy of the library, use "source".

All of it reads the notes that are described in doc/format.md and the memory of the
process: nothing of the library needs debug information, and nothing is written or run
in the process.
"""

import re
import struct

import gdb

OWNER = b"StaticCall\0"
SITES, DEFINE = 0x00020001, 0x00020002
DIRECT = 1                      # a flag of notes: to the symbol, not its slot
MAGIC = 0x31544353              # "SCT1"
TRAMP_SIZE, TRAMP_KEY = 32, 24
SECTION = re.compile(r"^\s*0x([0-9a-f]+) - 0x([0-9a-f]+) is "
                     r"(\.note\.static_call|\.static_call_notes)( in (.*))?$")


def read(address, size):
    """The bytes at an address, or None where there is no memory."""
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except gdb.MemoryError:
        return None


def read_number(form, address):
    """A number, as struct writes its form; 0 where there is no memory."""
    data = read(address, struct.calcsize(form))
    return struct.unpack("<" + form, data)[0] if data else 0


def relative(address):
    """What a field leads to that is relative to its own place."""
    return address + read_number("i", address)


class Key:
    """A static call: its key, its trampolines and the places that call it."""

    def __init__(self, address, name):
        self.address = address
        self.name = name
        self.sites = []

    def target(self):
        return read_number("Q", self.address)


class Site:
    """A call or jump, and what it holds now."""

    def __init__(self, address, tramp):
        self.address = address
        self.tramp = tramp

    def destination(self):
        """Where the instruction leads, by its bytes; None: nowhere."""
        code = read(self.address, 7) or b""
        at = self.address
        for prefix, opcode in ((0, b"\xe8"), (0, b"\xe9"), (1, b"\x67\xe8"),
                               (1, b"\x90\xe8"), (1, b"\x90\xe9")):
            if code.startswith(opcode):
                end = at + prefix + 5
                rel = struct.unpack("<i", code[prefix + 1:prefix + 5])[0]
                return (end + rel) & 0xffffffffffffffff
        if code[:1] == b"\x0f" and code[1] & 0xf0 == 0x80:
            return at + 6 + struct.unpack("<i", code[2:6])[0]
        if code[:2] in (b"\xff\x15", b"\xff\x25"):
            return read_number("Q", at + 6 + struct.unpack("<i", code[2:6])[0])
        return None

    def is_direct(self, target):
        """Whether it does by itself what the key says."""
        to = self.destination()
        if to is None:
            # No branch: an instruction that does nothing, or gives 0.
            return bool(read(self.address, 1))
        if to == target:
            return True
        # The stubs in the tail of a trampoline are never patched.
        return self.tramp < to < self.tramp + TRAMP_SIZE


class Calls:
    """What the notes of all loaded files say."""

    def __init__(self):
        self.keys = {}          # by address
        self.tramps = {}        # address of a trampoline: its Key
        self.runs = []
        for start, end in self.sections():
            self.read_notes(start, end)
        for run in self.runs:
            self.read_run(*run)
        self.read_symbols()

    @staticmethod
    def sections():
        try:
            text = gdb.execute("info files", to_string=True)
        except gdb.error:
            return
        for line in text.splitlines():
            match = SECTION.match(line)
            if match:
                yield int(match.group(1), 16), int(match.group(2), 16)

    def read_notes(self, start, end):
        data = read(start, end - start) or b""
        at = 0
        while at + 12 <= len(data):
            name_size, size, kind = struct.unpack_from("<III", data, at)
            if not name_size:
                at += 4
                continue
            body = at + 12 + (name_size + 3 & ~3)
            if data[at + 12:at + 12 + name_size] == OWNER:
                self.read_note(kind, start + body, data[body:body + size])
            at = body + (size + 3 & ~3)

    def read_note(self, kind, address, body):
        """A note of a kind, a version or a flag that is not known is passed over."""
        if kind not in (SITES, DEFINE) or len(body) < 16:
            return
        flags = struct.unpack_from("<I", body, 12)[0]
        if flags & ~DIRECT:
            return
        if kind == SITES:
            count = struct.unpack_from("<I", body, 8)[0]
            self.runs.append((relative(address + 4), count, flags & DIRECT))
            return
        tramp, key = relative(address + 4), relative(address + 8)
        if not flags & DIRECT:
            tramp, key = read_number("Q", tramp), read_number("Q", key)
        # A note that was moved after the link leads astray.
        if self.key_of(tramp) == key:
            name = body[16:].split(b"\0")[0].decode("ascii", "replace")
            self.keys[key] = Key(key, name)
            self.tramps[tramp] = self.keys[key]

    @staticmethod
    def key_of(tramp):
        """The address of the key that a trampoline goes through; 0: it is none."""
        if read_number("I", tramp + TRAMP_KEY + 4) != MAGIC:
            return 0
        return read_number("Q", relative(tramp + TRAMP_KEY))

    def read_run(self, start, count, direct):
        # A trampoline of another file is known by its key.
        for at in range(start, start + 8 * min(count, 1 << 24), 8):
            tramp = relative(at + 4) & ~7
            if not direct:
                tramp = read_number("Q", tramp)
            key = self.keys.get(self.key_of(tramp))
            if key:
                self.tramps[tramp] = key
                key.sites.append(Site(relative(at), tramp))

    def read_symbols(self):
        """The generic backend has no notes, and symbols if they were not stripped."""
        try:
            text = gdb.execute("info variables -q ^__SCK__", to_string=True)
        except gdb.error:
            return
        for name in sorted(set(re.findall(r"\b__SCK__(\w+)", text))):
            try:
                key = int(gdb.parse_and_eval("(long)&__SCK__" + name))
            except gdb.error:
                continue
            if key and key not in self.keys:
                self.keys[key] = Key(key, name)


# ------------------------------------------------------------------ in words

def symbol_at(address):
    """"NAME" or "NAME+4"; "" where there is no symbol."""
    text = gdb.execute("info symbol 0x%x" % address, to_string=True)
    match = re.match(r"(.*?)( \+ (\d+))? in section ", text)
    if not match:
        return ""
    return match.group(1) + ("+" + match.group(3) if match.group(3) else "")


def line_at(address):
    sal = gdb.find_pc_line(address)
    if not sal.symtab or not sal.line:
        return ""
    return " at %s:%d" % (sal.symtab.filename, sal.line)


def describe(address):
    name = symbol_at(address)
    if name == "__static_call_nop":
        return "NULL"
    if name == "__static_call_return0":
        return "RET0"
    return (name or "0x%x" % address) + line_at(address)


class InfoStaticCalls(gdb.Command):
    """Static calls, their targets, and how many call sites are direct.
Usage: info static-calls [REGEXP]
Lists each static call whose name matches: its target, its call sites, and how many
of these call the target without going through the trampoline.  With REGEXP, each
call site follows: its address, where it is, and where it leads."""

    def __init__(self):
        super().__init__("info static-calls", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        pattern = re.compile(argument.strip() or "")
        keys = [key for key in Calls().keys.values()
                if pattern.search(key.name)]
        if not keys:
            print("No static calls." if not argument.strip() else
                  "No static calls match \"%s\"." % argument.strip())
            return
        keys.sort(key=lambda key: key.name)
        width = max([4] + [len(key.name) for key in keys])
        print("%-*s  Sites  Direct  Target" % (width, "Name"))
        for key in keys:
            self.show(key, width, bool(argument.strip()))

    @staticmethod
    def show(key, width, with_sites):
        target = key.target()
        direct = sum(site.is_direct(target) for site in key.sites)
        print("%-*s  %5d  %6d  %s" % (width, key.name, len(key.sites), direct,
                                      describe(target)))
        for site in sorted(key.sites, key=lambda s: s.address):
            if with_sites:
                print("  0x%x %s, %s" % (
                    site.address, describe(site.address),
                    "direct" if site.is_direct(target) else
                    "through the trampoline"))


# ------------------------------------------------------------- the step command

class Landing(gdb.Breakpoint):
    """Where a "step" arrives that goes through a trampoline."""

    def __init__(self, function, caller, thread):
        super().__init__(function=function.linkage_name,
                         source=function.symtab.filename, internal=True)
        self.caller = caller
        self.silent = True
        self.thread = thread
        self.hit = False

    def stop(self):
        """Only as called from where the step began; a jump has no caller."""
        frame = gdb.newest_frame()
        while frame.type() == gdb.INLINE_FRAME:
            frame = frame.older()
        older = frame.older()
        if self.caller and not (older and older.name() == self.caller):
            return False
        self.hit = True
        return True


landings = []


def forget_landings(event=None):
    """Whatever the process stopped for, the step is over."""
    hit = any(bp.is_valid() and bp.hit for bp in landings)
    for bp in landings:
        if bp.is_valid():
            bp.delete()
    landings.clear()
    if hit:
        gdb.execute("frame")


def function_block(pc):
    """The block of the function at an address, not of one that is inlined there."""
    block = gdb.block_for_pc(pc)
    while block and block.superblock and not block.superblock.is_static:
        block = block.superblock
    return block if block and block.function else None


def branches_of_line(frame):
    """The calls and jumps that are left of the source line: (where to, a jump?)."""
    pc = frame.pc()
    here = gdb.find_pc_line(pc)
    block = function_block(pc)
    if not here.symtab or not here.line or not block:
        return
    for item in here.symtab.linetable():
        if item.line != here.line or not block.start <= item.pc < block.end:
            continue
        last = gdb.find_pc_line(item.pc).last or item.pc
        for insn in frame.architecture().disassemble(
                item.pc, min(last, block.end - 1)):
            match = re.match(r"(addr32 |bnd |notrack )*(call|j\w+)q? +(.*)",
                             insn["asm"])
            if match:
                yield address_in(match.group(3)), match.group(2) != "call"


def address_in(operand):
    match = re.match(r"0x([0-9a-f]+)", operand)
    if match:
        return int(match.group(1), 16)
    # call *0x2fd2(%rip)        # 0x3fe0
    match = re.search(r"%rip\).*# 0x([0-9a-f]+)", operand)
    return read_number("Q", int(match.group(1), 16)) if match else 0


def land_on(key_address, frame, is_jump):
    """A breakpoint on the target of a key; a target without lines is stepped over."""
    target = read_number("Q", key_address)
    block = function_block(target)
    if block and block.start == target and line_at(target):
        landings.append(Landing(block.function,
                                None if is_jump else frame.name(),
                                gdb.selected_thread().num))


def before_step():
    """gdb steps over a trampoline, which has no lines; so it stops behind it."""
    forget_landings()
    try:
        frame = gdb.newest_frame()
        if frame != gdb.selected_frame():
            return
        tramps = {}
        here = frame.pc() & ~(TRAMP_SIZE - 1)
        if Calls.key_of(here):
            tramps[here] = True
        for to, is_jump in branches_of_line(frame):
            if to and to % TRAMP_SIZE == 0:
                tramps[to] = is_jump
        for tramp, is_jump in tramps.items():
            key = Calls.key_of(tramp)
            if key:
                land_on(key, frame, is_jump)
    except (gdb.error, RuntimeError):
        forget_landings()


def install():
    """Once, for each copy of the library loads this file.  A hook is the user's."""
    if hasattr(gdb, "static_calls_installed"):
        return
    gdb.static_calls_installed = True
    InfoStaticCalls()
    gdb.events.stop.connect(forget_landings)
    gdb.static_calls_before_step = before_step
    # A command that fails here would end the "run" that loads the library.
    if '"hook-step"' not in gdb.execute("show user", to_string=True):
        gdb.execute("define hook-step\n"
                    "python gdb.static_calls_before_step()\n"
                    "end", to_string=True)


install()
