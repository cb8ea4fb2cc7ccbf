"""Rows: what was measured, what it must be, and whether it is."""

import dataclasses
import json
import os
import sys


@dataclasses.dataclass
class Row:
    """One figure. `must` is None for what is only told. CPU and wall seconds are those of our side of the figure."""

    name: str
    value: float
    unit: str
    must: float = None
    sense: str = ">="  # ">=": at least `must`; "<=": at most
    cpu_seconds: float = None
    wall_seconds: float = None
    detail: str = ""

    @property
    def holds(self):
        if self.must is None:
            return None
        return self.value >= self.must if self.sense == ">=" else self.value <= self.must


def to_json(row):
    fields = dataclasses.asdict(row)
    fields["holds"] = row.holds
    return fields


def save(rows, path):
    """Replaces the file as a whole."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = path + ".new"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump([to_json(row) for row in rows], file, indent=1)
        file.write("\n")
    os.replace(temporary, path)


def number(value):
    if value is None:
        return ""
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2g}"


def table(rows, out=sys.stdout):
    """Prints the rows; the last line counts those that hold."""
    head = ("figure", "measured", "unit", "must", "holds", "CPU s", "wall s", "from")
    body = [(row.name, number(row.value), row.unit, "" if row.must is None else f"{row.sense} {number(row.must)}",
             {None: "", True: "yes", False: "NO"}[row.holds], number(row.cpu_seconds), number(row.wall_seconds),
             row.detail) for row in rows]
    widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    right = {1, 3, 5, 6}
    for line in [head, *body]:
        cells = [cell.rjust(width) if i in right else cell.ljust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip(), file=out)
    judged = [row for row in rows if row.must is not None]
    held = sum(row.holds for row in judged)
    print(f"\n{held} of {len(judged)} rows with a bound hold; {len(rows) - len(judged)} rows are only told.", file=out)
