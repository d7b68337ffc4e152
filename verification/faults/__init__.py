"""Faults: does what is disturbed end as if nothing had happened, or say clearly why it cannot?"""
