"""What scenario files call things, and what that is in the model: calls, addresses, ports, events and results."""
