"""What only we need of a library, in its folder ``.upa``."""
