"""The registry: the only holder of personal data.  Each folder is one noun; inside, door → desk → shelf."""
