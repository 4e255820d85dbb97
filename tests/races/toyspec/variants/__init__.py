"""No variants."""
