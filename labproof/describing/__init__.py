"""What describes the inventory's variables for others, made from their declarations.

``python -m labproof.describing`` writes it again.
"""

from collections.abc import Callable
from pathlib import Path

from labproof.describing.schemas import with_lab_schema
from labproof.describing.specs import lab_role_spec
from labproof.describing.tables import with_tables

# What is made, and how, of the text that is there
DOCUMENTS: dict[str, Callable[[str], str]] = {
    "labproof/evidence/schemas/snapshot.schema.json": with_lab_schema,
    "roles/lab/meta/argument_specs.yml": lab_role_spec,
    "docs/inventory.md": with_tables,
}


def stale(project: Path) -> dict[Path, str]:
    """Return what each document should be that is not as the declarations have it."""
    texts = {project / name: (project / name).read_text("utf-8") for name in DOCUMENTS}
    made = zip(texts.items(), DOCUMENTS.values(), strict=True)
    return {path: new for (path, old), make in made if (new := make(old)) != old}
