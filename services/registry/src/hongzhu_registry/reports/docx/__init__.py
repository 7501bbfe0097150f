"""The report as a Word document, in the layout of official documents (GB/T 9704-2012)."""

from .writing import write

__all__ = ["write"]
