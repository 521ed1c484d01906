"""Scripts that make what the checkout holds; not part of the package."""
