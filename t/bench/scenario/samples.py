"""What was measured: costs of each step, by who did it."""

from measure import Cost

STEADY = 1.10  # two rounds are enough when the better one is at most this much better


class Samples:
    """Costs by (who, what), one for each round; bytes that a step added, by the same."""

    def __init__(self, label):
        self.label = label
        self.costs = {}
        self.bytes = {}

    def add(self, who, what, cost):
        self.costs.setdefault((who, what), []).append(cost)
        print(f"bench:   {self.label:6} {who:12} {what:8} {cost.wall:8.2f} s  {cost.cpu:8.2f} CPU s", flush=True)

    def cost(self, who, what):
        """The best of the rounds: what disturbs a machine only makes figures worse."""
        costs = self.costs[who, what]
        return Cost(min(c.wall for c in costs), min(c.cpu for c in costs))

    def steady(self, who):
        """Whether the best two rounds of each of its steps agree."""
        for (name, _), costs in self.costs.items():
            if name != who:
                continue
            for values in (sorted(c.wall for c in costs), sorted(c.cpu for c in costs)):
                if len(values) < 2 or values[1] > values[0] * STEADY + 0.1:
                    return False
        return True
