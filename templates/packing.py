"""The build hook that puts the registry into the wheel as one file."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PackTemplates(BuildHookInterface):
    """Packs `templates/` before the wheel is built; an editable install reads the folder itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Pack before anything is built."""
        if version == "editable":
            return
        top = Path(self.root)
        sys.path.insert(0, str(top / "runner"))
        from vidi.inference.models.about import NAME, read_about
        from vidi.inference.models.shipping.pack import build_pack, read_folder

        templates = top / "templates"
        path = Path(self.directory) / NAME
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(build_pack(read_folder(templates), read_about(templates)))
        build_data["force_include"][str(path)] = f"vidi/inference/models/templates/{NAME}"

    def finalize(self, *_: object) -> None:
        """Leave nothing of it behind."""
        Path(self.directory, "registry.pack").unlink(missing_ok=True)
