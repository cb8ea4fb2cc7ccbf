"""The appliance as a whole: how long it needs to start, what it takes while nobody wants anything, and how soon it answers."""

import http.client
import json
import multiprocessing
import os
import ssl
import statistics
import time
import urllib.parse

from measure import cpu_of, timed
from oca_side import WholeAppliance
from rows import Row

STARTS = 3
SETTLE_SECONDS = 20   # after the last change, until it counts as idle
LOOKS = 50
CONNECTIONS = (1, 8)
REQUEST = "/v1/system"
DAEMONS = ("watcher_spawn", "watcher", "ocardslogwriter", "oca_idm_eda", "ocafsd", "ocaconfigsvc", "ocavtl", "ocahttp", "nhm", "ocamonitor")


def first_number(path):
    with open(path, encoding="ascii") as file:
        return int(file.readline())


def children():
    """{pid: pids of its children}"""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        found.setdefault(parent, []).append(int(name))
    return found


def processes(home):
    """{name: pids}: every process of the appliance; that of PostgreSQL with its children."""
    found = {name: [first_number(os.path.join(home, "run", f"{name}.pid"))] for name in DAEMONS}
    postmaster = first_number(os.path.join(home, "pg", "data", "postmaster.pid"))
    found["postgresql"] = [postmaster, *children().get(postmaster, [])]
    return found


def pss_mb(pid):
    """Memory of a process, shared pages by its share of them."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"no Pss of process {pid}")


def wakeups_of(pid):
    """How often the threads of a process have waited and gone on, so far."""
    count = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii", errors="replace") as file:
            count += sum(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches:"))
    return count


def of_all(function, home):
    """{name: sum over its processes}; one that ended meanwhile counts as nothing: its CPU time is its parent's by now."""
    sums = {}
    for name, pids in processes(home).items():
        sums[name] = 0
        for pid in pids:
            try:
                sums[name] += function(pid)
            except (FileNotFoundError, ProcessLookupError):
                pass
    return sums


def largest(sums, scale, unit):
    """The few processes that take most, for the last column."""
    top = sorted(sums.items(), key=lambda item: -item[1])[:4]
    return ", ".join(f"{name} {value * scale:.2f}{unit}" for name, value in top)


def starts(appliance):
    """Seconds from the call of oca-appliance start until it says that everything serves; of a home that has been used."""
    costs = []
    for _ in range(STARTS):
        appliance.stop()
        begin = time.monotonic()
        appliance.start()
        costs.append(time.monotonic() - begin)
    return [Row("appliance: from start to ready", statistics.median(costs), "s", detail=f"median of {STARTS}")]


def idle(appliance, seconds):
    time.sleep(SETTLE_SECONDS)
    before, waited = of_all(cpu_of, appliance.home), of_all(wakeups_of, appliance.home)
    begin = time.monotonic()
    time.sleep(seconds)
    after, woke = of_all(cpu_of, appliance.home), of_all(wakeups_of, appliance.home)
    wall = time.monotonic() - begin
    used = {name: max(after[name] - before.get(name, 0), 0) for name in after}
    wakeups = {name: max(woke[name] - waited.get(name, 0), 0) for name in woke}
    memory = of_all(pss_mb, appliance.home)
    return [Row("appliance: CPU while idle, of one core", 100 * sum(used.values()) / wall, "%", 1, "<=", sum(used.values()), wall,
                largest(used, 100 / wall, " %")),
            Row("appliance: wakeups while idle", sum(wakeups.values()) / wall, "1/s", detail=largest(wakeups, 1 / wall, "/s")),
            Row("appliance: memory while idle (PSS)", sum(memory.values()), "MB", 400, "<=", detail=largest(memory, 1, ""))]


def latency(appliance, count):
    for number in range(count):
        appliance.oca("container", "--add", "--name", f"many-{number:03}")
    command = [os.path.join(appliance.bin_dir, "oca"), "container", "--show", "--home", appliance.home]
    costs = [timed(command) for _ in range(LOOKS)]
    return [Row(f"appliance: oca container --show with {count} containers", 1000 * statistics.median(cost.wall for cost in costs), "ms", 50, "<=",
                statistics.median(cost.cpu for cost in costs), statistics.median(cost.wall for cost in costs), f"median of {LOOKS}")]


def ask(url, certificate, token, seconds, results):
    """Requests on one connection, one after the other, for so long; puts their number."""
    context = ssl.create_default_context(cafile=certificate)
    connection = http.client.HTTPSConnection(urllib.parse.urlsplit(url).netloc, context=context, timeout=60)
    connection.connect()
    count = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection.request("GET", REQUEST, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or "version" not in json.loads(body):
            results.put(f"{answer.status}: {body[:200]}")
            return
        count += 1
    connection.close()
    results.put(count)


def rest(appliance, seconds):
    appliance.oca("user", "--add", "--name", "bench", "--roles", "monitor", "--no_password")
    token = appliance.oca("user", "--addtoken", "--name", "bench", "--token", "bench")["secret"]
    with open(os.path.join(appliance.home, "run", "ocahttp.url"), encoding="ascii") as file:
        url = file.read().strip()
    certificate = os.path.join(appliance.home, "http", "server.crt")
    rows = []
    for connections in CONNECTIONS:
        results = multiprocessing.SimpleQueue()
        askers = [multiprocessing.Process(target=ask, args=(url, certificate, token, seconds, results)) for _ in range(connections)]
        before = of_all(cpu_of, appliance.home)
        begin = time.monotonic()
        for asker in askers:
            asker.start()
        answers = [results.get() for _ in askers]
        for asker in askers:
            asker.join()
        wall = time.monotonic() - begin
        wrong = [answer for answer in answers if not isinstance(answer, int)]
        if wrong:
            raise RuntimeError(f"REST answered {wrong[0]}")
        used = {name: max(value - before.get(name, 0), 0) for name, value in of_all(cpu_of, appliance.home).items()}
        rows.append(Row(f"appliance: REST requests a second on {connections} connection{'s' if connections > 1 else ''} (GET {REQUEST})",
                        sum(answers) / seconds, "1/s", None, ">=", sum(used.values()), wall, largest(used, 100 / wall, " %")))
    return rows


def run(work, bin_dir, quick):
    """Rows of an appliance of its own, with nothing in it but what is said."""
    home = os.path.join(work, "oca", "home")
    os.makedirs(home)
    appliance = WholeAppliance(home, bin_dir)
    print("bench: the appliance as a whole", flush=True)
    with appliance:
        rows = starts(appliance)
        rows += idle(appliance, 10 if quick else 60)
        rows += rest(appliance, 2 if quick else 10)
        rows += latency(appliance, 100 if quick else 500)
    return rows
