"""The model: Linux 2.4.17 AF_INET sockets, in files that mirror the kernel tree."""
