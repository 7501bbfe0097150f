"""Backup and restore: one archive of an installation as it stood at one moment, without its keys."""
