"""Proofs: the product's processes, killed and lied to, and what must hold all the same."""
