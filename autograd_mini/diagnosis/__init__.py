"""What is wrong with this training step: a check for each of the usual faults, and a report."""
