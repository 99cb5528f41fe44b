"""What people and programs read of a run; every report shows the same ``results.json``."""
