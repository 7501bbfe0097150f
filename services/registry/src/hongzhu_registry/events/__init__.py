"""What happened to children and schools, as programmes may wait for it."""
