"""NDlib: the rumour, as a composite model of three statuses and three rules.

An ignorant is told by each neighbour who spreads; a spreader is stifled by each neighbour who
spreads and, if by none of those, by each who stifles. NDlib tries the rules of a status in turn and
decides all on the statuses at the step's start, so that the chances multiply to those of the work.

It walks over the nodes of a NetworkX graph one by one (its other kind of graph, igraph, looks up
every neighbour by name, which takes longer). Two things are its own: the spreaders must be called
"Infected", and `EdgeStochastic` divides by a node's number of neighbours, so the few without any
are kept out of the graph and counted apart: they stay what they are.

The other works need amounts that one node gives to another. NDlib's nodes have a status, or, in its
continuous models, variables that each node sets for itself alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import protocol


class Rumour:
    """Maki-Thompson over the inputs' graph."""

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        import networkx
        from ndlib.models.compartments.EdgeStochastic import EdgeStochastic
        from ndlib.models.CompositeModel import CompositeModel
        from ndlib.models.ModelConfig import Configuration

        beta, alpha = float(inputs["beta"]), float(inputs["alpha"])
        seeds = inputs["seeds"]
        tied = np.diff(inputs["offsets"]) > 0
        self.agents = int(inputs["agents"])
        self.apart = int(np.sum(~tied[seeds]))

        graph = networkx.Graph()
        graph.add_nodes_from(np.flatnonzero(tied).tolist())
        graph.add_edges_from(inputs["edges"].tolist())
        self.model = CompositeModel(graph)
        for status in ("Ignorant", "Infected", "Stifler"):
            self.model.add_status(status)
        told = EdgeStochastic(beta, triggering_status="Infected")
        self.model.add_rule("Ignorant", "Infected", told)
        for knows in ("Infected", "Stifler"):
            stifled = EdgeStochastic(alpha * beta, triggering_status=knows)
            self.model.add_rule("Infected", "Stifler", stifled)

        start = Configuration()
        start.add_model_initial_configuration("Infected", seeds[tied[seeds]].tolist())
        self.model.set_initial_status(start)

    def start(self, seed: int) -> None:
        np.random.seed(seed)  # noqa: NPY002 - the generator that NDlib draws from
        self.model.reset()
        self.model.iteration(node_status=False)  # NDlib's iteration 0 is the start itself
        self.counts: list[dict[int, int]] = []

    def step(self, steps: int) -> None:
        bunch = self.model.iteration_bunch(steps, node_status=False)
        self.counts += [one["node_count"] for one in bunch]

    def answer(self) -> dict[str, float]:
        knows = self.counts[-1][protocol.SPREADER] + self.counts[-1][protocol.STIFLER] + self.apart
        spreaders = [(one[protocol.SPREADER] + self.apart) / self.agents for one in self.counts]
        return protocol.rumour_answer(1.0 - knows / self.agents, spreaders)


if __name__ == "__main__":
    protocol.serve({"rumour": Rumour}, version=protocol.version("ndlib"))
