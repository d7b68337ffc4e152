"""Runs of small societies on several devices, in processes of their own: for tests of sharding.

    python tests/spread.py FILE PART [ADDRESS PROCESSES PROCESS]

Saves what PART found in FILE (.npz).
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
FLAGS = "--xla_backend_optimization_level=0 --xla_force_host_platform_device_count="
EXACT, ROUNDED = 16_384, 4_096  # citizens of whom no block is shared by 2 or 4 devices; and is
SEED = 5


def run(tmp_path, part, *, devices=1, processes=1):
    """What each process of a part found."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    environment = {**os.environ, "XLA_FLAGS": f"{FLAGS}{devices}", "JAX_PLATFORMS": "cpu"}
    files = [tmp_path / f"{part}-{process}.npz" for process in range(processes)]
    begun = []
    for process, file in enumerate(files):
        joined = [address, str(processes), str(process)] if processes > 1 else []
        command = [sys.executable, __file__, str(file), part, *joined]
        begun.append(
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        )
    said = [one.communicate()[0].decode() for one in begun]
    for one, text in zip(begun, said, strict=True):
        assert one.returncode == 0, text
    found = []
    for file in files:
        with np.load(file) as kept:
            found.append(dict(kept))
    return found


def small(citizens):
    import datapolis as dp

    return dp.World.generate(
        citizens, seed=SEED, regions=3, departments=2, firms=12, firm_places=15, associations=6
    )


def few():
    """A month that compiles fast: it sums over citizens, reads kin and reads strangers."""
    from datapolis.model.mechanisms import absorption, attention, pricing, rumours, technology

    return (technology, absorption, attention, pricing, rumours)


def fewer():
    """The least that sums over citizens, reads kin and reads strangers, and little to record."""
    from datapolis.model.mechanisms import attention, rumours, technology

    record = "user_herfindahl trust_by_decile rumour_heard online user_share_by_firm".split()
    return {"mechanisms": (technology, attention, rumours), "record": record}


def begin(world, mesh, **more):
    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import Policy
    from datapolis.model.simulation import Run

    given = {"seeds": SEED, "parameters": Parameters(), "policies": Policy(), "months": 12, **more}
    return Run.begin(world, mesh=mesh, **given)


def done(run):
    """Everything that a run recorded, and its society, by name."""
    import jax

    from datapolis.model.sharding import gather

    while run.month < run.months:
        run.advance()
    leaves = jax.tree_util.tree_leaves_with_path(gather(run.society))
    found = {f"society{jax.tree_util.keystr(path)}": np.asarray(value) for path, value in leaves}
    return found | run.values()


def doors(mesh):
    """Each sum over citizens at sizes that end at blocks and that do not, and what others have."""
    import jax
    import jax.numpy as jnp

    from datapolis.model.arrays import grouped, neighbours, per_firm, tie_sum, total

    rng, found = np.random.default_rng(SEED), {}
    for many in (4, 100, 15_996, 16_000, EXACT, 20_004, 65_536):
        values = rng.random((many, 3), np.float32)
        uses = jnp.asarray(rng.integers(0, 7, (many, 3)), jnp.int16)
        ties = jnp.asarray(rng.integers(-1, many, (many, 5)), jnp.int32)

        def all_doors(values, uses, ties):
            one = values[:, 0]
            return {
                "total": total(values),
                "total of one": total(one),
                "total of marks": total(one > 0.5),
                "grouped": grouped(one, uses[:, 0], 7),
                "per firm": per_firm(values, uses, 7),
                "neighbours": neighbours(one, ties, 0.5),
                "tie sum": tie_sum((100 * one).astype(jnp.int8) // 8, ties),
                "members": jax.vmap(total)(values.T),
                "groups of members": jax.vmap(grouped, (0, 0, None))(values.T, uses.T, 7),
            }

        given = (jnp.asarray(values), uses, ties)
        if mesh is None:
            results = jax.jit(all_doors)(*given)
        else:
            from datapolis.model.sharding import place

            with jax.set_mesh(mesh):
                results = jax.jit(all_doors)(
                    *(place({"own": one}, mesh, many)["own"] for one in given)
                )
        found |= {f"{many} {name}": np.asarray(value) for name, value in results.items()}
    return found


def part(name, mesh):
    """What one part finds on a mesh, or without."""
    if name == "doors":
        return doors(mesh)
    if name == "month":
        return done(begin(small(EXACT), mesh))
    if name == "fewer":
        return done(begin(small(EXACT), mesh, **fewer()))
    if name == "rounded":
        return done(begin(small(ROUNDED), mesh, mechanisms=few()))
    if name == "batch":
        return done(begin(small(EXACT), mesh, seeds=[SEED, SEED + 1], **fewer()))
    raise ValueError(name)


def main():
    file, name, *joined = sys.argv[1:]
    from datapolis.model import sharding

    if joined:
        address, processes, process = joined
        sharding.join(address, int(processes), int(process))
        found = part(name, sharding.mesh())
    elif name.startswith("alone "):
        found = part(name.removeprefix("alone "), None)
    else:
        spread = part(name, sharding.mesh())
        alone = part(name, None)
        found = {f"spread {key}": value for key, value in spread.items()}
        found |= {f"alone {key}": value for key, value in alone.items()}
    np.savez(file, **found)


if __name__ == "__main__":
    main()
