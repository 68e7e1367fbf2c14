"""What stands behind ``jit``: a function is traced once, simplified, packed, and replayed as a flat program."""
