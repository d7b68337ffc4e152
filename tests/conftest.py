"""What all tests share: programs are compiled quickly rather than well, so that CI is short."""

import os

os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
