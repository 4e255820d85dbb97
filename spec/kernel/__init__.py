"""Functions of kernel/: scheduling and waiting."""
