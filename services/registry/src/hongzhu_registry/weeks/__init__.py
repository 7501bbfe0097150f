"""A supporter's week: the page behind the link in a notice."""
