"""The parts of the authority, as far as they stand by themselves: Entra ID for one directory and one application."""
