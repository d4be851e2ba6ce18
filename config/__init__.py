"""The composition root: settings, addresses, processes; the only place that wires ports to adapters."""
