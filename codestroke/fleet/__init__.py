"""All roles as supervised processes on one machine: for the demo, the benchmarks and the integration tests."""

from codestroke.fleet.fleet import Fleet, RoleState
from codestroke.fleet.plan import FleetPlan, roles_of

__all__ = ["Fleet", "FleetPlan", "RoleState", "roles_of"]
