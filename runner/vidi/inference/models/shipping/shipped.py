"""The registry that vidi brings along: in the wheel one file, in a checkout the folder itself.

A newer one that `vidi models update` has fetched takes its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.models.about import (
    NAME,
    PackError,
    fetched_registry,
    own_version,
    registry_version,
    shipped_templates,
    tell_unreadable,
)
from vidi.inference.models.shipping.pack import TemplatePack
from vidi.inference.models.shipping.sources import TemplateFolder

if TYPE_CHECKING:
    from vidi.inference.models.shipping.sources import TemplateSource


def open_shipped() -> TemplateSource:
    """The newest registry that is here.

    Raises:
        UsageError: The fetched one cannot be read.
    """
    if registry_version() > own_version():
        pack = TemplatePack(fetched_registry())
        try:
            pack.check_format()
        except PackError as error:
            raise tell_unreadable(pack.path, error) from error
        return pack
    folder = shipped_templates()
    packed = folder / NAME
    return TemplatePack(packed) if packed.is_file() else TemplateFolder(folder)
