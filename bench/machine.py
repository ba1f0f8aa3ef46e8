"""What a benchmark must know of the machine that it runs on: the processor's name, and whether anything else uses it."""

import os
import pathlib
import platform
import re
import subprocess
import sys
import time

# The share of all processors that others may use, and the seconds over which it is measured.
QUIET = 0.04
WATCHED_SECONDS = 2.0

# Names of AMD's families, whose processors are often rented under a name that says less.
AMD_FAMILIES = {23: "Zen to Zen 2", 25: "Zen 3 or Zen 4", 26: "Zen 5"}
INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "avx_vnni", "asimd", "sve")


def cores():
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor():
    """The processor in words: its name, its generation, its instruction sets."""
    if sys.platform == "darwin":
        return subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True).stdout.strip()
    path = pathlib.Path("/proc/cpuinfo")
    if not path.is_file():
        return platform.processor() or platform.machine()
    found = {}
    for line in path.read_text().splitlines():
        key, _, value = line.partition(":")
        found.setdefault(key.strip(), value.strip())
    name = found.get("model name", platform.machine())
    if found.get("vendor_id") == "AuthenticAMD":
        family = int(found.get("cpu family", 0))
        name += f" ({AMD_FAMILIES.get(family, f'family {family}')})"
    flags = set(re.split(r"\s+", found.get("flags", found.get("Features", ""))))
    return ", ".join([name, *(flag for flag in INSTRUCTION_SETS if flag in flags)])


def _ticks():
    """Ticks of all processors that were not idle, and of this process with its ended children, where the system says."""
    path = pathlib.Path("/proc/stat")
    if not path.is_file():
        return None
    numbers = [int(n) for n in path.read_text().splitlines()[0].split()[1:9]]
    own = sum(os.times()[:4]) * os.sysconf("SC_CLK_TCK")
    return sum(numbers) - numbers[3] - numbers[4] - own


def used_by_others(seconds=WATCHED_SECONDS):
    """The share of all processors that others use; `None` where the system does not say."""
    before = _ticks()
    if before is None:
        return None
    time.sleep(seconds)
    used = (_ticks() - before) / os.sysconf("SC_CLK_TCK")
    return max(used / seconds / (os.cpu_count() or 1), 0.0)


def wait_until_quiet(patience):
    """Waits at most `patience` seconds until others leave the machine alone; returns the share that they use."""
    end = time.monotonic() + patience
    while True:
        share = used_by_others()
        if share is None or share <= QUIET or time.monotonic() >= end:
            return share
