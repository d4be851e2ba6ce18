"""The audit log: everything in it, once, in order; and no change of it unseen."""
