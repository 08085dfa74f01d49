"""What the figures are of."""

import os
import platform
from pathlib import Path


def machine() -> dict:
    info = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    release = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line
    )
    system = f"{release.get('PRETTY_NAME', 'Linux').strip(chr(34))}, Linux {platform.release()}"
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gb": round(memory / 1e9), "system": system}
