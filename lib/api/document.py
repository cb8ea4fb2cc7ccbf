#!/usr/bin/env python3
"""document.py [--check]: writes docs/api.md from the protos beside this file; with --check only says whether it is up to date."""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "..", "..", "docs", "api.md")
FILES = ["management.proto", "users.proto", "second_factor.proto", "access.proto", "audit_limits.proto", "tokens.proto", "alerts.proto", "statistics.proto", "storage.proto", "recycle_bin.proto",
         "tape_libraries.proto", "ndmp.proto", "replication.proto", "diagnostics.proto", "gateways.proto", "fs.proto", "paths.proto", "vtl.proto", "events.proto", "marker.proto", "health.proto",
         "schedule.proto", "options.proto", "access_rule.proto"]

HEAD = """# The API

Made from the comments of `lib/api/*.proto` by `lib/api/document.py`; change those, not this page.

`oca.management.v1.Management`, `Users` and the other services of that package are what users can ask for: `oca` calls them on
`$OCA_HOME/run/ocaconfigsvc.sock`. `oca.management.v1.Gateways` is for gateways alone, on `$OCA_HOME/gateways/ocaconfigsvc.sock`. Each method says who
may call it and where it stands in REST. `oca.fs.v1.Fs` and `Paths`, `oca.vtl.v1.Vtl`, `oca.event.v1.Collector` and `Recorder` are between the processes of Oca, on
sockets in `$OCA_HOME/run`. All but that of the gateways are for the account that runs the appliance alone; who calls for a user says so
in metadata: `oca-token` (from Login), or `oca-user`, and `oca-from` (where the user is). A call without them is the account's own.
"""


def parse(text):
    """The declarations of a proto file in order: (kind, name, comment, body lines)."""
    found, comment = [], []
    lines = iter(text.splitlines())
    for line in lines:
        if match := re.match(r"// ?(.*)", line):
            comment.append(match.group(1))
            continue
        if match := re.match(r"(service|message|enum) (\w+) \{(\})?", line):
            body = []
            if not match.group(3):
                for inner in lines:
                    if inner == "}":
                        break
                    body.append(inner.strip())
            found.append((match.group(1), match.group(2), " ".join(comment), body))
        comment = []
    return found


def items(body):
    """(comment, statement) for each statement of a body; a statement with braces is joined to one line."""
    comment, statement, depth = [], "", 0
    for line in body:
        if not statement and line.startswith("//"):
            comment.append(line[2:].strip())
            continue
        if not line:
            continue
        statement = f"{statement} {line}".strip()
        depth += line.count("{") - line.count("}")
        if depth == 0:
            yield " ".join(comment), statement
            comment, statement = [], ""


def cell(text):
    return text.replace("|", "\\|")


def service(name, comment, body):
    out = [f"### Service {name}", "", *([comment, ""] if comment else []), "| method | request | answer | permission | REST | |", "|---|---|---|---|---|---|"]
    for note, statement in items(body):
        match = re.match(r"rpc (\w+)\((\w+)\) returns \(((?:stream )?[\w.]+)\)", statement)
        permission = re.search(r"PERMISSION_(\w+)", statement).group(1).lower()
        if "(oca.rwd_suffices) = true" in statement:
            permission += ", or RWD access"
        verb = re.search(r'http_verb: "(\w+)"', statement)
        path = re.search(r'http_path: "([^"]+)"', statement)
        rest = f"`{verb.group(1)} {path.group(1)}`" if verb else ""
        out.append(f"| {match.group(1)} | {match.group(2)} | {match.group(3)} | {permission} | {rest} | {cell(note)} |")
    return out


def message(name, comment, body):
    out = [f"### {name}", ""]
    if comment:
        out += [comment, ""]
    rows = []
    for note, statement in items(body):
        match = re.match(r"((?:repeated |optional )?[\w.]+) (\w+) = \d+(?: \[\(oca\.secret\) = true\])?;", statement)
        rows.append(f"| `{match.group(2)}` | {match.group(1)} | {cell(note)} |")
    return out + ["| field | type | |", "|---|---|---|", *rows] if rows else out + ["No fields."]


def enum(name, comment, body):
    prefix = re.sub(r"(?<!^)([A-Z])", r"_\1", name).upper() + "_"
    out = [f"### {name}", ""]
    if comment:
        out += [comment, ""]
    out += ["| value | |", "|---|---|"]
    for note, statement in items(body):
        value = statement.split(" ")[0].removeprefix(prefix).lower()
        out.append(f"| `{value}` | {cell(note)} |")
    return out


def document():
    out = [HEAD]
    makers = {"service": service, "message": message, "enum": enum}
    for file in FILES:
        with open(os.path.join(HERE, file), encoding="utf-8") as source:
            text = source.read()
        out += [f"## lib/api/{file}", "", re.sub(r" +", " ", " ".join(re.findall(r"^// ?(.*)", text.split("syntax =")[0], re.M))), ""]
        for kind, name, comment, body in parse(text.split("package ", 1)[1]):
            if not (kind == "message" and name.endswith(("Request", "Response")) and not body):
                out += [*makers[kind](name, comment, body), ""]
    return "\n".join(out).rstrip("\n") + "\n"


def main():
    wanted = document()
    if sys.argv[1:] == ["--check"]:
        with open(TARGET, encoding="utf-8") as file:
            if file.read() == wanted:
                return 0
        print("docs/api.md is not what lib/api/document.py makes of the protos: run it", file=sys.stderr)
        return 1
    with open(TARGET, "w", encoding="utf-8") as file:
        file.write(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
