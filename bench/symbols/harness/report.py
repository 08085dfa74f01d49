"""Tables and targets."""

from typing import Dict, List, Optional

from .symbolizers import FROM_CACHE


def table(header: List[str], rows: List[List[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 1:
        return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return f"{value:.3f}"


def figures(row: dict) -> List[str]:
    return [number(row[what]) for what in ("wall_s", "cpu_s", "peak_rss_mb", "peak_anon_mb")] + [str(row["runs"])]


FIGURES = ["wall s", "CPU s", "peak RSS MB", "peak anon MB", "runs"]


def blocks(results: dict) -> str:
    """The results as Markdown."""
    out = [f"## Symbols on {results['date']}", machine(results)]
    out.append("### Dumps")
    rows = [
        [name, number(d["program_bytes"] / 1e6), number(d["dump_bytes"] / 1e6), f"{d['stacks']:,}",
         f"{d['addresses']:,}", ]
        for name, d in results["dumps"].items()
    ]
    out.append(table(["dump", "program MB", "dump MB", "stacks", "addresses in the program"], rows))
    for title, key, first in (
        ("From a dump to a picture or to folded stacks", "pipelines", "work"),
        ("Symbols alone", "symbolizers", "engine"),
        ("A picture from folded stacks", "drawing", "program"),
    ):
        if results.get(key):
            out.append(f"### {title}")
            rows = [[*name.split(" | "), *figures(row)] for name, row in results[key].items()]
            out.append(table(["dump", first, *FIGURES], rows))
    if results.get("inside"):
        out.append("### In the server: `output=flamegraph` and jemalloc_pprof's `dump_flamegraph`, MB above idle")
        out.append(inside(results["inside"]))
    if results.get("parse"):
        out.append("### Parsing, one core")
        out.append(table(["dump", "MB/s"], [[n, number(p["mb_per_s"])] for n, p in results["parse"].items()]))
    if results.get("pprof"):
        out.append("### pprof, not compressed, one core")
        rows = [[n, number(p["bytes"] / 1e6), number(p["written_mb_per_s"]), number(p["read_mb_per_s"])]
                for n, p in results["pprof"].items()]
        out.append(table(["dump", "MB", "written, MB/s", "read, MB/s"], rows))
    if results.get("targets"):
        out.append("### Targets")
        rows = [[t["what"], t["target"], t["found"], "met" if t["met"] else "**missed**"] for t in results["targets"]]
        out.append(table(["what", "target", "found", ""], rows))
    return "\n\n".join(out) + "\n"


def machine(results: dict) -> str:
    m, v = results["machine"], results["versions"]
    versions = ", ".join(f"{name} {version}" for name, version in v.items())
    return f"{m['cpu']}, {m['cores']} cores, {m['memory_gb']} GB, {m['system']}. {versions}."


def inside(programs: Dict[str, dict]) -> str:
    rows = []
    for program, engines in programs.items():
        for engine, row in engines.items():
            rows.append([
                program, engine, number(row["first_s"]), number(row["later_s"]), number(row["idle_anon_mb"]),
                *(signed(row[what]) for what in ("peak_anon_mb", "peak_rss_mb", "kept_anon_mb", "kept_rss_mb")),
            ])
    header = ["program", "engine", "first s", "later s", "idle anon", "peak anon", "peak RSS", "kept anon", "kept RSS"]
    return table(header, rows)


def signed(value: float) -> str:
    return f"{value:+.1f}"


def targets(results: dict) -> List[dict]:
    """The targets that the results can judge."""
    found: List[dict] = []

    def judge(what: str, value: Optional[float], limit: float, unit: str = "", least: bool = False) -> None:
        if value is None:
            return
        met = value >= limit if least else value <= limit
        target = f"{'≥' if least else '≤'} {limit:g}{unit}"
        found.append({"what": what, "target": target, "found": f"{value:.3g}{unit}", "met": met})

    pipelines, symbolizers = results.get("pipelines", {}), results.get("symbolizers", {})

    def ratio(rows: dict, above: str, below: str, what: str = "wall_s") -> Optional[float]:
        if above not in rows or below not in rows or not rows[below][what]:
            return None
        return rows[above][what] / rows[below][what]

    ours, binutils, gimli = "heaplens flamegraph", "jeprof, binutils", "jeprof, gimli's addr2line"
    for dump, slow, fast in (("small", 100, 15), ("huge", None, 40), ("service", 15, 8)):
        mine = f"{dump} | {ours}"
        for peer, limit in ((binutils, slow), (gimli, fast)):
            if limit:
                value = ratio(pipelines, f"{dump} | {peer}", mine)
                judge(f"{dump} dump to a picture, times faster than {peer}", value, limit, "×", least=True)
    for peer, limit in ((binutils, 20), (gimli, 4)):
        value = ratio(pipelines, f"small | {peer}", f"small | {ours}", "peak_rss_mb")
        judge(f"small dump to a picture, peak RSS of {peer} over ours", value, limit, "×", least=True)
    two = symbolizers.get("large | heaplens, 2 threads")
    peers = [symbolizers.get(f"large | {name}") for name in ("addr2line crate", "blazesym")]
    if two and all(peers):
        judge("large dump's symbols, wall over the better crate", two["wall_s"] / min(p["wall_s"] for p in peers), 0.5, "×")
        judge("large dump's symbols, CPU over the better crate", two["cpu_s"] / min(p["cpu_s"] for p in peers), 1.0, "×")
        judge("large dump's symbols, anonymous memory", two["peak_anon_mb"] / 1.048576, 16, " MiB")
        judge("large dump's symbols, peak RSS", two["peak_rss_mb"] / 1.048576, 256, " MiB")
    for dump in ("small", "service"):
        value = ratio(pipelines, f"{dump} | heaplens flamegraph --base", f"{dump} | {ours}")
        judge(f"{dump} difference over one picture", value, 1.2, "×")
    warm = symbolizers.get(f"large | {FROM_CACHE}")
    judge("large dump's symbols, a second time", warm["wall_s"] * 1000 if warm else None, 30, " ms")
    for dump, row in results.get("parse", {}).items():
        if dump == "huge":
            judge("parsing", row["mb_per_s"], 500, " MB/s", least=True)
    for dump, row in results.get("pprof", {}).items():
        judge(f"{dump}: pprof written", row["written_mb_per_s"], 200, " MB/s", least=True)
        judge(f"{dump}: pprof read", row["read_mb_per_s"], 200, " MB/s", least=True)
    value = ratio(results.get("drawing", {}), "huge | inferno-flamegraph", "huge | heaplens")
    judge("huge picture, times faster than inferno", value, 1, "×", least=True)
    for program, engines in results.get("inside", {}).items():
        row = engines["heaplens-agent"]
        judge(f"{program}: anonymous memory above idle", row["peak_anon_mb"] / 1.048576, 16, " MiB")
        judge(f"{program}: anonymous memory kept", row["kept_anon_mb"] / 1.048576, 4, " MiB")
        judge(f"{program}: RSS kept", row["kept_rss_mb"] / 1.048576, 4, " MiB")
        judge(f"{program}: kinds of own frames in the picture", len(row["own_frames"]), 0)
    return found
