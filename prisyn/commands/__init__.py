"""One file per command group. A command imports what it needs when it runs, so that `--help` stays quick."""
