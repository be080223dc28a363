"""
The data contract as Great Expectations suites, one expectation per row rule, by the same name.

Importing Great Expectations takes seconds, so it happens inside the functions.
"""

from tasks.expectations.suites import ROW_COUNT, Suite, require_known_rules, suite

__all__ = ["ROW_COUNT", "Suite", "require_known_rules", "suite"]
