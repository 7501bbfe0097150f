"""The rehearsal: a bureau lives through days to come on a trial of its own, and every task is held against an oracle."""
