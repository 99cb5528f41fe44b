"""From a snapshot to results: the rubric, judging, terms, hints."""
