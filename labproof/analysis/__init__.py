"""Pure reasoning on what was read: policies, code, log lines, items, trail selectors."""
