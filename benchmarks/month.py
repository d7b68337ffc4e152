"""Time one month of the whole model, and of its citizens' part on Mesa, side by side.

    python benchmarks/month.py [--large]      prints tables, judges nothing

Each size runs in a process of its own, so that its peak memory is its own; bytes a citizen are what
a size needs beyond the smallest, interpreter and compiler being the same. `--large` adds ten
million citizens.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import time

MONTHS = 12


def peak() -> int:
    """Peak memory of this process, bytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def datapolis_month(citizens: int, firms: int, segments: int) -> dict[str, float]:
    """Seconds to compile and per month, and peak memory, of the full month."""
    import jax

    import datapolis as dp
    from datapolis.parameters import Parameters
    from datapolis.policy import Policy
    from datapolis.simulation import Run

    def begun(size: int) -> Run:
        world = dp.World.generate(size, seed=1, firms=firms)
        policy = Policy()
        return Run.begin(world, months=240, seeds=1, parameters=Parameters(), policies=policy)

    run = begun(citizens)
    started = time.perf_counter()
    run.advance()
    first = time.perf_counter() - started
    times = []
    for _ in range(segments):
        started = time.perf_counter()
        run.advance()
        jax.block_until_ready(run.carry)
        times.append(time.perf_counter() - started)
    month = sorted(times)[len(times) // 2] / MONTHS
    return {
        "citizens": citizens,
        "firms": firms,
        "compile": first - min(times),
        "month": month,
        "fastest": min(times) / MONTHS,
        "slowest": max(times) / MONTHS,
        "peak": peak(),
    }


def mesa_month(citizens: int) -> dict[str, float]:
    """Seconds per month of the citizens' part, agent by agent: choose, buy, be recorded, learn."""
    from math import exp, log

    import mesa

    firms, slots = 200, 4

    class Firm(mesa.Agent):
        def __init__(self, model: mesa.Model) -> None:
            super().__init__(model)
            self.quality = model.random.gauss(0.0, 0.5)
            self.users, self.data = 1.0 / firms, 1e-4

    class Citizen(mesa.Agent):
        def __init__(self, model: mesa.Model) -> None:
            super().__init__(model)
            self.income = exp(model.random.gauss(-0.18, 0.6))
            self.uses = model.random.sample(model.firms, slots)
            self.tastes = {firm: -log(-log(model.random.random())) for firm in self.uses}
            self.profile = dict.fromkeys(self.uses, 0.0)
            self.trust, self.awareness, self.rumour = 0.6, 0.1, 0
            self.kin: list[Citizen] = []

        def utility(self, firm: Firm) -> float:
            known = 1.0 - exp(-2.0 * 0.5 * self.profile[firm])
            pull = known - self.awareness * known**2
            return 0.35 * log(firm.users * firms + 0.01) + firm.quality + pull + self.tastes[firm]

        def month(self) -> None:
            values = {firm: self.utility(firm) for firm in self.uses}
            if self.random.random() < 0.25:
                friend = self.random.choice(self.kin)
                candidate = self.random.choice(friend.uses)
                if candidate not in values:
                    self.tastes[candidate] = -log(-log(self.random.random()))
                    self.profile[candidate] = 0.0
                    worst = min(values, key=values.__getitem__)
                    if self.utility(candidate) > values[worst] + 0.3:
                        self.uses[self.uses.index(worst)] = candidate
                        values[candidate] = self.utility(candidate)
                        del values[worst], self.profile[worst], self.tastes[worst]
            top = max(values.values())
            weights = {firm: exp(value - top) for firm, value in values.items()}
            whole = sum(weights.values())
            online = 0.5 * self.trust
            surplus = 0.0
            for firm, weight in weights.items():
                share = weight / whole
                price = 0.757 if self.income >= 0.757 else 0.5
                surplus += 0.1 * share * online * max(0.0, self.income - price)
                taken = 0.8 * share * online
                self.profile[firm] = 0.95 * self.profile[firm] + taken
                firm.inflow += taken
                firm.attention += share
            tellers = sum(1 for one in self.kin if one.rumour == 1)
            if self.rumour == 0 and self.random.random() < 1.0 - 0.92**tellers:
                self.rumour = 1
            elif self.rumour == 1 and self.random.random() < 0.1:
                self.rumour = 2
            good = surplus / (0.1 * online)
            self.trust += 0.03 * min(1.0, good) * (1.0 - self.trust)
            self.awareness *= 0.98

    class Country(mesa.Model):
        def __init__(self) -> None:
            super().__init__(rng=1)
            self.firms = [Firm(self) for _ in range(firms)]
            people = [Citizen(self) for _ in range(citizens)]
            for place, one in enumerate(people):
                one.kin = [
                    people[(place + step) % citizens] for step in (-4, -3, -2, -1, 1, 2, 3, 4)
                ]
            for one in people[:8]:
                one.rumour = 1
            self.people = people

        def step(self) -> None:
            for firm in self.firms:
                firm.inflow = firm.attention = 0.0
            for one in self.people:
                one.month()
            whole = sum(firm.attention for firm in self.firms)
            for firm in self.firms:
                firm.users = firm.attention / whole
                firm.data = 0.97 * firm.data + firm.inflow / citizens

    country = Country()
    country.step()
    times = []
    for _ in range(3):
        started = time.perf_counter()
        country.step()
        times.append(time.perf_counter() - started)
    return {"citizens": citizens, "month": sorted(times)[1]}


def apart(call: str) -> dict[str, float]:
    """The result of a call in a process of its own."""
    code = "import json, sys; sys.path.insert(0, 'benchmarks'); import month; "
    code += f"print(json.dumps(month.{call}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Print the tables."""
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    head = f"{'citizens':>12} {'firms':>7} {'compile s':>10} {'ms/month':>10} {'range':>19}"
    print(
        f"\nThe full month\n{head} {'M citizen-months/s':>19} {'bytes/citizen':>14} {'peak GiB':>9}"
    )
    sizes = [(10_000, 200), (100_000, 200), (1_000_000, 200)]
    sizes += [(10_000_000, 200)] if "--large" in sys.argv else []
    sizes += [(100_000, 1_000), (100_000, 10_000)]
    rows = []
    for citizens, firms in sizes:
        segments = 2 if citizens > 1_000_000 else 7
        row = apart(f"datapolis_month({citizens}, {firms}, {segments})")
        rows.append(row)
        grown = (row["peak"] - rows[0]["peak"]) / max(1, citizens - rows[0]["citizens"])
        size = f"{grown:,.0f}" if citizens >= 1_000_000 else "-"
        spread = f"{1e3 * row['fastest']:,.1f}-{1e3 * row['slowest']:,.1f}"
        speed = citizens / row["month"] / 1e6
        print(
            f"{citizens:>12,} {firms:>7,} {row['compile']:>10.1f} {1e3 * row['month']:>10,.1f} "
            f"{spread:>19} {speed:>19.2f} {size:>14} {row['peak'] / 2**30:>9.2f}"
        )
    peer = apart("mesa_month(10_000)")
    ours = rows[0]["month"]
    print(
        f"\nThe citizens' part on Mesa, {peer['citizens']:,} agents: {1e3 * peer['month']:,.0f} ms "
        f"a month; the full month here: {1e3 * ours:,.1f} ms ({peer['month'] / ours:,.0f} times)"
    )


if __name__ == "__main__":
    main()
