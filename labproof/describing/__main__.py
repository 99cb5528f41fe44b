"""Write what is made from the declarations of the variables: ``python -m labproof.describing``."""

from pathlib import Path

from labproof.describing import stale

for path, text in stale(Path(__file__).parents[2]).items():
    path.write_text(text, "utf-8")
    print(f"Wrote {path}.")
