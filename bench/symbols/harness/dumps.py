"""Dumps of the two programs: the big one and an ordinary service."""

import os
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional

from .statements import statements
from .tools import Tools, say


@dataclass
class Work:
    """What bigserver does before its heap is looked at."""

    lg_sample: int
    # How deep statements are nested, under how many settings, and how often all of it is run.
    depth: int
    settings: int
    rounds: int

    def arguments(self, directory: Path) -> List[str]:
        path = directory / f"statements-{self.depth}-{self.settings}.sql"
        path.write_text(statements(self.depth, self.settings))
        return [str(path), str(self.rounds)]


# For about 200, 1,000, 7,000 and 45,000 stacks.
BIG = {
    "small": Work(19, 2, 1, 6),
    "mid": Work(16, 2, 1, 8),
    "large": Work(12, 6, 2, 5),
    "huge": Work(6, 12, 4, 1),
}


@dataclass
class Dump:
    """A dump, its program, and the addresses in it."""

    name: str
    path: Path
    binary: Path
    addresses: Path
    # Another dump of the same program, to subtract.
    base: Optional[Path] = None

    def describe(self) -> dict:
        with open(self.path, "rb") as file:
            stacks = sum(line.startswith(b"@") for line in file)
        with open(self.addresses, "rb") as file:
            addresses = sum(1 for _ in file)
        return {
            "dump_bytes": self.path.stat().st_size,
            "stacks": stacks,
            "addresses": addresses,
            "program_bytes": self.binary.stat().st_size,
        }


def profiled(lg_sample: int) -> Dict[str, str]:
    return {**os.environ, "MALLOC_CONF": f"prof:true,lg_prof_sample:{lg_sample}"}


def addresses(tools: Tools, dump: Path, binary: Path) -> Path:
    out = dump.with_suffix(".addresses")
    with open(out, "wb") as file:
        subprocess.run([tools.dumps, "addresses", dump, binary], stdout=file, check=True)
    return out


def of_bigserver(tools: Tools, work: Path) -> List[Dump]:
    """Dumps are kept: they stay good while the program does."""
    found = []
    for name, wanted in BIG.items():
        path, base = work / f"big-{name}.heap", None
        take(tools, work, wanted, path)
        if name == "small":
            base = work / "big-small-base.heap"
            take(tools, work, wanted, base)
        found.append(Dump(name, path, tools.bigserver, addresses(tools, path, tools.bigserver), base))
    return found


def take(tools: Tools, work: Path, wanted: Work, path: Path) -> None:
    if is_older(path, tools.bigserver):
        say(f"running bigserver for {path.name}")
        command = [tools.bigserver, "dump", path, *wanted.arguments(work)]
        subprocess.run(command, env=profiled(wanted.lg_sample), stdout=subprocess.DEVNULL, check=True)


def is_older(path: Path, program: Path) -> bool:
    return not path.exists() or path.stat().st_mtime < program.stat().st_mtime


class Service:
    """The demo, running and under load before it is looked at."""

    def __init__(self, tools: Tools, lg_sample: int, leak: bool = True):
        self.tools = tools
        self.process = subprocess.Popen(
            [tools.demo, "standalone", "start", *(["--leak"] if leak else []), "--http-addr", "127.0.0.1:0"],
            env=profiled(lg_sample), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.url = listening(self.process)

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait()

    def load(self, seconds: int) -> None:
        command = [self.tools.demo, "load", "--target", self.url, "--seconds", str(seconds)]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)

    def dump(self, path: Path) -> None:
        path.write_bytes(get(f"{self.url}/debug/prof/mem"))


def listening(process: "subprocess.Popen[str]") -> str:
    """The URL that a server's first line names."""
    line = process.stdout.readline()
    prefix = "listening on "
    if not line.startswith(prefix):
        raise RuntimeError(f"a server said {line!r} instead of where it listens")
    return line[len(prefix):].strip()


def get(url: str) -> bytes:
    # No proxy for a server on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=300) as answer:
        return answer.read()


def of_service(tools: Tools, work: Path) -> Dump:
    path, base = work / "service.heap", work / "service-base.heap"
    if is_older(path, tools.demo):
        say("running the service")
        with Service(tools, 19) as service:
            service.load(4)
            service.dump(base)
            service.load(4)
            service.dump(path)
    return Dump("service", path, tools.demo, addresses(tools, path, tools.demo), base)
