"""One audit of each kind on real tables: `make measure-demo`."""
