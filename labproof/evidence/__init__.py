"""All that is seen of a lab: what exists, what fresh uploads show, and the snapshot of both."""
