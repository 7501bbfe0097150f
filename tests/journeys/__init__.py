"""Journeys: through the whole product, by real processes, as its people go."""
