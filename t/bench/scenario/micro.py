"""Rows from the Google Benchmark programs: kernels, index and engine against their references."""

import json
import os
import subprocess

from rows import Row


def run_program(bin_dir, name, only, repetitions=3, work=None):
    """{benchmark name: its (median) entry} of those whose name matches; what this CPU cannot run is left out."""
    done = subprocess.run([os.path.join(bin_dir, name), "--benchmark_format=json", f"--benchmark_filter={only}",
                           f"--benchmark_repetitions={repetitions}", "--benchmark_min_time=0.2", "--benchmark_report_aggregates_only=true"],
                          env=dict(os.environ, TMPDIR=work) if work else None, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, check=True)
    return {entry["run_name"]: entry for entry in json.loads(done.stdout)["benchmarks"]
            if entry.get("aggregate_name", "median") == "median" and not entry.get("error_occurred")}


def fastest(entries, prefix, suffix=""):
    """(bytes per CPU-second, name) of the fastest benchmark of that name."""
    rates = [(entry["bytes_per_second"], name) for name, entry in entries.items()
             if name.startswith(prefix) and name.endswith(suffix)]
    if not rates:
        raise KeyError(f"no benchmark {prefix}*{suffix}; there are {', '.join(entries)}")
    return max(rates)


def against(name, ours, theirs, must):
    return Row(name, ours[0] / theirs[0], "x", must, ">=", cpu_seconds=1e9 / ours[0], wall_seconds=1e9 / ours[0],
               detail=f"{ours[1]} {ours[0] / 1e9:.2f} GB/s, {theirs[1]} {theirs[0] / 1e9:.2f} GB/s; seconds are for 1 GB")


def index_rows(bin_dir, mean_chunk, quick):
    """Figures of an index of 60 million entries, about a terabyte of unique data; of one million when it shall be quick."""
    sizes = [1_000_000] if quick else [20_000_000, 60_000_000]
    index = run_program(bin_dir, "index_bench", f"/({'|'.join(str(size) for size in sizes)})", repetitions=1)

    def find(name):
        return next(entry for key, entry in index.items() if key.startswith(name))

    rows = []
    for size in sizes:
        label = f"{size // 1_000_000} million"
        hit, miss = find(f"BM_IndexLookupHit/{size}"), find(f"BM_IndexLookupMiss/{size}")
        rows.append(Row(f"index of {label}: bytes an entry", hit["bytes/entry"], "B", 11.5, "<="))
        rows.append(Row(f"index of {label}: lookups", hit["items_per_second"] / 1e6, "M/s",
                        detail=f"of what is there; {miss['items_per_second'] / 1e6:.1f} M/s of what is not; CPU time"))
    insert = find(f"BM_IndexInsert/{sizes[0]}")
    rows.append(Row(f"index of {sizes[0] // 1_000_000} million: inserts", insert["items_per_second"] / 1e6, "M/s", detail="from nothing; CPU time"))
    rows.append(Row("index: RAM for 1 TB of unique data", find(f"BM_IndexLookupHit/{sizes[-1]}")["bytes/entry"] * 1e12 / mean_chunk / 1e9, "GB", 0.6, "<=",
                    detail=f"unique data in chunks of {mean_chunk:.0f} bytes, the mean on random data"))
    return rows


def scale_rows(bin_dir, work, quick):
    """The index of a store of 10 GB, 100 GB and 1 TB of generated chunks: RAM, loss and reads when sampled, starts."""
    sizes = {600_000: "10 GB", 6_000_000: "100 GB"} if quick else {600_000: "10 GB", 6_000_000: "100 GB", 60_000_000: "1 TB"}
    found = run_program(bin_dir, "index_scale_bench", f"/({'|'.join(str(size) for size in sizes)})/", repetitions=1, work=work)
    rows = []
    for size, label in sizes.items():
        entry = next(value for key, value in found.items() if key.startswith(f"BM_IndexScale/{size}/"))
        # What any index takes weighs heavily on a small one.
        big = size >= 60_000_000
        rows.append(Row(f"index of {label}: RAM a TB, exact", entry["exact_gb_per_tb"], "GB", 0.6 if big else None, "<="))
        rows.append(Row(f"index of {label}: RAM a TB, sampled", entry["sampled_gb_per_tb"], "GB", 0.1 if big else None, "<=",
                        detail=f"one in {entry['one_in']:.0f} and recipe nodes; {entry['pages_per_lookup']:.1f} pages read for a chunk that RAM does not know"))
        rows.append(Row(f"index of {label}: duplicates missed, sampled", entry["loss_percent"], "%", 3, "<=", detail="a second backup with 2 % new chunks"))
        rows.append(Row(f"index of {label}: reads for 1 MB ingested, sampled, cold", entry["reads_per_mb"], "", 0.05 if big else None, "<=",
                        detail="of footers, in packs of 1,300 chunks (8 MiB, compressed 2.5 to 1)"))
        rows.append(Row(f"index of {label}: start", entry["exact_load_s"], "s", 10, "<=", detail=f"sampled {entry['sampled_load_s']:.2f} s; snapshot in the kernel's cache"))
    return rows


def engine_row(bin_dir, work):
    """Duplicate data in the engine, without the mount, as a share of what copy, chunker and fingerprints allow."""
    found = run_program(bin_dir, "engine_bench", ".", work=work)
    ours = fastest(found, "BM_EngineDuplicate")
    bound = fastest(found, "BM_CopyChunkHash")
    row = against("engine: duplicate ingest, CPU, share of copy + chunk + hash", ours, bound, 80)
    row.value *= 100
    row.unit = "%"
    entry = found[ours[1]]
    row.wall_seconds = row.cpu_seconds * entry["real_time"] / entry["cpu_time"]
    return row


def run(bin_dir, work, quick):
    chunk = run_program(bin_dir, "chunk_bench", "/16384$")
    chunker = fastest(chunk, "BM_Chunker/", "_random/16384")
    return [
        against("SHA-256 kernel, CPU, against OpenSSL", fastest(chunk, "BM_Sha256Many/mixed"), fastest(chunk, "BM_Sha256OpenSsl"), 2.0),
        against("SHA-256 kernel, CPU, after a CRC against without", fastest(chunk, "BM_Sha256ManyAfterCrc"), fastest(chunk, "BM_Sha256Many/mixed"), 0.9),
        against("chunker, CPU, against FastCDC", chunker, fastest(chunk, "BM_FastCdcTwoBytes/random"), 1.5),
        engine_row(bin_dir, work),
        *index_rows(bin_dir, chunk[chunker[1]]["mean"], quick),
        *scale_rows(bin_dir, work, quick),
    ]
