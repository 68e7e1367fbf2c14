"""Backprop verified by hand: the derivation as a person would write it, and your own gradients against it."""
