"""Values calculated from a meter and from prices or other meters, as any of these changes."""

from .cost import CostCoordinator, Costs
from .house_consumption import HouseCoordinator

__all__ = ["CostCoordinator", "Costs", "HouseCoordinator"]
