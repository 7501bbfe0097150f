"""When is what due for whom; holds no names."""
