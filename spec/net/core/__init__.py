"""Functions of the kernel tree, under the same path."""
