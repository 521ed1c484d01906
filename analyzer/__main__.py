"""``python -m analyzer`` is the command ``upa-analyzer``."""

from analyzer.cli.main import entry

entry()
