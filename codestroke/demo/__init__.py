"""The demonstration: a whole codestroke on one machine, a scripted shift, and an honest account of it."""
