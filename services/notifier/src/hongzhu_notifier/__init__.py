"""Who is told, how, and once.  It holds no names."""
