"""Rows from the Google Benchmark programs: kernels and index against their references."""

import json
import os
import subprocess

from rows import Row


def run_program(bin_dir, name, only):
    """{benchmark name: its median entry} of those whose name matches; what this CPU cannot run is left out."""
    done = subprocess.run([os.path.join(bin_dir, name), "--benchmark_format=json", f"--benchmark_filter={only}",
                           "--benchmark_repetitions=5", "--benchmark_report_aggregates_only=true"],
                          text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
    return {entry["run_name"]: entry for entry in json.loads(done.stdout)["benchmarks"]
            if entry.get("aggregate_name") == "median" and not entry.get("error_occurred")}


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


def run(bin_dir):
    chunk = run_program(bin_dir, "chunk_bench", "/16384$")
    return [
        against("sha256_vs_openssl", fastest(chunk, "BM_Sha256Many/mixed"), fastest(chunk, "BM_Sha256OpenSsl"), 2.0),
        against("chunker_vs_fastcdc", fastest(chunk, "BM_Chunker/", "_random/16384"), fastest(chunk, "BM_FastCdcTwoBytes/random"),
                1.5),
    ]
