"""A module a contestant: each imports its library, and has a function for each kind of problem that it can do."""
