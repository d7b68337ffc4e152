"""What all tests share, in every process that they start.

Programs are compiled quickly rather than well, and once: what one test compiled, others find.
"""

import os
from pathlib import Path

from hypothesis import settings

CACHE = Path(__file__).parents[1] / ".jax_cache"

os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.5")

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")
