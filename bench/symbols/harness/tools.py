"""The programs: ours and the peers, built here where they are not named by the environment."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
ADDR2LINE_VERSION = "0.27.1"


class Missing(Exception):
    """A program that cannot be done without."""


@dataclass
class Tools:
    """Where each program is; None for peers that this machine has not."""

    heaplens: Path
    bigserver: Path
    demo: Path
    measure: Path
    resolve: Path
    dumps: Path
    gimli_addr2line: Path
    addr2line: Optional[Path]
    nm: Optional[Path]
    llvm_symbolizer: Optional[Path]
    jeprof: Optional[Path]
    flamegraph_pl: Optional[Path]
    inferno: Optional[Path]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def named(variable: str) -> Optional[Path]:
    """A program that the environment names."""
    value = os.environ.get(variable)
    if not value:
        return None
    path = Path(value).resolve()
    if not os.access(path, os.X_OK):
        raise Missing(f"{variable} names {value}, which is no program")
    return path


def on_path(*names: str) -> Optional[Path]:
    found = (shutil.which(name) for name in names)
    return next((Path(path) for path in found if path), None)


def target_dir(workspace: Path) -> Path:
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--no-deps"],
        cwd=workspace, check=True, stdout=subprocess.PIPE,
    )
    return Path(json.loads(metadata.stdout)["target_directory"])


def cargo_build(workspace: Path, package: str, *arguments: str) -> Path:
    """Builds a package by itself, so that no other package's features get into it."""
    say(f"building {package}")
    command = ["cargo", "build", "--release", "--locked", "-p", package, *arguments]
    subprocess.run(command, cwd=workspace, check=True, stdout=sys.stderr)
    return target_dir(workspace) / "release"


def cargo_install(root: Path, *arguments: str) -> None:
    command = ["cargo", "install", "--quiet", "--locked", "--root", str(root), *arguments]
    subprocess.run(command, check=True, stdout=sys.stderr)


def prepare(work: Path) -> Tools:
    """All programs; builds what is missing. The first time takes half an hour and 12 GB for datafusion."""
    installed = work / "peers"
    gimli_addr2line = installed / "bin" / "addr2line"
    if not gimli_addr2line.exists():
        say("installing gimli's addr2line")
        cargo_install(installed, "addr2line", "--version", ADDR2LINE_VERSION, "--features", "bin")
    inferno = on_path("inferno-flamegraph")
    if inferno is None:
        inferno = installed / "bin" / "inferno-flamegraph"
        if not inferno.exists():
            say("installing inferno-flamegraph")
            cargo_install(installed, "inferno", "--no-default-features", "--features", "cli")
    peers = cargo_build(HERE, "peers")
    return Tools(
        heaplens=named("HEAPLENS") or cargo_build(ROOT, "heaplens-cli") / "heaplens",
        bigserver=named("BIGSERVER") or cargo_build(HERE, "bigserver") / "bigserver",
        demo=named("DEMO") or cargo_build(HERE, "demo") / "demo",
        measure=peers / "measure",
        resolve=peers / "resolve",
        dumps=peers / "dumps",
        gimli_addr2line=gimli_addr2line,
        addr2line=on_path("addr2line"),
        nm=on_path("nm"),
        llvm_symbolizer=on_path("llvm-symbolizer"),
        jeprof=on_path("jeprof"),
        flamegraph_pl=named("FLAMEGRAPH_PL") or on_path("flamegraph.pl"),
        inferno=inferno,
    )


def first_line(*command: str) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    lines = [line.strip() for line in done.stdout.splitlines() if "version" in line.lower() or "addr2line" in line]
    return lines[0] if lines else "unknown version"


def locked_version(crate: str) -> str:
    lines = (HERE / "Cargo.lock").read_text().splitlines()
    at = lines.index(f'name = "{crate}"')
    return lines[at + 1].split('"')[1]


def versions(tools: Tools) -> dict:
    """What was measured, exactly."""
    head = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    found = {
        "heaplens": head.stdout.strip(),
        "addr2line crate": locked_version("addr2line"),
        "blazesym": locked_version("blazesym"),
        "jemalloc_pprof": locked_version("jemalloc_pprof"),
        "datafusion": locked_version("datafusion"),
        "gimli's addr2line": ADDR2LINE_VERSION,
        "rustc": first_line("rustc", "--version", "--verbose").replace("rustc ", ""),
    }
    rustc = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True, check=True)
    found["rustc"] = rustc.stdout.split()[1]
    if tools.addr2line:
        found["binutils"] = first_line(str(tools.addr2line), "--version").split()[-1]
    if tools.llvm_symbolizer:
        found["llvm-symbolizer"] = first_line(str(tools.llvm_symbolizer), "--version").split()[-1]
    if tools.jeprof:
        found["jeprof"] = first_line(str(tools.jeprof), "--version").split("jemalloc ")[-1].rstrip(")")
    return found
