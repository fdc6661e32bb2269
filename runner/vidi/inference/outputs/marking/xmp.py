"""The words of a mark: an XMP packet that says who made a file, as IPTC has it.

https://iptc.org/standards/photo-metadata/iptc-standard/ and its guidance on generative AI:
`DigitalSourceType` says how it was made, the creator tool, the AI system and the credit by what.
"""

from __future__ import annotations

from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from vidi.inference.outputs.marking.place import UnmarkableError

MADE_BY_A_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_SPACES = {
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}
_END = "</rdf:RDF>"
_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    "{description} " + _END + "\n</x:xmpmeta>\n"
    '<?xpacket end="w"?>'
)


class Mark(NamedTuple):
    """What a file is to say of itself."""

    model: str
    """The model's id."""
    title: str
    """What people call it."""


def write_packet(mark: Mark, existing: bytes | None) -> bytes:
    """The packet for a file, the same for the same mark: what one that is there says is kept.

    Args:
        mark: What is said.
        existing: The packet that the file has; None where it has none.

    Raises:
        UnmarkableError: What is there cannot be added to.
    """
    if existing is not None:
        text = existing.decode("utf-8", errors="replace")
        before, end, after = text.rpartition(_END)
        if not (end and 'xmlns:rdf="' in before):
            raise UnmarkableError("its own XMP is of a form that vidi does not add to")
        return f"{before}{_describe(mark, text)}{end}{after}".encode()
    return _PACKET.format(description=_describe(mark, "")).encode()


def _describe(mark: Mark, text: str) -> str:
    """One more description of the same file, which RDF allows, of what a text does not say yet."""
    said = {
        "Iptc4xmpExt:DigitalSourceType": MADE_BY_A_MODEL,
        "Iptc4xmpExt:AISystemUsed": mark.model,
        "photoshop:Credit": f"Made with AI: {mark.title}",
        "xmp:CreatorTool": mark.model,
    }
    said = {name: value for name, value in said.items() if name not in text}
    if not said:
        return ""
    spaces = "".join(f" xmlns:{name}={quoteattr(uri)}" for name, uri in _SPACES.items())
    words = "".join(f"\n   {name}={quoteattr(value)}" for name, value in said.items())
    return f' <rdf:Description rdf:about=""{spaces}{words}/>\n'
